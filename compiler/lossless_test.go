package compiler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// losslessBase is what the fields under test are laid over: one of each thing that a field can refer to.
const losslessBase = `
name: lossless
services:
  web:
    image: registry.example.com/web:1
  db:
    image: registry.example.com/db:1
    expose: ["5432"]
    healthcheck: { test: [CMD, /ready], interval: 5s }
  once:
    image: registry.example.com/once:1
networks: { net: {}, other: {} }
volumes: { vol: {}, other: {} }
configs: { cfg: { content: text }, other: { content: more } }
secrets: { sec: { file: ./secret }, other: { file: ./other } }
`

// names are what stands for "*" below a mapping; elsewhere it is KEY.
var names = map[string]string{
	"services": "web", "networks": "net", "volumes": "vol", "configs": "cfg", "secrets": "sec", "models": "llm", "depends_on": "db", "ulimits": "nofile",
	"sysctls": "net.core.somaxconn", "variables": "UNUSED", "revisions": "web", "checks": "probe", "binary": "linux_amd64", "additional_contexts": "ctx", "extra_hosts": "host.example",
	"aux_addresses": "host1", "globals": "default", "notifications": "ops",
}

// beside is what must stand beside a field for it to mean anything: by the pattern of its mapping.
var beside = []struct{ pattern, yaml string }{
	{"services.*.healthcheck", "test: [CMD, /ready], start_period: 20s"}, {"services.*.ports[]", "target: 8080, published: 18080"}, {"services.*.volumes[]", "type: volume, source: vol, target: /data"},
	{"services.*.configs[]", "source: cfg"}, {"services.*.secrets[]", "source: sec"}, {"services.*.devices[]", "source: /dev/fuse, target: /dev/fuse"},
	{"services.*.build", "context: ."}, {"services.*.build.secrets[]", "source: sec"}, {"services.*.depends_on.*", "condition: service_started"},
	{"services.*.env_file[]", "path: a.env"}, {"services.*.ulimits.*", "soft: 100, hard: 200"}, {"services.*.build.ulimits.*", "soft: 100, hard: 200"},
	{"services.*.deploy.resources.reservations.devices[]", "capabilities: [gpu]"}, {"services.*.gpus[]", "capabilities: [gpu]"}, {"services.*.develop.watch[]", "path: ./src, action: rebuild, target: /src"},
	{"services.*.logging", "driver: json-file"}, {"services.*.checks.*", "tcp: { port: 80 }"}, {"services.*.checks.*.http", "port: 80"}, {"services.*.healthcheck.http", "port: 80"},
	{"services.*.healthcheck.grpc", "port: 80"}, {"services.*.checks.*.grpc", "port: 80"}, {"services.*.provider", "type: awesomecloud"}, {"services.*.binary.*", "url: https://example.com/x, sha256: " + hexA},
	{"revisions.*.binary.*", "url: https://example.com/x, sha256: " + hexA}, {"services.*.source", "repo: https://example.com/x.git, output: x"}, {"services.*.pre_start[]", "command: [x]"}, {"services.*.post_start[]", "command: [x]"}, {"services.*.pre_stop[]", "command: [x]"},
	{"services.*.hooks.pre_start[]", "command: [x]"}, {"services.*.hooks.post_start[]", "command: [x]"}, {"services.*.hooks.pre_stop[]", "command: [x]"}, {"services.*.hooks.post_stop[]", "command: [x]"},
	{"services.*.hooks.init[]", "command: [x]"}, {"services.*.develop.watch[].exec", "command: [x]"}, {"networks.*.ipam.config[]", "subnet: 172.28.0.0/16"},
	{"configs.*", "content: text"}, {"secrets.*", "file: ./secret"}, {"models.*", "model: ai/one"}, {"services.*.deploy.resources.reservations.generic_resources[].discrete_resource_spec", "kind: SSD, value: 1"},
	{"services.*.preflight[].disk", "path: /data, free: 1G"}, {"services.*.autoscale", "max: 9"}, {"services.*.credential_spec", ""},
	{"notifications.*.smtp", "server: mail.example.com:25, from: a@example.com, to: b@example.com"},
	{"services.*.config", "values: { key: text }, deliver: { file: { path: /etc/app.yaml, format: yaml } }"}, {"services.*.config.deliver.file", "path: /etc/app.yaml, format: yaml"},
}

