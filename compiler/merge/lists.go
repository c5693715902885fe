package merge

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// lists joins lists, the lowest first.
func (m *merger) lists(s *shape.Shape, r *shape.Rule, vals []said) *tree.Node {
	size := 0
	for _, v := range vals {
		size += len(v.n.Items)
	}
	parts := make([][]*tree.Node, len(vals))
	for i, v := range vals {
		parts[i] = m.cleanList(s, nil, v.n).Items
	}
	items := make([]*tree.Node, 0, size)
	switch verb(r) {
	case "unique":
		items = uniqueItems(r.Args, slices.Concat(parts...))
	case "byfield":
		items = m.byField(s, arg(r), slices.Concat(parts...))
	default:
		items = distinct(parts, items)
	}
	return unmarked(vals[len(vals)-1].n.WithItems(items))
}

// distinct joins lists; an item of a higher layer that is equal to one that is there already is left out. Items of the
// lowest layer stay as they are.
func distinct(parts [][]*tree.Node, out []*tree.Node) []*tree.Node {
	out = append(out, parts[0]...)
	var seen map[string]bool
	var buf []byte
	if cap(out) > indexFrom {
		seen = make(map[string]bool, cap(out))
		for _, it := range out {
			buf = appendDigest(buf[:0], it)
			seen[string(buf)] = true
		}
	}
	for _, items := range parts[1:] {
		for _, it := range items {
			if seen == nil {
				if !slices.ContainsFunc(out, func(have *tree.Node) bool { return tree.Equal(have, it) }) {
					out = append(out, it)
				}
				continue
			}
			if buf = appendDigest(buf[:0], it); !seen[string(buf)] {
				seen[string(buf)] = true
				out = append(out, it)
			}
		}
	}
	return out
}

// uniqueItems are items with one for each key: the last one with a key, at the place of the first. An item without a
// key stays. The result is items itself when nothing has to go.
func uniqueItems(args []string, items []*tree.Node) []*tree.Node {
	if len(items) < 2 {
		return items
	}
	keys := make([]string, 0, len(items))
	var index map[string]int
	if len(items) > indexFrom {
		index = make(map[string]int, len(items))
	}
	var out []*tree.Node
	for i, it := range items {
		key := itemKey(args, it)
		at := -1
		if key != "" {
			at = findKey(keys, index, key)
		}
		switch {
		case at >= 0:
			if out == nil {
				out = slices.Clone(items[:i])
			}
			out[at] = over(it, out[at])
			continue
		case out != nil:
			out = append(out, it)
		}
		if index != nil && key != "" {
			index[key] = len(keys)
		}
		keys = append(keys, key)
	}
	if out == nil {
		return items
	}
	return out
}

func findKey(keys []string, index map[string]int, key string) int {
	if index == nil {
		return slices.Index(keys, key)
	}
	if i, ok := index[key]; ok {
		return i
	}
	return -1
}

// itemKey is what makes an item of a unique list the same as another: of a scalar its text up to "=", as in
// compose-go; of a mapping the fields that args name. It is "" for an item that has no key: it says nothing of those fields,
// or nobody knows what.
func itemKey(args []string, n *tree.Node) string {
	if n.Kind != tree.Map || len(args) == 0 {
		if n.Kind.IsScalar() {
			key, _, _ := strings.Cut(n.Text, "=")
			return key
		}
		if n.Kind == tree.Unknown {
			return ""
		}
		return string(appendDigest(nil, n))
	}
	if len(args) == 1 {
		key, _ := keyPart(args[0], n)
		return key
	}
	var b strings.Builder
	empty := true
	for i, a := range args {
		if i > 0 {
			b.WriteByte(0)
		}
		text, known := keyPart(a, n)
		if !known {
			return ""
		}
		empty = empty && text == ""
		b.WriteString(text)
	}
	if empty {
		return ""
	}
	return b.String()
}

// keyPart is the first alternative of a|b that n has: a field, or behind "=" a text in which {field} stands for one. It is
// not known when the field is not.
func keyPart(arg string, n *tree.Node) (text string, known bool) {
	for more := true; more; {
		var one string
		one, arg, more = strings.Cut(arg, "|")
		if text, ok := strings.CutPrefix(one, "="); ok {
			before, rest, found := strings.Cut(text, "{")
			if !found {
				return text, true
			}
			name, after, _ := strings.Cut(rest, "}")
			v := n.Get(name)
			if v == nil || !v.Kind.IsScalar() {
				return "", v == nil
			}
			return before + v.Text + after, true
		}
		switch v := n.Get(one); {
		case v == nil || v.Kind == tree.Null:
		case v.Kind == tree.Unknown:
			return "", false
		default:
			return v.Text, true
		}
	}
	return "", true
}

// byField merges the mappings that have the same value at key; the others stay as they are, but for those that are
// equal to an earlier one.
func (m *merger) byField(s *shape.Shape, key string, items []*tree.Node) []*tree.Node {
	var es *shape.Shape
	if s != nil && s.List != nil {
		es = s.List.Elem
	}
	groups := make([][]said, 0, len(items))
	index := make(map[string]int, len(items))
	for _, it := range items {
		id := "\x00" + it.Str(key)
		if id == "\x00" {
			id = string(appendDigest(nil, it))
		}
		if i, ok := index[id]; ok && it.Kind != tree.Unknown {
			groups[i] = append(groups[i], said{it.At, it})
			continue
		}
		index[id] = len(groups)
		groups = append(groups, []said{{it.At, it}})
	}
	out := make([]*tree.Node, 0, len(groups))
	for i, g := range groups {
		m.path = append(m.path, tree.Step{Index: i})
		if v, _ := m.merge(es, nil, g); v != nil {
			out = append(out, v)
		}
		m.path = m.path[:len(m.path)-1]
	}
	return out
}

// appendDigest writes the value of n so that two nodes have the same digest when they are [tree.Equal].
func appendDigest(b []byte, n *tree.Node) []byte {
	b = append(b, byte('a'+n.Kind))
	switch n.Kind {
	case tree.Map:
		order := make([]int, len(n.Fields))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int { return strings.Compare(n.Fields[i].Key, n.Fields[j].Key) })
		for _, i := range order {
			b = strconv.AppendQuote(b, n.Fields[i].Key)
			b = appendDigest(b, n.Fields[i].Value)
		}
		return append(b, '}')
	case tree.List:
		for _, it := range n.Items {
			b = appendDigest(b, it)
		}
		return append(b, ']')
	}
	b = strconv.AppendInt(b, int64(len(n.Text)), 10)
	b = append(b, ':')
	return append(b, n.Text...)
}
