package template

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// renderer is one call of Scalars.
type renderer struct {
	o         Options
	root      *tree.Node // the data
	functions map[string]*function
	ds        diag.List
	done      map[*tree.Node]*result // each template is rendered, and reported, once
	places    map[*tree.Node]tree.Path
	skipped   map[*tree.Node]tree.Path
	late      map[*tree.Node]bool // results that hold a path of run time
	ring      []*tree.Node        // the templates that are being rendered, outermost first
}

// result is what became of a template; out is nil while it is being rendered.
type result struct{ out *tree.Node }

// where remembers the address of a template in the tree, the first one when it stands at several.
func (r *renderer) where(n *tree.Node, p tree.Path) {
	if _, ok := r.places[n]; !ok {
		r.places[n] = p
	}
}

// render is the scalar n, which stands at p, with its templates replaced.
func (r *renderer) render(n *tree.Node, p tree.Path) *tree.Node {
	if e, ok := r.done[n]; ok {
		return e.out
	}
	e := &result{}
	r.done[n] = e
	r.ring = append(r.ring, n)
	f := frame{r: r, text: n.Text, root: value{n: r.root, data: true}}
	if r.o.Run.spent {
		f.unknown = true
	} else {
		f.run()
	}
	r.ring = r.ring[:len(r.ring)-1]
	for _, x := range f.faults {
		r.report(x, n, p)
	}
	e.out = f.made(n)
	if len(f.faults) > 0 || f.unknown {
		m := *n
		m.Kind, m.Text, m.Derived = tree.Unknown, "", true
		e.out = &m
	}
	if f.late {
		r.late[e.out] = true
	}
	return e.out
}

// made is the node that the frame made of n.
func (f *frame) made(n *tree.Node) *tree.Node {
	m := *n
	m.Derived = true
	switch v := f.whole; {
	case v == nil:
		m.Text = string(f.out)
	case v.Kind == tree.String:
		m.Text = v.Text
		m.Quoted = !loose(v)
	default:
		m.Kind, m.Text, m.Quoted = v.Kind, v.Text, false
	}
	return &m
}

// loose reports whether the string n is what ${…} made of an unquoted scalar: it may be read as the number or the boolean
// that it spells.
func loose(n *tree.Node) bool { return n.Kind == tree.String && n.Derived && !n.Quoted }

// force is v, rendered when it is a template of the data.
func (f *frame) force(v value) (value, *fault) {
	switch {
	case v.n.Kind == tree.Unknown:
		return v, &fault{unknown: true}
	case !v.data || v.n.Kind != tree.String || !holds(v.n.Text):
		return v, nil
	}
	r, p := f.r, v.path
	if at, ok := r.places[v.n]; ok {
		p = at
	} else if _, ok := r.skipped[v.n]; ok || r.skips(p) {
		return value{n: v.n, path: v.path}, nil
	} else {
		r.where(v.n, p)
	}
	if e, ok := r.done[v.n]; ok && e.out == nil {
		return v, r.cycle(v.n)
	}
	if len(r.ring) >= MaxDepth {
		return v, limit("cannot render templates that read each other more than %d deep", MaxDepth).
			helpf("write the value out, or read it from nearer to where it stands")
	}
	v.n = r.render(v.n, p)
	if v.n.Kind == tree.Unknown {
		return v, &fault{unknown: true}
	}
	return v, nil
}

// skips reports whether Skip names p or what is above it.
func (r *renderer) skips(p tree.Path) bool {
	for ; r.o.Skip != nil; p = p.Parent() {
		if r.o.Skip(p) {
			return true
		}
		if p.IsRoot() {
			return false
		}
	}
	return false
}

