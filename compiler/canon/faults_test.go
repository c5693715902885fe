package canon_test

import (
	"testing"

	"github.com/octocompose/octocompose/compiler/canon"
	"github.com/octocompose/octocompose/compiler/tree"
)

// TestFaults has each fault with its place, and the value that stays.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ at, in, want, value string }{
		{"services.a.ports", `["127.0.0.1:80x:8080"]`,
			`octo.yaml:1:36: error: services.a.ports[0]: cannot use "80x" as a port; want 1 to 65535 [type] (3 wide) help: write "127.0.0.1:80:8080"`,
			`[{target: 8080, published: ?, host_ip: "127.0.0.1", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["80:65536"]`,
			`octo.yaml:1:29: error: services.a.ports[0]: cannot use "65536" as a port; want 1 to 65535 [type] (5 wide)`,
			`[{target: ?, published: "80", protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["0:80"]`,
			`octo.yaml:1:26: error: services.a.ports[0]: cannot use "0" as a port; want 1 to 65535 [type] (1 wide) help: leave it out, and the engine picks a free port: "80"`,
			`[{target: 80, published: ?, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["80/tpc"]`,
			`octo.yaml:1:29: error: services.a.ports[0]: cannot use "tpc" as a protocol; want tcp, udp or sctp [type] (3 wide) help: did you mean "tcp"?`,
			`[{target: 80, protocol: ?, mode: "ingress"}]`},
		{"services.a.ports", `["300.1.1.1:80:80"]`,
			`octo.yaml:1:26: error: services.a.ports[0]: cannot use "300.1.1.1" as an address; want an IP address such as 127.0.0.1 or [::1] [type] (9 wide)`,
			`[{target: 80, published: "80", host_ip: ?, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["::1:80:80"]`,
			`octo.yaml:1:26: error: services.a.ports[0]: cannot use "::1" as an address; want an IPv6 address in brackets [type] (3 wide)`,
			`[{target: 80, published: "80", host_ip: ?, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["90-80:10"]`,
			`octo.yaml:1:26: error: services.a.ports[0]: cannot use "90-80" as a range of ports; want the lower one first [type] (5 wide) help: write 80-90`,
			`[{target: 10, published: ?, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `["90-91:80-82"]`,
			`octo.yaml:1:25: error: services.a.ports[0]: cannot publish 80-82 at 90-91; want ranges of the same length [type] help: write 90-92:80-82`,
			`[?]`},
		{"services.a.ports", `["80:", "x"]`,
			`octo.yaml:1:25: error: services.a.ports[0]: cannot use "80:" as a port; a number is missing [type]
octo.yaml:1:33: error: services.a.ports[1]: cannot use "x" as a port; want 1 to 65535 [type] (1 wide)`,
			`[{target: ?, published: "80", protocol: "tcp", mode: "ingress"}, {target: ?, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", `[80.5, true]`,
			`octo.yaml:1:25: error: services.a.ports[0]: cannot use "80.5" as a port; want 1 to 65535 [type]
octo.yaml:1:31: error: services.a.ports[1]: cannot use "true" as a port; want 1 to 65535 [type]`,
			`[?, ?]`},
		{"services.a.ports", `["1-65535/tcp", "1-65535/udp"]`,
			`octo.yaml:1:40: error: services.a.ports[1]: cannot write out more than 65536 ports in one file [limit]`, ``},
		{"services.a.volumes", `["data::/x"]`,
			`octo.yaml:1:27: error: services.a.volumes[0]: cannot use "data::/x" as a mount; a part between colons is empty [type] help: write SOURCE:TARGET or SOURCE:TARGET:ro`,
			`[?]`},
		{"services.a.volumes", `["data:/x:ro:z"]`,
			`octo.yaml:1:38: error: services.a.volumes[0]: cannot use "data:/x:ro:z" as a mount; want at most SOURCE:TARGET:OPTIONS [type] (2 wide) help: write options with commas between them, or the long syntax: {type: bind, source: …, target: …}`,
			`[?]`},
		{"services.a.volumes", `["data:/x:r0", "data:/y:foo"]`,
			`octo.yaml:1:36: warning: services.a.volumes[0]: no mount has the option "r0"; it is left out, as Compose does [enum] (2 wide) help: did you mean "ro"?
octo.yaml:1:50: warning: services.a.volumes[1]: no mount has the option "foo"; it is left out, as Compose does [enum] (3 wide) help: the options are ro, rw, z, Z, nocopy, rprivate, private, rshared, shared, rslave, slave, cached, delegated, consistent`,
			`[{type: "volume", source: "data", target: "/x"}, {type: "volume", source: "data", target: "/y"}]`},
		{"services.a.volumes", `[""]`,
			`octo.yaml:1:27: error: services.a.volumes[0]: cannot use "" as a mount; want SOURCE:TARGET [type]`, `[?]`},
		{"services.a.command", `"run {{ config.x }}"`,
			`octo.yaml:1:31: error: services.a.command: cannot split a command that holds a template into words [type] (2 wide) help: write a list: [program, "{{ … }}"]`, `?`},
		{"services.a.command", `"a 'b"`,
			`octo.yaml:1:26: error: services.a.command: cannot split "a 'b" into words; a quote or a bracket is not closed [type] help: write a list: [program, argument]; for a shell: [sh, -c, "a 'b"]`, `?`},
		{"services.a.command", `(a)`,
			`octo.yaml:1:26: error: services.a.command: cannot split "(a)" into words; a quote or a bracket is not closed [type] help: write a list: [program, argument]; for a shell: [sh, -c, "(a)"]`, `?`},
		{"services.a.command", `a && b`,
			`octo.yaml:1:28: warning: services.a.command: Compose starts no shell, and leaves out what stands from "&& b" on [type] (4 wide) help: write [sh, -c, "a && b"] if a shell is meant, or quote the character`, `["a"]`},
		{"services.a.environment", `["A =1", "=x"]`,
			`octo.yaml:1:32: error: services.a.environment[0]: cannot use "A =1" as KEY=VALUE; want a name before the =, without a space [type] (4 wide)
octo.yaml:1:40: error: services.a.environment[1]: cannot use "=x" as KEY=VALUE; want a name before the =, without a space [type] (2 wide)`, `{}`},
		{"services.a.extra_hosts", `[a, ":1.1.1.1"]`,
			`octo.yaml:1:31: error: services.a.extra_hosts[0]: cannot use "a" as a host with its address; want HOST=ADDRESS [type]
octo.yaml:1:34: error: services.a.extra_hosts[1]: cannot use ":1.1.1.1" as a host with its address; want HOST=ADDRESS [type]`, `{}`},
		{"services.a.devices", `["/a:/b:r:w", ""]`,
			`octo.yaml:1:27: error: services.a.devices[0]: cannot use "/a:/b:r:w" as a device; want SOURCE:TARGET:PERMISSIONS [type] help: a path that holds a colon needs the long syntax: {source: …, target: …, permissions: rwm}
octo.yaml:1:40: error: services.a.devices[1]: cannot use "" as a device; want SOURCE:TARGET:PERMISSIONS [type] help: a path that holds a colon needs the long syntax: {source: …, target: …, permissions: rwm}`, `[?, ?]`},
		{"services.a.build.ssh", `[k]`,
			`octo.yaml:1:31: error: services.a.build.ssh[0]: cannot use "k" as an SSH key; want default or ID=PATH [type]`, `{}`},
		{"services.a", `{scale: 2, deploy: {replicas: 3}}`,
			`octo.yaml:1:46: error: services.a.deploy.replicas: cannot use 3; 2 stands for the same field [conflict] help: delete one of the two`, `{replicas: ?}`},
		{"services.a", `{image: x, x-octo: {image: y}}`,
			`octo.yaml:1:43: error: services.a.x-octo.image: cannot use y; x stands for the same field [conflict] help: delete one of the two`, `{image: ?}`},
		{"services.a", `{x-octo: !override {image: y}}`,
			`octo.yaml:1:35: error: services.a.x-octo: cannot use a merge tag on x-octo; want it on a key inside [bad-tag]`, `{image: "y"}`},
		{"networks.n", `{name: x, external: {name: y}}`,
			`octo.yaml:1:43: error: networks.n.external.name: cannot use y; x stands for the same field [conflict] help: delete one of the two`, `{name: ?, external: true}`},
	} {
		value, ds := field(t, c.at, c.in, false)
		if ds != c.want+"\n" {
			t.Errorf("%s: %s\n got %swant %s", c.at, c.in, ds, c.want)
		}
		if value != c.value && c.value != "" {
			t.Errorf("%s: %s\n got %s\nwant %s", c.at, c.in, value, c.value)
		}
	}
}

