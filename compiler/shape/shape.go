package shape

import (
	"regexp"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Schema is a compiled schema. It is immutable and safe for concurrent use.
type Schema struct {
	defs map[string]*Shape
	// Order holds the names of the definitions in the order of the files, sorted by file name.
	Order []string
}

// Def returns the definition with this name ("#Service"), or nil.
func (s *Schema) Def(name string) *Shape { return s.defs[name] }

// Kinds is a set of kinds of nodes.
type Kinds uint16

// Has reports whether k is in the set.
func (s Kinds) Has(k tree.Kind) bool { return s&(1<<k) != 0 }

// Shape is what a value may be. The alternatives of a disjunction are told apart by kind alone: a scalar, a
// List, a Map; two mappings by the constant of one required field (Map.Arms).
type Shape struct {
	// Name is the definition that this shape is, or came from: "#Service"; "" for a shape without a name.
	Name string
	// Doc is the comment of the definition.
	Doc string
	// Kinds are the kinds that are allowed. Any: every value is.
	Kinds Kinds
	Any   bool
	// Enum are the strings that are allowed, in the order of the schema; nil: all. With a Pattern, a string that
	// matches it is allowed too.
	Enum []string
	// Pattern is searched in a string (RE2, unanchored unless it says otherwise).
	Pattern *regexp.Regexp
	// Want is what messages ask for in place of the pattern, or "".
	Want string
	// Min and Max bound a number, inclusive.
	Min, Max *float64
	// MinLen and MaxLen bound the length of a string in runes; -1: no bound.
	MinLen, MaxLen int
	// Cast is what a string in place of a boolean or number must read as: "", "bool", "int", "number"; "string" when a
	// number stands for its text.
	Cast string
	// Unit is what a scalar is measured in, "" or one of the list in the documentation of the package.
	Unit string
	// List and Map say what those kinds hold; nil where the kind is not allowed.
	List *ListShape
	Map  *MapShape
}

// ListShape is what a list holds.
type ListShape struct {
	Elem   *Shape // nil: anything
	Unique bool
	Min    int
}

// MapShape is what a mapping holds. Declared fields win over patterns; a key that is neither is refused
// unless the mapping is Open.
type MapShape struct {
	Fields   []*Field // in the order of the schema
	Patterns []Pattern
	Open     bool
	// By is the field whose constant chooses one of Arms, "" where there is one shape only.
	By   string
	Arms []Arm
	// OneOf are fields of which exactly one must be there once all layers are merged; nil: no such rule.
	OneOf []string

	name      string // of the definition whose mapping this is: "#Service"; "" for one in place
	byName    map[string]*Field
	required  []*Field
	exclusive []*Field
	defaulted []*Field // with a default, or implied
}

// Arm is one alternative of a discriminated mapping.
type Arm struct {
	Value string
	Map   *MapShape
}

// Pattern is a rule for keys: those that match have this shape.
type Pattern struct {
	Key   *regexp.Regexp
	Field *Field // Name is ""; the rules of the entries
	// Want is what messages ask for when a key does not match, or "".
	Want string
	// Except are keys that are refused although they match.
	Except []string

	match matcher
}

// Field is one declared entry of a mapping, with what its attributes say.
type Field struct {
	Name     string
	Doc      string // the comment of the field, or of its definition
	Value    *Shape
	Required bool // "!": must be there once all layers are merged

	// Default stands for the field when it is left out, once all layers are merged; nil: none.
	Default *tree.Node
	// Merge says how a higher layer goes over a lower one. The zero Rule is the default of the
	// specification: mappings deep, lists appended, scalars replaced.
	Merge Rule
	// Short names the function that turns the short syntax of this field into its canonical form, with its
	// arguments: @short(keys,"condition=service_started"). Nil: there is none. See package canon.
	Short []string
	// Path is "dir", "file" or "any" for a path on the host, "" for other values.
	Path string
	// Exclusive are fields of the same mapping that must not stand beside this one.
	Exclusive []string
	// Reserved is why the field is not to be had yet; "" for a field that is.
	Reserved string
	// Load: consumed while loading (include, extends) and never in the merged tree.
	Load bool
	// Moved is the path that the canonical tree has the value at, "" for a field that stays.
	Moved string
	// Deprecated is what to write instead, "" for a field that is not.
	Deprecated string

	implied bool // a regular field of CUE that holds a mapping: left out, it is an empty one
}

// Rule is a merge rule: @merge(verb,args…).
//
//	replace         the higher value stands alone
//	append          lists are joined, lower first
//	unique          lists are joined; an item with the key of an earlier one takes its place. Args: the fields that
//	                make the key, the first that is set for "a|b"; an alternative "=TEXT" is that text, {f} in it
//	                being a field: "target|=/run/secrets/{source}"; none: the whole item, up to "="
//	kv              mapping by key, after list entries KEY=VALUE were made a mapping
//	deep            mapping by key
//	same,F          deep when both layers have the same F or one has none, else replaced
//	kv,multi        the same, and the values are lists that are joined
//	byfield,F       list of mappings: those with the same F are merged deep, the others appended
type Rule struct {
	Verb string
	Args []string
}

// Field returns the declared field, or nil.
func (m *MapShape) Field(name string) *Field {
	if m == nil {
		return nil
	}
	return m.byName[name]
}

// Lookup returns the field or the pattern's field that key belongs to, or nil when the mapping knows no such
// key. For a discriminated mapping it looks in every arm.
func (m *MapShape) Lookup(key string) *Field {
	if m == nil {
		return nil
	}
	if f := m.byName[key]; f != nil {
		return f
	}
	for i := range m.Arms {
		if f := m.Arms[i].Map.Lookup(key); f != nil {
			return f
		}
	}
	for i := range m.Patterns {
		if m.Patterns[i].matches(key) {
			return m.Patterns[i].Field
		}
	}
	return nil
}

// Mode says which of the two shapes of a schema a tree is held against.
type Mode uint8

const (
	// Surface is one file as its author wrote it: short and long syntax, nothing required, and a scalar that holds
	// ${ or {{ is unknown, not wrong.
	Surface Mode = iota
	// Canonical is the merged tree: what is required must be there, and exclusive fields must not stand together.
	Canonical
)
