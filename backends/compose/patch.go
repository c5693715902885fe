package compose

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// patch lays services.X.target.compose over v, the output of s, last: mappings deep, lists and scalars in place of what
// is there, and null takes away. Its keys go by the rules of the service's own, so that its paths lead to the same
// places; the short syntax of mappings is written out here, as the stage that does so for the rest leaves it alone.
func (l *lowering) patch(s *model.Service, p tree.Path, n *tree.Node, v *doc.Value) {
	words := n.Get("target").Get("compose")
	if words == nil || words.Kind != tree.Map || len(words.Fields) == 0 {
		return
	}
	at := p.Keys("target", "compose")
	words = spelled(words)
	l.patching = true
	x := l.keys.service.lower(l, at, withoutNulls(words))
	l.patching = false
	l.settle(x)
	lay(v, x, l.keys.service)
	l.nullKeys(words, at)
	takeAway(v, words)
	if _, is := l.inside(s); words.Get("volumes") != nil && (is || usesSidecar(v)) { // the list had it
		l.carry(s, p, v, at.Key("volumes"))
	}
	l.askStill(s, words, v)
}

// settle lets every origin below v be a field that is written: what was spelled out leads to what it was made of.
func (l *lowering) settle(v *doc.Value) {
	for !v.Origin.IsRoot() && l.at(v.Origin) == nil {
		v.Origin = v.Origin.Parent()
	}
	for _, it := range v.Items {
		l.settle(it)
	}
	for i := range v.Fields {
		l.settle(v.Fields[i].Value)
	}
}

// lay merges x over v: mappings deep, everything else replaces. A new key stands where o has it.
func lay(v, x *doc.Value, o *object) {
	for _, f := range x.Fields {
		have := get(v, f.Key)
		switch {
		case have != nil && have.Kind == doc.Map && f.Value.Kind == doc.Map:
			lay(have, f.Value, nil)
		case have == nil && o != nil && !isExtension(f.Key):
			o.put(v, f.Key, f.Value)
		default:
			setEntry(v, f.Key, f.Value)
		}
	}
}

// takeAway deletes from v what is null in n.
func takeAway(v *doc.Value, n *tree.Node) {
	if v == nil || v.Kind != doc.Map {
		return
	}
	for i := range n.Fields {
		switch f := &n.Fields[i]; f.Value.Kind {
		case tree.Null:
			v.Fields = deleteKey(v.Fields, f.Key)
		case tree.Map:
			takeAway(get(v, f.Key), f.Value)
		}
	}
}

// withoutNulls is n without its entries that are null, at any depth.
func withoutNulls(n *tree.Node) *tree.Node {
	switch n.Kind {
	case tree.List:
		return n.Each(withoutNulls)
	case tree.Map:
		fields := make([]tree.Field, 0, len(n.Fields))
		for _, f := range n.Fields {
			if f.Value.Kind != tree.Null {
				f.Value = withoutNulls(f.Value)
				fields = append(fields, f)
			}
		}
		return n.WithFields(fields)
	}
	return n
}

// nullKeys reports the keys with null that Compose does not know: the lowering does not see them.
func (l *lowering) nullKeys(n *tree.Node, at tree.Path) {
	for i := range n.Fields {
		f := &n.Fields[i]
		if _, known := l.keys.service.ranks[f.Key]; f.Value.Kind == tree.Null && !known && !isExtension(f.Key) {
			l.unknownKey(l.keys.service, at.Key(f.Key), f.Key)
		}
	}
}

// unknownKey reports a key of a patch that Compose does not know, or that is octo's.
func (l *lowering) unknownKey(o *object, at tree.Path, key string) {
	rank, known := o.ranks[key]
	d := l.ds.Error(diag.UnknownKey, at, "unknown key %q", key).OnKey()
	d.Target = l.in.Target.Name
	if known && o.rules[rank].do == nil {
		d.Helpf("it is no key of compose.yaml: write it on the service itself")
		return
	}
	if near := diag.Near(key, o.written()); near != "" {
		d.Helpf("did you mean %q?", near)
	} else {
		d.Helpf("write a key of compose.yaml, or one that starts with x-")
	}
}

// written are the keys that stand in the output.
func (o *object) written() []string {
	var out []string
	for i := range o.rules {
		if o.rules[i].do != nil {
			out = append(out, o.rules[i].key)
		}
	}
	return out
}

// shape reports whether n has the kind that a rule takes. Only a patch can have another, which is reported.
func (l *lowering) shape(p tree.Path, n *tree.Node, kind tree.Kind) bool {
	if n.Kind == kind || !l.patching {
		return true
	}
	d := l.ds.Error(diag.Type, p, "cannot use this %s here; want a %s", n.Kind, kind)
	d.Target = l.in.Target.Name
	d.Helpf("write the long syntax of the Compose specification")
	return false
}

// spellings write out the short syntax of the keys of a service in a patch.
var spellings = []struct {
	key  string
	make func(n *tree.Node) *tree.Node
}{
	{"annotations", pairs}, {"environment", pairs}, {"labels", pairs}, {"sysctls", pairs},
	{"depends_on", nameMap}, {"networks", nameMap},
	{"build", under("context")},
	{"env_file", listOf(under("path"))}, {"label_file", listOf(nil)},
}

// spelled is a patch with its short syntax written out.
func spelled(n *tree.Node) *tree.Node {
	for _, s := range spellings {
		if i := n.Find(s.key); i >= 0 {
			if x := s.make(n.Fields[i].Value); x != n.Fields[i].Value {
				n = n.Set(s.key, n.Fields[i].KeyAt, x)
			}
		}
	}
	return n
}

// pairs is a list of KEY=VALUE as a mapping; a key alone is null, which takes it away.
func pairs(n *tree.Node) *tree.Node {
	if n.Kind != tree.List {
		return n
	}
	m := tree.NewMap(n.At, nil)
	for _, it := range n.Items {
		key, value, ok := strings.Cut(it.Text, "=")
		x := tree.NewScalar(it.At, tree.Null, "")
		if ok {
			x = tree.NewScalar(it.At, tree.String, value)
		}
		m = m.Set(key, it.At, x)
	}
	return m
}

// nameMap is a list of names as a mapping of them to nothing in particular.
func nameMap(n *tree.Node) *tree.Node {
	if n.Kind != tree.List {
		return n
	}
	m := tree.NewMap(n.At, nil)
	for _, it := range n.Items {
		m = m.Set(it.Text, it.At, tree.NewMap(it.At, nil))
	}
	return m
}

// under makes a scalar the value of key in a mapping.
func under(key string) func(*tree.Node) *tree.Node {
	return func(n *tree.Node) *tree.Node {
		if !n.Kind.IsScalar() || n.Kind == tree.Null {
			return n
		}
		return tree.NewMap(n.At, []tree.Field{{Key: key, KeyAt: n.At, Value: n}})
	}
}

// listOf makes a scalar a list of one, and each item what make makes of it.
func listOf(make func(*tree.Node) *tree.Node) func(*tree.Node) *tree.Node {
	return func(n *tree.Node) *tree.Node {
		if n.Kind.IsScalar() && n.Kind != tree.Null {
			n = tree.NewList(n.At, []*tree.Node{n})
		}
		if n.Kind != tree.List || make == nil {
			return n
		}
		return n.Each(make)
	}
}
