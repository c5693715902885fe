package check

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Options are what the tree does not say.
type Options struct {
	// Name is the name of the project; "": what the tree has.
	Name string
	// Layers are the source files, lowest layer first: for the order of Service.From. Nil: the files of a service stand
	// in the order in which their values replaced each other, as far as they did.
	Layers []*source.File
	// Inputs become Project.Inputs.
	Inputs []string
	// Profiles are the profiles that are asked for; "*" is all.
	Profiles []string
	// Reported are the findings of the stages before: what only follows from one of them is not reported.
	Reported diag.List
	// Broken: a file could not be read, so that what is missing may be there.
	Broken bool
	// AllowEmpty allows a config without services.
	AllowEmpty bool
}

// checker is one run.
type checker struct {
	o       Options
	root    *tree.Node
	found   diag.List
	project *model.Project
	faults  faults
}

// Project checks the merged canonical tree and makes the model. A nil schema skips the check of the shape. The project
// is never nil; what has a fault is missing or zero in it.
func Project(schema *shape.Schema, root *tree.Node, o Options) (*model.Project, diag.List) {
	c := &checker{o: o, root: root, project: &model.Project{}}
	if schema != nil && root != nil {
		if def := schema.Def("#Project"); def != nil {
			c.found = def.Check(tree.Root, root, shape.Canonical)
		}
	}
	c.faults.add(o.Reported)
	c.faults.add(c.found)
	c.found = slices.DeleteFunc(c.found, c.faults.follows)
	d := newDecoder()
	if root != nil {
		d.decode(tree.Root, root, c.project)
	}
	c.misfits(d.bad)
	p := c.project
	p.Profiles = slices.Clone(o.Profiles)
	p.Inputs = slices.Clone(o.Inputs)
	if o.Name != "" {
		p.Name = o.Name
	}
	for _, t := range p.Targets {
		if t.Backend == "" && !isUnknown(root.Get("targets").Get(t.Name).Get("backend")) {
			t.Backend = t.Name
		}
	}
	c.disable()
	c.origins()
	c.imply() // before: a container of pre_start is in the network that its service is implied to be in
	c.inherit()
	p.Index()
	c.rules()
	return p, c.found
}

// misfits reports what the decoder could not take. The shapes are the schema's business, so as a rule all of it is
// known already; what is not must not decode to zero without a word.
func (c *checker) misfits(bad []misfit) {
	if len(bad) == 0 {
		return
	}
	as := make(map[*tree.Node]string, len(bad))
	for _, m := range bad {
		as[m.node] = m.as
	}
	tree.Walk(tree.Root, c.root, func(p tree.Path, n *tree.Node) bool {
		want, ok := as[n]
		if !ok || c.faults.cover(p) {
			return true
		}
		if n.Kind.IsScalar() {
			c.found.Error(diag.Type, p, "cannot use %q as %s", n.Text, want).AtSpan(n.At)
		} else {
			c.found.Error(diag.Type, p, "cannot use a %s as %s", n.Kind, want).AtSpan(n.At)
		}
		return true
	})
	c.faults.add(c.found)
}

// disable takes the services with enabled: false out of the project, and what may live without them out of the
// dependencies of others. A dependency that needs one stays: package resolve reports it.
func (c *checker) disable() {
	services := c.root.Get("services")
	off := map[string]bool{}
	for _, s := range c.project.Services {
		if v := services.Get(s.Name).Get("enabled"); v != nil && v.Kind.IsScalar() && strings.EqualFold(v.Text, "false") {
			off[s.Name] = true
			c.project.Disabled = append(c.project.Disabled, s.Name)
		}
	}
	if len(off) == 0 {
		return
	}
	c.project.Services = slices.DeleteFunc(c.project.Services, func(s *model.Service) bool { return off[s.Name] })
	for _, s := range c.project.Services {
		s.DependsOn = slices.DeleteFunc(s.DependsOn, func(d model.Dependency) bool { return off[d.Service] && !d.IsRequired() })
	}
}

// faults is the set of places with an error, to leave out what only follows from one.
type faults struct {
	places  map[string]diag.Code
	unknown map[string][]string // by mapping: keys that are not known, one of which may be a misspelt one that is missed now
}

func (f *faults) add(l diag.List) {
	for _, d := range l {
		if d.Severity != diag.Error {
			continue
		}
		if f.places == nil {
			f.places, f.unknown = map[string]diag.Code{}, map[string][]string{}
		}
		f.places[d.Path.String()] = d.Code
		if d.Code == diag.UnknownKey || d.Code == diag.NotYet {
			key, _, _ := d.Path.Last()
			at := d.Path.Parent().String()
			f.unknown[at] = append(f.unknown[at], key)
		}
	}
}

// cover reports whether there is an error at p already, or one about the kind of something above it.
func (f *faults) cover(p tree.Path) bool {
	if f.places == nil {
		return false
	}
	if _, ok := f.places[p.String()]; ok {
		return true
	}
	for !p.IsRoot() {
		p = p.Parent()
		if f.places[p.String()] == diag.Type {
			return true
		}
	}
	return false
}

// misspelt reports whether the mapping at p has a key that nobody knows.
func (f *faults) misspelt(p tree.Path) bool {
	return f.unknown != nil && len(f.unknown[p.String()]) > 0
}

// follows reports whether d is about a field that is missing because it is misspelt.
func (f *faults) follows(d *diag.Diagnostic) bool {
	if d.Code != diag.Required || f.unknown == nil {
		return false
	}
	name, _, isKey := d.Path.Last()
	return f.misspelt(d.Path) || isKey && diag.Near(name, f.unknown[d.Path.Parent().String()]) != ""
}
