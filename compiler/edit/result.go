package edit

import (
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// trie holds edits by the steps of their paths.
type trie struct {
	edit *Edit
	next map[tree.Step]*trie
}

func (t *trie) add(w *work, e *Edit) *diag.Diagnostic {
	for _, s := range e.Path.Steps() {
		if t.next == nil {
			t.next = map[tree.Step]*trie{}
		}
		if t.next[s] == nil {
			t.next[s] = &trie{}
		}
		t = t.next[s]
	}
	if t.edit != nil {
		return w.overlap(e.Path, t.edit.Path)
	}
	t.edit = e
	return nil
}

func (w *work) overlap(p, other tree.Path) *diag.Diagnostic {
	var ds diag.List
	d := ds.Error(diag.Conflict, p, "cannot make two changes in one place").See(other, "the other one is here").
		Helpf("make one of them first, and then the other")
	ds.Locate(w.root)
	return d
}

// check reports edits inside of what another one takes away or replaces, and moves to such a place.
func (t *trie) check(w *work, edits []Edit) diag.List {
	var ds diag.List
	for i := range edits {
		e := &edits[i]
		if d := t.above(w, e.Path, false); d != nil {
			ds = append(ds, d)
		}
		if e.op == opMove {
			if d := t.above(w, e.To, true); d != nil {
				d.Path = e.Path
				ds = append(ds, d)
			}
		}
	}
	return ds
}

// above reports an edit on the way to p that changes what p means; to: p is where something goes.
func (t *trie) above(w *work, p tree.Path, to bool) *diag.Diagnostic {
	for _, s := range p.Steps() {
		if t.edit != nil && (to || t.edit.op != opRename) {
			return w.overlap(p, t.edit.Path)
		}
		if to && s.Index >= 0 {
			for _, n := range t.next {
				if n.edit != nil && n.edit.op == opDelete {
					return w.overlap(p, n.edit.Path)
				}
			}
		}
		if t = t.next[s]; t == nil {
			return nil
		}
	}
	if to && t.edit != nil {
		return w.overlap(p, t.edit.Path)
	}
	return nil
}

// apply is the tree with the edits.
func apply(root *tree.Node, edits []Edit) *tree.Node {
	t := &trie{}
	for i := range edits {
		_ = t.add(nil, &edits[i])
	}
	out := t.rebuild(root)
	for _, e := range edits {
		if e.op == opMove {
			n, _ := tree.Get(root, e.Path)
			out = put(out, e.To.Steps(), n)
		}
	}
	return out
}

func (t *trie) rebuild(n *tree.Node) *tree.Node {
	if t == nil || n == nil {
		return n
	}
	if t.edit != nil && t.edit.op == opSet {
		m := *n
		m.Kind, m.Text = t.edit.kind, t.edit.text
		return &m
	}
	if len(t.next) == 0 {
		return n
	}
	if n.Kind == tree.List {
		items := []*tree.Node{}
		for i, it := range n.Items {
			kid := t.next[tree.Step{Index: i}]
			if kid.takes() {
				continue
			}
			items = append(items, kid.rebuild(it))
		}
		return n.WithItems(items)
	}
	fields := []tree.Field{}
	for _, f := range n.Fields {
		kid := t.next[tree.Step{Key: f.Key, Index: -1}]
		if kid.takes() {
			continue
		}
		f.Value = kid.rebuild(f.Value)
		if kid != nil && kid.edit != nil && kid.edit.op == opRename {
			f.Key = kid.edit.text
		}
		fields = append(fields, f)
	}
	return n.WithFields(fields)
}

func (t *trie) takes() bool {
	return t != nil && t.edit != nil && (t.edit.op == opDelete || t.edit.op == opMove)
}

// put is n with v at the end of steps.
func put(n *tree.Node, steps []tree.Step, v *tree.Node) *tree.Node {
	if len(steps) == 0 {
		return v
	}
	s := steps[0]
	if s.Index >= 0 {
		items := append([]*tree.Node{}, n.Items...)
		items[s.Index] = put(items[s.Index], steps[1:], v)
		return n.WithItems(items)
	}
	if n == nil || n.Kind != tree.Map {
		mark := tree.Plain
		if n != nil {
			mark = n.Mark
		}
		n = tree.NewMap(source.Span{}, nil)
		n.Mark = mark
	}
	return n.Set(s.Key, source.Span{}, put(n.Get(s.Key), steps[1:], v))
}

// same reports whether two trees mean the same: what [tree.Equal] compares, and merge tags.
func same(a, b *tree.Node) bool {
	if a == b {
		return true
	}
	if a.Kind != b.Kind || a.Mark != b.Mark || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Items {
		if !same(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Fields {
		v := b.Get(a.Fields[i].Key)
		if v == nil || !same(a.Fields[i].Value, v) {
			return false
		}
	}
	return true
}
