package parse

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

func file(text string) *source.File {
	return &source.File{Name: "a.yaml", Rel: "a.yaml", Data: []byte(text)}
}

// dump writes a tree with everything that a node says, one line a node.
func dump(n *tree.Node) string {
	var b strings.Builder
	dumpTo(&b, n, "", "")
	return b.String()
}

func dumpTo(b *strings.Builder, n *tree.Node, indent, label string) {
	if n == nil {
		fmt.Fprintf(b, "%s%snil\n", indent, label)
		return
	}
	fmt.Fprintf(b, "%s%s%s @%d:%d", indent, label, n.Kind, n.At.Line, n.At.Col)
	if n.Kind.IsScalar() {
		fmt.Fprintf(b, " %q", n.Text)
	}
	if n.Quoted {
		b.WriteString(" quoted")
	}
	if n.Mark != tree.Plain {
		fmt.Fprintf(b, " mark%d", n.Mark)
	}
	b.WriteByte('\n')
	for i, it := range n.Items {
		dumpTo(b, it, indent+"  ", fmt.Sprintf("[%d] ", i))
	}
	for _, f := range n.Fields {
		dumpTo(b, f.Value, indent+"  ", fmt.Sprintf("%q@%d:%d = ", f.Key, f.KeyAt.Line, f.KeyAt.Col))
	}
}

func messages(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds.Sort() {
		b.WriteString(d.Text() + "\n")
		for _, r := range d.Related {
			fmt.Fprintf(&b, "  %s: %s\n", r.At, r.Message)
		}
	}
	return b.String()
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		text string
		kind tree.Kind
		want string
	}{
		{"", tree.Null, ""}, {"~", tree.Null, "~"}, {"null", tree.Null, "null"}, {"Null", tree.Null, "Null"}, {"nULL", tree.String, "nULL"},
		{"true", tree.Bool, "true"}, {"False", tree.Bool, "false"}, {"TRUE", tree.Bool, "true"}, {"tRUE", tree.String, "tRUE"},
		{"yes", tree.String, "yes"}, {"no", tree.String, "no"}, {"on", tree.String, "on"}, {"off", tree.String, "off"}, {"y", tree.String, "y"},
		{"0", tree.Int, "0"}, {"-1", tree.Int, "-1"}, {"+1", tree.Int, "+1"}, {"0440", tree.Int, "0440"}, {"017", tree.Int, "017"}, {"0o17", tree.Int, "0o17"},
		{"0o18", tree.String, "0o18"}, {"0x1F", tree.Int, "0x1F"}, {"0xg", tree.String, "0xg"}, {"080", tree.Int, "080"}, {"0b1", tree.String, "0b1"},
		{"1_000", tree.String, "1_000"}, {"22:22", tree.String, "22:22"}, {"2026-01-31", tree.String, "2026-01-31"}, {"2001-12-14t21:59:43.10-05:00", tree.String, "2001-12-14t21:59:43.10-05:00"},
		{"1.0", tree.Float, "1.0"}, {"1e3", tree.Float, "1e3"}, {".5", tree.Float, ".5"}, {"5.", tree.Float, "5."}, {"1e", tree.String, "1e"}, {".", tree.String, "."},
		{".inf", tree.Float, ".inf"}, {"-.inf", tree.Float, "-.inf"}, {".nan", tree.Float, ".nan"}, {"-.nan", tree.String, "-.nan"}, {"1.2.3", tree.String, "1.2.3"},
		{`"5"`, tree.String, "5"}, {"'true'", tree.String, "true"}, {"!!str 5", tree.String, "5"}, {"!!float 3", tree.Float, "3"}, {`!!int "5"`, tree.Int, "5"},
		{"!!bool 'true'", tree.Bool, "true"}, {"!!null ''", tree.Null, ""}, {"-", tree.List, ""}, {"+", tree.String, "+"}, {"512M", tree.String, "512M"},
	} {
		root, ds := YAML(file("k: " + c.text + "\n"))
		if c.text == "-" {
			root, ds = YAML(file("k:\n-\n"))
		}
		if len(ds) > 0 {
			t.Errorf("%q: %s", c.text, messages(ds))
			continue
		}
		n := root.Get("k")
		if n.Kind != c.kind || n.Kind.IsScalar() && n.Text != c.want {
			t.Errorf("%q: %v %q; want %v %q", c.text, n.Kind, n.Text, c.kind, c.want)
		}
	}
}

