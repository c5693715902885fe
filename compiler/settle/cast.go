package settle

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// cast gives what a variable brought in without quotes (port: ${PORT}) the kind that the vendor's schema asks for. Text
// in quotes stays text, and what does not read as that kind is left to the check.
func cast(s *shape.Shape, n *tree.Node) *tree.Node {
	if s == nil || s.Any {
		return n
	}
	switch n.Kind {
	case tree.Map:
		if s.Map == nil {
			return n
		}
		var fields []tree.Field
		for i := range n.Fields {
			f := s.Map.Lookup(n.Fields[i].Key)
			if f == nil {
				continue
			}
			v := cast(f.Value, n.Fields[i].Value)
			if v == n.Fields[i].Value {
				continue
			}
			if fields == nil {
				fields = append(fields, n.Fields...)
			}
			fields[i].Value = v
		}
		if fields != nil {
			return n.WithFields(fields)
		}
	case tree.List:
		if s.List != nil {
			return n.Each(func(it *tree.Node) *tree.Node { return cast(s.List.Elem, it) })
		}
	case tree.String:
		if k := castKind(s, n); k != tree.String {
			m := *n
			m.Kind, m.Derived = k, true
			return &m
		}
	}
	return n
}

// castKind is the kind that the text of n has in the eyes of s.
func castKind(s *shape.Shape, n *tree.Node) tree.Kind {
	if n.Quoted || s.Kinds.Has(tree.String) {
		return tree.String
	}
	number := strings.TrimLeft(n.Text, "+-")
	switch {
	case s.Kinds.Has(tree.Bool) && (n.Text == "true" || n.Text == "false"):
		return tree.Bool
	case (s.Kinds.Has(tree.Int) || s.Kinds.Has(tree.Float)) && number != "" && strings.Trim(number, "0123456789") == "":
		return tree.Int
	case s.Kinds.Has(tree.Float) && isDecimal(n.Text):
		return tree.Float
	}
	return tree.String
}
