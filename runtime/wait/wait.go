package wait

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
)

// attempt is the longest that one question may take.
const attempt = 5 * time.Second

// Until asks at once and then every interval, until ask succeeds, fails for good ([probe.ErrFinal]) or ctx ends. Where
// ctx has a cause of its own, such as the process that is [Gone], the error names it.
func Until(ctx context.Context, interval time.Duration, ask probe.Func) error {
	start := time.Now()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var seen error // by the last question that was not cut off
	for {
		one, cancel := context.WithTimeout(ctx, attempt)
		err := ask(one)
		cancel()
		if err == nil || errors.Is(err, probe.ErrFinal) {
			return err
		}
		if seen == nil || ctx.Err() == nil {
			seen = err
		}
		select {
		case <-ctx.Done():
			after := time.Since(start).Round(time.Second)
			if why := context.Cause(ctx); !errors.Is(why, ctx.Err()) {
				return fmt.Errorf("%w after %s: %w", why, after, seen)
			}
			return fmt.Errorf("gave up after %s: %w", after, seen)
		case <-tick.C:
		}
	}
}
