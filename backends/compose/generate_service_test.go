package compose

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// fields are generators of every key of a service.
func (g *generator) fields() map[string]func() any {
	texts := func() any { return g.list(3, func() any { return g.text() }) }
	words := func() any { return g.list(3, func() any { return g.word() }) }
	stringOrList := func() any { return g.one(g.word(), words()) }
	text := func() any { return g.text() }
	word := func() any { return g.word() }
	number := func() any { return g.number(1000) }
	size := func() any { return g.size() }
	duration := func() any { return g.duration() }
	return map[string]func() any{
		"annotations": func() any { return g.pairs(false) }, "attach": g.boolean, "build": g.build,
		"blkio_config": func() any {
			rate := func() any { return []any{object_{"path": "/dev/x", "rate": g.one("1mb", 12)}} }
			return g.some(map[string]func() any{"weight": number, "weight_device": func() any { return []any{object_{"path": "/dev/x", "weight": 10}} },
				"device_read_bps": rate, "device_read_iops": rate, "device_write_bps": rate, "device_write_iops": rate})
		},
		"cap_add": words, "cap_drop": words, "cgroup": func() any { return "private" }, "cgroup_parent": text,
		"command": g.command, "entrypoint": g.command,
		"configs": func() any { return []any{g.ref("conf")} }, "secrets": func() any { return []any{g.ref("sec")} },
		"container_name": func() any { return "cn-" + g.word() },
		"cpu_count":      number, "cpu_percent": func() any { return g.number(100) }, "cpu_shares": number, "cpu_quota": number, "cpu_period": number,
		"cpu_rt_period": number, "cpu_rt_runtime": number, "cpus": func() any { return g.one(0.5, "1.5", 2) }, "cpuset": func() any { return "0-3" },
		"credential_spec": func() any { return g.x(object_{"file": "spec.json"}) },
		"depends_on": func() any {
			return g.one([]any{g.service()}, object_{g.service(): g.x(object_{"condition": g.one("service_started", "service_healthy"), "restart": g.boolean(), "required": g.one(true, false)})})
		},
		"deploy": g.deploy, "scale": func() any { return g.number(4) },
		"develop": func() any {
			return g.x(object_{"watch": []any{g.x(object_{"path": "./app", "action": "sync+exec", "target": "/x", "ignore": stringOrList(), "include": stringOrList(), "initial_sync": true, "exec": g.hook()})}})
		},
		"device_cgroup_rules": words,
		"devices": func() any {
			return []any{g.one("/dev/a", "/dev/a:/dev/b", "/dev/a:/dev/b:r", g.x(object_{"source": "/dev/a", "target": "/dev/c", "permissions": "rw"}))}
		},
		"dns": stringOrList, "dns_opt": words, "dns_search": stringOrList, "domainname": text,
		"env_file": func() any {
			return g.one("./a.env", []any{"./a.env", g.one("b.env", object_{"path": "b.env", "required": g.boolean()}, object_{"path": "none.env", "required": false})})
		},
		"environment":    func() any { return g.pairs(true) },
		"expose":         func() any { return []any{g.one("80", 81, "8000-8005", "90/udp")} },
		"external_links": words, "extra_hosts": g.hosts, "gpus": func() any { return g.one("all", g.devices()) },
		"group_add": func() any { return []any{g.one("mail", 1000)} },
		"healthcheck": func() any {
			return g.some(map[string]func() any{"test": func() any { return g.one("a | b", []any{"CMD", g.text()}, []any{"CMD-SHELL", g.text()}, []any{"NONE"}) },
				"interval": duration, "timeout": duration, "start_period": duration, "start_interval": duration, "retries": number, "disable": g.boolean})
		},
		"hostname": text, "init": g.boolean, "ipc": func() any { return g.one("host", "shareable", "service:"+g.service()) }, "isolation": text,
		"label_file": func() any { return g.one("./l.label", []any{"./l.label"}) }, "labels": func() any { return g.pairs(true) },
		"links": func() any { return []any{g.one(g.service(), g.service()+":alias")} },
		"logging": func() any {
			return g.x(object_{"driver": "json-file", "options": object_{"max-size": "1k", "max-file": g.one(3, "3"), "tag": g.text()}})
		},
		"mac_address": func() any { return "00:01:02:03:04:05" }, "mem_limit": size, "mem_reservation": func() any { return g.one("1m", 4096) },
		"memswap_limit": size, "mem_swappiness": number,
		"models": func() any {
			return g.one([]any{"llm"}, object_{"llm": g.one(nil, g.x(object_{"endpoint_var": "E", "model_var": "M"}))})
		},
		"network_mode": func() any { return g.one("host", "none", "bridge", "service:"+g.service()) },
		"networks": func() any {
			return g.one([]any{"net"}, []any{"default", "net"}, object_{"net": g.one(nil, object_{}, g.some(map[string]func() any{"aliases": words, "interface_name": word,
				"ipv4_address": func() any { return "10.1.0.9" }, "ipv6_address": func() any { return "fd00::9" }, "link_local_ips": words, "mac_address": word,
				"driver_opts": func() any { return object_{"a": g.text(), "n": 1} }, "priority": func() any { return g.IntN(9) }, "gw_priority": func() any { return g.IntN(9) }, "use_service_name_alias": g.boolean}))})
		},
		"oom_kill_disable": g.boolean, "oom_score_adj": number, "pid": func() any { return g.one("host", "service:"+g.service()) },
		"pids_limit": number, "platform": word, "ports": func() any { return g.list(3, g.port) },
		"post_start": func() any { return []any{g.hook()} }, "pre_stop": func() any { return []any{g.hook(), g.hook()} },
		"privileged": g.boolean, "profiles": words, "pull_policy": func() any { return g.one("always", "missing", "if_not_present", "every_2h") }, "pull_refresh_after": duration,
		"read_only": g.boolean, "restart": func() any { return g.one("no", "always", "on-failure:3") }, "runtime": word,
		"security_opt": texts, "shm_size": size, "stdin_open": g.boolean, "stop_grace_period": duration, "stop_signal": word,
		"storage_opt": func() any { return object_{"size": g.text()} }, "sysctls": func() any { return g.pairs(false) },
		"tmpfs": func() any { return g.one("/run", []any{"/run", "/t:size=1m"}) }, "tty": g.boolean, "ulimits": g.ulimits,
		"umask": func() any { return g.one(0o22, "022", 18) }, "use_api_socket": func() any { return true },
		"user": func() any { return g.one("root", "1000", "1000:1000", "0", "app:app") }, "userns_mode": func() any { return "host" }, "uts": func() any { return "host" },
		"volumes": func() any { i := 0; return g.list(3, func() any { i++; return g.mount(i) }) }, "volumes_from": func() any { return []any{g.one(g.service(), g.service()+":ro", "container:x")} },
		"working_dir": text,
	}
}