// cycle is the fault of reading n, which is being rendered.
func (r *renderer) cycle(n *tree.Node) *fault {
	from := 0
	for i, in := range r.ring {
		if in == n {
			from = i
		}
	}
	ring := r.ring[from:]
	var names []string
	for _, in := range ring {
		names = append(names, r.places[in].String())
	}
	first := names[0]
	if len(names) > 8 {
		names = append(append(names[:4:4], "…"), names[len(names)-3:]...)
	}
	x := &fault{code: diag.Cycle, help: "write one of the values out"}
	x.message = "cannot render what reads itself: " + strings.Join(append(names, first), " → ")
	for _, in := range ring[:min(len(ring)-1, 8)] {
		x.related = append(x.related, related{in.At, r.places[in].String() + " is read by what it reads"})
	}
	return x
}

// frame is the rendering of one scalar.
type frame struct {
	r       *renderer
	text    string
	p       *parsed
	root    value
	steps   int
	out     []byte
	whole   *tree.Node // the value of a scalar that is one whole {{ … }}
	vars    []variable
	depth   int
	faults  []*fault
	late    bool // the result holds a path of run time
	unknown bool // a value that was reported, or is not known yet, was read
}

// maxFaults is the number of faults that are reported of one scalar.
const maxFaults = 20

func (f *frame) run() {
	run := f.r.o.Run
	p, ok := run.parsed[f.text]
	if !ok {
		p = parseText(f.text)
		run.parsed[f.text] = p
	}
	f.p = p
	if p.fault != nil {
		f.faults = append(f.faults, p.fault)
		return
	}
	if f.names(); len(f.faults) > 0 {
		return
	}
	f.vars = append(f.vars, variable{"$", f.root})
	f.list(p.root, f.root)
	n := len(f.out)
	if f.whole != nil {
		n = len(f.whole.Text)
	}
	if x := f.total(n); x != nil {
		f.note(x)
		return
	}
	run.bytes += n
}

// note keeps a fault, and says whether the rest of the scalar can be looked at.
func (f *frame) note(x *fault) (goOn bool) {
	if x.unknown {
		f.unknown = true
		return !x.fatal
	}
	for _, y := range f.faults {
		if y.off == x.off && y.message == x.message {
			return true
		}
	}
	f.faults = append(f.faults, x)
	return !x.fatal && len(f.faults) < maxFaults
}

// step counts work: n bytes that are looked at or made.
func (f *frame) step(n int) *fault {
	cost, run := 1+n/64, f.r.o.Run
	f.steps += cost
	run.steps += cost
	if f.steps > f.r.o.MaxSteps {
		return limit("cannot render a template that takes more than %d steps", f.r.o.MaxSteps).
			helpf("range over less, or write the text out")
	}
	if run.steps > f.r.o.MaxAllSteps {
		return f.spend(limit("cannot render templates that take more than %d steps in all", f.r.o.MaxAllSteps))
	}
	return nil
}

// room counts n bytes of a text.
func (f *frame) room(n int) *fault {
	if n > f.r.o.MaxText {
		return limit("cannot make a text of more than %d bytes", f.r.o.MaxText).helpf("put large texts into files of their own")
	}
	return f.step(n)
}

// write adds to the result.
func (f *frame) write(s string) *fault {
	if len(f.out)+len(s) > f.r.o.MaxText {
		return f.room(len(f.out) + len(s))
	}
	if x := f.step(len(s)); x != nil {
		return x
	}
	f.out = append(f.out, s...)
	return f.total(len(f.out))
}

// total checks that n bytes more are within the bound of the run.
func (f *frame) total(n int) *fault {
	run := f.r.o.Run
	if run.bytes+n <= f.r.o.MaxTotal {
		return nil
	}
	return f.spend(limit("cannot make more than %d bytes of text from templates in all", f.r.o.MaxTotal))
}

// spend ends the run, which is reported once.
func (f *frame) spend(x *fault) *fault {
	if f.r.o.Run.spent {
		return &fault{unknown: true, fatal: true}
	}
	f.r.o.Run.spent = true
	return x.helpf("templates that come after this one were not rendered")
}
