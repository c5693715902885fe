package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
)

// Run asks at once and then every interval, measured from start to start; a question that takes longer than the interval
// is followed by the next at once, and two never overlap. It returns nil when ctx ends, and an error with what was seen
// last when the rule is broken. say, which may be nil, gets a line for each failure, for the recovery, and for the first
// of several questions that could not be asked.
func Run(ctx context.Context, r Rule, ask probe.Func, say func(line string)) error {
	if err := r.Check(); err != nil {
		return fmt.Errorf("cannot watch: %w", err)
	}
	if say == nil {
		say = func(string) {}
	}
	var s State
	begin, last := time.Now(), Works
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		asked := time.Now()
		one, cancel := context.WithTimeout(ctx, r.Timeout)
		err := ask(one)
		cancel()
		if ctx.Err() != nil { // the question was cut off: its answer means nothing
			return nil
		}
		verdict := s.See(r, asked.Sub(begin), err)
		if verdict == Unhealthy {
			return fmt.Errorf("unhealthy: failed %s: %w", times(s.Failures()), err)
		}
		if line := line(verdict, s, r, err); line != "" && (verdict != Unasked || last != Unasked) {
			say(line)
		}
		last = verdict
		pause.Reset(max(0, r.Interval-time.Since(asked)))
	}
}

func line(v Verdict, s State, r Rule, err error) string {
	switch v {
	case Recovered:
		return "works again"
	case Starting:
		return fmt.Sprintf("not yet, within the start period: %v", err)
	case Failed:
		return fmt.Sprintf("failure %d of %d: %v", s.Failures(), r.Failures, err)
	case Unasked:
		return fmt.Sprintf("does not count: %v", err)
	}
	return ""
}

func times(n int) string {
	switch n {
	case 0: // the answer was final
		return "for good"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times in a row", n)
}
