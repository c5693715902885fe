package doc

import (
	"strconv"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Kind is the kind of a value.
type Kind uint8

// The kinds. Lit is a number or another scalar that is printed as it stands, without quotes.
const (
	Null Kind = iota
	Bool
	Lit
	String
	List
	Map
)

// Value is one value of a document. Build it with the functions below, then print it; it is not for reading.
type Value struct {
	Kind   Kind
	Text   string // of Bool, Lit and String
	Items  []*Value
	Fields []Field
	// Flow: print on one line, { a: b } or [a, b], where that fits; what is below it must not hold comments.
	Flow bool
	// Quote: print a string in double quotes even where plain would do (labels and environment read better so).
	Quote bool
	// Gap: an empty line above the entry, and above its comment; not before the first entry of the document.
	Gap bool
	// Head is a comment on the lines above, Tail one at the end of the line; without "#".
	Head, Tail string
	// Origin is the field of the config that the value came from; the root: none in particular.
	Origin tree.Path
}

// Field is one entry of a mapping.
type Field struct {
	Key   string
	Value *Value
}

// Str is a string.
func Str(s string) *Value { return &Value{Kind: String, Text: s} }

// Quoted is a string that is always printed in quotes.
func Quoted(s string) *Value { return &Value{Kind: String, Text: s, Quote: true} }

// Int is a whole number.
func Int[T ~int | ~int32 | ~int64 | ~uint16 | ~uint32](n T) *Value {
	return &Value{Kind: Lit, Text: strconv.FormatInt(int64(n), 10)}
}

// Octal is a file mode, printed as YAML's readers agree on: 0440.
func Octal(mode uint32) *Value {
	return &Value{Kind: Lit, Text: "0" + strconv.FormatUint(uint64(mode), 8)}
}

// Literal is text that is printed as it stands: a number.
func Literal(text string) *Value { return &Value{Kind: Lit, Text: text} }

// Boolean is true or false.
func Boolean(b bool) *Value { return &Value{Kind: Bool, Text: strconv.FormatBool(b)} }

// Nil is null.
func Nil() *Value { return &Value{Kind: Null} }

// NewMap is an empty mapping.
func NewMap() *Value { return &Value{Kind: Map} }

// NewList is a list of values.
func NewList(items ...*Value) *Value { return &Value{Kind: List, Items: items} }

// Strs is a list of strings on one line where that fits.
func Strs(items []string) *Value {
	v := &Value{Kind: List, Flow: true, Items: make([]*Value, len(items))}
	for i, s := range items {
		v.Items[i] = Str(s)
	}
	return v
}

// Set adds an entry at the end; the key must be new. It returns v.
func (v *Value) Set(key string, x *Value) *Value {
	v.Fields = append(v.Fields, Field{key, x})
	return v
}

// Add adds an item at the end. It returns v.
func (v *Value) Add(x *Value) *Value {
	v.Items = append(v.Items, x)
	return v
}

// From sets the origin. It returns v.
func (v *Value) From(p tree.Path) *Value {
	v.Origin = p
	return v
}

// OnLine asks for flow style. It returns v.
func (v *Value) OnLine() *Value {
	v.Flow = true
	return v
}

// Comment sets the comment above. It returns v.
func (v *Value) Comment(s string) *Value {
	v.Head = s
	return v
}

// Remark sets the comment at the end of the line. It returns v.
func (v *Value) Remark(s string) *Value {
	v.Tail = s
	return v
}

// Empty reports whether v is an empty mapping or list.
func (v *Value) Empty() bool {
	return (v.Kind == Map && len(v.Fields) == 0) || (v.Kind == List && len(v.Items) == 0)
}
