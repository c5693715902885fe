package support

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// yaml reads a tree that is canonical already.
func yaml(t testing.TB, text string) *tree.Node {
	t.Helper()
	n, ds := parse.YAML(&source.File{Name: "octo.yaml", Rel: "octo.yaml", Data: []byte(text)})
	if len(ds) > 0 {
		t.Fatalf("the input of the test is not YAML: %s", ds[0].Text())
	}
	return n
}

func target(backend string, accept ...string) *model.Target {
	return &model.Target{Name: backend, Backend: backend, Path: tree.Of("targets", backend), Accept: accept}
}

func texts(l diag.List) []string {
	var out []string
	for _, d := range l {
		out = append(out, d.Text())
	}
	return out
}

// table has a row of every kind: a whole mapping, exceptions inside one, items of lists, a literal key beside a star.
var table = &Table{Backend: "k8s", Rows: []Row{
	{Field: "name", Level: Exact},
	{Field: "targets", Level: Exact},
	{Field: "services.*.image", Level: Exact},
	{Field: "services.*.environment", Level: Exact},
	{Field: "services.*.cgroup_parent", Level: Unsupported, How: "the kubelet places pods: delete the line"},
	{Field: "services.*.privileged", Level: Unsupported, How: "no", Free: []string{"false"}},
	{Field: "services.*.ports", Level: Exact},
	{Field: "services.*.ports[].host_ip", Level: Meaningless, How: "a loopback port in a cluster"},
	{Field: "services.*.ports[].mode", Level: Unsupported, How: "use ingress", Free: []string{"ingress"}},
	{Field: "services.*.develop", Level: Unsupported, How: "use a dev tool"},
	{Field: "services.*.develop.watch[].path", Level: Exact},
	{Field: "services.*.labels.*", Level: Exact},
	{Field: "services.*.labels.magic", Level: Unsupported, How: "no magic"},
	{Field: "services.*.healthcheck", Level: Emulated, How: "probes"},
	{Field: "networks.*.internal", Level: Emulated, How: "NetworkPolicy"},
}}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, in string
		accept   []string
		want     []string
	}{
		{name: "nothing to say", in: "name: shop\nservices: {web: {image: a, environment: {A: b, C: }, ports: [{target: 80, host_ip: 127.0.0.1}]}}"},
		{name: "unsupported, at the key", in: "services: {web: {cgroup_parent: x.slice}}",
			want: []string{"octo.yaml:1:18: error: targets.k8s: services.web.cgroup_parent: k8s cannot express it [unsupported]"}},
		{name: "free values ask for nothing", in: "services: {web: {privileged: false, ports: [{target: 1, mode: ingress}]}}"},
		{name: "other values do", in: "services: {web: {privileged: true, ports: [{target: 1, mode: host}]}}",
			want: []string{
				"octo.yaml:1:18: error: targets.k8s: services.web.privileged: k8s cannot express it [unsupported]",
				"octo.yaml:1:56: error: targets.k8s: services.web.ports[0].mode: k8s cannot express it [unsupported]",
			}},
		{name: "null and empty ask for nothing", in: "services: {web: {cgroup_parent: , develop: {watch: []}, privileged: null}}"},
		{name: "a row inside an unsupported mapping holds for its field alone",
			in:   "services: {web: {develop: {watch: [{path: src, action: sync}]}}}",
			want: []string{"octo.yaml:1:48: error: targets.k8s: services.web.develop.watch[0].action: k8s cannot express it [unsupported]"}},
		{name: "a key beside a star", in: "services: {web: {labels: {a: b, magic: c}}}",
			want: []string{"octo.yaml:1:33: error: targets.k8s: services.web.labels.magic: k8s cannot express it [unsupported]"}},
		{name: "no row is a fault of the table", in: "services: {web: {hocus: {pocus: 1}}}\nnetworks: {back: {driver: x}}",
			want: []string{
				"octo.yaml:1:18: error: services.web.hocus: the table of backend k8s has no row for services.*.hocus [internal]",
				"octo.yaml:2:19: error: networks.back.driver: the table of backend k8s has no row for networks.*.driver [internal]",
			}},
		{name: "x- keys are never reported", in: "x-a: 1\nservices: {web: {x-b: {c: d}, ports: [{target: 1, x-e: f}], develop: {x-g: 1}}}"},
		{name: "but a service may be called so", in: "services: {x-web: {cgroup_parent: y}}",
			want: []string{"octo.yaml:1:20: error: targets.k8s: services.x-web.cgroup_parent: k8s cannot express it [unsupported]"}},
		{name: "accepted", in: "targets: {k8s: {accept: [services.*.cgroup_parent]}}\nservices: {web: {cgroup_parent: y}}", accept: []string{"services.*.cgroup_parent"},
			want: []string{"octo.yaml:1:26: warning: targets.k8s: services.web.cgroup_parent is left out, as you accept: k8s cannot express it [accepted]"}},
		{name: "accepted, and not there", in: "targets: {k8s: {accept: [services.*.ipc, \"services.web.ports[0].mode\", \"services.*.ports[].mode\", \"services.web.ports[9]\", \"[\", \"[\\\"\\\"]\"]}}\nservices: {web: {ports: [{mode: ingress}]}}",
			accept: []string{"services.*.ipc", "services.web.ports[0].mode", "services.*.ports[].mode", "services.web.ports[9]", "[", `[""]`},
			want: []string{
				`octo.yaml:1:26: warning: targets.k8s: no field of this config is called "services.*.ipc" [unknown-ref]`,
				`octo.yaml:1:99: warning: targets.k8s: no field of this config is called "services.web.ports[9]" [unknown-ref]`,
				`octo.yaml:1:124: warning: targets.k8s: no field of this config is called "[" [unknown-ref]`,
				`octo.yaml:1:129: warning: targets.k8s: no field of this config is called "[\"\"]" [unknown-ref]`,
			}},
		{name: "the root is no mapping", in: "just text", want: []string{"octo.yaml:1:1: error: the table of backend k8s has no row for  [internal]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := yaml(t, c.in)
			ds := Check(table, root, target("k8s", c.accept...))
			ds.Locate(root)
			if diff := cmp.Diff(c.want, texts(ds)); diff != "" {
				t.Error(diff)
			}
		})
	}
	unknown := tree.NewMap(source.Span{}, []tree.Field{{Key: "services", Value: &tree.Node{Kind: tree.Unknown}}})
	if ds := Check(table, unknown, target("k8s")); len(ds) > 0 {
		t.Errorf("an unknown value is reported: %s", ds[0].Text())
	}
	if ds := Check(table, nil, target("k8s")); len(ds) > 0 {
		t.Errorf("no tree is reported: %s", ds[0].Text())
	}
}

