package compiler

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/frontend"
	"github.com/octocompose/octocompose/compiler/load"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/schema"
)

// Options say what to compile. The zero value compiles what lies in the working directory to no target.
type Options struct {
	// Files are the config files, as named on the command line; the later is the overlay. None: the file is looked
	// for. "-" is standard input.
	Files []string
	// Dir is the working directory: -f and the names in diagnostics are relative to it.
	Dir   string
	Stdin io.Reader
	// Reader reads the config below Dir; nil: the disk.
	Reader source.Reader
	// EnvFiles replace .env beside the first file.
	EnvFiles []string
	// Set are PATH=VALUE, laid over all files.
	Set []string
	// Env looks a declared variable up in the environment of the process; nil: there is none.
	Env func(name string) (value string, ok bool)
	// Ask asks a person for the value of a variable; nil: nobody is asked. See [load.Options].
	Ask func(load.Question) (answer string, err error)
	// Remote and FrontEnds read what does not lie on the disk, and the formats of other tools. See [load.Options].
	Remote    func(lock *source.File) (load.Remote, diag.List)
	FrontEnds []frontend.FrontEnd
	// Profiles are switched on; "*" is all.
	Profiles    []string
	ProjectName string // over name: in the files
	// Targets are names of targets; none: every declared one.
	Targets []string
	// OutDir is where the output will lie, relative to Dir or absolute, so that outputs can name inputs; "": out in
	// the project's folder. Nothing is written.
	OutDir   string
	Backends []Backend
	// Strict makes warnings errors. Verify reads each output back. AllowEmpty allows a config without services.
	Strict, Verify, AllowEmpty bool
}

// Result is what a run found and made. Targets is empty when there are errors.
type Result struct {
	Name    string // of the project
	Dir     string // the project's folder, absolute
	OutDir  string // absolute
	Files   []*source.File
	Layers  []*source.File  // of Files, the configs, with those of overlays; the lowest layer first
	Vars    []load.Variable // the declared ones, sorted by name
	Tree    *tree.Node      // merged, canonical; without overlays, unless no target is compiled without
	Project *model.Project
	Targets []TargetResult
	Chosen  []*model.Target // also when there are errors
	// Diagnostics are sorted and have their places.
	Diagnostics diag.List
}

// TargetResult is the output of one target.
type TargetResult struct {
	Target *model.Target
	Table  *support.Table
	Set    *artifact.Set
	// Tree and Project are what it was made from: those of the result, or under the target's own overlays.
	Tree    *tree.Node
	Project *model.Project
}

// Compile runs every stage. What is wrong with the config is in Result.Diagnostics; an error is a bug of ours, or ctx
// that ended.
func Compile(ctx context.Context, o Options) (*Result, error) {
	r, s, err := front(ctx, o)
	if err != nil || r.Diagnostics.Has(diag.Error) {
		return r, err
	}
	for _, t := range s.targets {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		out, err := lower(r, s, t, o)
		if err != nil {
			return r, err
		}
		r.Targets = append(r.Targets, out)
	}
	r.finish(o)
	if r.Diagnostics.Has(diag.Error) {
		r.Targets = nil
	}
	return r, nil
}

// Load runs the stages up to the merged tree: for commands that show the config. Where o names targets that all have the
// same overlays, they are in it.
func Load(ctx context.Context, o Options) (*Result, error) {
	sch, err := Schema()
	if err != nil {
		return nil, err
	}
	r, loaded, err := loadFiles(ctx, o, sch)
	if err == nil && loaded.Tree != nil {
		loaded, r.Diagnostics = loadOver(o, loaded, r.Diagnostics)
		r.Files, r.Tree = loaded.Files, loaded.Tree
	}
	if err == nil {
		r.finish(o)
	}
	return r, err
}

// Front runs the stages up to the model: for commands that need no output.
func Front(ctx context.Context, o Options) (*Result, error) {
	r, _, err := front(ctx, o)
	return r, err
}

