package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
)

var rule = Rule{Interval: 10 * time.Second, Timeout: 3 * time.Second, Failures: 3, Successes: 1}

// Asked at once, then from start to start: an answer that takes 4 of 10 seconds moves nothing, one that takes 25 is
// followed at once, and no two overlap.
func TestRunTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, asked, running := time.Now(), []int(nil), false
		takes := []time.Duration{4, 0, 25, 0, 0, 0, 0}
		long := rule
		long.Timeout = time.Minute
		err := Run(t.Context(), long, func(context.Context) error {
			if running {
				t.Error("two questions overlap")
			}
			running = true
			n := len(asked)
			asked = append(asked, int(time.Since(begin)/time.Second))
			time.Sleep(takes[n] * time.Second)
			running = false
			if n > 3 {
				return errors.New("refused")
			}
			return nil
		}, nil)
		if want := []int{0, 10, 20, 45, 55, 65, 75}; !slices.Equal(asked, want) {
			t.Errorf("asked at %v; want %v", asked, want)
		}
		if err == nil || err.Error() != "unhealthy: failed 3 times in a row: refused" {
			t.Errorf("got %v", err)
		}
	})
}

// A question that hangs fails after its timeout; what is said names each failure, and the recovery.
func TestRunSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, n := time.Now(), 0
		r := rule
		r.StartPeriod = 5 * time.Second
		short := fmt.Errorf("%w: no files", probe.ErrUnasked)
		answers := []error{errors.New("refused"), errors.New("refused"), nil, short, short, nil}
		var said []string
		err := Run(t.Context(), r, func(ctx context.Context) error {
			if n++; n <= len(answers) {
				return answers[n-1]
			}
			<-ctx.Done()
			return ctx.Err()
		}, func(line string) { said = append(said, line) })
		want := []string{
			"not yet, within the start period: refused",
			"failure 1 of 3: refused",
			"works again",
			"does not count: the question could not be asked: no files",
			"failure 1 of 3: context deadline exceeded",
			"failure 2 of 3: context deadline exceeded",
		}
		if !slices.Equal(said, want) {
			t.Errorf("said %q; want %q", said, want)
		}
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 83*time.Second {
			t.Errorf("got %v after %s; want the end of the last question after 83s", err, time.Since(begin))
		}
	})
}

// Told to stop, in a pause or within a question: nil at once, and the answer that was cut off does not count.
func TestRunStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, after := range []time.Duration{5 * time.Second, 11 * time.Second} {
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), after)
			once := rule
			once.Failures = 1
			err := Run(ctx, once, func(ctx context.Context) error {
				if time.Since(begin) == 0 {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}, nil)
			cancel()
			if err != nil || time.Since(begin) != after {
				t.Errorf("got %v after %s; want nil after %s", err, time.Since(begin), after)
			}
		}
	})
}

func TestRuleCheck(t *testing.T) {
	for _, change := range []func(*Rule){
		func(r *Rule) { r.Interval = 0 }, func(r *Rule) { r.Timeout = -1 }, func(r *Rule) { r.Failures = 0 },
		func(r *Rule) { r.Successes = 0 }, func(r *Rule) { r.StartPeriod = -1 },
	} {
		r := rule
		change(&r)
		if err := Run(t.Context(), r, nil, nil); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}
