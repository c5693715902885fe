package shape

import (
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/schema"
)

// compiled is the schema of the project.
func compiled(tb testing.TB) *Schema {
	tb.Helper()
	s, err := Compile(schema.FS)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// node reads YAML into a tree.
func node(tb testing.TB, text string) *tree.Node {
	tb.Helper()
	n, ds := parse.YAML(&source.File{Name: "octo.yaml", Rel: "octo.yaml", Data: []byte(text)})
	if n == nil || len(ds) > 0 {
		for _, d := range ds {
			tb.Error(d.Text())
		}
		tb.Fatalf("cannot read the YAML:\n%s", text)
	}
	return n
}

// texted are the messages of l.
func texted(l diag.List) []string {
	var out []string
	for _, d := range l {
		out = append(out, d.Text())
	}
	return out
}
