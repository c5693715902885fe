package compose

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/template"
	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
	"go.yaml.in/yaml/v3"
)

// compile is the output for one file, with what the stages say about it.
func compile(t testing.TB, text string) (*model.Input, *artifact.Set, diag.List) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "p")
	write(t, filepath.Join(dir, "octo.yaml"), []byte(text))
	in, ds := front(t, dir, nil)
	if ds.Has(diag.Error) {
		t.Fatal(messages(ds))
	}
	b := New()
	ds = support.Check(b.Table(), in.Tree, in.Target)
	set, more := b.Lower(in)
	ds = append(ds, more...)
	ds.Locate(in.Tree)
	return in, set, ds.Sort()
}

// TestRefused holds what Compose cannot do to a message with a place and advice.
func TestRefused(t *testing.T) {
	tests := []struct{ name, service, rest, message, help string }{
		{"alive", "checks: { alive: { tcp: { port: 80 }, level: alive } }", "", "services.a.checks.alive: Docker shows an unhealthy container, and does not restart it", "name the engine's socket: targets.compose.engine_socket: /var/run/docker.sock, and octo-monitor restarts it; or let the program end"},
		{"alive, written", "checks: { alive: { tcp: { port: 80 }, level: alive, on_failure: restart } }", "", "services.a.checks.alive: Docker shows", "accept: [services.a.checks.alive]"},
		{"ready restarts", "checks: { r: { tcp: { port: 80 }, on_failure: restart } }", "", "services.a.checks.r.on_failure: Docker shows", "let the program end"},
		{"drain", "checks: { r: { tcp: { port: 80 }, on_failure: drain } }", "", "services.a.checks.r.on_failure: Docker shows an unhealthy container, and does nothing else: drain comes with proxies", "on_failure: notify"},
		{"successes", "checks: { r: { tcp: { port: 80 }, successes: 2 } }", "", "services.a.checks.r.successes", "hold back"},
		{"the image's check", "healthcheck: { interval: 5s }\n    checks: { r: { tcp: { port: 80 } } }", "", "services.a.healthcheck: cannot ask the image's own check", "write its test"},
		{"no room", "volumes: [vol:/octo/]\n    healthcheck: { tcp: { port: 80 } }", "volumes: { vol: {} }", `services.a.volumes[0]: cannot mount this at "/octo"`, "elsewhere"},
		{"old priority", "priority: 3\n  b: { image: b }", "targets: { compose: { min_version: { compose: '2.19' } } }", "services.a.priority: cannot use this with Compose 2.19", "min_version.compose"},
		{"tags", "placement: { tags: [edge] }", "", "services.a.placement.tags", "one machine"},
		{"port", "preflight: [{ port: 80 }]", "", "services.a.preflight[0].port: Docker looks at the ports that a service publishes, and a does not publish 80", "publish it"},
		{"post_stop", "hooks: { post_stop: [{ command: [a] }] }", "", "services.a.hooks.post_stop", "pre_stop"},
		{"preflight's name", "preflight: [{ dns: b }]\n  a-preflight: { image: b }", "", `services.a.preflight: cannot add the service "a-preflight"`, "another name"},
		{"the bringer's name", "healthcheck: { tcp: { port: 80 } }\n  octo-sidecar: { image: b }", "targets: { compose: { sidecar: s } }", `targets.compose.sidecar: cannot add the service "octo-sidecar"`, "another name"},
		{"unknown key in a patch", "target: { compose: { comand: [b] } }", "", `services.a.target.compose.comand: unknown key "comand"`, `did you mean "command"?`},
		{"unknown null in a patch", "target: { compose: { comand: null } }", "", `services.a.target.compose.comand: unknown key "comand"`, `did you mean "command"?`},
		{"unknown key deep in a patch", "target: { compose: { deploy: { resources: { limit: { cpus: '1' } } } } }", "", `resources.limit: unknown key "limit"`, `did you mean "limits"?`},
		{"octo's key in a patch", "target: { compose: { replicas: 3 } }", "", `services.a.target.compose.replicas: unknown key "replicas"`, "on the service itself"},
		{"short mount in a patch", "target: { compose: { volumes: ['./x:/y'] } }", "", "services.a.target.compose.volumes[0]: cannot use this string here; want a mapping", "long syntax"},
		{"a number for a mapping in a patch", "target: { compose: { deploy: 3 } }", "", "services.a.target.compose.deploy: cannot use this integer here", "long syntax"},
		{"per replica", "volumes: [v:/v]", "volumes: { v: { per_replica: true } }", "volumes.v.per_replica", "a service for each"},
		{"old patch", "target: { compose: { post_start: [{ command: [a] }] } }", "targets: { compose: { min_version: { compose: '2.29' } } }", "services.a.target.compose.post_start: cannot use this with Compose 2.29", "min_version.compose"},
		{"old Compose", "post_start: [{ command: [a] }]", "targets: { compose: { min_version: { compose: '2.29' } } }",
			"services.a.post_start: cannot use this with Compose 2.29, which targets.compose.min_version names: Compose 2.30 is the first that knows it", "min_version.compose"},
		{"old optional dependency", "depends_on: { b: { condition: service_started, required: false } }\n  b: { image: b }", "targets: { compose: { min_version: { compose: '2.10' } } }",
			"services.a.depends_on.b.required: cannot use this with Compose 2.10", "min_version.compose"},
		{"old Engine", "healthcheck: { test: [CMD, a], start_interval: 1s }", "targets: { compose: { min_version: { engine: '24' } } }",
			"services.a.healthcheck.start_interval: cannot use this with Docker Engine 24", "min_version.engine"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, ds := compile(t, "services:\n  a:\n    image: a\n    "+test.service+"\n"+test.rest+"\n")
			if ds.Count(diag.Error) != 1 || !strings.Contains(ds[0].Text(), test.message) || !strings.Contains(ds[0].Help, test.help) {
				t.Errorf("want one error %q with help %q; got\n%s", test.message, test.help, messages(ds))
			}
			if len(ds) > 0 && ds[0].At.IsZero() {
				t.Errorf("no place: %s", ds[0].Text())
			}
		})
	}
}

