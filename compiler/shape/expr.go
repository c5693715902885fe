package shape

import (
	"math"
	"strconv"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"github.com/octocompose/octocompose/compiler/tree"
)

const (
	kindsInt    = Kinds(1 << tree.Int)
	kindsNumber = Kinds(1<<tree.Int | 1<<tree.Float)
	kindsString = Kinds(1 << tree.String)
	kindsList   = Kinds(1 << tree.List)
	kindsMap    = Kinds(1 << tree.Map)
)

func newShape(k Kinds) *Shape { return &Shape{Kinds: k, MinLen: -1, MaxLen: -1} }

func anyShape() *Shape { return &Shape{Any: true, MinLen: -1, MaxLen: -1} }

func copyShape(s *Shape) *Shape {
	t := *s
	return &t
}

// kindNames are the predeclared names of the dialect.
var kindNames = [...]struct {
	name  string
	kinds Kinds
}{
	{"bool", 1 << tree.Bool}, {"int", kindsInt}, {"number", kindsNumber}, {"float", 1 << tree.Float}, {"string", kindsString},
}

// expr compiles the value of a definition, a field or an item.
func (c *compiler) expr(e ast.Expr) *Shape {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.expr(e.X)
	case *ast.Ident:
		return c.ident(e)
	case *ast.BasicLit:
		return c.literal(e)
	case *ast.UnaryExpr:
		return c.bound(e)
	case *ast.CallExpr:
		return c.call(e)
	case *ast.StructLit:
		s := newShape(kindsMap)
		s.Map = c.structure(e)
		return s
	case *ast.ListLit:
		return c.list(e)
	case *ast.BinaryExpr:
		switch e.Op {
		case token.OR:
			return c.union(e)
		case token.AND:
			return c.meet(e.Pos(), c.expr(e.X), c.expr(e.Y))
		}
		c.errorf(e.Pos(), "the operator %s", e.Op)
		return anyShape()
	}
	c.errorf(e.Pos(), "%s", kindOfNode(e))
	return anyShape()
}

func (c *compiler) ident(id *ast.Ident) *Shape {
	if id.Name == "_" {
		return anyShape()
	}
	for i := range kindNames {
		if kindNames[i].name == id.Name {
			if c.basic[i] == nil {
				c.basic[i] = newShape(kindNames[i].kinds)
			}
			return c.basic[i]
		}
	}
	d := c.decls[id.Name]
	if d == nil {
		c.errorf(id.Pos(), "%s is not defined", id.Name)
		return anyShape()
	}
	return c.def(d)
}

func (c *compiler) literal(l *ast.BasicLit) *Shape {
	switch l.Kind {
	case token.NULL:
		return newShape(1 << tree.Null)
	case token.STRING:
		s := newShape(kindsString)
		s.Enum = []string{c.text(l)}
		return s
	}
	c.errorf(l.Pos(), "the constant %s; only strings and null may be constants", l.Value)
	return anyShape()
}

// text is the value of a string literal.
func (c *compiler) text(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		if s, err := literal.Unquote(l.Value); err == nil {
			return s
		}
	}
	c.errorf(e.Pos(), "want a string in quotes")
	return ""
}

// number is the value of a number literal with an optional sign.
func (c *compiler) number(e ast.Expr) float64 {
	sign := 1.0
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.SUB {
		sign, e = -1, u.X
	}
	if l, ok := e.(*ast.BasicLit); ok && (l.Kind == token.INT || l.Kind == token.FLOAT) {
		if f, err := strconv.ParseFloat(l.Value, 64); err == nil && math.Abs(f) < 1<<53 {
			return sign * f
		}
	}
	c.errorf(e.Pos(), "want a decimal number below 2^53")
	return 0
}

// bound compiles >=1, <=9, >0, <10, =~"re" and !="".
func (c *compiler) bound(u *ast.UnaryExpr) *Shape {
	s := newShape(kindsNumber)
	switch u.Op {
	case token.GEQ:
		s.Min = new(c.number(u.X))
	case token.LEQ:
		s.Max = new(c.number(u.X))
	case token.GTR:
		s = newShape(kindsInt)
		s.Min = new(math.Floor(c.number(u.X)) + 1)
	case token.LSS:
		s = newShape(kindsInt)
		s.Max = new(math.Ceil(c.number(u.X)) - 1)
	case token.MAT:
		s = newShape(kindsString)
		m := c.pattern(u.Pos(), c.text(u.X))
		s.Pattern = m.re
	case token.NEQ:
		s = newShape(kindsString)
		if c.text(u.X) != "" {
			c.errorf(u.Pos(), `!= other than !=""`)
		}
		s.MinLen = 1
	default:
		c.errorf(u.Pos(), "the operator %s", u.Op)
	}
	return s
}

