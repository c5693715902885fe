package support

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Check reports every field of the merged canonical tree that the target cannot express: an error, or a warning where
// targets.T.accept names it ([Refuse]). What asks for nothing is let through: null, an empty list or mapping, a value
// in Free, an x- key. A field that no row speaks for is a fault of the table: an error with the code internal. An item
// of targets.T.accept that names no field of the tree is a warning.
func Check(t *Table, root *tree.Node, target *model.Target) diag.List {
	return NewIndex(t).Check(root, target)
}

// Check is [Check] with an index that was made before.
func (x *Index) Check(root *tree.Node, target *model.Target) diag.List {
	c := checker{table: x.table, target: target}
	if root != nil {
		c.walk(tree.Root, root, x.root, nil)
		idle(&c.found, root, target)
	}
	return c.found
}

// checker is one walk. The path is built on the way down, one small allocation a step that leads on; fields that a
// row without exceptions decides cost none.
type checker struct {
	table  *Table
	target *model.Target
	found  diag.List
}

// walk looks at n. at is its place in the trie, nil when no row is so deep; row is the nearest row above.
func (c *checker) walk(p tree.Path, n *tree.Node, at *node, row *Row) {
	if at != nil && at.row != nil {
		row = at.row
	}
	if asksNothing(n) || row != nil && decided(row, at, n) {
		return
	}
	if at == nil || at.leaf() || n.Kind.IsScalar() {
		c.decide(p, n, row)
		return
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		if strings.HasPrefix(f.Key, "x-") && at.star == nil {
			continue
		}
		next := at.child(f.Key)
		if next != nil && next.row != nil && (asksNothing(f.Value) || decided(next.row, next, f.Value)) {
			continue
		}
		c.walk(p.Key(f.Key), f.Value, next, row)
	}
	for i, it := range n.Items {
		c.walk(p.Index(i), it, at.items(), row)
	}
}

// decided reports whether row lets n and everything below it through.
func decided(row *Row, at *node, n *tree.Node) bool {
	if row.Level != Unsupported && !row.Loud {
		return at == nil || at.leaf() || n.Kind.IsScalar()
	}
	return n.Kind.IsScalar() && row.free(n.Text)
}

// decide reports n, for which row speaks alone.
func (c *checker) decide(p tree.Path, n *tree.Node, row *Row) {
	switch {
	case row == nil:
		c.found.Error(diag.Internal, p, "the table of backend %s has no row for %s", c.table.Backend, patternOf(p)).OnKey()
	case row.Loud:
		Emulate(&c.found, c.target, p, "", "%s", row.How)
	case row.Level == Unsupported:
		before := len(c.found)
		Refuse(&c.found, c.target, p, row.How, "%s cannot express it", c.table.Backend)
		if d := c.found[before]; d.Severity == diag.Error {
			d.OnKey()
		}
	}
}

// asksNothing reports whether a value changes nothing on any target: null, empty, or unknown and so reported already.
func asksNothing(n *tree.Node) bool {
	switch {
	case n == nil:
		return true
	case n.Kind == tree.Map:
		return len(n.Fields) == 0
	case n.Kind == tree.List:
		return len(n.Items) == 0
	}
	return n.Kind == tree.Null || n.Kind == tree.Unknown
}

// patternOf is the pattern that a row for p would have, as far as the path alone shows: the names of the top level's
// entries are stars, positions are "[]".
func patternOf(p tree.Path) string {
	out := ""
	for i, s := range p.Steps() {
		switch {
		case s.Index >= 0:
			out = join(out, "[]")
		case i == 1:
			out = join(out, "*")
		default:
			out = join(out, s.Key)
		}
	}
	return out
}

// join is a pattern with one more step.
func join(pattern, step string) string {
	if pattern == "" || step != "" && step[0] == '[' {
		return pattern + step
	}
	return pattern + "." + step
}
