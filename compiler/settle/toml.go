package settle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// tomlText is n as TOML 1.0: scalars and lists first, then a table for each mapping, and an array of tables for each list
// of mappings.
func tomlText(w *writer, n *tree.Node) string {
	var b strings.Builder
	w.table(&b, w.root(), "", n)
	return b.String()
}

// table writes the entries of one table, whose name is name.
func (w *writer) table(b *strings.Builder, p tree.Path, name string, n *tree.Node) {
	var tables []tree.Field
	for _, f := range sorted(n) {
		if isTable(f.Value) {
			tables = append(tables, f)
			continue
		}
		b.WriteString(tomlKey(f.Key) + " = ")
		w.inline(b, p.Key(f.Key), f.Value)
		b.WriteByte('\n')
	}
	for _, f := range tables {
		below, items, open, end := p.Key(f.Key), []*tree.Node{f.Value}, "[", "]"
		if f.Value.Kind == tree.List {
			items, open, end = f.Value.Items, "[[", "]]"
		}
		key := tomlKey(f.Key)
		if name != "" {
			key = name + "." + key
		}
		for i, it := range items {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(open + key + end + "\n")
			at := below
			if f.Value.Kind == tree.List {
				at = below.Index(i)
			}
			w.table(b, at, key, it)
		}
	}
}

// isTable reports whether n is written as tables of their own.
func isTable(n *tree.Node) bool {
	if n.Kind == tree.List {
		return len(n.Items) > 0 && !slices.ContainsFunc(n.Items, func(it *tree.Node) bool { return it.Kind != tree.Map })
	}
	return n.Kind == tree.Map
}

// inline writes a value on one line.
func (w *writer) inline(b *strings.Builder, p tree.Path, n *tree.Node) {
	switch n.Kind {
	case tree.Map:
		b.WriteByte('{')
		for i, f := range sorted(n) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(" " + tomlKey(f.Key) + " = ")
			w.inline(b, p.Key(f.Key), f.Value)
		}
		b.WriteString(" }")
	case tree.List:
		b.WriteByte('[')
		for i, it := range n.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			w.inline(b, p.Index(i), it)
		}
		b.WriteByte(']')
	case tree.String:
		b.WriteString(tomlString(n.Text))
	case tree.Bool:
		b.WriteString(strings.ToLower(n.Text))
	case tree.Int, tree.Float:
		b.WriteString(w.number(p, n))
	case tree.Null:
		w.fault(p, n, "cannot deliver an empty value as TOML, which has none").Helpf("give it a value, or delete the key")
	}
}

// tomlKey is a key, bare where that is allowed.
func tomlKey(key string) string {
	const bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	if key != "" && strings.Trim(key, bare) == "" {
		return key
	}
	return tomlString(key)
}

// tomlString is s as a basic string.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\uFEFF':
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
