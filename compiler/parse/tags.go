package parse

import (
	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// tagKinds are the tags of YAML 1.2 (section 10) that scalars may carry.
var tagKinds = map[string]tree.Kind{
	"!!str":   tree.String,
	"!!int":   tree.Int,
	"!!float": tree.Float,
	"!!bool":  tree.Bool,
	"!!null":  tree.Null,
}

var knownTags = []string{"!reset", "!override", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq"}

// tag gives out the mark of n's tag, or reports the tag.
func (c *converter) tag(out *tree.Node, n *yaml.Node, at source.Span) {
	fits := false
	switch n.Tag {
	case "!reset":
		out.Mark, fits = tree.Reset, true
	case "!override":
		out.Mark, fits = tree.Override, true
	case "!!map":
		fits = n.Kind == yaml.MappingNode
	case "!!seq":
		fits = n.Kind == yaml.SequenceNode
	default:
		_, known := tagKinds[n.Tag]
		if !known {
			d := c.ds.Error(diag.BadTag, tree.Root, "unknown tag %q; want !reset or !override", n.Tag).AtSpan(at)
			if near := diag.Near(n.Tag, knownTags); near != "" {
				d.Helpf("did you mean %q?", near)
			} else {
				d.Helpf("put the value into quotes, if the exclamation mark is part of it")
			}
			return
		}
		fits = n.Kind == yaml.ScalarNode
	}
	if !fits {
		c.ds.Error(diag.BadTag, tree.Root, "the tag %s does not fit this value", n.Tag).AtSpan(at).Helpf("delete the tag")
	}
}

// typed gives out the kind that its tag asks for.
func (c *converter) typed(out *tree.Node, want tree.Kind, tag string) {
	got := plainKind(out.Text)
	fits := want == tree.String || got == want || want == tree.Float && got == tree.Int
	if !fits {
		c.ds.Error(diag.BadTag, tree.Root, "cannot read %q as %s", out.Text, tag).AtSpan(out.At).Helpf("delete the tag %s", tag)
		return
	}
	out.Kind = want
	out.Quoted = want == tree.String
}

// merge is one merge key of a mapping.
type merge struct {
	at    int // the number of own entries before it
	keyAt source.Span
	value *tree.Node
}

// merged is fields with the entries of merges, each at the place of its key. Own entries win, then earlier
// sources over later ones (yaml.org/type/merge.html).
func (c *converter) merged(fields []tree.Field, merges []merge) []tree.Field {
	for _, m := range merges[1:] {
		c.ds.Error(diag.DuplicateKey, tree.Root, `key "<<" stands twice in one mapping`).AtSpan(m.keyAt).
			SeeSpan(merges[0].keyAt, "first defined here").
			Helpf("write one list: <<: [*a, *b]")
	}
	seen := make(map[string]bool, len(fields))
	for i := range fields {
		seen[fields[i].Key] = true
	}
	out := make([]tree.Field, 0, len(fields)+8)
	done := 0
	for _, m := range merges {
		upTo := max(done, min(m.at, len(fields)))
		out, done = append(out, fields[done:upTo]...), upTo
		for _, from := range c.sources(m.value) {
			for _, field := range from.Fields {
				if !seen[field.Key] {
					seen[field.Key] = true
					c.total++
					out = append(out, field)
				}
			}
		}
	}
	return append(out, fields[done:]...)
}

// sources are the mappings that a merge key names.
func (c *converter) sources(n *tree.Node) []*tree.Node {
	items := []*tree.Node{n}
	if n.Kind == tree.List {
		items = n.Items
	}
	var out []*tree.Node
	for _, it := range items {
		switch it.Kind {
		case tree.Map:
			out = append(out, it)
		case tree.Unknown:
		default:
			c.ds.Error(diag.Type, tree.Root, "cannot merge a %s into a mapping; want a mapping or a list of mappings", it.Kind).AtSpan(it.At).
				Helpf(`write <<: *name, where &name stands before a mapping; for a key that is called "<<", use quotes`)
		}
	}
	return out
}
