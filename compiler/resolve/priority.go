package resolve

import (
	"container/heap"
	"slices"

	"github.com/octocompose/octocompose/compiler/model"
)

// priorities says which services start before which by their priority alone. All edges lead back in one order of
// starts that the dependencies allow, so that they and the dependencies together have no ring.
func (r *resolver) priorities() {
	services := r.p.Services
	levels := make([]int, 0, 4)
	for _, s := range services {
		if !slices.Contains(levels, s.Priority) {
			levels = append(levels, s.Priority)
		}
	}
	if len(levels) < 2 {
		return
	}
	slices.Sort(levels)
	started := map[int][]string{} // by priority
	for _, s := range r.starts() {
		if i, _ := slices.BinarySearch(levels, s.Priority); i+1 < len(levels) {
			for _, higher := range levels[i+1:] {
				if before := started[higher]; len(before) > 0 {
					s.Preceded = without(before, s)
					break
				}
			}
		}
		started[s.Priority] = append(started[s.Priority], s.Name)
	}
}

// without are the names, sorted, but for those that s depends on anyway.
func without(names []string, s *model.Service) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		if !slices.ContainsFunc(s.DependsOn, func(d model.Dependency) bool { return d.Service == name }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// starts are the services in an order in which each comes after what it depends on, and of those that could come next
// the one with the highest priority, then the first by name. What is in a ring of dependencies is not among them.
func (r *resolver) starts() []*model.Service {
	waits := make(map[*model.Service]int, len(r.p.Services))
	ready := &queue{}
	for _, s := range r.p.Services {
		for _, d := range s.DependsOn {
			if other := r.p.Service(d.Service); other != nil && other != s {
				waits[s]++
			}
		}
		if waits[s] == 0 {
			heap.Push(ready, s)
		}
	}
	out := make([]*model.Service, 0, len(r.p.Services))
	for ready.Len() > 0 {
		s := heap.Pop(ready).(*model.Service)
		out = append(out, s)
		for _, d := range r.p.Dependants(s) {
			if d == s {
				continue
			}
			if waits[d]--; waits[d] == 0 {
				heap.Push(ready, d)
			}
		}
	}
	return out
}

// queue is a heap of services, the highest priority first.
type queue []*model.Service

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].Priority != q[j].Priority {
		return q[i].Priority > q[j].Priority
	}
	return q[i].Name < q[j].Name
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*model.Service)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	*q = (*q)[:last]
	return s
}
