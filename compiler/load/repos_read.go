package load

import (
	"path"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/interpolate"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// placeKeys say where a file of a repo lies.
var placeKeys = [...]string{"url", "path", "ref", "verify", "template"}

// repoReader reads the files of one repo.
type repoReader struct {
	*loader
	repo   *tree.Field
	env    *scope
	seen   map[string]bool
	pieces []*tree.Node // lowest first
}

// repoFiles are the files that a repo names, each as a root with that repo alone in canonical form, the lowest first.
func (l *loader) repoFiles(f *tree.Field) []*tree.Node {
	r := &repoReader{loader: l, repo: f, env: l.env, seen: map[string]bool{}}
	p := tree.Of("repos", f.Key)
	name, by, ok := l.place(p, l.topmost(f.Value))
	if !ok {
		return nil
	}
	if y, known := l.repos.from[by.node.At.File]; known {
		r.env = y.env
	}
	r.visit(name, by)
	return r.pieces
}

// topmost is a repo without what layers below that of its url say of where its file lies: it belongs to another url.
func (l *loader) topmost(n *tree.Node) *tree.Node {
	url := n.Get("url")
	if url == nil {
		return n
	}
	low := l.repos.from[url.At.File].rank
	for _, key := range placeKeys {
		v := n.Get(key)
		if v == nil || v == url {
			continue
		}
		if v.Kind == tree.Map { // it has the place of the layer that was merged last
			for i := range v.Fields {
				v = v.Fields[i].Value
			}
		}
		if l.repos.from[v.At.File].rank < low {
			n = n.Without(key)
		}
	}
	return n
}

// place is the path of the file that url and path of n name; false: there is none, or it was reported.
func (l *loader) place(p tree.Path, n *tree.Node) (string, origin, bool) {
	by, key := origin{path: p.Key("url"), node: n.Get("url")}, "url"
	if by.node == nil {
		by, key = origin{path: p.Key("path"), node: n.Get("path")}, "path"
	}
	if by.node == nil {
		for _, alone := range [...]string{"ref", "verify", "template"} {
			if v := n.Get(alone); v != nil {
				l.broken = true
				l.ds.Error(diag.Required, p, "%s says more about a file, and none is named", alone).AtSpan(v.At).
					Helpf("write url or path beside it")
				break
			}
		}
		return "", by, false
	}
	if by.node.Kind != tree.String || by.node.Text == "" {
		l.broken = true
		if by.node.Kind == tree.String {
			l.ds.Error(diag.Required, by.path, "%s is empty", key).AtSpan(by.node.At).Helpf("name a file")
		}
		return "", by, false // else reported
	}
	if d := l.vars.markedBy(by.node.Text); d != nil {
		l.broken = true
		l.ds = append(l.ds, l.leak(by.path, by.node.At, d))
		return "", by, false
	}
	by.template = n.Str("template") == "true"
	dir := l.folder(by.node)
	if key == "url" {
		name, ok := l.urlTarget(&layer{dir: dir}, p, n, &by)
		return name, by, ok
	}
	for _, alone := range [...]string{"ref", "verify"} {
		if v := n.Get(alone); v != nil {
			l.broken = true
			l.ds.Error(diag.Exclusive, p.Key(alone), "%s belongs to a url, and path is a file here", alone).AtSpan(v.At).
				Helpf("write url: the repository or artifact, or leave %s out", alone)
			return "", by, false
		}
	}
	name, ok := l.target(dir, &by)
	return name, by, ok
}

// onePlace is place where a file must be named.
func (l *loader) onePlace(p tree.Path, n *tree.Node) (string, origin, bool) {
	found := len(l.ds)
	name, by, ok := l.place(p, n)
	if !ok && by.node == nil && len(l.ds) == found {
		l.broken = true
		l.ds.Error(diag.Required, p, "no url and no path").AtSpan(n.At).Helpf("write path: FILE, or url: https://HOST/FILE")
	}
	return name, by, ok
}

// folder is the folder that paths in the file of n are relative to.
func (l *loader) folder(n *tree.Node) string {
	if y, ok := l.repos.from[n.At.File]; ok {
		return y.dir
	}
	if name, ok := l.paths[n.At.File]; ok {
		return path.Dir(name)
	}
	return "."
}

// visit reads a file of the repo, after those that it includes.
func (r *repoReader) visit(name string, by origin) {
	switch {
	case r.loops(name, by), r.seen[name]:
		return
	case len(r.chain) >= MaxIncludeDepth:
		r.broken = true
		by.blame(r.ds.Error(diag.Limit, tree.Root, "cannot follow a chain of more than %d includes", MaxIncludeDepth)).
			Helpf("include the file further up")
		return
	case r.parsed[name] == nil && r.tooMany(by):
		return
	}
	r.seen[name] = true
	file, root := r.parse(name, by)
	if root == nil {
		return
	}
	if def := r.o.Schema.Def("#RepoSource"); def != nil {
		r.report(def.Check(tree.Root, root, shape.Surface), root)
	}
	r.chain = append(r.chain, file)
	r.includes(name, root)
	r.chain = r.chain[:len(r.chain)-1]
	r.loader.repos.read = append(r.loader.repos.read, file)
	content := tree.NewMap(root.At, nil)
	for _, key := range contentKeys {
		if i := root.Find(key); i >= 0 {
			content = content.Set(key, root.Fields[i].KeyAt, root.Fields[i].Value)
		}
	}
	r.pieces = append(r.pieces, r.canonical(oneRepo(r.repo, content), path.Dir(name), r.env))
}

// includes reads the files that a file of the repo includes.
func (r *repoReader) includes(name string, root *tree.Node) {
	list := root.Get("include")
	if list == nil || list.Kind != tree.List {
		return
	}
	p := tree.Of("include")
	list, ds := interpolate.Tree(p, list, r.env)
	r.report(ds, root)
	for i, item := range list.Items {
		p := p.Index(i)
		if item.Kind == tree.String {
			item = tree.NewMap(item.At, []tree.Field{{Key: "path", KeyAt: item.At, Value: item}})
		}
		if item.Kind != tree.Map {
			r.broken = true // reported
			continue
		}
		if inner, by, ok := r.onePlace(p, item); ok {
			r.visit(inner, by)
		}
	}
}

// withRepoFiles are the files of all layers, the lowest first, above those of repos.
func (l *loader) withRepoFiles(layers []*source.File) []*source.File {
	return append(l.repos.read[:len(l.repos.read):len(l.repos.read)], layers...)
}
