package wait

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
)

// Asked at 0 s, 1 s, 2 s: the third answer is the one.
func TestUntilAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, asked := time.Now(), 0
		err := Until(t.Context(), time.Second, func(context.Context) error {
			if asked++; asked < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		if err != nil || asked != 3 || time.Since(start) != 2*time.Second {
			t.Errorf("got %v after %d questions and %s", err, asked, time.Since(start))
		}
	})
}

func TestUntilGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		err := Until(ctx, time.Second, func(context.Context) error { return errors.New("connection refused") })
		if err == nil || !strings.Contains(err.Error(), "gave up after 1m30s: connection refused") {
			t.Errorf("got %v", err)
		}
	})
}

// What cannot mend itself ends the wait at once; a question that hangs is cut off.
func TestUntilEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := Until(t.Context(), time.Second, func(context.Context) error { return fmt.Errorf("failed: %w", probe.ErrFinal) })
		if !errors.Is(err, probe.ErrFinal) || time.Since(start) != 0 {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		asked := 0
		err = Until(t.Context(), time.Second, func(ctx context.Context) error {
			if asked++; asked == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		if err != nil || time.Since(start) > 6*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

// The end cuts a question off: what is told is what was seen before.
func TestUntilTellsWhatWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		asked := 0
		err := Until(ctx, time.Second, func(ctx context.Context) error {
			if asked++; asked < 3 {
				return errors.New("connection refused")
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if err == nil || err.Error() != "gave up after 3s: connection refused" {
			t.Errorf("got %v", err)
		}
	})
}
