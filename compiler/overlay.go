package compiler

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/check"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/expand"
	"github.com/octocompose/octocompose/compiler/load"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/resolve"
	"github.com/octocompose/octocompose/compiler/settle"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// half is the front half of one run: what the targets with the same overlays, or with none, are lowered from.
type half struct {
	loaded  *load.Result
	tree    *tree.Node // merged, canonical, expanded
	project *model.Project
	targets []*model.Target
	found   diag.List
}

// newHalf goes from what was loaded to the model; found is what loading said.
func newHalf(sch *shape.Schema, o Options, loaded *load.Result, found diag.List) *half {
	h := &half{loaded: loaded, found: append(found, loaded.Leaks...)}
	settled, ds := settle.Tree(loaded.Tree, settle.Input{
		Schema: sch, Reader: loaded.Reader, Name: loaded.Name, Vars: variables(loaded.Variables), Files: loaded.Texts,
	})
	h.found = append(h.found, ds...)
	loaded.Files = withFiles(loaded.Files, settled.Files)
	expanded, ds := expand.Tree(settled.Tree)
	h.tree, h.found = expanded, append(h.found, ds...)
	project, ds := check.Project(sch, h.tree, check.Options{
		Name: loaded.Name, Layers: loaded.Layers, Inputs: loaded.Inputs(), Profiles: o.Profiles,
		Reported: h.found, Broken: loaded.Broken, AllowEmpty: o.AllowEmpty,
	})
	h.project, h.found = project, append(h.found, ds...)
	h.project.Served = served(settled.Served, project)
	return h
}

// served are the configs that octo-sidecar serves, sorted by service, of services that run.
func served(list []settle.Served, p *model.Project) []*model.Served {
	var out []*model.Served
	for _, s := range list {
		if p.Service(s.Service) != nil {
			var marks []model.Mark
			for _, m := range s.Marks {
				marks = append(marks, model.Mark(m))
			}
			out = append(out, &model.Served{
				Service: s.Service, Env: s.Env, Values: s.Values, Marks: marks, Password: s.Secret, Path: tree.Of("services", s.Service, "config", "deliver", "url"), At: s.At,
			})
		}
	}
	slices.SortFunc(out, func(a, b *model.Served) int { return strings.Compare(a.Service, b.Service) })
	return out
}

// variables are the declared variables that have a value which is no secret, as templates read them: texts that take the
// type that is asked for where they stand alone.
func variables(list []load.Variable) []tree.Field {
	var out []tree.Field
	for _, v := range list {
		if v.Set && !v.Secret {
			n := tree.NewScalar(v.At, tree.String, v.Value)
			n.Derived = true
			out = append(out, tree.Field{Key: v.Name, KeyAt: v.At, Value: n})
		}
	}
	return out
}

// resolve finishes the half for its targets.
func (h *half) resolve() {
	h.found = append(h.found, resolve.Project(h.project, h.tree, resolve.Options{
		Layers: h.loaded.Layers, Files: h.loaded.Files, Broken: h.loaded.Broken, Cluster: onlyClusters(h.targets),
		Stat: h.loaded.Reader.Stat, List: h.loaded.Reader.List,
	})...)
	h.found.Locate(h.tree)
}

// halves are those that the targets need: base for the ones without overlays, one more for each list of overlays.
func halves(sch *shape.Schema, o Options, base *half, targets []*model.Target) []*half {
	out := []*half{base}
	byFiles := map[string]*half{"": base}
	for _, t := range targets {
		key := strings.Join(base.loaded.Overlays(t.Name), "\x00")
		h := byFiles[key]
		if h == nil {
			loaded, found := base.loaded.Over(t.Name)
			h = newHalf(sch, o, loaded, found)
			byFiles[key] = h
			out = append(out, h)
		}
		h.targets = append(h.targets, t)
	}
	if len(base.targets) == 0 && len(out) > 1 {
		out = out[1:] // nobody is lowered from it, and what is wrong with it an overlay may mend
	}
	for _, h := range out {
		h.resolve()
	}
	return out
}

// said are the findings of all halves. What the targets without overlays have is said once, and for all; what only
// those with one have names them.
func said(all []*half, base *half) diag.List {
	if len(all) == 1 {
		return all[0].found
	}
	var out diag.List
	type key struct {
		at, path, message string
		severity          diag.Severity
		code              diag.Code
	}
	first := map[key]*diag.Diagnostic{}
	for _, h := range all {
		for _, d := range h.found {
			k := key{d.At.String(), d.Path.String(), d.Message, d.Severity, d.Code}
			known := first[k]
			switch {
			case known == nil:
				first[k] = d
				known = d
			case known.Target == "" && all[0] == base && slices.Contains(base.found, known):
				continue
			}
			if h == base {
				out = append(out, d)
				continue
			}
			for _, t := range h.targets {
				c := *known // so that the place is the same, and printers put the targets together
				c.Target = t.Name
				out = append(out, &c)
			}
		}
	}
	return out
}

// inputs are the files of all halves, sorted, each once.
func inputs(all []*half) []*source.File {
	files := all[0].loaded.Files
	for _, h := range all[1:] {
		files = withFiles(files, h.loaded.Files)
	}
	return files
}

// loadOver is loaded with the overlays of the targets that o names, when they all have the same; known is what loading
// said.
func loadOver(o Options, loaded *load.Result, known diag.List) (*load.Result, diag.List) {
	if len(o.Targets) == 0 || loaded.Tree == nil {
		return loaded, known
	}
	list := loaded.Overlays(o.Targets[0])
	if len(list) == 0 {
		return loaded, known
	}
	for _, t := range o.Targets[1:] {
		if !slices.Equal(loaded.Overlays(t), list) {
			return loaded, known
		}
	}
	return loaded.Over(o.Targets[0])
}
