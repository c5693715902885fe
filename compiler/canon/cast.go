package canon

import (
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// cast gives the scalar n the kind that the schema asks for. What does not read as that kind stays as it is: the check
// of the merged tree reports it.
func (w *walker) cast(s *shape.Shape, n *tree.Node) *tree.Node {
	if s.Cast == "string" {
		if n.Kind == tree.Int || n.Kind == tree.Float {
			return w.kind(n, tree.String, decimal(n).Text)
		}
		return n
	}
	if n.Kind != tree.String || templated(n.Text) {
		return n
	}
	switch s.Cast {
	case "bool":
		if !s.Kinds.Has(tree.String) && n.Text != "true" && n.Text != "false" {
			return n // the cast is there for ${…} alone
		}
		return w.castBool(n)
	case "int":
		if _, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return w.kind(n, tree.Int, n.Text)
		}
	case "number":
		if _, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return w.kind(n, tree.Int, n.Text)
		}
		if isDecimal(n.Text) {
			return w.kind(n, tree.Float, n.Text)
		}
	}
	return n
}

// isDecimal reports whether s is a number as YAML writes one, which leaves out what ParseFloat also knows: Inf, NaN,
// hexadecimal and underscores.
func isDecimal(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && !strings.ContainsRune("+-.eE", rune(c)) {
			return false
		}
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// kind is n as another kind of scalar.
func (w *walker) kind(n *tree.Node, k tree.Kind, text string) *tree.Node {
	m := *n
	m.Kind, m.Quoted = k, k == tree.String
	if text != n.Text {
		m.Text, m.Derived = text, true
	}
	return &m
}

// castBool reads a boolean as Compose does: yes, no, on, off, y and n too. The surface check has warned of those,
// unless a variable brought them in, which only shows here.
func (w *walker) castBool(n *tree.Node) *tree.Node {
	value, plain, ok := shape.ParseBool(n.Text)
	if !ok {
		return n
	}
	text := strconv.FormatBool(value)
	if !plain && n.Derived {
		w.diags.Warn(diag.Boolean, w.at(), "%q is a string in YAML 1.2, and is taken as %s", n.Text, text).
			AtSpan(n.At).Helpf("give the variable the value %s", text)
	}
	return w.kind(n, tree.Bool, text)
}

// decimal is the integer n written in decimal: 0x1F, 0o17 and 017 as Compose's YAML reads them.
func decimal(n *tree.Node) *tree.Node {
	if n.Kind != tree.Int || len(n.Text) < 2 || n.Text[0] >= '1' && n.Text[0] <= '9' {
		return n
	}
	v, err := strconv.ParseInt(n.Text, 0, 64)
	if err != nil {
		return n
	}
	text := strconv.FormatInt(v, 10)
	if text == n.Text {
		return n
	}
	m := *n
	m.Text, m.Derived = text, true
	return &m
}

func (w *walker) unknownAt(at source.Span) *tree.Node { return w.node(tree.Unknown, at) }
