package compose

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

// lower makes the value of one field. It returns nil for what the output does not hold.
type lower func(l *lowering, p tree.Path, n *tree.Node) *doc.Value

// rule is what becomes of one key.
type rule struct {
	key string
	// do makes the value; nil: the key is not in the output, and table.go or the caller says what becomes of it.
	do lower
	// since are the oldest Compose and the oldest Docker Engine that know the key; zero: all that matter do.
	since since
}

// object is the keys of one kind of mapping, in the order in which they are printed.
type object struct {
	rules []rule
	ranks map[string]int
}

func newObject(rules ...rule) *object {
	o := &object{rules: rules, ranks: make(map[string]int, len(rules))}
	for i := range rules {
		o.ranks[rules[i].key] = i
	}
	return o
}

// additional is room for what a service gets that its sources do not have: init, cap_drop, security_opt, tmpfs, labels.
const additional = 5

// field is a field of a node with its place in the output.
type field struct{ rank, at int }

// lower makes a mapping of n: the keys in the order of the rules, then the x- keys as they stood.
func (o *object) lower(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	v := mapping(p, len(n.Fields)+additional)
	if !l.shape(p, n, tree.Map) {
		return v
	}
	var space [24]field
	for _, f := range o.order(n, space[:0]) {
		key, x := n.Fields[f.at].Key, n.Fields[f.at].Value
		if f.rank == len(o.rules) {
			v.Set(key, same(l, p.Key(key), x))
			continue
		}
		if f.rank < 0 || l.patching && o.rules[f.rank].do == nil {
			if l.patching {
				l.unknownKey(o, p.Key(key), key)
			} else {
				l.noRule(p.Key(key), key)
			}
			continue
		}
		r := &o.rules[f.rank]
		if r.do == nil || x.Kind == tree.Null || x.Kind == tree.Unknown {
			continue // a null says what leaving the key out says
		}
		at := p.Key(key)
		if r.since != (since{}) {
			l.need(r.since, at)
		}
		if y := r.do(l, at, x); y != nil {
			v.Set(key, y)
		}
	}
	return v
}

// order are the fields of n, sorted by their place in the output: -1 for a key without a rule, the last for x- keys.
func (o *object) order(n *tree.Node, out []field) []field {
	for i := range n.Fields {
		key := n.Fields[i].Key
		rank, ok := o.ranks[key]
		switch {
		case ok:
		case isExtension(key):
			rank = len(o.rules)
		default:
			rank = -1
		}
		out = append(out, field{rank, i})
	}
	slices.SortStableFunc(out, func(a, b field) int { return a.rank - b.rank })
	return out
}

// at is the value of key in v, made and put in its place when it is not there.
func (o *object) at(v *doc.Value, key string, make func() *doc.Value) *doc.Value {
	if x := get(v, key); x != nil {
		return x
	}
	x := make()
	o.put(v, key, x)
	return x
}

// put sets key in v, at its place in the order.
func (o *object) put(v *doc.Value, key string, x *doc.Value) {
	rank := o.ranks[key]
	i := 0
	for ; i < len(v.Fields); i++ {
		if v.Fields[i].Key == key {
			v.Fields[i].Value = x
			return
		}
		if r, ok := o.ranks[v.Fields[i].Key]; !ok || r > rank {
			break
		}
	}
	v.Fields = slices.Insert(v.Fields, i, doc.Field{Key: key, Value: x})
}

// get is the value of key in v, or nil.
func get(v *doc.Value, key string) *doc.Value {
	for i := range v.Fields {
		if v.Fields[i].Key == key {
			return v.Fields[i].Value
		}
	}
	return nil
}

// one lowers a mapping by the rules of o.
func one(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		if n.Kind != tree.Map && !l.patching {
			return same(l, p, n)
		}
		return o.lower(l, p, n)
	}
}

// either lowers a mapping by the rules of o, or a text in the short syntax, which Compose reads as it is.
func either(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		if n.Kind != tree.Map && n.Kind != tree.List {
			return same(l, p, n)
		}
		return o.lower(l, p, n)
	}
}

// each lowers a list of mappings by the rules of o.
func each(o *object) lower { return items(one(o)) }

// items lowers each item of a list.
func items(do lower) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := list(p, len(n.Items))
		if !l.shape(p, n, tree.List) {
			return v
		}
		for i, it := range n.Items {
			if x := do(l, p.Index(i), it); x != nil {
				v.Add(x)
			}
		}
		return v
	}
}

// named lowers a mapping of names to mappings by the rules of o; an entry without a value is an empty mapping.
func named(o *object) lower { return entries(one(o)) }

// entries lowers each value of a mapping, whatever its keys are.
func entries(do lower) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := mapping(p, len(n.Fields))
		if !l.shape(p, n, tree.Map) {
			return v
		}
		for i := range n.Fields {
			f := &n.Fields[i]
			at := p.Key(f.Key)
			if f.Value.Kind == tree.Null {
				v.Set(f.Key, doc.NewMap().From(at))
				continue
			}
			if x := do(l, at, f.Value); x != nil {
				v.Set(f.Key, x)
			}
		}
		return v
	}
}

// onLine prints what do makes on one line where it fits.
func onLine(do lower) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := do(l, p, n)
		if v != nil {
			v.Flow = true
		}
		return v
	}
}

// mapping is an empty mapping from p with room for so many entries.
func mapping(p tree.Path, room int) *doc.Value {
	return &doc.Value{Kind: doc.Map, Origin: p, Fields: make([]doc.Field, 0, room)}
}

// list is an empty list from p with room for so many items.
func list(p tree.Path, room int) *doc.Value {
	return &doc.Value{Kind: doc.List, Origin: p, Items: make([]*doc.Value, 0, room)}
}

// isExtension reports whether key is one that Compose leaves to others.
func isExtension(key string) bool { return strings.HasPrefix(key, "x-") }
