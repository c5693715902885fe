package shape

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// hasVariable reports whether the text of a scalar is worked out later: it has a $ that is not $$, or a {{.
func hasVariable(s string) bool {
	for i := strings.IndexByte(s, '$'); i >= 0 && i < len(s); {
		if i+1 >= len(s) || s[i+1] != '$' {
			return true
		}
		next := strings.IndexByte(s[i+2:], '$')
		if next < 0 {
			break
		}
		i += 2 + next
	}
	i := strings.IndexByte(s, '{')
	return i >= 0 && strings.Contains(s[i:], "{{")
}

func (c *checker) scalar(s *Shape, n *tree.Node) {
	if c.mode == Surface && n.Kind != tree.Null && s.scalars() != 0 && hasVariable(n.Text) {
		return
	}
	if !s.Kinds.Has(n.Kind) && !s.castable(n) {
		c.wrongKind(s, n)
		return
	}
	switch n.Kind {
	case tree.Int, tree.Float:
		c.number(s, n)
	case tree.String:
		c.text(s, n)
	}
}

// castable reports whether n stands for a value that s takes, although it is of another kind: what a variable left
// behind, or a string where s takes numbers as they are written.
func (s *Shape) castable(n *tree.Node) bool {
	switch n.Kind {
	case tree.Int:
		return s.Kinds.Has(tree.Float)
	case tree.String:
		switch s.Cast {
		case "bool":
			return s.Kinds.Has(tree.Bool) && (n.Text == "true" || n.Text == "false")
		case "int":
			return s.Kinds.Has(tree.Int) && isWhole(n.Text)
		case "number":
			return s.Kinds.Has(tree.Float) && isNumber(n.Text)
		}
	}
	return false
}

// number checks an integer or floating-point number.
func (c *checker) number(s *Shape, n *tree.Node) {
	x, ok := numberOf(n)
	if !ok {
		c.fault(diag.Type, s, n)
		return
	}
	if s.Unit != "" && !c.unit(s, n) {
		return
	}
	if s.Cast == "int" && n.Kind == tree.Float && x != math.Trunc(x) {
		c.fault(diag.Type, s, n)
		return
	}
	c.bounds(s, n, x)
}

func (c *checker) bounds(s *Shape, n *tree.Node, x float64) {
	if s.Min != nil && x < *s.Min || s.Max != nil && x > *s.Max {
		c.fault(diag.Range, s, n)
	}
}

// text checks a string.
func (c *checker) text(s *Shape, n *tree.Node) {
	if s.Enum != nil && slices.Contains(s.Enum, n.Text) {
		return
	}
	if s.Pattern != nil && s.Kinds.Has(tree.String) {
		if s.Pattern.MatchString(n.Text) {
			return
		}
		if s.Enum == nil {
			c.fault(diag.Pattern, s, n)
			return
		}
	}
	if s.Enum != nil {
		c.notIn(s.Enum, s.Want, n)
		return
	}
	if s.Unit != "" {
		c.unit(s, n)
		return
	}
	switch s.Cast {
	case "bool":
		c.boolean(s, n)
		return
	case "int", "number":
		c.numeral(s, n)
		return
	}
	if s.MinLen > 0 || s.MaxLen >= 0 {
		if l := utf8.RuneCountInString(n.Text); l < s.MinLen || s.MaxLen >= 0 && l > s.MaxLen {
			c.length(s, n, l)
		}
	}
}

// boolean checks a string that must read as a boolean: as Compose does, in any case.
func (c *checker) boolean(s *Shape, n *tree.Node) {
	value, plain, ok := ParseBool(n.Text)
	switch {
	case !ok:
		c.fault(diag.Type, s, n)
	case !plain:
		c.found.Warn(diag.Boolean, c.path(), "%s is a string in YAML 1.2, and is taken as %t", written(n), value).
			Helpf("write %t", value)
	}
}

// ParseBool reads a boolean as Compose does, in any case: true and false, and yes, no, on, off, y and n, for which
// plain is false.
// Source: the casts of compose-go's loader.
func ParseBool(text string) (value, plain, ok bool) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, true, true
	case strings.EqualFold(text, "false"):
		return false, true, true
	case strings.EqualFold(text, "yes"), strings.EqualFold(text, "on"), strings.EqualFold(text, "y"):
		return true, false, true
	case strings.EqualFold(text, "no"), strings.EqualFold(text, "off"), strings.EqualFold(text, "n"):
		return false, false, true
	}
	return false, false, false
}