func TestTree(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "mapping @1:1\n"},
		{"only comments", "# a\n\n  # b\n", "mapping @1:1\n"},
		{"document marks", "---\na: 1\n...\n", "mapping @2:1\n  \"a\"@2:1 = integer @2:4 \"1\"\n"},
		{"only a document mark", "---\n", "mapping @1:1\n"},
		{"byte order mark", "\xEF\xBB\xBFa: 1\n", "mapping @1:1\n  \"a\"@1:1 = integer @1:4 \"1\"\n"},
		{"windows line ends", "a: 1\r\nb: |\r\n  x\r\n  y\r\n", "mapping @1:1\n  \"a\"@1:1 = integer @1:4 \"1\"\n  \"b\"@2:1 = string @2:4 \"x\\ny\\n\" quoted\n"},
		{"columns are runes", "ä: {ö: é, b: [ü, x]}\n", `mapping @1:1
  "ä"@1:1 = mapping @1:4
    "ö"@1:5 = string @1:8 "é"
    "b"@1:11 = list @1:14
      [0] string @1:15 "ü"
      [1] string @1:18 "x"
`},
		{"json", `{"a": [1, "x", null], "b": {"c": true}}`, `mapping @1:1
  "a"@1:2 = list @1:7
    [0] integer @1:8 "1"
    [1] string @1:11 "x" quoted
    [2] null @1:16 "null"
  "b"@1:23 = mapping @1:28
    "c"@1:29 = boolean @1:34 "true"
`},
		{"keys that look like others", "\"8080\": a\n'true': b\nyes: c\n1.5.0: d\n", `mapping @1:1
  "8080"@1:1 = string @1:9 "a"
  "true"@2:1 = string @2:9 "b"
  "yes"@3:1 = string @3:6 "c"
  "1.5.0"@4:1 = string @4:8 "d"
`},
		{"empty values", "a:\nb: # c\nc:\n- \n-\nd: ~\n", `mapping @1:1
  "a"@1:1 = null @1:3 ""
  "b"@2:1 = null @2:3 ""
  "c"@3:1 = list @4:1
    [0] null @4:2 ""
    [1] null @5:2 ""
  "d"@6:1 = null @6:4 "~"
`},
		{"merge tags", "a: !reset\nb: !reset null\nc: !override [x]\nd: !override\n  k: v\ne: !reset # why\nf: !override {}\ng:\n  - !reset x\n", `mapping @1:1
  "a"@1:1 = null @1:4 "" mark1
  "b"@2:1 = null @2:11 "null" mark1
  "c"@3:1 = list @3:14 mark2
    [0] string @3:15 "x"
  "d"@4:1 = mapping @5:3 mark2
    "k"@5:3 = string @5:6 "v"
  "e"@6:1 = null @6:4 "" mark1
  "f"@7:1 = mapping @7:14 mark2
  "g"@8:1 = list @9:3
    [0] string @9:12 "x" mark1
`},
		{"anchors and merge keys", `x-s: &s
  user: "1"
  env: &e [a]
services:
  a:
    <<: *s
    image: i
    user: "2"
  b:
    image: j
    <<: [*s, {user: "3", tty: true}]
  c: *s
`, `mapping @1:1
  "x-s"@1:1 = mapping @2:3
    "user"@2:3 = string @2:9 "1" quoted
    "env"@3:3 = list @3:11
      [0] string @3:12 "a"
  "services"@4:1 = mapping @5:3
    "a"@5:3 = mapping @6:5
      "env"@3:3 = list @3:11
        [0] string @3:12 "a"
      "image"@7:5 = string @7:12 "i"
      "user"@8:5 = string @8:11 "2" quoted
    "b"@9:3 = mapping @10:5
      "image"@10:5 = string @10:12 "j"
      "user"@2:3 = string @2:9 "1" quoted
      "env"@3:3 = list @3:11
        [0] string @3:12 "a"
      "tty"@11:26 = boolean @11:31 "true"
    "c"@12:3 = mapping @2:3
      "user"@2:3 = string @2:9 "1" quoted
      "env"@3:3 = list @3:11
        [0] string @3:12 "a"
`},
		{"a quoted << is a key", "\"<<\": 1\n", "mapping @1:1\n  \"<<\"@1:1 = integer @1:7 \"1\"\n"},
		{"an anchored key", "&k a: 1\nb: {*k : 2}\n", "mapping @1:1\n  \"a\"@1:4 = integer @1:7 \"1\"\n  \"b\"@2:1 = mapping @2:4\n    \"a\"@2:5 = integer @2:10 \"2\"\n"},
	} {
		root, ds := YAML(file(c.in))
		if len(ds) > 0 {
			t.Errorf("%s: %s", c.name, messages(ds))
		}
		if got := dump(root); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, got, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"tab", "services:\n  web:\n\timage: a\n", "a.yaml:3:1: error: a tab cannot indent YAML; use spaces [syntax]\n"},
		{"tab after spaces", "services:\n  web:\n  \timage: a\n", "a.yaml:3:3: error: a tab cannot indent YAML; use spaces [syntax]\n"},
		{"tab in the second key", "a:\n  b: 1\n\tc: 2\n", "a.yaml:3:1: error: a tab cannot indent YAML; use spaces [syntax]\n"},
		{"tab after a dash", "a:\n  -\tb: 1\n    c: 2\n", "a.yaml:2:4: error: a tab cannot indent YAML; use spaces [syntax]\n"},
		{"not UTF-8", "a: \"x\xff\"\n", "a.yaml:1:6: error: cannot read byte 0xff: it is not UTF-8 [syntax]\n"},
		{"control byte", "a: x\x01\nb: \x7f\n", "a.yaml:1:5: error: cannot read a control character (byte 0x01) in a text file [syntax]\na.yaml:2:4: error: cannot read a control character (byte 0x7f) in a text file [syntax]\n"},
		{"NUL escape", "a: \"x\\0\"\n", "a.yaml:1:4: error: cannot use a NUL character (\\0) in a value [syntax]\n"},
		{"lone carriage return", "a: 1\rb: 2\n", "a.yaml:1:5: error: cannot read a carriage return without a line feed [syntax]\n"},
		{"line separator", "a: \"x\u2028y\"\n", "a.yaml:1:6: error: cannot read the line separator U+2028: YAML versions disagree on it [syntax]\n"},
		{"duplicate key", "a: 1\nb: 2\na: 3\na: 4\n", "a.yaml:3:1: error: key \"a\" stands twice in one mapping [duplicate-key]\n  a.yaml:1:1: first defined here\na.yaml:4:1: error: key \"a\" stands twice in one mapping [duplicate-key]\n  a.yaml:1:1: first defined here\n"},
		{"duplicate key in flow", "a: {x: 1, x: 2}\n", "a.yaml:1:11: error: key \"x\" stands twice in one mapping [duplicate-key]\n  a.yaml:1:5: first defined here\n"},
		{"two merge keys", "x: &x {a: 1}\ny: &y {b: 1}\nz:\n  <<: *x\n  <<: *y\n", "a.yaml:5:3: error: key \"<<\" stands twice in one mapping [duplicate-key]\n  a.yaml:4:3: first defined here\n"},
		{"bad merge", "a:\n  <<: text\n", "a.yaml:2:7: error: cannot merge a string into a mapping; want a mapping or a list of mappings [type]\n"},
		{"bad tag", "a: !overide [x]\nb: !Ref x\n", "a.yaml:1:4: error: unknown tag \"!overide\"; want !reset or !override [bad-tag]\na.yaml:2:4: error: unknown tag \"!Ref\"; want !reset or !override [bad-tag]\n"},
		{"tag that does not fit", "a: !!int x\nb: !!map [x]\nc: !!binary aGk=\n", "a.yaml:1:10: error: cannot read \"x\" as !!int [bad-tag]\na.yaml:2:4: error: the tag !!map does not fit this value [bad-tag]\na.yaml:3:4: error: unknown tag \"!!binary\"; want !reset or !override [bad-tag]\n"},
		{"complex key", "{[a]: 1, {b: c}: 2, d: 3}\n", "a.yaml:1:2: error: cannot use a list or a mapping as a key; want a text [syntax]\na.yaml:1:10: error: cannot use a list or a mapping as a key; want a text [syntax]\n"},
		{"keys that are no texts", "8080: a\ntrue: b\nc: {~: c, 1.5: d}\n", "a.yaml:1:1: error: cannot use the integer 8080 as a key; want a text [type]\na.yaml:2:1: error: cannot use the boolean true as a key; want a text [type]\n" +
			"a.yaml:3:5: error: cannot use the null ~ as a key; want a text [type]\na.yaml:3:11: error: cannot use the number 1.5 as a key; want a text [type]\n"},
		{"template as a value", "a: {{ config.x }}\n", "a.yaml:1:4: error: cannot read {{ … }} without quotes: YAML takes { for the begin of a mapping [syntax]\n"},
		{"no key", "a:\n  ?\n  : x\n", "a.yaml:2:4: error: cannot read \":\" without a key before it [syntax]\n"},
		{"second document", "a: 1\n---\nb: 2\n", "a.yaml:2:1: error: cannot read a second document; want one document in a file [syntax]\n"},
		{"unknown anchor", "a: 1\nb:\n  - *nope\n", "a.yaml:3:5: error: no anchor is called \"nope\" [syntax]\n"},
		{"alias of itself", "a: &x\n  b: *x\n", "a.yaml:2:6: error: cannot use *x here: it would contain itself [alias-budget]\n  a.yaml:1:4: &x starts here\n"},
		{"second colon", "a: 1\nb: c: d\n", "a.yaml:2:5: error: cannot read a key or a second \": \" here [syntax]\n"},
		{"forgotten colon", "services:\n  web\n    image: x\n", "a.yaml:3:10: error: cannot read a key or a second \": \" here [syntax]\n  a.yaml:2:3: is \": \" missing on this line?\n"},
		{"forgotten space", "a:1\nb: 2\n", "a.yaml:2:2: error: cannot read a key or a second \": \" here [syntax]\n  a.yaml:1:1: is \": \" missing on this line?\n"},
		{"wrong indentation", "a:\n    b: 1\n  c: 2\nd: 3\n", "a.yaml:3:3: error: cannot read this here; want a key of the mapping above [syntax]\n"},
		{"text after a quote", "a:\n  b: \"x\" y\n", "a.yaml:2:10: error: cannot read this here; want a key of the mapping above [syntax]\n"},
		{"open quote", "a: 1\nb: \"x\nc: 3\n", "a.yaml:2:4: error: cannot find the end of this quoted text [syntax]\n"},
		{"open list", "a: 1\nb: [x, y\nc: 3\n", "a.yaml:2:4: error: cannot find the end of this list [syntax]\n"},
		{"open mapping", "a: 1\nb: {x: 1, y: 2\nc: 3\n", "a.yaml:2:4: error: cannot find the end of this mapping [syntax]\n"},
		{"bad start", "a: 1\nb: @x\n", "a.yaml:2:4: error: cannot begin a value with this character [syntax]\n"},
		{"unknown escape", "a: \"C:\\dir\"\n", "a.yaml:1:7: error: cannot read this escape [syntax]\n"},
		{"list on the line of its key", "a: 1\nb: - x\n", "a.yaml:2:4: error: cannot begin a list with \"-\" on the line of its key [syntax]\n"},
		{"star", "a:\n  - *.example.com\n", "a.yaml:2:5: error: cannot read a name after \"*\" or \"&\" [syntax]\n"},
		{"item missing a dash", "a:\n  - x\n  y\n", "a.yaml:3:3: error: cannot read this as a key: \":\" is missing [syntax]\n"},
		{"item with a wrong dash", "a:\n  - x: 1\n  b: 2\n", "a.yaml:3:3: error: cannot read this here; want an item of the list above [syntax]\n"},
	} {
		_, ds := YAML(file(c.in))
		for _, d := range ds {
			inFile(t, c.name, d)
		}
		if got := messages(ds); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, got, c.want)
		}
	}
}

