package octoctl

import (
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/frontend"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/template"
	"github.com/octocompose/octocompose/compiler/tree"
)

// FrontEnd converts configs of octoctl.
type FrontEnd struct{}

var _ frontend.FrontEnd = FrontEnd{}

// Name is octoctl.
func (FrontEnd) Name() string { return "octoctl" }

// Detect reports whether a file has the key octoctl, which octoctl demands of a root file.
func (FrontEnd) Detect(root *tree.Node) bool { return root.Find("octoctl") >= 0 }

// Convert is the config that begins with in.Root. A file that cannot be read was reported by in.Include; the rest is
// converted all the same.
func (FrontEnd) Convert(in *frontend.Input) (*tree.Node, diag.List) {
	c := &converter{in: in, from: map[*source.File]*source.File{}, concept: map[string]bool{}, backends: map[source.Span]bool{}}
	root := c.configs()
	root = c.repositories(root)
	c.files(root)
	c.globals()
	c.render()
	return c.project(), c.ds
}

// converter is one run.
type converter struct {
	in     *frontend.Input
	ds     diag.List
	from   map[*source.File]*source.File // by what nodes point into: as Include gave it
	layers []layer                       // the configs, the highest first

	root     *tree.Node // merged, without the parts below
	values   *tree.Node // configs, with the globals of each service below them
	services *tree.Node
	repos    *tree.Node
	operator *tree.Node // octoctl.operator.services

	concept  map[string]bool      // names below service:, the concept's word for configs
	backends map[source.Span]bool // where octoctl.operator is a name
	takers   map[string]*taker    // the services that are given their values
	data     template.Data        // what templates read
	run      template.Run         // the bounds of all templates together
}

// layer is one file, in one spelling.
type layer struct {
	file *source.File
	root *tree.Node
}

// configs reads all configs and merges them.
func (c *converter) configs() *tree.Node {
	w := walk{c: c, refs: includes(tree.Of("include")), normal: c.normal}
	w.visit(c.in.File, c.in.Root, ref{})
	c.layers = w.layers
	return c.merge(tree.Root, roots(w.layers))
}

// roots are the trees of layers, the lowest first.
func roots(layers []layer) []*tree.Node {
	out := make([]*tree.Node, 0, len(layers))
	for i := len(layers) - 1; i >= 0; i-- {
		out = append(out, layers[i].root)
	}
	return out
}

// file is the file that n was written in, as Include gave it.
func (c *converter) file(n *tree.Node) *source.File {
	if f := c.from[n.At.File]; f != nil {
		return f
	}
	return c.in.File
}
