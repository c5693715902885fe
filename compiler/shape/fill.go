package shape

import (
	"slices"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Fill is n with the defaults of s in place of what is left out. Defaults stand behind what was written, in the order of
// the schema, are Derived, and have their place in the schema as position. What does not change is shared with n; a
// node that does not fit s stays as it is. It is for the merged tree: a default must not hide what a lower layer says.
func (s *Shape) Fill(n *tree.Node) *tree.Node {
	if s == nil || n == nil || s.Any {
		return n
	}
	switch n.Kind {
	case tree.Map:
		if m := s.Map.arm(n); m != nil {
			return m.fill(n)
		}
	case tree.List:
		if s.List != nil && s.List.Elem != nil {
			return s.List.fill(n)
		}
	}
	return n
}

// arm is the mapping that n is one of: itself, or the alternative that n chooses; nil when it chooses none.
func (m *MapShape) arm(n *tree.Node) *MapShape {
	if m == nil || m.By == "" {
		return m
	}
	by := n.Str(m.By)
	for i := range m.Arms {
		if m.Arms[i].Value == by {
			return m.Arms[i].Map
		}
	}
	return nil
}

func (l *ListShape) fill(n *tree.Node) *tree.Node {
	var items []*tree.Node
	for i, it := range n.Items {
		v := l.Elem.Fill(it)
		if v == it {
			continue
		}
		if items == nil {
			items = slices.Clone(n.Items)
		}
		items[i] = v
	}
	if items == nil {
		return n
	}
	return n.WithItems(items)
}

func (m *MapShape) fill(n *tree.Node) *tree.Node {
	var fields []tree.Field
	change := func() {
		if fields == nil {
			fields = slices.Clone(n.Fields)
		}
	}
	for i := range n.Fields {
		f := m.byName[n.Fields[i].Key]
		if f == nil {
			f = m.byPattern(n.Fields[i].Key)
		}
		if f == nil || f.Reserved != "" {
			continue
		}
		if v := f.Value.Fill(n.Fields[i].Value); v != n.Fields[i].Value {
			change()
			fields[i].Value = v
		}
	}
	for _, f := range m.defaulted {
		if n.Find(f.Name) >= 0 {
			continue
		}
		v := f.Default
		if f.implied {
			v = f.Value.Fill(&tree.Node{Kind: tree.Map, Derived: true, At: source.Span{Pos: n.At.Pos}})
		}
		change()
		fields = append(fields, tree.Field{Key: f.Name, KeyAt: v.At, Value: v})
	}
	if fields == nil {
		return n
	}
	return n.WithFields(fields)
}
