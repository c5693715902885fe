package octoctl

import (
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// moves are the keys with several spellings: what stands at from is laid below what stands at to. Repos may name files
// at three places; octoctl.services is short for octoctl.operator.services.
var moves = []struct{ from, to []string }{
	{[]string{"project", "name"}, []string{"name"}},
	{[]string{"project", "id"}, []string{"projectID"}},
	{[]string{"service"}, []string{"configs"}},
	{[]string{"octoctl", "repos"}, []string{"repos"}},
	{[]string{"octoctl", "operator", "repos"}, []string{"repos"}},
	{[]string{"octoctl", "services"}, []string{"octoctl", "operator", "services"}},
}

// normal is a config in one spelling, without include. It is called for one file at a time, so that merging sees one
// spelling only.
func (c *converter) normal(root *tree.Node) *tree.Node {
	if s := root.Get("service"); s != nil && s.Kind == tree.Map {
		for _, key := range keysOf(s) {
			c.concept[key] = true
		}
	}
	root = root.Without("include")
	if o := root.Get("octoctl"); c.isMap(tree.Of("octoctl"), o) {
		root = c.backend(root, o)
	}
	for _, m := range moves {
		root = c.move(root, m.from, m.to)
	}
	if p, ok := field(root, "project"); ok && p.Value.Kind == tree.Map {
		for _, f := range p.Value.Fields {
			c.unknown(tree.Of("project", f.Key), f, "name", "id")
		}
		root = root.Without("project")
	}
	return root
}

// backend moves octoctl.operator where it is a name to octoctl.plugin, which the concept has for it: a name in one file
// must not take away the services that another has below octoctl.operator.
func (c *converter) backend(root, o *tree.Node) *tree.Node {
	f, ok := field(o, "operator")
	if !ok || !f.Value.Kind.IsScalar() {
		return root
	}
	o = o.Without("operator")
	if p, ok := field(o, "plugin"); ok && p.Value.Text != f.Value.Text {
		c.ds.Error(diag.Conflict, tree.Of("octoctl", "plugin"), "octoctl.plugin and octoctl.operator name two backends").AtSpan(p.Value.At).
			SeeSpan(f.Value.At, "octoctl.operator stands here").Helpf("delete one of the two")
	} else {
		c.backends[f.KeyAt] = true
		o = o.Set("plugin", f.KeyAt, f.Value)
	}
	return root.Set("octoctl", source.Span{}, o)
}

// move takes the value at from away, and lays it below the value at to.
func (c *converter) move(root *tree.Node, from, to []string) *tree.Node {
	v, keyAt := root, source.Span{}
	for _, key := range from {
		if v.Kind != tree.Map || v.Find(key) < 0 {
			return root
		}
		f := v.Fields[v.Find(key)]
		v, keyAt = f.Value, f.KeyAt
	}
	root = without(root, from)
	return c.put(root, to, tree.Root, keyAt, v)
}

// without is n without what stands at keys. A mapping stays where it becomes empty.
func without(n *tree.Node, keys []string) *tree.Node {
	if len(keys) == 1 {
		return n.Without(keys[0])
	}
	return n.Set(keys[0], source.Span{}, without(n.Get(keys[0]), keys[1:]))
}

// put lays v below what stands at keys of n, which is at p.
func (c *converter) put(n *tree.Node, keys []string, p tree.Path, at source.Span, v *tree.Node) *tree.Node {
	p = p.Key(keys[0])
	have := n.Get(keys[0])
	if len(keys) > 1 {
		if have == nil || have.Kind == tree.Null {
			have = tree.NewMap(at, nil)
		}
		if !c.isMap(p, have) {
			return n
		}
		return n.Set(keys[0], at, c.put(have, keys[1:], p, at, v))
	}
	if have == nil {
		return n.Set(keys[0], at, v)
	}
	if have.Kind.IsScalar() && v.Kind.IsScalar() && have.Kind != tree.Null && have.Text != v.Text {
		c.guard(c.ds.Error(diag.Conflict, p, "the two spellings of this key say different things").AtSpan(v.At).
			SeeSpan(have.At, "the other stands here").Helpf("delete one of the two"))
	}
	return n.Set(keys[0], at, c.merge(p, []*tree.Node{v, have}))
}
