package template

import (
	"maps"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Code is the code of what is wrong in a template, but for [diag.Limit], [diag.Cycle] and [diag.Type].
const Code = diag.Template

// Data is what templates read, by the first step of a path: config, globals, project, … A name with a nil value is
// known and has no keys.
type Data map[string]*tree.Node

// The bounds that hold where [Options] say nothing.
const (
	// DefaultMaxText is the size of one result in bytes, and of each text on the way to it. It is that of
	// interpolate.MaxText.
	DefaultMaxText = 1 << 20
	// DefaultMaxTotal is the size of all results of a [Run] in bytes.
	DefaultMaxTotal = 64 << 20
	// DefaultMaxSteps is the work for one scalar: a step is one part of an expression, or 64 bytes of a text.
	DefaultMaxSteps = 1 << 20
	// DefaultMaxAllSteps is the work for all scalars of a [Run], in steps: below a second.
	DefaultMaxAllSteps = 8 << 20
)

// The bounds that are fixed.
const (
	// MaxDepth is how deep templates may read values that are templates, and how deep if, with, range and parentheses
	// may be nested in one.
	MaxDepth = 100
	// MaxActions is the number of {{ … }} in one scalar.
	MaxActions = 10_000
	// MaxCode is the number of bytes inside the {{ … }} of one scalar.
	MaxCode = 64 << 10
	// MaxWidth is the largest width and precision of printf.
	MaxWidth = 256
)

// Options say what is rendered, and the bounds; the zero value renders everything under the default bounds.
type Options struct {
	MaxText, MaxTotal, MaxSteps, MaxAllSteps int // see the defaults; 0 is the default

	// Skip says that the value at p and all below it, keys too, are no templates of ours: they are left as they are,
	// whether they are met in the tree or read by a template. It is asked only about what holds {{ and what is above;
	// p is an address in the tree, and for data that is not part of the tree one that begins with a name of Data.
	Skip func(p tree.Path) bool
	// Keep are first names that are known at run time only: {{ args.DAY }} stays as it is written, while the other
	// {{ … }} of the same scalar are rendered. An expression that computes with one is an error.
	Keep []string
	// Run is what several calls have in common; nil: the call stands alone.
	Run *Run
}

// Run is what several calls of [Scalars] have in common: parsed templates, and what is used up of the bounds. The zero
// value is ready. It must not be used by two goroutines at once.
type Run struct {
	parsed       map[string]*parsed
	bytes, steps int
	spent        bool // a bound of the run is reached, which was reported
}

// Scalars renders every scalar at and below n that holds "{{". at is the address of n. What holds none is shared with n.
// Faults of one scalar do not stop the others; a scalar with a fault becomes [tree.Unknown].
func Scalars(at tree.Path, n *tree.Node, data Data, o Options) (*tree.Node, diag.List) {
	r := newRenderer(data, o)
	w := walker{r: r, root: at, skip: o.Skip, visit: func(p tree.Path, n *tree.Node, skipped bool) *tree.Node {
		if !skipped {
			r.where(n, p)
		} else if _, ok := r.skipped[n]; !ok {
			r.skipped[n] = p
		}
		return n
	}}
	w.node(n) // finds the addresses first: a template may be read before the walk comes to it
	w.visit = func(p tree.Path, n *tree.Node, skipped bool) *tree.Node {
		if skipped {
			return n
		}
		return r.render(n, p)
	}
	w.render = true
	return w.node(n), r.ds
}

// newRenderer fills in the defaults and lays the data out as one mapping, in the order of the names.
func newRenderer(data Data, o Options) *renderer {
	for _, b := range []struct {
		bound *int
		value int
	}{{&o.MaxText, DefaultMaxText}, {&o.MaxTotal, DefaultMaxTotal}, {&o.MaxSteps, DefaultMaxSteps}, {&o.MaxAllSteps, DefaultMaxAllSteps}} {
		if *b.bound <= 0 {
			*b.bound = b.value
		}
	}
	if o.Run == nil {
		o.Run = &Run{}
	}
	if o.Run.parsed == nil {
		o.Run.parsed = map[string]*parsed{}
	}
	var fields []tree.Field
	for _, name := range slices.Sorted(maps.Keys(data)) {
		v := data[name]
		if v == nil {
			v = tree.NewMap(source.Span{}, nil)
		}
		fields = append(fields, tree.Field{Key: name, Value: v})
	}
	return &renderer{
		o: o, root: tree.NewMap(source.Span{}, fields), functions: index(), done: map[*tree.Node]*result{}, late: map[*tree.Node]bool{},
		places: map[*tree.Node]tree.Path{}, skipped: map[*tree.Node]tree.Path{},
	}
}

// holds reports whether s may be a template.
func holds(s string) bool { return strings.Contains(s, "{{") }

// walker goes through a tree and makes of each scalar that holds {{ what visit says.
type walker struct {
	r      *renderer
	root   tree.Path
	path   []tree.Step // below root
	skip   func(tree.Path) bool
	visit  func(p tree.Path, n *tree.Node, skipped bool) *tree.Node
	render bool // the second walk, which reports keys
}

// at is the address of what the walk stands at, and whether it is skipped.
func (w *walker) at() (tree.Path, bool) {
	p := w.root
	skipped := w.skip != nil && w.skip(p)
	for _, s := range w.path {
		if s.Index >= 0 {
			p = p.Index(s.Index)
		} else {
			p = p.Key(s.Key)
		}
		skipped = skipped || w.skip != nil && w.skip(p)
	}
	return p, skipped
}

func (w *walker) node(n *tree.Node) *tree.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == tree.String && holds(n.Text):
		p, skipped := w.at()
		return w.visit(p, n, skipped)
	case n.Kind == tree.List:
		w.path = append(w.path, tree.Step{})
		i := -1
		out := n.Each(func(it *tree.Node) *tree.Node {
			i++
			w.path[len(w.path)-1].Index = i
			return w.node(it)
		})
		w.path = w.path[:len(w.path)-1]
		return out
	case n.Kind == tree.Map:
		w.path = append(w.path, tree.Step{Index: -1})
		i := -1
		out := n.Each(func(v *tree.Node) *tree.Node {
			i++
			w.path[len(w.path)-1].Key = n.Fields[i].Key
			if w.render && holds(n.Fields[i].Key) {
				w.key(&n.Fields[i])
			}
			return w.node(v)
		})
		w.path = w.path[:len(w.path)-1]
		return out
	}
	return n
}

// key reports a key that looks like a template.
func (w *walker) key(f *tree.Field) {
	if p, skipped := w.at(); !skipped {
		w.r.ds.Error(Code, p, "cannot use a template as the key %q; want a name", short(f.Key)).OnKey().AtSpan(f.KeyAt).
			Helpf("templates stand in values; write the key out")
	}
}

// short is s as a message shows it.
func short(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
