package schedule

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Row C9: somebody sets the clock by an hour forth and back all the time. Nothing turns that would not have, nothing is
// asked or restarted at another time; only what people are told has other times.
func TestClockJumps(t *testing.T) {
	happens := func(wall func() time.Time) (all []string) {
		synctest.Test(t, func(t *testing.T) {
			w := start(t, Options{Wall: wall, Beat: func() {}}, checks(with(one("web", spec.Alive), restarts), one("db", spec.Ready), one("up", spec.Startup)))
			w.after(10 * time.Minute)
			w.set("web", errors.New("away"))
			w.after(40 * time.Minute)
			w.set("web", nil)
			w.after(3 * time.Hour)
			states := w.states()
			w.end()
			all = append(append(all, w.events...), w.hands...)
			for _, name := range []string{"web", "db", "up"} {
				all = append(all, fmt.Sprint(name, w.asked[name]))
			}
			all = append(all, states)
		})
		return all
	}
	n := 0
	want := happens(time.Now)
	got := happens(func() time.Time {
		n++
		return time.Now().Round(0).Add(time.Duration(n%3-1) * time.Hour)
	})
	if len(want) < 10 || n == 0 {
		t.Fatalf("too little happens: %d times, %q", n, want)
	}
	if a, b := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}
