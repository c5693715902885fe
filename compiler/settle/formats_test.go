package settle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	yaml3 "go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler/interpolate"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// nasty are texts that some reader of some format could take for another.
var nasty = []string{"", " ", "null", "true", "no", "1", "0x1F", "1e3", ".5", "a b", "a\nb", "a\n", "\ta", "a\tb", `"`, `'`, `\`, `\n`, `\u0041`, "$A", "${A}", "$(a)", "`a`", "#", "a #b", "=", "a=b", "a,b",
	"é", "日本", "\U0001f600", "\u2028", "\ufeff", "\x01", "\x7f", "!", "~", "*", "; rm", "&", "|", "<<", "[a]", "{a}", "- a", "a: b", "'''", `"""`, "]]", "%d", "\r\n", "it's", `say "x"`, `C:\dir`, "-----BEGIN\nA==\n-----END"}

// numbers are numbers as authors write them, with their value.
var numbers = []struct {
	kind  tree.Kind
	text  string
	value float64
}{
	{tree.Int, "0", 0}, {tree.Int, "-7", -7}, {tree.Int, "+8", 8}, {tree.Int, "0x1F", 31}, {tree.Int, "0o17", 15}, {tree.Int, "123456789", 123456789},
	{tree.Float, "1.50", 1.5}, {tree.Float, ".5", 0.5}, {tree.Float, "-.5", -0.5}, {tree.Float, "2.", 2}, {tree.Float, "1e3", 1000}, {tree.Float, "1.5E-3", 0.0015}, {tree.Float, "+1.e2", 100},
}

// maker makes random values, as a tree and as what a reader must read.
type maker struct {
	r     *rand.Rand
	nulls bool // null may be there
	texts []string
}

func (m *maker) value(depth int) (*tree.Node, any) {
	n := m.r.IntN(8)
	if depth == 0 {
		n = m.r.IntN(5)
	}
	switch {
	case n == 0 && m.nulls:
		return &tree.Node{Kind: tree.Null}, nil
	case n <= 1:
		return &tree.Node{Kind: tree.Bool, Text: "True"}, true
	case n == 2:
		x := numbers[m.r.IntN(len(numbers))]
		return &tree.Node{Kind: x.kind, Text: x.text}, x.value
	case n <= 4:
		s := m.texts[m.r.IntN(len(m.texts))]
		return &tree.Node{Kind: tree.String, Text: s}, s
	case n == 5:
		l, out := tree.NewList(source.Span{}, nil), []any{}
		for range m.r.IntN(4) {
			it, v := m.value(depth - 1)
			l.Items, out = append(l.Items, it), append(out, v)
		}
		return l, out
	}
	return m.mapping(depth)
}

func (m *maker) mapping(depth int) (*tree.Node, any) {
	var fields []tree.Field
	out := map[string]any{}
	for i := range m.r.IntN(6) {
		key := fmt.Sprint("k", 9-i)
		if m.r.IntN(4) == 0 {
			key = nasty[m.r.IntN(len(nasty))]
		}
		if _, there := out[key]; there {
			continue
		}
		v, want := m.value(depth - 1)
		fields, out[key] = append(fields, tree.Field{Key: key, Value: v}), want
	}
	return tree.NewMap(source.Span{}, fields), out
}

// normal is what a reader read with numbers as float64.
func normal(x any) any {
	switch x := x.(type) {
	case int:
		return float64(x)
	case int64:
		return float64(x)
	case []any:
		out := []any{}
		for _, it := range x {
			out = append(out, normal(it))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, v := range x {
			out[k] = normal(v)
		}
		return out
	}
	return x
}

func newWriter(format string) *writer {
	return &writer{format: format, x: &settler{}, d: &delivery{path: tree.Of("services", "web", "config")}}
}

// TestReadBack: what is written is read back by a reader of the format as the same values.
func TestReadBack(t *testing.T) {
	for _, c := range []struct {
		format string
		read   func(text []byte, v *map[string]any) error
	}{
		{"json", func(text []byte, v *map[string]any) error { return json.Unmarshal(text, v) }},
		{"yaml", func(text []byte, v *map[string]any) error { return yaml3.Unmarshal(text, v) }},
		{"toml", func(text []byte, v *map[string]any) error { return toml.Unmarshal(text, v) }},
	} {
		m := &maker{r: rand.New(rand.NewPCG(3, 4)), nulls: c.format != "toml", texts: nasty}
		for range 1500 {
			n, want := m.mapping(4)
			w := newWriter(c.format)
			text := ""
			for _, f := range formats {
				if f.name == c.format {
					text = f.text(w, n)
				}
			}
			if len(w.x.ds) > 0 {
				t.Fatalf("%s: %s", c.format, w.x.ds[0].Text())
			}
			got := map[string]any{}
			if err := c.read([]byte(text), &got); err != nil {
				t.Fatalf("%s: cannot be read: %v\n%s", c.format, err, text)
			}
			if diff := cmp.Diff(want, normal(got)); diff != "" {
				t.Fatalf("%s: %s\n%s", c.format, diff, text)
			}
		}
	}
}

// TestEnvReadBack: what format env writes is read back by the parser of .env files, and by a shell.
func TestEnvReadBack(t *testing.T) {
	var fields []tree.Field
	want := map[string]string{}
	for i, s := range nasty {
		if _, ok := envWord(s); ok {
			key := fmt.Sprintf("K%02d", i)
			fields, want[key] = append(fields, tree.Field{Key: key, Value: &tree.Node{Kind: tree.String, Text: s}}), s
		}
	}
	if len(want) < len(nasty)*3/4 {
		t.Errorf("only %d of %d texts can be written", len(want), len(nasty))
	}
	w := newWriter("env")
	text := envText(w, tree.NewMap(source.Span{}, fields))
	pairs, ds := interpolate.DotEnv(&source.File{Name: ".env", Data: []byte(text)}, interpolate.Map{"A": "wrong"})
	if len(ds) > 0 || len(w.x.ds) > 0 {
		t.Fatal(append(ds, w.x.ds...)[0].Text())
	}
	got := map[string]string{}
	for _, p := range pairs {
		got[p.Name] = p.Value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the parser of .env files: %s\n%s", diff, text)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("sh is not here")
	}
	script := text + "printf '%s\\0'"
	var keys []string
	for k := range want {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		script += ` "$` + k + `"`
	}
	out, err := exec.Command(sh, "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
		if string(v) != want[keys[i]] {
			t.Errorf("sh reads %q, want %q", v, want[keys[i]])
		}
	}
}

// The whole look of each format.
func TestFormats(t *testing.T) {
	const values = `values: { name: web, port: 8080, ratio: 1.50, tls: true, peers: [a, "b c"], db: { host: db, a.b: { x: 1 } }, users: [{ id: 1 }, { id: 2, tags: {} }] }`
	for _, c := range []struct{ format, want string }{
		{"toml", `name = "web"
peers = ["a", "b c"]
port = 8080
ratio = 1.50
tls = true

[db]
host = "db"

[db."a.b"]
x = 1

[[users]]
id = 1

[[users]]
id = 2

[users.tags]
`},
		{"yaml", `db:
  a.b:
    x: 1
  host: db
name: web
peers:
  - a
  - b c
port: 8080
ratio: 1.50
tls: true
users:
  - id: 1
  - id: 2
    tags: {}
`},
	} {
		r, said := settled(t, web(values+", deliver: { file: { path: /c, format: "+c.format+" } }"))
		if said != "" {
			t.Fatal(said)
		}
		if diff := cmp.Diff(c.want, r.Tree.Get("configs").Get("web-config").Str("content")); diff != "" {
			t.Errorf("%s: %s", c.format, diff)
		}
	}
	r, said := settled(t, web(`values: { name: web, list: [1, two], db: { host-name: "a b", empty: "" }, quote: "it's" }, deliver: { file: { path: /c, format: env } }`))
	want := "DB_EMPTY=\nDB_HOST_NAME='a b'\nLIST=1,two\nNAME=web\nQUOTE=\"it's\"\n"
	if got := r.Tree.Get("configs").Get("web-config").Str("content"); got != want || said != "" {
		t.Errorf("env: got %s, want %s\n%s", got, want, said)
	}
}
