package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/spec"
)

// A restart holds all checks of the service, and then all start over: startup first. It recovers when it works again.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Options{}, checks(one("up", spec.Startup), with(one("alive", spec.Alive), restarts), one("ready", spec.Ready)))
		w.acts(func(ctx context.Context, _ string) error { time.Sleep(30 * time.Second); return nil })
		w.after(15 * time.Second)
		w.set("alive", errors.New("no"))
		w.after(45 * time.Second)
		if got := w.states(); got != "up=passed:restart alive=failed:restart ready=passed:restart" {
			t.Error(got)
		}
		w.mu.Lock()
		w.answer["alive"] = nil
		before := len(w.asked["ready"])
		w.mu.Unlock()
		w.after(60 * time.Second)
		if len(w.asked["ready"]) != before {
			t.Error("asked while it is restarted")
		}
		w.set("up", errors.New("not yet"))
		w.after(72 * time.Second)
		if got := w.states(); got != "up=starting alive=passed:startup ready=starting:startup" {
			t.Error(got)
		}
		w.set("up", nil)
		w.after(120 * time.Second)
		w.end()
		var kinds []string
		for _, e := range w.events {
			_, rest, _ := strings.Cut(e, " ")
			kinds = append(kinds, rest)
		}
		w.want("events", kinds, "failed api/alive", "restarted api/alive", "recovered api/alive")
		w.want("done", w.hands[1:])
	})
}

// A restart that fails is told, and tried again by the budget; when that is used up it is told once in each window.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := checks(with(one("alive", spec.Alive), func(c *spec.Check) { restarts(c); c.Failures = 1 }))
		run.Restarts = &spec.Restarts{PerService: 2}
		w := start(t, Options{}, run)
		w.set("alive", errors.New("no"))
		w.acts(func(context.Context, string) error { return errors.New("job failed") })
		w.after(601 * time.Second)
		w.end()
		count := map[string]int{}
		for _, e := range w.events {
			_, kind, _ := strings.Cut(e, " ")
			count[kind]++
		}
		want := map[string]int{"failed api/alive": 3, "failed api/alive job failed": 2, "given_up api/alive": 1}
		if fmt.Sprint(count) != fmt.Sprint(want) || len(w.hands) != 2 {
			t.Errorf("got %v, %v; want %v", count, w.hands, want)
		}
	})
}

// A service that somebody has stopped is left alone: that is told once until it works again, counts against no bound,
// is looked at again each half minute, and its checks stay what they are.
func TestLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := checks(with(one("alive", spec.Alive), func(c *spec.Check) { restarts(c); c.Failures = 1 }), one("up", spec.Startup))
		run.Restarts = &spec.Restarts{PerService: 1}
		w := start(t, Options{}, run)
		w.after(5 * time.Second)
		stopped := fmt.Errorf("cannot restart the container %q: it is not running: %w", "api", act.ErrLeft)
		w.acts(func(context.Context, string) error { time.Sleep(10 * time.Millisecond); return stopped })
		down := func(d time.Duration) {
			w.set("alive", errors.New("no"))
			w.after(d)
			if got := w.states(); got != "alive=failed up=passed:done" {
				t.Error(got)
			}
			if snap, _ := w.s.Snapshot(t.Context()); snap.Checks[0].Action != stopped.Error() {
				t.Errorf("action: %q", snap.Checks[0].Action)
			}
		}
		down(1205 * time.Second)
		if n := len(w.hands); n < 20 || n > 41 {
			t.Errorf("looked at %d times in 20 minutes; want each half minute to minute", n)
		}
		w.set("alive", nil)
		w.after(1220 * time.Second)
		if snap, _ := w.s.Snapshot(t.Context()); snap.Checks[0].Action != "" || snap.Checks[0].State != Passed {
			t.Errorf("it works again: %+v", snap.Checks[0])
		}
		down(1235 * time.Second)
		w.acts(nil)
		w.after(1305 * time.Second)
		w.end()
		var told []string
		for _, e := range w.events {
			_, what, _ := strings.Cut(e, " ")
			told = append(told, what)
		}
		left := "failed api/alive " + stopped.Error()
		w.want("events", told, "failed api/alive", left, "recovered api/alive", "failed api/alive", left, "restarted api/alive",
			"failed api/alive", "given_up api/alive")
	})
}

