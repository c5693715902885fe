package load

import (
	"errors"
	"path"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Overlays are the files that targets.T.overlay names, the lowest first, as seen from the project's folder. Nil: that
// target is compiled from the config as it is.
func (r *Result) Overlays(target string) []string {
	var out []string
	for _, by := range overlays(r.Tree, target) {
		out = append(out, path.Clean(by.node.Text))
	}
	return out
}

// Over loads the config again, with the overlays of a target as layers over all files, below --set and below revisions.
// Files that were read are not read again. The findings are those of the whole run, so that most of them are known.
func (r *Result) Over(target string) (*Result, diag.List) {
	if r.loader == nil {
		return r, nil
	}
	l := newLoader(r.loader.o)
	l.known = r.loader.parsed
	l.o.Ask = r.loader.answered()
	return l.run(overlays(r.Tree, target))
}

// answered asks only for what this run has not asked for: a person is asked once.
func (l *loader) answered() func(Question) (string, error) {
	if l.o.Ask == nil {
		return nil
	}
	return func(q Question) (string, error) {
		d := l.vars.get(q.Name)
		switch {
		case q.Again != "" || d == nil || !d.asked:
			return l.o.Ask(q)
		case d.answered:
			return d.answer, nil
		}
		return "", errNoAnswer
	}
}

// errNoAnswer: who was asked before gave none.
var errNoAnswer = errors.New("no answer was given")

// overlays are the entries of targets.T.overlay in the merged tree.
func overlays(root *tree.Node, target string) []origin {
	p := tree.Of("targets", target, "overlay")
	return texts(p, root.Get("targets").Get(target).Get("overlay"))
}

// anyOverlay reports whether some target has an overlay.
func anyOverlay(root *tree.Node) bool {
	targets := root.Get("targets")
	if targets == nil {
		return false
	}
	for i := range targets.Fields {
		if targets.Fields[i].Value.Get("overlay") != nil {
			return true
		}
	}
	return false
}

// notInOverlay are the keys of the root that an overlay cannot hold, with the reason: they would come too late for what
// all targets share.
var notInOverlay = []struct{ key, why string }{
	{"include", "name the file below overlay too, over this one"},
	{"targets", "write it in the config, which says what the targets are"},
	{"name", "write it in the config: the project has one name on all targets"},
}

// overlay adds a file that a target names as a layer.
func (l *loader) overlay(by origin) {
	if remote.IsRemote(by.node.Text) {
		l.broken = true
		by.blame(l.ds.Error(diag.Include, tree.Root, "cannot use %q as an overlay: it lies on the network", by.node.Text)).
			Helpf("an overlay is a file of yours: copy it beside this one, or include it")
		return
	}
	name := path.Clean(by.node.Text)
	file, root := l.parse(name, by)
	if root == nil {
		return
	}
	if l.def != nil {
		l.report(l.withoutEmpty(l.def.Check(tree.Root, root, shape.Surface), root), root)
	}
	y := &layer{file: file, root: l.without(root), dir: path.Dir(name), env: l.env}
	l.vars.declare(y)
	l.layers = append(l.layers, y)
}

// without is the root of an overlay without the keys that it cannot hold, each of which is reported.
func (l *loader) without(root *tree.Node) *tree.Node {
	for i, top := range tops(root) {
		p, rest := tree.Root, top
		if i > 0 {
			p = tree.Of("x-octo")
		}
		for _, no := range notInOverlay {
			j := top.Find(no.key)
			if j < 0 {
				continue
			}
			l.ds.Error(diag.UnknownKey, p.Key(no.key), "cannot use %s in the overlay of a target", no.key).
				AtSpan(top.Fields[j].KeyAt).Helpf("%s", no.why)
			rest = rest.Without(no.key)
		}
		if i > 0 {
			rest = root.Set("x-octo", rest.At, rest)
		}
		root = rest
	}
	return root
}