// project is one Compose file with a few services of a few keys each; skip is a key that no service has.
func (g *generator) project() object_ {
	g.services = []string{"s0", "s1", "s2"}
	services := object_{}
	for i, name := range g.services {
		s := object_{"image": g.one("nginx", "r.example.com:5000/a/b:1", "${IMAGE:-a}:1")}
		fields := g.fields()
		keys := sortedKeys(fields)
		for range 1 + g.IntN(8) {
			key := keys[g.IntN(len(keys))]
			if i == 0 && (key == "depends_on" || key == "links") || key == "container_name" && s["scale"] != nil {
				continue
			}
			s[key] = fields[key]()
		}
		if len(g.services) > 1 && s["network_mode"] != nil {
			delete(s, "networks")
		}
		g.x(s)
		g.services[i] = name
		services[name] = s
	}
	out := object_{"services": services}
	out["networks"] = object_{"net": g.one(nil, g.some(map[string]func() any{"name": func() any { return g.word() }, "driver": func() any { return "bridge" },
		"driver_opts": func() any { return object_{"o": g.text(), "n": 2} }, "internal": g.boolean, "attachable": g.boolean, "enable_ipv4": g.boolean, "enable_ipv6": g.boolean,
		"labels": func() any { return g.pairs(false) },
		"ipam": func() any {
			return object_{"driver": "default", "config": []any{g.x(object_{"subnet": "10.1.0.0/16", "gateway": "10.1.0.1", "aux_addresses": object_{"h": "10.1.0.2"}})}, "options": object_{"a": g.text()}}
		}}))}
	out["volumes"] = object_{"vol": g.one(nil, object_{}, object_{"external": g.boolean(), "name": g.word()}, g.some(map[string]func() any{"driver": func() any { return "local" },
		"driver_opts": func() any {
			return g.one(object_{"type": "none", "o": "bind", "device": "./here"}, object_{"n": 1})
		}, "labels": func() any { return g.pairs(false) }}))}
	out["configs"] = object_{"conf": g.x(g.one(object_{"file": "./c"}, object_{"content": g.text()}, object_{"environment": "SET"}, object_{"external": true, "name": "n"}).(object_))}
	out["secrets"] = object_{"sec": g.x(g.one(object_{"file": "../s", "labels": g.pairs(false)}, object_{"environment": "SET"}, object_{"external": true}).(object_))}
	out["models"] = object_{"llm": g.x(object_{"model": "ai/m", "context_size": 10, "runtime_flags": []any{g.text()}})}
	return g.x(out)
}

// generated writes one project into a folder of its own: one file, or two of which the second goes over the first.
func generated(t testing.TB, seed uint64) string {
	t.Helper()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	dir := filepath.Join(t.TempDir(), "gen")
	for i, name := range []string{"compose.yaml", "compose.override.yaml"} {
		if i > 0 && g.maybe(2) {
			break
		}
		data, err := yaml.Marshal(g.project())
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), data)
	}
	write(t, filepath.Join(dir, ".env"), []byte("SET='a value $1'\nKEY_1=one\n"))
	write(t, filepath.Join(dir, "a.env"), []byte("FROM_A=1\nKEY_0=${SET}\n"))
	write(t, filepath.Join(dir, "b.env"), []byte("FROM_B=2\n"))
	write(t, filepath.Join(dir, "l.label"), []byte("from.file=1\n"))
	return dir
}

// TestGenerated holds files that were written at random to the round trip.
func TestGenerated(t *testing.T) {
	count, refused := *generate, 0
	if testing.Short() {
		count = 50
	}
	for seed := range count {
		dir := generated(t, uint64(seed))
		diff, err := roundTrip(t, dir, sources(dir))
		switch {
		case err != nil && strings.HasPrefix(err.Error(), refusedSources):
			refused++ // two keys that rule each other out
		case err != nil:
			t.Errorf("seed %d: %v", seed, err)
		case diff != "":
			t.Errorf("seed %d (-sources +output)\n%s", seed, diff)
		}
	}
	t.Logf("%d of %d generated files are no Compose projects", refused, count)
	if refused > count*2/3 {
		t.Errorf("compose-go refuses %d of %d generated files: the generator is of no use", refused, count)
	}
}
