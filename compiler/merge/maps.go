package merge

import (
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// entryReplaces is the rule of the entries of a mapping of the verb kv: a key without a value is a value too (it is
// taken from the environment), so null replaces.
var entryReplaces = shape.Rule{Verb: "replace"}

// child is the shape and the rule of an entry of a mapping with shape s and rule r.
func child(s *shape.Shape, r *shape.Rule, key string) (*shape.Shape, *shape.Rule) {
	cs, cr := of(lookup(s, key))
	if verb(r) == "kv" && arg(r) != "multi" {
		cr = &entryReplaces
	}
	return cs, cr
}

// maps merges mappings by key, all layers at once, so that a thousand small layers over one large mapping cost no more
// than their size. Keys keep the order in which they come up.
func (m *merger) maps(s *shape.Shape, r *shape.Rule, vals []said) *tree.Node {
	t := m.table(vals)
	defer func() { m.depth-- }()
	fields := make([]tree.Field, 0, len(t.keys))
	for i, key := range t.keys {
		at := len(m.stack)
		for j := t.first[i]; j >= 0; j = t.next[j] {
			m.stack = append(m.stack, t.said[j])
		}
		of := m.stack[at:len(m.stack):len(m.stack)]
		cs, cr := child(s, r, key)
		m.path = append(m.path, tree.Step{Key: key, Index: -1})
		v, keyAt := m.merge(cs, cr, of)
		m.path = m.path[:len(m.path)-1]
		m.stack = m.stack[:at]
		if v != nil {
			fields = append(fields, tree.Field{Key: key, KeyAt: keyAt, Value: v})
		}
	}
	top := vals[len(vals)-1].n
	return unmarked(top.WithFields(fields))
}

// table is what several layers say, by key.
type table struct {
	keys        []string
	first, last []int32 // by key: into said
	said        []said
	next        []int32 // by said: the one of the next layer with the same key, or -1
	lowest      *tree.Node
	index       map[string]int32 // of the keys that the lowest layer does not have
}

const indexFrom = 12

// table is what vals say. Tables are used again: one for each depth of mappings in mappings.
func (m *merger) table(vals []said) *table {
	if m.depth == len(m.tables) {
		m.tables = append(m.tables, &table{})
	}
	t := m.tables[m.depth]
	m.depth++
	t.keys, t.first, t.last, t.said, t.next = t.keys[:0], t.first[:0], t.last[:0], t.said[:0], t.next[:0]
	t.lowest, t.index = vals[0].n, nil
	for i, v := range vals {
		for j := range v.n.Fields {
			fd := &v.n.Fields[j]
			t.add(fd.Key, i > 0, said{fd.KeyAt, fd.Value})
		}
	}
	return t
}

// add notes what a layer says of key; only keys of higher layers can be there already.
func (t *table) add(key string, higher bool, v said) {
	at := int32(len(t.said))
	t.said, t.next = append(t.said, v), append(t.next, -1)
	if higher {
		if i := t.find(key); i >= 0 {
			t.next[t.last[i]] = at
			t.last[i] = at
			return
		}
	}
	t.keys, t.first, t.last = append(t.keys, key), append(t.first, at), append(t.last, at)
	extra := len(t.keys) - len(t.lowest.Fields)
	switch {
	case !higher || extra < indexFrom:
	case t.index == nil:
		t.index = make(map[string]int32, 2*indexFrom)
		for i := len(t.lowest.Fields); i < len(t.keys); i++ {
			t.index[t.keys[i]] = int32(i)
		}
	default:
		t.index[key] = int32(len(t.keys) - 1)
	}
}

func (t *table) find(key string) int {
	if i := t.lowest.Find(key); i >= 0 {
		return i
	}
	if t.index != nil {
		if i, ok := t.index[key]; ok {
			return int(i)
		}
		return -1
	}
	for i := len(t.lowest.Fields); i < len(t.keys); i++ {
		if t.keys[i] == key {
			return i
		}
	}
	return -1
}

// clean is n as the only layer: without merge tags, and with unique lists that hold an item once.
func (m *merger) clean(s *shape.Shape, r *shape.Rule, n *tree.Node) *tree.Node {
	if m.keep {
		return n
	}
	switch n.Kind {
	case tree.Map:
		n = m.cleanMap(s, r, n)
	case tree.List:
		n = m.cleanList(s, r, n)
	}
	return unmarked(n)
}

func (m *merger) cleanMap(s *shape.Shape, r *shape.Rule, n *tree.Node) *tree.Node {
	var out []tree.Field
	for i := range n.Fields {
		fd := &n.Fields[i]
		v := fd.Value
		switch {
		case v.Mark == tree.Reset:
			v = nil
		case v.Kind == tree.Map || v.Kind == tree.List:
			cs, cr := child(s, r, fd.Key)
			v = m.clean(cs, cr, v)
		default:
			v = unmarked(v)
		}
		if v != fd.Value && out == nil {
			out = append(make([]tree.Field, 0, len(n.Fields)), n.Fields[:i]...)
		}
		if out != nil && v != nil {
			out = append(out, tree.Field{Key: fd.Key, KeyAt: fd.KeyAt, Value: v})
		}
	}
	if out == nil {
		return n
	}
	return n.WithFields(out)
}

func (m *merger) cleanList(s *shape.Shape, r *shape.Rule, n *tree.Node) *tree.Node {
	var es *shape.Shape
	if s != nil && s.List != nil {
		es = s.List.Elem
	}
	var out []*tree.Node
	for i, it := range n.Items {
		v := it
		if it.Mark == tree.Reset {
			v = nil
		} else {
			v = m.clean(es, nil, it)
		}
		if v != it && out == nil {
			out = append(make([]*tree.Node, 0, len(n.Items)), n.Items[:i]...)
		}
		if out != nil && v != nil {
			out = append(out, v)
		}
	}
	if out != nil {
		n = n.WithItems(out)
	}
	if verb(r) == "unique" {
		if u := uniqueItems(r.Args, n.Items); len(u) != len(n.Items) {
			return n.WithItems(u)
		}
	}
	return n
}

// unmarked is n without its merge tag.
func unmarked(n *tree.Node) *tree.Node {
	if n.Mark == tree.Plain {
		return n
	}
	c := *n
	c.Mark = tree.Plain
	return &c
}
