package compose

import (
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

// escape is s as Compose reads it back: it interpolates every string value, and "$$" stands for "$" (Compose
// specification, Interpolation).
func escape(s string) string {
	if strings.IndexByte(s, '$') < 0 {
		return s
	}
	return strings.ReplaceAll(s, "$", "$$")
}

// same is n as it is: lists of scalars on one line, the rest in block style.
func same(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	switch n.Kind {
	case tree.List:
		v := list(p, len(n.Items))
		v.Flow = true
		for i, it := range n.Items {
			v.Flow = v.Flow && it.Kind.IsScalar()
			v.Add(same(l, p.Index(i), it))
		}
		return v
	case tree.Map:
		v := mapping(p, len(n.Fields))
		for i := range n.Fields {
			f := &n.Fields[i]
			v.Set(f.Key, same(l, p.Key(f.Key), f.Value))
		}
		return v
	}
	return scalar(n).From(p)
}

// scalar is a scalar of the same kind. Numbers are written in the one spelling that all readers of YAML agree on.
func scalar(n *tree.Node) *doc.Value {
	switch n.Kind {
	case tree.Null, tree.Unknown:
		return doc.Nil()
	case tree.Bool:
		return doc.Boolean(strings.EqualFold(n.Text, "true"))
	case tree.Int:
		if i, ok := integer(n.Text); ok {
			return doc.Literal(strconv.FormatInt(i, 10))
		}
		return doc.Literal(n.Text)
	case tree.Float:
		return decimal(n.Text)
	}
	return doc.Str(escape(n.Text))
}

// integer reads a whole number as Compose's YAML reader does: 0x1f, 0o17 and 017 have the base that their beginning
// says.
func integer(text string) (int64, bool) {
	i, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		i, err = strconv.ParseInt(text, 10, 64)
	}
	return i, err == nil
}

// decimal is a number with a fraction as written where that is digits and a dot, else with its exponent written out.
func decimal(text string) *doc.Value {
	whole, frac, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if whole != "" && frac != "" && strings.Trim(whole+frac, "0123456789") == "" {
		return doc.Literal(text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return doc.Literal(text) // .inf, .nan
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return doc.Literal(s)
}

// words is a list of arguments: each in quotes, on one line.
func words(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	if n.Kind != tree.List {
		return same(l, p, n)
	}
	v := list(p, len(n.Items)).OnLine()
	for i, it := range n.Items {
		v.Add(text(it).From(p.Index(i)))
	}
	return v
}

// text is a scalar as a string in quotes; null is the empty one.
func text(n *tree.Node) *doc.Value {
	if n.Kind == tree.Null {
		return doc.Quoted("")
	}
	return doc.Quoted(escape(n.Text))
}

// texts is a mapping of strings, each in quotes, so that no reader takes one for a number or a boolean. A key
// without a value is an empty string.
func texts(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	v := mapping(p, len(n.Fields))
	if !l.shape(p, n, tree.Map) {
		return v
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		v.Set(f.Key, text(f.Value).From(p.Key(f.Key)))
	}
	return v
}

// variables is a mapping of strings in which a key without a value takes it from the environment when the output is
// applied.
func variables(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	v := mapping(p, len(n.Fields))
	if !l.shape(p, n, tree.Map) {
		return v
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		at := p.Key(f.Key)
		if f.Value.Kind == tree.Null {
			l.ambient = append(l.ambient, ambient{f.Key, at})
			v.Set(f.Key, doc.Nil().From(at))
			continue
		}
		v.Set(f.Key, text(f.Value).From(at))
	}
	return v
}

// fromEnv is the name of a variable that is read when the output is applied.
func fromEnv(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	l.ambient = append(l.ambient, ambient{n.Text, p})
	return same(l, p, n)
}

// plain is a mapping of strings, in quotes only where they need them.
func plain(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	v := mapping(p, len(n.Fields))
	if !l.shape(p, n, tree.Map) {
		return v
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		x := doc.Str(escape(f.Value.Text))
		if f.Value.Kind == tree.Null {
			x = doc.Nil()
		}
		v.Set(f.Key, x.From(p.Key(f.Key)))
	}
	return v
}

// published is the port of the host: a string in quotes.
func published(_ *lowering, p tree.Path, n *tree.Node) *doc.Value { return text(n).From(p) }

// fileMode is the mode of a config or a secret as octal digits in a string, which every Compose reads in base 8; a
// number would be octal to some readers of YAML and decimal to others.
func fileMode(_ *lowering, p tree.Path, n *tree.Node) *doc.Value {
	if n.Kind == tree.Int {
		if i, ok := integer(n.Text); ok {
			return doc.Quoted("0" + strconv.FormatInt(i, 8)).From(p)
		}
	}
	return doc.Quoted(escape(n.Text)).From(p)
}

// tmpfsMode is the mode of a tmpfs, which Compose takes as a number only: in decimal digits, with the octal ones
// beside them.
func tmpfsMode(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	var mode int64
	var ok bool
	if n.Kind == tree.Int {
		mode, ok = integer(n.Text)
	} else if i, err := strconv.ParseInt(n.Text, 8, 64); err == nil {
		mode, ok = i, true
	}
	if !ok {
		return same(l, p, n)
	}
	return doc.Int(mode).From(p).Remark("0" + strconv.FormatInt(mode, 8))
}

// hosts is a mapping of names to addresses: one as a string, several as a list.
func hosts(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	v := mapping(p, len(n.Fields))
	if !l.shape(p, n, tree.Map) {
		return v
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		at := p.Key(f.Key)
		if f.Value.Kind == tree.List && len(f.Value.Items) == 1 {
			v.Set(f.Key, text(f.Value.Items[0]).From(at))
			continue
		}
		v.Set(f.Key, same(l, at, f.Value))
	}
	return v
}