// inFile checks that a finding has help and lies within the text.
func inFile(t *testing.T, name string, d *diag.Diagnostic) {
	t.Helper()
	if d.Help == "" && len(d.Related) == 0 {
		t.Errorf("%s: no help: %s", name, d.Text())
	}
	spans := []source.Span{d.At}
	for _, r := range d.Related {
		spans = append(spans, r.At)
	}
	for _, at := range spans {
		placed(t, name, at)
	}
}

func placed(t *testing.T, name string, at source.Span) {
	t.Helper()
	if at.File == nil {
		t.Errorf("%s: no place", name)
		return
	}
	if at.Line == 0 && at.Col == 0 {
		return // the file as a whole
	}
	lines := strings.Count(string(at.File.Data), "\n") + 1
	if at.Line < 1 || int(at.Line) > lines || at.Col < 1 || int(at.Col) > len([]rune(at.File.Line(int(at.Line))))+1 {
		t.Errorf("%s: %s lies outside the file", name, at)
	}
}

// TestGoesOn: what is wrong inside a mapping hides nothing that stands beside it.
func TestGoesOn(t *testing.T) {
	root, ds := YAML(file("services:\n  a: {image: !bad x}\nvolumes: {v: {}}\nservices:\n  b: {image: y}\n"))
	want := "a.yaml:2:14: error: unknown tag \"!bad\"; want !reset or !override [bad-tag]\na.yaml:4:1: error: key \"services\" stands twice in one mapping [duplicate-key]\n  a.yaml:1:1: first defined here\n"
	if got := messages(ds); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
	s := root.Get("services")
	if s.Get("a").Str("image") != "x" || s.Get("b").Str("image") != "y" || root.Get("volumes") == nil {
		t.Errorf("the tree lacks something:\n%s", dump(root))
	}
}

