package shape

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Compile reads every .cue file in the root of fsys, which make one package, and compiles their definitions. The
// error holds one line, file:line: cause, for each thing that is not in the dialect:
//
//	package p                    one for all files; import "list" and "strings" only
//	#Name: T @attr(…)            definitions; nothing else at the top
//	bool int number string null  kinds; _ is any value; number is int and floating point
//	"text"                       a constant; several make an enumeration
//	>=1 & <=9  >0  <10           bounds of numbers, in place (exclusive ones on int only)
//	=~"re"                       a pattern (RE2, searched); !="" a string that is not empty
//	strings.MinRunes(n)  strings.MaxRunes(n)  list.UniqueItems()  list.MinItems(n)
//	A & B                        of kinds, bounds, patterns and the functions above
//	A | B                        told apart by kind; strings may be constants and one pattern; two mappings need a
//	                             required field that holds another constant in each
//	*x | T                       a default, on a regular field
//	[...T]  [...]  [T, ...T]     lists; the last has at least one item
//	{ a?: T, b!: T, c: T, [=~"re"]: T, [string]: T, #Other, ... }
//	                             mappings: optional, required and regular fields, patterns, embedded definitions of
//	                             mappings, open ones. A regular field without a default is required; one that holds
//	                             a mapping is there, with its defaults, when it is left out
//
// Comments above a field or a definition are its documentation. For attributes see the package documentation.
func Compile(fsys fs.FS) (*Schema, error) {
	c := &compiler{
		schema:  &Schema{defs: make(map[string]*Shape, 64)},
		decls:   make(map[string]*decl, 64),
		regexps: make(map[string]matcher, 16),
	}
	names, err := fs.Glob(fsys, "*.cue")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("cannot compile the schema: there is no .cue file")
	}
	slices.Sort(names)
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		c.file(&source.File{Name: name, Rel: name, Data: data})
	}
	for _, name := range c.schema.Order {
		c.def(c.decls[name])
	}
	c.checkNames()
	for _, d := range c.defaults {
		if d.f.Value.Check(tree.Root, d.f.Default, Canonical) != nil {
			c.errorf(d.pos, "the default %s of %q does not fit its own type", d.f.Default.Text, d.f.Name)
		}
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return c.schema, nil
}

// decl is one definition.
type decl struct {
	name  string
	file  *source.File
	field *ast.Field
	state declState
}

type declState uint8

const (
	declNew declState = iota
	declBusy
	declDone
)

// compiler holds what one run of Compile needs.
type compiler struct {
	schema  *Schema
	decls   map[string]*decl
	pkg     string
	cur     *source.File           // of the definition in hand
	basic   [len(kindNames)]*Shape // of kindNames, shared
	regexps map[string]matcher
	// What is looked at when all definitions are there.
	lists    []named // field names in attributes
	defaults []defaulted
	errs     []error
}

// defaulted is a field with a default, which must fit its own type.
type defaulted struct {
	pos token.Pos
	f   *Field
}

// named is a list of field names that must be declared in a mapping.
type named struct {
	pos   token.Pos
	in    *MapShape
	names []string
}

func (c *compiler) errorf(pos token.Pos, format string, args ...any) {
	p := pos.Position()
	cause := fmt.Sprintf(format, args...)
	c.errs = append(c.errs, fmt.Errorf("%s:%d:%d: cannot compile the schema: %s", p.Filename, p.Line, p.Column, cause))
}

// file parses one file and collects its definitions.
func (c *compiler) file(f *source.File) {
	parsed, err := parser.ParseFile(f.Name, f.Data, parser.ParseComments)
	if err != nil {
		c.errs = append(c.errs, fmt.Errorf("cannot compile the schema: %w", err))
		return
	}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.Package:
			if c.pkg == "" {
				c.pkg = d.Name.Name
			} else if c.pkg != d.Name.Name {
				c.errorf(d.Pos(), "package %s beside package %s", d.Name.Name, c.pkg)
			}
		case *ast.ImportDecl:
			for _, s := range d.Specs {
				if p := strings.Trim(s.Path.Value, `"`); p != "list" && p != "strings" || s.Name != nil {
					c.errorf(s.Pos(), "import of %s; only list and strings may be imported, under their own names", s.Path.Value)
				}
			}
		case *ast.CommentGroup:
		case *ast.Field:
			c.declare(f, d)
		default:
			c.errorf(d.Pos(), "%s at the top; only definitions may stand there", kindOfNode(d))
		}
	}
}

