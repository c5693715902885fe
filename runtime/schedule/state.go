package schedule

import (
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// State is what a check has come to.
type State string

// The states.
const (
	// Starting is where startup and ready begin: not yet passed, and not yet failed so often that somebody is told.
	Starting State = "starting"
	Passed   State = "passed" // where alive begins
	Failed   State = "failed"
)

// machine turns answers into a state. It knows no clock.
type machine struct {
	state  State
	row    int // equal answers, negative for failures
	worked bool
}

func newMachine(l spec.Level) machine {
	if l == spec.Alive {
		return machine{state: Passed}
	}
	return machine{state: Starting}
}

// see takes an answer to a question that was asked so long after the first one, and tells whether the state has changed.
func (m *machine) see(c *spec.Check, age time.Duration, works bool) (changed bool) {
	switch {
	case works:
		m.worked = true
		m.row = max(m.row, 0) + 1
	case !m.worked && age < time.Duration(c.StartPeriod):
		m.row = 0
	default:
		m.row = min(m.row, 0) - 1
	}
	was := m.state
	switch {
	case m.row >= c.Successes:
		m.state = Passed
	case -m.row >= c.Failures:
		m.state = Failed
	}
	return m.state != was
}
