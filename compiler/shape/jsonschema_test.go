package shape

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

// printed is the JSON Schema of a definition, as an editor would read it.
func printed(tb testing.TB, s *Schema, def string) *jsonschema.Schema {
	tb.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc.JSON(s.JSONSchema(def))))
	if err != nil {
		tb.Fatalf("%s: %v", def, err)
	}
	return compileJSON(tb, v)
}

// agree compares the verdicts of the printed schema and of Check in Surface mode.
func agree(t *testing.T, js *jsonschema.Schema, root *Shape, name string, v any, n *tree.Node) {
	t.Helper()
	err := js.Validate(v)
	found := root.Check(tree.Root, n, Surface)
	if err != nil && twiceUnknown(n) {
		return // JSON Schema compares the texts of two variables, which may differ in value
	}
	if (err == nil) == !found.Has(diag.Error) {
		return
	}
	t.Errorf("%s: %s: the JSON Schema says %v; we say %v", name, show(v), err, texted(found))
}

// TestJSONSchema holds the printed JSON Schema against Check: the same verdict, on the cases made from the shapes and on
// those made from the schema of the Compose specification.
func TestJSONSchema(t *testing.T) {
	for name, s := range map[string]*Schema{"schema": compiled(t), "dialect": dialectSchema(t)} {
		t.Run(name, func(t *testing.T) {
			for _, def := range s.Order {
				js := printed(t, s, def)
				maker := caseMaker{extra: []any{"${X}", "$$x", "$${X}", "{{ .x }}", "a$", []any{"${X}"}, "yes", "Off", "-3", "1e3"}}
				for _, v := range maker.values(s.Def(def), true) {
					agree(t, js, s.Def(def), def, v, treeOf(v))
				}
			}
		})
	}
	s := compiled(t)
	root, js := s.Def("#Project"), printed(t, s, "#Project")
	for _, c := range composeCases(t) {
		agree(t, js, root, c.path, c.doc, c.node)
	}
}

func dialectSchema(tb testing.TB) *Schema {
	tb.Helper()
	s, err := Compile(fstest.MapFS{"d.cue": {Data: []byte(dialect)}})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// TestJSONSchemaSays holds what an editor shows: descriptions, defaults, deprecation, if and then, reserved keys,
// variables.
func TestJSONSchemaSays(t *testing.T) {
	text := string(doc.JSON(dialectSchema(t).JSONSchema("#Config")))
	for _, want := range []string{
		`"$schema":"http://json-schema.org/draft-07/schema#"`, `"default":5432`, `"default":":8080"`, `"minimum":1,"maximum":65535`,
		`"if":{"properties":{"type":{"const":"http"}},"required":["type"]},"then":{"$ref":"#/definitions/HTTP"}`,
		`"minLength":2,"maxLength":4`, `"minItems":1`,
	} {
		if !bytes.Contains(compact(text), []byte(want)) {
			t.Errorf("the schema of the dialect lacks %s:\n%s", want, text)
		}
	}
	text = string(doc.JSON(compiled(t).JSONSchema("#Project")))
	for _, want := range []string{
		`"description":"The image to run: [REGISTRY/]NAME[:TAG][@DIGEST]."`, `"deprecated":true`, `"default":"ready"`,
		`"not":{}`, `"$ref":"#/definitions/variable"`,
	} {
		if !bytes.Contains(compact(text), []byte(want)) {
			t.Errorf("the schema lacks %s", want)
		}
	}
}

// compact is JSON without the space between its words.
func compact(text string) []byte {
	var out bytes.Buffer
	inString, escaped := false, false
	for _, r := range text {
		switch {
		case inString:
			inString = escaped || r != '"'
			escaped = r == '\\' && !escaped
		case r == ' ' || r == '\n':
			continue
		case r == '"':
			inString = true
		}
		out.WriteRune(r)
	}
	return out.Bytes()
}

// twiceUnknown reports whether a list below n holds two variables.
func twiceUnknown(n *tree.Node) bool {
	found := false
	tree.Walk(tree.Root, n, func(_ tree.Path, n *tree.Node) bool {
		found = found || n.Kind == tree.List && len(n.Items) == 2 && hasVariable(n.Items[0].Text)
		return !found
	})
	return found
}