func TestRelative(t *testing.T) {
	for _, c := range []struct{ dir, in, want string }{
		{"", "./src", "src"}, {"", ".", "."}, {"", "./", "."}, {"", "../x", "../x"}, {"", "a/../b", "b"}, {"", "", ""},
		{"vendor", "./src", "vendor/src"}, {"vendor", ".", "vendor"}, {"vendor", "../x", "x"}, {"../v", "../x", "../x"}, {".", "x", "x"},
		{"vendor", "/x/./y", "/x/./y"}, {"vendor", "~/x", "~/x"}, {"vendor", "~", "~"}, {"vendor", `C:\x`, `C:\x`}, {"vendor", "c:/x", "c:/x"}, {"vendor", `\\host\x`, `\\host\x`},
		{"vendor", "https://a/b", "https://a/b"}, {"vendor", "docker-image://a", "docker-image://a"}, {"vendor", "git@h:a/b", "git@h:a/b"}, {"vendor", "github.com/a/b", "github.com/a/b"},
		{"vendor", "service:a", "service:a"}, {"vendor", "{{ a/../b }}", "vendor/{{ a/../b }}"}, {"", "./{{ a }}", "./{{ a }}"}, {"/abs", "x", "/abs/x"},
	} {
		if got := canon.Relative(c.dir, c.in); got != c.want {
			t.Errorf("Relative(%q, %q) = %q, want %q", c.dir, c.in, got, c.want)
		}
	}
}

