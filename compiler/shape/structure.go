package shape

import (
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"github.com/octocompose/octocompose/compiler/tree"
)

// structure compiles a mapping.
func (c *compiler) structure(e *ast.StructLit) *MapShape {
	m := &MapShape{byName: make(map[string]*Field, len(e.Elts))}
	for _, d := range e.Elts {
		switch d := d.(type) {
		case *ast.CommentGroup:
		case *ast.Ellipsis:
			if d.Type != nil {
				c.errorf(d.Pos(), "... with a type")
			}
			m.Open = true
		case *ast.EmbedDecl:
			c.embed(m, d)
		case *ast.Field:
			c.entry(m, d)
		default:
			c.errorf(d.Pos(), "%s in a mapping", kindOfNode(d))
		}
	}
	return m
}

// embed adds what another definition holds.
func (c *compiler) embed(m *MapShape, d *ast.EmbedDecl) {
	id, ok := d.Expr.(*ast.Ident)
	if !ok {
		c.errorf(d.Pos(), "an embedded value; only definitions may be embedded")
		return
	}
	s := c.lookInto(id)
	if s.Map == nil || s.Kinds != kindsMap || s.Map.By != "" || s.Map.OneOf != nil {
		c.errorf(d.Pos(), "%s is embedded and is not a plain mapping", id.Name)
		return
	}
	for _, f := range s.Map.Fields {
		c.addField(d.Pos(), m, f)
	}
	for i := range s.Map.Patterns {
		c.addPattern(d.Pos(), m, s.Map.Patterns[i])
	}
	m.Open = m.Open || s.Map.Open
}

func (c *compiler) addField(pos token.Pos, m *MapShape, f *Field) {
	if m.byName[f.Name] != nil {
		c.errorf(pos, "the field %q twice", f.Name)
		return
	}
	m.byName[f.Name] = f
	m.Fields = append(m.Fields, f)
	if f.Required || f.implied {
		m.required = append(m.required, f)
	}
	if f.Default != nil || f.implied {
		m.defaulted = append(m.defaulted, f)
	}
	if f.Exclusive != nil {
		m.exclusive = append(m.exclusive, f)
		c.lists = append(c.lists, named{pos, m, f.Exclusive})
	}
}

func (c *compiler) addPattern(pos token.Pos, m *MapShape, p Pattern) {
	for i := range m.Patterns {
		switch {
		case m.Patterns[i].Key.String() != p.Key.String():
		case m.Patterns[i].Field == p.Field: // embedded twice
			return
		default:
			c.errorf(pos, "the pattern %q twice", p.Key)
			return
		}
	}
	m.Patterns = append(m.Patterns, p)
}

// entry adds a field or a pattern.
func (c *compiler) entry(m *MapShape, d *ast.Field) {
	if d.Alias != nil {
		c.errorf(d.Pos(), "an alias")
	}
	f := &Field{Doc: docOf(d)}
	a := c.attrs(d.Attrs)
	value := d.Value
	name, pattern, ok := c.label(d.Label)
	if !ok {
		return
	}
	if pattern == "" && d.Constraint == token.ILLEGAL {
		value = c.mark(f, d.Value)
	}
	f.Value = c.expr(value)
	a.onField(c, d, f)
	if f.Doc == "" {
		f.Doc = f.Value.Doc
	}
	if pattern != "" {
		p := Pattern{Field: f, Want: a.want, Except: a.except, match: c.pattern(d.Pos(), pattern)}
		p.Key = p.match.re
		c.addPattern(d.Pos(), m, p)
		return
	}
	if a.except != nil {
		c.errorf(d.Pos(), "@except on a field; it belongs on a pattern")
	}
	f.Name = name
	switch {
	case d.Constraint == token.NOT:
		f.Required = true
	case d.Constraint == token.ILLEGAL && f.Value.Kinds == kindsMap && f.Value.Map.By == "":
		f.implied = true
	case d.Constraint == token.ILLEGAL:
		f.Required = f.Default == nil
	}
	if f.Default != nil {
		c.defaults = append(c.defaults, defaulted{d.Pos(), f})
	}
	c.addField(d.Pos(), m, f)
}

// label is the name of a field, or the pattern of [=~"re"] and [string].
func (c *compiler) label(l ast.Label) (name, pattern string, ok bool) {
	switch l := l.(type) {
	case *ast.Ident:
		if strings.HasPrefix(l.Name, "_") || strings.HasPrefix(l.Name, "#") {
			c.errorf(l.Pos(), "the hidden field or definition %s in a mapping", l.Name)
			return "", "", false
		}
		return l.Name, "", true
	case *ast.BasicLit:
		if s, err := literal.Unquote(l.Value); err == nil && l.Kind == token.STRING {
			return s, "", true
		}
	case *ast.ListLit:
		if len(l.Elts) != 1 {
			break
		}
		switch p := l.Elts[0].(type) {
		case *ast.Ident:
			if p.Name == "string" {
				return "", "^", true
			}
		case *ast.UnaryExpr:
			if p.Op == token.MAT {
				pattern = c.text(p.X)
				return "", pattern, pattern != ""
			}
		}
	}
	c.errorf(l.Pos(), "a label that is not a name, a string in quotes, [string] or [=~\"…\"]")
	return "", "", false
}

// mark takes *x out of the value of a regular field: *x | T has the default x. Where T has no place for x, x is one of
// its alternatives.
func (c *compiler) mark(f *Field, e ast.Expr) ast.Expr {
	arms := alternatives(e)
	rest := arms[:0:0]
	for _, arm := range arms {
		u, ok := arm.(*ast.UnaryExpr)
		if !ok || u.Op != token.MUL {
			rest = append(rest, arm)
			continue
		}
		if f.Default != nil {
			c.errorf(u.Pos(), "two defaults")
		}
		f.Default = c.scalar(u.X)
		if l, ok := u.X.(*ast.BasicLit); ok && l.Kind == token.STRING && !c.takesAllStrings(arms) {
			rest = append(rest, u.X)
		}
	}
	if f.Default == nil {
		return e
	}
	if len(rest) == 0 {
		c.errorf(e.Pos(), "a default without a type")
		return e
	}
	out := rest[0]
	for _, r := range rest[1:] {
		out = &ast.BinaryExpr{X: out, Op: token.OR, Y: r}
	}
	return out
}

// takesAllStrings reports whether one of the arms is the name string, so that the default need not be an alternative.
func (c *compiler) takesAllStrings(arms []ast.Expr) bool {
	for _, a := range arms {
		if id, ok := a.(*ast.Ident); ok && id.Name == "string" {
			return true
		}
	}
	return false
}

// scalar is the node of a literal: a default.
func (c *compiler) scalar(e ast.Expr) *tree.Node {
	sign, lit := "", e
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.SUB {
		sign, lit = "-", u.X
	}
	if l, ok := lit.(*ast.BasicLit); ok && l.Kind != token.NULL {
		if n := defaultNode(sign + l.Value); n != nil {
			n.At = c.span(e)
			return n
		}
	}
	c.errorf(e.Pos(), "a default that is not a boolean, a decimal number or a string")
	return nil
}
