package shape

import (
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// attributes is what the attributes of one field or definition say.
type attributes struct {
	merge      Rule
	short      []string
	cast, unit string
	def        *tree.Node
	path       string
	exclusive  []string
	oneOf      []string
	load       bool
	reserved   string
	want       string
	except     []string
	moved      string
	deprecated string
}

// noAttributes is what a field without attributes says. It is never written to.
var noAttributes attributes

// attrRow is one attribute: the words that may be its first argument (nil: any), and how many arguments it has.
type attrRow struct {
	name     string
	words    []string
	min, max int
	set      func(a *attributes, args []string)
}

// attrRows are all attributes.
var attrRows = []attrRow{
	{"merge", []string{"replace", "append", "unique", "kv", "deep", "same", "byfield"}, 1, 2, func(a *attributes, args []string) {
		a.merge = Rule{Verb: args[0]}
		if len(args) > 1 {
			a.merge.Args = strings.Split(args[1], ",")
		}
	}},
	{"short", []string{"keys", "kv", "hosts", "strings", "shellwords", "cmdshell", "context", "service", "path", "port", "volume", "device", "source",
		"gpus", "external", "ssh"},
		1, 2, func(a *attributes, args []string) { a.short = args }},
	{"cast", []string{"bool", "int", "number", "string"}, 1, 1, func(a *attributes, args []string) { a.cast = args[0] }},
	{"unit", []string{"duration", "microseconds", "bytes", "size", "octal", "port", "ports", "cpus", "ratio"}, 1, 1,
		func(a *attributes, args []string) { a.unit = args[0] }},
	{"default", nil, 1, 1, nil},
	{"path", []string{"dir", "file", "any"}, 1, 1, func(a *attributes, args []string) { a.path = args[0] }},
	{"exclusive", nil, 1, 9, func(a *attributes, args []string) { a.exclusive = args }},
	{"oneof", nil, 2, 9, func(a *attributes, args []string) { a.oneOf = args }},
	{"phase", []string{"load"}, 1, 1, func(a *attributes, _ []string) { a.load = true }},
	{"reserved", nil, 1, 1, func(a *attributes, args []string) { a.reserved = args[0] }},
	{"want", nil, 1, 1, func(a *attributes, args []string) { a.want = args[0] }},
	{"except", nil, 1, 9, func(a *attributes, args []string) { a.except = args }},
	{"moved", nil, 1, 1, func(a *attributes, args []string) { a.moved = args[0] }},
	{"deprecated", nil, 1, 1, func(a *attributes, args []string) { a.deprecated = args[0] }},
}

// attrs reads the attributes of a field.
func (c *compiler) attrs(list []*ast.Attribute) *attributes {
	if len(list) == 0 {
		return &noAttributes
	}
	a := new(attributes)
	var seen [8]string
	for k, at := range list {
		name, body := at.Split()
		i := slices.IndexFunc(attrRows, func(r attrRow) bool { return r.name == name })
		if i < 0 {
			c.errorf(at.Pos(), "the attribute @%s is not known", name)
			continue
		}
		if slices.Contains(seen[:min(k, len(seen))], name) {
			c.errorf(at.Pos(), "the attribute @%s twice", name)
		}
		if k < len(seen) {
			seen[k] = name
		}
		row := &attrRows[i]
		args, ok := splitArgs(body)
		if !ok || len(args) < row.min || len(args) > row.max || slices.Contains(args, "") {
			c.errorf(at.Pos(), "the arguments of @%s", name)
			continue
		}
		if row.words != nil && !slices.Contains(row.words, args[0]) {
			c.errorf(at.Pos(), "@%s(%s); want %s", name, args[0], orList(row.words))
			continue
		}
		if name == "default" {
			if a.def = defaultNode(strings.TrimSpace(body)); a.def == nil {
				c.errorf(at.Pos(), "the default %s; want a boolean, a number or a string in quotes", body)
			}
			continue
		}
		row.set(a, args)
	}
	return a
}

// defaultNode is the node of a literal, or nil.
func defaultNode(text string) *tree.Node {
	var at source.Span
	switch {
	case text == "true", text == "false":
		return tree.NewScalar(at, tree.Bool, text)
	case isWhole(text):
		return tree.NewScalar(at, tree.Int, text)
	case isNumber(text):
		return tree.NewScalar(at, tree.Float, text)
	case strings.HasPrefix(text, `"`):
		if s, err := literal.Unquote(text); err == nil {
			n := tree.NewScalar(at, tree.String, s)
			n.Quoted = true
			return n
		}
	}
	return nil
}

// splitArgs splits at commas outside quotes and takes the quotes off.
func splitArgs(body string) ([]string, bool) {
	var args []string
	for body != "" {
		body = strings.TrimSpace(body)
		end := strings.IndexByte(body, ',')
		if strings.HasPrefix(body, `"`) {
			end = 1
			for end < len(body) && body[end] != '"' {
				if body[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(body) {
				return nil, false
			}
			text, err := literal.Unquote(body[:end+1])
			if err != nil {
				return nil, false
			}
			rest := strings.TrimSpace(body[end+1:])
			if rest != "" && rest[0] != ',' {
				return nil, false
			}
			args, body = append(args, text), strings.TrimPrefix(rest, ",")
			continue
		}
		if end < 0 {
			return append(args, body), true
		}
		args, body = append(args, strings.TrimSpace(body[:end])), body[end+1:]
	}
	return args, true
}

// onShape puts what is said of values on s, or on its items when only those are scalars. s must be its own copy.
func (a *attributes) onShape(s *Shape) {
	if a.cast == "" && a.unit == "" && a.want == "" {
		return
	}
	if s.scalars() == 0 && s.List != nil && s.List.Elem != nil {
		l := *s.List
		l.Elem = copyShape(l.Elem)
		s.List = &l
		a.onShape(l.Elem)
		return
	}
	if a.unit != "" {
		// The unit of a field is nearer than the cast of a shared definition.
		s.Unit, s.Cast = a.unit, ""
	}
	if a.cast != "" {
		s.Cast = a.cast
	}
	if a.want != "" {
		s.Want = a.want
	}
}

// onField puts everything on f.
func (a *attributes) onField(c *compiler, d *ast.Field, f *Field) {
	_, isPattern := d.Label.(*ast.ListLit)
	onValue := *a
	if isPattern {
		onValue.want = "" // of the key
	}
	if onValue.cast != "" || onValue.unit != "" || onValue.want != "" {
		if f.Value.Name != "" {
			if decl := c.decls[f.Value.Name]; decl != nil && decl.state == declBusy {
				c.errorf(d.Pos(), "%s refers to itself here, and the attributes ask to look into it", f.Value.Name)
				return
			}
		}
		s := copyShape(f.Value)
		s.Name = ""
		onValue.onShape(s)
		f.Value = s
	}
	if a.oneOf != nil {
		c.errorf(d.Pos(), "@oneof on a field; it belongs on a definition")
	}
	if a.def != nil {
		if f.Default != nil {
			c.errorf(d.Pos(), "two defaults")
		}
		f.Default = a.def
		f.Default.At = c.span(d)
	}
	f.Merge, f.Short, f.Path, f.Exclusive = a.merge, a.short, a.path, a.exclusive
	f.Load, f.Reserved, f.Moved, f.Deprecated = a.load, a.reserved, a.moved, a.deprecated
}

// fieldOnly is the name of an attribute that has no meaning on a definition, or "".
func (a *attributes) fieldOnly() string {
	for _, r := range []struct {
		name string
		set  bool
	}{
		{"merge", a.merge.Verb != ""}, {"short", a.short != nil}, {"default", a.def != nil}, {"path", a.path != ""},
		{"exclusive", a.exclusive != nil}, {"phase", a.load}, {"reserved", a.reserved != ""}, {"except", a.except != nil},
		{"moved", a.moved != ""}, {"deprecated", a.deprecated != ""},
	} {
		if r.set {
			return r.name
		}
	}
	return ""
}

// scalars are the kinds of s that have a text, null aside.
func (s *Shape) scalars() Kinds {
	return s.Kinds & (1<<tree.Bool | 1<<tree.Int | 1<<tree.Float | 1<<tree.String)
}