// TestAllowed holds what asks for nothing here, or is not newer than the target, to silence.
func TestAllowed(t *testing.T) {
	for _, text := range []string{
		"services: { a: { image: a, placement: { mode: replicated }, target: { k8s: { x: 1 } } } }",
		"services: { a: { image: a, networks: [n] } }\nnetworks: { n: { policy: members } }",
		"services: { a: { image: a, volumes: [v:/v] } }\nvolumes: { v: { per_replica: false, size: 1Gi, access: rwx } }",
		"services: { a: { image: a, depends_on: [b] }, b: { image: b } }\ntargets: { compose: { min_version: { compose: '2.10' } } }",
		"services: { a: { image: a, post_start: [{ command: [a] }] } }\ntargets: { compose: { min_version: { compose: 'v2.30.0' } } }",
	} {
		if _, _, ds := compile(t, text); len(ds) > 0 {
			t.Errorf("%s\n%s", text, messages(ds))
		}
	}
}

// TestBinaryOnly: a service that is a program has nothing to run here.
func TestBinaryOnly(t *testing.T) {
	const text = `services:
  a:
    binary: { linux_amd64: { url: "https://example.com/a", sha256: 07b7164b80b10ee59f56ad6465e3b6c2cf127bfec26fc2b71638020b19d7f5c8 } }
`
	_, _, ds := compile(t, text)
	want := `octo.yaml:3:13: error: targets.compose: services.a.binary: cannot run "a": Compose runs containers, and there is no image [unsupported]`
	if !strings.HasSuffix(strings.TrimSpace(messages(ds)), want[strings.Index(want, "error"):]) || len(ds) != 1 {
		t.Errorf("got %s", messages(ds))
	}
}

// TestPaths holds the way from the output to the project's folder.
func TestPaths(t *testing.T) {
	for _, test := range []struct{ toProject, path, want string }{
		{"../..", ".", "../.."},
		{"../..", "src", "../../src"},
		{"../..", "../up", "../../../up"},
		{".", "src", "./src"},
		{".", ".", "."},
		{"..", "..", "../.."},
		{"../../p", "src", "../../p/src"},
		{"/srv/p", "src", "/srv/p/src"},
		{"sub", "src", "./sub/src"},
		{"../..", "/etc/x", "/etc/x"},
		{"../..", "~/x", "~/x"},
		{"../..", `C:\x`, `C:\x`},
		{"../..", "C:/x", "C:/x"},
		{"../..", `\\.\pipe\x`, `\\.\pipe\x`},
		{"../..", "", ""},
	} {
		l := &lowering{in: &model.Input{ToProject: test.toProject}}
		if got := l.onHost(test.path); got != test.want {
			t.Errorf("%q from %q: got %q, want %q", test.path, test.toProject, got, test.want)
		}
	}
}

