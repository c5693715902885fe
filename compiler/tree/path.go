package tree

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/source"
)

// Path is the address of a node: keys and list positions from the root. It is an immutable value that
// shares its beginning with the paths it was made from, so a step costs one small allocation.
type Path struct{ last *step }

type step struct {
	up    *step
	key   string
	index int // ≥ 0: a list position, and key is unused; -1: a key
}

// Root is the address of the whole config.
var Root Path

// Key is the address of key in the mapping at p.
func (p Path) Key(key string) Path { return Path{&step{up: p.last, key: key, index: -1}} }

// Index is the address of item i of the list at p.
func (p Path) Index(i int) Path { return Path{&step{up: p.last, index: i}} }

// Keys is p with several keys.
func (p Path) Keys(keys ...string) Path {
	for _, k := range keys {
		p = p.Key(k)
	}
	return p
}

// Of is the address of keys from the root.
func Of(keys ...string) Path { return Root.Keys(keys...) }

// IsRoot reports whether p is the whole config.
func (p Path) IsRoot() bool { return p.last == nil }

// Parent is the address one step up; the root is its own parent.
func (p Path) Parent() Path {
	if p.last == nil {
		return p
	}
	return Path{p.last.up}
}

// Last is the last step: a key and -1, or "" and a list position. ok is false for the root.
func (p Path) Last() (key string, index int, ok bool) {
	if p.last == nil {
		return "", -1, false
	}
	return p.last.key, p.last.index, true
}

// Step is one step of a path: a key with Index -1, or a list position.
type Step struct {
	Key   string
	Index int
}

// Steps are the steps from the root.
func (p Path) Steps() []Step {
	n := 0
	for s := p.last; s != nil; s = s.up {
		n++
	}
	out := make([]Step, n)
	for s := p.last; s != nil; s = s.up {
		n--
		out[n] = Step{Key: s.key, Index: s.index}
	}
	return out
}

// String is the address as messages print it: services.web.ports[0]. A key that holds a dot, a bracket,
// a space or a quote is quoted in brackets: services.web.labels["com.example.a"].
func (p Path) String() string {
	var b strings.Builder
	for _, s := range p.Steps() {
		switch {
		case s.Index >= 0:
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(s.Index))
			b.WriteByte(']')
		case s.Key == "" || strings.ContainsAny(s.Key, ".[]\" \t\n\\*"):
			b.WriteByte('[')
			b.WriteString(strconv.Quote(s.Key))
			b.WriteByte(']')
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Key)
		}
	}
	return b.String()
}

// Equal reports whether p and q are the same address.
func (p Path) Equal(q Path) bool {
	a, b := p.last, q.last
	for a != b {
		if a == nil || b == nil || a.index != b.index || a.key != b.key {
			return false
		}
		a, b = a.up, b.up
	}
	return true
}

// HasPrefix reports whether q is p or an ancestor of p.
func (p Path) HasPrefix(q Path) bool {
	n := len(q.Steps())
	for len(p.Steps()) > n {
		p = p.Parent()
	}
	return p.Equal(q)
}

// ParsePath reads what [Path.String] prints.
func ParsePath(s string) (Path, error) {
	p, rest := Root, s
	for first := true; rest != ""; first = false {
		switch {
		case rest[0] == '[':
			if strings.HasPrefix(rest, `["`) {
				q, err := strconv.QuotedPrefix(rest[1:])
				if err != nil || !strings.HasPrefix(rest[1+len(q):], "]") {
					return Root, fmt.Errorf("cannot read the path %q: a quoted key ends with \"]", s)
				}
				key, _ := strconv.Unquote(q)
				p, rest = p.Key(key), rest[len(q)+2:]
				continue
			}
			end := strings.IndexByte(rest, ']')
			i, err := strconv.Atoi(rest[1:max(end, 1)])
			if end < 0 || err != nil || i < 0 {
				return Root, fmt.Errorf("cannot read the path %q: want a number in brackets, such as ports[0]", s)
			}
			p, rest = p.Index(i), rest[end+1:]
		default:
			if !first {
				if rest[0] != '.' {
					return Root, fmt.Errorf("cannot read the path %q: want a dot before %q", s, rest)
				}
				rest = rest[1:]
			}
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return Root, fmt.Errorf("cannot read the path %q: a key is missing", s)
			}
			p, rest = p.Key(rest[:end]), rest[end:]
		}
	}
	return p, nil
}

// Get returns the node at p below root.
func Get(root *Node, p Path) (*Node, bool) {
	n, _, _, exact := locate(root, p)
	return n, exact
}

// Nearest returns the node at p, or its nearest ancestor that exists, with the place to point at: the
// key for an entry of a mapping, the value for an item of a list. exact says whether p itself is there.
func Nearest(root *Node, p Path) (n *Node, at source.Span, exact bool) {
	n, key, _, exact := locate(root, p)
	if n == nil {
		return nil, source.Span{}, false
	}
	if key.File != nil {
		return n, key, exact
	}
	return n, n.At, exact
}

// locate walks down as far as it can. key is where the key of the found node stands, zero for an item.
func locate(root *Node, p Path) (n *Node, key source.Span, depth int, exact bool) {
	n = root
	if n == nil {
		return nil, key, 0, false
	}
	for i, s := range p.Steps() {
		if s.Index >= 0 {
			if n.Kind != List || s.Index >= len(n.Items) {
				return n, key, i, false
			}
			n, key = n.Items[s.Index], source.Span{}
			continue
		}
		j := n.Find(s.Key)
		if j < 0 {
			return n, key, i, false
		}
		n, key, depth = n.Fields[j].Value, n.Fields[j].KeyAt, i+1
	}
	return n, key, depth, true
}

// Origin says which field of the config a line of an output came from.
type Origin struct {
	Line int // from 1
	From Path
}