var (
	hexA = strings.Repeat("ab", 32)
	hexB = strings.Repeat("cd", 32)
)

// users is what must stand elsewhere for a field to mean anything, by its beginning: what uses a resource.
var users = []struct{ prefix, yaml string }{
	{"globals.*", "services: { web: { config: { deliver: { file: { path: /etc/app.yaml, format: yaml } } } } }"},
	{"services.*.config.globals", "globals: { one: { a: 1 }, two: { a: 2 } }"},
	{"notifications.", `services: { web: { expose: ["80"], checks: { probe: { tcp: { port: 80 } } } } }`},
	{"notifications.*.on", `{ notifications: { ops: { webhook: { url: "https://example.com" } } }, services: { web: { expose: ["80"], checks: { probe: { tcp: { port: 80 } } } } } }`},
	{"notifications.*.webhook.header_secret", `{ notifications: { ops: { webhook: { url: "https://example.com" } } }, services: { web: { expose: ["80"], checks: { probe: { tcp: { port: 80 } } } } } }`},
	{"notifications.*.smtp.user", `{ notifications: { ops: { smtp: { password_secret: sec } } }, services: { web: { expose: ["80"], checks: { probe: { tcp: { port: 80 } } } } } }`},
	{"notifications.*.smtp.password_secret", `{ notifications: { ops: { smtp: { user: one } } }, services: { web: { expose: ["80"], checks: { probe: { tcp: { port: 80 } } } } } }`},
	{"models.", "{ models: { llm: { model: ai/one } }, services: { web: { models: { llm: {} } } } }"},
	{"networks.*.", "services: { web: { networks: [net] }, db: { networks: [net] } }"},
	{"services.*.networks.*.priority", "services: { web: { networks: { other: { priority: 5 } } } }"},
	{"services.*.depends_on.*.required", "services: { db: { profiles: [off] } }"},
	{"configs.*.", "services: { web: { configs: [cfg] } }"}, {"secrets.*.", "services: { web: { secrets: [sec] } }"},
	{"secrets.*.vault", "{ services: { web: { secrets: [sec] } }, secrets: { sec: !override { vault: { path: secret/app, key: password } } } }"},
	{"secrets.*.sops", "{ services: { web: { secrets: [sec] } }, secrets: { sec: !override { sops: { file: a.env } } } }"},
	{"secrets.*.prompt", "{ services: { web: { secrets: [sec] } }, secrets: { sec: !override { prompt: true } } }"},
	{"volumes.*.", `services: { web: { volumes: ["vol:/data"] } }`},
	{"volumes.*.per_replica", `services: { web: { replicas: 2, volumes: ["vol:/data"] } }`},
	{"configs.*.name", `{ services: { web: { configs: [cfg] } }, configs: { cfg: !override { external: true } } }`},
	{"deploy.restart_policy.", "services: { web: { restart: always } }"}, // which it goes over
	{"services.*.pre_start[].per_replica", "services: { web: { replicas: 2 } }"}, {"services.*.hooks.pre_start[].per_replica", "services: { web: { replicas: 2 } }"},
	{"services.*.cpu_quota", "services: { web: { cpu_period: 100000 } }"}, {"services.*.cpu_period", "services: { web: { cpu_quota: 50000 } }"},
}

