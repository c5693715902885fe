package support

import "github.com/octocompose/octocompose/compiler/tree"

// union is every field that one of the trees has, which differ where targets have overlays: of mappings all keys, of
// lists as many items as the longest has, of the rest what the first says.
func union(a, b *tree.Node) *tree.Node {
	switch {
	case a == b || b == nil || asksNothing(b):
		return a
	case a == nil || asksNothing(a):
		return b
	case a.Kind != b.Kind:
		return a
	case a.Kind == tree.Map:
		for i := range b.Fields {
			f := &b.Fields[i]
			low := a.Get(f.Key)
			if v := union(low, f.Value); v != low {
				a = a.Set(f.Key, f.KeyAt, v)
			}
		}
	case a.Kind == tree.List:
		items := append([]*tree.Node(nil), a.Items...)
		for i, it := range b.Items {
			if i == len(items) {
				items = append(items, nil)
			}
			items[i] = union(items[i], it)
		}
		return a.WithItems(items)
	}
	return a
}

// own is what the target of a column has at p, where n is what one of the targets has; nil when it has nothing.
func (r *reporter) own(column int, p tree.Path, n *tree.Node) *tree.Node {
	root := r.columns[column].Root
	if root == nil || root == r.root {
		return n
	}
	n, ok := tree.Get(root, p)
	if !ok || asksNothing(n) {
		return nil
	}
	return n
}
