package settle

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/template"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Result is what Tree makes.
type Result struct {
	// Tree is the tree without globals and services.*.config; the one that was given when it has neither.
	Tree *tree.Node
	// Files are the vendors' schemas that were read, sorted by Rel.
	Files []*source.File
	// Served are the configs that are served over HTTPS, in the order of the services.
	Served []Served
}

// Input is what Tree needs beside the tree.
type Input struct {
	// Schema is that of the language, whose definition #ServiceConfig is what a config must be once all layers are merged.
	Schema *shape.Schema
	// Reader reads the files that config.schema names.
	Reader source.Reader
	// Name is the name of the project, and Vars are the declared variables that have a value: for templates.
	Name string
	Vars []tree.Field
	// Files are the files of repos by name, each a mapping with its content: for templates.
	Files []tree.Field
}

// Tree settles root. The findings have their places.
func Tree(root *tree.Node, in Input) (Result, diag.List) {
	x := &settler{
		root: root, def: in.Schema.Def("#ServiceConfig"), reader: in.Reader, vendors: map[string]*vendor{}, used: map[string]bool{},
		name: in.Name, vars: in.Vars, files: in.Files,
	}
	services := root.Get("services")
	x.findGroups()
	var fields []tree.Field
	if services != nil && services.Kind == tree.Map {
		for i := range services.Fields {
			f := &services.Fields[i]
			if f.Value.Find("config") < 0 {
				continue
			}
			if fields == nil {
				fields = slices.Clone(services.Fields)
			}
			fields[i].Value = x.service(f)
		}
	}
	x.idleGroups()
	out := root.Without("globals")
	if fields != nil {
		out = out.Set("services", source.Span{}, services.WithFields(fields))
	}
	if len(x.made) > 0 {
		out = withEntries(out, "configs", x.made)
	}
	x.ds.Locate(root)
	if len(x.passwords) > 0 {
		out = withEntries(out, "secrets", x.passwords)
	}
	res := Result{Tree: out, Served: x.served}
	for _, v := range x.vendors {
		if v.file != nil {
			res.Files = append(res.Files, v.file)
		}
	}
	slices.SortFunc(res.Files, func(a, b *source.File) int { return strings.Compare(a.Rel, b.Rel) })
	return res, x.ds
}

// Served is a config that is served over HTTPS.
type Served struct {
	Service string
	Env     string // the variable with the address
	Values  []byte // JSON
	Marks   []Mark
	Secret  string // the key of the secret that the service asks with
	At      source.Span
}

// settler is one run.
type settler struct {
	root    *tree.Node
	def     *shape.Shape
	reader  source.Reader
	groups  *tree.Node // globals; nil when there are none that can be used
	used    map[string]bool
	vendors map[string]*vendor // by the name of the file
	made    []tree.Field       // of configs
	// passwords are entries of secrets, one for each config that is served.
	passwords []tree.Field
	served    []Served
	name      string // of the project
	vars      []tree.Field
	files     []tree.Field
	run       template.Run // what the templates of all services have in common
	ds        diag.List
}

// findGroups looks globals up. What is no mapping was reported.
func (x *settler) findGroups() {
	if g := x.root.Get("globals"); g != nil && g.Kind == tree.Map {
		x.groups = g
	}
}

// idleGroups warns of groups that reach no service.
func (x *settler) idleGroups() {
	if x.groups == nil {
		return
	}
	for i := range x.groups.Fields {
		f := &x.groups.Fields[i]
		if x.used[f.Key] || f.Value.Kind != tree.Map || strings.HasPrefix(f.Key, "x-") {
			continue
		}
		d := x.ds.Warn(diag.UnknownRef, tree.Of("globals", f.Key), "no service takes the values of this group").OnKey()
		switch {
		case f.Key == defaultGroup:
			d.Helpf("it reaches the services that have a config: write config: { deliver: … } in one, or delete the group")
		case diag.Near(f.Key, []string{defaultGroup}) != "":
			d.Helpf("did you mean %q, the group of every service that has a config?", defaultGroup)
		default:
			d.Helpf("write config: { globals: %s } in a service, or delete the group", f.Key)
		}
	}
}

// withEntries is root with entries added to a mapping of it.
func withEntries(root *tree.Node, key string, made []tree.Field) *tree.Node {
	have := root.Get(key)
	if have == nil || have.Kind != tree.Map {
		m := tree.NewMap(made[0].KeyAt, made)
		m.Derived = true
		return root.Set(key, made[0].KeyAt, m)
	}
	return root.Set(key, source.Span{}, have.WithFields(slices.Concat(have.Fields, made)))
}
