package parse

import "github.com/octocompose/octocompose/compiler/tree"

// slabs hands out nodes, entries and items from larger blocks: a config has tens of thousands of them, and
// they live and die together.
type slabs struct {
	nodes  []tree.Node
	fields []tree.Field
	items  []*tree.Node
	made   int // nodes so far; blocks grow with it, so that a small file stays small
}

func (s *slabs) newNode() *tree.Node {
	if len(s.nodes) == 0 {
		s.nodes = make([]tree.Node, min(max(32, s.made), 512))
		s.made += len(s.nodes)
	}
	n := &s.nodes[0]
	s.nodes = s.nodes[1:]
	return n
}

// newFields has room for n entries and no more.
func (s *slabs) newFields(n int) []tree.Field {
	if n > len(s.fields) {
		if n > 64 {
			return make([]tree.Field, n)
		}
		s.fields = make([]tree.Field, min(max(64, s.made/2), 512))
	}
	out := s.fields[:n:n]
	s.fields = s.fields[n:]
	return out
}

// newItems has room for n items and no more.
func (s *slabs) newItems(n int) []*tree.Node {
	if n > len(s.items) {
		if n > 64 {
			return make([]*tree.Node, n)
		}
		s.items = make([]*tree.Node, min(max(64, s.made/4), 512))
	}
	out := s.items[:n:n]
	s.items = s.items[n:]
	return out
}
