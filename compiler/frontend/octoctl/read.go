package octoctl

import (
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// The bounds on includes; those of package load are the same.
const (
	maxChain = 100
	maxFiles = 10_000
)

// ref names a file: a text at a node of a file.
type ref struct {
	from *source.File
	path tree.Path
	node *tree.Node
}

// walk follows includes, depth first. A file counts once, where it is met first, so that the layers come out the
// highest first: a file stands before what it includes, and a first include before the next.
type walk struct {
	c      *converter
	refs   func(c *converter, f *source.File, root *tree.Node) []ref
	normal func(root *tree.Node) *tree.Node
	chain  []*source.File
	seen   map[*source.File]bool
	layers []layer
	full   bool // the bound on files was reported
}

// visit adds a file, and what it includes. by names it; the root is named by nobody.
func (w *walk) visit(f *source.File, root *tree.Node, by ref) {
	if w.seen == nil {
		w.seen = map[*source.File]bool{}
	}
	switch {
	case f == nil || root == nil || w.loops(f, by) || w.seen[f]:
		return
	case len(w.chain) >= maxChain:
		w.c.ds.Error(diag.Limit, by.path, "cannot follow a chain of more than %d includes", maxChain).AtSpan(by.node.At).
			Helpf("include the file further up")
		return
	case len(w.layers) >= maxFiles:
		if !w.full {
			w.c.ds.Error(diag.Limit, by.path, "cannot read more than %d files", maxFiles).AtSpan(by.node.At).Helpf("join some of them")
		}
		w.full = true
		return
	}
	w.seen[f] = true
	w.c.from[root.At.File] = f
	if root.Kind != tree.Map {
		w.c.ds.Error(diag.Type, tree.Root, "cannot use %s as a config; want a mapping", kind(root)).AtSpan(root.At).
			Helpf("begin with a key, such as services:")
		return
	}
	refs := w.refs(w.c, f, root)
	w.layers = append(w.layers, layer{f, w.normal(root)})
	w.chain = append(w.chain, f)
	for _, r := range refs {
		w.follow(r)
	}
	w.chain = w.chain[:len(w.chain)-1]
}

// follow reads what r names.
func (w *walk) follow(r ref) {
	if w.full {
		return
	}
	if text, ok := w.c.address(r); ok {
		f, root := w.c.in.Include(r.from, r.path, r.node, text)
		w.visit(f, root, r)
	}
}

// loops reports a file that is being read.
func (w *walk) loops(f *source.File, by ref) bool {
	for i, g := range w.chain {
		if g != f {
			continue
		}
		var way strings.Builder
		for _, h := range w.chain[i:] {
			way.WriteString(h.Name + " includes ")
		}
		w.c.ds.Error(diag.Cycle, by.path, "%s%s: a file cannot include itself", way.String(), f.Name).AtSpan(by.node.At).
			Helpf("delete one of these includes")
		return true
	}
	return false
}

// includes are the entries of the list at p: texts, or mappings with url.
func includes(p tree.Path) func(*converter, *source.File, *tree.Node) []ref {
	return func(c *converter, f *source.File, root *tree.Node) []ref {
		list, ok := tree.Get(root, p)
		if !ok || list.Kind == tree.Null || list.Kind == tree.Unknown {
			return nil
		}
		if list.Kind != tree.List {
			c.wants(p, list, "a list", "write include: [ { url: ./other.yaml } ]")
			return nil
		}
		var out []ref
		for i, it := range list.Items {
			if r, ok := c.entry(f, p.Index(i), it); ok {
				out = append(out, r)
			}
		}
		return out
	}
}

// entry is one include: a text, or a mapping of url, gpg and versions.
func (c *converter) entry(f *source.File, p tree.Path, it *tree.Node) (ref, bool) {
	if it.Kind == tree.String {
		return ref{f, p, it}, true
	}
	if it.Kind != tree.Map {
		c.wants(p, it, "a URL, or a mapping with url", "write - url: ./other.yaml")
		return ref{}, false
	}
	misspelt := false
	for _, fd := range it.Fields {
		q := p.Key(fd.Key)
		switch fd.Key {
		case "url":
		case "gpg":
			c.ds.Warn(diag.Signature, q, "the signature is not checked: octo knows those of minisign only").OnKey().AtSpan(fd.KeyAt).
				Helpf("include the vendor's config from a file of octo's, with verify:")
		case "versions":
			c.ds.Note(diag.Unsupported, q, "the versions are read by octo upgrade alone, and of includes in files of your own").OnKey().AtSpan(fd.KeyAt).
				Helpf("include the vendor's config from a file of octo's, with versions:")
		default:
			c.unknown(q, fd, "url", "gpg", "versions")
			misspelt = true
		}
	}
	url := it.Get("url")
	if url == nil && misspelt {
		return ref{}, false
	}
	if url == nil || url.Kind != tree.String || url.Text == "" {
		at := it
		if url != nil {
			at = url
		}
		c.wants(p.Key("url"), at, "the URL or the path of a file", "write - url: ./other.yaml")
		return ref{}, false
	}
	return ref{f, p.Key("url"), url}, true
}

// address is the text of r without template=true, which changes nothing here: services and repos are rendered anyway.
func (c *converter) address(r ref) (string, bool) {
	text, query, found := strings.Cut(r.node.Text, "?")
	if strings.Contains(r.node.Text, "{{") {
		c.ds.Error(diag.Template, r.path, "cannot use a template as the address of a file").AtSpan(r.node.At).
			Helpf("write the address out: files are read before anything is rendered")
		return "", false
	}
	if strings.EqualFold(path.Ext(text), ".toml") {
		c.ds.Error(diag.Include, r.path, "cannot read %q: octo reads YAML and JSON, and no TOML", r.node.Text).AtSpan(r.node.At).
			Helpf("convert the file to YAML, and name it here")
		return "", false
	}
	if !found {
		return text, true
	}
	var rest []string
	for _, part := range strings.Split(query, "&") {
		if part != "template=true" && part != "" {
			rest = append(rest, part)
		}
	}
	if len(rest) > 0 {
		text += "?" + strings.Join(rest, "&")
	}
	return text, true
}
