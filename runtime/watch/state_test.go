package watch

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
)

// answers: + works, - fails, ? could not be asked, ! fails for good. One a second. verdicts: w works, r recovered,
// s starting, f failed, U unhealthy, ? unasked.
func TestState(t *testing.T) {
	errs := map[rune]error{
		'+': nil, '-': errors.New("no"),
		'?': fmt.Errorf("socket: %w", probe.ErrUnasked), '!': fmt.Errorf("gone: %w", probe.ErrFinal),
	}
	for _, c := range []struct {
		why              string
		failures, succs  int
		start            time.Duration
		answers, verdict string
	}{
		{"three in a row are the end", 3, 1, 0, "+---", "wffU"},
		{"the first may be it", 1, 1, 0, "-", "U"},
		{"a success begins the row anew", 3, 1, 0, "--+--+---", "ffrffrffU"},
		{"two successes clear, one does not", 3, 2, 0, "--+-", "ffwU"},
		{"two successes clear", 3, 2, 0, "--++--+-", "ffwrffwU"},
		{"successes in a row only", 4, 2, 0, "-+-+-+-", "fwfwfwU"},
		{"failures within the start period do not count", 2, 1, 3 * time.Second, "-----", "sssfU"},
		{"the first success ends the start period", 2, 1, time.Hour, "--+--", "sswfU"},
		{"a question that was not asked neither counts nor clears", 3, 1, 0, "-?-?-", "f?f?U"},
		{"nor does it break a row of successes", 3, 2, 0, "--+?+-", "ffw?rf"},
		{"what is final is the end, in the start period too", 3, 1, time.Hour, "!", "U"},
	} {
		var s State
		rule := Rule{Failures: c.failures, Successes: c.succs, StartPeriod: c.start}
		var got strings.Builder
		for i, a := range c.answers {
			v := s.See(rule, time.Duration(i)*time.Second, errs[a])
			got.WriteByte("wrsfU?"[v])
		}
		if got.String() != c.verdict {
			t.Errorf("%s: %s gives %s; want %s", c.why, c.answers, got.String(), c.verdict)
		}
	}
}
