package serve

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// One document in all formats, whole. Each line is there for a reason: texts that look like something else, numbers in all
// spellings, empty things, lists in lists, tables in lists.
func TestFormats(t *testing.T) {
	root, err := parseConfig([]byte(`{"plain":"a b/c-d.e","words":["yes","NO","off","null","~","1","0x1f","1e5","12:30","2026-01-02","-","a: b","#c",""," x","x ","=","<<"],
		"numbers":[0,-1,1.50,1e5,1E-7,2.5e+3],"lines":"a\nb\t\"c\"\\ é \u2028\u0000\u007f😀","empty":{},"none":[],"deep":{"a":{"b":[1,[2,{"c":3}],[]]}},
		"list":[{"x":1,"y":{"z":true}},{}],"mixed":[1,{"a":"b"}],"on":false,"":1,"a.b":2}`))
	if err != nil {
		t.Fatal(err)
	}
	const wantYAML = `plain: a b/c-d.e
words:
  - "yes"
  - "NO"
  - "off"
  - "null"
  - "~"
  - "1"
  - "0x1f"
  - "1e5"
  - "12:30"
  - "2026-01-02"
  - "-"
  - "a: b"
  - "#c"
  - ""
  - " x"
  - "x "
  - "="
  - "<<"
numbers:
  - 0
  - -1
  - 1.50
  - 1.0e+5
  - 1.0E-7
  - 2.5e+3
lines: "a\nb\t\"c\"\\ é \u2028\u0000\u007F😀"
empty: {}
none: []
deep:
  a:
    b:
      - 1
      - - 2
        - c: 3
      - []
list:
  - x: 1
    "y":
      z: true
  - {}
mixed:
  - 1
  - a: b
"on": false
"": 1
a.b: 2
`
	if got := string(appendYAML(nil, root)); got != wantYAML {
		t.Errorf("YAML:\n%s", got)
	}
	const wantTOML = `plain = "a b/c-d.e"
words = ["yes", "NO", "off", "null", "~", "1", "0x1f", "1e5", "12:30", "2026-01-02", "-", "a: b", "#c", "", " x", "x ", "=", "<<"]
numbers = [0, -1, 1.50, 1e5, 1E-7, 2.5e+3]
lines = "a\nb\t\"c\"\\ é \u2028\u0000\u007F😀"
none = []
mixed = [1, { a = "b" }]
on = false
"" = 1
"a.b" = 2

[empty]

[deep]

[deep.a]
b = [1, [2, { c = 3 }], []]

[[list]]
x = 1

[list.y]
z = true

[[list]]
`
	if got, err := appendTOML(nil, root); err != nil || string(got) != wantTOML {
		t.Errorf("TOML: %v\n%s", err, got)
	}
	const wantJSON = `{"plain":"a b/c-d.e","words":["yes","NO","off","null","~","1","0x1f","1e5","12:30","2026-01-02","-","a: b","#c",""," x","x ","=","<<"],` +
		`"numbers":[0,-1,1.50,1e5,1E-7,2.5e+3],"lines":"a\nb\t\"c\"\\ é \u2028\u0000\u007F😀","empty":{},"none":[],"deep":{"a":{"b":[1,[2,{"c":3}],[]]}},` +
		`"list":[{"x":1,"y":{"z":true}},{}],"mixed":[1,{"a":"b"}],"on":false,"":1,"a.b":2}`
	if got := string(appendJSON(nil, root)); got != wantJSON {
		t.Errorf("JSON:\n%s", got)
	}
}

