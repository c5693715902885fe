// Package wait repeats a question until it is answered: what start gates are made of.
//
// In: a probe, an interval, a context with a deadline. Out: nil once the probe succeeds, or the last thing that was
// seen. It never starts or stops anything.
//
//	err := wait.Until(ctx, time.Second, probe)
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

// Until asks at once and then every interval, until ask succeeds, fails for good ([probe.ErrFinal]) or ctx ends.
func Until(ctx context.Context, interval time.Duration, ask probe.Func) error {
	start := time.Now()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		one, cancel := context.WithTimeout(ctx, attempt)
		err := ask(one)
		cancel()
		if err == nil || errors.Is(err, probe.ErrFinal) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up after %s: %w", time.Since(start).Round(time.Second), err)
		case <-tick.C:
		}
	}
}
