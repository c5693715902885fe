package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

func key(service, name string) string { return service + "/" + name }

// read makes checks of the spec, and takes over those that did not change.
func (s *Scheduler) read(specs []spec.Check) ([]*check, error) {
	next := make([]*check, 0, len(specs))
	for i := range specs {
		n := &specs[i]
		if old := s.byName[key(n.Service, n.Name)]; old != nil && old.same(n) {
			next = append(next, old)
			continue
		}
		q, err := s.o.Read(n.What)
		if err != nil {
			return nil, fmt.Errorf("cannot use the check %s of %s: %w", n.Name, n.Service, err)
		}
		next = append(next, newCheck(*n, q))
	}
	return next, nil
}

// Reload goes on with the checks of run. One that did not change in any field keeps its state and its rhythm; others begin
// anew, those that are gone end. Restarts before count on. With an error nothing has changed.
func (s *Scheduler) Reload(ctx context.Context, run spec.Run) error {
	var failed error
	if err := s.call(ctx, func() {
		next, err := s.read(run.Checks)
		if err != nil {
			failed = err
			return
		}
		s.set(next, run.Restarts)
		now := time.Now()
		for _, c := range s.checks {
			s.arm(c, now)
		}
	}); err != nil {
		return err
	}
	return failed
}

// set puts checks in the place of those before.
func (s *Scheduler) set(next []*check, restarts *spec.Restarts) {
	byName, svcs := make(map[string]*check, len(next)), map[string]*service{}
	for _, c := range next {
		byName[key(c.spec.Service, c.spec.Name)] = c
		svc := svcs[c.spec.Service]
		if svc == nil {
			if svc = s.svcs[c.spec.Service]; svc == nil {
				svc = &service{name: c.spec.Service}
			}
			svc.checks, svc.pending = nil, 0
			svcs[svc.name] = svc
		}
		svc.checks = append(svc.checks, c)
		if c.startup() && !c.done {
			svc.pending++
		}
		if c.svc == nil { // it is new
			c.svc = svc
			s.setState(c)
		}
	}
	before := s.checks
	s.checks, s.byName, s.svcs = next, byName, svcs
	if s.act != nil {
		s.act.Bound(restarts, len(svcs))
	}
	for _, old := range before {
		if k := key(old.spec.Service, old.spec.Name); byName[k] != old {
			s.retire(old, byName[k])
		}
	}
}

// retire ends a check that is no longer in the spec; next is in its place, nil: nothing. While its question runs next is
// not asked.
func (s *Scheduler) retire(c, next *check) {
	s.stop(c)
	c.gone = true
	if running := c; next != nil {
		if c.prev != nil {
			running, c.prev = c.prev, nil
		}
		if running.phase == asking {
			running.next, next.prev = next, running
		}
	} else {
		if c.prev != nil {
			c.prev.next, c.prev = nil, nil
		}
		if s.o.Meter != nil {
			s.o.Meter.Gone(c.spec.Service, c.spec.Name)
		}
	}
	if c.drain == drainYes && s.act != nil {
		s.bringBack(c, *c.spec.OnFailure)
	}
}
