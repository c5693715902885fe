package shape

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Check holds n, which stands at p, against s and reports every fault, in the order of the tree. On the way through
// a sound tree it allocates nothing.
//
// Nodes of Kind tree.Unknown fit everywhere, and what stands below !reset does not count. In [Surface] mode so does a
// scalar with an unescaped $ or with {{, wherever some scalar may stand. Items that stand twice in a list of unique
// items are reported in Surface mode: an error where Compose refuses them, a warning where it takes the second away.
func (s *Shape) Check(p tree.Path, n *tree.Node, m Mode) diag.List {
	if s == nil || n == nil {
		return nil
	}
	c := checker{mode: m, base: p}
	c.stack = c.room[:0]
	c.value(s, n, nil)
	return c.found
}

// checker is one run of Check. The path lives on the stack as steps, and becomes a tree.Path only for a fault.
type checker struct {
	mode  Mode
	base  tree.Path
	stack []tree.Step
	field *Field // that the value in hand belongs to, for its words; nil for an item
	found diag.List
	room  [24]tree.Step
}

func (c *checker) path() tree.Path {
	p := c.base
	for _, s := range c.stack {
		if s.Index >= 0 {
			p = p.Index(s.Index)
		} else {
			p = p.Key(s.Key)
		}
	}
	return p
}

func (c *checker) push(key string, index int) {
	c.stack = append(c.stack, tree.Step{Key: key, Index: index})
}

func (c *checker) pop() { c.stack = c.stack[:len(c.stack)-1] }

// value checks n against s. f is the field that n is the value of, nil for an item or the root.
func (c *checker) value(s *Shape, n *tree.Node, f *Field) {
	if s.Any || n.Kind == tree.Unknown || n.Mark == tree.Reset {
		return
	}
	c.field = f
	switch n.Kind {
	case tree.Map:
		if s.Map == nil {
			c.wrongKind(s, n)
			return
		}
		c.mapping(s.Map, n)
	case tree.List:
		if s.List == nil {
			c.wrongKind(s, n)
			return
		}
		c.list(s.List, n, f)
	default:
		c.scalar(s, n)
	}
}

func (c *checker) list(l *ListShape, n *tree.Node, f *Field) {
	if len(n.Items) < l.Min {
		c.found.Error(diag.Range, c.path(), "cannot use a list of %d; want at least %s", len(n.Items), count(l.Min, "item"))
	}
	if l.Elem != nil {
		for i, it := range n.Items {
			c.push("", i)
			c.value(l.Elem, it, nil)
			c.pop()
		}
	}
	if l.Unique && c.mode == Surface {
		c.unique(n, f)
	}
}

// uniqueFrom is the length from which lists are searched by a table: below it comparing each pair is faster.
const uniqueFrom = 24

func (c *checker) unique(n *tree.Node, f *Field) {
	if len(n.Items) >= uniqueFrom {
		seen := make(map[string]int, len(n.Items))
		for i, it := range n.Items {
			if c.unknown(it) {
				continue
			}
			key := keyOf(it)
			if first, ok := seen[key]; ok {
				c.duplicate(n, first, i, f)
				continue
			}
			seen[key] = i
		}
		return
	}
	for i := 1; i < len(n.Items); i++ {
		for j := range i {
			if c.same(n.Items[i], n.Items[j]) {
				c.duplicate(n, j, i, f)
				break
			}
		}
	}
}