// Schema is the compiled schema. It is compiled once a process, when first asked for.
func Schema() (*shape.Schema, error) { return compiledSchema() }

var compiledSchema = sync.OnceValues(func() (*shape.Schema, error) {
	s, err := shape.Compile(schema.FS)
	if err != nil {
		return nil, fmt.Errorf("cannot compile the schema: %w", err)
	}
	return s, nil
})

// state is what the front half hands to the lowerings beside the result.
type state struct {
	halves  []*half
	targets []*model.Target
}

// of is the half that t is lowered from.
func (s state) of(t *model.Target) *half {
	for _, h := range s.halves {
		if slices.Contains(h.targets, t) {
			return h
		}
	}
	return s.halves[0]
}

// front runs load, check and resolve, and chooses the targets: once for the targets without overlays, and once for each
// list of overlays.
func front(ctx context.Context, o Options) (*Result, state, error) {
	sch, err := Schema()
	if err != nil {
		return nil, state{}, err
	}
	r, loaded, err := loadFiles(ctx, o, sch)
	if err != nil || r.Tree == nil {
		if err == nil {
			r.finish(o)
		}
		return r, state{}, err
	}
	base := newHalf(sch, o, loaded, r.Diagnostics)
	targets, found := chooseTargets(base.project, o)
	found.Locate(base.tree)
	all := halves(sch, o, base, targets)
	r.Tree, r.Project, r.Chosen, r.Files = all[0].tree, all[0].project, targets, inputs(all)
	for _, h := range all {
		r.Layers = append(r.Layers, h.loaded.Layers...)
	}
	r.Vars = all[0].loaded.Variables
	r.Diagnostics = append(said(all, base), found...)
	r.finish(o)
	return r, state{halves: all, targets: targets}, ctx.Err()
}

// withFiles are the inputs with those that were read after loading, sorted by Rel; each once.
func withFiles(files, more []*source.File) []*source.File {
	if len(more) == 0 {
		return files
	}
	out := slices.Concat(files, more)
	slices.SortStableFunc(out, func(a, b *source.File) int { return strings.Compare(a.Rel, b.Rel) })
	return slices.CompactFunc(out, func(a, b *source.File) bool { return a.Rel == b.Rel })
}

func loadFiles(ctx context.Context, o Options, sch *shape.Schema) (*Result, *load.Result, error) {
	loaded, ds := load.Load(load.Options{
		Schema: sch, Files: o.Files, Dir: o.Dir, Stdin: o.Stdin, EnvFiles: o.EnvFiles, Set: o.Set, Env: o.Env, Ask: o.Ask, ProjectName: o.ProjectName,
		Remote: o.Remote, FrontEnds: o.FrontEnds, Reader: o.Reader,
	})
	r := &Result{Diagnostics: ds}
	if loaded != nil {
		r.Name, r.Dir, r.Files, r.Tree = loaded.Name, loaded.Dir, loaded.Files, loaded.Tree
		r.OutDir = filepath.Join(r.Dir, "out")
		if o.OutDir != "" {
			r.OutDir = o.OutDir
			if !filepath.IsAbs(r.OutDir) {
				r.OutDir = filepath.Join(o.Dir, r.OutDir)
			}
		}
	}
	return r, loaded, ctx.Err()
}

// lower makes the output of one target: what the table refuses, then the backend's work.
func lower(r *Result, s state, t *model.Target, o Options) (TargetResult, error) {
	b := backend(o.Backends, t.Backend)
	h := s.of(t)
	in := &model.Input{Project: h.project, Target: t, Tree: h.tree, Files: h.loaded.Reader, ToProject: toProject(r, t)}
	ds := support.Check(b.Table(), h.tree, t)
	set, more := b.Lower(in)
	ds = append(ds, more...)
	for _, d := range ds {
		d.Target = t.Name
		for _, served := range h.project.Served { // the tree has no config any more
			if d.At.IsZero() && d.Path.Equal(served.Path) {
				d.AtSpan(served.At)
			}
		}
	}
	ds.Locate(h.tree)
	r.Diagnostics = append(r.Diagnostics, ds...)
	if o.Verify && !ds.Has(diag.Error) {
		if err := b.Verify(in, set); err != nil {
			return TargetResult{}, fmt.Errorf("cannot verify the output for %s, which is a bug of octo: %w", t.Name, err)
		}
	}
	return TargetResult{Target: t, Table: b.Table(), Set: set, Tree: h.tree, Project: h.project}, nil
}

