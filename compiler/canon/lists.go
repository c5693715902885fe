package canon

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// entries collects the entries of a mapping that is made from a list. Looking one up does not get slower with their
// number.
type entries struct {
	fields []tree.Field
	index  map[string]int
}

const indexFrom = 12

func (e *entries) find(key string) int {
	if e.index != nil {
		if i, ok := e.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range e.fields {
		if e.fields[i].Key == key {
			return i
		}
	}
	return -1
}

func (e *entries) add(key string, at source.Span, v *tree.Node) {
	e.fields = append(e.fields, tree.Field{Key: key, KeyAt: at, Value: v})
	switch {
	case e.index != nil:
		e.index[key] = len(e.fields) - 1
	case len(e.fields) == indexFrom:
		e.index = make(map[string]int, 2*indexFrom)
		for i := range e.fields {
			e.index[e.fields[i].Key] = i
		}
	}
}

// keyValues: KEY=VALUE is an entry, KEY alone an entry with null. The last of a key holds. In a mapping a number stands for
// its text.
func keyValues(w *walker, f *shape.Field, n *tree.Node) *tree.Node {
	for i := range n.Fields {
		w.asText(n.Fields[i].Key, n.Fields[i].Value)
	}
	if n.Kind != tree.List {
		return n
	}
	e := entries{fields: make([]tree.Field, 0, len(n.Items))}
	for i, it := range n.Items {
		if !isScalar(it) {
			continue
		}
		t := w.text(it)
		all := part{0, len(t.s)}
		key, value, found := t.cut(all, '=')
		v := (*tree.Node)(nil)
		if found {
			v = w.scalar(tree.String, t.of(value), t.place(value))
			v.Quoted = true
		} else {
			v = w.node(tree.Null, it.At)
		}
		name := t.of(key)
		if r, _ := utf8.DecodeLastRuneInString(name); unicode.IsSpace(r) || name == "" {
			w.item(i)
			shown, secret := it.Text, diag.SecretName(strings.TrimSpace(name))
			if secret {
				shown = name + "=…"
			}
			w.fault(t.place(all), "cannot use %q as KEY=VALUE; want a name before the =, without a space", shown).Quiet = secret
			w.up()
			continue
		}
		if j := e.find(name); j >= 0 {
			e.fields[j].KeyAt, e.fields[j].Value = t.place(key), v.Over(e.fields[j].Value)
			continue
		}
		e.add(name, t.place(key), v)
	}
	return w.mapOf(n, e.fields)
}

// keys: each string is an entry, with null or with the mapping of the form's argument "F=V,…".
func keys(w *walker, f *shape.Field, n *tree.Node) *tree.Node {
	if n.Kind != tree.List {
		return n
	}
	e := entries{fields: make([]tree.Field, 0, len(n.Items))}
	for _, it := range n.Items {
		if !isScalar(it) || e.find(it.Text) >= 0 {
			continue
		}
		e.add(it.Text, it.At, w.keyed(f.Short[1:], it))
	}
	return w.mapOf(n, e.fields)
}

// keyed is the value that an item of a list of keys stands for.
func (w *walker) keyed(args []string, n *tree.Node) *tree.Node {
	if len(args) == 0 {
		return w.node(tree.Null, n.At)
	}
	fields := make([]tree.Field, 0, 2)
	for a := range strings.SplitSeq(args[0], ",") {
		key, value, _ := strings.Cut(a, "=")
		kind := tree.String
		if value == "true" || value == "false" {
			kind = tree.Bool
		}
		fields = append(fields, tree.Field{Key: key, KeyAt: n.At, Value: w.scalar(kind, value, n.At)})
	}
	m := w.node(tree.Map, n.At)
	m.Fields = fields
	return m
}

// hosts: HOST=ADDRESS or HOST:ADDRESS, several addresses behind commas or in several items; in a mapping one address
// or a list of them. An address loses its brackets.
func hosts(w *walker, _ *shape.Field, n *tree.Node) *tree.Node {
	switch n.Kind {
	case tree.List:
		e := entries{fields: make([]tree.Field, 0, len(n.Items))}
		for i, it := range n.Items {
			if isScalar(it) {
				w.item(i)
				w.host(&e, it)
				w.up()
			}
		}
		return w.mapOf(n, e.fields)
	case tree.Map:
		return n.Each(w.addresses)
	}
	return n
}

func (w *walker) host(e *entries, n *tree.Node) {
	t := w.text(n)
	all := part{0, len(t.s)}
	name, rest, found := t.cut(all, '=')
	if !found {
		name, rest, found = t.cut(all, ':')
	}
	if host := t.of(name); !found || host == "" || !templated(host) && strings.Contains(host, ":") {
		w.fault(n.At, "cannot use %q as a host with its address; want HOST=ADDRESS", n.Text)
		return
	}
	var items []*tree.Node
	for more := true; more; {
		var one part
		one, rest, more = t.cut(rest, ',')
		items = append(items, w.scalarOf(&t, tree.String, t.unbracket(one)))
	}
	if i := e.find(t.of(name)); i >= 0 {
		old := e.fields[i].Value
		e.fields[i].Value = old.WithItems(append(old.Items[:len(old.Items):len(old.Items)], items...))
		return
	}
	list := w.node(tree.List, n.At)
	list.Items = items
	e.add(t.of(name), t.place(name), list)
}

func (t *text) unbracket(p part) part {
	if s := t.of(p); len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return part{p.from + 1, p.to - 1}
	}
	return p
}

// addresses is the list of addresses of a host in a mapping.
func (w *walker) addresses(n *tree.Node) *tree.Node {
	if isScalar(n) {
		list := w.remake(n, tree.List)
		list.Items = []*tree.Node{w.address(plain(n))}
		return list
	}
	if n.Kind != tree.List {
		return n
	}
	return n.Each(w.address)
}

func (w *walker) address(n *tree.Node) *tree.Node {
	if n.Kind != tree.String {
		return n
	}
	t := w.text(n)
	all := part{0, len(t.s)}
	if bare := t.unbracket(all); bare != all {
		return w.scalarOf(&t, tree.String, bare)
	}
	return n
}

// sshKeys: default, or a list of ID[=PATH], of which only default may be without a path. As compose-go reads it.
func sshKeys(w *walker, _ *shape.Field, n *tree.Node) *tree.Node {
	items := n.Items
	if isScalar(n) {
		items = []*tree.Node{plain(n)}
	} else if n.Kind != tree.List {
		return n
	}
	e := entries{}
	for i, it := range items {
		if !isScalar(it) {
			continue
		}
		t := w.text(it)
		id, path, found := t.cut(part{0, len(t.s)}, '=')
		v := w.node(tree.Null, it.At)
		switch {
		case found:
			v = w.scalarOf(&t, tree.String, path)
		case it.Text != "default":
			w.item(i)
			w.fault(it.At, "cannot use %q as an SSH key; want default or ID=PATH", it.Text)
			w.up()
			continue
		}
		if j := e.find(t.of(id)); j >= 0 {
			e.fields[j].KeyAt, e.fields[j].Value = t.place(id), v.Over(e.fields[j].Value)
			continue
		}
		e.add(t.of(id), t.place(id), v)
	}
	return w.mapOf(n, e.fields)
}