// same reports whether a and b are one value, as JSON Schema counts: 1 and 1.0 are, 80 and "80" are not.
func (c *checker) same(a, b *tree.Node) bool {
	if a.Kind.IsScalar() && b.Kind.IsScalar() {
		if a.Kind == b.Kind && a.Kind == tree.String && a.Text != b.Text {
			return false
		}
		if c.unknown(a) || c.unknown(b) {
			return false
		}
		if a.Kind == b.Kind && a.Text == b.Text {
			return true
		}
		x, ok := numberOf(a)
		y, also := numberOf(b)
		if ok && also {
			return x == y
		}
		return a.Kind == b.Kind && (a.Kind == tree.Null || a.Kind == tree.Bool && strings.EqualFold(a.Text, b.Text))
	}
	if a.Kind != b.Kind || len(a.Items) != len(b.Items) || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Items {
		if !c.same(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Fields {
		v := b.Get(a.Fields[i].Key)
		if v == nil || !c.same(a.Fields[i].Value, v) {
			return false
		}
	}
	return a.Kind == tree.List || a.Kind == tree.Map
}

// unknown reports whether nothing can be said about n yet.
func (c *checker) unknown(n *tree.Node) bool {
	return n.Kind == tree.Unknown || n.Kind.IsScalar() && c.mode == Surface && hasVariable(n.Text)
}

func (c *checker) mapping(m *MapShape, n *tree.Node) {
	if m.By != "" {
		m = c.choose(m, n)
		if m == nil {
			return
		}
	}
	for i := range n.Fields {
		e := &n.Fields[i]
		f := m.byName[e.Key]
		if f == nil {
			if f = m.byPattern(e.Key); f == nil {
				if !m.Open {
					c.unknownKey(m, e)
				}
				continue
			}
		}
		c.push(e.Key, -1)
		if f.Reserved != "" {
			c.reserved(f)
		} else {
			c.value(f.Value, e.Value, f)
		}
		c.pop()
	}
	if c.mode == Canonical {
		c.together(m, n)
	}
}

func (m *MapShape) byPattern(key string) *Field {
	for i := range m.Patterns {
		if m.Patterns[i].matches(key) {
			return m.Patterns[i].Field
		}
	}
	return nil
}

// choose picks the alternative of a discriminated mapping; nil when none can be picked, which it reports.
func (c *checker) choose(m *MapShape, n *tree.Node) *MapShape {
	v := n.Get(m.By)
	if v == nil {
		if c.mode == Canonical {
			c.found.Error(diag.Required, c.path().Key(m.By), "no value; want %s", orList(m.values()))
		}
		return nil
	}
	if c.unknown(v) {
		return nil
	}
	c.push(m.By, -1)
	defer c.pop()
	if v.Kind != tree.String {
		c.wrongKind(&Shape{Kinds: kindsString, Enum: m.values()}, v)
		return nil
	}
	for i := range m.Arms {
		if m.Arms[i].Value == v.Text {
			return m.Arms[i].Map
		}
	}
	c.notIn(m.values(), "", v)
	return nil
}

// values are the constants that choose an alternative.
func (m *MapShape) values() []string {
	out := make([]string, len(m.Arms))
	for i := range m.Arms {
		out[i] = m.Arms[i].Value
	}
	return out
}

// together checks what holds between the fields of one mapping: required ones, exclusive ones, one of several.
func (c *checker) together(m *MapShape, n *tree.Node) {
	for _, f := range m.required {
		if n.Find(f.Name) < 0 {
			c.absent(f)
		}
	}
	for _, f := range m.exclusive {
		if n.Find(f.Name) < 0 {
			continue
		}
		for _, other := range f.Exclusive {
			if n.Find(other) >= 0 {
				c.excludes(f.Name, other)
			}
		}
	}
	if m.OneOf != nil {
		c.oneOf(m, n)
	}
}

// absent reports a required field that is not there, or the required fields of a mapping that stands for itself.
func (c *checker) absent(f *Field) {
	if !f.implied {
		d := c.found.Error(diag.Required, c.path().Key(f.Name), "no value; want %s", f.Value.want())
		if f.Doc != "" {
			d.Helpf("add %s: %s", f.Name, inSentence(firstSentence(f.Doc)))
		}
		return
	}
	c.push(f.Name, -1)
	for _, g := range f.Value.Map.required {
		c.absent(g)
	}
	c.pop()
}

func (c *checker) oneOf(m *MapShape, n *tree.Node) {
	first := ""
	for _, name := range m.OneOf {
		switch {
		case n.Find(name) < 0:
		case first == "":
			first = name
		default:
			c.excludes(name, first)
		}
	}
	if first == "" {
		c.found.Error(diag.Required, c.path(), "one of %s is missing", orList(m.OneOf)).OnKey()
	}
}

// keyOf is a text that is the same for equal values and differs for others.
func keyOf(n *tree.Node) string {
	var b strings.Builder
	writeKey(&b, n)
	return b.String()
}

func writeKey(b *strings.Builder, n *tree.Node) {
	switch {
	case n.Kind == tree.Map:
		fields := slices.Clone(n.Fields)
		slices.SortFunc(fields, func(x, y tree.Field) int { return strings.Compare(x.Key, y.Key) })
		b.WriteByte('{')
		for _, f := range fields {
			b.WriteString(f.Key)
			b.WriteByte(0)
			writeKey(b, f.Value)
		}
		b.WriteByte('}')
	case n.Kind == tree.List:
		b.WriteByte('[')
		for _, it := range n.Items {
			writeKey(b, it)
		}
		b.WriteByte(']')
	default:
		text := n.Text
		if x, ok := numberOf(n); ok {
			b.WriteByte('n')
			text = formatNumber(x)
		} else {
			b.WriteByte('a' + byte(n.Kind))
		}
		b.WriteString(text)
		b.WriteByte(0)
	}
}
