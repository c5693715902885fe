package canon

import (
	"slices"

	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// form is how the short syntax of a field is written out. before sees the value as its author wrote it; after sees it
// once everything below is canonical. Either may be nil. A form leaves alone what it does not know: the surface
// check has reported that.
type form struct {
	name   string // of the attribute @short
	before func(*walker, *shape.Field, *tree.Node) *tree.Node
	after  func(*walker, *tree.Node) *tree.Node
}

// forms are all short forms, the most frequent ones first.
var forms = [...]form{
	{"kv", keyValues, nil},
	{"port", ports, longPorts},
	{"volume", volumes, longVolumes},
	{"keys", keys, nil},
	{"context", entry("context"), nil},
	{"shellwords", shellWords, nil},
	{"cmdshell", commandShell, nil},
	{"path", items(filePath), nil},
	{"source", items(fileSource), nil},
	{"strings", stringList, nil},
	{"device", items(device), nil},
	{"hosts", hosts, nil},
	{"service", entry("service"), nil},
	{"external", nil, nil}, // a cast, and the step externalName
	{"gpus", allGPUs, nil},
	{"ssh", sshKeys, nil},
}

// formOf is the form of a field, or nil.
func formOf(f *shape.Field) *form {
	if len(f.Short) == 0 {
		return nil
	}
	for i := range forms {
		if forms[i].name == f.Short[0] {
			return &forms[i]
		}
	}
	return nil
}

// Forms are the names that @short may give.
func Forms() []string {
	names := make([]string, len(forms))
	for i := range forms {
		names[i] = forms[i].name
	}
	return names
}

// entry makes the form in which a scalar stands for a mapping with one key.
func entry(key string) func(*walker, *shape.Field, *tree.Node) *tree.Node {
	return func(w *walker, _ *shape.Field, n *tree.Node) *tree.Node {
		if !isScalar(n) {
			return n
		}
		return w.mapOf(n, []tree.Field{{Key: key, KeyAt: n.At, Value: plain(n)}})
	}
}

// plain is n without its merge tag, which goes to the node that takes its place.
func plain(n *tree.Node) *tree.Node {
	if n.Mark == tree.Plain {
		return n
	}
	m := *n
	m.Mark = tree.Plain
	return &m
}

// items makes the form of a list (or of one item in its place) from the form of its items. one returns the item
// itself when it has nothing to write out.
func items(one func(*walker, *tree.Node) *tree.Node) func(*walker, *shape.Field, *tree.Node) *tree.Node {
	return func(w *walker, _ *shape.Field, n *tree.Node) *tree.Node {
		if isScalar(n) {
			list := w.remake(n, tree.List)
			list.Items = []*tree.Node{one(w, plain(n))}
			return list
		}
		if n.Kind != tree.List {
			return n
		}
		var out []*tree.Node
		for i, it := range n.Items {
			if !isScalar(it) {
				continue
			}
			w.item(i)
			v := one(w, it)
			w.up()
			if out == nil {
				out = make([]*tree.Node, len(n.Items))
				copy(out, n.Items)
			}
			out[i] = v
		}
		if out == nil {
			return n
		}
		return n.WithItems(out)
	}
}

// stringList: one string stands for the list of it. An empty one, which is what a variable without a value leaves,
// stands for no string at all; in a list compose-go does the same for dns alone.
func stringList(w *walker, f *shape.Field, n *tree.Node) *tree.Node {
	if isScalar(n) {
		list := w.remake(n, tree.List)
		if n.Text != "" {
			list.Items = []*tree.Node{plain(n)}
		}
		return list
	}
	if f.Name != "dns" || n.Kind != tree.List || !slices.ContainsFunc(n.Items, blank) {
		return n
	}
	return n.WithItems(slices.DeleteFunc(slices.Clone(n.Items), blank))
}

func blank(n *tree.Node) bool { return isScalar(n) && n.Text == "" }

// allGPUs: "all" stands for one request of all of them.
func allGPUs(w *walker, _ *shape.Field, n *tree.Node) *tree.Node {
	if n.Kind != tree.String || n.Text != "all" {
		return n
	}
	list := w.remake(n, tree.List)
	list.Items = []*tree.Node{w.mapOf(plain(n), []tree.Field{{Key: "count", KeyAt: n.At, Value: plain(n)}})}
	return list
}

// allDevices: a request that says neither how many nor which asks for all, as in compose-go.
func allDevices(w *walker, n *tree.Node) *tree.Node {
	if n.Kind != tree.Map || n.Find("count") >= 0 || n.Find("device_ids") >= 0 {
		return n
	}
	return n.Set("count", n.At, w.scalar(tree.String, "all", n.At))
}
