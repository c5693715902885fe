package canon

import "github.com/octocompose/octocompose/compiler/tree"

// filePath: a string is the path of a file of environment variables.
func filePath(w *walker, n *tree.Node) *tree.Node { return w.single(n, "path") }

// fileSource: a string names a config or a secret.
func fileSource(w *walker, n *tree.Node) *tree.Node { return w.single(n, "source") }

func (w *walker) single(n *tree.Node, key string) *tree.Node {
	if n.Kind != tree.String {
		w.fault(n.At, "cannot use %s as a %s; want a string", n.Text, key)
		return w.unknown(n)
	}
	return w.mapOf(n, []tree.Field{{Key: key, KeyAt: n.At, Value: plain(n)}})
}

// device: SOURCE[:TARGET[:PERMISSIONS]]; the target is the source and the permissions rwm when left out.
func device(w *walker, n *tree.Node) *tree.Node {
	t := w.text(n)
	var sections [3]part
	count := t.split(part{0, len(t.s)}, ':', sections[:])
	if n.Kind != tree.String || count > 3 || sections[0].empty() {
		w.fault(n.At, "cannot use %q as a device; want SOURCE:TARGET:PERMISSIONS", n.Text).
			Helpf("a path that holds a colon needs the long syntax: {source: …, target: …, permissions: rwm}")
		return w.unknown(n)
	}
	target := sections[0]
	if count > 1 && !sections[1].empty() {
		target = sections[1]
	}
	permissions := w.scalar(tree.String, "rwm", n.At)
	if count == 3 {
		permissions = w.scalarOf(&t, tree.String, sections[2])
	}
	return w.mapOf(n, []tree.Field{
		{Key: "source", KeyAt: n.At, Value: w.scalarOf(&t, tree.String, sections[0])},
		{Key: "target", KeyAt: n.At, Value: w.scalarOf(&t, tree.String, target)},
		{Key: "permissions", KeyAt: n.At, Value: permissions},
	})
}