// values are two values of a field whose shape does not say enough, by the end of its pattern, as YAML; what is more
// special stands first. with is laid over the base for both.
var values = []struct{ pattern, a, b, with string }{
	{pattern: "smtp.server", a: "mail.example.com:25", b: "mail.example.com:587"}, {pattern: "smtp.from", a: "a@example.com", b: "b@example.com"}, {pattern: "smtp.to", a: "[a@example.com]", b: "[b@example.com]"},
	{pattern: "smtp.password_secret", a: "sec", b: "other"}, {pattern: "smtp.user", a: "one", b: "two"}, {pattern: "smtp.tls", a: "starttls", b: "tls"}, {pattern: "notifications.*.on", a: "[failed]", b: "[recovered]"}, {pattern: "notifications.*.exec", a: "[/one]", b: "[/two]"},
	{pattern: "webhook.url_secret", a: "sec", b: "other"}, {pattern: "webhook.header_secret", a: "sec", b: "other"},
	{pattern: "globals.*", a: "{ key: one }", b: "{ key: two }"}, {pattern: ".config.values", a: "{ key: one }", b: "{ key: two }"}, {pattern: ".config.schema", a: `"one.cue#Config"`, b: `"two.cue#Config"`},
	{pattern: ".config.globals", a: "one", b: "two"}, {pattern: ".deliver.file.path", a: "/etc/one", b: "/etc/two"}, {pattern: ".deliver.env.prefix", a: "ONE_", b: "TWO_"},
	{pattern: "services.*.config.template", a: "true", b: "false", with: `services: { web: { config: { values: { t: "{{ service.name }}" }, deliver: { env: { prefix: T_ } } } } }`},
	{pattern: ".start_period", a: "400s", b: "500s"}, {pattern: "networks.*.priority", a: "1", b: "9"}, {pattern: "services.*.priority", a: "-1", b: "1"},
	{pattern: "configs.*.content", a: "one", b: "two"}, {pattern: "version", a: `"3.8"`, b: `"3.9"`}, {pattern: "name", a: "first", b: "second"},
	{pattern: "secrets.*.vault.path", a: "secret/one", b: "secret/two"}, {pattern: "secrets.*.vault.address", a: "https://one.example.com", b: "https://two.example.com"},
	{pattern: "secrets.*.prompt", a: "true", b: "another question"}, {pattern: "secrets.*.sops.file", a: "a.env", b: "b.env"},
	{pattern: "services.*.image", a: "registry.example.com/web:2", b: "registry.example.com/web:3"},
	{pattern: "services.*.pre_start[].image", a: "registry.example.com/web:2", b: "registry.example.com/web:3"},
	{pattern: ".user", a: `"1000"`, b: `"1001:1001"`}, {pattern: ".cap_add", a: "[NET_ADMIN]", b: "[SYS_TIME]"}, {pattern: ".cap_drop", a: "[NET_RAW]", b: "[CHOWN]"},
	{pattern: ".depends_on.*.condition", a: "service_started", b: "service_healthy"}, {pattern: ".network_mode", a: "host", b: "none"},
	{pattern: "services.*.networks.*.ipv4_address", a: "172.28.0.5", b: "172.28.0.6", with: "networks: { net: { ipam: { config: [{ subnet: 172.28.0.0/16 }] } } }"},
	{pattern: ".ipv4_address", a: "172.28.0.5", b: "172.28.0.6"}, {pattern: ".ipv6_address", a: "2001:db8::5", b: "2001:db8::6"}, {pattern: ".mac_address", a: "02:42:ac:11:00:01", b: "02:42:ac:11:00:02"},
	{pattern: ".link_local_ips", a: "[169.254.1.1]", b: "[169.254.1.2]"}, {pattern: ".host_ip", a: "127.0.0.1", b: "192.0.2.1"}, {pattern: "ports[].target", a: "81", b: "82"}, {pattern: "ports[].published", a: `"8081"`, b: `"8082"`},
	{pattern: "ports[].protocol", a: "tcp", b: "udp"}, {pattern: "ports[].mode", a: "ingress", b: "host"}, {pattern: "ports[].name", a: "one", b: "two"}, {pattern: "ports[].app_protocol", a: "http", b: "https"},
	{pattern: ".expose", a: `["81"]`, b: `["82"]`}, {pattern: ".dns", a: "[192.0.2.53]", b: "[192.0.2.54]"}, {pattern: ".extra_hosts.*", a: `["192.0.2.1"]`, b: `["192.0.2.2"]`},
	{pattern: ".aux_addresses.*", a: "172.28.0.5", b: "172.28.0.6"}, {pattern: ".subnet", a: "172.28.0.0/16", b: "172.29.0.0/16"}, {pattern: ".ip_range", a: "172.28.5.0/24", b: "172.28.6.0/24"}, {pattern: ".gateway", a: "172.28.0.1", b: "172.28.0.2"},
	{pattern: "services.*.volumes[].type", a: "volume", b: "cluster"}, {pattern: ".volumes[].type", a: "volume", b: "cluster"}, {pattern: "bind.propagation", a: "rshared", b: "rslave"}, {pattern: "deploy.mode", a: "replicated", b: "replicated-job"},
	{pattern: "services.*.cpu_shares", a: "512", b: "2048"}, {pattern: "services.*.cpu_quota", a: "50000", b: "20000"}, {pattern: "services.*.cpu_period", a: "100000", b: "200000"}, {pattern: "env_file[].format", a: "raw", b: `""`}, {pattern: ".volumes[].source", a: "vol", b: "other"}, {pattern: ".volumes[].target", a: "/one", b: "/two"}, {pattern: ".configs[].target", a: "/one", b: "/two"}, {pattern: ".secrets[].target", a: "/one", b: "/two"},
	{pattern: ".configs[].source", a: "cfg", b: "other"}, {pattern: ".secrets[].source", a: "sec", b: "other"}, {pattern: ".configs[].uid", a: `"100"`, b: `"200"`}, {pattern: ".secrets[].uid", a: `"100"`, b: `"200"`},
	{pattern: ".configs[].gid", a: `"100"`, b: `"200"`}, {pattern: ".secrets[].gid", a: `"100"`, b: `"200"`}, {pattern: ".links", a: `["db:one"]`, b: `["db:two"]`}, {pattern: ".volumes_from", a: "[db]", b: "[once]"}, {pattern: ".external_links", a: "[one]", b: "[two]"},
	{pattern: ".devices[].source", a: "/dev/fuse", b: "/dev/kvm"}, {pattern: ".devices[].target", a: "/dev/x", b: "/dev/y"}, {pattern: ".devices[].permissions", a: "r", b: "rw"}, {pattern: ".restart", a: "always", b: `"no"`}, {pattern: ".pull_policy", a: "always", b: "never"},
	{pattern: ".stop_signal", a: "SIGINT", b: "SIGQUIT"}, {pattern: ".working_dir", a: "/one", b: "/two"}, {pattern: ".tmpfs", a: "[/one]", b: "[/two]"}, {pattern: ".platform", a: "linux/amd64", b: "linux/arm64"}, {pattern: ".healthcheck.test", a: "[CMD, /a]", b: "[CMD, /b]"},
	{pattern: ".group_add", a: `["100"]`, b: `["200"]`}, {pattern: ".environment.*", a: "one", b: "two"}, {pattern: ".env_file[].path", a: "a.env", b: "b.env"}, {pattern: ".security_opt", a: `["no-new-privileges:true"]`, b: `["label:disable"]`}, {pattern: "services.*.ipc", a: "host", b: "shareable"}, {pattern: "services.*.pid", a: "host", b: `"service:db"`},
	{pattern: "services.*.uts", a: "host", b: `""`}, {pattern: "services.*.userns_mode", a: "host", b: `""`}, {pattern: ".sysctls.*", a: "1024", b: "2048"}, {pattern: "services.*.profiles", a: "[one]", b: "[]"}, {pattern: ".build.context", a: "./one", b: "./two"}, {pattern: ".dockerfile", a: "One", b: "Two"},
	{pattern: ".count", a: "1", b: "2"}, {pattern: ".capabilities", a: "[gpu]", b: "[gpu, utility]"}, {pattern: ".device_ids", a: `["0"]`, b: `["1"]`}, {pattern: ".labels.*", a: "one", b: "two"}, {pattern: ".annotations.*", a: "one", b: "two"},
	{pattern: "external", a: "true", b: "false"}, {pattern: ".driver", a: "one", b: "two"}, {pattern: "configs.*.file", a: "./one", b: "./two"}, {pattern: "secrets.*.file", a: "./one", b: "./two"}, {pattern: ".environment", a: "ONE", b: "TWO"}, {pattern: ".logging.driver", a: "journald", b: "none"},
	{pattern: ".hostname", a: "one", b: "two"}, {pattern: ".container_name", a: "one", b: "two"}, {pattern: ".cpuset", a: "0-1", b: `"0"`}, {pattern: ".binary.*.url", a: "https://example.com/a", b: "https://example.com/b"}, {pattern: ".sha256", a: hexA, b: hexB}, {pattern: ".sha256_url", a: "https://example.com/a.sha", b: "https://example.com/b.sha"},
	{pattern: ".url", a: "https://example.com/a", b: "https://example.com/b"}, {pattern: ".kernel", a: `"5.15"`, b: `"6.1"`}, {pattern: ".http.path", a: "/a", b: "/b"}, {pattern: ".memory", a: "64M", b: "96M"}, {pattern: ".ssh.*", a: "/one", b: "/two"}, {pattern: ".storage_opt", a: "{ size: 1G }", b: "{ size: 2G }"},
	{pattern: ".target.systemd", a: "{ Service: { Nice: 1 } }", b: "{ Service: { Nice: 2 } }"}, {pattern: ".target.compose", a: "{ tty: true }", b: "{ init: true }"}, {pattern: ".target.k8s", a: "{ deployment: { spec: { paused: true } } }", b: "{ deployment: { spec: { minReadySeconds: 3 } } }"},
	{pattern: ".subpath", a: "one", b: "two"}, {pattern: ".runtime_flags", a: "[one]", b: "[two]"}, {pattern: ".device_cgroup_rules", a: `["c 1:3 mr"]`, b: `["c 1:5 mr"]`}, {pattern: ".command", a: "[one]", b: "[two]"}, {pattern: ".entrypoint", a: "[/one]", b: "[/two]"}, {pattern: ".cache_to", a: "[one]", b: "[two]"},
	{pattern: ".max_failure_ratio", a: `"0.1"`, b: `"0.2"`}, {pattern: ".domainname", a: "one.example", b: "two.example"}, {pattern: ".label_file", a: "[one.labels]", b: "[two.labels]"}, {pattern: ".additional_contexts.*", a: "./one", b: "./two"}, {pattern: ".umask", a: `"022"`, b: `"027"`},
}

