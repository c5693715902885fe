package interpolate

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

func file(name, text string) *source.File {
	return &source.File{Name: name, Rel: name, Data: []byte(text)}
}

func read(t testing.TB, text string) *tree.Node {
	t.Helper()
	n, ds := parse.YAML(file("a.yaml", text))
	if len(ds) > 0 {
		t.Fatalf("%s", ds[0].Text())
	}
	return n
}

func messages(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds.Sort() {
		b.WriteString(d.Text())
		b.WriteString("\n")
	}
	return b.String()
}

var env = Map{"A": "a", "E": "", "N": "3", "LONG_name1": "long", "D": "$A ${A}"}

func TestExpand(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"x", "x"}, {"$A", "a"}, {"${A}", "a"}, {"x${A}y$A.z", "xayaa.z"[:2] + "ya.z"}, {"$LONG_name1-x", "long-x"},
		{"$$A", "$A"}, {"$$$A", "$a"}, {"$$$$", "$$"}, {"$5", "$5"}, {"a$", "a$"}, {"$(cmd)", "$(cmd)"}, {"$ x", "$ x"},
		{"${E}", ""}, {"${U:-d}", "d"}, {"${U-d}", "d"}, {"${E:-d}", "d"}, {"${E-d}", ""}, {"${A:-d}", "a"}, {"${U:-}", ""},
		{"${A:+x}", "x"}, {"${A+x}", "x"}, {"${E:+x}", ""}, {"${E+x}", "x"}, {"${U+x}", ""}, {"${U:+x}", ""},
		{"${A:?m}", "a"}, {"${E?m}", ""},
		{"${U:-${A}}", "a"}, {"${U:-${V:-${A}b}c}d", "abcd"}, {"${U:-$A}", "a"}, {"${U:-{}}", "{}"}, {`${U:-{"k": {"v": 1}}}`, `{"k": {"v": 1}}`},
		{"${U:-x} and ${A:-y}", "x and a"}, {"${U:-a:b-c?d+e}", "a:b-c?d+e"}, {"${U:-$$x}", "$x"},
		{"{{ $x := 1 }}$A", "{{ $x := 1 }}a"}, {"{{ .A }}", "{{ .A }}"}, {"{{ $A", "{{ a"}, {"{$A}", "{a}"},
		{"${D}", "$A ${A}"}, // values are not read again
	} {
		got, faults := Expand(c.in, env)
		if got != c.want || len(faults) > 0 {
			t.Errorf("%q: %q %v; want %q", c.in, got, faults, c.want)
		}
	}
}

