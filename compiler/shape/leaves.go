package shape

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Leaf is a field of the canonical tree that holds a value: a scalar, a list of scalars, a mapping of names to
// scalars, or a mapping that is open.
type Leaf struct {
	// Path is its pattern, as in the tables of the backends: services.*.ports[].published; "*" is any key, "[]" any item.
	Path string
	// Field is the field, or the field whose entries or items these are.
	Field *Field
	// Shape is what the value may be.
	Shape *Shape
}

// Leaves are the leaves below a definition, in the order of the schema. Keys of the user's own (x-…), reserved ones,
// those that loading consumes and those that the canonical tree has elsewhere are not among them; alternatives that
// are only short syntax are not followed; a definition within itself is cut off.
func (s *Schema) Leaves(def string) []Leaf {
	root := s.Def(def)
	if root == nil {
		return nil
	}
	w := leafWalker{}
	w.shape("", &Field{Value: root}, root)
	return w.out
}

type leafWalker struct {
	out    []Leaf
	within []*MapShape
}

func (w *leafWalker) add(path string, f *Field, s *Shape) {
	w.out = append(w.out, Leaf{Path: path, Field: f, Shape: s})
}

// canonicalKinds are the kinds that the value of a field has once its short form is written out; 0: all that it takes.
var canonicalKinds = []struct {
	short string
	kinds Kinds
}{
	{"keys", kindsMap}, {"kv", kindsMap}, {"hosts", kindsMap}, {"context", kindsMap}, {"service", kindsMap}, {"ssh", kindsMap},
	{"strings", kindsList}, {"shellwords", kindsList}, {"cmdshell", kindsList}, {"path", kindsList}, {"port", kindsList},
	{"volume", kindsList}, {"device", kindsList}, {"source", kindsList}, {"gpus", kindsList},
	{"external", 1 << tree.Bool},
}

// shape adds the leaves of the value of f at path.
func (w *leafWalker) shape(path string, f *Field, s *Shape) {
	kinds := s.Kinds
	if f.Short != nil {
		for _, k := range canonicalKinds {
			if k.short == f.Short[0] {
				kinds = k.kinds
			}
		}
	}
	below := kinds.Has(tree.Map) && s.Map != nil
	if kinds.Has(tree.List) && s.List != nil && s.List.Elem != nil && s.List.Elem.Map != nil {
		// Items that are mappings have no other form once they are canonical.
		w.mapping(path+"[]", f, s.List.Elem)
		return
	}
	if !below || kinds&s.scalars() != 0 {
		w.add(path, f, s)
	}
	if below {
		w.mapping(path, f, s)
	}
}

// mapping adds the leaves of the entries of a mapping.
func (w *leafWalker) mapping(path string, f *Field, s *Shape) {
	m := s.Map
	if slices.Contains(w.within, m) {
		return
	}
	w.within = append(w.within, m)
	defer func() { w.within = w.within[:len(w.within)-1] }()
	before := len(w.out)
	for _, arm := range m.Arms {
		w.entries(path, arm.Map)
	}
	w.entries(path, m)
	if before == len(w.out) {
		w.add(path, f, s)
	}
	if len(m.Arms) > 0 {
		w.distinct(before)
	}
}

func (w *leafWalker) entries(path string, m *MapShape) {
	if path != "" && !strings.HasSuffix(path, ".") {
		path += "."
	}
	for _, f := range m.Fields {
		if f.Reserved == "" && !f.Load && f.Moved == "" && !strings.HasPrefix(f.Name, "x-") {
			w.shape(path+f.Name, f, f.Value)
		}
	}
	for i := range m.Patterns {
		if p := &m.Patterns[i]; !p.extension() {
			w.shape(path+"*", p.Field, p.Field.Value)
		}
	}
}

// distinct takes out leaves from i on whose path stands before: several alternatives have the same field.
func (w *leafWalker) distinct(i int) {
	kept := w.out[:i]
	for _, l := range w.out[i:] {
		if !slices.ContainsFunc(kept[i:], func(k Leaf) bool { return k.Path == l.Path }) {
			kept = append(kept, l)
		}
	}
	w.out = kept
}
