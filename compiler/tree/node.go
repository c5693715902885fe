package tree

import (
	"github.com/octocompose/octocompose/compiler/source"
)

// Kind is the kind of a node, by the YAML 1.2 core schema.
type Kind uint8

// The kinds. Unknown stands for a value that a stage could not work out and has already reported:
// later stages accept it wherever it stands and report nothing about it.
const (
	Unknown Kind = iota
	Null
	Bool
	Int
	Float
	String
	List
	Map
)

var kindNames = [...]string{"unknown", "null", "boolean", "integer", "number", "string", "list", "mapping"}

// String is the word that messages use: "mapping", "list", "string", …
func (k Kind) String() string { return kindNames[k] }

// IsScalar reports whether a node of this kind has Text.
func (k Kind) IsScalar() bool { return k >= Null && k <= String }

// Mark is a merge tag of the Compose specification.
type Mark uint8

// The merge tags: !reset takes the value of lower layers away, !override replaces it whole.
const (
	Plain Mark = iota
	Reset
	Override
)

// Node is one value. It is immutable once its maker has returned it: a stage that changes something
// makes new nodes on the path to the change and shares the rest.
type Node struct {
	Kind Kind
	Mark Mark
	// Quoted: the scalar stood in quotes or in a block, so its text is a string whatever it looks like.
	Quoted bool
	// Derived: made by the compiler (a default, a short form written out), so the text at At is another one.
	Derived bool
	// Text is the value of a scalar as written, without quotes and escapes: "080", "yes", "1e3"; of what is unknown
	// because it must not be shown, what may be.
	Text string
	// Items are the values of a list.
	Items []*Node
	// Fields are the entries of a mapping, in the order in which they were written.
	Fields []Field
	// At is where the value starts.
	At source.Span
	// Was is the value that this one replaced: of a lower layer. Nil for the lowest.
	Was *Node

	index map[string]int32 // of Fields, for large mappings; made by NewMap
}

// Field is one entry of a mapping.
type Field struct {
	Key   string
	KeyAt source.Span
	Value *Node
}

// indexFrom is the size from which a mapping has an index: below it a scan is faster.
const indexFrom = 12

// NewMap makes a mapping of fields, which it keeps. The keys must differ.
func NewMap(at source.Span, fields []Field) *Node {
	n := &Node{Kind: Map, At: at, Fields: fields}
	n.reindex()
	return n
}

// NewList makes a list of items, which it keeps.
func NewList(at source.Span, items []*Node) *Node {
	return &Node{Kind: List, At: at, Items: items}
}

// NewScalar makes a scalar that the compiler wrote.
func NewScalar(at source.Span, k Kind, text string) *Node {
	return &Node{Kind: k, At: at, Text: text, Derived: true}
}

func (n *Node) reindex() {
	n.index = nil
	if len(n.Fields) < indexFrom {
		return
	}
	n.index = make(map[string]int32, len(n.Fields))
	for i := range n.Fields {
		n.index[n.Fields[i].Key] = int32(i)
	}
}

// Find returns the place of key in n.Fields, or -1. It is -1 too for what is not a mapping.
func (n *Node) Find(key string) int {
	if n == nil {
		return -1
	}
	if n.index != nil {
		if i, ok := n.index[key]; ok {
			return int(i)
		}
		return -1
	}
	for i := range n.Fields {
		if n.Fields[i].Key == key {
			return i
		}
	}
	return -1
}

// Get returns the value of key, or nil.
func (n *Node) Get(key string) *Node {
	if i := n.Find(key); i >= 0 {
		return n.Fields[i].Value
	}
	return nil
}

// Str returns the text of the scalar at key, or "".
func (n *Node) Str(key string) string {
	v := n.Get(key)
	if v == nil || !v.Kind.IsScalar() {
		return ""
	}
	return v.Text
}

// WithFields is n with other fields, which it keeps.
func (n *Node) WithFields(fields []Field) *Node {
	m := *n
	m.Fields = fields
	m.reindex()
	return &m
}

// WithItems is n with other items, which it keeps.
func (n *Node) WithItems(items []*Node) *Node {
	m := *n
	m.Items = items
	return &m
}

// Each is n with every item, or the value of every field, replaced by what f makes of it. Where f changes nothing, it
// is n itself; what f does not change is shared.
func (n *Node) Each(f func(*Node) *Node) *Node {
	var items []*Node
	for i, it := range n.Items {
		v := f(it)
		if v == it {
			continue
		}
		if items == nil {
			items = append(items, n.Items...)
		}
		items[i] = v
	}
	if items != nil {
		return n.WithItems(items)
	}
	var fields []Field
	for i := range n.Fields {
		v := f(n.Fields[i].Value)
		if v == n.Fields[i].Value {
			continue
		}
		if fields == nil {
			fields = append(fields, n.Fields...)
		}
		fields[i].Value = v
	}
	if fields != nil {
		return n.WithFields(fields)
	}
	return n
}

// Set is n with key set to v: replaced in place, or added at the end.
func (n *Node) Set(key string, keyAt source.Span, v *Node) *Node {
	fields := make([]Field, len(n.Fields), len(n.Fields)+1)
	copy(fields, n.Fields)
	if i := n.Find(key); i >= 0 {
		fields[i].Value = v
	} else {
		fields = append(fields, Field{Key: key, KeyAt: keyAt, Value: v})
	}
	return n.WithFields(fields)
}

// Without is n without key.
func (n *Node) Without(key string) *Node {
	i := n.Find(key)
	if i < 0 {
		return n
	}
	fields := make([]Field, 0, len(n.Fields)-1)
	fields = append(append(fields, n.Fields[:i]...), n.Fields[i+1:]...)
	return n.WithFields(fields)
}

// Over is n as the value that replaces was in a higher layer.
func (n *Node) Over(was *Node) *Node {
	if was == nil || n == was {
		return n
	}
	m := *n
	m.Was = was
	return &m
}

// Equal reports whether a and b have the same value: kinds, texts, order of lists; the order of
// mappings, positions and marks do not count.
func Equal(a, b *Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a == b {
		return true
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Items {
		if !Equal(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Fields {
		v := b.Get(a.Fields[i].Key)
		if v == nil || !Equal(a.Fields[i].Value, v) {
			return false
		}
	}
	return true
}

// Walk calls f for n and everything below it, with its path, depth first, in order. Where f returns
// false it does not go deeper.
func Walk(p Path, n *Node, f func(Path, *Node) bool) {
	if n == nil || !f(p, n) {
		return
	}
	for i, it := range n.Items {
		Walk(p.Index(i), it, f)
	}
	for i := range n.Fields {
		Walk(p.Key(n.Fields[i].Key), n.Fields[i].Value, f)
	}
}
