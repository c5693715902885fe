package load

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/interpolate"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// inline puts the variables of every env_file that says inline: true into environment, below what stands there, and takes
// the entry away. It works on the merged tree: what environment says in any layer is over what a file says.
func (l *loader) inline(root *tree.Node) *tree.Node {
	services := root.Get("services")
	if services == nil || services.Kind != tree.Map {
		return root
	}
	in := inliner{loader: l}
	var fields []tree.Field
	for i := range services.Fields {
		fd := &services.Fields[i]
		v := in.service(tree.Of("services", fd.Key), fd.Value)
		if v == fd.Value {
			continue
		}
		if fields == nil {
			fields = slices.Clone(services.Fields)
		}
		fields[i].Value = v
	}
	if fields == nil {
		return root
	}
	return root.Set("services", source.Span{}, services.WithFields(fields))
}

// inliner is one pass of inline.
type inliner struct {
	*loader
	scopes map[*source.File]*scope // of the files that name an env_file
	texts  map[string]*source.File
}

// service is a service, or what stands in its pre_start.
func (in *inliner) service(p tree.Path, n *tree.Node) *tree.Node {
	n = in.container(p, n)
	i := n.Find("pre_start")
	if i < 0 || n.Fields[i].Value.Kind != tree.List {
		return n
	}
	list := n.Fields[i].Value
	var items []*tree.Node
	for j, it := range list.Items {
		v := in.container(p.Key("pre_start").Index(j), it)
		if v == it {
			continue
		}
		if items == nil {
			items = slices.Clone(list.Items)
		}
		items[j] = v
	}
	if items == nil {
		return n
	}
	return n.Set("pre_start", source.Span{}, list.WithItems(items))
}

func (in *inliner) container(p tree.Path, n *tree.Node) *tree.Node {
	i := n.Find("env_file")
	if i < 0 || !slices.ContainsFunc(n.Fields[i].Value.Items, saysInline) {
		return n
	}
	list, listAt := n.Fields[i].Value, n.Fields[i].KeyAt
	e := environment{own: n.Get("environment"), keyAt: listAt, set: map[string]string{}}
	var kept []*tree.Node
	for j, it := range list.Items {
		switch {
		case !saysInline(it):
			kept = append(kept, it)
		case it.Get("inline").Text != "true":
			kept = append(kept, it.Without("inline"))
		default:
			e.add(in.pairs(p.Key("env_file").Index(j), it, &e))
			if rest := list.Items[j+1:]; len(rest) > 0 && slices.ContainsFunc(rest, isReference) {
				later := rest[slices.IndexFunc(rest, isReference)]
				in.ds.Warn(diag.Emulated, p.Key("env_file").Index(j), "the variables of %s win over those of %s, which is read later: "+
					"they are part of environment", it.Str("path"), later.Str("path")).AtSpan(it.At).
					Helpf("put what is inlined last, or inline both")
			}
		}
	}
	if len(kept) > 0 {
		n = n.Set("env_file", listAt, list.WithItems(kept))
	} else {
		n = n.Without("env_file")
	}
	return e.into(n)
}

// saysInline reports whether an entry says if it is inlined. What else stands there, the check reports.
func saysInline(n *tree.Node) bool {
	v := n.Get("inline")
	return v != nil && v.Kind == tree.Bool
}

func isReference(n *tree.Node) bool { return n.Get("inline") == nil || n.Str("inline") == "false" }

// pairs are the variables of one file.
func (in *inliner) pairs(p tree.Path, entry *tree.Node, e *environment) []interpolate.Pair {
	at := entry.Get("path")
	if at == nil || at.Kind != tree.String {
		return nil // reported
	}
	if entry.Str("required") == "false" && in.reader.Stat(at.Text).Kind == source.Missing {
		return nil
	}
	f := in.text(at.Text, origin{path: p.Key("path"), node: at})
	if f == nil {
		return nil
	}
	e.outer = in.scopeOf(at.At.File)
	var pairs []interpolate.Pair
	var ds diag.List
	if entry.Str("format") == "raw" {
		pairs, ds = interpolate.RawEnv(f, e)
	} else {
		pairs, ds = interpolate.DotEnvAfter(f, e, e.set)
	}
	for _, d := range ds {
		d.Path = p
		d.Quiet = true // a line of such a file may hold a secret
	}
	in.report(ds, nil)
	return pairs
}