// What is no config, and what is said about it.
func TestNoConfig(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "it is no JSON: line 1, column 1: unexpected end of JSON input"},
		{"{\n \"a\": 1,\n}", "it is no JSON: line 3, column 1: invalid character '}' looking for beginning of object key string"},
		{`{"a":1} {}`, "it is no JSON: line 1, column 9: invalid character '{' after top-level value"},
		{`{"a":{"b":1,"b":2}}`, "the key /a/b stands twice"},
		{"\"\xff\"", "it is not UTF-8"},
		{strings.Repeat("[", 300) + strings.Repeat("]", 300), "it nests deeper than 200"},
	} {
		if _, err := parseConfig([]byte(c.in)); err == nil || err.Error() != c.want {
			t.Errorf("%.20q: %v, want %s", c.in, err, c.want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{`[1]`, "the config is no object, which TOML wants; ask for JSON or YAML"},
		{`{"a":{"b":[1,null]}}`, "/a/b/1 is null, which TOML cannot say; ask for JSON or YAML"},
		{`{"a":1e999}`, "/a is a number that does not fit into the 64 bits of TOML; ask for JSON or YAML"},
	} {
		root, err := parseConfig([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := appendTOML(nil, root); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.in, err, c.want)
		}
	}
}

// plain is a value as other libraries give it: numbers as float64, or as texts where one cannot hold them.
func plain(v any) any {
	switch v := v.(type) {
	case object:
		m := map[string]any{}
		for _, x := range v {
			m[x.key] = plain(x.value)
		}
		return m
	case map[string]any:
		m := map[string]any{}
		for k, x := range v {
			m[k] = plain(x)
		}
		return m
	case map[any]any:
		m := map[string]any{}
		for k, x := range v {
			m[k.(string)] = plain(x)
		}
		return m
	case []any:
		l := []any{}
		for _, x := range v {
			l = append(l, plain(x))
		}
		return l
	case json.Number:
		f, _ := strconv.ParseFloat(string(v), 64)
		return f
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	}
	return v
}

// back reads what was written with the libraries that our clients use.
func back(t *testing.T, root any) {
	t.Helper()
	want := plain(root)
	var got any
	text := appendJSON(nil, root)
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(plain(got), want) {
		t.Fatalf("JSON: %v\n%s\ngot  %#v\nwant %#v", err, text, got, want)
	}
	got = nil
	text = appendYAML(nil, root)
	if err := yaml.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(plain(got), want) {
		t.Fatalf("YAML: %v\n%s\ngot  %#v\nwant %#v", err, text, got, want)
	}
	text, err := appendTOML(nil, root)
	if err != nil {
		return // it says why; TestNoConfig has the cases
	}
	var table map[string]any
	if err := toml.Unmarshal(text, &table); err != nil || !reflect.DeepEqual(plain(table), want) {
		t.Fatalf("TOML: %v\n%s\ngot  %#v\nwant %#v", err, text, table, want)
	}
}

// TestBack: random documents of our own, 2,000 seeds. Go test -fuzz=FuzzBack goes on.
func TestBack(t *testing.T) {
	tomls := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		root := randomObject(r, 0)
		if _, err := appendTOML(nil, root); err == nil {
			tomls++
		}
		back(t, root)
	}
	if tomls < 200 {
		t.Errorf("only %d of them have a form in TOML", tomls)
	}
}

func randomObject(r *rand.Rand, depth int) object {
	o, seen := object{}, map[string]bool{}
	for range r.IntN(5) {
		if k := randomText(r); !seen[k] {
			seen[k] = true
			o = append(o, member{k, randomValue(r, depth+1)})
		}
	}
	return o
}

func randomValue(r *rand.Rand, depth int) any {
	n := 12
	if depth > 4 {
		n = 8
	}
	switch r.IntN(n) {
	case 0:
		if r.IntN(4) == 0 {
			return nil
		}
		return true
	case 1:
		return false
	case 2:
		return json.Number(strconv.Itoa(r.IntN(2000) - 1000))
	case 3:
		f := (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(40)-20))
		return json.Number(strconv.FormatFloat(f, "eEfg"[r.IntN(4)], -1, 64))
	case 8, 9:
		return randomObject(r, depth)
	case 10, 11:
		l := []any{}
		for range r.IntN(4) {
			l = append(l, randomValue(r, depth+1))
		}
		return l
	}
	return randomText(r)
}

