package schedule

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/spec"
)

// world is a scheduler with questions and hands that a test answers for.
type world struct {
	t     *testing.T
	begin time.Time
	s     *Scheduler
	stop  func() error

	mu     sync.Mutex
	answer map[string]func(ctx context.Context) (string, error) // by the second word of a question; missing: works
	asked  map[string][]time.Duration                           // since begin
	events []string
	hands  []string
	act    func(ctx context.Context, what string) error // nil: works at once
}

func (w *world) read(words []string) (probe.Question, error) {
	if words[1] == "wrong" {
		return probe.Question{}, errors.New("want another word")
	}
	return probe.Question{Forks: words[0] == "exec" || words[0] == "plugin", Ask: func(ctx context.Context) (string, error) {
		w.mu.Lock()
		w.asked[words[1]] = append(w.asked[words[1]], time.Since(w.begin))
		f := w.answer[words[1]]
		w.mu.Unlock()
		if f == nil {
			return "", nil
		}
		return f(ctx)
	}}, nil
}

func (w *world) sink(e Event) {
	line := fmt.Sprintf("%s %s %s/%s", time.Since(w.begin).Round(time.Second), e.Kind, e.Service, e.Check)
	if e.ActionFailed {
		line += " " + e.Seen
	}
	w.mu.Lock()
	w.events = append(w.events, line)
	w.mu.Unlock()
}

func (w *world) hand(ctx context.Context, what string) error {
	w.mu.Lock()
	w.hands = append(w.hands, fmt.Sprintf("%s %s", time.Since(w.begin).Round(time.Second), what))
	f := w.act
	w.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(ctx, what)
}

func (w *world) Restart(ctx context.Context, r spec.Restart) error {
	return w.hand(ctx, "restart "+r.Unit)
}
func (w *world) Drain(ctx context.Context, d spec.Drain) error { return w.hand(ctx, "drain "+d.Server) }
func (w *world) Ready(ctx context.Context, d spec.Drain) error { return w.hand(ctx, "ready "+d.Server) }

// set answers a question from now on: nil works.
func (w *world) set(what string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer[what] = func(context.Context) (string, error) { return "", err }
}

// acts answers actions from now on.
func (w *world) acts(f func(ctx context.Context, what string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.act = f
}

func (w *world) do(what string, f func(ctx context.Context) (string, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer[what] = f
}

func start(t *testing.T, o Options, run spec.Run) *world {
	w := &world{t: t, begin: time.Now(), answer: map[string]func(context.Context) (string, error){}, asked: map[string][]time.Duration{}}
	o.Read, o.Sink, o.Act.Hands, o.Rand = w.read, w.sink, w, rand.New(rand.NewPCG(1, 2))
	s, err := New(o, run)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w.s, w.stop = s, func() error { cancel(); return <-ended }
	return w
}

func (w *world) end() {
	if err := w.stop(); err != nil {
		w.t.Error(err)
	}
}

// after sleeps to the time since the begin.
func (w *world) after(d time.Duration) { time.Sleep(d - time.Since(w.begin)); synctest.Wait() }

func (w *world) want(what string, got []string, want ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s:\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (w *world) states() string {
	snap, err := w.s.Snapshot(w.t.Context())
	if err != nil {
		w.t.Error(err)
	}
	var all []string
	for _, c := range snap.Checks {
		all = append(all, strings.TrimSuffix(fmt.Sprintf("%s=%s:%s", c.Check, c.State, c.Waits), ":"))
	}
	return strings.Join(all, " ")
}

func one(name string, level spec.Level) spec.Check {
	return spec.Check{
		Service: "api", Name: name, Level: level, What: []string{"tcp", name}, Interval: spec.Duration(10 * time.Second),
		Timeout: spec.Duration(2 * time.Second), Failures: 3, Successes: 1,
	}
}

func with(c spec.Check, change func(*spec.Check)) spec.Check { change(&c); return c }

func restarts(c *spec.Check) { c.OnFailure = &spec.Action{Restart: &spec.Restart{Unit: "api.service"}} }

func checks(all ...spec.Check) spec.Run { return spec.Run{Checks: all} }

// From start to start: answers that take less than the interval move nothing, a longer one is followed at once.
func TestRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Options{}, checks(with(one("a", spec.Startup), func(c *spec.Check) {
			c.Failures, c.Timeout = 99, spec.Duration(time.Minute)
		})))
		takes, n := []time.Duration{4, 0, 25, 9, 0, 0}, 0
		w.do("a", func(context.Context) (string, error) {
			n++
			time.Sleep(takes[n-1] * time.Second)
			return "", errors.New("no")
		})
		w.after(66 * time.Second)
		w.end()
		want := []time.Duration{0, 10 * time.Second, 20 * time.Second, 45 * time.Second, 55 * time.Second, 65 * time.Second}
		if !slices.Equal(w.asked["a"], want) {
			t.Errorf("asked after %v; want %v", w.asked["a"], want)
		}
	})
}

