package shape

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"

	"github.com/octocompose/octocompose/schema"
)

// TestCompileRefuses is what is not in the dialect, with the place that is named.
func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"not CUE", "#A: {", "expected '}'"},
		{"a field at the top", "a: 1", "a.cue:2:1: cannot compile the schema: a field at the top that is not a definition #Name"},
		{"a let", "let x = 1\n#A: int", "a let clause at the top"},
		{"a comprehension", "#A: {\n\tif true {a: int}\n}", "a.cue:3:2: cannot compile the schema: a comprehension (if, for) in a mapping"},
		{"an import", "import \"time\"\n#A: int", `import of "time"`},
		{"not defined", "#A: {a?: #B}", "a.cue:2:10: cannot compile the schema: #B is not defined"},
		{"defined twice", "#A: int\n#A: int", "#A is defined twice"},
		{"a constant number", "#A: {a?: 1}", "the constant 1; only strings and null may be constants"},
		{"an interpolation", "#A: {a?: \"\\(b)\"}", "an interpolation"},
		{"a call", "#A: {a?: strings.HasPrefix(\"a\")}", "a call of a function that the dialect does not have"},
		{"a list of fixed length", "#A: {a?: [int, int]}", "a list of a fixed length"},
		{"an operator", "#A: {a?: 1 + 1}", "the operator +"},
		{"a pattern that is none", "#A: {a?: =~\"(\"}", `the pattern "("`},
		{"one pattern twice", "#A: {\n\t[=~\"a\"]: int\n\t[=~\"a\"]: string\n}", `a.cue:4:2: cannot compile the schema: the pattern "a" twice`},
		{"one field twice", "#A: {\n\ta?: int\n\ta?: int\n}", `the field "a" twice`},
		{"a label", "#A: {(x): int}", "a label that is not a name"},
		{"a hidden field", "#A: {_a: int}", "the hidden field or definition _a"},
		{"the same kind twice", "#A: {a?: int | number}", "two alternatives for the same kind"},
		{"strings that overlap", "#A: {a?: string | \"a\"}", "a string beside other strings"},
		{"mappings without a constant", "#A: {a?: {b!: string} | {c!: string}}", "without a required field that holds another constant in each"},
		{"a marked default on an optional field", "#A: {a?: *1 | int}", "a default mark here"},
		{"a default of another kind", "#A: {a: *\"x\" | int}", ""},
		{"a default that does not fit", "#A: {a?: int & >=2 @default(1)}", `the default 1 of "a" does not fit its own type`},
		{"no value meets it", "#A: {a?: int & string}", "a conjunction that no value meets"},
		{"mappings that are joined", "#A: {a?: {b?: int} & {c?: int}}", "a conjunction of mappings"},
		{"recursion in a union", "#A: {a?: null | #A}", "#A refers to itself here"},
		{"an attribute", "#A: {a?: int @foo(1)}", "a.cue:2:14: cannot compile the schema: the attribute @foo is not known"},
		{"a verb", "#A: {a?: int @merge(foo)}", "@merge(foo); want replace, append, unique, kv, deep, same or byfield"},
		{"a short form", "#A: {a?: int @short(foo)}", "@short(foo); want keys"},
		{"a unit", "#A: {a?: int @unit(foo)}", "@unit(foo); want duration"},
		{"an attribute without arguments", "#A: {a?: int @merge()}", "the arguments of @merge"},
		{"an attribute twice", "#A: {a?: int @unit(port) @unit(port)}", "the attribute @unit twice"},
		{"an attribute of fields", "#A: {a?: int} @merge(deep)", "@merge on a definition; it belongs on a field"},
		{"an attribute of definitions", "#A: {a?: {b?: int} @oneof(b,c)}", "@oneof on a field; it belongs on a definition"},
		{"exclusive of nothing", "#A: {a?: int @exclusive(b)}", `an attribute names the field "b", which does not stand here`},
		{"one of nothing", "#A: {a?: int} @oneof(a,b)", `an attribute names the field "b"`},
		{"embedding an alternative", "#B: null | {a?: int}\n#A: {#B}", "#B is embedded and is not a plain mapping"},
		{"packages", "", "package b beside package a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := fstest.MapFS{"a.cue": {Data: []byte("package a\n" + c.in)}}
			if c.name == "packages" {
				fsys["b.cue"] = &fstest.MapFile{Data: []byte("package b")}
			}
			s, err := Compile(fsys)
			switch {
			case err == nil && c.want != "":
				t.Errorf("%s compiled to %v; want an error with %q", c.in, s.Order, c.want)
			case err != nil && c.want == "":
				t.Error(err)
			case err != nil && !strings.Contains(err.Error(), c.want):
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := Compile(fstest.MapFS{}); err == nil {
		t.Error("a schema without files compiled")
	}
}

// TestCompileReportsAll: a schema is mended in one go.
func TestCompileReportsAll(t *testing.T) {
	_, err := Compile(fstest.MapFS{"a.cue": {Data: []byte("package a\n#A: {a?: 1, b?: int @foo()}\n#B: #C\n")}})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("want three lines, got %v", err)
	}
}