func TestTree(t *testing.T) {
	in := read(t, "a: ${A}\nb: [x, '${N}', $N]\nc: {d: {e: plain}}\n${A}: key\nf: |\n  one $A\n  two\n")
	out, ds := Tree(tree.Root, in, env)
	if len(ds) > 0 {
		t.Fatal(messages(ds))
	}
	if out.Str("a") != "a" || out.Get("b").Items[1].Text != "3" || out.Str("${A}") != "key" || out.Str("f") != "one a\ntwo\n" {
		t.Errorf("wrong values")
	}
	for _, c := range []struct {
		n      *tree.Node
		quoted bool
	}{{out.Get("b").Items[1], true}, {out.Get("b").Items[2], false}} {
		if c.n.Kind != tree.String || !c.n.Derived || c.n.Quoted != c.quoted || c.n.At.Line != 2 {
			t.Errorf("%+v: want a derived string, quoted %v", c.n, c.quoted)
		}
	}
	if out.Get("c") != in.Get("c") || out.Get("b").Items[0] != in.Get("b").Items[0] {
		t.Error("what did not change is not shared")
	}
	if same, _ := Tree(tree.Root, in.Get("c"), env); same != in.Get("c") {
		t.Error("a tree without variables was copied")
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a: x-${}\n", `a.yaml:1:6: error: a: cannot read "${}" as a variable: want a name after ${ [interpolation]`},
		{"a: \"${A\"\n", `a.yaml:1:5: error: a: cannot read "${A" as a variable: "}" is missing [interpolation]`},
		{"a: \"${A:-b\"\n", `a.yaml:1:5: error: a: cannot read "${A:-b" as a variable: "}" is missing [interpolation]`},
		{"a: [ü, \"ü${A!b} c\"]\n", `a.yaml:1:10: error: a[1]: cannot read "${A!b}" as a variable: "!" cannot follow the name [interpolation]`},
		{"a: ${1A}\n", `a.yaml:1:4: error: a: cannot read "${1A}" as a variable: want a name after ${ [interpolation]`},
		{"a: ${A:x}\n", `a.yaml:1:4: error: a: cannot read "${A:x}" as a variable: ":" cannot follow the name [interpolation]`},
		{"a: x${U}y$V\n", "a.yaml:1:5: warning: a: variable \"U\" is not set; a blank takes its place [unset]\na.yaml:1:10: warning: a: variable \"V\" is not set; a blank takes its place [unset]"},
		{"a: ${A:-${U}}${E:-${U}}\n", `a.yaml:1:19: warning: a: variable "U" is not set; a blank takes its place [unset]`},
		{"a: ${U:?give me $A}\n", `a.yaml:1:4: error: a: variable "U" has no value, and one is required here: give me a [required]`},
		{"a: ${U?}\n", `a.yaml:1:4: error: a: variable "U" has no value, and one is required here [required]`},
		{"a: ${E:?x}\n", `a.yaml:1:4: error: a: variable "E" has no value, and one is required here: x [required]`},
		{"a: " + strings.Repeat("${U:-", 22) + "x" + strings.Repeat("}", 22) + "\n", `a.yaml:1:104: error: a: cannot read variables nested more than 20 deep [limit]`},
		{"x: &x {v: $U}\na: *x\nb: *x\n", `a.yaml:1:11: warning: x.v: variable "U" is not set; a blank takes its place [unset]`},
	} {
		n, ds := Tree(tree.Root, read(t, c.in), env)
		if got := strings.TrimSpace(messages(ds)); got != c.want {
			t.Errorf("%q:\n%s\nwant:\n%s", c.in, got, c.want)
		}
		a := n.Get("a")
		if a.Kind == tree.List {
			a = a.Items[1]
		}
		if ds.Has(diag.Error) != (a.Kind == tree.Unknown) {
			t.Errorf("%q: kind %v", c.in, a.Kind)
		}
		for _, d := range ds {
			if d.Help == "" {
				t.Errorf("%q: no help", c.in)
			}
		}
	}
}

type missing struct{ Map }

func (missing) Unknown(name string) bool { return name == "M" }

// TestUnknown: what reads a variable whose value is known to be missing is unknown, and nothing is said of it.
func TestUnknown(t *testing.T) {
	n, ds := Tree(tree.Root, read(t, "a: x${M}\nb: ${M:?why}\nc: $A\nd: $N$M\n"), missing{env})
	if len(ds) > 0 {
		t.Error(messages(ds))
	}
	for key, want := range map[string]tree.Kind{"a": tree.Unknown, "b": tree.Unknown, "c": tree.String, "d": tree.Unknown} {
		if got := n.Get(key).Kind; got != want {
			t.Errorf("%s: %v; want %v", key, got, want)
		}
	}
}

// TestExcept: the keys that are named are left alone, at the top only.
func TestExcept(t *testing.T) {
	n, _ := Tree(tree.Root, read(t, "v: {x: $A}\nb: {v: $A}\n"), env, "v")
	if n.Get("v").Str("x") != "$A" || n.Get("b").Str("v") != "a" {
		t.Error("wrong keys were left alone")
	}
}

// TestBounded: hostile texts cost little.
func TestBounded(t *testing.T) {
	for name, text := range map[string]string{
		"open braces":   strings.Repeat("${A:-{", 150_000) + "}",
		"open template": strings.Repeat("{{", 400_000),
		"nested":        strings.Repeat("${U:-", 150_000) + strings.Repeat("}", 150_000),
		"large values":  strings.Repeat("$B", 100_000),
	} {
		out, _ := Expand(text, Map{"B": strings.Repeat("x", 1000)})
		if len(out) > MaxText {
			t.Errorf("%s: %d bytes", name, len(out))
		}
	}
}

func BenchmarkTree(b *testing.B) {
	var text strings.Builder
	text.WriteString("services:\n")
	for range 100 {
		text.WriteString("  - {image: a, command: [x, y, z], environment: {A: b, C: d}, ports: ['80:80'], labels: {x: y}}\n")
	}
	n := read(b, text.String())
	b.ReportAllocs()
	for b.Loop() {
		if out, _ := Tree(tree.Root, n, env); out != n {
			b.Fatal("copied")
		}
	}
}
