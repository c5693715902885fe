package octoctl

import (
	"slices"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// parts are the keys of repos that are no names of other files.
var parts = []string{"include", "services", "files", "tools", "operators"}

// singles are the words of the concept for parts.
var singles = [][2]string{{"service", "services"}, {"tool", "tools"}, {"operator", "operators"}}

// repositories is root without repos, which c.repos is then: what the configs say of repos, over the files that they
// name, in the order of the configs.
func (c *converter) repositories(root *tree.Node) *tree.Node {
	p := tree.Of("repos")
	own := root.Get("repos")
	root = root.Without("repos")
	if !c.isMap(p, own) {
		own = nil
	} else {
		own = c.plural(p, own)
	}
	w := walk{c: c, refs: includes(tree.Of("include")), normal: c.repoFile}
	named := map[string]bool{}
	for _, l := range c.layers {
		for _, r := range c.named(l, own, named) {
			w.follow(r)
		}
	}
	if own != nil {
		for _, key := range keysOf(own) {
			if key == "include" || !slices.Contains(parts, key) {
				own = own.Without(key)
			}
		}
	}
	c.repos = c.merge(p, append(roots(w.layers), own))
	return root
}

// named are the files that the repos of a config name: the list include, and names with url, of which the merged value
// counts.
func (c *converter) named(l layer, own *tree.Node, done map[string]bool) []ref {
	repos := l.root.Get("repos")
	if own == nil || repos == nil || repos.Kind != tree.Map {
		return nil
	}
	out := includes(tree.Of("repos", "include"))(c, l.file, l.root)
	for _, key := range keysOf(repos) {
		f, ok := field(own, key)
		if !ok || done[key] || slices.Contains(parts, key) || single(key) {
			continue
		}
		done[key] = true
		p := tree.Of("repos", key)
		if f.Value.Kind != tree.Map {
			c.unknown(p, f, parts...)
			continue
		}
		if r, ok := c.entry(c.file(f.Value), p, f.Value); ok {
			r.from = c.file(r.node)
			out = append(out, r)
		}
	}
	return out
}

func single(key string) bool {
	return slices.ContainsFunc(singles, func(s [2]string) bool { return s[0] == key })
}

// plural is a mapping of parts in one spelling.
func (c *converter) plural(p tree.Path, n *tree.Node) *tree.Node {
	for _, s := range singles {
		if f, ok := field(n, s[0]); ok {
			n = c.put(n.Without(s[0]), []string{s[1]}, p, f.KeyAt, f.Value)
		}
	}
	return n
}

// repoFile is a file that repos names, in one spelling, without include.
func (c *converter) repoFile(root *tree.Node) *tree.Node {
	root = c.plural(tree.Root, root.Without("include"))
	for _, f := range root.Fields {
		if !slices.Contains(parts, f.Key) {
			c.unknown(tree.Of(f.Key), f, parts...)
			root = root.Without(f.Key)
		}
	}
	return root
}

// files takes the parts of the config that later stages work on out of it, and gives each file of repos its path.
func (c *converter) files(root *tree.Node) {
	c.services, c.values = root.Get("services"), root.Get("configs")
	c.root = root.Without("services").Without("configs")
	if !c.isMap(tree.Of("services"), c.services) {
		c.services = nil
	}
	if !c.isMap(tree.Of("configs"), c.values) {
		c.values = nil
	}
	if o := root.Get("octoctl"); o != nil && o.Kind == tree.Map {
		p := tree.Of("octoctl", "operator")
		if op := o.Get("operator"); c.isMap(p, op) && c.isMap(p.Key("services"), op.Get("services")) {
			c.operator = op.Get("services")
		}
	}
	p := tree.Of("repos", "files")
	files := c.repos.Get("files")
	if !c.isMap(p, files) {
		return
	}
	var out []tree.Field
	for _, f := range files.Fields {
		if c.isMap(p.Key(f.Key), f.Value) {
			f.Value = c.path(p.Key(f.Key), f.Value)
		}
		out = append(out, f)
	}
	c.repos = c.repos.Set("files", source.Span{}, files.WithFields(out))
}

// path is an entry of repos.files with its path.
func (c *converter) path(p tree.Path, n *tree.Node) *tree.Node {
	for _, f := range n.Fields {
		switch {
		case f.Key == "template" && on(f.Value):
			c.ds.Error(diag.NotYet, p.Key(f.Key), "cannot render a file of repos; only services and repos are rendered").AtSpan(f.Value.At).
				Helpf("put the text into configs.NAME.content of a config of octo's, or give the file without templates")
		case f.Key != "url" && f.Key != "template" && f.Key != "path":
			c.unknown(p.Key(f.Key), f, "url", "template")
		}
	}
	r, ok := c.entry(c.file(n), p, tree.NewMap(n.At, onlyURL(n)))
	if !ok {
		return n
	}
	r.from = c.file(r.node)
	text, ok := c.address(r)
	if !ok {
		return n
	}
	at := c.in.Path(r.from, r.path, r.node, text)
	if at == "" {
		return n.Set("path", r.node.At, &tree.Node{Kind: tree.Unknown, At: r.node.At, Derived: true})
	}
	return n.Set("path", r.node.At, made(r.node.At, at))
}

func onlyURL(n *tree.Node) []tree.Field {
	if f, ok := field(n, "url"); ok {
		return []tree.Field{f}
	}
	return nil
}
