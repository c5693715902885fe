package resolve

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// graph is who waits for whom, by the place of a service in Project.Services.
type graph struct {
	names []string
	edges []edge
	out   [][]int32 // by service: its edges
}

// edge is one dependency: from waits for to.
type edge struct {
	from, to int32
	path     tree.Path // the field that makes it
	at       source.Span
	gone     bool // reported: the ring is looked at without it
}

func (r *resolver) graph() *graph {
	services := r.p.Services
	g := &graph{names: make([]string, len(services)), out: make([][]int32, len(services))}
	place, total := make(map[string]int32, len(services)), 0
	for i, s := range services {
		g.names[i] = s.Name
		place[s.Name] = int32(i)
		total += len(s.DependsOn)
	}
	g.edges = make([]edge, 0, total)
	all := make([]int32, 0, total)
	for i, s := range services {
		first := len(all)
		for j := range s.DependsOn {
			d := &s.DependsOn[j]
			to, ok := place[d.Service]
			if !ok {
				continue
			}
			all = append(all, int32(len(g.edges)))
			g.edges = append(g.edges, edge{from: int32(i), to: to, path: d.Implied})
		}
		g.out[i] = all[first:len(all):len(all)]
	}
	return g
}

// order sets the start order, and reports the rings for which there is none. What is in a ring, or behind one, makes
// the last step.
func (r *resolver) order() {
	g := r.graph()
	waits := make([]int32, len(g.names))  // for how many that have no step yet
	behind := make([]int32, len(g.names)) // where the edges to a service begin in incoming
	for i := range g.edges {
		waits[g.edges[i].from]++
		behind[g.edges[i].to]++
	}
	incoming := make([]int32, len(g.edges))
	for i, sum := 0, int32(0); i < len(behind); i++ {
		sum += behind[i]
		behind[i] = sum
	}
	for i := range g.edges {
		to := g.edges[i].to
		behind[to]--
		incoming[behind[to]] = g.edges[i].from
	}
	var ready []int32
	for i := range waits {
		if waits[i] == 0 {
			ready = append(ready, int32(i))
		}
	}
	left := len(g.names)
	for len(ready) > 0 {
		left -= len(ready)
		r.p.Steps = append(r.p.Steps, g.step(ready))
		var next []int32
		for _, v := range ready {
			end := int32(len(incoming))
			if int(v)+1 < len(behind) {
				end = behind[v+1]
			}
			for _, w := range incoming[behind[v]:end] {
				if waits[w]--; waits[w] == 0 {
					next = append(next, w)
				}
			}
		}
		ready = next
	}
	if left == 0 {
		return
	}
	stuck := make([]int32, 0, left)
	for i := range waits {
		if waits[i] > 0 {
			stuck = append(stuck, int32(i))
		}
	}
	r.p.Steps = append(r.p.Steps, g.step(stuck))
	r.rings(g, stuck)
}

// step is the names of services, sorted.
func (g *graph) step(nodes []int32) []string {
	names := make([]string, len(nodes))
	for i, v := range nodes {
		names[i] = g.names[v]
	}
	slices.SortFunc(names, strings.Compare)
	return names
}

// health warns of gates that may never open: a service that waits until another is healthy, which has no check.
func (r *resolver) health() {
	for _, s := range r.p.Services {
		for i := range s.DependsOn {
			d := &s.DependsOn[i]
			if d.Condition != model.Healthy {
				continue
			}
			other := r.p.Service(d.Service)
			if other == nil || other == s {
				continue
			}
			if h := other.Healthcheck; h == nil || h.Off() || len(h.Test) == 0 && h.HTTP == nil && h.TCP == nil && h.GRPC == nil {
				r.gate(other, s.Path.Keys("depends_on", d.Service, "condition"))
			}
		}
	}
}

// gate reports a wait, at p, for the health of a service that has no check in the model.
func (r *resolver) gate(other *model.Service, p tree.Path) {
	n := r.root.Get("services").Get(other.Name)
	written := n.Get("healthcheck")
	switch {
	case other.Healthcheck != nil && other.Healthcheck.Off():
		r.found.Error(diag.Required, p, "%s is never healthy: its check is switched off", other.Name).
			See(other.Path.Key("healthcheck"), "the check of %s stands here", other.Name).
			Helpf("write condition: service_started, or give %s a check", other.Name)
	case r.o.Broken, n.Get("checks") != nil, isUnknown(written), isUnknown(written.Get("test")):
	default:
		r.found.Warn(diag.Required, p, "%s has no healthcheck, so it is healthy only if its image brings one", other.Name).
			See(other.Path, "%s stands here", other.Name).
			Helpf("add a healthcheck to services.%s, or write condition: service_started", other.Name)
	}
}

func isUnknown(n *tree.Node) bool { return n != nil && n.Kind == tree.Unknown }
