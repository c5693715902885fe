package doc

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	yaml3 "go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler/tree"
	yaml11 "sigs.k8s.io/yaml" // YAML 1.1, as kubectl reads it
)

// The whole look of a document: block and flow, comments, quotes, blocks of text.
func TestYAML(t *testing.T) {
	env := NewMap().Set("A", Quoted("1")).Set("B_LONG", Quoted("two words"))
	m := NewMap().
		Set("name", Str("shop").Comment("what it is\n\nand more")).
		Set("on", Str("on").Remark("a word of YAML 1.1")).
		Set("port", Int(8080)).
		Set("published", Str("8080")).
		Set("mode", Octal(0o440)).
		Set("interval", Str("5s")).
		Set("address", Str("127.0.0.1")).
		Set("image", Str("ghcr.io/example/shop:1.2@sha256:abc")).
		Set("command", Strs([]string{"serve", "--port=80", "a:b", ""})).
		Set("environment", env).
		Set("limits", NewMap().Set("cpus", Quoted("0.50")).Set("memory", Str("256M")).OnLine()).
		Set("empty", NewMap()).Set("none", NewList()).Set("nothing", Nil()).
		Set("script", Str("#!/bin/sh\n\techo \"hi\"\n\nexit 0\n")).
		Set("list", NewList(
			NewMap().Set("from", NewList(NewMap().Set("a", NewMap().Set("b", Str("c")))).Remark("web")).Set("ports", NewList(Int(80)).OnLine()),
			NewList(Str("x"), NewList(Str("y"), NewMap().Set("k", Boolean(true)))),
			Str("two\nlines"),
			Str("z").Comment("above").Remark("behind"),
		))
	want := `# what it is
#
# and more
name: shop
"on": "on" # a word of YAML 1.1
port: 8080
published: "8080"
mode: 0440
interval: 5s
address: 127.0.0.1
image: ghcr.io/example/shop:1.2@sha256:abc
command: [serve, "--port=80", "a:b", ""]
environment:
  A: "1"
  B_LONG: "two words"
limits: { cpus: "0.50", memory: 256M }
empty: {}
none: []
nothing: null
script: |
  #!/bin/sh
  	echo "hi"

  exit 0
list:
  - from: # web
      - a:
          b: c
    ports: [80]
  - - x
    - - "y"
      - k: true
  - |-
    two
    lines
  # above
  - z # behind
`
	got, _ := YAML(m)
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// A flow collection that would pass the width, or that holds a comment, is a block.
func TestFlowEnds(t *testing.T) {
	long := Strs([]string{strings.Repeat("a", 60), strings.Repeat("b", 60)})
	got, _ := YAML(NewMap().Set("k", long).Set("l", NewList(Str("x").Remark("why")).OnLine()))
	want := "k:\n  - " + strings.Repeat("a", 60) + "\n  - " + strings.Repeat("b", 60) + "\nl:\n  - x # why\n"
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// Origins name the line that holds the value.
func TestOrigins(t *testing.T) {
	a, b, c := tree.Of("a"), tree.Of("b"), tree.Of("c")
	m := NewMap().Set("x", Str("one\ntwo\n").From(a)).Set("z", NewMap().Set("z", Int(1).From(b)).OnLine()).
		Set("l", NewList(Str("q").From(c)))
	out, origins := YAML(m)
	lines := strings.Split(string(out), "\n")
	var got []string
	for _, o := range origins {
		got = append(got, fmt.Sprintf("%s=%s", o.From, lines[o.Line-1]))
	}
	want := []string{"a=x: |", "b=z: { z: 1 }", "c=  - q"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJSON(t *testing.T) {
	m := NewMap().Set("a", Strs([]string{"x", "y"})).Set("b", NewMap().Set("c", Int(1)).Set("d", Str("é\u2028\"\\\x01"))).
		Set("e", NewList()).Set("f", Nil()).Set("g", Boolean(false))
	want := `{
  "a": ["x", "y"],
  "b": {
    "c": 1,
    "d": "é\u2028\"\\\u0001"
  },
  "e": [],
  "f": null,
  "g": false
}
`
	if got := string(JSON(m)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// readBack holds a printed document against its value in two readers: YAML 1.2 (yaml/v3) and 1.1 (kubectl's).
func readBack(t *testing.T, v *Value) {
	t.Helper()
	out, _ := YAML(v)
	want := plain(v)
	var got any
	if err := yaml3.Unmarshal(out, &got); err != nil {
		t.Fatalf("yaml/v3 cannot read it: %v\n%s", err, out)
	}
	if got := normal(got); !reflect.DeepEqual(got, want) {
		t.Fatalf("yaml/v3 reads %#v, want %#v\n%s", got, want, out)
	}
	var got11 any
	if err := yaml11.Unmarshal(out, &got11); err != nil {
		t.Fatalf("YAML 1.1 cannot read it: %v\n%s", err, out)
	}
	if got := normal(got11); !reflect.DeepEqual(got, want) {
		t.Fatalf("YAML 1.1 reads %#v, want %#v\n%s", got, want, out)
	}
	var gotJSON any
	if err := json.Unmarshal(JSON(v), &gotJSON); err != nil {
		t.Fatalf("encoding/json cannot read it: %v\n%s", err, JSON(v))
	}
	if got := normal(gotJSON); !reflect.DeepEqual(got, want) {
		t.Fatalf("encoding/json reads %#v, want %#v\n%s", got, want, JSON(v))
	}
}

// plain is v as a reader sees it, with numbers as text.
func plain(v *Value) any {
	switch v.Kind {
	case Null:
		return nil
	case Bool:
		return v.Text == "true"
	case Lit:
		return "#" + v.Text
	case String:
		return string([]rune(v.Text)) // each bad byte is U+FFFD
	case List:
		out := []any{}
		for _, it := range v.Items {
			out = append(out, plain(it))
		}
		return out
	}
	out := map[string]any{}
	for _, f := range v.Fields {
		out[f.Key] = plain(f.Value)
	}
	return out
}

func normal(x any) any {
	switch x := x.(type) {
	case int, int64, uint64:
		return fmt.Sprintf("#%d", x)
	case float64:
		return fmt.Sprintf("#%v", x)
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

// nasty are strings that a reader could take for something else.
var nasty = []string{"", " ", "~", "null", "Null", "true", "TRUE", "yes", "No", "on", "OFF", "y", "N", ".5", "5.", "1e3", "1E3", "1_000", "0x1F", "0o17", "017", "0b1",
	"22:22", "1:30:00", "2001-01-01", "2001-12-14t21:59:43.10-05:00", ".inf", "-.inf", ".nan", "+1", "-1", "-", "--", "- a", "-a", "? a", ":", "a:", "a: b", ": a", "a:b", "#", " #a", "a #b", "a#b",
	"&a", "*a", "!a", "!!str a", "|", ">", "'a'", "\"a\"", "%a", "@a", "`a", "<<", "=", "[a", "]", "{a", "}", "a,b", ",", "a]", "...", "---", "a\tb", "\ta", "a ", " a", "a\n", "\na", "a\nb", "a\n\n", "a\n b\n", "\n",
	"a\r\nb", "a\n \nb", "a\n\tb\n", "\x00", "\x1b[31m", "\u0085", "\u2028", "\ufeff", "\u202e", "é", "日本", "\U0001f600", "\xff", "${A}", "$$", "5s", "512M", "10Gi", "1.5", "127.0.0.1", "10.0.0.0/8", "1.2.3.", "8080",
	"./a", "../a", ".a", "/a", "~/a", "a\\b", "nil", "None", "infinity", "NaN", "0", "00", "1h30m", "1e", "0e1", "12e03", "1.", "0.0.0.0", "a  b", "a: ", "a? b", "key: value # c", "\n\n a", "a\n\n\n", strings.Repeat("long ", 60)}

func TestScalarsReadBack(t *testing.T) {
	for _, s := range nasty {
		readBack(t, NewMap().Set("k", Str(s)).Set("l", NewList(Str(s))).Set("q", Quoted(s)))
		readBack(t, NewMap().Set("f", NewMap().Set("k", Str(s)).Set("l", Strs([]string{s, s})).OnLine()))
		if strings.ToValidUTF8(s, "�") == s {
			readBack(t, NewMap().Set(s, Str("v")).Set(s+"2", NewMap().Set(s, Int(1)).OnLine()))
		}
		readBack(t, Str(s))
	}
	readBack(t, NewMap().Set(strings.Repeat("k", 1500), Str("v")).Set("b", NewList(NewMap().Set(strings.Repeat("é", 900), NewMap().Set("x", Int(1))))))
}

// Random documents read back as they were.
func TestRandomReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		readBack(t, random(r, 4))
	}
}

func random(r *rand.Rand, depth int) *Value {
	var v *Value
	n := r.IntN(8)
	if depth == 0 {
		n = r.IntN(5)
	}
	switch n {
	case 0:
		v = Nil()
	case 1:
		v = Boolean(r.IntN(2) == 0)
	case 2:
		v = Int(r.IntN(100000))
	case 3, 4:
		v = Str(nasty[r.IntN(len(nasty))])
	case 5:
		v = NewList()
		for range r.IntN(4) {
			v.Add(random(r, depth-1))
		}
	default:
		v = NewMap()
		for i := range r.IntN(5) {
			v.Set(fmt.Sprintf("k%d", i), random(r, depth-1))
		}
	}
	v.Flow = r.IntN(2) == 0
	if r.IntN(4) == 0 {
		v.Head = "head: [of it\n- and"
	}
	if r.IntN(4) == 0 {
		v.Tail = "tail {"
	}
	return v
}

func FuzzString(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		readBack(t, NewMap().Set("k", Str(s)).Set("l", NewList(Str(s), Strs([]string{s}))))
	})
}

func BenchmarkYAML(b *testing.B) {
	svc := NewMap().Set("image", Str("ghcr.io/example/app:1")).Set("command", Strs([]string{"serve", "--x"}))
	env := NewMap()
	for i := range 10 {
		env.Set(fmt.Sprintf("KEY_%d", i), Quoted("value"))
	}
	svc.Set("environment", env).Set("limits", NewMap().Set("cpus", Quoted("0.5")).OnLine())
	m := NewMap()
	for i := range 100 {
		m.Set(fmt.Sprintf("service-%d", i), svc)
	}
	out, _ := YAML(m)
	b.SetBytes(int64(len(out)))
	b.ReportAllocs()
	for b.Loop() {
		YAML(m)
	}
}