func TestLimits(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'i'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ","))
	}
	var deep strings.Builder
	for i := range 1500 {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	var mild strings.Builder
	for i := range 200 {
		mild.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	var wide strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&wide, "k%d: %d\n", i, i)
	}
	for _, c := range []struct {
		name, in, code string
		within         time.Duration
	}{
		{"alias bomb", bomb, "alias-budget", 100 * time.Millisecond},
		{"100k brackets", strings.Repeat("[", 100_000), "limit", 200 * time.Millisecond},
		{"200 brackets", "a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "\n", "limit", 200 * time.Millisecond},
		{"deep blocks", deep.String(), "limit", 500 * time.Millisecond},
		{"rather deep blocks", mild.String(), "limit", 500 * time.Millisecond},
		{"compact lists", strings.Repeat("- ", 5000) + "a\n", "limit", 500 * time.Millisecond},
		{"long scalar", "a: " + strings.Repeat("x", MaxScalar+1) + "\n", "limit", 500 * time.Millisecond},
		{"long block", "a: |\n" + strings.Repeat("  "+strings.Repeat("x", 1000)+"\n", 1100), "limit", 500 * time.Millisecond},
		{"large file", strings.Repeat("#", source.MaxFile+1), "limit", 500 * time.Millisecond},
		{"40k keys", wide.String(), "", 500 * time.Millisecond},
	} {
		f := file(c.in)
		start := time.Now()
		_, ds := YAML(f)
		if took := time.Since(start); took > 10*c.within { // no measurement: a loaded machine is slow, and what is quadratic is slower still
			t.Errorf("%s: took %v; want %v", c.name, took, c.within)
		}
		got := ""
		if len(ds) > 0 {
			got = string(ds[0].Code)
			inFile(t, c.name, ds[0])
		}
		if got != c.code || len(ds) > 1 {
			t.Errorf("%s: %s; want one %s", c.name, messages(ds), c.code)
		}
	}
}

// TestDepth: MaxDepth levels are read, one more is not, also through an alias.
func TestDepth(t *testing.T) {
	nest := func(n int, inner string) string { return strings.Repeat("[", n) + inner + strings.Repeat("]", n) }
	for _, c := range []struct {
		in string
		ok bool
	}{
		{"a: " + nest(MaxDepth-2, "x"), true},
		{"a: " + nest(MaxDepth-1, "x"), false},
		{"a: &a " + nest(50, "x") + "\nb: " + nest(40, "*a"), true},
		{"a: &a " + nest(50, "x") + "\nb: " + nest(60, "*a"), false},
	} {
		_, ds := YAML(file(c.in + "\n"))
		if (len(ds) == 0) != c.ok {
			t.Errorf("%.20q: %s", c.in, messages(ds))
		}
	}
}