// toProject leads from the folder of a target's output to the project's folder.
func toProject(r *Result, t *model.Target) string {
	rel, err := filepath.Rel(filepath.Join(r.OutDir, t.Name), r.Dir)
	if err != nil {
		return filepath.ToSlash(r.Dir)
	}
	return filepath.ToSlash(rel)
}

func backend(list []Backend, name string) Backend {
	for _, b := range list {
		if b.Name() == name {
			return b
		}
	}
	return nil
}

// otherNames are words for a platform that are not the name of its backend.
var otherNames = map[string]string{
	"kubernetes": "k8s", "kubectl": "k8s", "kube": "k8s", "helm": "k8s", "docker": "compose", "docker-compose": "compose",
	"swarm": "compose", "quadlet": "systemd", "podman": "systemd", "unit": "systemd", "units": "systemd",
}

// chooseTargets are the targets that o names, all declared ones when it names none, or one for each backend when none
// is declared. A backend's name is a target too, unless a declared one has it.
func chooseTargets(p *model.Project, o Options) ([]*model.Target, diag.List) {
	var ds diag.List
	declared := map[string]*model.Target{}
	var names []string
	for _, t := range p.Targets {
		if t.Backend == "" { // systemd: {} means the backend of that name
			named := *t
			named.Backend = t.Name
			t = &named
		}
		declared[t.Name] = t
		names = append(names, t.Name)
		if backend(o.Backends, t.Backend) == nil {
			d := ds.Error(diag.UnknownTarget, t.Path, "no backend is called %q", t.Backend)
			d.Helpf("write backend: %s", or(backendNames(o.Backends)))
		}
	}
	if len(names) == 0 {
		names = backendNames(o.Backends)
	}
	wanted := o.Targets
	if len(wanted) == 0 {
		wanted = names
	}
	var out []*model.Target
	for _, name := range wanted {
		t := declared[name]
		if t == nil && backend(o.Backends, name) != nil {
			t = &model.Target{Name: name, Backend: name, Path: tree.Of("targets", name)}
		}
		if t == nil {
			known := append(slices.Clone(names), backendNames(o.Backends)...)
			slices.Sort(known)
			d := ds.Error(diag.UnknownTarget, tree.Root, "no target is called %q; want %s", name, or(slices.Compact(known)))
			d.At.File = &source.File{Name: "-t"} // the command line, not a line of the config
			if near := diag.Near(name, known); near != "" {
				d.Helpf("did you mean -t %s?", near)
			} else if also := otherNames[strings.ToLower(name)]; slices.Contains(known, also) {
				d.Helpf("it is called %s here: -t %s", also, also)
			}
			continue
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out, ds
}

// onlyClusters reports whether every target gives each replica an address of its own.
func onlyClusters(targets []*model.Target) bool {
	for _, t := range targets {
		if t.Backend != "k8s" {
			return false
		}
	}
	return len(targets) > 0
}

func backendNames(list []Backend) []string {
	var names []string
	for _, b := range list {
		names = append(names, b.Name())
	}
	return names
}

// or is a list for a sentence: a, b or c.
func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// finish gives the findings their places and order.
func (r *Result) finish(o Options) {
	r.Diagnostics.Locate(r.Tree)
	if o.Strict {
		for _, d := range r.Diagnostics {
			if d.Severity == diag.Warning {
				d.Severity = diag.Error
			}
		}
	}
	r.Diagnostics = r.Diagnostics.Sort()
}