// TestDir: what is relative to the file is rewritten, once.
func TestDir(t *testing.T) {
	n, ds := canonical(t, `
include: [./inc.yaml]
services:
  a:
    build: { context: ., additional_contexts: { x: ./y } }
    extends: { file: ./b.yaml, service: b }
    volumes: [./s:/s, data:/d, { type: bind, source: ./t, target: /t }, { type: volume, source: data, target: /u }]
    env_file: ./e
    label_file: [./l]
    develop: { watch: [{ path: ./w, action: sync, target: ./t }] }
secrets: { s: { file: ./s } }
`, "vendor/x")
	want := `{include: ["./inc.yaml"], services: {a: {build: {context: "vendor/x", additional_contexts: {x: "vendor/x/y"}}, ` +
		`extends: {file: "vendor/x/b.yaml", service: "b"}, volumes: [` +
		`{type: "bind", source: "vendor/x/s", target: "/s", bind: {create_host_path: true}}, {type: "volume", source: "data", target: "/d"}, ` +
		`{type: "bind", source: "vendor/x/t", target: "/t"}, {type: "volume", source: "data", target: "/u"}], ` +
		`env_file: [{path: "vendor/x/e"}], label_file: ["vendor/x/l"], ` +
		`develop: {watch: [{path: "vendor/x/w", action: "sync", target: "./t"}]}}}, secrets: {s: {file: "vendor/x/s"}}}`
	if got := show(n, false); got != want || len(ds) > 0 {
		t.Errorf("got  %s\nwant %s\n%s", got, want, texts(ds))
	}
}

// TestBoolean: a word that a variable brought in is warned of here; one that stands in the file was warned of by the surface check.
func TestBoolean(t *testing.T) {
	in := read(t, file("services.a.tty", "On"))
	tty, _ := tree.Get(in, tree.Of("services", "a", "tty"))
	for _, derived := range []bool{false, true} {
		tty.Derived = derived
		n, ds := canon.File(root(t), in, "")
		if got := show(n, false); got != "{services: {a: {tty: true}}}" {
			t.Errorf("got %s", got)
		}
		want := ""
		if derived {
			want = "octo.yaml:1:22: warning: services.a.tty: \"On\" is a string in YAML 1.2, and is taken as true [boolean] help: give the variable the value true\n"
		}
		if got := texts(ds); got != want {
			t.Errorf("derived %t: got %s", derived, got)
		}
	}
}
