package merge

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Layers merges layers, lowest first, whose shape is root. Merge tags are consumed: what !reset stands on is not in
// the result. One layer alone is passed through but for its tags, and for items of unique lists that a later one
// replaces. Nil layers are skipped; the result is nil when there is none.
func Layers(root *shape.Shape, layers []*tree.Node) (*tree.Node, diag.List) {
	m := merger{}
	said := make([]said, 0, len(layers))
	for _, l := range layers {
		if l != nil {
			said = append(said, m.saying(source.Span{}, l))
		}
	}
	if len(said) == 0 {
		return nil, nil
	}
	out, _ := m.merge(root, nil, said)
	return out, m.diags
}

// Over lays high over low, both values of field at p: a service over the one that it extends. The tags of low are
// consumed; those of high stay, as they also hold for the layers that the result is laid over. Either value
// may be nil. field may be nil for a value without a shape.
func Over(field *shape.Field, p tree.Path, low, high *tree.Node) (*tree.Node, diag.List) {
	m := merger{path: p.Steps()}
	s, r := of(field)
	if low != nil {
		low = m.clean(s, r, low)
		if low.Mark == tree.Reset {
			low = nil
		}
	}
	m.keep = true
	switch {
	case high == nil:
		return low, m.diags
	case low == nil:
		return high, m.diags
	}
	out, _ := m.merge(s, r, []said{{n: low}, {n: high}})
	return out, m.diags
}

// merger is one run.
type merger struct {
	diags diag.List
	path  []tree.Step
	keep  bool // the merge tags of the higher layer stay
	// Room that is used again, so that a mapping costs few allocations.
	stack  []said
	tables []*table
	depth  int // of tables in use
}

// said is what one layer says of a value.
type said struct {
	keyAt source.Span
	n     *tree.Node
}

func (m *merger) saying(at source.Span, n *tree.Node) said { return said{at, n} }

// of is the shape and the rule of a field; a nil rule is the default one.
func of(f *shape.Field) (*shape.Shape, *shape.Rule) {
	if f == nil {
		return nil, nil
	}
	return f.Value, &f.Merge
}

func verb(r *shape.Rule) string {
	if r == nil {
		return ""
	}
	return r.Verb
}

func arg(r *shape.Rule) string {
	if len(r.Args) == 0 {
		return ""
	}
	return r.Args[0]
}

func (m *merger) at() tree.Path {
	p := tree.Root
	for _, s := range m.path {
		if s.Index >= 0 {
			p = p.Index(s.Index)
		} else {
			p = p.Key(s.Key)
		}
	}
	return p
}

// merge is what vals, lowest first, come to: nil when a tag takes the value away. keyAt is the key of the layer that
// holds.
func (m *merger) merge(s *shape.Shape, r *shape.Rule, vals []said) (n *tree.Node, keyAt source.Span) {
	var was *tree.Node
	for i := len(vals) - 1; i >= 0; i-- {
		switch v := vals[i]; v.n.Mark {
		case tree.Plain:
			continue
		case tree.Reset:
			if m.keep {
				return v.n, v.keyAt
			}
			vals = vals[i+1:]
		case tree.Override:
			was = chain(nil, vals[:i])
			if m.keep {
				return over(v.n, was), v.keyAt
			}
			vals = vals[i:]
		}
		break
	}
	if len(vals) == 0 {
		return nil, source.Span{}
	}
	if len(vals) > 1 {
		vals, was = m.hold(s, r, vals, was)
	}
	last := vals[len(vals)-1]
	switch {
	case len(vals) == 1:
		n = m.clean(s, r, last.n)
	case last.n.Kind == tree.Map:
		n, was = m.maps(s, r, vals), chain(was, vals[:len(vals)-1])
	default:
		n, was = m.lists(s, r, vals), chain(was, vals[:len(vals)-1])
	}
	return over(n, was), last.keyAt
}

