package octoctl

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// wants reports a value of the wrong kind. What is unknown was reported.
func (c *converter) wants(p tree.Path, n *tree.Node, want, help string) {
	if n.Kind != tree.Unknown {
		c.guard(c.ds.Error(diag.Type, p, "cannot use %s; want %s", kind(n), want).AtSpan(n.At).Helpf("%s", help))
	}
}

// kind is the kind of n with its article.
func kind(n *tree.Node) string {
	switch n.Kind {
	case tree.Int:
		return "an integer"
	case tree.Null:
		return "null"
	}
	return "a " + n.Kind.String()
}

// unknown reports a key that the dialect does not have.
func (c *converter) unknown(p tree.Path, f tree.Field, known ...string) {
	d := c.ds.Error(diag.UnknownKey, p, "unknown key %q", f.Key).OnKey().AtSpan(f.KeyAt)
	if near := diag.Near(f.Key, known); near != "" {
		d.Helpf("did you mean %q?", near)
	} else {
		d.Helpf("the keys that stand here are %s", strings.Join(known, ", "))
	}
	c.guard(d)
}

// guard keeps the line of a password or a token out of what is printed.
func (c *converter) guard(d *diag.Diagnostic) *diag.Diagnostic {
	d.Quiet = d.Quiet || slices.ContainsFunc(d.Path.Steps(), func(s tree.Step) bool { return diag.SecretName(s.Key) })
	return d
}

// isMap reports whether n is a mapping; something else but null is reported.
func (c *converter) isMap(p tree.Path, n *tree.Node) bool {
	switch {
	case n == nil || n.Kind == tree.Null || n.Kind == tree.Unknown:
		return false
	case n.Kind != tree.Map:
		c.wants(p, n, "a mapping", "write keys and values below it")
		return false
	}
	return true
}

// keysOf are the keys of a mapping, in order.
func keysOf(n *tree.Node) []string {
	if n == nil {
		return nil
	}
	out := make([]string, 0, len(n.Fields))
	for i := range n.Fields {
		out = append(out, n.Fields[i].Key)
	}
	return out
}

// field is the field of a key, with ok false where there is none or it is null.
func field(n *tree.Node, key string) (tree.Field, bool) {
	if i := n.Find(key); i >= 0 && n.Fields[i].Value.Kind != tree.Null {
		return n.Fields[i], true
	}
	return tree.Field{}, false
}

// off reports whether a value says false.
func off(n *tree.Node) bool {
	return n != nil && n.Kind.IsScalar() && strings.EqualFold(n.Text, "false")
}

// on reports whether a value says true.
func on(n *tree.Node) bool {
	return n != nil && n.Kind.IsScalar() && strings.EqualFold(n.Text, "true")
}
