package shape

import (
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/octocompose/octocompose/compiler/tree"
)

// union compiles a | b | c. A value must find its alternative by its kind alone, so no kind may stand in two of them;
// strings may be constants and one pattern, and mappings may differ in the constant of a required field.
func (c *compiler) union(e *ast.BinaryExpr) *Shape {
	s := newShape(0)
	var maps []*MapShape
	for _, arm := range alternatives(e) {
		if u, ok := arm.(*ast.UnaryExpr); ok && u.Op == token.MUL {
			c.errorf(u.Pos(), "a default mark here; it may only stand in the value of a regular field")
			arm = u.X
		}
		a := c.alternative(arm)
		if a.Any {
			c.errorf(arm.Pos(), "_ as an alternative")
			continue
		}
		c.join(arm.Pos(), s, a)
		if a.Map != nil {
			maps = append(maps, a.Map)
		}
	}
	switch {
	case len(maps) == 1:
		s.Map = maps[0]
	case len(maps) > 1:
		s.Map = c.discriminate(e.Pos(), maps)
	}
	return s
}

// alternatives are the arms of nested disjunctions, in order.
func alternatives(e ast.Expr) []ast.Expr {
	if p, ok := e.(*ast.ParenExpr); ok {
		if b, ok := p.X.(*ast.BinaryExpr); ok && b.Op == token.OR {
			e = b
		}
	}
	b, ok := e.(*ast.BinaryExpr)
	if !ok || b.Op != token.OR {
		return []ast.Expr{e}
	}
	return append(alternatives(b.X), alternatives(b.Y)...)
}

// alternative is the shape of one arm, whose contents are needed.
func (c *compiler) alternative(e ast.Expr) *Shape {
	if id, ok := e.(*ast.Ident); ok && len(id.Name) > 0 && id.Name[0] == '#' {
		return c.lookInto(id)
	}
	return c.expr(e)
}

// join adds the alternative a to s; mappings are left to the caller.
func (c *compiler) join(pos token.Pos, s, a *Shape) {
	both := s.Kinds & a.Kinds
	if both&^(kindsString|kindsMap) != 0 {
		c.errorf(pos, "two alternatives for the same kind: a value cannot choose between them")
		return
	}
	if both.Has(tree.String) {
		c.joinStrings(pos, s, a)
	} else if a.Kinds.Has(tree.String) {
		s.Enum, s.Pattern, s.MinLen, s.MaxLen = a.Enum, a.Pattern, a.MinLen, a.MaxLen
	}
	s.Kinds |= a.Kinds
	if a.Min != nil || a.Max != nil {
		s.Min, s.Max = a.Min, a.Max
	}
	if a.List != nil {
		s.List = a.List
	}
	for _, m := range []struct{ into, from *string }{{&s.Cast, &a.Cast}, {&s.Unit, &a.Unit}, {&s.Want, &a.Want}} {
		if *m.from == "" {
			continue
		}
		if *m.into != "" && *m.into != *m.from {
			c.errorf(pos, "two alternatives with different casts or units")
		}
		*m.into = *m.from
	}
}

// joinStrings adds constants and patterns to those of s.
func (c *compiler) joinStrings(pos token.Pos, s, a *Shape) {
	if s.MinLen >= 0 || s.MaxLen >= 0 || a.MinLen >= 0 || a.MaxLen >= 0 || free(s) || free(a) {
		c.errorf(pos, "a string beside other strings: only constants and one pattern may be alternatives")
		return
	}
	for _, e := range a.Enum {
		if slices.Contains(s.Enum, e) {
			c.errorf(pos, "the constant %q twice", e)
		}
	}
	s.Enum = append(slices.Clip(s.Enum), a.Enum...)
	if s.Pattern != nil && a.Pattern != nil {
		c.errorf(pos, "two patterns for one string")
	} else if a.Pattern != nil {
		s.Pattern = a.Pattern
	}
}

// free reports whether s takes every string.
func free(s *Shape) bool { return s.Enum == nil && s.Pattern == nil }

// discriminate makes one mapping of several: it finds a field that every one of them requires with a constant of
// its own.
func (c *compiler) discriminate(pos token.Pos, maps []*MapShape) *MapShape {
	for _, f := range maps[0].Fields {
		arms := make([]Arm, 0, len(maps))
		for _, m := range maps {
			g := m.Field(f.Name)
			if g == nil || !g.Required || g.Value.Kinds != kindsString || len(g.Value.Enum) != 1 || g.Value.Pattern != nil {
				break
			}
			value := g.Value.Enum[0]
			if slices.ContainsFunc(arms, func(a Arm) bool { return a.Value == value }) {
				break
			}
			arms = append(arms, Arm{Value: value, Map: m})
		}
		if len(arms) == len(maps) {
			return &MapShape{By: f.Name, Arms: arms}
		}
	}
	c.errorf(pos, "alternatives that are mappings, without a required field that holds another constant in each")
	return maps[0]
}
