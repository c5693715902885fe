package interpolate

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Env gives out the values of variables.
type Env interface {
	// Lookup returns the value of name, and whether it is set at all.
	Lookup(name string) (value string, ok bool)
}

// Unknown is an Env that knows of variables whose value could not be worked out, which was reported. A scalar that
// reads one is of Kind [tree.Unknown], and nothing is said of it.
type Unknown interface {
	Unknown(name string) bool
}

// Marker is an Env that knows of variables whose value is secret. What reads one holds its mark in place of the value:
// the caller finds the marks again wherever the text went. ${NAME:+text} asks only if there is a value, and has no mark.
type Marker interface {
	Mark(name string) (mark string, secret bool)
}

// Advisor is an Env that knows one more way to give a variable its value: it ends the help about one that has none.
type Advisor interface {
	Advice(name string) string
}

// Map is an Env of fixed values.
type Map map[string]string

// Lookup returns the value of name.
func (m Map) Lookup(name string) (string, bool) {
	v, ok := m[name]
	return v, ok
}

// Tree replaces the variables in the values at and below n, which stands at p. The values of the keys of n that except
// names are left as they are.
func Tree(p tree.Path, n *tree.Node, env Env, except ...string) (*tree.Node, diag.List) {
	w := walker{env: env, root: p, except: except}
	return w.node(n), w.ds
}

type walker struct {
	env    Env
	root   tree.Path
	except []string
	path   []tree.Step // below root
	ds     diag.List
	done   map[*tree.Node]*tree.Node // scalars with a dollar sign: an aliased one is worked out, and reported, once
}

func (w *walker) at() tree.Path {
	p := w.root
	for _, s := range w.path {
		if s.Index >= 0 {
			p = p.Index(s.Index)
		} else {
			p = p.Key(s.Key)
		}
	}
	return p
}

func (w *walker) node(n *tree.Node) *tree.Node {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case tree.String:
		if strings.IndexByte(n.Text, '$') < 0 {
			return n
		}
		return w.scalar(n)
	case tree.List:
		return w.list(n)
	case tree.Map:
		return w.mapping(n)
	}
	return n
}

func (w *walker) list(n *tree.Node) *tree.Node {
	var items []*tree.Node
	w.path = append(w.path, tree.Step{})
	for i, it := range n.Items {
		w.path[len(w.path)-1].Index = i
		to := w.node(it)
		if to == it {
			continue
		}
		if items == nil {
			items = make([]*tree.Node, len(n.Items))
			copy(items, n.Items)
		}
		items[i] = to
	}
	w.path = w.path[:len(w.path)-1]
	if items == nil {
		return n
	}
	return n.WithItems(items)
}

func (w *walker) mapping(n *tree.Node) *tree.Node {
	var fields []tree.Field
	w.path = append(w.path, tree.Step{Index: -1})
	for i := range n.Fields {
		if len(w.path) == 1 && slices.Contains(w.except, n.Fields[i].Key) {
			continue
		}
		w.path[len(w.path)-1].Key = n.Fields[i].Key
		to := w.node(n.Fields[i].Value)
		if to == n.Fields[i].Value {
			continue
		}
		if fields == nil {
			fields = make([]tree.Field, len(n.Fields))
			copy(fields, n.Fields)
		}
		fields[i].Value = to
	}
	w.path = w.path[:len(w.path)-1]
	if fields == nil {
		return n
	}
	return n.WithFields(fields)
}

func (w *walker) scalar(n *tree.Node) *tree.Node {
	if to, ok := w.done[n]; ok {
		return to
	}
	if w.done == nil {
		w.done = make(map[*tree.Node]*tree.Node)
	}
	x := expander{env: w.env, braces: true}
	x.expand(n.Text, 0, 0)
	text, faults := string(x.out), x.faults
	to := *n
	to.Text, to.Derived = text, true
	if x.unknown {
		to.Kind, to.Text = tree.Unknown, ""
	}
	for _, f := range faults {
		if f.report(&w.ds, w.at(), n.At, n.Text) {
			to.Kind, to.Text = tree.Unknown, ""
		}
	}
	out := &to
	if len(faults) == 0 && text == n.Text && !x.unknown {
		out = n
	}
	w.done[n] = out
	return out
}

// report adds the diagnostic of f, found in a scalar with this text at this place, and says whether it is an error.
func (f Fault) report(ds *diag.List, p tree.Path, at source.Span, text string) bool {
	off := utf8.RuneCountInString(text[:f.Off])
	sub := at.Sub(text, off, utf8.RuneCountInString(text[f.Off:f.Off+f.Len]))
	if f.Code == diag.Unset {
		ds.Warn(f.Code, p, "%s", f.Message).AtSpan(sub).Help = f.Help
		return false
	}
	ds.Error(f.Code, p, "%s", f.Message).AtSpan(sub).Help = f.Help
	return true
}
