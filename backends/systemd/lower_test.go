package systemd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// input is a project of services of images, as package check would make it.
func input(name string, services ...*model.Service) *model.Input {
	p := &model.Project{Name: name, Services: services, Inputs: []string{"octo.yaml"}}
	network := &model.Network{Key: "default", Path: tree.Of("networks", "default"), Implicit: true}
	for _, s := range services {
		s.Path, s.From = tree.Of("services", s.Name), p.Inputs
		s.Networks = []model.NetworkAttachment{{Network: "default"}}
		network.MemberNames = append(network.MemberNames, s.Name)
	}
	p.Networks = []*model.Network{network}
	p.Index()
	return &model.Input{Project: p, Target: &model.Target{Name: "systemd", Backend: "systemd", Path: tree.Of("targets", "systemd")}, Files: source.Mem{}}
}

// TestSpecialNames: a project called like a unit of systemd's own must not replace it.
func TestSpecialNames(t *testing.T) {
	for project, want := range map[string]string{
		"shop": "etc/systemd/system/shop.target", "network": "etc/systemd/system/octo-network.target",
		"default": "etc/systemd/system/octo-default.slice", "a--b": "etc/systemd/system/a__b.slice", "a-": "etc/systemd/system/a_.slice",
	} {
		set, diags := New().Lower(input(project, &model.Service{Name: "web", Image: "nginx"}))
		if diags.Has(diag.Error) || set.Get(want) == nil {
			t.Errorf("project %s has no %s: %v", project, want, diags)
		}
	}
	_, diags := New().Lower(input("systemd", &model.Service{Name: "journald", Image: "nginx"}))
	if len(diags) != 1 || diags[0].Code != diag.NameClash {
		t.Errorf("a service may be called systemd-journald: %v", diags)
	}
}

// TestNames: full names of images as Docker reads them.
func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"redis": "docker.io/library/redis", "redis:7": "docker.io/library/redis:7", "bitnami/redis": "docker.io/bitnami/redis",
		"ghcr.io/a/b": "ghcr.io/a/b", "localhost/a": "localhost/a", "host:5000/a": "host:5000/a",
		"my.image": "docker.io/library/my.image:latest", "ghcr.io/x.build": "ghcr.io/x.build:latest",
	} {
		if got := imageName(in); got != want {
			t.Errorf("imageName(%q) = %q; want %q", in, got, want)
		}
	}
}

// TestHealthCommand: what Podman makes of a check (makeHealthCheckFromCli): a list of one word would go to the shell.
func TestHealthCommand(t *testing.T) {
	for _, c := range []struct {
		test []string
		want string
	}{
		{[]string{"CMD", "pg_isready"}, "CMD pg_isready"},
		{[]string{"CMD", "a", "b c"}, `["a","b c"]`},
		{[]string{"CMD", "/a b"}, ""},
		{[]string{"CMD", "cmd", "/c"}, ""},
		{[]string{"CMD-SHELL", "a && b"}, "a && b"},
		{[]string{"CMD-SHELL", `["a","b"]`}, `["CMD-SHELL","[\"a\",\"b\"]"]`},
		{[]string{"CMD-SHELL", "[ -f /x ]"}, "[ -f /x ]"},
		{[]string{"CMD-SHELL", "none x"}, `["CMD-SHELL","none x"]`},
		{[]string{"CMD-SHELL", `test "$x"`}, `["CMD-SHELL","test \"$x\""]`},
		{[]string{"CMD-SHELL", "a\nb"}, `["CMD-SHELL","a\nb"]`},
		{[]string{"CMD-SHELL", "a<b>&"}, "a<b>&"},
	} {
		got, ok := podmanCheck(c.test)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q becomes %s, %v; want %s", c.test, got, ok, c.want)
		}
	}
}

// TestVersions: older targets are refused at their place.
func TestVersions(t *testing.T) {
	for _, c := range []struct {
		program, version string
		ok               bool
	}{{"podman", "5.4", true}, {"podman", "5.10", true}, {"podman", "6", true}, {"podman", "5.3.9", false}, {"podman", "4", false},
		{"systemd", "252", true}, {"systemd", "251", false}} {
		in := input("shop", &model.Service{Name: "web", Image: "nginx"})
		in.Target.MinVersion = []model.Pair{{Key: c.program, Value: c.version}}
		_, diags := New().Lower(in)
		if diags.Has(diag.Error) == c.ok {
			t.Errorf("%s %s: %v", c.program, c.version, diags)
		}
	}
}

