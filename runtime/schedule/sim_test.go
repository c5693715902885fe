package schedule

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/spec"
)

// How many seeds are simulated, each for six hours: 200 in each run of the tests; CI runs 1,000 with -schedule.seeds=1000.
var (
	seeds = flag.Uint64("schedule.seeds", 200, "simulate so many seeds")
	first = flag.Uint64("schedule.seed", 1, "the first of them")
)

const simulated = 6 * time.Hour

// TestSimulation lets services fail, hang, flap and recover, probers run short of files, the wall clock jump by an hour,
// specs be reloaded, and actions fail and hang, and then checks what has happened against the promises.
func TestSimulation(t *testing.T) {
	next := atomic.Uint64{}
	next.Store(*first)
	counts := &tally{}
	t.Cleanup(func() {
		t.Logf("%d questions, %d events, %d restarts; %d rows and %d detections verified", counts.asked.Load(), counts.events.Load(),
			counts.restarts.Load(), counts.rows.Load(), counts.detections.Load())
		if counts.rows.Load() == 0 || counts.detections.Load() == 0 || counts.restarts.Load() == 0 {
			t.Error("nothing happened")
		}
	})
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for seed := next.Add(1) - 1; seed < *first+*seeds && !t.Failed(); seed = next.Add(1) - 1 {
				synctest.Test(t, func(t *testing.T) { simulate(t, seed, counts) })
			}
		})
	}
}

// tally is what was held against the promises, so that none is kept because nothing happened.
type tally struct{ asked, events, restarts, detections, rows atomic.Int64 }

// mode is how a service behaves.
type mode int

const (
	up    mode = iota
	down       // fails at once
	hangs      // fails when its time is up
	flaps      // fails every other time
	short      // cannot be asked
	slow       // works after a second
	stuck      // takes 41 s whatever its time is, and fails
	modes
)

// reply is one question in the history.
type reply struct {
	start, end time.Duration
	works      bool
	unasked    bool
}

// span is a restart or a mode, from one time to another.
type span struct {
	from, to time.Duration
	mode     mode
}

// simService is one service and its history.
type simService struct {
	mode     mode
	since    time.Duration
	n        int
	modes    []span // that are over
	restarts []span
}

type sim struct {
	t     *testing.T
	seed  uint64
	tally *tally
	rand  *rand.Rand // of the world; guarded by mu
	begin time.Time

	mu      sync.Mutex
	stopped bool
	wall    time.Duration
	svcs    map[string]*simService
	running map[string]bool
	replies map[string][]reply // by check
	resets  map[string][]time.Duration
	specs   map[string]spec.Check
	events  []Event
	at      []time.Duration // of events
}

func (s *sim) now() time.Duration { return time.Since(s.begin) }

func (s *sim) fault(format string, args ...any) {
	s.t.Errorf("seed %d, after %s: %s", s.seed, s.now(), fmt.Sprintf(format, args...))
}

// read makes a question of the words KIND SERVICE CHECK.
func (s *sim) read(words []string) (probe.Question, error) {
	k := key(words[1], words[2])
	return probe.Question{Forks: words[0] == "exec", Ask: func(ctx context.Context) (string, error) {
		s.mu.Lock()
		svc := s.svcs[words[1]]
		if s.stopped {
			s.fault("%s is asked after the end", k)
		}
		if s.running[k] {
			s.fault("%s overlaps itself", k)
		}
		s.running[k] = true
		svc.n++
		m, n, from := svc.mode, svc.n, s.now()
		s.mu.Unlock()
		err := behave(ctx, m, n)
		s.mu.Lock()
		s.running[k] = false
		s.replies[k] = append(s.replies[k], reply{from, s.now(), err == nil, errors.Is(err, probe.ErrUnasked)})
		s.mu.Unlock()
		return "", err
	}}, nil
}

func behave(ctx context.Context, m mode, n int) error {
	no := errors.New("no")
	switch {
	case m == hangs:
		<-ctx.Done()
		return ctx.Err()
	case m == short:
		return probe.ErrUnasked
	case m == slow:
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	case m == stuck:
		time.Sleep(41 * time.Second)
		return no
	case m == down, m == flaps && n%2 == 0:
		return no
	}
	return nil
}

// turn changes how a service behaves.
func (s *sim) turn(name string, m mode) {
	svc := s.svcs[name]
	svc.modes = append(svc.modes, span{svc.since, s.now(), svc.mode})
	svc.mode, svc.since = m, s.now()
}