// besides the tables, fields whose meaning is used up before a lowering.
var loadOnly = []string{"version", "variables", "services.*.enabled", "targets"}

// TestLossless walks every field of the schema × every target. Two different values of the field give two different
// outputs, or a finding names the field, or the table says that the field has no meaning there. Nothing is silent.
func TestLossless(t *testing.T) {
	sch, err := compiler.Schema()
	if err != nil {
		t.Fatal(err)
	}
	walked, levels := 0, map[string]int{}
	dir := t.TempDir()
	for _, name := range []string{"a.env", "b.env"} {
		writeFile(t, filepath.Join(dir, name), []byte("FROM="+name+"\n"))
	}
	for _, name := range []string{"one", "two"} {
		writeFile(t, filepath.Join(dir, name+".cue"), []byte("package app\n#Config: { from: *\""+name+"\" | string, ... }\n"))
	}
	for _, b := range backends() {
		index := support.NewIndex(b.Table())
		for _, leaf := range sch.Leaves("#Project") {
			if isLoadOnly(leaf.Path) {
				continue
			}
			walked++
			row := index.Row(instance(moved(leaf.Path)))
			if row == nil {
				t.Errorf("%s: the table of %s has no row for it", leaf.Path, b.Name())
				continue
			}
			levels[b.Name()+" "+row.Level.String()]++
			if why := silent(t, dir, b.Name(), leaf, row); why != "" {
				t.Errorf("%s on %s (%s): %s", leaf.Path, b.Name(), row.Level, why)
			}
		}
	}
	keys := make([]string, 0, len(levels))
	for k := range levels {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var text strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&text, "%s: %d\n", k, levels[k])
	}
	t.Logf("%d fields × targets walked", walked)
	counts(t, text.String())
}

