package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Of a set of services that wait for each other so many rings are reported, one finding each: there can be as many as
// edges, and each costs a walk over the set.
const maxRings = 20

// The first services of a long ring are named, and the first places of its other edges shown.
const maxNamed = 6

// rings reports, for each set of services that wait for each other, the ring of the edge that was written last; then
// the rings that are left without that edge.
func (r *resolver) rings(g *graph, stuck []int32) {
	for _, nodes := range g.components(stuck) {
		todo := [][]int32{nodes}
		for count := 1; len(todo) > 0; count++ {
			nodes := todo[0]
			in := make(map[int32]bool, len(nodes))
			for _, v := range nodes {
				in[v] = true
			}
			last := r.lastEdge(g, nodes, in)
			if count > maxRings {
				r.found.Error(diag.Cycle, g.edges[last].path, "%s is in more rings of services that wait for each other", g.names[nodes[0]]).OnKey().
					Helpf("repair the %d rings that are reported first", maxRings)
				break
			}
			r.ring(g, g.ring(last, in))
			g.edges[last].gone = true
			todo = append(g.components(nodes), todo[1:]...)
		}
	}
}

// lastEdge is the edge inside the component, which has one, that was written last. It works out the places of the edges.
func (r *resolver) lastEdge(g *graph, nodes []int32, in map[int32]bool) int32 {
	last := int32(-1)
	for _, v := range nodes {
		for _, k := range g.out[v] {
			e := &g.edges[k]
			if e.gone || !in[e.to] {
				continue
			}
			if e.path == tree.Root {
				e.path = r.p.Services[v].Path.Keys("depends_on", g.names[e.to])
			}
			if e.at.IsZero() {
				e.at = r.place(e.path)
			}
			if last < 0 || r.later(e.at, g.edges[last].at) {
				last = k
			}
		}
	}
	return last
}

// ring is the shortest ring that begins with an edge of a component: a walk in breadth from its end to its start.
func (g *graph) ring(first int32, in map[int32]bool) []int32 {
	start, goal := g.edges[first].to, g.edges[first].from
	if start == goal {
		return []int32{first}
	}
	by := map[int32]int32{} // service → the edge that reached it
	queue := []int32{start}
	for i := 0; i < len(queue); i++ {
		for _, k := range g.out[queue[i]] {
			e := &g.edges[k]
			if _, seen := by[e.to]; seen || e.gone || !in[e.to] || e.to == start {
				continue
			}
			by[e.to] = k
			if e.to != goal {
				queue = append(queue, e.to)
				continue
			}
			var back []int32
			for v := goal; v != start; v = g.edges[by[v]].from {
				back = append(back, by[v])
			}
			slices.Reverse(back)
			return append([]int32{first}, back...)
		}
	}
	return []int32{first}
}

// ring reports one ring at its first edge.
func (r *resolver) ring(g *graph, ring []int32) {
	say := func(k int32) string { return g.names[g.edges[k].from] + " waits for " + g.names[g.edges[k].to] }
	first := &g.edges[ring[0]]
	if len(ring) == 1 {
		r.found.Error(diag.Cycle, first.path, "%s waits for itself: it would never start", g.names[first.from]).OnKey().
			Helpf("delete this")
		return
	}
	var parts []string
	for i, k := range ring {
		switch {
		case i == len(ring)-1:
			parts = append(parts, "and "+say(k))
		case i < maxNamed:
			parts = append(parts, say(k))
		case i == maxNamed:
			parts = append(parts, fmt.Sprintf("… (%d services in all)", len(ring)))
		}
	}
	end := "none of them would start"
	if len(ring) == 2 {
		end = "neither would start"
	}
	d := r.found.Error(diag.Cycle, first.path, "%s: %s", strings.Join(parts, ", "), end).OnKey()
	for _, k := range ring[1:min(len(ring), 1+maxNamed)] {
		d.See(g.edges[k].path, "%s", say(k))
	}
	r.advise(g, d, ring)
}

// advise says which edge to delete: one that stands in a higher layer than all others was most likely added to what
// worked.
func (r *resolver) advise(g *graph, d *diag.Diagnostic, ring []int32) {
	count := fmt.Sprint(len(ring))
	if len(ring) < len(words) {
		count = words[len(ring)]
	}
	top := r.rank[g.edges[ring[0]].at.File]
	for _, k := range ring[1:] {
		if r.rank[g.edges[k].at.File] >= top {
			d.Helpf("delete one of the %s", count)
			return
		}
	}
	if len(ring) == 2 {
		d.Helpf("delete one of the two; %s needs %s, so most likely this one", g.names[g.edges[ring[1]].from], g.names[g.edges[ring[1]].to])
		return
	}
	d.Helpf("delete one of the %s; the others stand in lower layers, so most likely this one", count)
}

var words = [...]string{"none", "one", "two", "three", "four", "five", "six"}

// components are the sets of services that all wait for each other, among nodes and along edges that are not gone: sets
// of two or more, and services that wait for themselves. Tarjan's algorithm with a stack of its own, as a chain may be
// long.
func (g *graph) components(nodes []int32) [][]int32 {
	t := tarjan{g: g, low: make(map[int32]int32, len(nodes)), number: make(map[int32]int32, len(nodes)), among: make(map[int32]bool, len(nodes))}
	for _, v := range nodes {
		t.among[v] = true
	}
	for _, v := range nodes {
		if t.number[v] == 0 {
			t.visit(v)
		}
	}
	slices.SortFunc(t.found, func(a, b []int32) int { return int(a[0] - b[0]) })
	return t.found
}

type tarjan struct {
	g           *graph
	low, number map[int32]int32 // number is from 1; done is as large as can be
	among       map[int32]bool
	stack       []int32
	found       [][]int32
	next        int32
}

// done stands for the number of a service whose set is complete.
const done = int32(1<<31 - 1)

// frame is one open call.
type frame struct {
	node int32
	edge int // the next one to follow
}

func (t *tarjan) open(v int32) {
	t.next++
	t.number[v], t.low[v] = t.next, t.next
	t.stack = append(t.stack, v)
}

func (t *tarjan) visit(root int32) {
	t.open(root)
	calls := []frame{{node: root}}
	for len(calls) > 0 {
		f := &calls[len(calls)-1]
		if f.edge < len(t.g.out[f.node]) {
			e := &t.g.edges[t.g.out[f.node][f.edge]]
			f.edge++
			switch {
			case e.gone || !t.among[e.to]:
			case t.number[e.to] == 0:
				t.open(e.to)
				calls = append(calls, frame{node: e.to})
			case t.number[e.to] != done:
				t.low[f.node] = min(t.low[f.node], t.number[e.to])
			}
			continue
		}
		v := f.node
		calls = calls[:len(calls)-1]
		if len(calls) > 0 {
			up := calls[len(calls)-1].node
			t.low[up] = min(t.low[up], t.low[v])
		}
		if t.low[v] == t.number[v] {
			t.close(v)
		}
	}
}

// close takes the set of v off the stack.
func (t *tarjan) close(v int32) {
	at := len(t.stack) - 1
	for t.stack[at] != v {
		at--
	}
	set := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, w := range set {
		t.number[w] = done
	}
	self := slices.ContainsFunc(t.g.out[v], func(k int32) bool { e := &t.g.edges[k]; return !e.gone && e.to == v })
	if len(set) > 1 || self {
		slices.Sort(set)
		t.found = append(t.found, set)
	}
}