// Restart takes a while, fails or hangs at times, and mends the service more often than not.
func (s *sim) Restart(ctx context.Context, r spec.Restart) error {
	s.mu.Lock()
	svc, from := s.svcs[r.Unit], s.now()
	took := time.Duration(1+s.rand.IntN(20)) * time.Second
	fails, hang, mends := s.rand.IntN(10) == 0, s.rand.IntN(20) == 0, s.rand.IntN(3) > 0
	s.mu.Unlock()
	if hang {
		took = time.Hour
	}
	var err error
	select {
	case <-time.After(took):
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	svc.restarts = append(svc.restarts, span{from: from, to: s.now()})
	if mends && svc.mode != up {
		s.turn(r.Unit, up)
	}
	if fails && err == nil {
		err = errors.New("job failed")
	}
	return err
}

func (s *sim) Drain(context.Context, spec.Drain) error { return nil }
func (s *sim) Ready(context.Context, spec.Drain) error { return nil }

const simServices = 6

// simSpec is a spec of a few services: startup for some, ready with a drain for some, alive with a restart for most.
func simSpec(r *rand.Rand) spec.Run {
	var run spec.Run
	for i := range simServices {
		service := fmt.Sprint("s", i)
		add := func(name string, level spec.Level, a *spec.Action) {
			kind := "tcp"
			if r.IntN(4) == 0 {
				kind = "exec"
			}
			run.Checks = append(run.Checks, spec.Check{
				Service: service, Name: name, Level: level, What: []string{kind, service, name},
				Interval:    spec.Duration([]time.Duration{10, 20, 30, 60}[r.IntN(4)] * time.Second),
				Timeout:     spec.Duration(time.Duration(2+r.IntN(8)) * time.Second),
				StartPeriod: spec.Duration(time.Duration(r.IntN(3)) * 30 * time.Second),
				Failures:    1 + r.IntN(4), Successes: 1 + r.IntN(2), OnFailure: a,
			})
		}
		restart := &spec.Action{Restart: &spec.Restart{Unit: service}}
		if r.IntN(3) == 0 {
			add("up", spec.Startup, restart)
		}
		if r.IntN(2) == 0 {
			add("ready", spec.Ready, &spec.Action{Drain: &spec.Drain{Socket: "s", Backend: "b", Server: service}})
		}
		if r.IntN(4) == 0 {
			restart = nil
		}
		add("alive", spec.Alive, restart)
	}
	return run
}

func simulate(t *testing.T, seed uint64, counts *tally) {
	s := &sim{
		t: t, seed: seed, tally: counts, rand: rand.New(rand.NewPCG(seed, 1)), begin: time.Now(), svcs: map[string]*simService{},
		running: map[string]bool{}, replies: map[string][]reply{}, resets: map[string][]time.Duration{}, specs: map[string]spec.Check{},
	}
	run := simSpec(s.rand)
	for _, c := range run.Checks {
		s.specs[key(c.Service, c.Name)] = c
		s.svcs[c.Service] = &simService{}
	}
	sched, err := New(Options{
		Read: s.read, Rand: rand.New(rand.NewPCG(seed, 2)), Act: act.Options{Hands: s}, Parallel: 64, Programs: 64,
		Sink: func(e Event) {
			s.mu.Lock()
			s.events, s.at = append(s.events, e), append(s.at, s.now())
			s.mu.Unlock()
		},
		Wall: func() time.Time {
			s.mu.Lock()
			defer s.mu.Unlock()
			return time.Now().Add(s.wall)
		},
	}, run)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = sched.Run(ctx) }() // it says where a stuck question outlives it
	for s.now() < simulated {
		s.mu.Lock()
		pause := time.Duration(1+s.rand.IntN(600)) * time.Second
		s.mu.Unlock()
		time.Sleep(pause)
		s.happen(sched, &run)
	}
	cancel()
	<-ended
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	time.Sleep(5 * time.Minute)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verify()
}

// happen lets something happen to the world.
func (s *sim) happen(sched *Scheduler, run *spec.Run) {
	s.mu.Lock()
	what, svc, m := s.rand.IntN(10), fmt.Sprint("s", s.rand.IntN(simServices)), mode(s.rand.IntN(int(modes)))
	if what == 0 {
		s.wall = []time.Duration{-time.Hour, 0, time.Hour}[s.rand.IntN(3)]
	}
	if what == 1 && s.rand.IntN(4) == 0 { // everything at once
		for i := range simServices {
			s.turn(fmt.Sprint("s", i), m)
		}
	}
	if what >= 3 {
		s.turn(svc, m)
	}
	s.mu.Unlock()
	if what == 2 { // one check changes, the others go on
		run.Checks = slices.Clone(run.Checks)
		s.mu.Lock()
		c := &run.Checks[s.rand.IntN(len(run.Checks))]
		c.Failures = 1 + c.Failures%4
		k := key(c.Service, c.Name)
		s.resets[k], s.specs[k] = append(s.resets[k], s.now()), *c
		s.mu.Unlock()
		if err := sched.Reload(s.t.Context(), *run); err != nil {
			s.fault("reload: %v", err)
		}
	}
}