// counts holds the number of rows of each level against the committed ones, so that none worsens unseen.
func counts(t *testing.T, got string) {
	t.Helper()
	const file = "testdata/support.txt"
	if *update {
		writeFile(t, file, []byte(got))
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the counts of support changed; go test ./compiler -run Lossless -update, and review.\nwant:\n%sgot:\n%s", want, got)
	}
}

func isLoadOnly(pattern string) bool {
	for _, p := range loadOnly {
		if pattern == p || strings.HasPrefix(pattern, p+".") {
			return true
		}
	}
	return false
}

// silent says what is wrong: "" when the field is lossless or loud.
func silent(t *testing.T, dir, target string, leaf shape.Leaf, row *support.Row) string {
	if row.Level == support.Meaningless {
		return ""
	}
	a, b, with := twoValues(leaf)
	for _, u := range users {
		if strings.HasPrefix(leaf.Path, u.prefix) || strings.Contains(leaf.Path, "."+u.prefix) {
			with = u.yaml
		}
	}
	var digests [2]string
	var made [2][]txtar.File
	for i, v := range []string{a, b} {
		base, overlay := filepath.Join(dir, "octo.yaml"), filepath.Join(dir, "overlay.yaml")
		writeFile(t, base, []byte(losslessBase))
		writeFile(t, overlay, []byte(document(leaf.Path, v)+"\n"))
		files := []string{"octo.yaml", "overlay.yaml"}
		if with != "" {
			writeFile(t, filepath.Join(dir, "with.yaml"), []byte(with+"\n"))
			files = []string{"octo.yaml", "with.yaml", "overlay.yaml"}
		}
		r := compileDir(t, dir, compiler.Options{Files: files, Targets: []string{target}, Verify: true})
		if named(r.Diagnostics, instance(moved(leaf.Path)), row) {
			return ""
		}
		if r.Diagnostics.Has(diag.Error) {
			for _, d := range r.Diagnostics {
				if d.Severity == diag.Error {
					return fmt.Sprintf("the test's own value %s does not compile: %s", v, d.Text())
				}
			}
		}
		digests[i], made[i] = stripped(r), outputs(r)
	}
	if digests[0] != digests[1] {
		steps := support.SplitPattern(leaf.Path)
		return elsewhere(row, steps[len(steps)-1], made[0], made[1])
	}
	return fmt.Sprintf("%s and %s give the same output, and nothing is said", a, b)
}

