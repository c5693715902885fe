package compose

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// The files of the set.
const (
	composeFile = "compose.yaml"
	applyFile   = "APPLY.md"
)

// Backend makes Compose projects. It is immutable and safe for concurrent use.
type Backend struct{ keys *keys }

// New prepares the backend.
func New() *Backend { return &Backend{keys: newKeys()} }

// Name is the value of targets.T.backend.
func (*Backend) Name() string { return "compose" }

// Table says what the backend does with each field.
func (*Backend) Table() *support.Table { return &support.Table{Backend: "compose", Rows: rows()} }

// Lower makes compose.yaml, the files of configs that cannot stand in it, and APPLY.md.
func (b *Backend) Lower(in *model.Input) (*artifact.Set, diag.List) {
	l := &lowering{in: in, keys: b.keys}
	text, origins := doc.YAML(l.project())
	set := &l.files
	l.add(set, artifact.File{Path: composeFile, Mode: 0o644, Data: text, Origins: origins})
	l.add(set, artifact.File{Path: applyFile, Mode: 0o644, Data: l.apply()})
	return set, l.ds
}

// lowering is one run: what it reads, and what it finds on the way.
type lowering struct {
	in   *model.Input
	keys *keys
	ds   diag.List
	// compose and engine are the oldest versions that read the output.
	compose, engine version
	// files are the files of the set: compose.yaml and APPLY.md come last.
	files artifact.Set
	// asFile are the configs with a content that must not stand in compose.yaml.
	asFile []string
	// ambient are the fields that take a value from the environment of who applies the output.
	ambient []ambient
}

// ambient is a variable that is read when the output is applied.
type ambient struct {
	name string
	path tree.Path
}

func (l *lowering) add(set *artifact.Set, f artifact.File) {
	if err := set.Add(f); err != nil {
		l.ds.Error(diag.Internal, tree.Root, "%v", err)
	}
}

// project is the whole document.
func (l *lowering) project() *doc.Value {
	root, p := l.in.Tree, l.in.Project
	v := doc.NewMap()
	name := doc.Str(escape(p.Name))
	if root.Get("name") != nil {
		name.From(tree.Of("name"))
	}
	v.Set("name", name.Comment(l.title()))
	for _, s := range l.keys.sections {
		n := root.Get(s.key)
		if n == nil || len(n.Fields) == 0 {
			continue
		}
		if x := s.do(l, tree.Of(s.key), n); !x.Empty() {
			x.Gap = true
			v.Set(s.key, x)
		}
	}
	gap := false
	for i := range root.Fields {
		f := &root.Fields[i]
		switch {
		case isExtension(f.Key):
			x := same(l, tree.Of(f.Key), f.Value)
			x.Gap = !gap
			gap = true
			v.Set(f.Key, x)
		case !l.keys.knows(f.Key):
			l.noRule(tree.Of(f.Key), f.Key)
		}
	}
	return v
}

// noRule reports a key that no table of this package has: a fault of ours, and never a silent loss.
func (l *lowering) noRule(p tree.Path, key string) {
	l.ds.Error(diag.Internal, p, "cannot lower %q: the compose backend has no rule for it", key).OnKey()
}

// title is the comment above all.
func (l *lowering) title() string {
	return "octo: made from " + strings.Join(l.in.Project.Inputs, ", ") + ". Change those, not this file."
}

// services are the services in the order in which the sources name them; one that is not in the model is not enabled.
func services(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	v := mapping(p, len(n.Fields))
	for i := range n.Fields {
		f := &n.Fields[i]
		s := l.in.Project.Service(f.Key)
		if s == nil {
			continue
		}
		x := l.service(s, p.Key(f.Key), f.Value)
		x.Gap = len(v.Fields) > 0
		if len(l.in.Project.Inputs) > 1 {
			x.Head = strings.Join(s.From, ", ")
		}
		v.Set(f.Key, x)
	}
	return v
}

// service is one service.
func (l *lowering) service(s *model.Service, p tree.Path, n *tree.Node) *doc.Value {
	if n.Get("image") == nil && n.Get("build") == nil && n.Get("provider") == nil {
		at := p
		if n.Get("binary") != nil {
			at = p.Key("binary")
		}
		support.Refuse(&l.ds, l.in.Target, at, "write image or build beside it, which this target runs",
			"cannot run %q: Compose runs containers, and there is no image", s.Name)
	}
	v := l.keys.service.lower(l, p, n)
	if r := n.Get("replicas"); r != nil && r.Kind != tree.Null {
		d := l.keys.service.at(v, "deploy", doc.NewMap)
		l.keys.deploy.put(d, "replicas", same(l, p.Key("replicas"), r))
	}
	l.harden(s, p, v)
	l.mountConfigs(s, p, v)
	l.markConfigs(s, p, v)
	return v
}
