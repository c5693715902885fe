package canon

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// File brings the layer n, whose shape is root, to canonical form. dir is the folder that its relative paths start
// from, as seen from the project's folder: "" or "." for the folder itself, "vendor", "../common". The result is n
// itself when nothing had to change, and File of the result is the result.
func File(root *shape.Shape, n *tree.Node, dir string) (*tree.Node, diag.List) {
	if n == nil {
		return nil, nil
	}
	w := &walker{dir: strings.TrimSuffix(dir, "/")}
	out := w.value(&shape.Field{Value: root}, n)
	return out, w.diags
}

// walker is one run over one layer.
type walker struct {
	dir   string
	diags diag.List
	path  []tree.Step
	ports int         // written out so far
	slab  []tree.Node // nodes are handed out of larger blocks
}

// at is the address of the value that is being looked at.
func (w *walker) at() tree.Path {
	p := tree.Root
	for _, s := range w.path {
		if s.Index >= 0 {
			p = p.Index(s.Index)
		} else {
			p = p.Key(s.Key)
		}
	}
	return p
}

func (w *walker) key(k string) { w.path = append(w.path, tree.Step{Key: k, Index: -1}) }
func (w *walker) item(i int)   { w.path = append(w.path, tree.Step{Index: i}) }
func (w *walker) up()          { w.path = w.path[:len(w.path)-1] }

// value is the canonical form of n, the value of a field.
func (w *walker) value(f *shape.Field, n *tree.Node) *tree.Node {
	if f == nil || f.Value == nil || n.Kind == tree.Unknown || n.Mark == tree.Reset {
		return n
	}
	fm := formOf(f)
	if fm != nil && fm.before != nil {
		n = fm.before(w, f, n)
	}
	n = w.walk(f.Value, n)
	if fm != nil && fm.after != nil {
		n = fm.after(w, n)
	}
	return n
}

// walk goes below n and casts it; short syntax is behind it.
func (w *walker) walk(s *shape.Shape, n *tree.Node) *tree.Node {
	switch {
	case s == nil || s.Any || n.Kind == tree.Unknown || n.Kind == tree.Null || n.Mark == tree.Reset:
		return n
	case n.Kind == tree.Map:
		if s.Map == nil {
			return w.unknown(n)
		}
		return w.mapping(s, n)
	case n.Kind == tree.List:
		if s.List == nil {
			return w.unknown(n)
		}
		return w.list(s, n)
	case s.Kinds&scalars == 0:
		return w.unknown(n)
	case s.Cast != "":
		return w.cast(s, n)
	}
	return n
}

const scalars = shape.Kinds(1<<tree.Bool | 1<<tree.Int | 1<<tree.Float | 1<<tree.String)

func (w *walker) list(s *shape.Shape, n *tree.Node) *tree.Node {
	if s.List.Elem == nil {
		return n
	}
	var out []*tree.Node
	for i, it := range n.Items {
		w.item(i)
		v := w.walk(s.List.Elem, it)
		w.up()
		if v != it && out == nil {
			out = make([]*tree.Node, len(n.Items))
			copy(out, n.Items)
		}
		if out != nil {
			out[i] = v
		}
	}
	if out == nil {
		return n
	}
	return n.WithItems(out)
}

func (w *walker) mapping(s *shape.Shape, n *tree.Node) *tree.Node {
	octo := -1
	var out []tree.Field
	for i := range n.Fields {
		fd := &n.Fields[i]
		f := lookup(s.Map, fd.Key)
		if f == nil {
			continue
		}
		if f.Name == octoKey {
			octo = i
			continue
		}
		w.key(fd.Key)
		v := w.entry(s, f, fd.Value)
		w.up()
		if v == fd.Value {
			continue
		}
		if out == nil {
			out = make([]tree.Field, len(n.Fields))
			copy(out, n.Fields)
		}
		out[i].Value = v
	}
	if out != nil {
		n = n.WithFields(out)
	}
	if octo >= 0 {
		n = w.lift(s, n, octo)
	}
	for i := range steps {
		if steps[i].def == s.Name {
			n = steps[i].apply(w, n)
		}
	}
	return n
}

// entry is the canonical form of n, the value of field f of a mapping of shape s.
func (w *walker) entry(s *shape.Shape, f *shape.Field, n *tree.Node) *tree.Node {
	if f.Name == "" && f.Value != nil && f.Value.Cast == "string" && n.Kind.IsScalar() {
		return w.option(n) // of a driver
	}
	n = w.value(f, n)
	// What the source of a mount is depends on its type: longVolumes knows.
	if f.Path != "" && s.Name != "#Mount" {
		n = w.paths(n)
	}
	return n
}

// declares reports whether m has fields of its own, as a service has; services: itself has not.
func declares(m *shape.MapShape) bool { return len(m.Fields) > 0 || len(m.Arms) > 0 }

// lookup is m.Lookup for a mapping that the surface check has seen: a key need not be matched where the only pattern
// is what it can belong to, and an extension has no shape.
func lookup(m *shape.MapShape, key string) *shape.Field {
	if !declares(m) && len(m.Patterns) == 1 {
		return m.Patterns[0].Field
	}
	if f := m.Field(key); f != nil {
		return f
	}
	if strings.HasPrefix(key, "x-") && declares(m) {
		return nil
	}
	return m.Lookup(key)
}

// node is a new node at the place of from.
func (w *walker) node(k tree.Kind, at source.Span) *tree.Node {
	if len(w.slab) == 0 {
		w.slab = make([]tree.Node, 64)
	}
	n := &w.slab[0]
	w.slab = w.slab[1:]
	n.Kind, n.At, n.Derived = k, at, true
	return n
}

func (w *walker) scalar(k tree.Kind, text string, at source.Span) *tree.Node {
	n := w.node(k, at)
	n.Text = text
	return n
}

// unknown stands for a value that was reported.
func (w *walker) unknown(n *tree.Node) *tree.Node {
	u := w.node(tree.Unknown, n.At)
	u.Mark = n.Mark
	return u
}

// remake is a new node with the place and the merge tag of n.
func (w *walker) remake(n *tree.Node, k tree.Kind) *tree.Node {
	m := w.node(k, n.At)
	m.Mark = n.Mark
	return m
}

// mapOf is a new mapping with the place and the merge tag of n.
func (w *walker) mapOf(n *tree.Node, fields []tree.Field) *tree.Node {
	if len(fields) < 12 {
		m := w.remake(n, tree.Map)
		m.Fields = fields
		return m
	}
	m := tree.NewMap(n.At, fields)
	m.Mark, m.Derived = n.Mark, true
	return m
}

// error reports a fault in the short form that n holds, at a part of its text.
func (w *walker) fault(at source.Span, format string, args ...any) *diag.Diagnostic {
	return w.diags.Error(diag.Type, w.at(), format, args...).AtSpan(at)
}

func isScalar(n *tree.Node) bool {
	return n.Kind.IsScalar() && n.Kind != tree.Null && n.Mark != tree.Reset
}