func TestRefusal(t *testing.T) {
	ds := Check(table, yaml(t, "services: {web: {cgroup_parent: x}}"), target("k8s"))
	want := "the kubelet places pods: delete the line;\nor live without it on this target: targets.k8s.accept: [services.web.cgroup_parent]"
	if len(ds) != 1 || ds[0].Help != want {
		t.Errorf("help is %q, want %q", ds[0].Help, want)
	}
}

// A pattern with stars holds beside one with a key, and rows of the one do not leak into the other.
func TestIndexKeysBesideStars(t *testing.T) {
	index := NewIndex(&Table{Rows: []Row{
		{Field: "a.*.c", Level: Unsupported, How: "1"},
		{Field: "a.b.*.d", Level: Emulated, How: "2"},
		{Field: "a.b.c.e", Level: Meaningless, How: "3"},
		{Field: "a.*[].f", Level: Exact, How: "4"},
	}})
	row := func(p tree.Path) string {
		at, how := index.root, ""
		for _, s := range p.Steps() {
			if s.Index >= 0 {
				at = at.items()
			} else {
				at = at.child(s.Key)
			}
			if at != nil && at.row != nil {
				how = at.row.How
			}
		}
		return how
	}
	for _, c := range []struct {
		path tree.Path
		want string
	}{
		{tree.Of("a", "x", "c"), "1"},
		{tree.Of("a", "b", "c"), "1"},
		{tree.Of("a", "b", "c", "d"), "2"},
		{tree.Of("a", "b", "q", "d"), "2"},
		{tree.Of("a", "x", "c", "d"), "1"}, // not 2: that row is for a.b
		{tree.Of("a", "b", "c", "e"), "3"},
		{tree.Of("a", "x", "c", "e"), "1"},
		{tree.Of("a", "b").Index(0).Key("f"), "4"},
		{tree.Of("a", "x").Index(7).Key("f"), "4"},
		{tree.Of("z"), ""},
	} {
		if got := row(c.path); got != c.want {
			t.Errorf("%s: row %q, want %q", c.path, got, c.want)
		}
	}
}

