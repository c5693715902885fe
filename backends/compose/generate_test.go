package compose

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// generator writes Compose files at random: any key of a service, in short or long syntax, with values that careless
// tools misread. What two keys rule out together is left to compose-go to refuse.
type generator struct {
	*rand.Rand
	services []string
}

type object_ = map[string]any

// nasty are texts that some step might read as something else than a string, or interpolate, or cut.
var nasty = []string{
	"plain", "yes", "no", "on", "Off", "null", "~", "true", "0", "08", "0x1F", "1e3", "1_000", "1.0", ".5", "22:22",
	"2024-01-02", "a: b", "a #b", "# a", "- a", "? a", "[a", "{a}", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`",
	"'single'", `"double"`, `back\slash`, "$$", "$$$$", "$${X}", "a$$b", "cost: 5$$", "${UNSET:-default}", "${UNSET-}",
	"${SET}", "${SET:+there}", " lead", "trail ", "two\nlines", "ends\n", "\n", "tab\there", "äöü", "☃", "😀", "=", "a=b=c",
	"<<", "a,b", "{{.Name}}", "#", "-", "--", "key:", ":x", "''",
}

func (g *generator) text() string { return nasty[g.IntN(len(nasty))] }

// word is a text that may stand where an empty one or one of several lines may not.
func (g *generator) word() string {
	return []string{"a", "b-c", "web.example", "x_y", "0a", "yes", "no", "A1"}[g.IntN(8)] + strconv.Itoa(g.IntN(9))
}

func (g *generator) one(of ...any) any { return of[g.IntN(len(of))] }
func (g *generator) maybe(n int) bool  { return g.IntN(n) == 0 }
func (g *generator) service() string   { return g.services[g.IntN(len(g.services))] }
func (g *generator) boolean() any      { return g.one(true, false, "true", "false") }
func (g *generator) duration() string {
	return g.one("5s", "1m30s", "500ms", "1h", "0s", "1h5m30s20ms").(string)
}
func (g *generator) size() any {
	return g.one("64m", "1g", "512K", "1024", 1048576, "1.5g", "100b", "2gb")
}
func (g *generator) number(n int) any       { i := g.IntN(n); return g.one(i, strconv.Itoa(i)) }
func (g *generator) path(prefix string) any { return prefix + g.one("a", "b/c", "d e", "f.g").(string) }

func (g *generator) list(max int, f func() any) []any {
	var out []any
	for range 1 + g.IntN(max) {
		v := f()
		if !slices.ContainsFunc(out, func(x any) bool { return fmt.Sprint(x) == fmt.Sprint(v) }) {
			out = append(out, v)
		}
	}
	return out
}

// pairs is a list of KEY=VALUE or a mapping.
func (g *generator) pairs(nulls bool) any {
	m, l := object_{}, []any{}
	for i := range 1 + g.IntN(4) {
		key := fmt.Sprintf("%s%d", g.one("KEY_", "com.example.", "k-", "on"), i)
		switch {
		case nulls && g.maybe(5):
			m[key], l = nil, append(l, key)
		case g.maybe(4):
			v := g.one(1, true, 2.5, -7)
			m[key], l = v, append(l, fmt.Sprintf("%s=%v", key, v))
		default:
			v := g.text()
			m[key], l = v, append(l, key+"="+v)
		}
	}
	return g.one(m, l)
}

func (g *generator) x(m object_) object_ {
	if g.maybe(4) {
		m["x-"+g.word()] = g.one(g.text(), 1, 0.5, true, nil, []any{g.text(), object_{"a": g.text()}}, object_{"b": []any{1, "1"}})
	}
	return m
}

// some is a mapping of about half of the fields.
func (g *generator) some(fields map[string]func() any) object_ {
	m := object_{}
	for _, key := range sortedKeys(fields) {
		if g.maybe(2) {
			m[key] = fields[key]()
		}
	}
	return g.x(m)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (g *generator) command() any {
	return g.one("sh -c 'exec a'", "run --x=\"a b\" c\\ d", []any{}, "", nil, g.list(4, func() any { return g.text() }))
}

func (g *generator) port() any {
	p := 1000 + g.IntN(30000)
	return g.one(p, strconv.Itoa(p), fmt.Sprintf("%d:%d", p, p+1), fmt.Sprintf("127.0.0.1:%d:80/udp", p), fmt.Sprintf("%d-%d:%d-%d", p, p+2, p+5, p+7),
		fmt.Sprintf("[::1]:%d:%d/tcp", p, p), fmt.Sprintf("127.0.0.1::%d", p), fmt.Sprintf("%d-%d", p, p+1),
		g.x(object_{"target": g.one(p, strconv.Itoa(p)), "published": g.one(p, strconv.Itoa(p), fmt.Sprintf("%d-%d", p, p+3)), "mode": "host", "protocol": "udp", "host_ip": "10.0.0.1", "name": "n", "app_protocol": "http"}),
		object_{"target": p})
}

func (g *generator) mount(i int) any {
	at := fmt.Sprintf("/m%d/", i) + g.one("x", "./y/", "a b").(string)
	return g.one("/anon"+strconv.Itoa(i), "./src:"+at, "../up:"+at+":ro", "~/h:"+at, "vol:"+at, "vol:"+at+":nocopy", "/abs:"+at+":z,rshared",
		object_{"type": "volume", "source": "vol", "target": at, "volume": g.some(map[string]func() any{"nocopy": g.boolean, "subpath": func() any { return "s" }, "labels": func() any { return g.pairs(false) }})},
		g.x(object_{"type": "bind", "source": g.path("./"), "target": at, "read_only": g.boolean(), "consistency": "cached"}),
		object_{"type": "bind", "source": g.path(""), "target": at, "bind": g.some(map[string]func() any{"propagation": func() any { return "rslave" }, "create_host_path": g.boolean, "selinux": func() any { return "Z" }, "recursive": func() any { return "disabled" }})},
		object_{"type": "tmpfs", "target": at, "tmpfs": g.some(map[string]func() any{"size": g.size, "mode": func() any { return g.one(0o755, 1023) }})},
		object_{"type": "image", "source": "busybox", "target": at, "image": object_{"subpath": "bin"}})
}

func (g *generator) ref(name string) any {
	return g.one(name, g.x(object_{"source": name, "target": "/t/" + g.word(), "uid": "10", "gid": "11", "mode": g.one(0o440, "0400", 292)}), object_{"source": name})
}

func (g *generator) build() any {
	fields := map[string]func() any{
		"context":         func() any { return g.one(".", "./app", "app", "../x", "https://example.com/a.git") },
		"dockerfile":      func() any { return "D/" + g.word() },
		"args":            func() any { return g.pairs(true) },
		"ssh":             func() any { return g.one([]any{"default"}, []any{"k=./key"}, object_{"k": "~/key"}) },
		"labels":          func() any { return g.pairs(false) },
		"cache_from":      func() any { return g.list(2, func() any { return g.word() }) },
		"cache_to":        func() any { return g.list(2, func() any { return g.word() }) },
		"no_cache":        g.boolean,
		"no_cache_filter": func() any { return g.one("a", []any{"a", "b"}) },
		"additional_contexts": func() any {
			return g.one([]any{"a=./x", "b=docker-image://y"}, object_{"a": "../x", "c": "https://x.y"})
		},
		"network":    func() any { return "host" },
		"provenance": func() any { return g.one(true, "mode=max") },
		"sbom":       func() any { return g.one(false, "true") },
		"pull":       g.boolean, "privileged": g.boolean,
		"target":       func() any { return g.word() },
		"shm_size":     func() any { return g.one("64m", 1024) },
		"extra_hosts":  g.hosts,
		"isolation":    func() any { return "default" },
		"secrets":      func() any { return []any{g.ref("sec")} },
		"tags":         func() any { return g.list(2, func() any { return g.word() }) },
		"ulimits":      g.ulimits,
		"platforms":    func() any { return []any{"linux/amd64"} },
		"entitlements": func() any { return []any{"network.host"} },
	}
	return g.one(".", "./app", g.some(fields))
}

func (g *generator) hosts() any {
	return g.one([]any{"a=1.2.3.4", "b:5.6.7.8", "c=[::1]"}, object_{"a": "1.2.3.4", "b": []any{"1.1.1.1", "2.2.2.2"}})
}

func (g *generator) ulimits() any {
	return object_{"nproc": g.number(9999), "nofile": g.x(object_{"soft": g.IntN(99), "hard": 100 + g.IntN(99)})}
}

func (g *generator) hook() any {
	return g.x(object_{"command": g.one("run it", []any{g.text()}), "user": "root", "privileged": g.boolean(), "working_dir": "/x", "environment": g.pairs(true)})
}

func (g *generator) update() any {
	return g.some(map[string]func() any{
		"parallelism": func() any { return g.number(5) }, "delay": func() any { return g.duration() }, "failure_action": func() any { return "pause" },
		"monitor": func() any { return g.duration() }, "max_failure_ratio": func() any { return g.one(0.3, "0.5", 0) }, "order": func() any { return "stop-first" },
	})
}

func (g *generator) devices() any {
	return []any{g.x(object_{"capabilities": []any{"gpu"}, "count": g.one(1, "all", "2"), "driver": "d", "options": g.pairs(false)}), object_{"capabilities": []any{"tpu"}, "device_ids": []any{"0", "x"}}}
}

func (g *generator) deploy() any {
	return g.some(map[string]func() any{
		"mode":            func() any { return g.one("replicated", "global") },
		"endpoint_mode":   func() any { return "vip" },
		"replicas":        func() any { return g.number(4) },
		"labels":          func() any { return g.pairs(false) },
		"update_config":   g.update,
		"rollback_config": g.update,
		"resources": func() any {
			return g.some(map[string]func() any{
				"limits": func() any {
					return g.some(map[string]func() any{"cpus": func() any { return g.one("0.5", 1, 0.25) }, "memory": func() any { return "64M" }, "pids": func() any { return g.number(99) }})
				},
				"reservations": func() any {
					return g.some(map[string]func() any{"cpus": func() any { return "0.1" }, "memory": func() any { return "32M" }, "devices": g.devices, "generic_resources": func() any {
						return []any{g.x(object_{"discrete_resource_spec": object_{"kind": "gpu", "value": g.one(1, "2")}})}
					}})
				},
			})
		},
		"restart_policy": func() any {
			return g.some(map[string]func() any{"condition": func() any { return "on-failure" }, "delay": func() any { return g.duration() }, "max_attempts": func() any { return g.number(5) }, "window": func() any { return g.duration() }})
		},
		"placement": func() any {
			return g.some(map[string]func() any{"constraints": func() any { return []any{"node.role == manager"} }, "preferences": func() any { return []any{g.x(object_{"spread": g.text()})} }, "max_replicas_per_node": func() any { return g.number(3) }})
		},
	})
}
