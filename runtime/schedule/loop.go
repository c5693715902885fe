package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/spec"
)

// grace is how long a question may go on when its time is up, before it counts as one that does not end: a program that
// was killed may hold its output open for 2 s.
const grace = 3 * time.Second

// idleWait is how long the loop sleeps where nothing is due.
const idleWait = time.Hour

// Scheduler asks the checks of one spec.
type Scheduler struct {
	o      Options
	act    *act.Runner
	ctx    context.Context // of questions
	checks []*check        // in the order of the spec
	byName map[string]*check
	svcs   map[string]*service
	due    queue
	slots  [2]slots // by whether it starts programs
	lags   lags
	left   []act.Job // servers to bring back, for checks that are gone
	beatAt time.Time
	asks   sync.WaitGroup

	answers chan answered
	acted   chan act.Result
	calls   chan func()
	ended   chan struct{} // closed when the loop has ended
}

// slots are the places of one kind of question.
type slots struct {
	limit, running int
	waiting        []*check // in the order in which they were due; some of them do not wait any more
}

// ErrEnded is the error of calls to a scheduler whose Run has returned.
var ErrEnded = errors.New("the scheduler has ended")

// New reads the questions of run. An error names the check.
func New(o Options, run spec.Run) (*Scheduler, error) {
	if o.Read == nil {
		return nil, errors.New("cannot schedule checks: nothing reads questions")
	}
	s := &Scheduler{
		o: o.withDefaults(), byName: map[string]*check{}, svcs: map[string]*service{},
		answers: make(chan answered, 256), acted: make(chan act.Result), calls: make(chan func()), ended: make(chan struct{}),
	}
	s.slots[0].limit, s.slots[1].limit = s.o.Parallel, s.o.Programs
	next, err := s.read(run.Checks)
	if err != nil {
		return nil, err
	}
	if o.Act.Hands != nil {
		a := o.Act
		a.Done = func(r act.Result) {
			select {
			case s.acted <- r:
			case <-s.ended:
			}
		}
		s.act = act.NewRunner(a)
	}
	s.set(next, run.Restarts)
	return s, nil
}

// Run asks until ctx ends; then no question is asked any more, those that run are ended, and so are actions. It may be
// called once. A question that does not end is waited for no longer than 3 s.
func (s *Scheduler) Run(ctx context.Context) error {
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(ctx)
	now := time.Now()
	s.beatAt, s.lags.begun = now, now
	for _, c := range s.checks {
		s.arm(c, now)
	}
	s.loop(ctx)
	cancel()
	close(s.ended)
	if s.act != nil {
		s.act.Close()
	}
	all := make(chan struct{})
	go func() { s.asks.Wait(); close(all) }()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-all:
		return nil
	case <-patience.C:
		return errors.New("cannot end all checks: a question goes on although its time is up")
	}
}

func (s *Scheduler) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		now := time.Now()
		s.beat(now)
		s.look(now)
		timer.Reset(s.sleep(now))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case a := <-s.answers:
			s.answered(a)
		case r := <-s.acted:
			s.actEnded(r)
		case call := <-s.calls:
			call()
		}
	}
}

// beat feeds the watchdog where it is time, and not where the loop comes later than by a whole beat: who hung that long
// does not look alive.
func (s *Scheduler) beat(now time.Time) {
	late := now.Sub(s.beatAt)
	if s.o.Beat == nil || late < 0 {
		return
	}
	s.beatAt = now.Add(s.o.BeatEvery)
	if late <= s.o.BeatEvery {
		s.o.Beat()
	}
}

func (s *Scheduler) sleep(now time.Time) time.Duration {
	wait := idleWait
	if len(s.due) > 0 {
		wait = s.due[0].wake.Sub(now)
	}
	if s.o.Beat != nil {
		wait = min(wait, s.beatAt.Sub(now))
	}
	return max(wait, 0)
}

// call has the loop call f and waits until it has.
func (s *Scheduler) call(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case s.calls <- func() { f(); close(done) }:
	case <-s.ended:
		return ErrEnded
	case <-ctx.Done():
		return fmt.Errorf("cannot reach the scheduler: %w", ctx.Err())
	}
	<-done // the loop has it, and calls it at once
	return nil
}

// Snapshot is what is known now. It fails where the loop does not answer before ctx ends.
func (s *Scheduler) Snapshot(ctx context.Context) (Snapshot, error) {
	var out Snapshot
	err := s.call(ctx, func() {
		out.Checks = make([]Status, 0, len(s.checks))
		for _, c := range s.checks {
			out.Checks = append(out.Checks, c.status())
		}
		for i := range s.slots {
			out.Running += s.slots[i].running
			for _, c := range s.slots[i].waiting {
				if c.phase == queued {
					out.Waiting++
				}
			}
		}
		out.Lag = s.lags.p99()
	})
	return out, err
}

func (c *check) status() Status {
	return Status{
		Service: c.spec.Service, Check: c.spec.Name, Level: c.spec.Level, State: c.m.state, Since: c.since, Asked: c.askedWall,
		Took: c.took, Seen: c.seen, Perf: c.perf, Row: c.m.row, Unknown: c.unknown, Changes: c.flap.percent(), Flapping: c.flap.on,
		Waits: c.waits(), Action: c.action, Drained: c.drain == drainYes,
	}
}
