package check

import (
	"strings"
	"sync"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/schema"
)

// theSchema is compiled once for all tests.
var theSchema = sync.OnceValues(func() (*shape.Schema, error) { return shape.Compile(schema.FS) })

func compiled(t testing.TB) *shape.Schema {
	t.Helper()
	s, err := theSchema()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// yaml reads a tree that is canonical already.
func yaml(t testing.TB, name, text string) *tree.Node {
	t.Helper()
	n, ds := parse.YAML(&source.File{Name: name, Rel: name, Data: []byte(text)})
	if len(ds) > 0 {
		t.Fatalf("the input of the test is not YAML: %s", ds[0].Text())
	}
	return n
}

// printed is what is found, as lines of text with their related places and help.
func printed(t testing.TB, ds diag.List, root *tree.Node) string {
	t.Helper()
	ds.Locate(root)
	var b strings.Builder
	for _, d := range ds.Sort() {
		b.WriteString(d.Text() + "\n")
		for _, r := range d.Related {
			b.WriteString("  " + r.At.String() + ": " + r.Message + "\n")
		}
		if d.Help != "" {
			b.WriteString("  help: " + d.Help + "\n")
		}
	}
	return b.String()
}
