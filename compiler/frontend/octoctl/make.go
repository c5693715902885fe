package octoctl

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// mapping is a mapping that the front end made of what stands at at.
func mapping(at source.Span, fields ...tree.Field) *tree.Node {
	n := tree.NewMap(at, fields)
	n.Derived = true
	return n
}

func entry(key string, at source.Span, v *tree.Node) tree.Field {
	return tree.Field{Key: key, KeyAt: at, Value: v}
}

// made is a text that the front end made of what stands at at.
func made(at source.Span, s string) *tree.Node {
	n := tree.NewScalar(at, tree.String, s)
	n.Quoted = true
	return n
}

// literal is n with every dollar sign doubled: our language replaces ${…} later, and octoctl does not here.
func literal(n *tree.Node) *tree.Node {
	switch {
	case n.Kind == tree.List || n.Kind == tree.Map:
		return n.Each(literal)
	case n.Kind == tree.String && strings.Contains(n.Text, "$"):
		m := *n
		m.Text, m.Derived, m.Quoted = double(n.Text), true, true
		return &m
	}
	return n
}

// double doubles the dollar signs of s but for those in {{ … }}, which are not looked at when ${…} is replaced.
func double(s string) string {
	var b strings.Builder
	for s != "" {
		open := strings.Index(s, "{{")
		end := -1
		if open >= 0 {
			end = strings.Index(s[open:], "}}")
		}
		if end < 0 {
			b.WriteString(strings.ReplaceAll(s, "$", "$$"))
			break
		}
		b.WriteString(strings.ReplaceAll(s[:open], "$", "$$"))
		b.WriteString(s[open : open+end+2])
		s = s[open+end+2:]
	}
	return b.String()
}
