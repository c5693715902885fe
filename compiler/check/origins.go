package check

import (
	"slices"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// origins fills From of everything that has it: the source files that say something about it, lowest layer first.
func (c *checker) origins() {
	w := newOriginWalk(c.o.Layers)
	p := c.project
	section := c.root.Get("services")
	for _, s := range p.Services {
		s.From = w.of(section, s.Name)
	}
	section = c.root.Get("networks")
	for _, n := range p.Networks {
		n.From = w.of(section, n.Key)
	}
	section = c.root.Get("volumes")
	for _, v := range p.Volumes {
		v.From = w.of(section, v.Key)
	}
	section = c.root.Get("secrets")
	for _, s := range p.Secrets {
		s.From = w.of(section, s.Key)
	}
	section = c.root.Get("configs")
	for _, f := range p.Configs {
		f.From = w.of(section, f.Key)
	}
}

// originWalk collects the files of one subtree at a time.
type originWalk struct {
	rank  map[*source.File]int
	files []*source.File
	names [][]string // lists that were made before: most services come from the same files
}

func newOriginWalk(layers []*source.File) *originWalk {
	w := &originWalk{}
	if len(layers) > 0 {
		w.rank = make(map[*source.File]int, len(layers))
		for i, f := range layers {
			if _, ok := w.rank[f]; !ok {
				w.rank[f] = i
			}
		}
	}
	return w
}

// of are the files of the entry key of section.
func (w *originWalk) of(section *tree.Node, key string) []string {
	i := section.Find(key)
	if i < 0 {
		return nil
	}
	w.files = w.files[:0]
	f := &section.Fields[i]
	w.walk(f.Value)
	w.file(f.KeyAt.File, false)
	if w.rank != nil {
		slices.SortStableFunc(w.files, func(a, b *source.File) int { return w.rank[a] - w.rank[b] })
	}
	return w.list()
}

// walk visits everything below n, and of what a value replaced its place alone: what stood below a mapping that was
// merged is in the chains of what stands there now, and visiting it again would cost a factor for each layer.
func (w *originWalk) walk(n *tree.Node) {
	if n == nil {
		return
	}
	w.replaced(n.Was)
	for i := range n.Fields {
		w.walk(n.Fields[i].Value)
		w.file(n.Fields[i].KeyAt.File, n.Derived)
	}
	for _, it := range n.Items {
		w.walk(it)
	}
	w.file(n.At.File, n.Derived)
}

// replaced notes the chain of what a value replaced, the lowest first.
func (w *originWalk) replaced(n *tree.Node) {
	if n != nil {
		w.replaced(n.Was)
		w.file(n.At.File, n.Derived)
	}
}

// file notes f once. A file that is no layer (the schema, for a default) is none of the user's.
func (w *originWalk) file(f *source.File, derived bool) {
	if f == nil {
		return
	}
	if k := len(w.files); k > 0 && w.files[k-1] == f {
		return
	}
	if w.rank != nil {
		if _, ok := w.rank[f]; !ok {
			return
		}
	} else if derived {
		return
	}
	if !slices.Contains(w.files, f) {
		w.files = append(w.files, f)
	}
}

// list is the names of w.files, once each. Equal lists are one.
func (w *originWalk) list() []string {
next:
	for _, names := range w.names {
		if len(names) != len(w.files) {
			continue
		}
		for i, f := range w.files {
			if names[i] != f.Shown() {
				continue next
			}
		}
		return names
	}
	names := make([]string, 0, len(w.files))
	for _, f := range w.files {
		if !slices.Contains(names, f.Shown()) {
			names = append(names, f.Shown())
		}
	}
	if len(names) == len(w.files) && len(w.names) < 16 {
		w.names = append(w.names, names)
	}
	return names
}
