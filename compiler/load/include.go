package load

import (
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/interpolate"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// The limits on includes.
const (
	// MaxIncludeDepth is how long a chain of includes may be.
	MaxIncludeDepth = 100
	// MaxFiles is the number of files of one config.
	MaxFiles = 10_000
)

// parsedFile is a file that was read, with its tree; nil when it has none.
type parsedFile struct {
	file    *source.File
	root    *tree.Node
	written *tree.Node // root, or what is no mapping and so no config
	found   diag.List
}

// parse reads and parses a file once.
func (l *loader) parse(name string, by origin) (*source.File, *tree.Node) {
	if p := l.parsed[name]; p != nil {
		return p.file, p.root
	}
	p := l.known[name]
	if p == nil || p.file == nil {
		p = &parsedFile{file: l.read(name, by)}
		if p.file != nil && by.template {
			p.file = l.rendered(p.file, by)
		}
		if p.file != nil {
			p.written, p.found = parse.YAML(p.file)
		}
	}
	l.parsed[name] = p
	if p.file == nil {
		return nil, nil
	}
	if l.paths == nil {
		l.paths = map[*source.File]string{}
	}
	l.paths[p.file] = name
	l.files = append(l.files, p.file)
	root := p.written
	l.report(p.found, root)
	if root != nil && root.Kind != tree.Map && root.Kind != tree.Unknown {
		l.ds.Error(diag.Type, tree.Root, "cannot use a %s as a config; want a mapping", root.Kind).AtSpan(root.At).
			Helpf("begin with a key, such as services:")
	}
	if root == nil || root.Kind != tree.Map {
		l.broken = true
		return p.file, nil
	}
	p.root = root
	return p.file, root
}

// visit loads a file as a layer, after the layers of its includes. dir is what its relative paths start from.
func (l *loader) visit(name, dir string, env *scope, by origin) *layer {
	if l.loops(name, by) {
		return nil
	}
	key := name + "\x00" + dir + "\x00" + env.id
	if y, ok := l.seen[key]; ok {
		return y
	}
	switch {
	case len(l.chain) >= MaxIncludeDepth:
		l.broken = true
		by.blame(l.ds.Error(diag.Limit, tree.Root, "cannot follow a chain of more than %d includes", MaxIncludeDepth)).
			Helpf("include the file further up")
		return nil
	case l.parsed[name] == nil && l.tooMany(by):
		return nil
	}
	file, root := l.parse(name, by)
	if root == nil {
		return nil
	}
	if root = l.foreign(file, root, by); root == nil {
		return nil
	}
	y := &layer{file: file, root: root, dir: dir, env: env, via: l.via(by), fetched: remote.IsVirtual(name)}
	l.seen[key] = y
	if l.def != nil {
		l.report(l.withoutEmpty(l.def.Check(tree.Root, root, shape.Surface), root), root)
	}
	l.vars.declare(y)
	l.chain = append(l.chain, file)
	l.includes(y)
	l.chain = l.chain[:len(l.chain)-1]
	l.vars.declare(y) // again, over those of its includes
	l.layers = append(l.layers, y)
	return y
}

// via is the include of a root file through which by was reached.
func (l *loader) via(by origin) source.Span {
	if by.node == nil {
		return source.Span{}
	}
	if len(l.chain) <= 1 {
		return by.node.At
	}
	return l.outer
}

// loops reports an include of a file that is being included.
func (l *loader) loops(name string, by origin) bool {
	var self *source.File
	if p := l.parsed[name]; p != nil {
		self = p.file
	}
	for i, f := range l.chain {
		if f != self && f.Rel != path.Clean(name) {
			continue
		}
		var way strings.Builder
		for _, g := range l.chain[i:] {
			way.WriteString(g.Name + " includes ")
		}
		l.broken = true
		by.blame(l.ds.Error(diag.Cycle, tree.Root, "%s%s: a file cannot include itself", way.String(), f.Name)).
			Helpf("delete one of these includes")
		return true
	}
	return false
}

// includes loads what y includes.
func (l *loader) includes(y *layer) {
	for i, top := range tops(y.root) {
		p := tree.Of("include")
		if i > 0 {
			p = tree.Of("x-octo", "include")
		}
		list := top.Get("include")
		if list == nil || list.Kind != tree.List {
			continue
		}
		list, ds := interpolate.Tree(p, list, early{y.env, list.At})
		l.report(ds, y.root)
		for j, item := range list.Items {
			if len(l.chain) == 1 {
				l.outer = item.At
				for _, key := range []string{"path", "url"} {
					if first := item.Get(key); first != nil {
						l.outer = first.At
					}
				}
			}
			l.include(y, p.Index(j), item)
		}
	}
}

// include loads one entry: a path, a URL, or a mapping. What else stands in it the surface check has seen.
func (l *loader) include(y *layer, p tree.Path, item *tree.Node) {
	if item.Kind == tree.String && remote.IsRemote(item.Text) || item.Kind == tree.Map && item.Get("url") != nil {
		l.includeURL(y, p, item)
		return
	}
	paths := texts(p, item)
	var folder, envFile *tree.Node
	if item.Kind == tree.Map {
		paths = texts(p.Key("path"), item.Get("path"))
		folder, envFile = item.Get("project_directory"), item.Get("env_file")
	}
	if len(paths) == 0 {
		l.broken = true // wrong, and reported
		return
	}
	dir, env := "", y.env
	for i, by := range paths {
		by.as, by.template = item.Str("as"), item.Str("template") == "true"
		name, ok := l.target(y.dir, &by)
		if !ok {
			continue
		}
		if i == 0 || dir == "" {
			dir, env = l.around(y, p, name, folder, envFile)
		}
		if inner := l.visit(name, dir, env, by); inner != nil {
			y.includes = append(y.includes, inner)
		}
	}
}

// around is the folder and the environment of what an entry of y includes.
func (l *loader) around(y *layer, p tree.Path, name string, folder, envFile *tree.Node) (string, *scope) {
	dir := path.Dir(name)
	if folder != nil && folder.Kind == tree.String {
		dir = below(y.dir, folder.Text)
	}
	return dir, l.includeEnv(y, dir, p.Key("env_file"), envFile)
}

// texts are the strings of a string or a list of strings. What is neither was reported.
func texts(p tree.Path, n *tree.Node) []origin {
	switch {
	case n == nil:
	case n.Kind == tree.String && n.Text != "":
		return []origin{{path: p, node: n}}
	case n.Kind == tree.List:
		var out []origin
		for i, it := range n.Items {
			if it.Kind == tree.String && it.Text != "" {
				out = append(out, origin{path: p.Index(i), node: it})
			}
		}
		return out
	}
	return nil
}

// below is the path p in a file whose folder is dir.
func below(dir, p string) string {
	if path.IsAbs(p) && !remote.IsVirtual(dir) || len(p) > 2 && p[1] == ':' && (p[2] == '\\' || p[2] == '/') {
		return path.Clean(p)
	}
	return remote.Join(dir, p)
}
