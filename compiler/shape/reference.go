package shape

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Entry is one line of the reference: a field of a definition.
type Entry struct {
	// Key is the field; of a mapping that is written in place it is the path: resources.limits.cpus. A name of the
	// user's choice is NAME.
	Key string
	// Type is what it takes, in words, with other definitions as #Name.
	Type    string
	Default string // "" when there is none
	Doc     string
	Field   *Field
}

// Describe are the fields of a definition in the order of the schema, with those of mappings in place. It is nil when
// there is no such definition or it has no fields.
func (s *Schema) Describe(def string) []Entry {
	d := s.Def(def)
	if d == nil || d.Map == nil {
		return nil
	}
	return describeMap(nil, "", d.Map)
}

func describeMap(out []Entry, prefix string, m *MapShape) []Entry {
	for _, a := range m.Arms {
		out = append(out, Entry{Key: prefix + m.By + ": " + a.Value, Type: nameOr(a.Map.name, "mapping"), Doc: ""})
	}
	for _, f := range m.Fields {
		out = describeField(out, prefix+f.Name, f)
	}
	for i := range m.Patterns {
		// What a definition says of itself is not said again.
		if p := &m.Patterns[i]; !p.extension() && (p.Field.Value.Map == nil || p.Field.Value.Map.name == "") {
			out = describeField(out, prefix+"NAME", p.Field)
		}
	}
	return out
}

func nameOr(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

func describeField(out []Entry, key string, f *Field) []Entry {
	e := Entry{Key: key, Type: f.Value.Type(), Doc: f.Doc, Field: f}
	if f.Default != nil {
		e.Default = f.Default.Text
	}
	if f.Reserved != "" {
		e.Type, e.Doc = "not yet", "Kept for "+f.Reserved+"."
	}
	out = append(out, e)
	if m := f.Value.Map; m != nil && m.name == "" {
		out = describeMap(out, key+".", m)
	}
	return out
}

// Type is what s takes in a few words: "string", "duration", "list of #Port", "boolean", "a or b".
func (s *Shape) Type() string {
	if s.Any {
		return "any value"
	}
	var words []string
	if s.Kinds.Has(tree.Bool) {
		words = append(words, "boolean")
	}
	words = append(words, s.scalarType()...)
	if s.List != nil {
		item := "any value"
		if s.List.Elem != nil {
			item = s.List.Elem.Type()
		}
		if strings.Contains(item, " or ") {
			item = "(" + item + ")"
		}
		words = append(words, "list of "+item)
	}
	switch {
	case s.Map == nil:
	case s.Map.name != "" && len(s.Map.Fields) > 0:
		words = append(words, s.Map.name)
	case len(s.Map.Fields) == 0 && len(s.Map.Patterns) > 0 && !s.Map.Patterns[0].extension():
		words = append(words, "mapping of NAME to "+s.Map.Patterns[0].Field.Value.Type())
	default:
		words = append(words, "mapping")
	}
	return orList(words)
}

func (s *Shape) scalarType() []string {
	text := s.Kinds.Has(tree.String)
	switch {
	case s.Unit != "" && s.scalars() != 0:
		return []string{s.Unit}
	case s.Kinds&kindsNumber != 0 && (!text || s.Cast != "" && s.Cast != "string"):
		name := "number"
		if !s.Kinds.Has(tree.Float) || s.Cast == "int" {
			name = "integer"
		}
		if r := s.rangeWords(); r != "" {
			name += ", " + r
		}
		return []string{name}
	case text && s.Enum != nil:
		words := make([]string, 0, len(s.Enum)+1)
		for _, e := range s.Enum {
			if e != "" { // the same as leaving it out
				words = append(words, "`"+e+"`")
			}
		}
		if s.Pattern != nil {
			words = append(words, "`"+s.Pattern.String()+"`")
		}
		if s.Kinds&kindsNumber != 0 {
			words = append([]string{"integer"}, words...)
		}
		return words
	case s.Kinds&kindsNumber != 0:
		return []string{"number", "string"}
	case text && s.Cast != "bool":
		return []string{"string"}
	}
	return nil
}

// Reference is the schema as a page of Markdown: the definitions that #Project (or else the first definition) leads to,
// in the order in which it does, each with its fields.
func Reference(s *Schema) []byte {
	var b bytes.Buffer
	b.WriteString("# The keys of a config\n")
	for _, name := range s.reached() {
		d := s.Def(name)
		entries := s.Describe(name)
		if len(entries) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n", name[1:])
		if d.Doc != "" {
			fmt.Fprintf(&b, "%s\n\n", d.Doc)
		}
		b.WriteString("| key | value | default | |\n|---|---|---|---|\n")
		for _, e := range entries {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Key, linked(s, e.Type), code(e.Default), cell(notes(e)))
		}
	}
	return b.Bytes()
}

// notes is the text of an entry with what its attributes say.
func notes(e Entry) string {
	out := e.Doc
	if f := e.Field; f != nil {
		if f.Required {
			out += " Required."
		}
		if f.Deprecated != "" {
			out += " Deprecated: " + f.Deprecated + "."
		}
		if len(f.Exclusive) > 0 {
			out += " Not beside " + orList(f.Exclusive) + "."
		}
	}
	return out
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func cell(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "|", "\\|"), "\n", "<br>")
}

// linked is a type with links in place of #Name.
func linked(s *Schema, t string) string {
	words := strings.Split(cell(t), " ")
	for i, w := range words {
		name := strings.Trim(w, "(),")
		if d := s.Def(name); d != nil {
			words[i] = strings.Replace(w, name, fmt.Sprintf("[%s](#%s)", name[1:], strings.ToLower(name[1:])), 1)
		}
	}
	return strings.Join(words, " ")
}

// reached are the definitions of mappings with fields that the first definition leads to, in order.
func (s *Schema) reached() []string {
	start := "#Project"
	if s.Def(start) == nil {
		start = s.Order[0]
	}
	order := []string{start}
	for i := 0; i < len(order); i++ {
		for _, name := range mappingsBelow(nil, s.Def(order[i])) {
			if !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
	}
	return order
}

// mappingsBelow adds the names of the mappings that a value of shape s may hold, without going into them.
func mappingsBelow(out []string, s *Shape) []string {
	if s.List != nil && s.List.Elem != nil {
		out = namedMapping(out, s.List.Elem)
	}
	if s.Map == nil {
		return out
	}
	for _, a := range s.Map.Arms {
		if a.Map.name != "" {
			out = append(out, a.Map.name)
		}
	}
	for _, f := range s.Map.Fields {
		out = namedMapping(out, f.Value)
	}
	for i := range s.Map.Patterns {
		out = namedMapping(out, s.Map.Patterns[i].Field.Value)
	}
	return out
}

func namedMapping(out []string, s *Shape) []string {
	if s.Map != nil && s.Map.name != "" {
		return append(out, s.Map.name)
	}
	return mappingsBelow(out, s)
}
