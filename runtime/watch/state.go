package watch

import (
	"errors"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
)

// Rule is when to ask and what counts.
type Rule struct {
	Interval    time.Duration // from start to start of two questions; more than 0
	Timeout     time.Duration // of one question; more than 0
	Failures    int           // so many in a row are the end; at least 1
	Successes   int           // after a failure, so many in a row clear the count of failures; at least 1
	StartPeriod time.Duration // from the start of the watch: failures do not count until it ends or the first success; 0: none
}

// Check says what of r cannot be meant.
func (r Rule) Check() error {
	switch {
	case r.Interval <= 0 || r.Timeout <= 0:
		return errors.New("--interval and --timeout must be more than 0")
	case r.Failures < 1 || r.Successes < 1:
		return errors.New("--failures and --successes must be at least 1")
	case r.StartPeriod < 0:
		return errors.New("--start-period must not be less than 0")
	}
	return nil
}

// Verdict is what one answer comes to.
type Verdict int

const (
	Works     Verdict = iota // it answered
	Recovered                // it answered, and the failures before are cleared
	Starting                 // it failed, which does not count yet
	Failed                   // it failed, which counts
	Unhealthy                // it failed too often: the end
	Unasked                  // no answer: nothing changes
)

// State counts answers by a rule. The zero value is the start.
type State struct {
	failures  int  // that count
	successes int  // in a row
	started   bool // it has answered once
}

// Failures is how many failures count now.
func (s State) Failures() int { return s.failures }

// See takes the answer to a question that was asked when the watch was so old. An error that is [probe.ErrFinal] is the
// end at once, one that is [probe.ErrUnasked] is left out.
func (s *State) See(r Rule, age time.Duration, answer error) Verdict {
	switch {
	case errors.Is(answer, probe.ErrUnasked):
		return Unasked
	case answer == nil:
		s.started = true
		if s.successes++; s.failures > 0 && s.successes >= r.Successes {
			s.failures = 0
			return Recovered
		}
		return Works
	case errors.Is(answer, probe.ErrFinal):
		return Unhealthy
	}
	s.successes = 0
	if !s.started && age < r.StartPeriod {
		return Starting
	}
	if s.failures++; s.failures >= r.Failures {
		return Unhealthy
	}
	return Failed
}