// Many fail at once: half of the services may be restarted within half a minute, and no check waits for that.
func TestShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []spec.Check
		for i := range 10 {
			all = append(all, with(one(fmt.Sprint("c", i), spec.Alive), func(c *spec.Check) { restarts(c); c.Service = c.Name }))
		}
		w := start(t, Options{}, checks(all...))
		for _, c := range all {
			w.set(c.Name, errors.New("no"))
		}
		w.acts(func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }) // hangs until its time is up
		w.after(40 * time.Second)
		if n := len(w.hands); n != 5 {
			t.Errorf("%d of 10 services are restarted at once; want 5", n)
		}
		w.end()
		if n := strings.Count(strings.Join(w.events, "\n"), "given_up"); n != 5 {
			t.Errorf("%d are told to be given up; want 5", n)
		}
	})
}

func drains(c *spec.Check) {
	c.OnFailure = &spec.Action{Drain: &spec.Drain{Socket: "/run/haproxy.sock", Backend: "b", Server: c.Name}}
}

// A server is drained while its check fails; one that an earlier sidecar may have left drained is brought back with the
// first success; what HAProxy refuses is tried again with each answer, and told once.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := checks(with(one("s1", spec.Startup), func(c *spec.Check) { drains(c); c.Level = spec.Ready; c.Failures = 1 }))
		w := start(t, Options{}, run)
		w.after(15 * time.Second)
		var refused atomic.Bool
		refused.Store(true)
		w.acts(func(context.Context, string) error {
			if refused.Load() {
				return errors.New("no such server")
			}
			return nil
		})
		w.set("s1", errors.New("no"))
		w.after(35 * time.Second)
		refused.Store(false)
		w.after(45 * time.Second)
		if snap, _ := w.s.Snapshot(t.Context()); !snap.Checks[0].Drained {
			t.Errorf("not drained: %+v", snap.Checks[0])
		}
		w.set("s1", nil)
		w.after(65 * time.Second)
		w.end()
		var done, told []string
		for _, h := range w.hands {
			_, what, _ := strings.Cut(h, " ")
			done = append(done, what)
		}
		for _, e := range w.events {
			_, what, _ := strings.Cut(e, " ")
			told = append(told, what)
		}
		w.want("done", done, "ready s1", "drain s1", "drain s1", "drain s1", "ready s1")
		w.want("told", told, "failed api/s1", "failed api/s1 no such server", "recovered api/s1")
	})
}

// Reload: a check that did not change goes on in its rhythm and with its counts; a new one begins; one that is gone is
// asked no more, and what it drained is brought back; a spec that cannot be read changes nothing.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keep := one("keep", spec.Alive)
		gone := with(one("gone", spec.Ready), func(c *spec.Check) { drains(c); c.Failures = 1 })
		w := start(t, Options{}, checks(keep, gone))
		w.set("keep", errors.New("no"))
		w.set("gone", errors.New("no"))
		w.after(20 * time.Second) // keep has failed twice
		wrong := one("wrong", spec.Alive)
		if err := w.s.Reload(t.Context(), checks(wrong)); err == nil || !strings.Contains(err.Error(), "wrong of api") {
			t.Errorf("a question that cannot be read: %v", err)
		}
		if err := w.s.Reload(t.Context(), checks(one("new", spec.Alive), keep)); err != nil {
			t.Fatal(err)
		}
		w.mu.Lock()
		asked := len(w.asked["gone"])
		w.mu.Unlock()
		w.after(30 * time.Second)
		if got := w.states(); got != "new=passed keep=failed" {
			t.Error(got)
		}
		w.after(50 * time.Second)
		w.end()
		if n := len(w.asked["gone"]); n != asked {
			t.Errorf("what is gone is asked %d times more", n-asked)
		}
		for i, at := range w.asked["keep"] {
			if at != w.asked["keep"][0]+time.Duration(i)*10*time.Second {
				t.Errorf("the rhythm breaks: %v", w.asked["keep"])
			}
		}
		if !slices.Contains(w.hands, "20s ready gone") {
			t.Errorf("done: %q; want that the server is brought back", w.hands)
		}
		if err := w.s.Reload(t.Context(), checks(keep)); !errors.Is(err, ErrEnded) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// A reload while a drain runs: its check is gone when it ends, and the server is brought back.
func TestReloadWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Options{}, checks(with(one("s1", spec.Startup), func(c *spec.Check) { drains(c); c.Failures = 1 })))
		w.set("s1", errors.New("no"))
		w.acts(func(context.Context, string) error { time.Sleep(2 * time.Second); return nil })
		w.after(time.Second)
		if err := w.s.Reload(t.Context(), checks(one("other", spec.Alive))); err != nil {
			t.Fatal(err)
		}
		w.after(10 * time.Second)
		w.end()
		w.want("done", w.hands, "0s drain s1", "2s ready s1")
	})
}

// Flapping is told when it begins and ends; restarts go on by their budget.
func TestFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Options{}, checks(one("alive", spec.Alive)))
		n := 0
		w.do("alive", func(context.Context) (string, error) {
			if n++; n < 20 && n%2 == 0 {
				return "", errors.New("no")
			}
			return "", nil
		})
		w.after(400 * time.Second)
		w.end()
		var told []string
		for _, e := range w.events {
			_, what, _ := strings.Cut(e, " ")
			told = append(told, what)
		}
		w.want("events", told, "flapping api/alive", "flapping api/alive")
	})
}

// A question that hangs through a restart goes on to fail; one of a check that is changed is not overlapped by the new one.
func TestStuckThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alive := with(one("alive", spec.Alive), func(c *spec.Check) { restarts(c); c.Interval = spec.Duration(20 * time.Second) })
		w := start(t, Options{}, checks(alive))
		running := 0
		w.do("alive", func(context.Context) (string, error) {
			w.mu.Lock()
			if running++; running > 1 {
				t.Error("two questions overlap")
			}
			w.mu.Unlock()
			time.Sleep(5 * time.Minute)
			w.mu.Lock()
			running--
			w.mu.Unlock()
			return "", nil
		})
		w.after(200 * time.Second)
		alive.Failures = 1
		if err := w.s.Reload(t.Context(), checks(alive)); err != nil {
			t.Fatal(err)
		}
		w.after(240 * time.Second)
		if got := w.states(); got != "alive=passed:reload" {
			t.Error(got)
		}
		w.after(10 * time.Minute)
		if err := w.stop(); err == nil {
			t.Error("a question outlives the scheduler, and that is not told")
		}
		w.after(20 * time.Minute)
		if len(w.asked["alive"]) != 2 || len(w.hands) < 3 {
			t.Errorf("asked %v, done %q; want two questions and three restarts at least", w.asked["alive"], w.hands)
		}
	})
}

// An answer that is awaited when a restart begins does not count: the restart itself has broken it.
func TestAnswerOfBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		soon := func(c *spec.Check) { c.Failures, c.Timeout = 1, spec.Duration(9500*time.Millisecond) }
		w := start(t, Options{}, checks(with(one("alive", spec.Alive), func(c *spec.Check) { soon(c); restarts(c) }), with(one("ready", spec.Ready), soon)))
		w.do("ready", func(ctx context.Context) (string, error) {
			select {
			case <-time.After(9 * time.Second):
				return "", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
		w.after(31 * time.Second)
		w.set("alive", errors.New("no"))
		w.acts(func(context.Context, string) error { w.set("alive", nil); return nil })
		w.after(100 * time.Second)
		w.end()
		var told []string
		for _, e := range w.events {
			_, what, _ := strings.Cut(e, " ")
			told = append(told, what)
		}
		w.want("events", told, "failed api/alive", "restarted api/alive", "recovered api/alive")
	})
}