// numeral checks a string that must read as a number.
func (c *checker) numeral(s *Shape, n *tree.Node) {
	if !isNumber(n.Text) || s.Cast == "int" && !isWhole(n.Text) {
		c.fault(diag.Type, s, n)
		return
	}
	x, err := strconv.ParseFloat(n.Text, 64)
	if err != nil {
		c.fault(diag.Type, s, n)
		return
	}
	c.bounds(s, n, x)
}

// isWhole reports whether s is digits with an optional sign.
func isWhole(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return isDigits(s)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isNumber reports whether s is a decimal number with an optional sign.
func isNumber(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return isDecimal(s)
}

// numberOf is the value of a number node: decimal, 0x and 0o as YAML 1.2 has them. Not a number and the infinities are
// no values that a config can mean.
func numberOf(n *tree.Node) (float64, bool) {
	if n.Kind != tree.Int && n.Kind != tree.Float {
		return 0, false
	}
	if len(n.Text) > 2 && n.Text[0] == '0' && (n.Text[1] == 'x' || n.Text[1] == 'o') {
		u, err := strconv.ParseUint(n.Text, 0, 64)
		return float64(u), err == nil
	}
	x, err := strconv.ParseFloat(n.Text, 64)
	return x, err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
}

func formatNumber(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// units says how a text in a unit is read. A fault of form is a wrong type, one of size is out of range.
var units = []struct {
	name string
	// check reports whether n reads, and whether it is in range.
	check func(n *tree.Node) (reads, inRange bool)
	as    string // what the message calls it: "a duration"
	want  string
	help  string
}{
	{"duration", durationUnitOK, "a duration", "a number with a unit", "the units are w, d, h, m, s, ms, us and ns, as in 1m30s"},
	{"microseconds", microsecondsOK, "a length of time", "a number of microseconds, or a duration such as 400ms", ""},
	{"bytes", bytesOK, "a size", "a number with b, k, m or g", "1k is 1024 bytes: 512m, 1.5g"},
	{"size", sizeOK, "a size", "a number with Ki, Mi or Gi, or k, m or g", "512Mi and 512m are the same"},
	{"octal", octalOK, "permission bits", "an octal number", `write "0440" for a file that its owner and group can read`},
	{"port", portOK, "a port", "1 to 65535", ""},
	{"ports", portsOK, "a port", "1 to 65535, or a range such as 8000-8010", ""},
	{"cpus", cpusOK, "a number of processors", "a number, 0 or more", "0.5 is half of one"},
	{"ratio", ratioOK, "a share", "0 to 1", "0.1 is one in ten"},
}

func durationUnitOK(n *tree.Node) (bool, bool) { _, ok := ParseDuration(n.Text); return ok, ok }

func microsecondsOK(n *tree.Node) (bool, bool) {
	if n.Kind == tree.String && !isNumber(n.Text) {
		return durationUnitOK(n)
	}
	x, err := strconv.ParseFloat(n.Text, 64)
	return err == nil && x == math.Trunc(x), x >= 0
}

func bytesOK(n *tree.Node) (bool, bool) {
	b, binary, ok := parseBytes(n.Text)
	return ok && !binary, b >= -1
}

func sizeOK(n *tree.Node) (bool, bool) {
	b, ok := ParseBytes(n.Text)
	return ok, b >= 0
}

func octalOK(n *tree.Node) (bool, bool) {
	if n.Kind == tree.Int && n.Text[0] != '0' {
		x, ok := numberOf(n)
		return ok, x >= 0 && x <= 0o7777
	}
	_, ok := ParseMode(n.Text)
	return ok, true
}

func portOK(n *tree.Node) (bool, bool) {
	_, ok := ParsePort(n.Text)
	return ok || isWhole(n.Text), ok
}

func portsOK(n *tree.Node) (bool, bool) {
	if n.Text == "" {
		return true, true // any that is free
	}
	_, _, ok := ParsePorts(n.Text)
	return ok || isWhole(n.Text), ok
}

func cpusOK(n *tree.Node) (bool, bool) {
	_, ok := ParseCPUs(n.Text)
	return ok || isNumber(n.Text), ok
}

func ratioOK(n *tree.Node) (bool, bool) {
	x, err := strconv.ParseFloat(n.Text, 64)
	return err == nil && isNumber(n.Text), x >= 0 && x <= 1
}

// unit checks a scalar with a unit, and reports whether it was right.
func (c *checker) unit(s *Shape, n *tree.Node) bool {
	for i := range units {
		u := &units[i]
		if u.name != s.Unit {
			continue
		}
		reads, inRange := u.check(n)
		if !reads || !inRange {
			code := diag.Range
			if !reads {
				code = diag.Type
			}
			c.unitFault(code, i, n)
		}
		return reads && inRange
	}
	return true
}