// Many checks begin at times that fill their interval, and go on at the same.
func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []spec.Check
		for i := range 200 {
			all = append(all, one(fmt.Sprintf("c%d", i), spec.Alive))
		}
		w := start(t, Options{}, checks(all...))
		w.after(100 * time.Second)
		w.end()
		var quarters [4]int
		for name, times := range w.asked {
			quarters[times[0]/(2500*time.Millisecond)]++
			for i, at := range times {
				if at != times[0]+time.Duration(i)*10*time.Second {
					t.Fatalf("%s drifts: %v", name, times)
				}
			}
		}
		for _, n := range quarters {
			if n < 30 {
				t.Errorf("first questions by quarter of the interval: %v; want some 50 each", quarters)
			}
		}
	})
}

// Programs have few places; what waits for one is not asked twice, and keeps its rhythm.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []spec.Check
		for i := range 6 {
			all = append(all, with(one(fmt.Sprintf("c%d", i), spec.Startup), func(c *spec.Check) { c.What[0], c.Failures = "exec", 99 }))
		}
		all = append(all, one("quick", spec.Startup))
		var lag time.Duration
		w := start(t, Options{Programs: 2, Lag: func(d time.Duration) { lag = max(lag, d) }}, checks(all...))
		running, most := 0, 0
		for _, c := range all[:6] {
			w.do(c.Name, func(context.Context) (string, error) {
				w.mu.Lock()
				running++
				most = max(most, running)
				w.mu.Unlock()
				time.Sleep(time.Second)
				w.mu.Lock()
				running--
				w.mu.Unlock()
				return "", errors.New("no")
			})
		}
		w.after(500 * time.Millisecond)
		if snap, _ := w.s.Snapshot(t.Context()); snap.Running != 2 || snap.Waiting != 4 {
			t.Errorf("%d run and %d wait; want 2 and 4", snap.Running, snap.Waiting)
		}
		w.after(15 * time.Second)
		w.end()
		if most != 2 || lag != 2*time.Second || w.asked["quick"][0] != 0 {
			t.Errorf("%d at once, lag %s, the other kind after %v; want 2, 2s, 0s", most, lag, w.asked["quick"])
		}
		var at []int
		for _, c := range all[:6] {
			for _, d := range w.asked[c.Name] {
				at = append(at, int(d/time.Second))
			}
		}
		slices.Sort(at)
		if want := []int{0, 0, 1, 1, 2, 2, 10, 10, 11, 11, 12, 12}; !slices.Equal(at, want) {
			t.Errorf("asked after %v; want %v", at, want)
		}
	})
}

// Ready and alive wait for startup; its start is at once, theirs within their interval.
func TestStartupFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Options{}, checks(one("up", spec.Startup), one("up2", spec.Startup), one("ready", spec.Ready), one("alive", spec.Alive)))
		w.set("up", errors.New("not yet"))
		w.after(15 * time.Second)
		if got := w.states(); got != "up=starting up2=passed:done ready=starting:startup alive=passed:startup" {
			t.Error(got)
		}
		w.set("up", nil)
		w.after(35 * time.Second)
		if got := w.states(); got != "up=passed:done up2=passed:done ready=passed alive=passed" {
			t.Error(got)
		}
		w.end()
		if len(w.asked["up"]) != 3 || len(w.asked["up2"]) != 1 {
			t.Errorf("asked %v; want thrice, and once", w.asked)
		}
		for _, name := range []string{"ready", "alive"} {
			if at := w.asked[name][0]; at < 20*time.Second || at >= 30*time.Second {
				t.Errorf("%s is first asked after %s; want between 20s and 30s", name, at)
			}
		}
		w.want("events", w.events)
	})
}