// moved is the field that a pattern stands for: hooks with a key of Compose are that key.
func moved(pattern string) string {
	for _, key := range []string{"pre_start", "post_start", "pre_stop"} {
		if rest, ok := strings.CutPrefix(pattern, "services.*.hooks."+key); ok {
			return "services.*." + key + rest
		}
	}
	return pattern
}

// named reports whether a finding is about the field, something in it, or what holds it below the service.
func named(l diag.List, p tree.Path, row *support.Row) bool {
	for _, d := range l {
		if d.Code == diag.Internal {
			return false
		}
	}
	enough := min(2, len(support.SplitPattern(row.Field))) // volumes.vol, models
	if strings.HasPrefix(row.Field, "services.") {
		enough = 3 // services.web.ports
	}
	for _, d := range l {
		if d.Path.HasPrefix(p) || (len(d.Path.Steps()) >= enough && p.HasPrefix(d.Path)) {
			return true
		}
		for _, r := range d.Related {
			if r.Path.HasPrefix(p) && !r.Path.IsRoot() {
				return true
			}
		}
	}
	return false
}

// stripped is the output without comments. APPLY.md is a part of it: what builds an image or makes a Secret stands
// there.
func stripped(r *compiler.Result) string {
	var b strings.Builder
	for _, f := range outputs(r) {
		b.WriteString(f.Name + "\n")
		for line := range strings.Lines(string(f.Data)) {
			if !strings.HasPrefix(strings.TrimSpace(line), "#") {
				b.WriteString(line)
			}
		}
	}
	return b.String()
}

// twoValues are two values that the field takes, as YAML.
func twoValues(leaf shape.Leaf) (a, b, with string) {
	for _, inner := range []string{"services.*.pre_start[].", "services.*.hooks.pre_start[]."} {
		if rest, ok := strings.CutPrefix(leaf.Path, inner); ok { // a container like any other
			leaf.Path = "services.*." + rest
		}
	}
	for _, v := range values {
		if leaf.Path == v.pattern || (strings.HasPrefix(v.pattern, ".") && strings.HasSuffix(leaf.Path, v.pattern)) || (!strings.HasPrefix(v.pattern, ".") && strings.HasSuffix(leaf.Path, "."+v.pattern)) {
			return v.a, v.b, v.with
		}
	}
	s := leaf.Shape
	switch {
	case s.Cast == "bool" || (s.Kinds.Has(tree.Bool) && !s.Kinds.Has(tree.String)):
		return "true", "false", ""
	case s.Unit == "duration":
		return "7s", "9s", ""
	case s.Unit == "bytes" || s.Unit == "size":
		return "64M", "96M", ""
	case s.Unit == "octal":
		return "0400", "0440", ""
	case len(s.Enum) > 1:
		return s.Enum[0], s.Enum[1], ""
	case s.Cast == "int" || s.Cast == "number" || s.Unit != "" || (s.Kinds.Has(tree.Int) && !s.Kinds.Has(tree.String)):
		return "2", "3", ""
	case s.List != nil && !s.Kinds.Has(tree.String):
		return "[one]", "[two]", ""
	}
	return "one", "two", ""
}