// text reads a file once.
func (in *inliner) text(name string, by origin) *source.File {
	if f, ok := in.texts[name]; ok {
		return f
	}
	f := in.read(name, by)
	if in.texts == nil {
		in.texts = map[string]*source.File{}
	}
	in.texts[name] = f
	if f != nil && !slices.ContainsFunc(in.files, func(have *source.File) bool { return have.Rel == f.Rel }) {
		in.files = append(in.files, f)
	}
	return f
}

// scopeOf is what variables see in the file that names an env_file.
func (in *inliner) scopeOf(f *source.File) *scope {
	if in.scopes == nil {
		in.scopes = map[*source.File]*scope{}
		keys := make([]string, 0, len(in.others))
		for k := range in.others {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, strings.Compare)
		for _, k := range keys {
			if y := in.others[k]; y != nil {
				in.scopes[y.file] = y.env
			}
		}
		for _, y := range slices.Backward(in.layers) {
			in.scopes[y.file] = y.env
		}
	}
	if s := in.scopes[f]; s != nil {
		return s
	}
	return in.env
}

// environment is that of one container, with the files below it.
type environment struct {
	own   *tree.Node // as written; nil when there is none
	keyAt source.Span
	outer *scope
	set   map[string]string // what the files say so far
	files []tree.Field
	index map[string]int
}

// Lookup is what ${NAME} means in a file: the value in the project's environment, else that of the container, as in
// compose-go (types.Project.WithServicesEnvironmentResolved).
func (e *environment) Lookup(name string) (string, bool) {
	if v, ok := e.outer.Lookup(name); ok {
		return v, true
	}
	if v := e.own.Get(name); v != nil && v.Kind.IsScalar() && v.Kind != tree.Null {
		return v.Text, true
	}
	return "", false
}

// Mark is what stands for a secret variable of the project.
func (e *environment) Mark(name string) (string, bool) { return e.outer.Mark(name) }

// Unknown reports whether the value of name is missing, and that was reported.
func (e *environment) Unknown(name string) bool { return e.outer.Unknown(name) }

// add lays the variables of one file over those of the files before it.
func (e *environment) add(pairs []interpolate.Pair) {
	if e.index == nil {
		e.index = make(map[string]int, len(pairs))
	}
	for _, p := range pairs {
		if mark, secret := e.outer.Mark(p.Name); secret && p.Value != "" {
			p.Value = mark // such as in an inlined .env
		}
		e.set[p.Name] = p.Value
		v := tree.NewScalar(p.At, tree.String, p.Value)
		v.Quoted = true
		if i, ok := e.index[p.Name]; ok {
			e.files[i].KeyAt, e.files[i].Value = p.At, v.Over(e.files[i].Value)
			continue
		}
		e.index[p.Name] = len(e.files)
		e.files = append(e.files, tree.Field{Key: p.Name, KeyAt: p.At, Value: v})
	}
}

// into is the container n with this environment: what the files say, and what environment says over it.
func (e *environment) into(n *tree.Node) *tree.Node {
	switch {
	case len(e.files) == 0:
		return n
	case e.own == nil || e.own.Kind == tree.Null:
		m := tree.NewMap(e.keyAt, e.files)
		m.Derived = true
		return n.Set("environment", e.keyAt, m)
	case e.own.Kind != tree.Map:
		return n // reported
	}
	fields := e.files
	for _, fd := range e.own.Fields {
		if i, ok := e.index[fd.Key]; ok {
			fields[i].KeyAt, fields[i].Value = fd.KeyAt, above(fd.Value, fields[i].Value)
			continue
		}
		fields = append(fields, fd)
	}
	return n.Set("environment", source.Span{}, e.own.WithFields(fields))
}

// above is n with low as the lowest of the values that it replaced.
func above(n, low *tree.Node) *tree.Node {
	if n == nil {
		return low
	}
	m := *n
	m.Was = above(n.Was, low)
	return &m
}
