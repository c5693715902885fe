package canon_test

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/canon"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// field is the canonical form of one field, written as the only one of a config, on its first line: a value in flow
// style starts in the first column after the keys.
func field(t *testing.T, at, value string, places bool) (string, string) {
	t.Helper()
	n, ds := canonical(t, file(at, value), "")
	p, err := tree.ParsePath(at)
	if err != nil {
		t.Fatal(err)
	}
	v, _ := tree.Get(n, p)
	return show(v, places), texts(ds)
}

func file(at, value string) string {
	keys := strings.Split(at, ".")
	return "{" + strings.Join(keys, ": {") + ": " + value + strings.Repeat("}", len(keys)) + "\n"
}

func TestForms(t *testing.T) {
	for _, c := range []struct{ at, in, want string }{
		// ports
		{"services.a.ports", `["80"]`, `[{target: 80, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `[80]`, `[{target: 80, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `[0x50]`, `[{target: 80, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["080:0080"]`, `[{target: 80, published: "80", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["127.0.0.1:8080:80/UDP"]`, `[{target: 80, published: "8080", host_ip: "127.0.0.1", protocol: "udp", mode: "ingress"}]`},
		{"services.a.ports", `["[::1]:8080:80"]`, `[{target: 80, published: "8080", host_ip: "::1", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["127.0.0.1::80/"]`, `[{target: 80, host_ip: "127.0.0.1", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["80-81"]`, `[{target: 80, protocol: "tcp", mode: "ingress"}, {target: 81, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["90-91:80-81"]`, `[{target: 80, published: "90", protocol: "tcp", mode: "ingress"}, {target: 81, published: "91", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["90-95:80"]`, `[{target: 80, published: "90-95", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `[{target: "80", published: 90}]`, `[{target: 80, published: "90", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["{{ a.b }}:80", "{{ a ? b : c }}"]`, `[{target: 80, published: "{{ a.b }}", protocol: "tcp", mode: "ingress"}, {target: "{{ a ? b : c }}", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `!override ["80"]`, `!override [{target: 80, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `!reset ["80"]`, `!reset ["80"]`},
		{"services.a.ports", `[!reset "80", "81"]`, `[!reset "80", {target: 81, protocol: "tcp", mode: "ingress"}]`},
		// volumes
		{"services.a.volumes", `[/x]`, `[{type: "volume", target: "/x"}]`},
		{"services.a.volumes", `[x]`, `[{type: "volume", target: "x"}]`},
		{"services.a.volumes", `["a:/x/./y/"]`, `[{type: "volume", target: "a:/x/y"}]`},
		{"services.a.volumes", `["ab:/x"]`, `[{type: "volume", source: "ab", target: "/x"}]`},
		{"services.a.volumes", `["./s/../t:/x:ro,Z,rshared"]`, `[{type: "bind", source: "t", target: "/x", read_only: true, bind: {selinux: "Z", propagation: "rshared", create_host_path: true}}]`},
		{"services.a.volumes", `["ab:/x:nocopy,ro,rw"]`, `[{type: "volume", source: "ab", target: "/x", volume: {nocopy: true}}]`},
		{"services.a.volumes", `["~/s:/x:cached"]`, `[{type: "bind", source: "~/s", target: "/x", consistency: "cached", bind: {create_host_path: true}}]`},
		{"services.a.volumes", `["C:\\s:/x"]`, `[{type: "bind", source: "C:\\s", target: "/x", bind: {create_host_path: true}}]`},
		{"services.a.volumes", `["{{ a:b }}:/x:{{ c }}"]`, `[{type: "volume", source: "{{ a:b }}", target: "/x"}]`},
		{"services.a.volumes", `[{type: bind, source: ./s, target: /x/}, {type: volume, source: ./s, target: /y}]`, `[{type: "bind", source: "s", target: "/x"}, {type: "volume", source: "./s", target: "/y"}]`},
		// commands
		{"services.a.command", `null`, `null`},
		{"services.a.command", `""`, `[]`},
		{"services.a.command", `[a, "b c"]`, `["a", "b c"]`},
		{"services.a.command", `"a 'b c' \"d e\"f g\\ h ''"`, `["a", "b c", "d ef", "g h", ""]`},
		{"services.a.entrypoint", `sh -c "x $(y z) w"`, `["sh", "-c", "x $(y z) w"]`},
		{"services.a.healthcheck.test", `curl x || exit 1`, `["CMD-SHELL", "curl x || exit 1"]`},
		{"services.a.healthcheck.test", `[NONE]`, `["NONE"]`},
		{"services.a.post_start", `[{command: a b}]`, `[{command: ["a", "b"]}]`},
		// lists of KEY=VALUE
		{"services.a.environment", `[A=1, B, "C=", "D=x=y", A=2]`, `{A: "2", B: null, C: "", D: "x=y"}`},
		{"services.a.environment", `{A: 1, B: , C: "", D: 0x1F, E: yes}`, `{A: 1, B: null, C: "", D: 0x1F, E: "yes"}`},
		{"services.a.environment", `["{{ a=b }}=c"]`, `{{{ a=b }}: "c"}`},
		{"services.a.labels", `!override [a.b=c]`, `!override {a.b: "c"}`},
		{"services.a.build.args", `[A, B=1]`, `{A: null, B: "1"}`},
		{"networks.n.labels", `[a=b]`, `{a: "b"}`},
		{"networks.n.driver_opts", `{mtu: 1500}`, `{mtu: "1500"}`},
		// lists of names
		{"services.a.depends_on", `[b, c, b]`, `{b: {condition: "service_started", required: true}, c: {condition: "service_started", required: true}}`},
		{"services.a.depends_on", `{b: {restart: "true"}}`, `{b: {restart: true}}`},
		{"services.a.networks", `[n, m]`, `{n: null, m: null}`},
		{"services.a.models", `[m]`, `{m: null}`},
		// single values for lists and mappings
		{"services.a.build", `./x`, `{context: "x"}`},
		{"services.a.build", `!override ./x`, `!override {context: "x"}`},
		{"services.a.build.context", `https://github.com/a/b.git#x:y`, `"https://github.com/a/b.git#x:y"`},
		{"services.a.extends", `b`, `{service: "b"}`},
		{"services.a.dns", `1.1.1.1`, `["1.1.1.1"]`},
		{"services.a.dns", `["", 1.1.1.1]`, `["1.1.1.1"]`},
		{"services.a.tmpfs", `!override /run`, `!override ["/run"]`},
		{"services.a.tmpfs", `""`, `[]`},
		{"services.a.label_file", `./a`, `["a"]`},
		{"services.a.env_file", `./a`, `[{path: "a"}]`},
		{"services.a.env_file", `[a, {path: ./b, required: "no"}]`, `[{path: "a"}, {path: "b", required: false}]`},
		{"services.a.secrets", `[s, {source: t, mode: 0440}]`, `[{source: "s"}, {source: "t", mode: 0440}]`},
		{"services.a.configs", `[c]`, `[{source: "c"}]`},
		{"services.a.devices", `[/a, "/a:/b", "/a:/b:r", "/a::r"]`, `[{source: "/a", target: "/a", permissions: "rwm"}, {source: "/a", target: "/b", permissions: "rwm"}, {source: "/a", target: "/b", permissions: "r"}, {source: "/a", target: "/a", permissions: "r"}]`},
		{"services.a.gpus", `all`, `[{count: "all"}]`},
		{"services.a.gpus", `[{driver: x}, {device_ids: ["0"]}]`, `[{driver: "x", count: "all"}, {device_ids: ["0"]}]`},
		{"services.a.deploy.resources.reservations.devices", `[{capabilities: [gpu]}]`, `[{capabilities: ["gpu"], count: "all"}]`},
		{"services.a.develop.watch", `[{path: ./x, action: sync, ignore: y}]`, `[{path: "x", action: "sync", ignore: ["y"]}]`},
		{"services.a.build.ssh", `[default, k=./v]`, `{default: null, k: "v"}`},
		{"services.a.build.ssh", `default`, `{default: null}`},
		{"services.a.build.additional_contexts", `["a=./x", "b=docker-image://y", "c=service:z"]`, `{a: "x", b: "docker-image://y", c: "service:z"}`},
		{"services.a.extra_hosts", `["a:1.1.1.1", "b=::1", "a=2.2.2.2,[::3]"]`, `{a: ["1.1.1.1", "2.2.2.2", "::3"], b: ["::1"]}`},
		{"services.a.extra_hosts", `{a: "[::1]", b: [1.1.1.1, "[::2]"]}`, `{a: ["::1"], b: ["1.1.1.1", "::2"]}`},
		// casts
		{"services.a.expose", `[80, "90/udp"]`, `["80", "90/udp"]`},
		{"services.a.group_add", `[0x10, a]`, `["16", "a"]`},
		{"services.a.ulimits", `{nofile: "5", nproc: {soft: "1", hard: 2}}`, `{nofile: 5, nproc: {soft: 1, hard: 2}}`},
		{"services.a.cpus", `"0.50"`, `"0.50"`},
		{"services.a.cpu_percent", `"12.50"`, `12.50`},
		{"services.a.cpu_percent", `"1_000"`, `"1_000"`},
		{"services.a.cpu_percent", `"Inf"`, `"Inf"`},
		{"services.a.cpu_shares", `"0x10"`, `"0x10"`},
		{"services.a.mem_limit", `512M`, `"512M"`},
		{"services.a.privileged", `"true"`, `true`},
		{"services.a.privileged", `FALSE`, `false`},
		{"services.a.privileged", `maybe`, `"maybe"`},
		{"services.a.privileged", `"{{ x }}"`, `"{{ x }}"`},
		{"services.a.use_api_socket", `"true"`, `true`},
		{"services.a.use_api_socket", `"yes"`, `"yes"`},
		// paths
		{"secrets.s.file", `./a/../b`, `"b"`},
		{"configs.c.file", `../a`, `"../a"`},
		{"configs.c.file", `/a/./b`, `"/a/./b"`},
		{"services.a.build.context", `.`, `"."`},
		{"services.a.build.context", `./`, `"."`},
		// steps
		{"networks.n", `{external: {name: x}}`, `{external: true, name: "x"}`},
		{"volumes.v", `{external: {}, name: y}`, `{external: true, name: "y"}`},
		{"secrets.s", `{external: "true"}`, `{external: true}`},
		{"configs.s", `{external: {name: x}, name: x}`, `{external: true, name: "x"}`},
		{"volumes.v", `{driver: local, driver_opts: {type: none, o: bind, device: ./x}}`, `{driver: "local", driver_opts: {type: "none", o: "bind", device: "x"}}`},
		{"services.a", `{scale: 2}`, `{replicas: 2}`},
		{"services.a", `{deploy: {replicas: "2"}, scale: 2}`, `{replicas: 2}`},
		{"services.a", `{deploy: {replicas: 2, mode: global}}`, `{deploy: {mode: "global"}, replicas: 2}`},
		{"services.a", `{deploy: !override {mode: global}}`, `{deploy: !override {mode: "global"}, replicas: !reset null}`},
		{"services.a", `{deploy: !reset null}`, `{deploy: !reset null, replicas: !reset null}`},
		{"services.a", `{deploy: {replicas: !reset 3}}`, `{replicas: !reset 3}`},
		{"services.a", `{x-octo: {enabled: "false", target: {k8s: {a: b}}}, image: x}`, `{image: "x", enabled: false, target: {k8s: {a: "b"}}}`},
		{"services.a", `{x-octo: {networks: {n: {aliases: [x]}}, scale: 3}, networks: {n: {priority: 5}, m: }, replicas: 3}`, `{networks: {n: {priority: 5, aliases: ["x"]}, m: null}, replicas: 3}`},
		{"services.a", `{x-octo: {}, x-own: {ports: ["80"]}}`, `{x-own: {ports: ["80"]}}`},
		{"services.a", `{checks: {default: {exec: a b, failures: 2, interval: 5s}, live: {tcp: {port: 5}}}}`,
			`{checks: {live: {tcp: {port: 5}}}, healthcheck: {test: ["CMD", "a", "b"], retries: 2, interval: "5s"}}`},
		{"services.a", `{checks: {default: {tcp: {port: 5}, level: ready, successes: 1, on_failure: none}}}`, `{healthcheck: {tcp: {port: 5}}}`},
		{"services.a", `{hooks: {pre_start: [{command: a b}], pre_stop: [{command: [c]}]}, pre_stop: [{command: [d]}]}`,
			`{pre_stop: [{command: ["d"]}, {command: ["c"]}], pre_start: [{command: ["a", "b"]}]}`},
		{"services.a", `{hooks: {post_start: !override [{command: [c]}], init: [{command: [d]}], post_stop: [{command: [e]}]}}`,
			`{hooks: {init: [{command: ["d"]}], post_stop: [{command: ["e"]}]}, post_start: !override [{command: ["c"]}]}`},
		{"services.a", `{hooks: !reset {}, post_start: [{command: [c]}]}`, `{hooks: !reset {}, post_start: [{command: ["c"]}]}`},
		{"services.a", `{checks: {default: {http: {port: 80}}}, healthcheck: {interval: 5s}}`, `{healthcheck: {interval: "5s", http: {port: 80}}}`},
		// of a kind that the surface check has refused
		{"services.a.ports", `{a: b}`, `?`},
		{"services.a.ports", `[[80], "80"]`, `[?, {target: 80, protocol: "tcp", mode: "ingress"}]`},
		{"services.a", `[x]`, `?`},
	} {
		got, ds := field(t, c.at, c.in, false)
		if got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.at, c.in, got, c.want)
		}
		if strings.Contains(ds, ": error:") && !strings.Contains(c.want, "?") {
			t.Errorf("%s: %s: %s", c.at, c.in, ds)
		}
	}
}

// TestPlaces holds each part of a short form against where it stands: column, + width.
func TestPlaces(t *testing.T) {
	for _, c := range []struct{ at, in, want string }{
		{"services.a.ports", `["127.0.0.1:90:80/udp"]`, `[{target: 80@39+2, published: "90"@36+2, host_ip: "127.0.0.1"@26+9, protocol: "udp"@42+3, mode: "ingress"@25}]`},
		{"services.a.ports", `['90:80']`, `[{target: 80@29+2, published: "90"@26+2, protocol: "tcp"@25, mode: "ingress"@25}]`},
		{"services.a.ports", `[90:80]`, `[{target: 80@28+2, published: "90"@25+2, protocol: "tcp"@25, mode: "ingress"@25}]`},
		{"services.a.ports", `["\x390:80"]`, `[{target: 80@25, published: "90"@25, protocol: "tcp"@25, mode: "ingress"@25}]`},
		{"services.a.volumes", `["äö:/ü:ro"]`, `[{type: "volume"@27, source: "äö"@28+2, target: "/ü"@31+2, read_only: true@34+2}]`},
		{"services.a.command", `"a 'b c' d"`, `["a"@27+1, "b c"@29+5, "d"@35+1]`},
		{"services.a.command", `a bc`, `["a"@26+1, "bc"@28+2]`},
		{"services.a.environment", `[A=xy, B]`, `{A: "xy"@33+2, B: null@37}`},
		{"services.a.extra_hosts", `["a:[::1],::2"]`, `{a: ["::1"@35+3, "::2"@40+3]}`},
		{"services.a.devices", `["/a:/b:r"]`, `[{source: "/a"@28+2, target: "/b"@31+2, permissions: "r"@34+1}]`},
		{"services.a.tty", `"true"`, `true@22`},
		{"services.a.healthcheck.test", `curl`, `["CMD-SHELL"@37, "curl"@37]`},
	} {
		if got, _ := field(t, c.at, c.in, true); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.at, c.in, got, c.want)
		}
	}
}

// TestNames holds the schema against the table of forms.
func TestNames(t *testing.T) {
	names := canon.Forms()
	seen := make(map[string]bool)
	for _, n := range names {
		if seen[n] {
			t.Errorf("the form %q stands twice", n)
		}
		seen[n] = true
	}
	used := make(map[string]bool)
	defs := make(map[string]bool)
	var walk func(s *shape.Shape)
	visited := make(map[*shape.Shape]bool)
	walk = func(s *shape.Shape) {
		if s == nil || visited[s] {
			return
		}
		visited[s] = true
		defs[s.Name] = true
		if s.List != nil {
			walk(s.List.Elem)
		}
		if s.Map == nil {
			return
		}
		for _, f := range s.Map.Fields {
			if len(f.Short) > 0 {
				used[f.Short[0]] = true
				if !seen[f.Short[0]] {
					t.Errorf("the schema gives %s the form %q, which is none", f.Name, f.Short[0])
				}
			}
			walk(f.Value)
		}
		for _, p := range s.Map.Patterns {
			walk(p.Field.Value)
		}
	}
	walk(root(t))
	for _, n := range names {
		if !used[n] {
			t.Errorf("the form %q is used nowhere", n)
		}
	}
	for _, d := range canon.Steps() {
		if !defs[d] {
			t.Errorf("there is a rewrite for %s, which the schema does not have", d)
		}
	}
}
