package act

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// fake hands do what a test says.
type fake func(ctx context.Context, what string) error

func (f fake) Restart(ctx context.Context, r spec.Restart) error { return f(ctx, "restart "+r.Unit) }
func (f fake) Drain(ctx context.Context, d spec.Drain) error     { return f(ctx, "drain "+d.Server) }
func (f fake) Ready(ctx context.Context, d spec.Drain) error     { return f(ctx, "ready "+d.Server) }

func restartJob(service string) Job {
	return Job{Service: service, Action: spec.Action{Restart: &spec.Restart{Unit: service}}}
}

// One action of a service at a time; what hangs is ended when its time is up; Request waits for none of it.
func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var all []Result
		got := func() []Result {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(all)
		}
		begin := time.Now()
		r := NewRunner(Options{Done: func(r Result) { mu.Lock(); defer mu.Unlock(); all = append(all, r) }, Limit: time.Minute,
			Hands: fake(func(ctx context.Context, _ string) error { <-ctx.Done(); return errors.New("it hangs") })})
		r.Bound(&spec.Restarts{Share: 100}, 2)
		drain := Job{Service: "a", Action: spec.Action{Drain: &spec.Drain{Server: "a"}}}
		for _, c := range []struct {
			job  Job
			want Kind
		}{{restartJob("a"), Taken}, {restartJob("a"), Busy}, {drain, Busy}, {restartJob("b"), Taken}} {
			if v := r.Request(c.job); v.Kind != c.want {
				t.Errorf("%+v: %+v; want %v", c.job, v, c.want)
			}
		}
		if time.Since(begin) != 0 {
			t.Error("Request blocks")
		}
		time.Sleep(59 * time.Second)
		if len(got()) != 0 {
			t.Error("ended before its time")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if results := got(); len(results) != 2 || !errors.Is(results[0].Err, context.DeadlineExceeded) || results[0].Took != time.Minute {
			t.Errorf("results: %+v; want the end of the time", results)
		}
		if v := r.Request(drain); v.Kind != Taken {
			t.Errorf("afterwards: %+v", v)
		}
		r.Close()
		if v := r.Request(drain); v.Kind != Busy || len(got()) != 3 {
			t.Errorf("after the end: %+v, %d results", v, len(got()))
		}
	})
}

// So many at once, restarts and drains apart.
func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		r := NewRunner(Options{Parallel: 3, Hands: fake(func(context.Context, string) error {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			running.Add(-1)
			return nil
		})})
		r.Bound(&spec.Restarts{Share: 100}, 10)
		taken := 0
		for i := range 10 {
			if r.Request(restartJob(string(rune('a'+i)))).Kind == Taken {
				taken++
			}
			if r.Request(Job{Service: string(rune('A' + i)), Action: spec.Action{Drain: &spec.Drain{}}}).Kind == Taken {
				taken++
			}
		}
		time.Sleep(2 * time.Second)
		if taken != 6 || most.Load() != 6 {
			t.Errorf("%d taken, %d at once; want 3 of each kind", taken, most.Load())
		}
		r.Close()
	})
}

// A service that is left alone can be asked for again at once, and for ever: that counts against no bound.
func TestLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan Result, 1)
		r := NewRunner(Options{Done: func(r Result) { done <- r },
			Hands: fake(func(_ context.Context, what string) error {
				if what == "restart runs" {
					return nil
				}
				return &left{"it is stopped"}
			})})
		r.Bound(nil, 2)
		for range 20 {
			if v := r.Request(restartJob("stopped")); v.Kind != Taken {
				t.Fatalf("%+v", v)
			}
			if got := <-done; !errors.Is(got.Err, ErrLeft) {
				t.Errorf("got %v", got.Err)
			}
			synctest.Wait()
		}
		if v := r.Request(restartJob("runs")); v.Kind != Taken {
			t.Errorf("another service: %+v", v)
		}
		<-done
		if v := r.Request(restartJob("stopped")); v.Kind != GivenUp {
			t.Errorf("half of the services are restarted: %+v", v)
		}
		r.Close()
	})
}
