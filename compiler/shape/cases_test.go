package shape

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// strange are values of every kind, and texts in every unit, which stand at every place once.
var strange = []any{nil, true, 0, 1, -1, 1.5, "", "x", "a b", "1m30s", "512m", "1", []any{}, []any{"x"}, []any{1}, []any{[]any{}}, map[string]any{}, map[string]any{"zz": 1}}

// texts are strings that the patterns of schemas tell apart.
var texts = []string{"a", "A", "9", "x-y", "linux_amd64", strings.Repeat("0a", 32), strings.Repeat("0a", 31), "/p", "p", "https://h/p", "1.30", "v1.2.3.4", "on-failure:3", "every_12h", "default", "a@example.com", "h:1", "RW" + strings.Repeat("a+", 27)}

// caseMaker makes values for a shape that lie on both sides of each of its rules.
type caseMaker struct {
	extra  []any           // more values for every place
	seen   map[*Field]bool // fields that had their turn where they were embedded from; nil: none is passed over
	within []*MapShape
}

// values are the cases for one value. Definitions of mappings below the first are looked into once, at their own turn.
func (c *caseMaker) values(s *Shape, top bool) []any {
	out := append(slices.Clone(strange), c.extra...)
	for _, e := range s.Enum {
		out = append(out, e, e+"x", strings.ToUpper(e), e[:max(len(e)-1, 0)])
	}
	if s.Pattern != nil {
		for _, t := range texts {
			out = append(out, t)
		}
	}
	for _, b := range []*float64{s.Min, s.Max} {
		if b != nil {
			out = append(out, *b-1, *b, *b+1, *b+0.5)
		}
	}
	for _, l := range []int{s.MinLen, s.MaxLen} {
		if l >= 0 {
			out = append(out, strings.Repeat("ä", l), strings.Repeat("ä", l+1), strings.Repeat("ä", max(l-1, 0)))
		}
	}
	if s.List != nil && s.List.Elem != nil {
		for _, v := range c.values(s.List.Elem, false) {
			out = append(out, []any{v}, []any{v, v})
		}
	}
	if s.Map != nil {
		out = append(out, c.mappings(s.Map, top)...)
	}
	return out
}

func (c *caseMaker) mappings(m *MapShape, top bool) []any {
	var out []any
	if m.By != "" {
		for _, a := range m.Arms {
			out = append(out, c.mappings(a.Map, top)...)
		}
		return append(out, map[string]any{m.By: "zz"}, map[string]any{m.By: 1})
	}
	least := leastOf(m)
	out = append(out, least, with(least, "zz", 1), with(least, "x-zz", 1), with(least, "", 1))
	for k := range least {
		out = append(out, without(least, k))
	}
	if !top && m.name != "" || slices.Contains(c.within, m) {
		return out
	}
	c.within = append(c.within, m)
	for _, f := range m.Fields {
		values := c.values(f.Value, false)
		if c.seen[f] {
			values = []any{leastValue(f.Value), []any{}, "x"}
		} else if c.seen != nil {
			c.seen[f] = true
		}
		for _, v := range values {
			out = append(out, with(least, f.Name, v))
		}
	}
	for i := range m.Patterns {
		for _, key := range []string{"", "a", "a b", "A_1", "a-b", "x-a", "linux_amd64", "ä", "1"} {
			out = append(out, with(least, key, leastValue(m.Patterns[i].Field.Value)))
		}
		for _, v := range c.values(m.Patterns[i].Field.Value, false) {
			out = append(out, with(least, sampleKey(&m.Patterns[i]), v))
		}
	}
	c.within = c.within[:len(c.within)-1]
	return out
}

// sampleKey is a key that p is for.
func sampleKey(p *Pattern) string {
	for _, k := range []string{"a", "linux_amd64", "x-a", "https://a"} {
		if p.matches(k) {
			return k
		}
	}
	panic("no key matches " + p.Key.String())
}

func leastOf(m *MapShape) map[string]any {
	out := map[string]any{}
	for _, f := range m.Fields {
		if f.Required {
			out[f.Name] = leastValue(f.Value)
		}
	}
	return out
}

// leastValue is a small value that fits s.
func leastValue(s *Shape) any {
	switch {
	case s.Any:
		return 1
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Pattern != nil:
		for _, t := range texts {
			if s.Pattern.MatchString(t) {
				return t
			}
		}
		panic("no text matches " + s.Pattern.String())
	case s.Kinds.Has(tree.String):
		return strings.Repeat("a", max(s.MinLen, 1))
	case s.Kinds&kindsNumber != 0 && s.Min != nil:
		return *s.Min
	case s.Kinds&kindsNumber != 0:
		return 1
	case s.Kinds.Has(tree.Bool):
		return true
	case s.Map != nil && s.Map.By != "":
		return leastOf(s.Map.Arms[0].Map)
	case s.Map != nil:
		return leastOf(s.Map)
	case s.List != nil:
		return slices.Repeat([]any{leastValue(s.List.Elem)}, s.List.Min)
	}
	return nil
}

func with(m map[string]any, key string, v any) map[string]any {
	out := map[string]any{}
	for k, x := range m {
		out[k] = x
	}
	out[key] = v
	return out
}

func without(m map[string]any, key string) map[string]any {
	out := with(m, key, nil)
	delete(out, key)
	return out
}

// treeOf is a Go value as a tree. A whole float64 is an integer, as in JSON.
func treeOf(v any) *tree.Node {
	switch v := v.(type) {
	case nil:
		return &tree.Node{Kind: tree.Null}
	case bool:
		return &tree.Node{Kind: tree.Bool, Text: fmt.Sprint(v)}
	case int:
		return &tree.Node{Kind: tree.Int, Text: fmt.Sprint(v)}
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return &tree.Node{Kind: tree.Float, Text: v.String()}
		}
		return &tree.Node{Kind: tree.Int, Text: v.String()}
	case float64:
		if v == math.Trunc(v) {
			return &tree.Node{Kind: tree.Int, Text: formatNumber(v)}
		}
		return &tree.Node{Kind: tree.Float, Text: formatNumber(v)}
	case string:
		return &tree.Node{Kind: tree.String, Quoted: true, Text: v}
	case []any:
		n := &tree.Node{Kind: tree.List}
		for _, it := range v {
			n.Items = append(n.Items, treeOf(it))
		}
		return n
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		n := &tree.Node{Kind: tree.Map}
		for _, k := range keys {
			n.Fields = append(n.Fields, tree.Field{Key: k, Value: treeOf(v[k])})
		}
		return n.WithFields(n.Fields)
	}
	panic(fmt.Sprintf("no tree for %T", v))
}

// goOf is a tree as a Go value, for comparison with what others make of it.
func goOf(n *tree.Node) any {
	switch n.Kind {
	case tree.Null:
		return nil
	case tree.Bool:
		return n.Text == "true"
	case tree.Int, tree.Float:
		x, _ := numberOf(n)
		return x
	case tree.List:
		out := []any{}
		for _, it := range n.Items {
			out = append(out, goOf(it))
		}
		return out
	case tree.Map:
		out := map[string]any{}
		for _, f := range n.Fields {
			out[f.Key] = goOf(f.Value)
		}
		return out
	}
	return n.Text
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// faults are the errors of both modes.
func faults(s *Shape, n *tree.Node) diag.List {
	var out diag.List
	for _, mode := range []Mode{Surface, Canonical} {
		for _, d := range s.Check(tree.Root, n, mode) {
			if d.Severity == diag.Error {
				out = append(out, d)
			}
		}
	}
	return out
}
