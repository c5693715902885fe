package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/spec"
)

// maxSeen is how much of what was seen is kept, in bytes.
const maxSeen = 4 << 10

// answered is the answer to the question of a check that runs.
type answered struct {
	c    *check
	told string
	err  error
	lag  time.Duration // from when it was due to when it began
	took time.Duration
}

func (c *check) class() int {
	if c.q.Forks {
		return 1
	}
	return 0
}

// arm sets the first question of a check, or the first after it started over: startup at once, others at a random time
// within their interval. Where it may not be asked, nothing happens.
func (s *Scheduler) arm(c *check, now time.Time) {
	if c.phase != idle || c.place >= 0 || !c.may() {
		return
	}
	c.due = now
	if !c.startup() {
		c.due = now.Add(time.Duration(s.o.Rand.Int64N(int64(c.spec.Interval))))
	}
	s.due.put(c, c.due)
}

// look handles all checks whose time has come.
func (s *Scheduler) look(now time.Time) {
	for len(s.due) > 0 && !s.due[0].wake.After(now) {
		c := s.due[0]
		if c.phase == asking {
			s.overdue(c, now)
			continue
		}
		if !c.may() {
			s.due.drop(c)
			continue
		}
		if late, every := now.Sub(c.due), time.Duration(c.spec.Interval); late > every { // the process slept through it
			c.due = c.due.Add(late/every*every + every)
			s.due.put(c, c.due)
			continue
		}
		s.due.drop(c)
		c.phase = queued
		s.slots[c.class()].waiting = append(s.slots[c.class()].waiting, c)
	}
	for i := range s.slots {
		s.fill(&s.slots[i], now)
	}
}

// fill starts questions that wait, as far as there are places.
func (s *Scheduler) fill(places *slots, now time.Time) {
	n := 0
	for ; n < len(places.waiting) && places.running < places.limit; n++ {
		if c := places.waiting[n]; c.phase == queued {
			places.running++
			s.start(c, now)
		}
	}
	clear(places.waiting[:n])
	if places.waiting = places.waiting[n:]; len(places.waiting) == 0 {
		places.waiting = nil
	}
}

func (s *Scheduler) start(c *check, now time.Time) {
	due, limit := c.due, time.Duration(c.spec.Timeout)
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	c.phase, c.cancel, c.asked, c.askedWall = asking, cancel, now, s.o.Wall()
	if c.first.IsZero() {
		c.first = now
	}
	s.due.put(c, now.Add(limit+grace))
	s.asks.Go(func() {
		begin := time.Now()
		told, err := c.q.Ask(ctx)
		select {
		case s.answers <- answered{c: c, told: told, err: err, lag: begin.Sub(due), took: time.Since(begin)}:
		case <-s.ended:
		}
	})
}

// overdue handles a question that goes on although its time is up: it fails, and once more in each interval.
func (s *Scheduler) overdue(c *check, now time.Time) {
	if !c.late {
		c.late = true
		s.slots[c.class()].running--
	}
	every := time.Duration(c.spec.Interval)
	c.due = c.due.Add(every * (now.Sub(c.due)/every + 1))
	s.due.put(c, c.due)
	if c.void && !c.gone && !c.svc.held { // the service has been restarted, and it still hangs: that counts anew
		c.void, c.first = false, now
	}
	if !c.void {
		took := now.Sub(c.asked)
		s.see(c, answered{err: fmt.Errorf("no answer, %s after the question", took.Round(time.Second)), took: took}, now.Sub(c.first))
	}
}

// answered takes an answer and sets the next question.
func (s *Scheduler) answered(a answered) {
	c, now := a.c, time.Now()
	s.lags.add(now, a.lag)
	if s.o.Lag != nil {
		s.o.Lag(a.lag)
	}
	c.cancel()
	c.phase, c.cancel = idle, nil
	if !c.late {
		s.slots[c.class()].running--
	}
	s.due.drop(c)
	late, void := c.late, c.void
	c.late, c.void = false, false
	switch {
	case s.ctx.Err() != nil:
		return
	case c.gone:
		if n := c.next; n != nil {
			n.prev, c.next = nil, nil
			s.arm(n, now)
		}
		return
	case void: // it started over while the question ran
		s.arm(c, now)
		return
	case late: // counted already
		if c.may() {
			s.due.put(c, c.due)
		}
		return
	}
	if c.due = c.due.Add(time.Duration(c.spec.Interval)); c.due.Before(now) {
		c.due = now
	}
	if c.may() {
		s.due.put(c, c.due)
	}
	s.see(c, a, c.asked.Sub(c.first))
}

// see takes an answer into account; age is how long after the first question it was asked for.
func (s *Scheduler) see(c *check, a answered, age time.Duration) {
	c.took = a.took
	if errors.Is(a.err, probe.ErrUnasked) {
		c.unknown++
		c.seen = line(a.err.Error())
		s.count(c, Unknown, c.seen)
		return
	}
	c.unknown = 0
	works := a.err == nil
	c.seen = line(a.told)
	if c.spec.What[0] == "plugin" {
		c.seen, c.perf = parsePlugin(c.seen)
	}
	answer := Works
	if !works {
		answer, c.seen = Fails, line(a.err.Error())
	}
	seen := ""
	if !works {
		seen = c.seen
	}
	s.count(c, answer, seen)
	changed := c.m.see(&c.spec, age, works)
	if c.flap.see(works) {
		s.event(c, spec.EventFlapping, fmt.Sprintf("the last %d answers changed by %.0f%%", flapAnswers, c.flap.percent()))
	}
	if changed {
		s.changed(c)
	}
	if c.told && c.m.state == Passed && c.m.row >= c.spec.Successes { // after a restart alive passes without having worked
		c.told = false
		s.event(c, spec.EventRecovered, c.seen)
	}
	s.react(c, works)
}

func (s *Scheduler) count(c *check, a Answer, seen string) {
	if s.o.Meter != nil {
		s.o.Meter.Asked(c.spec.Service, c.spec.Name, a, c.took, seen)
	}
}

// changed tells of a new state, and opens the gate behind startup.
func (s *Scheduler) changed(c *check) {
	s.setState(c)
	if c.m.state == Failed {
		c.told = true
		s.event(c, spec.EventFailed, c.seen)
	}
	if c.m.state != Passed || !c.startup() {
		return
	}
	c.done = true
	s.due.drop(c)
	if c.svc.pending--; c.svc.pending == 0 {
		now := time.Now()
		for _, other := range c.svc.checks {
			s.arm(other, now)
		}
	}
}

// setState says what the check has come to, from now on.
func (s *Scheduler) setState(c *check) {
	c.since = s.o.Wall()
	if s.o.Meter != nil {
		s.o.Meter.State(c.spec.Service, c.spec.Name, c.m.state)
	}
}

func (s *Scheduler) event(c *check, kind spec.Event, seen string) {
	s.o.Sink(c.event(kind, s.o.Wall(), seen))
}

func (c *check) event(kind spec.Event, at time.Time, seen string) Event {
	return Event{
		Kind: kind, Service: c.spec.Service, Check: c.spec.Name, Level: c.spec.Level, At: at, Seen: line(seen),
		Failures: max(0, -c.m.row), Perf: c.perf, Flapping: c.flap.on,
	}
}

// line is the first line of s, cut.
func line(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > maxSeen {
		s = strings.ToValidUTF8(s[:maxSeen-len("…")], "") + "…"
	}
	return s
}