// TestOwner holds the owner of the file of a secret to the users of the services that read it.
func TestOwner(t *testing.T) {
	for _, test := range []struct {
		users []string
		want  string
	}{
		{[]string{"10001:10002"}, "-m 0400 -o 10001 -g 10002"},
		{[]string{"10001", "10001"}, "-m 0400 -o 10001"},
		{[]string{""}, "-m 0400"},
		{[]string{"0"}, "-m 0400"},
		{[]string{"postgres"}, "-m 0444"},
		{[]string{"1", "2"}, "-m 0444"},
		{nil, "-m 0444"},
	} {
		p := &model.Project{}
		for i, u := range test.users {
			p.Services = append(p.Services, &model.Service{Name: fmt.Sprint(i), User: u, Secrets: []model.FileRef{{Source: "s"}}})
		}
		l := &lowering{in: &model.Input{Project: p}}
		if got := l.owner("s"); got != test.want {
			t.Errorf("%q: got %q, want %q", test.users, got, test.want)
		}
	}
}

// TestAdditions: what a service gets that may be hardened is on the list, each with a reason, and nothing else is.
func TestAdditions(t *testing.T) {
	service := func(text string) map[string]any {
		_, set, _ := compile(t, "services: { a: { image: a, "+text+" } }")
		var out struct{ Services map[string]map[string]any }
		if err := yaml.Unmarshal(set.Get(composeFile).Data, &out); err != nil {
			t.Fatal(err)
		}
		return out.Services["a"]
	}
	plain := service("user: app, read_only: true, logging: { driver: local }")
	for _, test := range []struct {
		name, text string
		asked      bool
	}{
		{"a number", "user: '1000', read_only: true", false},
		{"harden", "user: '1000', harden: true", true},
	} {
		got := service(test.text)
		delete(got, "user")
		delete(got, "logging") // which every service gets: TestLogs
		for _, a := range additions() {
			if a.reason == "" {
				t.Errorf("%s has no reason", a.field)
			}
			if _, there := got[a.field]; there != (!a.asked || test.asked) && a.field != "read_only" {
				t.Errorf("%s: %s is there: %t", test.name, a.field, there)
			}
			delete(got, a.field)
		}
		delete(got, "image")
		if len(got) > 0 {
			t.Errorf("%s: added without a reason: %v", test.name, got)
		}
	}
	if len(plain) != 4 {
		t.Errorf("a user by name is hardened: %v", plain)
	}
	// What the sources say holds.
	kept := service("user: '1', harden: true, init: false, cap_drop: [A], security_opt: ['no-new-privileges:false'], read_only: false, pids_limit: 9, logging: { driver: local }")
	for key, want := range map[string]string{"init": "false", "cap_drop": "[A]", "security_opt": "[no-new-privileges:false]", "read_only": "false", "pids_limit": "9"} {
		if fmt.Sprint(kept[key]) != want {
			t.Errorf("%s: got %v, want %s", key, kept[key], want)
		}
	}
	if len(kept) != 8 {
		t.Errorf("got %v", kept)
	}
}

// TestVerify: a set that is not what the model says is found.
func TestVerify(t *testing.T) {
	const text = "services: { a: { image: a, environment: { A: x$$y } }, b: { image: b } }\nvolumes: { v: {} }\n"
	b := New()
	in, set, _ := compile(t, text)
	if err := b.Verify(in, set); err != nil {
		t.Fatal(err)
	}
	change := func(name string, f func([]byte) []byte) *artifact.Set {
		out := &artifact.Set{}
		for _, file := range set.Files() {
			if file.Path == name {
				if file.Data = f(bytes.Clone(file.Data)); file.Data == nil {
					continue
				}
			}
			if err := out.Add(file); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	for name, bad := range map[string]*artifact.Set{
		"an unescaped dollar": change(composeFile, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("$$"), []byte("$")) }),
		"no file":             change(composeFile, func([]byte) []byte { return nil }),
		"another page":        change(applyFile, func(b []byte) []byte { return append(b, 'x') }),
		"no page":             change(applyFile, func([]byte) []byte { return nil }),
	} {
		if b.Verify(in, bad) == nil {
			t.Errorf("%s: not found", name)
		}
	}
	missing := *in
	other := *in.Project
	other.Volumes = append([]*model.Volume{{Key: "z"}}, other.Volumes...)
	missing.Project = &other
	if b.Verify(&missing, set) == nil {
		t.Error("a volume that is not in the output: not found")
	}
	v := doc.NewMap().Set("a", doc.Str("x$y"))
	if values(in.Tree, v) == nil {
		t.Error("a dollar that Compose would interpolate: not found")
	}
	if values(in.Tree, doc.NewMap().Set("a", doc.Str("x").From(tree.Of("services", "z")))) == nil {
		t.Error("an origin that is not there: not found")
	}
}

