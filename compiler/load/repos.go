package load

import (
	"maps"
	"slices"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/merge"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// repositories are what the repos of all layers come to.
type repositories struct {
	// services is the layer of what all repos say of services, whether the config has them or not; nil: nothing.
	services     *layer
	tools, files entries
	// shipped are entries of configs for the fetched files that services of repos mount, by name.
	shipped map[string]tree.Field
	// read are the files of repos, the lowest first.
	read []*source.File
	// from are the layers by their files.
	from map[*source.File]ranked
}

// repoEntry is a tool or a file, and the repo that it stands in.
type repoEntry struct {
	repo  string
	field tree.Field
}

// entries are tools or files by name. One of a later repo takes the place of one that is called the same.
type entries map[string]repoEntry

// add adds those of a repo.
func (e *entries) add(repo string, m *tree.Node) {
	if m == nil || m.Kind != tree.Map {
		return
	}
	if *e == nil {
		*e = entries{}
	}
	for _, f := range m.Fields {
		if f.Value.Kind != tree.Null {
			(*e)[f.Key] = repoEntry{repo, f}
		}
	}
}

// names are the names, sorted.
func (e entries) names() []string { return slices.Sorted(maps.Keys(e)) }

// ranked is a layer and its height among the others.
type ranked struct {
	*layer
	rank int
}

// contentKeys are the parts of a repo that a file of one may hold too.
var contentKeys = [...]string{"services", "tools", "files"}

// repositories takes repos out of the layers, reads what they name, and makes the layer under all services of it.
func (l *loader) repositories() {
	defer l.reportEmpty()
	var roots []*tree.Node
	for _, y := range l.layers {
		if i := y.root.Find("repos"); i >= 0 {
			roots = append(roots, tree.NewMap(y.root.At, y.root.Fields[i:i+1:i+1]))
			y.root = y.root.Without("repos")
		}
	}
	if len(roots) == 0 {
		return
	}
	l.repos.from = make(map[*source.File]ranked, len(l.layers))
	for i, y := range l.layers {
		l.repos.from[y.file] = ranked{y, i}
	}
	repos := l.merged(roots).Get("repos")
	if repos == nil || repos.Kind != tree.Map {
		return // reported
	}
	var pieces []*tree.Node
	for i := range repos.Fields {
		f := &repos.Fields[i]
		content := l.repo(f)
		if j := content.Find("services"); j >= 0 {
			pieces = append(pieces, tree.NewMap(content.At, content.Fields[j:j+1:j+1]))
		}
		l.repos.tools.add(f.Key, content.Get("tools"))
		l.repos.files.add(f.Key, content.Get("files"))
	}
	if len(pieces) > 0 {
		l.repos.services = &layer{file: &source.File{Name: "repos", Rel: "repos"}, root: l.merged(pieces), dir: ".", env: l.env}
	}
}

// merged are layers of the project's shape as one.
func (l *loader) merged(roots []*tree.Node) *tree.Node {
	out, ds := merge.Layers(l.def, roots)
	l.report(ds, nil)
	return out
}

// repo is what one repo holds: the files that it names, and over them what stands in it.
func (l *loader) repo(f *tree.Field) *tree.Node {
	if f.Value.Kind != tree.Map {
		l.broken = l.broken || f.Value.Kind == tree.Unknown
		return nil
	}
	pieces := l.repoFiles(f)
	inline := f.Value
	for _, key := range placeKeys {
		inline = inline.Without(key)
	}
	pieces = append(pieces, oneRepo(f, inline))
	return l.merged(pieces).Get("repos").Get(f.Key)
}

// oneRepo is a root with one repo.
func oneRepo(f *tree.Field, content *tree.Node) *tree.Node {
	repos := tree.NewMap(f.KeyAt, []tree.Field{{Key: f.Key, KeyAt: f.KeyAt, Value: content}})
	return tree.NewMap(f.KeyAt, []tree.Field{{Key: "repos", KeyAt: f.KeyAt, Value: repos}})
}

// bottom is the layer under all others: what repos say of the services that the config has. Nil: nothing.
func (l *loader) bottom() *tree.Node {
	if l.repos.services == nil {
		return nil
	}
	known := l.repos.services.root.Get("services")
	if known == nil || known.Kind != tree.Map {
		return nil
	}
	var fields []tree.Field
	seen := map[string]bool{}
	for _, y := range l.layers {
		own := y.root.Get("services")
		if own == nil {
			continue
		}
		for i := range own.Fields {
			name := own.Fields[i].Key
			j := known.Find(name)
			if j < 0 || seen[name] {
				continue
			}
			seen[name] = true
			f := known.Fields[j]
			if f.Value = l.repoService(name); f.Value.Kind != tree.Null {
				fields = append(fields, f)
			}
		}
	}
	if fields == nil {
		return nil
	}
	return tree.NewMap(known.At, []tree.Field{{Key: "services", KeyAt: known.At, Value: tree.NewMap(known.At, fields)}})
}

// repoService is what repos say of a service; nil: nothing.
func (l *loader) repoService(name string) *tree.Node {
	y := l.repos.services
	if y == nil || y.root.Get("services").Find(name) < 0 {
		return nil
	}
	n := l.service(y, name, nil)
	if n == nil || n.Kind != tree.Map {
		return n
	}
	return within(n, "build", l.repoContext)
}

// repoContext is the build of a service in repos with its context, whose default is the folder of the file.
func (l *loader) repoContext(b *tree.Node) *tree.Node {
	if b.Kind != tree.Map || b.Find("context") >= 0 {
		return b
	}
	first := b
	for first.Was != nil {
		first = first.Was
	}
	dir := l.folder(first)
	if dir == "." || dir == "" {
		return b
	}
	context := tree.NewScalar(first.At, tree.String, dir)
	context.Quoted = true
	b = b.Set("context", first.At, context)
	return (&shipper{loader: l, dir: dir}).build(tree.Of("repos"), b)
}

// overRepos is the service out, which another extends, over what repos say of it. from is the file that it stands in.
func (l *loader) overRepos(from *layer, name string, out *tree.Node) *tree.Node {
	if from.external || from == l.repos.services {
		return out
	}
	if out != nil && out.Kind == tree.Null && out.Mark == tree.Plain {
		out = nil // it says nothing
	}
	return l.onto(tree.Of("services", name), l.repoService(name), out)
}

// shipRepos does for the services of repos what is done for those of the config while they are one layer: root is in
// canonical form, and its folder is dir.
func (l *loader) shipRepos(root *tree.Node, dir string, env *scope) *tree.Node {
	return within(root, "repos", func(repos *tree.Node) *tree.Node {
		if repos.Kind != tree.Map {
			return repos
		}
		i := -1
		return repos.Each(func(r *tree.Node) *tree.Node {
			i++
			p := tree.Of("repos", repos.Fields[i].Key)
			return within(r, "services", func(services *tree.Node) *tree.Node {
				found := len(l.ds)
				sub := tree.NewMap(services.At, []tree.Field{{Key: "services", KeyAt: services.At, Value: services}})
				sub = bare(l.ship(sub, dir), env)
				for _, d := range l.ds[found:] {
					d.Path = under(p, d.Path)
				}
				l.keepShipped(sub.Get("configs"))
				return sub.Get("services")
			})
		})
	})
}

// under is the path q from p on.
func under(p, q tree.Path) tree.Path {
	for _, s := range q.Steps() {
		if s.Index >= 0 {
			p = p.Index(s.Index)
		} else {
			p = p.Key(s.Key)
		}
	}
	return p
}

// keepShipped remembers configs for files that were fetched.
func (l *loader) keepShipped(configs *tree.Node) {
	if configs == nil {
		return
	}
	if l.repos.shipped == nil {
		l.repos.shipped = map[string]tree.Field{}
	}
	for _, f := range configs.Fields {
		l.repos.shipped[f.Key] = f
	}
}

// withoutEmpty are the findings of the surface check of root without those about services that are empty: repos may say
// what they are run from, which is not known before all files are.
func (l *loader) withoutEmpty(ds diag.List, root *tree.Node) diag.List {
	held := 0
	for _, d := range ds {
		steps := d.Path.Steps()
		if len(steps) == 3 && steps[0].Key == "x-octo" {
			steps = steps[1:]
		}
		if len(steps) != 2 || steps[0].Key != "services" || d.Code != diag.Type {
			continue
		}
		if n, ok := tree.Get(root, d.Path); ok && n.Kind == tree.Null {
			held++
			one := diag.List{d}
			one.Locate(root)
			l.empty = append(l.empty, d)
		}
	}
	if held == 0 {
		return ds
	}
	return slices.DeleteFunc(ds, func(d *diag.Diagnostic) bool { return slices.Contains(l.empty[len(l.empty)-held:], d) })
}

// reportEmpty reports the empty services that no repo has.
func (l *loader) reportEmpty() {
	for _, d := range l.empty {
		name, _, _ := d.Path.Last()
		if n := l.repoService(name); n == nil || n.Kind != tree.Map {
			l.ds = append(l.ds, d)
		}
	}
}

// built are the services that repos say how to build.
func (r *repositories) built() map[string]bool {
	out := map[string]bool{}
	if r.services == nil {
		return out
	}
	if services := r.services.root.Get("services"); services != nil {
		for i := range services.Fields {
			if services.Fields[i].Value.Get("build") != nil {
				out[services.Fields[i].Key] = true
			}
		}
	}
	return out
}