// hold leaves of vals those that make the value: the last one, or several mappings or lists that are merged. The others
// are added to was.
func (m *merger) hold(s *shape.Shape, r *shape.Rule, vals []said, was *tree.Node) ([]said, *tree.Node) {
	if verb(r) == "replace" {
		last := len(vals) - 1
		return vals[last:], chain(was, vals[:last])
	}
	// The layers that make the value so far; a slice of vals as long as none of them was left out.
	group := vals[:1:1]
	copied := false
	for _, v := range vals[1:] {
		top := group[len(group)-1].n
		switch st := decide(s, r, group, top, v.n); st {
		case skip:
		case join:
			if !copied {
				group, copied = append(make([]said, 0, len(vals)), group...), true
			}
			group = append(group, v)
		case replace, conflict:
			was = chain(was, group)
			if st == conflict {
				m.conflict(top, v.n)
				v.n = &tree.Node{Kind: tree.Unknown, At: v.n.At, Derived: true}
			}
			group, copied = append(make([]said, 0, 1), v), true
		}
	}
	return group, was
}

type step uint8

const (
	replace  step = iota // the higher value takes the place of the lower ones
	join                 // it is merged with them
	skip                 // it says nothing
	conflict             // the layers disagree on the kind
)

// decide is how v goes over group, whose highest value is top.
func decide(s *shape.Shape, r *shape.Rule, group []said, top, v *tree.Node) step {
	container := v.Kind == tree.Map || v.Kind == tree.List
	switch {
	case v.Kind == tree.Null:
		return skip
	case v.Kind == tree.Unknown || top.Kind == tree.Null:
		return replace
	case top.Kind == tree.Unknown:
		if container {
			return skip // merged with what nobody knows, it is not known either
		}
		return replace
	case container && v.Kind == top.Kind:
		if verb(r) == "same" && differs(group, v, arg(r)) {
			return replace
		}
		return join
	case top.Kind != tree.Map && top.Kind != tree.List, allows(s, top.Kind) && allows(s, v.Kind):
		return replace
	}
	return conflict
}

// allows reports whether the schema says that a value of this kind may stand here.
func allows(s *shape.Shape, k tree.Kind) bool { return s != nil && !s.Any && s.Kinds.Has(k) }

// differs reports whether v has another value at key than the layers of group, where both have one.
func differs(group []said, v *tree.Node, key string) bool {
	high := v.Get(key)
	if high == nil || high.Kind == tree.Null {
		return false
	}
	for i := len(group) - 1; i >= 0; i-- {
		if low := group[i].n.Get(key); low != nil && low.Kind != tree.Null {
			return low.Kind != tree.Unknown && high.Kind != tree.Unknown && low.Text != high.Text
		}
	}
	return false
}

func (m *merger) conflict(low, high *tree.Node) {
	m.diags.Error(diag.MergeKind, m.at(), "cannot put a %s over a %s", high.Kind, low.Kind).AtSpan(high.At).
		SeeSpan(low.At, "the %s stands here", low.Kind).
		Helpf("write a %s; or !override before the value, and it replaces the %s", low.Kind, low.Kind)
}

// chain puts what vals say above was, as the chain of what was overridden.
func chain(was *tree.Node, vals []said) *tree.Node {
	for _, v := range vals {
		was = over(v.n, was)
	}
	return was
}

// over is n above was; what n was above already stays between.
func over(n, was *tree.Node) *tree.Node {
	switch {
	case was == nil:
		return n
	case n.Was == nil:
		return n.Over(was)
	}
	return n.Over(over(n.Was, was))
}

// lookup is m.Lookup for a tree that the surface check has seen: a key need not be matched where the only pattern is
// what it can belong to, and an extension has no shape.
func lookup(s *shape.Shape, key string) *shape.Field {
	if s == nil || s.Map == nil {
		return nil
	}
	m := s.Map
	declares := len(m.Fields) > 0 || len(m.Arms) > 0
	if !declares && len(m.Patterns) == 1 {
		return m.Patterns[0].Field
	}
	if f := m.Field(key); f != nil {
		return f
	}
	if declares && strings.HasPrefix(key, "x-") {
		return nil
	}
	return m.Lookup(key)
}