// TestTable: one row for one pattern, and advice where something cannot be done.
func TestTable(t *testing.T) {
	for _, r := range Table.Rows {
		if r.How == "" || r.Level == support.Unsupported && len(r.How) < 10 {
			t.Errorf("%s says too little: %q", r.Field, r.How)
		}
	}
}

// TestVerify: a set in which a value became a line, a key or a section is found.
func TestVerify(t *testing.T) {
	in := input("shop", &model.Service{Name: "web", Image: "nginx", Command: []string{"serve"}})
	set, _ := New().Lower(in)
	if err := New().Verify(in, set); err != nil {
		t.Fatal(err)
	}
	const unit = "etc/containers/systemd/shop-web.container"
	for name, change := range map[string]func(string) string{
		"a second key":    func(s string) string { return strings.Replace(s, "Exec=serve", "Exec=serve\nUser=root", 1) },
		"another section": func(s string) string { return strings.Replace(s, "Exec=serve", "[Service]\nExec=serve", 1) },
		"another value":   func(s string) string { return strings.Replace(s, "Exec=serve", "Exec=server", 1) },
		"a lost key":      func(s string) string { return strings.Replace(s, "Exec=serve\n", "", 1) },
		"a continuation":  func(s string) string { return strings.Replace(s, "Exec=serve", `Exec=serve\`, 1) },
	} {
		var bad artifact.Set
		for _, f := range set.Files() {
			if f.Path == unit {
				f.Data = []byte(change(string(f.Data)))
			}
			if err := bad.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := New().Verify(in, &bad); err == nil {
			t.Errorf("%s is not found", name)
		}
	}
}

// TestLongLines: a value longer than go-systemd reads is written, and read back.
func TestLongLines(t *testing.T) {
	in := input("shop", &model.Service{Name: "web", Image: "nginx", Environment: []model.Pair{{Key: "LONG", Value: strings.Repeat("x y", 3000)}}})
	set, diags := New().Lower(in)
	if len(diags) > 0 {
		t.Fatal(diags[0].Text())
	}
	if err := New().Verify(in, set); err != nil {
		t.Error(err)
	}
}

// TestOrigins: each line with a value of the config names the field it came from.
func TestOrigins(t *testing.T) {
	in := input("shop", &model.Service{Name: "web", Image: "nginx", WorkingDir: "/srv", Environment: []model.Pair{{Key: "A", Value: "b"}}})
	set, _ := New().Lower(in)
	f := set.Get("etc/containers/systemd/shop-web.container")
	lines := strings.Split(string(f.Data), "\n")
	got := map[string]string{}
	for _, o := range f.Origins {
		got[lines[o.Line-1]] = o.From.String()
	}
	for line, want := range map[string]string{
		"Image=docker.io/library/nginx": "services.web.image", "WorkingDir=/srv": "services.web.working_dir", "Environment=A=b": "services.web.environment.A",
	} {
		if got[line] != want {
			t.Errorf("%s comes from %q; want %q", line, got[line], want)
		}
	}
}

// many is a project of n services, each with what a usual one has.
func many(n int) *model.Input {
	seconds := func(s int64) *model.Duration { d := model.Duration(s * 1e9); return &d }
	memory, retries := model.Bytes(256<<20), 3
	var services []*model.Service
	for i := range n {
		s := &model.Service{
			Name: fmt.Sprintf("svc%05d", i), Image: "ghcr.io/example/app:1.2.3", Command: []string{"serve", "--port", "8080"},
			User: "10001:10001", Restart: "unless-stopped", MemLimit: &memory,
			Ports:       []model.Port{{Target: 8080, Published: fmt.Sprint(10000 + i), Protocol: "tcp"}, {Target: 9090, Protocol: "tcp"}},
			Volumes:     []model.Mount{{Type: "bind", Source: "/srv/data", Target: "/data"}},
			Healthcheck: &model.Healthcheck{Test: []string{"CMD", "/app", "ready"}, Interval: seconds(5), Timeout: seconds(2), Retries: &retries},
			Labels:      []model.Pair{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}, {Key: "c", Value: "3"}},
		}
		for j := range 10 {
			s.Environment = append(s.Environment, model.Pair{Key: fmt.Sprintf("KEY_%d", j), Value: "some value"})
		}
		if i > 0 {
			s.DependsOn = []model.Dependency{{Service: services[i-1].Name, Condition: model.Healthy}}
		}
		services = append(services, s)
	}
	return input("bench", services...)
}

// BenchmarkLower lowers and prints 100 services; the figure that counts is ns/service.
func BenchmarkLower(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			in := many(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, diags := New().Lower(in); len(diags) > 0 {
					b.Fatal(diags[0].Text())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/service")
		})
	}
}
