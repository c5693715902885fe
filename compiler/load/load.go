package load

import (
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/canon"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/frontend"
	"github.com/octocompose/octocompose/compiler/interpolate"
	"github.com/octocompose/octocompose/compiler/merge"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/template"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Options say what to load.
type Options struct {
	// Schema is the compiled schema, with a definition #Project. It must be given.
	Schema *shape.Schema
	// Files are the config files, relative to Dir; the later is the overlay. "-" is Stdin. None: the first of
	// [Names] that is there, with its override file.
	Files []string
	// Dir is the working directory; "" is that of the process.
	Dir   string
	Stdin io.Reader
	// EnvFiles take the place of the .env file beside the first file, relative to Dir; a later one wins.
	EnvFiles []string
	// Set are PATH=VALUE, each a layer over all files; VALUE is YAML.
	Set []string
	// Env looks up a declared variable in the environment of the process; nil: there is none.
	Env func(name string) (value string, ok bool)
	// Ask asks a person for the value of a variable with prompt that nothing sets; it is called again when the answer
	// does not do. An error ends the asking, and the variable stays unset. Nil: nobody is asked.
	Ask func(Question) (answer string, err error)
	// Remote opens what does not lie on the disk, as octo.lock has it, which is nil where there is none; it reports what is
	// wrong with the lock. Nil: nothing can be had.
	Remote func(lock *source.File) (Remote, diag.List)
	// FrontEnds read the formats of other tools.
	FrontEnds []frontend.FrontEnd
	// ProjectName is over name: in the files; "": what they say.
	ProjectName string
	// Reader reads below Dir; nil: the disk.
	Reader source.Reader
}

// Result is what was loaded.
type Result struct {
	// Tree is the merged config in canonical form; nil when no file could be read.
	Tree *tree.Node
	// Files are all inputs: configs, .env files, inlined files of variables; sorted by Rel.
	Files []*source.File
	// Layers are the configs, the lowest layer first.
	Layers []*source.File
	// Reader reads below the project's folder, which is that of the first file.
	Reader source.Reader
	Dir    string // the project's folder, absolute
	Name   string // of the project
	// Variables are the declared ones, sorted by name.
	Variables []Variable
	// Leaks are errors about the places in Tree that hold the value of a secret variable, which is hidden there: for
	// whoever makes outputs.
	Leaks diag.List
	// Texts are the files of repos as templates of services read them, sorted by name; nil where no template names files.
	Texts []tree.Field
	// Broken: something could not be read, so that what seems to be missing may be there.
	Broken bool

	loader *loader // kept for Over, where some target has an overlay
}

// Inputs are the names of all inputs as outputs print them: relative to the project's folder, sorted; what was fetched is
// named by where it came from.
func (r *Result) Inputs() []string {
	names := make([]string, 0, len(r.Files))
	for _, f := range r.Files {
		names = append(names, f.Shown())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Load reads the config. The result is never nil.
func Load(o Options) (*Result, diag.List) { return newLoader(o).run(nil) }

// run is a whole run, with the overlays of one target.
func (l *loader) run(overlays []origin) (*Result, diag.List) {
	o := l.o
	roots := l.find()
	l.openRemote()
	l.environment()
	for _, name := range roots {
		by := origin{flag: "-f"}
		if len(o.Files) == 0 { // nobody named it
			by.flag = name
		}
		l.visit(name, ".", l.env, by)
	}
	for _, by := range overlays {
		l.overlay(by)
	}
	for i, s := range o.Set {
		l.set(i, s)
	}
	l.finishVariables()
	l.finishName()
	for _, y := range l.layers {
		l.render(y)
	}
	l.repositories()
	l.extend()
	l.contexts()
	r := l.result()
	l.scrub()
	return r, l.ds
}

// layer is one file, or one --set.
type layer struct {
	file *source.File
	root *tree.Node // as written, then without variables, then canonical
	dir  string     // what its relative paths start from, as seen from the project's folder
	env  *scope
	via  source.Span // the include of a root file that brought it; zero for a root file
	// fetched: it does not lie on the disk.
	fetched bool
	// includes are the layers that it includes directly.
	includes []*layer
	// services holds those that were made for others to extend, when the layer is no part of the config itself.
	services map[string]*tree.Node
	external bool
}

type loader struct {
	o      Options
	def    *shape.Shape
	reader *rooted
	ds     diag.List
	broken bool

	files    []*source.File
	parsed   map[string]*parsedFile
	known    map[string]*parsedFile // by the run without overlays
	layers   []*layer
	seen     map[string]*layer
	chain    []*source.File // files that are being included
	outer    source.Span    // the include of a root file that is being followed
	env      *scope
	envFiles map[string][]interpolate.Pair
	vars     variables
	name     string
	extended map[serviceKey]*tree.Node
	others   map[string]*layer       // files that are only extended from
	paths    map[*source.File]string // of the files that were parsed
	renders  template.Run            // what the files that are rendered have in common
	repos    repositories
	empty    diag.List // services without anything, which repos may have
}

func newLoader(o Options) *loader {
	l := &loader{
		o: o, parsed: map[string]*parsedFile{}, seen: map[string]*layer{}, envFiles: map[string][]interpolate.Pair{},
		extended: map[serviceKey]*tree.Node{}, others: map[string]*layer{},
	}
	if o.Schema != nil {
		l.def = o.Schema.Def("#Project")
	}
	if o.Reader == nil {
		o.Reader = source.Disk{Dir: o.Dir}
	}
	l.reader = &rooted{below: o.Reader, dir: "."}
	return l
}

// render brings a layer to canonical form.
func (l *loader) render(y *layer) {
	root := y.root.Without("include")
	if octo := root.Get("x-octo"); octo.Find("include") >= 0 {
		root = root.Set("x-octo", source.Span{}, octo.Without("include"))
	}
	y.root = longRevisions(l.canonical(root, y.dir, y.env))
}

// canonical is a tree of surface form with variables replaced, in canonical form.
func (l *loader) canonical(root *tree.Node, dir string, env *scope) *tree.Node {
	root, ds := interpolate.Tree(tree.Root, root, env, "variables")
	l.report(ds, root)
	out, ds := canon.File(l.def, root, dir)
	l.report(ds, root)
	return l.shipRepos(bare(l.ship(out, dir), env), dir, env)
}

// report takes over findings about root: later ones would be looked for in another tree.
func (l *loader) report(ds diag.List, root *tree.Node) {
	ds.Locate(root)
	l.ds = append(l.ds, ds...)
}

func (l *loader) result() *Result {
	r := &Result{Reader: l.reader, Name: l.name, Broken: l.broken, Variables: l.vars.list(), Dir: l.dir()}
	roots := append(make([]*tree.Node, 0, len(l.layers)+1), l.bottom())
	for _, y := range l.layers {
		roots = append(roots, y.root)
		r.Layers = append(r.Layers, y.file)
	}
	r.Layers = l.withRepoFiles(r.Layers)
	if len(l.layers) > 0 {
		var ds diag.List
		r.Tree, ds = merge.Layers(l.def, roots)
		l.report(ds, r.Tree)
		r.Tree = l.fromRepos(r.Tree)
		r.Broken = l.broken
		r.Tree = l.pinned(l.revise(l.inline(r.Tree)))
		if anyOverlay(r.Tree) {
			r.loader = l
		}
	}
	r.Tree, r.Leaks = l.mask(r.Tree)
	r.Texts = l.fileTexts(r.Tree)
	r.Files = slices.Clone(l.files)
	slices.SortFunc(r.Files, func(a, b *source.File) int { return strings.Compare(a.Rel, b.Rel) })
	return r
}

// dir is the absolute name of the project's folder.
func (l *loader) dir() string {
	at := filepath.FromSlash(l.reader.dir)
	if !filepath.IsAbs(at) {
		at = filepath.Join(l.o.Dir, at)
	}
	if abs, err := filepath.Abs(at); err == nil {
		return abs
	}
	return at
}

// finishName settles the name of the project.
func (l *loader) finishName() {
	given, at := l.o.ProjectName, commandLine("--project-name")
	if given == "" {
		p := l.env.pairs[projectNameVar]
		given, at = p.Value, p.At
	}
	if given != "" {
		if l.name = projectName(given); l.name != given {
			l.ds.Error(diag.Pattern, tree.Root, "cannot use %q as the name of the project; want lower case letters, digits, - and _, with a letter or a digit first", given).
				AtSpan(at).Helpf("write %q", l.name)
		}
		return
	}
	for i := len(l.layers) - 1; i >= 0; i-- {
		y := l.layers[i]
		for _, top := range tops(y.root) {
			if n := top.Get("name"); n != nil && n.Kind == tree.String && n.Text != "" {
				text, _ := interpolate.Expand(n.Text, y.env)
				if l.name = projectName(text); l.name != "" {
					if l.name != text {
						l.ds.Warn(diag.Renamed, tree.Of("name"), "%q is no name for a project; as in Compose, the project is called %q", text, l.name).
							AtSpan(n.At).Helpf("write %s", l.name)
					}
					return
				}
			}
		}
	}
	l.name = projectName(filepath.Base(l.dir()))
}

// projectName is s as Compose normalizes the name of a folder: lower case letters, digits, - and _, beginning with a
// letter or a digit (compose-go, loader.NormalizeProjectName).
func projectName(s string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(s) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || (c == '-' || c == '_') && b.Len() > 0 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// tops are the mappings in which keys of the root may stand: the root, and x-octo in it.
func tops(root *tree.Node) []*tree.Node {
	if octo := root.Get("x-octo"); octo != nil && octo.Kind == tree.Map {
		return []*tree.Node{root, octo}
	}
	return []*tree.Node{root}
}

// rooted is a Reader of the project's folder on top of one of the working directory.
type rooted struct {
	below  source.Reader
	dir    string // of the project, as seen from the working directory
	remote Remote // what does not lie below it; may be nil
}

func (r *rooted) at(name string) string {
	if path.IsAbs(name) || filepath.IsAbs(filepath.FromSlash(name)) {
		return name
	}
	return path.Join(r.dir, name)
}

// Read returns a file whose Name is seen from the working directory and whose Rel from the project's folder.
func (r *rooted) Read(name string) (*source.File, error) {
	if remote.IsVirtual(name) {
		return r.fetched(name)
	}
	f, err := r.below.Read(r.at(name))
	if err != nil {
		return nil, err
	}
	return &source.File{Name: f.Name, Rel: path.Clean(name), Data: f.Data}, nil
}

// Stat says what lies at name.
func (r *rooted) Stat(name string) source.Info {
	if remote.IsVirtual(name) {
		a, ok := remote.FromVirtual(name)
		if !ok || r.remote == nil {
			return source.Info{}
		}
		return r.remote.Stat(a)
	}
	return r.below.Stat(r.at(name))
}

// List returns the names in a folder, sorted.
func (r *rooted) List(name string) []string {
	if remote.IsVirtual(name) {
		return nil
	}
	return r.below.List(r.at(name))
}