// What could not be asked neither counts nor clears; what failed recovers; startup that fails is told.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Options{}, checks(one("up", spec.Startup)))
		answers, n := "--?-?--+", 0
		w.do("up", func(context.Context) (string, error) {
			n++
			switch answers[n-1] {
			case '-':
				return "", errors.New("refused\nand more")
			case '?':
				return "", fmt.Errorf("socket: %w", probe.ErrUnasked)
			}
			return "", nil
		})
		w.after(25 * time.Second)
		if snap, _ := w.s.Snapshot(t.Context()); snap.Checks[0].Unknown != 1 || snap.Checks[0].Row != -2 {
			t.Errorf("got %+v; want one unknown, two failures", snap.Checks[0])
		}
		w.after(35 * time.Second)
		if snap, _ := w.s.Snapshot(t.Context()); snap.Checks[0].Seen != "refused" {
			t.Errorf("seen %q; want the first line", snap.Checks[0].Seen)
		}
		w.after(100 * time.Second)
		w.end()
		w.want("events", w.events, "30s failed api/up", "1m10s recovered api/up")
	})
}

// A question that ignores the end of its time fails in each interval, gives its place to others, and is not asked again
// before it ends.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Options{Programs: 1}, checks(
			with(one("disk", spec.Startup), func(c *spec.Check) { c.What[0] = "exec" }),
			with(one("other", spec.Startup), func(c *spec.Check) { c.What[0] = "exec" }),
		))
		stuck := true
		w.do("disk", func(context.Context) (string, error) {
			if stuck {
				time.Sleep(47 * time.Second)
				stuck = false
			}
			return "", nil
		})
		w.after(100 * time.Second)
		w.end()
		w.want("events", w.events, "20s failed api/disk", "50s recovered api/disk")
		if got := w.asked["disk"]; !slices.Equal(got, []time.Duration{0, 50 * time.Second}) {
			t.Errorf("asked after %v; want 0s, 50s", got)
		}
		if got := w.asked["other"]; len(got) != 1 || got[0] != 5*time.Second {
			t.Errorf("the other is asked after %v; want 5s", got)
		}
	})
}

// A beat each second, none while the loop hangs in a sink.
func TestBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		beats := 0
		hang := make(chan struct{})
		o := Options{Beat: func() { beats++ }, Meter: meter{asked: func() { <-hang }}}
		w := start(t, o, checks(with(one("up", spec.Startup), func(c *spec.Check) { c.Interval = spec.Duration(time.Minute) })))
		w.set("up", errors.New("no"))
		w.do("up", func(context.Context) (string, error) { time.Sleep(1500 * time.Millisecond); return "", nil })
		w.after(10 * time.Second)
		if beats != 2 {
			t.Errorf("%d beats; want 2, at 0s and 1s", beats)
		}
		close(hang)
		w.after(15500 * time.Millisecond)
		w.end()
		if beats != 7 {
			t.Errorf("%d beats; want 5 more, at 11s to 15s", beats)
		}
	})
}

type meter struct{ asked func() }

func (m meter) Asked(string, string, Answer, time.Duration, string) { m.asked() }
func (meter) State(string, string, State)                           {}
func (meter) Gone(string, string)                                   {}

var _ act.Hands = (*world)(nil)

// What the whole process slept through is left out: afterwards each check goes on in its own rhythm, not all at once.
func TestSleptThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, n := []spec.Check{one("up", spec.Startup)}, 0
		for i := range 20 {
			all = append(all, with(one(fmt.Sprint("c", i), spec.Alive), func(c *spec.Check) { c.Service = "other" }))
		}
		w := start(t, Options{Meter: meter{asked: func() {
			if n++; n == 30 {
				time.Sleep(35 * time.Second)
			}
		}}}, checks(all...))
		w.after(100 * time.Second)
		w.end()
		left := 0
		for name, times := range w.asked {
			for i, at := range times {
				if (at-times[0])%(10*time.Second) != 0 {
					t.Errorf("%s leaves its rhythm: %v", name, times)
				}
				if i > 0 && at-times[i-1] > 20*time.Second {
					left++
				}
			}
		}
		if left < 10 {
			t.Errorf("%d checks leave out what was slept through; want all that were due twice", left)
		}
	})
}
