package settle

import (
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

// writer writes the values of one service in one format.
type writer struct {
	d      *delivery
	x      *settler
	format string
	prefix string // of variables
}

// fault reports a value that the format cannot hold.
func (w *writer) fault(p tree.Path, n *tree.Node, format string, args ...any) *diag.Diagnostic {
	return w.x.ds.Error(diag.Type, p, format, args...).AtSpan(w.d.vendor.own(n.At))
}

func (w *writer) root() tree.Path { return w.d.path.Key("values") }

// sorted are the entries of a mapping by key, so that the text does not depend on which layer brought a key in.
func sorted(n *tree.Node) []tree.Field {
	fields := slices.Clone(n.Fields)
	slices.SortFunc(fields, func(a, b tree.Field) int { return strings.Compare(a.Key, b.Key) })
	return fields
}

func jsonText(w *writer, n *tree.Node) string { return string(doc.JSON(w.document(w.root(), n))) }

func yamlText(w *writer, n *tree.Node) string {
	text, _ := doc.YAML(w.document(w.root(), n))
	return string(text)
}

// document is n for the printers of JSON and YAML.
func (w *writer) document(p tree.Path, n *tree.Node) *doc.Value {
	switch n.Kind {
	case tree.Map:
		m := doc.NewMap()
		for _, f := range sorted(n) {
			m.Set(f.Key, w.document(p.Key(f.Key), f.Value))
		}
		return m
	case tree.List:
		l := doc.NewList()
		for i, it := range n.Items {
			l.Add(w.document(p.Index(i), it))
		}
		return l
	case tree.String:
		return doc.Str(n.Text)
	case tree.Bool:
		return doc.Boolean(strings.EqualFold(n.Text, "true"))
	case tree.Int, tree.Float:
		return doc.Literal(w.number(p, n))
	}
	return doc.Nil()
}

var (
	// decimals are the numbers of YAML 1.2's core schema that are written in decimal.
	decimals = regexp.MustCompile(`^([-+]?)(\.[0-9]+|[0-9]+(?:\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	// zeros are numbers that some readers take for octal.
	zeros = regexp.MustCompile(`^[-+]?0[0-9]`)
)

func isDecimal(text string) bool { return decimals.MatchString(text) }

// number is n as the format writes it: as the author did, where the format can.
func (w *writer) number(p tree.Path, n *tree.Node) string {
	switch {
	case zeros.MatchString(n.Text):
		w.fault(p, n, "cannot deliver %s as a number: readers take it for decimal or for octal", n.Text).
			Helpf("write it without zeros, as 0o… for octal, or in quotes for text")
		return "0"
	case !isDecimal(n.Text):
		return w.special(p, n)
	}
	if n.Kind == tree.Int {
		v, _ := new(big.Int).SetString(strings.TrimPrefix(n.Text, "+"), 10)
		if w.format == "toml" && v != nil && !v.IsInt64() {
			w.fault(p, n, "cannot deliver %s as TOML: its whole numbers have 64 bits", n.Text).Helpf("write it in quotes")
		}
	}
	if w.format == "yaml" {
		return n.Text
	}
	m := decimals.FindStringSubmatch(n.Text)
	sign, digits := m[1], m[2]
	if sign == "+" {
		sign = ""
	}
	if digits[0] == '.' {
		digits = "0" + digits
	}
	if strings.HasSuffix(digits, ".") {
		digits += "0"
	}
	return sign + digits + m[3]
}

// special is a number that is not decimal: 0x1F, 0o17, .inf, .nan.
func (w *writer) special(p tree.Path, n *tree.Node) string {
	lower := strings.ToLower(n.Text)
	if v, ok := new(big.Int).SetString(n.Text, 0); ok {
		switch {
		case w.format == "toml" && !v.IsInt64():
			w.fault(p, n, "cannot deliver %s as TOML: its whole numbers have 64 bits", n.Text).Helpf("write it in quotes")
		case w.format == "toml", w.format == "yaml" && strings.HasPrefix(lower, "0x"):
			return n.Text
		}
		return v.String() // YAML 1.1 knows no 0o17
	}
	switch {
	case w.format == "yaml":
		return n.Text
	case w.format == "toml":
		return strings.Replace(lower, ".", "", 1)
	}
	w.fault(p, n, "cannot deliver %s as JSON, which has no such number", n.Text).Helpf("write it in quotes, or choose another format")
	return "0"
}
