package octoctl

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// merge lays values over each other, the lowest first, by the rules of octoctl (dario.cat/mergo with WithOverride and
// WithAppendSlice): mappings are merged by key; lists are joined, the entries of the lowest first; everything else
// takes the place of what is below it, null, false, 0 and "" too. A list over a mapping or a scalar is an error. Two
// rules are ours: an entry that a list has already is not added again, and !override and !reset replace and take away.
// All layers are merged at once, so that the time is linear in their size. Nil values are skipped; the result is nil where
// there is none.
func (c *converter) merge(p tree.Path, vals []*tree.Node) *tree.Node {
	var all []said
	for _, v := range vals {
		if v != nil {
			all = append(all, said{value: v})
		}
	}
	if len(all) == 0 {
		return nil
	}
	n, _ := c.lay(p, all)
	return n
}

// said is what one layer says of a value.
type said struct {
	keyAt source.Span
	value *tree.Node
}

// lay is what vals come to, and the key of the layer that holds; nil where !reset takes the value away.
func (c *converter) lay(p tree.Path, vals []said) (*tree.Node, source.Span) {
	var was *tree.Node
	for i := len(vals) - 1; i >= 0; i-- {
		if mark := vals[i].value.Mark; mark == tree.Reset {
			vals = vals[i+1:]
			break
		} else if mark == tree.Override {
			was, vals = chain(nil, vals[:i]), vals[i:]
			break
		}
	}
	if len(vals) == 0 {
		return nil, source.Span{}
	}
	group, was := c.hold(p, vals, was)
	top := group[len(group)-1]
	var n *tree.Node
	switch top.value.Kind {
	case tree.Map:
		n = c.layMaps(p, group)
	case tree.List:
		n = layLists(group)
	default:
		n = top.value
	}
	if n.Mark != tree.Plain {
		m := *n
		m.Mark = tree.Plain
		n = &m
	}
	return above(n, chain(was, group[:len(group)-1])), vals[len(vals)-1].keyAt
}

// hold leaves of vals those that make the value: the last one, or the last ones where all are mappings or lists.
func (c *converter) hold(p tree.Path, vals []said, was *tree.Node) ([]said, *tree.Node) {
	from := 0
	for i := 1; i < len(vals); i++ {
		low, high := vals[i-1].value, vals[i].value
		container := high.Kind == tree.Map || high.Kind == tree.List
		switch {
		case container && low.Kind == high.Kind:
			continue
		case high.Kind == tree.List && low.Kind != tree.Null && low.Kind != tree.Unknown:
			c.guard(c.ds.Error(diag.MergeKind, p, "cannot put a list over %s", kind(low)).AtSpan(high.At).
				SeeSpan(low.At, "the %s stands here", low.Kind).
				Helpf("write %s; or !override before the list, and it replaces the %s", kind(low), low.Kind))
		}
		was = chain(was, vals[from:i])
		from = i
	}
	return vals[from:], was
}

// layMaps merges mappings by key. Keys keep the order in which they come up, the lowest layer first.
func (c *converter) layMaps(p tree.Path, vals []said) *tree.Node {
	index := make(map[string]int, len(vals[0].value.Fields))
	var keys []string
	var by [][]said
	for _, v := range vals {
		for i := range v.value.Fields {
			f := &v.value.Fields[i]
			j, ok := index[f.Key]
			if !ok {
				j = len(keys)
				index[f.Key] = j
				keys, by = append(keys, f.Key), append(by, nil)
			}
			by[j] = append(by[j], said{f.KeyAt, f.Value})
		}
	}
	fields := make([]tree.Field, 0, len(keys))
	for i, key := range keys {
		if n, at := c.lay(p.Key(key), by[i]); n != nil {
			fields = append(fields, tree.Field{Key: key, KeyAt: at, Value: n})
		}
	}
	return vals[len(vals)-1].value.WithFields(fields)
}

// layLists joins lists; an entry counts once, where it stands first.
func layLists(vals []said) *tree.Node {
	top := vals[len(vals)-1].value
	if len(vals) == 1 {
		return top
	}
	seen := map[string]bool{}
	var items []*tree.Node
	for i, v := range vals {
		var own []string
		for _, it := range v.value.Items {
			var b strings.Builder
			sign(&b, it)
			if i > 0 && seen[b.String()] {
				continue
			}
			own = append(own, b.String())
			items = append(items, it)
		}
		for _, s := range own { // what one layer says twice it means twice
			seen[s] = true
		}
	}
	return top.WithItems(items)
}

// sign writes a text that equal values have in common, and no others.
func sign(b *strings.Builder, n *tree.Node) {
	b.WriteByte(byte('0' + n.Kind))
	switch n.Kind {
	case tree.List:
		for _, it := range n.Items {
			sign(b, it)
		}
	case tree.Map:
		keys := keysOf(n)
		slices.Sort(keys)
		for _, key := range keys {
			b.WriteString(strconv.Quote(key))
			sign(b, n.Get(key))
		}
	default:
		b.WriteString(strconv.Quote(n.Text))
	}
	b.WriteByte(';')
}

// chain puts what vals say above was, as the chain of what was replaced.
func chain(was *tree.Node, vals []said) *tree.Node {
	for _, v := range vals {
		was = above(v.value, was)
	}
	return was
}

// above is n over was; what n replaced already stays between.
func above(n, was *tree.Node) *tree.Node {
	switch {
	case was == nil:
		return n
	case n.Was == nil:
		return n.Over(was)
	}
	return n.Over(above(n.Was, was))
}
