package settle

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Mark is a secret that belongs into a config when it is served.
type Mark struct {
	Name string
	// At are the places of its mark: JSON pointers (RFC 6901), in the order of the sorted keys.
	At []string
}

// secretMark is how a config names a secret: {{ secret.NAME }}.
var secretMark = regexp.MustCompile(`\{\{-?\s*\.?secret\.([A-Za-z0-9][A-Za-z0-9._-]*)\s*-?\}\}`)

// markOf is the one spelling of a mark, that octo-sidecar looks for.
func markOf(name string) string { return "{{ secret." + name + " }}" }

// opened and closed stand around the name of a secret while templates are rendered, as what a template reads must not
// look like one. They are code points for private use.
const opened, closed = "\ue000", "\ue001"

// secretNames are what templates see as secret.
func (x *settler) secretNames() *tree.Node {
	secrets := x.root.Get("secrets")
	if secrets == nil || secrets.Kind != tree.Map {
		return tree.NewMap(x.root.At, nil)
	}
	fields := make([]tree.Field, 0, len(secrets.Fields))
	for _, f := range secrets.Fields {
		fields = append(fields, tree.Field{Key: f.Key, KeyAt: f.KeyAt, Value: scalar(opened+f.Key+closed, f.KeyAt)})
	}
	return tree.NewMap(secrets.At, fields)
}

// remarked is what templates made, with the marks of secrets.
func remarked(n *tree.Node) *tree.Node {
	switch {
	case n.Kind == tree.Map || n.Kind == tree.List:
		return n.Each(remarked)
	case n.Kind == tree.String && strings.Contains(n.Text, opened):
		m := *n
		m.Text = strings.NewReplacer(opened, "{{ secret.", closed, " }}").Replace(n.Text)
		return &m
	}
	return n
}

// marks finds the marks of secrets in the values of d, and gives them their one spelling. Only a config that is served
// and nothing else may hold one: a file or a variable would be a value in an output.
func (x *settler) marks(d *delivery) []Mark {
	found := map[string][]string{}
	d.values = x.markedNode(d, d.path.Key("values"), "", d.values, found)
	var out []Mark
	for name, at := range found {
		out = append(out, Mark{name, at})
	}
	slices.SortFunc(out, func(a, b Mark) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// pointerStep writes a key as a step of a JSON pointer.
var pointerStep = strings.NewReplacer("~", "~0", "/", "~1")

func (x *settler) markedNode(d *delivery, p tree.Path, pointer string, n *tree.Node, found map[string][]string) *tree.Node {
	switch n.Kind {
	case tree.Map:
		out := n
		for _, f := range sorted(n) {
			if v := x.markedNode(d, p.Key(f.Key), pointer+"/"+pointerStep.Replace(f.Key), f.Value, found); v != f.Value {
				out = out.Set(f.Key, f.KeyAt, v)
			}
		}
		return out
	case tree.List:
		i := -1
		return n.Each(func(it *tree.Node) *tree.Node {
			i++
			return x.markedNode(d, p.Index(i), pointer+"/"+strconv.Itoa(i), it, found)
		})
	case tree.String:
		return x.markedText(d, p, pointer, n, found)
	}
	return n
}

// markedText is a text of a config with its marks in their one spelling.
func (x *settler) markedText(d *delivery, p tree.Path, pointer string, n *tree.Node, found map[string][]string) *tree.Node {
	if !strings.Contains(n.Text, "secret.") {
		return n
	}
	secrets := x.root.Get("secrets")
	text := secretMark.ReplaceAllStringFunc(n.Text, func(m string) string {
		name := secretMark.FindStringSubmatch(m)[1]
		if secrets.Find(name) < 0 {
			e := x.ds.Error(diag.UnknownRef, p, "no secret is called %q", name).AtSpan(d.vendor.own(n.At))
			help := fmt.Sprintf("add it: secrets: { %s: { … } }", name)
			var known []string
			if secrets != nil {
				for _, f := range secrets.Fields {
					known = append(known, f.Key)
				}
			}
			if near := diag.Near(name, known); near != "" {
				help = fmt.Sprintf("did you mean %q?", near)
			}
			e.Helpf("%s", help)
			return m
		}
		if at := found[name]; len(at) == 0 || at[len(at)-1] != pointer {
			found[name] = append(at, pointer)
		}
		return markOf(name)
	})
	if text == n.Text {
		return n
	}
	m := *n
	m.Text, m.Derived = text, true
	return &m
}
