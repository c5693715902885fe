package service

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// The messages of a whole life, in order.
func TestLoopTells(t *testing.T) {
	m, next := listen(t, t.TempDir()+"/notify")
	m.monotonic = func() (time.Duration, error) { return time.Second, nil }
	hangup, stop := make(chan os.Signal), make(chan os.Signal)
	results := make(chan error, 1)
	ended := make(chan error)
	go func() {
		ended <- Loop{
			Manager: m, Hangup: hangup, Stop: stop, Status: func() string { return "working" },
			Reload: func(context.Context) error { return <-results },
			Drain:  func(context.Context) error { return nil },
		}.Run(t.Context())
	}()
	want := func(s string) {
		t.Helper()
		if got := next(); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
	want("READY=1\nSTATUS=working")
	hangup <- syscall.SIGHUP
	want("RELOADING=1\nMONOTONIC_USEC=1000000")
	results <- errors.New("cannot read\nthe spec")
	want("READY=1\nSTATUS=the last reload failed: cannot read the spec")
	hangup <- syscall.SIGHUP
	want("RELOADING=1\nMONOTONIC_USEC=1000000")
	results <- nil
	want("READY=1\nSTATUS=working")
	stop <- syscall.SIGTERM
	want("STOPPING=1\nSTATUS=stopping")
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Reloads never overlap, and hangups during one are one more.
func TestLoopReloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangup, stop := make(chan os.Signal), make(chan os.Signal)
		running, count := 0, 0
		ended := make(chan error)
		go func() {
			ended <- Loop{Hangup: hangup, Stop: stop, Reload: func(context.Context) error {
				running++
				count++
				if running != 1 {
					t.Error("two at a time")
				}
				time.Sleep(time.Second)
				running--
				return nil
			}}.Run(t.Context())
		}()
		for range 5 {
			hangup <- syscall.SIGHUP
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if count != 2 {
			t.Errorf("%d reloads, want 2", count)
		}
		stop <- syscall.SIGTERM
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestLoopStops(t *testing.T) {
	forever := func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Hour); return nil }
	fault := errors.New("a fault")
	for _, c := range []struct {
		name    string
		drain   func(context.Context) error
		signals []time.Duration // from the start
		want    error
		after   time.Duration
	}{
		{"drained", func(context.Context) error { time.Sleep(3 * time.Second); return nil }, []time.Duration{time.Second}, nil, 4 * time.Second},
		{"a fault", func(context.Context) error { return fault }, []time.Duration{time.Second}, fault, time.Second},
		{"too late", forever, []time.Duration{time.Second}, ErrDeadline, 11 * time.Second},
		{"again", forever, []time.Duration{time.Second, 3 * time.Second}, ErrAgain, 3 * time.Second},
		{"nothing to drain", nil, []time.Duration{time.Second}, nil, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan os.Signal, 2)
				for _, at := range c.signals {
					time.AfterFunc(at, func() { stop <- syscall.SIGTERM })
				}
				begin := time.Now()
				err := Loop{Stop: stop, Drain: c.drain, Deadline: 10 * time.Second}.Run(context.Background())
				if !errors.Is(err, c.want) || time.Since(begin) != c.after {
					t.Errorf("got %v after %s; want %v after %s", err, time.Since(begin), c.want, c.after)
				}
				time.Sleep(2 * time.Hour) // the drain that nobody waits for ends too
			})
		})
	}
}

// A stop ends a reload's context; the end of the loop's own context drains too.
func TestLoopContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		hangup := make(chan os.Signal, 1)
		hangup <- syscall.SIGHUP
		drained := false
		var cause error
		time.AfterFunc(time.Second, cancel)
		err := Loop{
			Hangup: hangup,
			Reload: func(ctx context.Context) error { <-ctx.Done(); cause = context.Cause(ctx); return nil },
			Drain:  func(ctx context.Context) error { drained = ctx.Err() == nil; return nil },
		}.Run(ctx)
		synctest.Wait()
		if err != nil || !drained || !errors.Is(cause, context.Canceled) {
			t.Errorf("%v, drained %v, cause %v", err, drained, cause)
		}
	})
}

func TestSignals(t *testing.T) {
	hangup, stop, end := Signals()
	defer end()
	for _, c := range []struct {
		s  syscall.Signal
		on <-chan os.Signal
	}{{syscall.SIGHUP, hangup}, {syscall.SIGTERM, stop}, {syscall.SIGINT, stop}} {
		if err := syscall.Kill(os.Getpid(), c.s); err != nil {
			t.Fatal(err)
		}
		if got := <-c.on; got != c.s {
			t.Errorf("got %v, want %v", got, c.s)
		}
	}
}
