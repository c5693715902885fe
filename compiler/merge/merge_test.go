package merge_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/canon"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/merge"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// layers parses files and brings them to canonical form; the first is 0.yaml.
func layers(t testing.TB, files ...string) []*tree.Node {
	t.Helper()
	var out []*tree.Node
	for i, f := range files {
		name := fmt.Sprintf("%d.yaml", i)
		n, ds := parse.YAML(&source.File{Name: name, Rel: name, Data: []byte(f)})
		if n == nil || ds.Has(diag.Error) {
			t.Fatalf("cannot parse %s: %s", f, texts(ds))
		}
		n, _ = canon.File(root(t), n, "")
		out = append(out, n)
	}
	return out
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		at     string
		values []string // lowest first
		want   string
	}{
		// the default: mappings deep, lists joined, scalars replaced, null nothing
		{"services.a.image", []string{`x`, `y`}, `"y"`},
		{"services.a.image", []string{`x`, `null`}, `"x"`},
		{"services.a.image", []string{`null`, `x`}, `"x"`},
		{"services.a.x-own", []string{`{a: {b: 1, c: 2}}`, `{a: {c: 3, d: 4}, e: 5}`}, `{a: {b: 1, c: 3, d: 4}, e: 5}`},
		{"services.a.x-own", []string{`[1, 2]`, `[2, 3, 3]`}, `[1, 2, 3]`},
		{"services.a.x-own", []string{`[1, 1]`, `[2]`}, `[1, 1, 2]`},
		{"services.a.x-own", []string{`[{a: 1, b: 2}]`, `[{b: 2, a: 1}, {a: 1}]`}, `[{a: 1, b: 2}, {a: 1}]`},
		{"services.a.x-own", []string{`1`, `{a: b}`}, `{a: "b"}`},
		{"services.a.x-own", []string{`[1]`, `null`}, `[1]`},
		// replace
		{"services.a.command", []string{`[a]`, `b c`}, `["b", "c"]`},
		{"services.a.command", []string{`[a]`, `null`}, `null`},
		{"services.a.healthcheck.test", []string{`x`, `[NONE]`}, `["NONE"]`},
		{"services.a.healthcheck", []string{`{test: x, interval: 5s}`, `{interval: 6s}`}, `{test: ["CMD-SHELL", "x"], interval: "6s"}`},
		// kv
		{"services.a.environment", []string{`{A: 1, B: 2}`, `[B=3, C]`}, `{A: 1, B: "3", C: null}`},
		{"services.a.environment", []string{`[A=1]`, `[A]`}, `{A: null}`},
		{"services.a.environment", []string{`[A=1]`, `null`}, `{A: "1"}`},
		{"services.a.extra_hosts", []string{`["a:1.1.1.1", "b:2.2.2.2"]`, `{a: [1.1.1.1, 3.3.3.3]}`}, `{a: ["1.1.1.1", "3.3.3.3"], b: ["2.2.2.2"]}`},
		// append
		{"services.a.security_opt", []string{`[a, b]`, `[b, c]`}, `["a", "b", "c"]`},
		{"services.a.post_start", []string{`[{command: a}]`, `[{command: [a]}, {command: b}]`}, `[{command: ["a"]}, {command: ["b"]}]`},
		// unique
		{"services.a.cap_add", []string{`[A, B]`, `[C, A]`}, `["A", "B", "C"]`},
		{"services.a.tmpfs", []string{`["/a:size=1", /b]`, `"/a:size=2"`}, `["/a:size=2", "/b"]`},
		{"services.a.expose", []string{`[80]`, `["80", 81]`}, `["80", "81"]`},
		{"services.a.env_file", []string{`[a, b]`, `[{path: ./a, required: false}]`}, `[{path: "a", required: false}, {path: "b"}]`},
		{"services.a.volumes", []string{`["x1:/x:ro", "y1:/y"]`, `[{type: volume, source: x2, target: /x/}]`},
			`[{type: "volume", source: "x2", target: "/x"}, {type: "volume", source: "y1", target: "/y"}]`},
		{"services.a.ports", []string{`["80:80"]`, `["81:80", "0.0.0.0:80:80", "80:80/udp"]`},
			`[{target: 80, published: "80", host_ip: "0.0.0.0", protocol: "tcp", mode: "ingress"}, {target: 80, published: "81", protocol: "tcp", mode: "ingress"}, {target: 80, published: "80", protocol: "udp", mode: "ingress"}]`},
		{"services.a.ports", []string{`["80:80"]`, `[{target: 80, published: 80, mode: host}]`},
			`[{target: 80, published: "80", mode: "host", protocol: "tcp"}]`},
		{"services.a.secrets", []string{`[s, t]`, `[{source: u, target: /run/secrets/s}, {source: v, target: t}]`},
			`[{source: "u", target: "/run/secrets/s"}, {source: "t"}, {source: "v", target: "t"}]`},
		{"services.a.configs", []string{`[s]`, `[{source: u, target: /s}]`}, `[{source: "u", target: "/s"}]`},
		{"services.a.devices", []string{`[/a]`, `["/b:/a:r"]`}, `[{source: "/b", target: "/a", permissions: "r"}]`},
		// one layer alone: unique lists too
		{"services.a.ports", []string{`["80", {target: 80}]`}, `[{target: 80, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.security_opt", []string{`[a, a]`}, `["a", "a"]`},
		// deep
		{"services.a.build", []string{`./x`, `{args: {A: 1}}`, `y`}, `{context: "y", args: {A: 1}}`},
		{"services.a.depends_on", []string{`{b: {condition: service_healthy, restart: true}}`, `[b]`}, `{b: {condition: "service_started", restart: true, required: true}}`},
		{"services.a.depends_on", []string{`[b]`, `{b: {condition: service_healthy}, c: {condition: service_started}}`},
			`{b: {condition: "service_healthy", required: true}, c: {condition: "service_started"}}`},
		{"services.a.networks", []string{`{n: {aliases: [x, y]}}`, `[n, m]`, `{n: {aliases: [y, z]}}`}, `{n: {aliases: ["x", "y", "z"]}, m: null}`},
		{"services.a.ulimits", []string{`{nofile: 5}`, `{nofile: {soft: 1, hard: 2}, nproc: 3}`}, `{nofile: {soft: 1, hard: 2}, nproc: 3}`},
		{"services.a.ulimits", []string{`{nofile: {soft: 1, hard: 2}}`, `{nofile: 6}`}, `{nofile: 6}`},
		{"services.a.ulimits", []string{`{nofile: {soft: 1, hard: 2}}`, `{nofile: {soft: 3}}`}, `{nofile: {soft: 3, hard: 2}}`},
		{"networks.n", []string{`null`, `{driver: x}`, `null`}, `{driver: "x"}`},
		// same
		{"services.a.logging", []string{`{driver: a, options: {x: 1}}`, `{driver: a, options: {y: 2}}`}, `{driver: "a", options: {x: "1", y: "2"}}`},
		{"services.a.logging", []string{`{driver: a, options: {x: 1}}`, `{options: {y: 2}}`}, `{driver: "a", options: {x: "1", y: "2"}}`},
		{"services.a.logging", []string{`{options: {x: 1}}`, `{driver: b, options: {y: 2}}`}, `{options: {x: "1", y: "2"}, driver: "b"}`},
		{"services.a.logging", []string{`{driver: a, options: {x: 1}}`, `{driver: b, options: {y: 2}}`, `{options: {z: 3}}`}, `{driver: "b", options: {y: "2", z: "3"}}`},
		// byfield; compose-go loses a subnet of the lower layer, and has another one twice
		{"networks.n.ipam.config", []string{`[{subnet: 10.0.0.0/24}, {subnet: 10.1.0.0/24, gateway: 10.1.0.1}]`, `[{subnet: 10.1.0.0/24, ip_range: 10.1.0.0/25}, {subnet: 10.2.0.0/24}]`},
			`[{subnet: "10.0.0.0/24"}, {subnet: "10.1.0.0/24", gateway: "10.1.0.1", ip_range: "10.1.0.0/25"}, {subnet: "10.2.0.0/24"}]`},
		// two spellings
		{"services.a", []string{`{scale: 2}`, `{deploy: {replicas: 3}}`, `{x-octo: {harden: true}}`}, `{replicas: 3, harden: true}`},
		{"services.a", []string{`{deploy: {replicas: 3}}`, `{deploy: !override {mode: global}}`}, `{deploy: {mode: "global"}}`},
		// merge tags
		{"services.a.ports", []string{`["80"]`, `!reset null`}, `absent`},
		{"services.a.ports", []string{`["80"]`, `!reset ["81"]`, `["82"]`}, `[{target: 82, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", []string{`["80"]`, `!override ["81"]`}, `[{target: 81, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", []string{`["80"]`, `!override ["81"]`, `["82"]`}, `[{target: 81, protocol: "tcp", mode: "ingress"}, {target: 82, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.ports", []string{`!override ["81", !reset "82"]`}, `[{target: 81, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.environment", []string{`{A: 1, B: 2}`, `{A: !reset null}`}, `{B: 2}`},
		{"services.a.environment", []string{`{A: 1}`, `!override {B: !override 2}`}, `{B: 2}`},
		{"services.a", []string{`{image: x, command: [a]}`, `!override {image: y}`}, `{image: "y"}`},
		{"services.a", []string{`{image: x}`, `!reset null`}, `absent`},
		{"services.a.image", []string{`!reset x`}, `absent`},
		{"services.a.x-own", []string{`{a: [1]}`, `!override [1]`}, `[1]`},
		// unknown values are opaque
		{"services.a.ports", []string{`["80"]`, `{a: b}`}, `?`},
		{"services.a.ports", []string{`{a: b}`, `["80"]`}, `?`},
		{"services.a.ports", []string{`["x:80"]`, `["x:80"]`}, `[{target: 80, published: ?, protocol: "tcp", mode: "ingress"}, {target: 80, published: ?, protocol: "tcp", mode: "ingress"}]`},
		{"services.a.command", []string{`"a 'b"`, `[c]`}, `["c"]`},
		{"services.a.ports", []string{`{a: b}`, `!override ["80"]`}, `[{target: 80, protocol: "tcp", mode: "ingress"}]`},
	} {
		files := make([]string, len(c.values))
		for i, v := range c.values {
			files[i] = file(c.at, v)
		}
		n, ds := merge.Layers(root(t), layers(t, files...))
		p, err := tree.ParsePath(c.at)
		if err != nil {
			t.Fatal(err)
		}
		v, found := tree.Get(n, p)
		if !found {
			v = nil
		}
		if got := show(v, false); got != c.want || len(ds) > 0 {
			t.Errorf("%s: %s\n got %s\nwant %s\n%s", c.at, strings.Join(c.values, " < "), got, c.want, texts(ds))
		}
	}
}

func TestConflicts(t *testing.T) {
	for _, c := range []struct {
		at     string
		values []string
		want   string
		see    string
	}{
		{"services.a.x-own", []string{`{a: 1}`, `[1]`}, `1.yaml:1:24: error: services.a.x-own: cannot put a list over a mapping [merge-kind]`, "0.yaml:1:24 the mapping stands here"},
		{"services.a.x-own", []string{`[1]`, `{a: 1}`}, `1.yaml:1:24: error: services.a.x-own: cannot put a mapping over a list [merge-kind]`, "0.yaml:1:24 the list stands here"},
		{"services.a.x-own", []string{`{a: {b: 1}}`, `{a: x}`}, `1.yaml:1:28: error: services.a.x-own.a: cannot put a string over a mapping [merge-kind]`, "0.yaml:1:28 the mapping stands here"},
	} {
		files := make([]string, len(c.values))
		for i, v := range c.values {
			files[i] = file(c.at, v)
		}
		n, ds := merge.Layers(root(t), layers(t, files...))
		if len(ds) != 1 || ds[0].Text() != c.want || len(ds[0].Related) != 1 || ds[0].Related[0].At.String()+" "+ds[0].Related[0].Message != c.see {
			t.Errorf("%v: got %s", c.values, texts(ds))
			continue
		}
		if v, _ := tree.Get(n, ds[0].Path); v == nil || v.Kind != tree.Unknown {
			t.Errorf("%v: the value is %s, want an unknown one", c.values, show(v, false))
		}
	}
}

// origins are the places of n and of what it was over, highest first.
func origins(n *tree.Node) string {
	var out []string
	for ; n != nil; n = n.Was {
		out = append(out, n.At.String()+" "+show(n, false))
	}
	return strings.Join(out, " < ")
}

// TestOrigins: a value keeps its place and its key, and leads to what each layer below wrote.
func TestOrigins(t *testing.T) {
	n, ds := merge.Layers(root(t), layers(t,
		"services:\n  a:\n    image: x\n    environment: {A: 1, B: 2}\n    cap_add: [X]\n    ports: ['80:80']\n    command: [a]\n",
		"services:\n  a:\n    image: y\n    environment: {A: 3}\n    ports: !override ['81:80']\n",
		"services:\n  a:\n    image: z\n    environment: {A: !override 4}\n    cap_add: [Y]\n    command: !reset null\n    deploy: {replicas: 2}\n",
	))
	if len(ds) > 0 {
		t.Fatal(texts(ds))
	}
	for _, c := range []struct{ at, key, want string }{
		{"services.a.image", "2.yaml:3:5", `2.yaml:3:12 "z" < 1.yaml:3:12 "y" < 0.yaml:3:12 "x"`},
		{"services.a.environment.A", "2.yaml:4:19", `2.yaml:4:32 4 < 1.yaml:4:22 3 < 0.yaml:4:22 1`},
		{"services.a.environment.B", "0.yaml:4:25", `0.yaml:4:28 2`},
		{"services.a.environment", "2.yaml:4:5", `2.yaml:4:18 {A: 4, B: 2} < 1.yaml:4:18 {A: 3} < 0.yaml:4:18 {A: 1, B: 2}`},
		{"services.a.cap_add", "2.yaml:5:5", `2.yaml:5:14 ["X", "Y"] < 0.yaml:5:14 ["X"]`},
		{"services.a.cap_add[0]", "", `0.yaml:5:15 "X"`},
		{"services.a.ports[0].published", "1.yaml:5:23", `1.yaml:5:24 "81"`},
		{"services.a.replicas", "2.yaml:7:14", `2.yaml:7:24 2`},
	} {
		p, err := tree.ParsePath(c.at)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := tree.Get(n, p)
		if !ok || origins(v) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.at, origins(v), c.want)
		}
		if _, at, _ := tree.Nearest(n, p); c.key != "" && at.String() != c.key {
			t.Errorf("%s: the key stands at %s, want %s", c.at, at, c.key)
		}
	}
	if v, _ := tree.Get(n, tree.Of("services", "a")); v.Find("command") >= 0 {
		t.Errorf("command is still there")
	}
	ports, _ := tree.Get(n, tree.Of("services", "a", "ports"))
	if want := `0.yaml:6:12`; ports.Was == nil || ports.Was.At.String() != want {
		t.Errorf("what !override replaced is not kept: %s", origins(ports))
	}
}

// TestOver: the tags of the higher value stay, as they also hold for lower layers; those of the lower one are spent.
func TestOver(t *testing.T) {
	field := root(t).Map.Field("services").Value.Map.Lookup("x")
	service := func(v string) *tree.Node {
		n := layers(t, file("services.a", v))[0]
		return n.Get("services").Get("a")
	}
	for _, c := range []struct{ low, high, want string }{
		{`{image: x, ports: ["80"], cap_add: [A]}`, `{image: y, ports: !override ["81"], cap_add: [B]}`,
			`{image: "y", ports: !override [{target: 81, protocol: "tcp", mode: "ingress"}], cap_add: ["A", "B"]}`},
		{`{ports: !override ["80"], image: !reset x, labels: {a: !override b}}`, `{command: !reset null, ports: ["81"]}`,
			`{ports: [{target: 80, protocol: "tcp", mode: "ingress"}, {target: 81, protocol: "tcp", mode: "ingress"}], labels: {a: "b"}, command: !reset null}`},
		{`{command: [a], environment: {A: 1, B: 2}}`, `{command: !reset null, environment: {A: !reset null}}`,
			`{command: !reset null, environment: {A: !reset null, B: 2}}`},
	} {
		low, high := service(c.low), service(c.high)
		got, ds := merge.Over(field, tree.Of("services", "a"), low, high)
		if show(got, false) != c.want || len(ds) > 0 {
			t.Errorf("%s < %s\n got %s\nwant %s\n%s", c.low, c.high, show(got, false), c.want, texts(ds))
		}
		if got, _ := merge.Over(field, tree.Root, nil, high); got != high {
			t.Errorf("nothing below: got %s", show(got, false))
		}
		if got, _ := merge.Over(field, tree.Root, low, nil); strings.Contains(show(got, false), "!") {
			t.Errorf("nothing above: got %s", show(got, false))
		}
	}
	bad := &tree.Node{Kind: tree.List}
	if _, ds := merge.Over(nil, tree.Of("a", "b"), tree.NewMap(source.Span{}, nil), bad); len(ds) != 1 || ds[0].Path.String() != "a.b" {
		t.Errorf("want the path of the caller, got %s", texts(ds))
	}
}

// TestExtended: what a service overrode of the one it extends stays in the chain, between the layers.
func TestExtended(t *testing.T) {
	service := root(t).Map.Field("services").Value.Map.Lookup("x")
	l := layers(t, file("services.a.image", "lowest"), file("services.a.image", "base"), file("services.a.image", "own"))
	get := func(n *tree.Node) *tree.Node { return n.Get("services").Get("a") }
	extended, _ := merge.Over(service, tree.Root, get(l[1]), get(l[2]))
	high := tree.NewMap(l[2].At, []tree.Field{{Key: "services", Value: tree.NewMap(l[2].At, []tree.Field{{Key: "a", Value: extended}})}})
	n, _ := merge.Layers(root(t), []*tree.Node{l[0], high})
	want := `2.yaml:1:24 "own" < 1.yaml:1:24 "base" < 0.yaml:1:24 "lowest"`
	if got := origins(get(n).Get("image")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestAlone: a layer without tags and repeated items comes back as it is.
func TestAlone(t *testing.T) {
	in := layers(t, file("services.a", `{image: x, ports: ["80", "81"], environment: {A: 1}, x-own: [1, 1]}`))[0]
	if out, ds := merge.Layers(root(t), []*tree.Node{nil, in, nil}); out != in || len(ds) > 0 {
		t.Errorf("got another tree: %s", show(out, false))
	}
	if out, ds := merge.Layers(root(t), nil); out != nil || len(ds) > 0 {
		t.Errorf("got %s of nothing", show(out, false))
	}
}
