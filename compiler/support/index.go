package support

import "slices"

// Index is a table as a trie of its patterns, so that a tree is looked up in one walk.
type Index struct {
	table *Table
	root  *node
}

// node is one step of the patterns.
type node struct {
	row  *Row // of the pattern that ends here, or nil
	keys map[string]*node
	star *node // any key
	item *node // any item of a list
}

// leaf reports whether no row speaks for something below.
func (n *node) leaf() bool { return n.keys == nil && n.star == nil && n.item == nil }

// NewIndex makes the index of t, in time linear in its rows. Of two rows for one pattern, which [Lint] reports, the
// first holds.
func NewIndex(t *Table) *Index {
	x := &Index{table: t, root: &node{}}
	for i := range t.Rows {
		at := x.root
		for _, step := range SplitPattern(t.Rows[i].Field) {
			at = at.step(step)
		}
		if at.row == nil {
			at.row = &t.Rows[i]
		}
	}
	inherit(x.root)
	return x
}

// step is the child for one step of a pattern, made when it is not there.
func (n *node) step(step string) *node {
	var child **node
	switch {
	case step == "*":
		child = &n.star
	case step != "" && step[0] == '[':
		child = &n.item
	default:
		if n.keys == nil {
			n.keys = map[string]*node{}
		}
		if c := n.keys[step]; c != nil {
			return c
		}
		c := &node{}
		n.keys[step] = c
		return c
	}
	if *child == nil {
		*child = &node{}
	}
	return *child
}

// inherit gives a child for one key what its sibling for any key has and it has not, so that the walk need not go two
// ways: with rows for a.*.c and a.b.d, a.b.c is found too.
func inherit(n *node) {
	if n.star != nil {
		inherit(n.star)
		for _, c := range n.keys {
			graft(c, n.star)
		}
	}
	for _, c := range n.keys {
		inherit(c)
	}
	if n.item != nil {
		inherit(n.item)
	}
}

// graft adds to n copies of what from has and n has not.
func graft(n, from *node) {
	if n.row == nil {
		n.row = from.row
	}
	for k, c := range from.keys {
		if n.keys == nil {
			n.keys = make(map[string]*node, len(from.keys))
		}
		n.keys[k] = grafted(n.keys[k], c)
	}
	n.star = grafted(n.star, from.star)
	n.item = grafted(n.item, from.item)
}

// grafted is own with what from has and it has not; a copy of from when there is no own.
func grafted(own, from *node) *node {
	if from == nil {
		return own
	}
	if own == nil {
		own = &node{}
	}
	graft(own, from)
	return own
}

// child is where a walk goes on at key, or nil.
func (n *node) child(key string) *node {
	if n == nil {
		return nil
	}
	if c := n.keys[key]; c != nil {
		return c
	}
	return n.star
}

// items is where a walk goes on at an item of a list, or nil.
func (n *node) items() *node {
	if n == nil {
		return nil
	}
	return n.item
}

// free reports whether text is one of the values that ask for nothing.
func (r *Row) free(text string) bool { return slices.Contains(r.Free, text) }