// call compiles the functions of the dialect.
func (c *compiler) call(e *ast.CallExpr) *Shape {
	name := ""
	if sel, ok := e.Fun.(*ast.SelectorExpr); ok {
		pkg, _ := sel.X.(*ast.Ident)
		fn, _ := sel.Sel.(*ast.Ident)
		if pkg != nil && fn != nil {
			name = pkg.Name + "." + fn.Name
		}
	}
	n := 0
	switch want := map[bool]int{true: 0, false: 1}[name == "list.UniqueItems"]; {
	case len(e.Args) != want:
		c.errorf(e.Pos(), "a call with %d arguments", len(e.Args))
		return anyShape()
	case want == 1:
		n = int(c.number(e.Args[0]))
	}
	s := newShape(kindsString)
	switch name {
	case "strings.MinRunes":
		s.MinLen = n
	case "strings.MaxRunes":
		s.MaxLen = n
	case "list.UniqueItems":
		s = newShape(kindsList)
		s.List = &ListShape{Unique: true}
	case "list.MinItems":
		s = newShape(kindsList)
		s.List = &ListShape{Min: n}
	default:
		c.errorf(e.Pos(), "a call of a function that the dialect does not have")
	}
	return s
}

// list compiles [...T], [...] and [T, ...T].
func (c *compiler) list(e *ast.ListLit) *Shape {
	s := newShape(kindsList)
	s.List = &ListShape{}
	n := len(e.Elts)
	if n == 0 {
		c.errorf(e.Pos(), "an empty list; write [...T]")
		return s
	}
	ell, ok := e.Elts[n-1].(*ast.Ellipsis)
	if !ok || n > 2 {
		c.errorf(e.Pos(), "a list of a fixed length; write [...T]")
		return s
	}
	if ell.Type != nil {
		s.List.Elem = c.expr(ell.Type)
	}
	if n == 2 {
		s.List.Min = 1
		if first := c.expr(e.Elts[0]); s.List.Elem == nil || first.Name == "" || first.Name != s.List.Elem.Name {
			if s.List.Elem == nil || !sameKind(first, s.List.Elem) {
				c.errorf(e.Pos(), "a list whose first item differs from the others")
			}
		}
	}
	return s
}

// sameKind reports whether a and b are the same simple kind, as in [string, ...string].
func sameKind(a, b *Shape) bool {
	return a.Kinds == b.Kinds && a.Kinds&(kindsList|kindsMap) == 0 && a.Enum == nil && b.Enum == nil &&
		a.Pattern == nil && b.Pattern == nil && a.Min == nil && b.Min == nil && a.Max == nil && b.Max == nil
}

// meet is a & b.
func (c *compiler) meet(pos token.Pos, a, b *Shape) *Shape {
	if a.Any {
		return b
	}
	if b.Any {
		return a
	}
	s := copyShape(a)
	s.Name = ""
	s.Kinds = a.Kinds & b.Kinds
	if s.Kinds == 0 {
		c.errorf(pos, "a conjunction that no value meets")
	}
	if a.Map != nil || b.Map != nil {
		c.errorf(pos, "a conjunction of mappings; embed the one in the other")
	}
	if a.Enum != nil && b.Enum != nil || (a.Enum != nil || b.Enum != nil) && (a.Pattern != nil || b.Pattern != nil) {
		c.errorf(pos, "a conjunction of constants")
	}
	if b.Enum != nil {
		s.Enum = b.Enum
	}
	if a.Pattern != nil && b.Pattern != nil {
		c.errorf(pos, "two patterns for one string")
	} else if b.Pattern != nil {
		s.Pattern = b.Pattern
	}
	s.Min, s.Max = stricter(a.Min, b.Min, math.Max), stricter(a.Max, b.Max, math.Min)
	s.MinLen, s.MaxLen = max(a.MinLen, b.MinLen), shorter(a.MaxLen, b.MaxLen)
	s.List = c.meetLists(pos, a.List, b.List)
	return s
}

func (c *compiler) meetLists(pos token.Pos, a, b *ListShape) *ListShape {
	if a == nil || b == nil {
		return nil
	}
	l := &ListShape{Elem: a.Elem, Unique: a.Unique || b.Unique, Min: max(a.Min, b.Min)}
	switch {
	case l.Elem == nil:
		l.Elem = b.Elem
	case b.Elem != nil:
		c.errorf(pos, "a conjunction of two lists with items")
	}
	return l
}

func stricter(a, b *float64, pick func(x, y float64) float64) *float64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return new(pick(*a, *b))
}

func shorter(a, b int) int {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}