func (c *compiler) declare(f *source.File, field *ast.Field) {
	id, ok := field.Label.(*ast.Ident)
	if !ok || !strings.HasPrefix(id.Name, "#") || field.Alias != nil || field.Constraint != token.ILLEGAL {
		c.errorf(field.Pos(), "a field at the top that is not a definition #Name")
		return
	}
	if c.decls[id.Name] != nil {
		c.errorf(field.Pos(), "%s is defined twice", id.Name)
		return
	}
	c.decls[id.Name] = &decl{name: id.Name, file: f, field: field}
	c.schema.Order = append(c.schema.Order, id.Name)
	c.schema.defs[id.Name] = &Shape{Name: id.Name, Doc: docOf(field), MinLen: -1, MaxLen: -1}
}

// def compiles one definition, once. The shape of a definition in hand may be pointed at, not looked into.
func (c *compiler) def(d *decl) *Shape {
	s := c.schema.defs[d.name]
	if d.state != declNew {
		return s
	}
	d.state = declBusy
	outer := c.cur
	c.cur = d.file
	got := c.expr(d.field.Value)
	if _, alias := d.field.Value.(*ast.Ident); alias && got.Name != "" {
		got = copyShape(got)
	}
	name, doc := s.Name, s.Doc
	*s = *got
	s.Name = name
	if doc != "" {
		s.Doc = doc
	}
	if s.Map != nil && s.Map.name == "" {
		s.Map.name = name
	}
	a := c.attrs(d.field.Attrs)
	a.onShape(s)
	if a.oneOf != nil {
		if s.Map == nil {
			c.errorf(d.field.Pos(), "@oneof on what is not a mapping")
		} else {
			s.Map.OneOf = a.oneOf
			c.lists = append(c.lists, named{d.field.Pos(), s.Map, a.oneOf})
		}
	}
	if at := a.fieldOnly(); at != "" {
		c.errorf(d.field.Pos(), "@%s on a definition; it belongs on a field", at)
	}
	c.cur = outer
	d.state = declDone
	return s
}

// lookInto is def for one whose contents are needed now.
func (c *compiler) lookInto(id *ast.Ident) *Shape {
	d := c.decls[id.Name]
	if d == nil {
		c.errorf(id.Pos(), "%s is not defined", id.Name)
		return anyShape()
	}
	if d.state == declBusy {
		c.errorf(id.Pos(), "%s refers to itself here; it may only as the value of a field or an item", id.Name)
		return anyShape()
	}
	return c.def(d)
}

// checkNames holds the fields that attributes name against the mappings that they stand in.
func (c *compiler) checkNames() {
	for _, l := range c.lists {
		for _, name := range l.names {
			if l.in.Field(name) == nil {
				c.errorf(l.pos, "an attribute names the field %q, which does not stand here", name)
			}
		}
	}
}

// pattern compiles a regular expression, each text once.
func (c *compiler) pattern(pos token.Pos, text string) matcher {
	if m, ok := c.regexps[text]; ok {
		return m
	}
	re, err := regexp.Compile(text)
	if err != nil {
		c.errorf(pos, "the pattern %q: %v", text, err)
		re = regexp.MustCompile("")
	}
	m := newMatcher(re)
	c.regexps[text] = m
	return m
}

// span is where a node stands.
func (c *compiler) span(n ast.Node) source.Span {
	p := n.Pos().Position()
	return source.Span{Pos: source.Pos{File: c.cur, Line: int32(p.Line), Col: int32(p.Column)}}
}

// docOf is the comment above a node, as one text: a line break stands only where the author left an empty line.
func docOf(n ast.Node) string {
	doc := ""
	for _, g := range ast.Comments(n) {
		if !g.Doc {
			continue
		}
		for _, line := range g.List {
			text := strings.TrimSpace(strings.TrimPrefix(line.Text, "//"))
			switch {
			case doc == "":
				doc = text
			case text == "":
				doc += "\n"
			case strings.HasSuffix(doc, "\n"):
				doc += text
			default:
				doc += " " + text
			}
		}
	}
	return strings.TrimSpace(doc)
}

// kindOfNode is the word for what is not in the dialect.
func kindOfNode(n ast.Node) string {
	switch n.(type) {
	case *ast.Comprehension:
		return "a comprehension (if, for)"
	case *ast.LetClause:
		return "a let clause"
	case *ast.Interpolation:
		return "an interpolation"
	case *ast.EmbedDecl:
		return "an embedded value"
	case *ast.CallExpr:
		return "a call"
	case *ast.IndexExpr, *ast.SliceExpr:
		return "an index"
	case *ast.SelectorExpr:
		return "a selector"
	case *ast.BottomLit:
		return "_|_"
	case *ast.Alias:
		return "an alias"
	}
	return fmt.Sprintf("%T", n)
}
