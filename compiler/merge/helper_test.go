package merge_test

import (
	"fmt"
	"strconv"
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

var project = sync.OnceValues(func() (*shape.Shape, error) {
	s, err := shape.Compile(schema.FS)
	if err != nil {
		return nil, err
	}
	return s.Def("#Project"), nil
})

// root is the shape of a config.
func root(t testing.TB) *shape.Shape {
	t.Helper()
	s, err := project()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read parses a file.
func read(t testing.TB, text string) *tree.Node {
	t.Helper()
	n, ds := parse.YAML(&source.File{Name: "octo.yaml", Rel: "octo.yaml", Data: []byte(text)})
	if n == nil || ds.Has(diag.Error) {
		t.Fatalf("cannot parse %.500s: %.500s", text, texts(ds))
	}
	return n
}

// texts are the first lines of ds and their help.
func texts(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds.Sort() {
		b.WriteString(d.Text())
		if d.At.Len > 0 {
			fmt.Fprintf(&b, " (%d wide)", d.At.Len)
		}
		if d.Help != "" {
			b.WriteString(" help: " + d.Help)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// show is n in one line: strings quoted, other scalars bare, ? for unknown; with places where at is set.
func show(n *tree.Node, at bool) string {
	var b strings.Builder
	write(&b, n, at)
	return b.String()
}

func write(b *strings.Builder, n *tree.Node, at bool) {
	if n == nil {
		b.WriteString("absent")
		return
	}
	b.WriteString([...]string{"", "!reset ", "!override "}[n.Mark])
	switch n.Kind {
	case tree.Unknown:
		b.WriteString("?")
	case tree.Null:
		b.WriteString("null")
	case tree.String:
		b.WriteString(strconv.Quote(n.Text))
	case tree.List:
		b.WriteByte('[')
		for i, it := range n.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			write(b, it, at)
		}
		b.WriteByte(']')
		return
	case tree.Map:
		b.WriteByte('{')
		for i, f := range n.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(f.Key + ": ")
			write(b, f.Value, at)
		}
		b.WriteByte('}')
		return
	default:
		b.WriteString(n.Text)
	}
	if at {
		fmt.Fprintf(b, "@%d", n.At.Col)
		if n.At.Len > 0 {
			fmt.Fprintf(b, "+%d", n.At.Len)
		}
	}
}
