package load

import (
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// setFile is the name of the file that the --set of the command line are taken to be written in.
const setFile = "--set"

// set adds the layer of one --set PATH=VALUE.
func (l *loader) set(i int, text string) {
	file := &source.File{Name: setFile, Rel: setFile, Data: []byte(text)}
	at := func(col, n int) source.Span {
		return source.Span{Pos: source.Pos{File: file, Line: 1, Col: int32(col)}, Len: int32(n)}
	}
	name, value, ok := strings.Cut(text, "=")
	p, err := tree.ParsePath(name)
	width := utf8.RuneCountInString(name)
	switch {
	case !ok:
		l.ds.Error(diag.Syntax, tree.Root, "cannot read --set %s: want PATH=VALUE", text).AtSpan(at(1, 0)).
			Helpf("write --set services.web.replicas=3")
		return
	case err != nil || p.IsRoot():
		l.ds.Error(diag.Syntax, tree.Root, "cannot read %q as the path of a field", name).AtSpan(at(1, max(width, 1))).
			Helpf("write --set services.web.replicas=3; put a key with a dot into [\"…\"]")
		return
	}
	steps := p.Steps()
	for _, s := range steps {
		if s.Index >= 0 {
			l.ds.Error(diag.Syntax, tree.Root, "cannot set one item of a list: %s", name).AtSpan(at(1, width)).
				Helpf(`set the list: --set '%s=!override [a, b]'`, name[:strings.IndexByte(name, '[')])
			return
		}
	}
	n := l.setValue(file, value, width+2)
	if n == nil {
		return
	}
	for j := len(steps) - 1; j >= 0; j-- {
		n = tree.NewMap(at(1, width), []tree.Field{{Key: steps[j].Key, KeyAt: at(1, width), Value: n}})
	}
	if l.def != nil {
		l.report(l.def.Check(tree.Root, n, shape.Surface), n)
	}
	y := &layer{file: file, root: n, dir: ".", env: l.env}
	l.vars.declare(y)
	l.layers = append(l.layers, y)
}

// setValue reads the VALUE of a --set, which stands at this column.
func (l *loader) setValue(file *source.File, value string, col int) *tree.Node {
	// The value is parsed behind a key of such a length that its columns are right.
	key := strings.Repeat("k", max(col-3, 1))
	inner := &source.File{Name: setFile, Rel: setFile, Data: []byte(key + ": " + value)}
	root, ds := parse.YAML(inner)
	for _, d := range ds {
		d.At.File = file
		for i := range d.Related {
			d.Related[i].At.File = file
		}
	}
	l.report(ds, nil)
	if root == nil || len(root.Fields) != 1 {
		if len(ds) == 0 {
			l.ds.Error(diag.Syntax, tree.Root, "cannot read %q as one value", value).
				AtSpan(source.Span{Pos: source.Pos{File: file, Line: 1, Col: int32(col)}}).Helpf("put it into quotes")
		}
		return nil
	}
	return rebase(root.Fields[0].Value, file)
}

// rebase is n with its places in another file.
func rebase(n *tree.Node, file *source.File) *tree.Node {
	m := *n
	m.At.File = file
	items := make([]*tree.Node, len(n.Items))
	for i, it := range n.Items {
		items[i] = rebase(it, file)
	}
	fields := make([]tree.Field, len(n.Fields))
	for i, f := range n.Fields {
		f.KeyAt.File = file
		f.Value = rebase(f.Value, file)
		fields[i] = f
	}
	switch n.Kind {
	case tree.List:
		return m.WithItems(items)
	case tree.Map:
		return m.WithFields(fields)
	}
	return &m
}
