package shape

import (
	"math"
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

// JSONSchema is the surface of a definition as a JSON Schema of draft 7, which is what editors read: descriptions,
// defaults, enumerations, bounds, patterns, one definition for each of ours. It agrees with [Shape.Check] in [Surface]
// mode: nothing is required, and a scalar may hold ${…} or {{…}} in place of its value. It is nil when there is no such
// definition. What JSON Schema cannot say is left to Check: bounds of a number that is written as a string.
// Source: https://json-schema.org/draft-07; "deprecated" is of a later draft, and editors know it.
func (s *Schema) JSONSchema(def string) *doc.Value {
	root := s.Def(def)
	if root == nil {
		return nil
	}
	w := jsonWriter{schema: s, queued: map[string]bool{}}
	out := doc.NewMap().Set("$schema", doc.Str("http://json-schema.org/draft-07/schema#"))
	out.Set("title", doc.Str(title(root)))
	body := w.inline(root)
	describe(out, root.Doc, body)
	defs := doc.NewMap()
	defs.Set(variableDef, doc.NewMap().
		Set("description", doc.Str("A value that is worked out later.")).
		Set("type", doc.Str("string")).Set("pattern", doc.Str(variablePattern)))
	for i := 0; i < len(w.order); i++ {
		name := w.order[i]
		if m, ok := strings.CutSuffix(name, mappingSuffix); ok {
			d := doc.NewMap()
			extend(d, w.mapping(s.defs["#"+m].Map))
			defs.Set(name, d)
			continue
		}
		d := doc.NewMap()
		def := s.defs["#"+name]
		describe(d, def.Doc, w.inline(def))
		defs.Set(name, d)
	}
	return out.Set("definitions", defs)
}

const (
	variableDef     = "variable"
	variablePattern = `(^|[^$])([$][$])*[$]($|[^$])|[{][{]`
	mappingSuffix   = ".mapping"
)

// title is the name of the definition in words.
func title(s *Shape) string {
	return strings.TrimPrefix(s.Name, "#")
}

// jsonWriter collects the definitions that are referred to, in the order in which they are.
type jsonWriter struct {
	schema *Schema
	queued map[string]bool
	order  []string
}

func (w *jsonWriter) ref(name string) *doc.Value {
	if !w.queued[name] {
		w.queued[name] = true
		w.order = append(w.order, name)
	}
	return doc.NewMap().Set("$ref", doc.Str("#/definitions/"+name))
}

// describe adds a description and then the keywords of body to v.
func describe(v *doc.Value, text string, body *doc.Value) {
	if text != "" {
		v.Set("description", doc.Str(text))
	}
	extend(v, body)
}

func extend(v, body *doc.Value) {
	v.Fields = append(v.Fields, body.Fields...)
}

// shape is the schema of a value: a reference where the shape is a definition.
func (w *jsonWriter) shape(s *Shape) *doc.Value {
	if s.Name != "" && w.schema.defs[s.Name] == s {
		return w.ref(s.Name[1:])
	}
	return w.inline(s)
}

// inline is the schema of a value, written out.
func (w *jsonWriter) inline(s *Shape) *doc.Value {
	if s.Any {
		return doc.NewMap()
	}
	parts := w.scalars(s)
	if s.List != nil {
		parts = append(parts, w.list(s.List))
	}
	if s.Map != nil {
		switch {
		case s.Map.name == "" || s.Map.name == s.Name:
			parts = append(parts, w.mapping(s.Map))
		case w.schema.defs[s.Map.name].Kinds == kindsMap:
			parts = append(parts, w.ref(s.Map.name[1:]))
		default:
			parts = append(parts, w.ref(s.Map.name[1:]+mappingSuffix))
		}
	}
	return anyOf(parts)
}

// anyOf is one of several schemas; those that are only a type become one list of types.
func anyOf(parts []*doc.Value) *doc.Value {
	if len(parts) == 1 {
		return parts[0]
	}
	types := doc.NewList()
	rest := make([]*doc.Value, 0, len(parts))
	for _, p := range parts {
		if len(p.Fields) == 1 && p.Fields[0].Key == "type" && p.Fields[0].Value.Kind == doc.String {
			types.Add(p.Fields[0].Value)
		} else {
			rest = append(rest, p)
		}
	}
	if len(types.Items) == 1 {
		rest = append([]*doc.Value{doc.NewMap().Set("type", types.Items[0])}, rest...)
	} else if len(types.Items) > 1 {
		rest = append([]*doc.Value{doc.NewMap().Set("type", types)}, rest...)
	}
	if len(rest) == 1 {
		return rest[0]
	}
	return doc.NewMap().Set("anyOf", doc.NewList(rest...))
}

func typed(name string) *doc.Value { return doc.NewMap().Set("type", doc.Str(name)) }

// scalars are the alternatives for scalars.
func (w *jsonWriter) scalars(s *Shape) []*doc.Value {
	var parts []*doc.Value
	if s.Kinds.Has(tree.Null) {
		parts = append(parts, typed("null"))
	}
	if s.Kinds.Has(tree.Bool) {
		parts = append(parts, typed("boolean"))
	}
	if s.Kinds&kindsNumber != 0 {
		parts = append(parts, s.jsonNumber())
	}
	text := s.jsonString()
	if s.Kinds.Has(tree.String) && text == nil {
		return append(parts, typed("string"))
	}
	if text != nil {
		parts = append(parts, text)
	}
	if s.scalars() != 0 {
		parts = append(parts, w.variable())
	}
	return parts
}

func (w *jsonWriter) variable() *doc.Value {
	return doc.NewMap().Set("$ref", doc.Str("#/definitions/"+variableDef))
}

// unitJSON are the units as JSON Schema has them: the bounds of a number and the pattern of a string.
var unitJSON = []struct {
	name     string
	whole    bool
	min, max *float64
	pattern  string
}{
	{"duration", false, nil, nil, `^(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))+)$`},
	{"microseconds", true, new(0.0), nil, `^([0-9]+|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))+)$`},
	{"bytes", true, new(-1.0), nil, `^([0-9]+|-1|([0-9]+([.][0-9]*)?|[.][0-9]+) ?([kKmMgGtTpP]([iI]?[bB])?|[bB]))$`},
	{"size", true, new(0.0), nil, `^([0-9]+|([0-9]+([.][0-9]*)?|[.][0-9]+) ?([kKmMgGtTpP]([iI]?[bB]|i)?|[bB]))$`},
	{"octal", true, new(0.0), new(4095.0), `^(0o)?[0-7]{1,4}$`},
	{"port", true, new(1.0), new(65535.0), `^[0-9]{1,5}$`},
	{"ports", true, new(1.0), new(65535.0), `^([0-9]{1,5}(-[0-9]{1,5})?)?$`},
	{"cpus", false, new(0.0), nil, `^([0-9]+[.]?[0-9]*|[.][0-9]+)$`},
	{"ratio", false, new(0.0), new(1.0), `^([0-9]+[.]?[0-9]*|[.][0-9]+)$`},
}

// jsonNumber is the alternative for numbers.
func (s *Shape) jsonNumber() *doc.Value {
	name, low, high := "number", s.Min, s.Max
	if !s.Kinds.Has(tree.Float) || s.Cast == "int" {
		name = "integer"
	}
	for _, u := range unitJSON {
		if u.name == s.Unit {
			low, high = stricter(low, u.min, math.Max), stricter(high, u.max, math.Min)
			if u.whole {
				name = "integer"
			}
		}
	}
	v := typed(name)
	if low != nil {
		v.Set("minimum", doc.Literal(formatNumber(*low)))
	}
	if high != nil {
		v.Set("maximum", doc.Literal(formatNumber(*high)))
	}
	return v
}

// jsonString is the alternative for strings, or nil when there is none or every string will do.
func (s *Shape) jsonString() *doc.Value {
	if !s.Kinds.Has(tree.String) {
		switch {
		case s.Cast == "bool" && s.Kinds.Has(tree.Bool):
			return pattern(`^(true|false)$`)
		case s.Cast == "int" && s.Kinds.Has(tree.Int):
			return pattern(s.signed(wholePattern))
		case s.Cast == "number" && s.Kinds.Has(tree.Float):
			return pattern(s.signed(numberPattern))
		}
		return nil
	}
	switch {
	case s.Enum != nil && s.Pattern != nil:
		return anyOf([]*doc.Value{enum(s.Enum), pattern(s.Pattern.String())})
	case s.Enum != nil:
		return enum(s.Enum)
	case s.Pattern != nil:
		return pattern(s.Pattern.String())
	}
	for _, u := range unitJSON {
		if u.name == s.Unit {
			return pattern(u.pattern)
		}
	}
	switch s.Cast {
	case "bool":
		return pattern(boolPattern)
	case "int":
		return pattern(s.signed(wholePattern))
	case "number":
		return pattern(s.signed(numberPattern))
	}
	if s.MinLen <= 0 && s.MaxLen < 0 {
		return nil
	}
	v := typed("string")
	if s.MinLen > 0 {
		v.Set("minLength", doc.Int(s.MinLen))
	}
	if s.MaxLen >= 0 {
		v.Set("maxLength", doc.Int(s.MaxLen))
	}
	return v
}

const (
	boolPattern   = `^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|[yY]([eE][sS])?|[nN][oO]?|[oO][nN]|[oO][fF][fF])$`
	wholePattern  = `^[-+]?[0-9]+$`
	numberPattern = `^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)$`
)

// signed is the pattern of a number, without a minus where s allows no negative one.
func (s *Shape) signed(re string) string {
	if s.Min != nil && *s.Min >= 0 {
		return strings.Replace(re, "[-+]", "[+]", 1)
	}
	return re
}

func pattern(re string) *doc.Value { return typed("string").Set("pattern", doc.Str(re)) }

func enum(words []string) *doc.Value {
	return doc.NewMap().Set("enum", doc.Strs(words))
}

func (w *jsonWriter) list(l *ListShape) *doc.Value {
	v := typed("array")
	if l.Elem != nil {
		v.Set("items", w.shape(l.Elem))
	}
	if l.Unique {
		v.Set("uniqueItems", doc.Boolean(true))
	}
	if l.Min > 0 {
		v.Set("minItems", doc.Int(l.Min))
	}
	return v
}

// mapping is the schema of a mapping; the alternatives of a discriminated one hang on the constant with if and then.
func (w *jsonWriter) mapping(m *MapShape) *doc.Value {
	v := typed("object")
	if m.By != "" {
		arms := doc.NewList()
		for _, a := range m.Arms {
			when := doc.NewMap().Set("properties", doc.NewMap().Set(m.By, doc.NewMap().Set("const", doc.Str(a.Value)))).
				Set("required", doc.Strs([]string{m.By}))
			then := w.mapping(a.Map)
			if a.Map.name != "" {
				then = w.ref(a.Map.name[1:])
			}
			arms.Add(doc.NewMap().Set("if", when).Set("then", then))
		}
		choice := anyOf([]*doc.Value{enum(m.values()), w.variable()})
		return v.Set("properties", doc.NewMap().Set(m.By, choice)).Set("allOf", arms)
	}
	props := doc.NewMap()
	for _, f := range m.Fields {
		props.Set(f.Name, w.field(f))
	}
	for i := range m.Patterns {
		for _, key := range m.Patterns[i].Except {
			if m.Field(key) == nil {
				props.Set(key, doc.NewMap().Set("not", doc.NewMap()))
			}
		}
	}
	if !props.Empty() {
		v.Set("properties", props)
	}
	if len(m.Patterns) > 0 {
		props := doc.NewMap()
		for i := range m.Patterns {
			p := &m.Patterns[i]
			props.Set(p.Key.String(), w.field(p.Field))
		}
		v.Set("patternProperties", props)
	}
	if !m.Open {
		v.Set("additionalProperties", doc.Boolean(false))
	}
	return v
}

// field is the schema of a field with what is said about it.
func (w *jsonWriter) field(f *Field) *doc.Value {
	v := doc.NewMap()
	if f.Reserved != "" {
		return v.Set("description", doc.Str("Not to be had yet: it is kept for "+f.Reserved+".")).Set("not", doc.NewMap())
	}
	body := w.shape(f.Value)
	if isRef(body) {
		// Draft 7 ignores what stands beside $ref.
		body = doc.NewMap().Set("allOf", doc.NewList(body))
	}
	if f.Merge.Verb == "unique" || f.Merge.Verb == "kv" {
		// A second item is only a warning here.
		body = w.lenient(f.Value, body)
	}
	describe(v, f.Doc, body)
	if f.Default != nil {
		v.Set("default", literalOf(f.Default))
	}
	if f.Deprecated != "" {
		v.Set("deprecated", doc.Boolean(true)).Set("deprecationMessage", doc.Str(inSentence(f.Deprecated)))
	}
	return v
}

// lenient is body without uniqueItems, where the shape has it.
func (w *jsonWriter) lenient(s *Shape, body *doc.Value) *doc.Value {
	if s.List == nil || !s.List.Unique {
		return body
	}
	t := copyShape(s)
	l := *s.List
	l.Unique, t.List, t.Name = false, &l, ""
	return w.inline(t)
}

func isRef(v *doc.Value) bool { return len(v.Fields) == 1 && v.Fields[0].Key == "$ref" }

// literalOf is a scalar node as a value.
func literalOf(n *tree.Node) *doc.Value {
	if n.Kind == tree.String {
		return doc.Str(n.Text)
	}
	return doc.Literal(n.Text)
}
