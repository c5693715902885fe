package shape

import (
	"fmt"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// fewKeys is up to how many keys a message names.
const fewKeys = 8

// unknownKey reports an entry that the mapping does not know.
func (c *checker) unknownKey(m *MapShape, e *tree.Field) {
	p := c.path().Key(e.Key)
	if len(m.Fields) == 0 {
		if want := m.wantKey(); want != "" {
			d := c.found.Error(diag.Pattern, p, "cannot use %q as a name; want %s", e.Key, want).OnKey()
			c.keyAt(d, e)
			return
		}
	}
	d := c.found.Error(diag.UnknownKey, p, "unknown key %q", e.Key).OnKey()
	d.Quiet = diag.SecretName(e.Key) // beside a password that belongs elsewhere stands the password
	c.keyAt(d, e)
	names := m.names()
	switch {
	case e.Key == "apiVersion" && len(c.stack) == 0 && c.base.IsRoot():
		d.Helpf("a manifest of Kubernetes begins so; octo reads Compose files, and makes manifests of them")
	case diag.Near(e.Key, names) != "":
		d.Helpf("did you mean %q?", diag.Near(e.Key, names))
	case m.below(e) != "":
		d.Help = m.below(e)
	case len(names) == 0:
		d.Help = "no keys stand here"
	case len(names) <= fewKeys:
		d.Helpf("the keys that stand here are %s", andList(names))
	case slices.ContainsFunc(m.Patterns, func(p Pattern) bool { return p.extension() }):
		d.Helpf("octo schema lists the keys that stand here; one of your own starts with x-")
	default:
		d.Helpf("octo schema lists the keys that stand here")
	}
}

// keyAt gives d the place of the key, where the tree knows it.
func (c *checker) keyAt(d *diag.Diagnostic, e *tree.Field) {
	if !e.KeyAt.IsZero() {
		d.AtSpan(e.KeyAt)
	}
}

func andList(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

// names are the keys that may be written, reserved ones left out.
func (m *MapShape) names() []string {
	names := make([]string, 0, len(m.Fields))
	for _, f := range m.Fields {
		if f.Reserved == "" && !strings.HasPrefix(f.Name, "x-") {
			names = append(names, f.Name)
		}
	}
	return names
}

// wantKey is what the names in a mapping look like, in words, or "".
func (m *MapShape) wantKey() string {
	for i := range m.Patterns {
		if m.Patterns[i].Want != "" {
			return m.Patterns[i].Want
		}
	}
	return ""
}

// below is a hint where an entry that does not stand here belongs, or "": below a neighbour that has such a key, or
// below one whose entries look like this one.
func (m *MapShape) below(e *tree.Field) string {
	if in := m.holders(nil, "", e.Key, 3); len(in) > 0 && len(in) <= 3 {
		return fmt.Sprintf("%s stands below %s", e.Key, orList(in))
	}
	if e.Value == nil || e.Value.Kind != tree.Map || len(e.Value.Fields) == 0 {
		return ""
	}
	for _, f := range m.Fields {
		if f.Value.Map == nil || f.Reserved != "" || len(f.Value.Map.Fields) > 0 {
			continue
		}
		if sub := f.Value.Map.byPattern(e.Key); sub != nil && sub.Value.Map.knowsAll(e.Value) && !onlyName(e.Value) {
			return fmt.Sprintf("it looks like one of the %s: write it below %s:", f.Name, f.Name)
		}
	}
	return ""
}

// holders adds the paths of the mappings below m, down to a depth, that have a field of this name.
func (m *MapShape) holders(in []string, prefix, key string, depth int) []string {
	for _, f := range m.Fields {
		if f.Value.Map == nil || f.Reserved != "" || f.Moved != "" || strings.HasPrefix(f.Name, "x-") {
			continue
		}
		if g := f.Value.Map.Field(key); g != nil && g.Reserved == "" && g.Moved == "" {
			in = append(in, prefix+f.Name)
		}
		if depth > 1 {
			in = f.Value.Map.holders(in, prefix+f.Name+".", key, depth-1)
		}
	}
	return in
}

// onlyName reports whether n says no more than a name, which too many things have.
func onlyName(n *tree.Node) bool { return len(n.Fields) == 1 && n.Fields[0].Key == "name" }

// knowsAll reports whether every key of n is a declared field of m.
func (m *MapShape) knowsAll(n *tree.Node) bool {
	if m == nil {
		return false
	}
	for i := range n.Fields {
		if m.Field(n.Fields[i].Key) == nil {
			return false
		}
	}
	return true
}