// TestSame: the same input, the same bytes; and the tree is not changed.
func TestSame(t *testing.T) {
	dir := unpack(t, "testdata/golden/shop.txtar")
	in, _ := front(t, dir, nil)
	b := New()
	one, _ := b.Lower(in)
	two, _ := New().Lower(in)
	for i, f := range one.Files() {
		if !bytes.Equal(f.Data, two.Files()[i].Data) {
			t.Errorf("%s differs", f.Path)
		}
	}
}

// TestOrigins: a line leads to the field whose value it holds.
func TestOrigins(t *testing.T) {
	in, set, _ := compile(t, "services:\n  a:\n    image: some-image\n    environment: [KEY=some-value]\n    ports: ['8080:80']\n")
	file := set.Get(composeFile)
	lines := strings.Split(string(file.Data), "\n")
	found := 0
	for _, o := range file.Origins {
		n, ok := tree.Get(in.Tree, o.From)
		if !ok {
			t.Errorf("line %d: %s is not in the config", o.Line, o.From)
			continue
		}
		if n.Kind.IsScalar() {
			found++
			if !strings.Contains(lines[o.Line-1], n.Text) {
				t.Errorf("line %d %q does not hold %s = %s", o.Line, lines[o.Line-1], o.From, n.Text)
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d scalars have an origin", found)
	}
}

// FuzzEscape: what Compose makes of an escaped text is the text, through YAML too.
func FuzzEscape(f *testing.F) {
	for _, s := range append(nasty, "$", "$x", "${", "${a:-${b}}", "$$$", "$1", "$\n") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := template.Substitute(escape(s), func(string) (string, bool) { return "wrong", true })
		if err != nil || got != s {
			t.Errorf("got %q, want %q: %v", got, s, err)
		}
		text, _ := doc.YAML(doc.NewMap().Set("a", doc.Quoted(escape(s))))
		var read map[string]string
		if err := yaml.Unmarshal(text, &read); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if want := strings.ToValidUTF8(escape(s), "\uFFFD"); strings.ToValidUTF8(read["a"], "\uFFFD") != want && !strings.Contains(want, "\uFFFD") {
			t.Errorf("read back %q, want %q", read["a"], want)
		}
	})
}

// BenchmarkLower lowers and prints 100 services of 26 keys each. The figure to hold is 60 µs a service.
func BenchmarkLower(b *testing.B) {
	var text strings.Builder
	text.WriteString("services:\n")
	for i := range 100 {
		fmt.Fprintf(&text, `  s%d:
    image: registry.example.com/app:%d
    command: [serve, --port, "8080"]
    environment: { A: "1", B: two, C: three, D: "$$4", E: five, F: six, G: seven, H: eight, I: nine, J: ten }
    labels: { a: b, c: d, e: f }
    ports: ["%d:80", "%d:81"]
    volumes: ["data:/data", "./src:/src:ro"]
    networks: [back]
    healthcheck: { test: [CMD, a], interval: 5s, timeout: 2s, retries: 3 }
    deploy: { replicas: 1, resources: { limits: { cpus: "0.5", memory: 64M } } }
    restart: unless-stopped
    user: "1000:1000"
    cap_drop: [ALL]
    read_only: true
    stop_grace_period: 20s
    logging: { driver: json-file, options: { max-size: 10m } }
`, i, i, 10000+2*i, 10001+2*i)
	}
	text.WriteString("networks: { back: }\nvolumes: { data: }\n")
	in, _, _ := compile(b, text.String())
	back := New()
	b.ReportAllocs()
	for b.Loop() {
		if _, ds := back.Lower(in); len(ds) > 0 {
			b.Fatal(messages(ds))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/service")
}
