package compose

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/octocompose/octocompose/compiler/check"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/expand"
	"github.com/octocompose/octocompose/compiler/load"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/resolve"
	"github.com/octocompose/octocompose/compiler/settle"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/schema"
)

var compiled = sync.OnceValues(func() (*shape.Schema, error) { return shape.Compile(schema.FS) })

// front is what the stages before this package make of files in dir: the input of the target compose.
func front(t testing.TB, dir string, files []string) (*model.Input, diag.List) {
	t.Helper()
	s, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	r, ds := load.Load(load.Options{Schema: s, Dir: dir, Files: files})
	if r.Tree == nil {
		return nil, ds
	}
	settled, more := settle.Tree(r.Tree, settle.Input{Schema: s, Reader: r.Reader, Name: r.Name})
	ds = append(ds, more...)
	root, more := expand.Tree(settled.Tree)
	ds = append(ds, more...)
	p, more := check.Project(s, root, check.Options{
		Name: r.Name, Layers: r.Layers, Inputs: r.Inputs(), Profiles: []string{"*"}, Reported: ds, Broken: r.Broken,
	})
	ds = append(ds, more...)
	ds = append(ds, resolve.Project(p, root, resolve.Options{Layers: r.Layers, Broken: r.Broken})...)
	ds.Locate(root)
	p.Served = served(settled.Served)
	return &model.Input{Project: p, Target: target(p), Tree: root, ToProject: "../..", Files: r.Reader}, ds.Sort()
}

// served are the configs that are served, sorted by service.
func served(list []settle.Served) []*model.Served {
	var out []*model.Served
	for _, s := range list {
		var marks []model.Mark
		for _, m := range s.Marks {
			marks = append(marks, model.Mark(m))
		}
		out = append(out, &model.Served{Service: s.Service, Env: s.Env, Values: s.Values, Marks: marks, Password: s.Secret,
			Path: tree.Of("services", s.Service, "config", "deliver", "url")})
	}
	slices.SortFunc(out, func(a, b *model.Served) int { return strings.Compare(a.Service, b.Service) })
	return out
}

// target is the target compose of p: the one that is declared, or the one that is there without.
func target(p *model.Project) *model.Target {
	for _, t := range p.Targets {
		if t.Backend == "compose" || t.Name == "compose" {
			return t
		}
	}
	return &model.Target{Name: "compose", Backend: "compose", Path: tree.Of("targets", "compose")}
}

// messages are the first lines of findings.
func messages(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.Text() + "\n")
	}
	return b.String()
}
