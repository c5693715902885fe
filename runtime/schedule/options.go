package schedule

import (
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/spec"
)

// Options are what a [Scheduler] works with. Functions are called from its loop and must not block: while one does, nothing
// is asked, and the watchdog is not fed.
type Options struct {
	// Read reads a question, as [probe.Read] does. Required.
	Read func(words []string) (probe.Question, error)
	// Act is what acts; without Hands nothing is done about failures. Its Done is the scheduler's own.
	Act act.Options
	// Sink gets what happens, in order; nil: nobody.
	Sink func(Event)
	// Meter counts; nil: nobody.
	Meter Meter
	// Lag gets how much later than due each question starts; nil: nobody. [Scheduler.Snapshot] has the 99th percentile.
	Lag func(time.Duration)
	// Beat shows that the loop lives: it is called every BeatEvery, by the loop itself. A beat that comes later than by
	// BeatEvery is left out. nil: none. Default of BeatEvery: 1s; half of WatchdogSec= for systemd.
	Beat      func()
	BeatEvery time.Duration
	// Rand spreads the first questions over their intervals; nil: one with a seed of its own.
	Rand *rand.Rand
	// Wall is the time that people are told; nil: time.Now.
	Wall func() time.Time
	// Parallel is how many questions run at once that start no program, default 2048, some 30 KB each for http. Programs is
	// how many run at once that do; default: twice the number of processors.
	Parallel, Programs int
}

func (o Options) withDefaults() Options {
	if o.Sink == nil {
		o.Sink = func(Event) {}
	}
	if o.BeatEvery <= 0 {
		o.BeatEvery = time.Second
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Parallel <= 0 {
		o.Parallel = 2048
	}
	if o.Programs <= 0 {
		o.Programs = 2 * runtime.NumCPU()
	}
	return o
}

// Answer is what one question comes to, for a [Meter].
type Answer string

// The answers.
const (
	Works   Answer = "works"
	Fails   Answer = "fails"
	Unknown Answer = "unknown" // it could not be asked
)

// Meter counts. Its methods are called from the loop and must not block.
type Meter interface {
	// Asked is one answer, how long it took, and what was seen where it is no success.
	Asked(service, check string, a Answer, took time.Duration, seen string)
	// State is what a check has come to; called when that changes, and when the check is new.
	State(service, check string, s State)
	// Gone says that a check is no longer in the spec.
	Gone(service, check string)
}

// Event is something that somebody may want to hear of.
type Event struct {
	Kind    spec.Event
	Service string
	Check   string
	Level   spec.Level
	At      time.Time // wall clock
	// Seen is the line that says what was seen, of 4 KiB at most: the answer, what holds an action back, why it failed.
	Seen string
	// Failures is how many answers in a row were failures.
	Failures int
	// Perf are the figures of a plugin with its last answer.
	Perf []Perf
	// Flapping is set while the check is: a notifier leaves out failed and recovered then, as Nagios does. In an event of
	// the kind flapping it tells the begin (true) from the end (false).
	Flapping bool
	// ActionFailed is set in an event failed that tells of an action which failed, not of the check.
	ActionFailed bool
}

// Status is a check in a snapshot.
type Status struct {
	Service string     `json:"service"`
	Check   string     `json:"check"`
	Level   spec.Level `json:"level"`
	State   State      `json:"state"`
	// Since is when State began, Asked when the last question was; wall clock. Zero: never.
	Since time.Time `json:"since,omitzero"`
	Asked time.Time `json:"asked,omitzero"`
	// Took is how long the last answer took, in nanoseconds.
	Took time.Duration `json:"took,omitempty"`
	// Seen is what the last answer said, a failure or the text of a plugin.
	Seen string `json:"seen,omitempty"`
	Perf []Perf `json:"perf,omitempty"`
	// Row is how many equal answers came in a row, failures as a negative number.
	Row int `json:"row"`
	// Unknown is how many questions in a row could not be asked.
	Unknown int `json:"unknown,omitempty"`
	// Changes is how much the last 21 answers changed, in percent, weighted.
	Changes  float64 `json:"changes,omitempty"`
	Flapping bool    `json:"flapping,omitempty"`
	// Waits is why it is not asked: "startup" for the checks of that level, "restart" while the service is restarted,
	// "done" for a check of level startup that has worked, "reload" while a question of the check that the spec had in its
	// place goes on.
	Waits string `json:"waits,omitempty"`
	// Action is what was done last about it, or holds an action back.
	Action  string `json:"action,omitempty"`
	Drained bool   `json:"drained,omitempty"`
}

// Snapshot is all that is known at one time.
type Snapshot struct {
	Checks []Status `json:"checks"` // in the order of the spec
	// Running is how many questions run, Waiting how many are due and have no place yet.
	Running int `json:"running"`
	Waiting int `json:"waiting"`
	// Lag is the 99th percentile of how late questions start, over the last one to two minutes, in nanoseconds, rounded
	// up by at most 25%.
	Lag time.Duration `json:"lag"`
}
