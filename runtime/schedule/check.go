package schedule

import (
	"container/heap"
	"context"
	"reflect"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/spec"
)

// phase is what a check is doing.
type phase uint8

const (
	idle   phase = iota
	queued       // it is due and has no place yet
	asking       // its question runs
)

// drained is what is known of the server that a check drains.
type drained uint8

const (
	drainUnknown drained = iota // a sidecar before this one may have left it drained
	drainNo
	drainYes
)

// check is one check and all that is known of it. The loop alone touches it.
type check struct {
	spec spec.Check
	q    probe.Question
	svc  *service

	m    machine
	flap flap

	due    time.Time // of the question that is next, or runs
	wake   time.Time // when the loop looks at it
	place  int       // in the heap; -1: not in it
	first  time.Time // question since it last started over
	asked  time.Time // the last question; monotonic
	phase  phase
	void   bool // the answer that is awaited does not count
	late   bool // the question should have ended long ago, and has given up its place
	gone   bool // not in the spec any more
	done   bool // a startup check that has worked
	told   bool // that it failed, and not yet that it recovered
	sick   bool // its last action failed, and that was told
	drain  drained
	spared time.Time // when its service was last left alone instead of restarted (act.ErrLeft); zero: not since it passed
	cancel context.CancelFunc
	// prev is the check that the spec had in its place, whose question still runs, and next the other way round.
	prev, next *check

	since, askedWall time.Time // wall clock
	took             time.Duration
	unknown          int
	seen, action     string
	perf             []Perf
}

// service is what checks of one service share.
type service struct {
	name    string
	checks  []*check
	pending int  // startup checks that have not worked yet
	held    bool // it is restarted: nothing is asked
}

func newCheck(c spec.Check, q probe.Question) *check {
	return &check{spec: c, q: q, place: -1, m: newMachine(c.Level)}
}

func (c *check) startup() bool { return c.spec.Level == spec.Startup }

// may tells whether it may be asked now.
func (c *check) may() bool { return c.waits() == "" && !c.gone }

// waits says why it is not asked, "" where it is.
func (c *check) waits() string {
	switch {
	case c.prev != nil:
		return "reload"
	case c.svc.held:
		return "restart"
	case c.done:
		return "done"
	case !c.startup() && c.svc.pending > 0:
		return "startup"
	}
	return ""
}

// same tells whether the check is the one that the spec has, so that its state stays.
func (c *check) same(n *spec.Check) bool { return reflect.DeepEqual(&c.spec, n) }

// queue is a heap of checks by when the loop looks at them.
type queue []*check

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].wake.Before(q[j].wake) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i]; q[i].place, q[j].place = i, j }

// Push and Pop are for container/heap only.
func (q *queue) Push(x any) {
	c := x.(*check)
	c.place = len(*q)
	*q = append(*q, c)
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	c.place = -1
	return c
}

// put has the loop look at c at that time, instead of when it was to before.
func (q *queue) put(c *check, at time.Time) {
	c.wake = at
	if c.place < 0 {
		heap.Push(q, c)
		return
	}
	heap.Fix(q, c.place)
}

func (q *queue) drop(c *check) {
	if c.place >= 0 {
		heap.Remove(q, c.place)
	}
}
