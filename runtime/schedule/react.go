package schedule

import (
	"errors"
	"reflect"
	"time"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/spec"
)

// lookAgain is the pause before a service that was left alone is looked at again.
const lookAgain = 30 * time.Second

// react asks for what is to be done about the state of c, after an answer. What is refused is asked for again after the
// next one.
func (s *Scheduler) react(c *check, works bool) {
	a := c.spec.OnFailure
	if a == nil || s.act == nil || c.svc.held {
		return
	}
	job := act.Job{Service: c.spec.Service, Check: c.spec.Name, Action: *a}
	switch {
	case c.m.state == Passed && works && !c.spared.IsZero():
		c.spared, c.action = time.Time{}, ""
		return
	case c.m.state == Failed && !works && a.Restart != nil:
		if !c.spared.IsZero() && time.Since(c.spared) < lookAgain {
			return
		}
	case c.m.state == Failed && a.Drain != nil && c.drain != drainYes:
	case c.m.state == Passed && works && a.Drain != nil && c.drain != drainNo:
		job.Back = true
	default:
		return
	}
	switch v := s.act.Request(job); v.Kind {
	case act.Taken:
		if a.Restart != nil {
			c.action = "restart runs"
			s.hold(c.svc)
		}
	case act.Busy:
	case act.Backoff:
		c.action = "restart waits: " + v.Why
	case act.GivenUp:
		c.action = "restart is held back: " + v.Why
		if v.New {
			s.event(c, spec.EventGivenUp, v.Why+"; last seen: "+c.seen)
		}
	}
}

// hold stops the checks of a service while it is restarted: what they see then says nothing.
func (s *Scheduler) hold(svc *service) {
	svc.held = true
	for _, c := range svc.checks {
		s.stop(c)
	}
}

// stop lets c be asked no more until it is armed, and its answer that is awaited not count.
func (s *Scheduler) stop(c *check) {
	switch c.phase {
	case asking:
		c.void = true
		c.cancel()
	case queued:
		c.phase = idle
	case idle:
		s.due.drop(c)
	}
}

// actEnded takes the result of an action.
func (s *Scheduler) actEnded(r act.Result) {
	c := s.byName[key(r.Job.Service, r.Job.Check)]
	if c == nil || c.spec.OnFailure == nil || !reflect.DeepEqual(*c.spec.OnFailure, r.Job.Action) {
		// not in the spec any more: it is told all the same
		c = &check{spec: spec.Check{Service: r.Job.Service, Name: r.Job.Check}, gone: true}
	}
	e := c.event(spec.EventRestarted, s.o.Wall(), c.seen)
	spared := errors.Is(r.Err, act.ErrLeft)
	switch {
	case r.Err != nil:
		c.action = line(r.Err.Error())
		e.Kind, e.Seen, e.ActionFailed = spec.EventFailed, c.action, true
	case r.Job.Restarts():
		c.action = "restarted"
	case r.Job.Back:
		c.action, c.drain = "ready", drainNo
	default:
		c.action, c.drain = "drained", drainYes
	}
	switch {
	case spared:
		s.spare(c, e)
	case r.Job.Restarts():
		c.spared = time.Time{}
		s.o.Sink(e)
		if svc := s.svcs[r.Job.Service]; svc != nil && svc.held {
			s.startOver(svc, time.Now())
		}
	case r.Err != nil && !c.sick: // a drain is tried with each answer: told once
		s.o.Sink(e)
	}
	c.sick = r.Err != nil
	if c.gone && c.drain == drainYes {
		s.bringBack(c, r.Job.Action)
	}
	for jobs := s.left; len(jobs) > 0; jobs = jobs[1:] { // something was busy: it may not be now
		s.left = s.left[1:]
		s.retryBack(jobs[0])
	}
}

// spare takes that a service was left alone, since somebody has stopped it or the like. Nothing was done to it: its checks
// go on where they were. It may stay so for long, and is told once until the check passes.
func (s *Scheduler) spare(c *check, e Event) {
	if c.spared.IsZero() {
		s.o.Sink(e)
	}
	c.spared = time.Now()
	if svc := s.svcs[c.spec.Service]; svc != nil && svc.held {
		svc.held = false
		for _, other := range svc.checks {
			s.arm(other, c.spared)
		}
	}
}

// bringBack makes a server ready that a check drained which is no longer in the spec, where no other check drains it:
// nobody else would.
func (s *Scheduler) bringBack(c *check, a spec.Action) {
	for _, other := range s.checks {
		if o := other.spec.OnFailure; o != nil && o.Drain != nil && *o.Drain == *a.Drain {
			return
		}
	}
	s.retryBack(act.Job{Service: c.spec.Service, Check: c.spec.Name, Action: a, Back: true})
}

func (s *Scheduler) retryBack(j act.Job) {
	if v := s.act.Request(j); v.Kind != act.Taken {
		s.left = append(s.left, j)
	}
}

// startOver has the checks of a service begin anew after a restart: counts and start periods, and startup before all. That
// one has failed is not forgotten: when it works, it is told that it recovered.
func (s *Scheduler) startOver(svc *service, now time.Time) {
	svc.held, svc.pending = false, 0
	for _, c := range svc.checks {
		was := c.m.state
		c.m, c.first, c.done = newMachine(c.spec.Level), time.Time{}, false
		if c.m.state != was {
			s.setState(c)
		}
		if c.startup() {
			svc.pending++
		}
	}
	for _, c := range svc.checks {
		s.arm(c, now)
	}
}