func TestMatches(t *testing.T) {
	ports := tree.Of("services", "web", "ports").Index(1).Key("published")
	for _, c := range []struct {
		pattern string
		path    tree.Path
		want    bool
	}{
		{"services.web.ports[1].published", ports, true},
		{"services.*.ports[].published", ports, true},
		{"services.web", ports, true}, // an ancestor
		{"services.web.ports[0]", ports, false},
		{"services.api", ports, false},
		{"services.web.ports[1].published.x", ports, false},
		{"services.*.*", ports, true},
		{"services.*.ports.*", ports, false}, // an item is no key
		{`services.web.labels["com.example.a"]`, tree.Of("services", "web", "labels", "com.example.a"), true},
		{"", ports, true},
	} {
		if got := Matches(c.pattern, c.path); got != c.want {
			t.Errorf("Matches(%q, %s) = %v", c.pattern, c.path, got)
		}
	}
}

func TestLint(t *testing.T) {
	leaves := []string{
		"name", "targets.*.backend", "services.*.image", "services.*.environment.*", "services.*.cgroup_parent", "services.*.privileged",
		"services.*.ports[].target", "services.*.ports[].host_ip", "services.*.ports[].mode", "services.*.develop.watch[].path",
		"services.*.labels.*", "services.*.healthcheck.test[]", "networks.*.internal",
	}
	if faults := Lint(table, leaves); faults != nil {
		t.Errorf("a sound table: %q", faults)
	}
	bad := &Table{Backend: "k8s", Rows: []Row{
		{Field: "name", Level: Exact},
		{Field: "name", Level: Exact},
		{Field: "services.*.ports.published", Level: Unsupported},
		{Field: "services..image", Level: Exact},
	}}
	want := []string{
		"name: two rows",
		"services.*.ports.published: unsupported, and the row does not say how or what to do instead",
		"services..image: not a pattern",
		"services.*.ports[].published: no row",
		"name: no field of the schema",
		"services.*.ports.published: no field of the schema",
	}
	if diff := cmp.Diff(want, Lint(bad, []string{"name", "services.*.ports[].published"})); diff != "" {
		t.Error(diff)
	}
}

func TestMarkdownAndCounts(t *testing.T) {
	small := &Table{Backend: "k8s", Rows: []Row{
		{Field: "services.*.image", Level: Exact, How: "containers[].image"},
		{Field: "services.*.privileged", Level: Unsupported, How: "a|b\nc", Free: []string{"false"}},
	}}
	want := "| field | k8s | how |\n|---|---|---|\n" +
		"| `services.*.image` | exact | containers[].image |\n" +
		"| `services.*.privileged` | unsupported | a\\|b c; nothing to do for `false` |\n" +
		"\n1 exact, 0 emulated, 0 meaningless, 1 unsupported. A row speaks for everything below it, unless a row for something below says otherwise.\n"
	if diff := cmp.Diff(want, Markdown(small)); diff != "" {
		t.Error(diff)
	}
	if got := Counts(table); got != [4]int{7, 2, 1, 5} {
		t.Errorf("Counts = %v", got)
	}
}

// A service that is fine costs a few allocations, whatever its size, and a walk is linear.
func TestCheckAllocates(t *testing.T) {
	count := func(services int) float64 {
		var b strings.Builder
		b.WriteString("services:\n")
		for i := range services {
			fmt.Fprintf(&b, "  s%d: {image: a, environment: {A: b, C: d, E: f}, ports: [{target: 80}, {target: 81}], healthcheck: {test: [CMD, x]}}\n", i)
		}
		root, index, k8s := yaml(t, b.String()), NewIndex(table), target("k8s")
		return testing.AllocsPerRun(5, func() {
			if ds := index.Check(root, k8s); len(ds) > 0 {
				t.Fatal(ds[0].Text())
			}
		})
	}
	small, large := count(10), count(1000)
	if large > small*110 || large > 1000*10 {
		t.Errorf("%.0f allocations for 10 services, %.0f for 1000", small, large)
	}
}

func BenchmarkCheck(b *testing.B) {
	var text strings.Builder
	text.WriteString("services:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  s%d: {image: a, environment: {A: b, C: d, E: f}, privileged: false, ports: [{target: 80}, {target: 81}], labels: {a: b, c: d}, healthcheck: {test: [CMD, x]}}\n", i)
	}
	root, k8s := yaml(b, text.String()), target("k8s")
	b.ResetTimer()
	for b.Loop() {
		Check(table, root, k8s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/service")
}
