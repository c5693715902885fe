package edit

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

func path(t testing.TB, s string) tree.Path {
	t.Helper()
	p, err := tree.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// edits reads one edit a line: set PATH TEXT, int PATH TEXT, rename PATH KEY, delete PATH [NOTE], move PATH PATH.
func edits(t testing.TB, s string) []Edit {
	t.Helper()
	var out []Edit
	for line := range strings.Lines(s) {
		w := strings.SplitN(strings.TrimSpace(line), " ", 3)
		w = append(w, "")
		p, text := path(t, w[1]), strings.ReplaceAll(w[2], `\n`, "\n")
		switch w[0] {
		case "set":
			out = append(out, Set(p, text))
		case "int":
			out = append(out, SetScalar(p, tree.Int, text))
		case "rename":
			out = append(out, Rename(p, text))
		case "delete":
			out = append(out, Delete(p, text))
		case "move":
			out = append(out, Move(p, path(t, text)))
		}
	}
	return out
}

func file(text string) *source.File { return &source.File{Name: "octo.yaml", Data: []byte(text)} }

// Each case is one rule: what is written, the edits, what comes of it.
var cases = []struct{ name, in, edits, want string }{
	{"plain stays plain", "a: x # c\nb: y\n", "set a z", "a: z # c\nb: y\n"},
	{"double stays double", "a: \"x\" # c\n", "set a z", "a: \"z\" # c\n"},
	{"single stays single", "a: 'it''s'\n", "set a isn't", "a: 'isn''t'\n"},
	{"a text that reads as a number is quoted", "a: v1\n", "set a 2.0", "a: \"2.0\"\n"},
	{"a text that is no plain scalar is quoted", "a: v1\n", "set a x: #y", "a: \"x: #y\"\n"},
	{"a number", "a: 1\nb: 2\n", "int b 3", "a: 1\nb: 3\n"},
	{"nothing becomes a value", "a: # c\nb:\n", "set a x\nset b y", "a: x # c\nb: y\n"},
	{"in braces", "a: {b: 1, c: x} # d\n", "set a.c y, z", "a: {b: 1, c: \"y, z\"} # d\n"},
	{"in braces without a colon", "a: {b, c: x}\n", "set a.b y", "a: {b: y, c: x}\n"},
	{"literal", "a: |-  # c\n    one\n    two\nb: 1\n", "set a three\\nfour", "a: |-  # c\n    three\n    four\nb: 1\n"},
	{"literal, other chomping", "a:\n  - |\n    one\n  - x\n", "set a[0] two", "a:\n  - |-\n    two\n  - x\n"},
	{"folded", "a: >\n  one\n  two\n\nb: 1\n", "set a three\\n", "a: >\n  three\n\nb: 1\n"},
	{"literal cannot", "a: | # c\n  one\nb: 1\n", "set a 	x", "a: \"\\tx\" # c\nb: 1\n"},
	{"plain over lines", "a: one\n  two # c\nb: 1\n", "set a three", "a: three # c\nb: 1\n"},
	{"quoted over lines", "a: \"one\n\n  two\\\n  three\" # c\nb: 1\n", "set a four", "a: \"four\" # c\nb: 1\n"},
	{"CR LF, byte order mark, tabs", "\xEF\xBB\xBFa: x\t# c\r\nb: y\r\n", "set a z\nrename b d", "\xEF\xBB\xBFa: z\t# c\r\nd: y\r\n"},
	{"no last line break", "a: x\nb: y", "delete b", "a: x\n"},
	{"wide characters", "é: {ü: x}\n", "set é.ü y", "é: {ü: y}\n"},
	{"a mark stays", "a: !override x\n", "set a y", "a: !override y\n"},

	{"rename", "a: # c\n  'b' : 1\n  c: 2\n", "rename a.b it's\nrename a.c 5", "a: # c\n  'it''s' : 1\n  \"5\": 2\n"},
	{"rename in braces", "a: {b: 1, c}\n", "rename a.b x\nrename a.c y", "a: {x: 1, y}\n"},
	{"rename above another edit", "a:\n  b: 1\n", "rename a x\nset a.b y", "x:\n  b: y\n"},

	{"delete keeps comments", "a: 1\n# about b\nb: # here\n  # inside\n  c: 1 # there\n\nd: 2\n", "delete b", "a: 1\n# about b\n# here\n# inside\n# there\n\nd: 2\n"},
	{"delete with a note", "a:\n    b: 1\n    c: 2\n", "delete a.b removed in 2.0.0: x\\nsee y", "a:\n    # removed in 2.0.0: x\n    # see y\n    c: 2\n"},
	{"delete all", "a: # c\n  # d\n  b: 1\nx: 1\n", "delete a.b", "a: {} # c\n  # d\nx: 1\n"},
	{"delete all items", "a:\n- b # c\n- d\nx: 1\n", "delete a[0]\ndelete a[1]", "a: []\n# c\nx: 1\n"},
	{"delete the first of an item", "- a: 1\n  b: 2\n- c\n", "delete [0].a", "- b: 2\n- c\n"},
	{"delete the first of an item, comments", "x:\n  - a: 1 # c\n    # d\n    b: 2\n", "delete x[0].a", "x:\n  -\n    # c\n    # d\n    b: 2\n"},
	{"delete the only of an item", "x:\n  - a: 1 # c\n  - 2\n", "delete x[0].a", "x:\n  - {}\n    # c\n  - 2\n"},
	{"delete the first list of a list", "x:\n  - - a\n    - b\n", "delete x[0][0]", "x:\n  - - b\n"},
	{"delete a block scalar", "a: |\n  x\n\n  y\n\nb: 1\n", "delete a", "\nb: 1\n"},
	{"delete in braces", "a: {b: 1, c: [x, y, z], d: 3}\n", "delete a.b\ndelete a.c[1]\ndelete a.c[2]\ndelete a.d", "a: {c: [x]}\n"},
	{"delete all in braces", "a: [x, y]\nb: { c: 1 }\n", "delete a[0]\ndelete a[1]\ndelete b.c n", "a: []\n# n\nb: {  }\n"},
	{"delete in braces over lines", "a: {\n  b: 1, # one\n  c: 2, # two\n  d: 3 # three\n}\n", "delete a.b n\ndelete a.d", "a: {\n  # n\n  # one\n  c: 2, # two\n   # three\n}\n"},

	{"move", "a:\n  b:\n    # about c\n    c: 1 # one\n    d: |\n      text\n\n  x: 2\nz: 1\n", "move a.b.c y.k\nmove a.b.d a.x2.d",
		"a:\n  b: {}\n\n  x: 2\n  x2:\n    d: |\n      text\nz: 1\ny:\n  # about c\n  k: 1 # one\n"},
	{"move two into a new mapping", "a:\n  b: 1\n  c: 2\nx:\n  y: 0\n", "move a.b x.e.b\nmove a.c x.e.c", "a: {}\nx:\n  y: 0\n  e:\n    b: 1\n    c: 2\n"},
	{"move into braces", "a: {b: 1}\nc: x # c\nd: {}\n", "move c a.z.c\nmove a.b d.b", "a: {z: { c: x }}\n# c\nd:\n  b: 1\n"},
	{"move into an empty mapping", "a: # x\nb:\n    c: &q [1,\n     2]\n", "move b.c a.c", "a: # x\n    c: &q [1,\n     2]\nb: {}\n"},
	{"move out of braces", "a: {b: {c: 1, d: [2, 3]}, e: 1}\n", "move a.b b", "a: {e: 1}\nb: {c: 1, d: [2, 3]}\n"},
	{"move the last one up", "a:\n  b:\n    c: 1", "move a.b.c a.c", "a:\n  b: {}\n  c: 1"},
	{"move in place is a rename", "a:\n  b: 1\n  c: 2\n", "move a.b a.d", "a:\n  d: 1\n  c: 2\n"},
	{"move into an item", "l:\n  - a: 1\n    b: 2\n  - c\nx: {y: 1}\n", "move x.y l[0].y\nmove l[0].a x2", "l:\n  - b: 2\n    y: 1\n  - c\nx: {}\nx2: 1\n"},
	{"the head of a file stays", "# head\na: 1\nb:\n  c: 2\n", "move a b.a", "# head\nb:\n  c: 2\n  a: 1\n"},
	{"documents with ---", "# c\n---\na: 1\nb: 2\n", "delete a\nset b 3", "# c\n---\nb: \"3\"\n"},
	{"anchors that nobody uses here", "a: &x\n  b: 1\nc: &y 2\nd: *y\n", "set a.b z", "a: &x\n  b: z\nc: &y 2\nd: *y\n"},
	{"merge keys", "a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n", "rename c.d e", "a: &x\n  b: 1\nc:\n  <<: *x\n  e: 2\n"},
}

func TestApply(t *testing.T) {
	for _, c := range cases {
		got, ds := Apply(file(c.in), edits(t, c.edits)...)
		for _, d := range ds {
			t.Errorf("%s: %s (%s)", c.name, d.Text(), d.Help)
		}
		if len(ds) == 0 && string(got) != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// What cannot be changed safely is refused, at its place, with a reason.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ in, edits, want string }{
		{"a: &x 1\nb: *x\n", "set a y", "1:7: error: a: cannot change a value that is used elsewhere too: &x"},
		{"a: &x 1\nb: *x\n", "set b y", "2:4: error: b: cannot change a value that stands for another one: *x"},
		{"a: &x {c: 1}\nb: *x\n", "set b.c y", "2:4: error: b.c: cannot change a value that stands for another one: *x"},
		{"a: &x {c: 1}\nb: *x\n", "rename a.c y", "1:7: error: a.c: cannot change a value that is used elsewhere too: &x"},
		{"a: {c: &x 1}\nb: *x\n", "delete a", "1:11: error: a: cannot change a value that is used elsewhere too: &x"},
		{"a: &x {c: 1}\nb: {<<: *x}\n", "set b.c y", `2:4: error: b.c: cannot change "c" here: it comes from another mapping by <<`},
		{"a: !!str 1\n", "set a y", "1:4: error: a: cannot change a value with the tag !!str"},
		{"a: {b: 1}\n", "set a y", "1:4: error: a: cannot put a text in place of a mapping"},
		{"a: 1\n", "set b y", "1:1: error: b: cannot change what is not there"},
		{"a: 1\n", "int a y", `1:4: error: a: cannot write "y" as integer`},
		{"a: 1\nb: 2\n", "rename a b", `1:1: error: a: cannot rename this to "b": that is there already`},
		{"a: 1\nb: 2\n", "move a b", `1:1: error: a: cannot rename this to "b": that is there already`},
		{"a: 1\nb: {c: 2}\n", "move a b.c", `1:1: error: a: cannot move this to b.c: that is there already`},
		{"a: 1\nb: 2\n", "move a b.c", `2:4: error: a: cannot move this to b.c: b is no mapping`},
		{"a: {c: 1}\n", "move a a.b", `1:1: error: a: cannot make two changes in one place`},
		{"a: [1]\n", "move a[0] b", `1:5: error: a[0]: cannot move this: only a field of a mapping can move, to a path that ends with a key`},
		{"a:\n  x: 1\nb: {c: 2}\n", "move a b.a", `1:1: error: a: cannot move several lines into braces, to b.a`},
		{"a: {c: 1}\n", "delete a\nset a.c 1", `1:8: error: a.c: cannot make two changes in one place`},
		{"a: 1\n", "set a 2\nset a 3", `1:4: error: a: cannot make two changes in one place`},
		{"a: 1\nb: {c: 1}\n", "move a b.d\nrename b x", `2:1: error: a: cannot make two changes in one place`},
		{"? a\n: 1\nb: 1\n", "set b 2", `1:1: error: cannot edit a file with a key after "?"`},
		{"%YAML 1.2\n---\nb: 1\n", "set b 2", `1:9: error: cannot read this as YAML`},
		{"a: [x: 1]\nb: 1\n", "set b 2", `1:5: error: cannot edit a file with a pair in brackets ([a: b])`},
		{"a: [\n", "set b 2", ``},
	} {
		got, ds := Apply(file(c.in), edits(t, c.edits)...)
		if len(ds) == 0 || got != nil {
			t.Errorf("%q, %s: got %q", c.in, c.edits, got)
			continue
		}
		if text := ds[0].Text(); !strings.HasPrefix(text, "octo.yaml:"+c.want) {
			t.Errorf("%q, %s: got\n%s\nwant\n%s", c.in, c.edits, text, c.want)
		}
	}
}