// instance is the path that the test writes for a pattern.
func instance(pattern string) tree.Path {
	p, last := tree.Root, ""
	for _, step := range support.SplitPattern(pattern) {
		switch step {
		case "[]":
			p = p.Index(0)
		case "*":
			p = p.Key(nameFor(last))
		default:
			p = p.Key(step)
		}
		last = step
	}
	return p
}

func nameFor(mapping string) string {
	if n := names[mapping]; n != "" {
		return n
	}
	return "KEY"
}

// document is the YAML that sets the field, in flow style, with what must stand beside each step.
func document(pattern, value string) string {
	steps := support.SplitPattern(pattern)
	var open, end strings.Builder
	for i, step := range steps {
		if step == "[]" {
			open.WriteString("[")
			end.WriteString("]")
			continue
		}
		key := step
		if step == "*" {
			key = nameFor(steps[i-1])
		}
		if strings.HasSuffix(pattern, "pre_start[].networks.*.priority") && step == "*" && steps[i-1] == "networks" {
			open.WriteString("{ other: { priority: 5 }, ")
			open.WriteString(fmt.Sprintf("%q: ", key))
			end.WriteString("}")
			continue
		}
		open.WriteString("{ " + siblings(strings.Join(steps[:i], "."), step) + fmt.Sprintf("%q: ", key))
		end.WriteString("}")
	}
	closing := []byte(end.String())
	for i, j := 0, len(closing)-1; i < j; i, j = i+1, j-1 {
		closing[i], closing[j] = closing[j], closing[i]
	}
	return open.String() + value + string(closing)
}

// siblings are the fields beside the one that is set, but that one itself.
func siblings(mapping, field string) string {
	mapping = strings.ReplaceAll(mapping, ".[]", "[]")
	for _, inner := range []string{"services.*.pre_start[].", "services.*.hooks.pre_start[]."} {
		mapping = strings.Replace(mapping, inner, "services.*.", 1) // a container like any other
	}
	switch {
	case strings.HasSuffix(mapping, "pre_start[]") && field == "cpu_quota":
		return "cpu_period: 100000, "
	case strings.HasSuffix(mapping, "pre_start[]") && field == "cpu_period":
		return "cpu_quota: 50000, "
	case mapping == "configs.*" && field == "name":
		return ""
	case mapping == "services.*.volumes[]" && field == "bind":
		return "type: bind, source: ./src, target: /data, "
	case mapping == "services.*.volumes[]" && field == "tmpfs":
		return "type: tmpfs, target: /data, "
	case mapping == "services.*.volumes[]" && field == "image":
		return "type: image, source: registry.example.com/data:1, target: /data, "
	}
	for _, b := range beside {
		if b.pattern != mapping || b.yaml == "" {
			continue
		}
		var keep []string
		for _, part := range splitTop(b.yaml) {
			key, _, _ := strings.Cut(part, ":")
			if key != field && !excludes(field, key) {
				keep = append(keep, part)
			}
		}
		if len(keep) > 0 {
			return strings.Join(keep, ", ") + ", "
		}
	}
	return ""
}

// excludes reports whether two fields cannot stand together.
func excludes(field, other string) bool {
	for _, group := range []string{" file environment credential external content vault sops prompt ", " http tcp grpc exec plugin test disable ", " sha256 sha256_url ", " count device_ids "} {
		if strings.Contains(group, " "+field+" ") && strings.Contains(group, " "+other+" ") {
			return true
		}
	}
	return false
}

// splitTop splits at the commas outside of brackets.
func splitTop(s string) []string {
	var out []string
	depth, start := 0, 0
	for i, r := range s {
		switch r {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(s[start:]))
}