var pieces = []string{"a", "B", "yes", "no", "null", "~", "true", ".inf", "0", "1", "e", ":", ": ", " #", "#", "- ", "-", "?", "|", ">", "'", "\"", "\\",
	"\n", "\r", "\t", "\u0000", "\u0085", "\u2028", "\ufeff", "\ufffe", "é", "😀", " ", ".", "[", "]", "{", "}", ",", "&", "*", "!", "%", "@", "`", "=", "<<", "_", "0x", "2026-01-02", strings.Repeat("k", 600)}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(5) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func FuzzBack(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[{"b":1e5},"yes"],"c":{"d":[]}}`, `[[1],[{"":null}]]`, `"a\u2028"`, `-0`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := parseConfig(data)
		if err != nil {
			return
		}
		if again, err := parseConfig(appendJSON(nil, root)); err != nil || !reflect.DeepEqual(again, root) {
			t.Fatalf("not the same again: %v", err)
		}
		if bytes.ContainsAny(data, "eE") {
			for _, tooBig := range []string{"e3", "E3", "e+3", "E+3"} {
				if bytes.Contains(data, []byte(tooBig)) {
					return // YAML libraries differ about numbers beyond float64
				}
			}
		}
		if len(data) < 4096 {
			back(t, root)
		}
	})
}

func TestAccept(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "application/json"}, {"*/*", "application/json"}, {"application/*", "application/json"}, {"text/*", "text/yaml"},
		{"application/yaml", "application/yaml"}, {"APPLICATION/TOML", "application/toml"}, {"application/x-yaml", "application/x-yaml"},
		{"application/yaml;q=0.5, application/toml;q=0.9", "application/toml"},
		{"application/json;q=0.1, */*;q=0.2", "application/yaml"},
		{"application/json;q=0, */*", "application/yaml"},
		{"text/html, application/xhtml+xml, */*;q=0.8", "application/json"},
		{"application/toml;q=0.001", "application/toml"}, {"application/toml;q=0.000", ""}, {"application/toml; q=1.001", ""},
		{"text/html", ""}, {"application/json;q=0", ""}, {"nonsense", ""}, {"*/json", ""}, {",,;", ""},
		{`application/json;profile="a,b;q=0", application/yaml;q=0.9`, "application/json"},
		{`application/toml;x="application/json", text/html`, "application/toml"},
		{"application/json;charset=utf-8", "application/json"}, {"application/toml ;\tq=0.7 , application/yaml;Q=0.6", "application/toml"},
	} {
		got, ok := choose([]string{c.in})
		if got.media != c.want && ok || ok != (c.want != "") {
			t.Errorf("%q: %q, %t; want %q", c.in, got.media, ok, c.want)
		}
	}
	if got, ok := choose([]string{"text/html", "application/toml"}); !ok || got.media != "application/toml" {
		t.Errorf("two headers: %v, %t", got, ok)
	}
	if got, ok := choose(nil); !ok || got.media != "application/json" {
		t.Errorf("no header: %v, %t", got, ok)
	}
}

func FuzzAccept(f *testing.F) {
	f.Add(`text/*;q=0.3, application/yaml;q=0.7;x="a,b\"", */*;q=0.5`)
	f.Fuzz(func(t *testing.T, header string) {
		got, ok := choose([]string{header})
		if again, same := choose([]string{header}); again != got || same != ok {
			t.Fatal("not the same again")
		}
		// What is liked wholly, and before all else, is given.
		if best, ok := choose([]string{header, "application/toml"}); !ok || best.media == "" {
			t.Logf("%q", header) // an open quote may have swallowed it
			if strings.Count(header, `"`) == 0 && !strings.Contains(header, "toml") {
				t.Fatalf("nothing for %q with application/toml", header)
			}
		}
		matches([]string{header}, `"x"`)
	})
}