// TestDocs: an editor shows the comment of every field and definition, so each has one, and it is a sentence.
func TestDocs(t *testing.T) {
	names, err := fs.Glob(schema.FS, "*.cue")
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	for _, name := range names {
		data, _ := fs.ReadFile(schema.FS, name)
		f, err := parser.ParseFile(name, data, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Walk(f, func(n ast.Node) bool {
			field, ok := n.(*ast.Field)
			if !ok {
				return true
			}
			fields++
			if text := docOf(field); !strings.HasSuffix(text, ".") {
				p := field.Pos().Position()
				t.Errorf("%s:%d: the comment %q is not a sentence", name, p.Line, text)
			}
			return true
		}, nil)
	}
	if fields < 450 {
		t.Errorf("only %d fields were looked at", fields)
	}
}

// TestCompileIsStable: shapes do not depend on the order of a map.
func TestCompileIsStable(t *testing.T) {
	a, b := compiled(t), compiled(t)
	if !slices.Equal(a.Order, b.Order) || string(Reference(a)) != string(Reference(b)) {
		t.Error("two runs differ")
	}
}

// TestAttributes reads the attributes of a definition and of a field into the shape that they change.
func TestAttributes(t *testing.T) {
	s, err := Compile(fstest.MapFS{"a.cue": {Data: []byte(`package a
#Int: int | string @cast(int)
#A: {
	a?: #Int @unit(bytes) @merge(unique,"x,y|z") @short(keys,"c=d")
	b?: #Int
	c?: [...(number | string)] @cast(string)
	d?: #Int @exclusive(a,b) @path(file) @phase(load) @moved("p.q") @deprecated("no, use a")
	e?: string @default("x, y")
	f?: _ @reserved("later, perhaps")
} @oneof(a,b)
`)}})
	if err != nil {
		t.Fatal(err)
	}
	m := s.Def("#A").Map
	a, b, c, d, e := m.Field("a"), m.Field("b"), m.Field("c"), m.Field("d"), m.Field("e")
	for _, row := range []struct {
		what      string
		got, want any
	}{
		{"a's unit", a.Value.Unit, "bytes"}, {"a's cast", a.Value.Cast, ""}, {"a's name", a.Value.Name, ""},
		{"b's unit", b.Value.Unit, ""}, {"b's cast", b.Value.Cast, "int"}, {"b's name", b.Value.Name, "#Int"},
		{"a's merge", strings.Join(a.Merge.Args, " "), "x y|z"}, {"a's verb", a.Merge.Verb, "unique"},
		{"a's short form", strings.Join(a.Short, " "), "keys c=d"},
		{"the cast of c's items", c.Value.List.Elem.Cast, "string"}, {"c's cast", c.Value.Cast, ""},
		{"d's exclusive", strings.Join(d.Exclusive, " "), "a b"}, {"d's path", d.Path, "file"}, {"d's phase", d.Load, true},
		{"d's place", d.Moved, "p.q"}, {"d's deprecation", d.Deprecated, "no, use a"},
		{"e's default", e.Default.Text, "x, y"}, {"e's place", e.Default.At.String(), "a.cue:8:2"},
		{"f's reservation", m.Field("f").Reserved, "later, perhaps"},
		{"one of", strings.Join(m.OneOf, " "), "a b"},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %v, want %v", row.what, row.got, row.want)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(schema.FS); err != nil {
			b.Fatal(err)
		}
	}
}
