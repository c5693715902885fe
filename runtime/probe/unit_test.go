package probe

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
)

// systemd is a service manager that knows one unit.
type systemd struct {
	mu  sync.Mutex
	is  Unit
	err error
}

func (s *systemd) look(_ context.Context, name string) (Unit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != "shop-db.service" {
		return Unit{Load: "not-found", Active: "inactive", Sub: "dead"}, nil
	}
	return s.is, s.err
}

func askUnit(t *testing.T, s *systemd, name string) Func {
	t.Helper()
	ask, err := Parse([]string{"unit", name}, Means{Units: s.look})
	if err != nil {
		t.Fatal(err)
	}
	return ask
}

// All states of a unit, asked for the first time: the number of restarts says nothing yet.
func TestUnit(t *testing.T) {
	const unknown = "cannot tell whether shop-db.service runs: the question could not be asked: "
	for _, c := range []struct {
		load, active, sub, result string
		want                      string // the whole error; "" where it runs
	}{
		{"loaded", "active", "running", "", ""},
		{"loaded", "active", "exited", "", ""}, // Type=oneshot with RemainAfterExit=
		{"loaded", "reloading", "reload", "", ""},
		{"loaded", "refreshing", "refresh-extensions", "", ""},
		{"masked", "active", "running", "", ""},
		{"loaded", "failed", "failed", "exit-code", "shop-db.service: it has failed: exit-code (a process of it ended with an error)"},
		{"loaded", "failed", "failed", "signal", "shop-db.service: it has failed: signal (a process of it was killed by a signal)"},
		{"loaded", "failed", "failed", "core-dump", "shop-db.service: it has failed: core-dump (a process of it crashed and dumped core)"},
		{"loaded", "failed", "failed", "oom-kill", "shop-db.service: it has failed: oom-kill (the machine or its limit was out of memory, and it was killed)"},
		{"loaded", "failed", "failed", "start-limit-hit", "shop-db.service: it has failed: start-limit-hit (it was started too often in a short time, and systemd has given up)"},
		{"loaded", "failed", "failed", "timeout", "shop-db.service: it has failed: timeout (a start, a stop or another step took too long)"},
		{"loaded", "failed", "failed", "watchdog", "shop-db.service: it has failed: watchdog (it did not feed the watchdog in time)"},
		{"loaded", "failed", "failed", "protocol", "shop-db.service: it has failed: protocol (it did not do what its Type= asks for)"},
		{"loaded", "failed", "failed", "exec-condition", "shop-db.service: it has failed: exec-condition (a command of ExecCondition= says no)"},
		{"loaded", "failed", "failed", "resources", "shop-db.service: it has failed: resources (systemd was short of something that it needs to start it)"},
		{"loaded", "failed", "failed", "new\n", `shop-db.service: it has failed: "new\n"`},
		{"loaded", "inactive", "dead", "", "shop-db.service: it is not running"},
		{"masked", "inactive", "dead", "", "shop-db.service: it is not running, and masked"},
		{"bad-setting", "inactive", "dead", "", "shop-db.service: it is not running"},
		{"loaded", "activating", "auto-restart", "signal", "shop-db.service: systemd is about to restart it: signal (a process of it was killed by a signal)"},
		{"loaded", "activating", "auto-restart-queued", "success", "shop-db.service: systemd is about to restart it: success (it ended by itself, without an error)"},
		{"loaded", "activating", "start", "", unknown + "it is being started"},
		{"loaded", "activating", "start-pre", "", unknown + "it is being started"},
		{"loaded", "deactivating", "stop-sigterm", "", unknown + "it is being stopped"},
		{"not-found", "inactive", "dead", "", "shop-db.service: there is no such unit"},
		{"not-found", "active", "running", "", "shop-db.service: the file of the unit is gone"},
		{"loaded", "maintenance", "dead", "", unknown + `systemd says it is "maintenance"`},
		{"", "", "", "", unknown + `systemd says it is ""`},
		{"loaded", strings.Repeat("x", 50), "", "", unknown + `systemd says it is "` + strings.Repeat("x", 40) + `"`},
	} {
		s := &systemd{is: Unit{Load: c.load, Active: c.active, Sub: c.sub, Result: c.result, Restarts: 7}}
		err := askUnit(t, s, "shop-db.service")(t.Context())
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want || errors.Is(err, ErrUnasked) != strings.HasPrefix(c.want, unknown) || errors.Is(err, ErrFinal) {
			t.Errorf("%s %s %s: got %q, unknown %v; want %q", c.load, c.active, c.sub, got, errors.Is(err, ErrUnasked), c.want)
		}
	}
}

// Restarts by systemd are told once, however short the unit was away; a start by hand is none.
func TestUnitRestarts(t *testing.T) {
	const again = "shop-db.service: systemd has restarted it "
	running := func(n uint32) Unit { return Unit{Load: "loaded", Active: "active", Sub: "running", Restarts: n} }
	starting := func(n uint32) Unit { return Unit{Load: "loaded", Active: "activating", Sub: "start", Restarts: n} }
	failed := func(n uint32) Unit {
		return Unit{Load: "loaded", Active: "failed", Sub: "failed", Result: "signal", Restarts: n}
	}
	s := &systemd{}
	ask := askUnit(t, s, "shop-db.service")
	for i, c := range []struct {
		is   Unit
		err  error
		want string // how the error begins
	}{
		{running(5), nil, ""}, // what was before the first question is not told
		{running(5), nil, ""},
		{running(6), nil, again + "once since it was asked last"},
		{running(6), nil, ""},
		{running(9), nil, again + "3 times since it was asked last"},
		{running(9), nil, ""},
		{running(0), nil, ""}, // somebody started it
		{running(1), nil, again + "once"},
		{starting(2), nil, "cannot tell"},
		{starting(3), nil, "cannot tell"},
		{running(3), nil, again + "2 times"}, // what was seen while nothing was known is told now
		{starting(0), nil, "cannot tell"},    // started by hand
		{running(2), nil, again + "2 times"},
		{failed(4), nil, "shop-db.service: it has failed: signal"},
		{running(4), nil, ""}, // told by the failure
		{running(7), errors.New("no bus"), "cannot ask about shop-db.service: the question could not be asked: no bus"},
		{running(5), nil, again + "once"}, // an error tells of no number
	} {
		s.is, s.err = c.is, c.err
		err := ask(t.Context())
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%d: got %v; want %q", i, err, c.want)
		}
	}
	if err := askUnit(t, s, "shop-db.service")(t.Context()); err != nil {
		t.Errorf("another question begins anew: %v", err)
	}
	first := askUnit(t, s, "shop-db.service")
	s.is = starting(1)
	if err := first(t.Context()); !errors.Is(err, ErrUnasked) {
		t.Errorf("it is being started: %v", err)
	}
	s.is = running(2)
	if err := first(t.Context()); err == nil || !strings.HasPrefix(err.Error(), again+"once") {
		t.Errorf("restarted since the first question: %v", err)
	}
}

// A question that is read once keeps its number, as one of [Read] and in a list.
func TestUnitKeepsNumber(t *testing.T) {
	for _, words := range [][]string{{"unit", "shop-db.service"}, {"all", `[["unit","shop-db.service"]]`}} {
		s := &systemd{is: Unit{Load: "loaded", Active: "active", Restarts: 1}}
		q, err := Read(words, Means{Units: s.look})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"", "systemd has restarted it once", ""} {
			if i == 1 {
				s.is.Restarts++
			}
			told, err := q.Ask(t.Context())
			if told != "" || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%q, %d: told %q, %v; want %q", words, i, told, err, want)
			}
		}
	}
}

// Without a bus, in time or at all, nothing is known.
func TestUnitUnasked(t *testing.T) {
	s := &systemd{err: errors.New("access denied")}
	if err := askUnit(t, s, "shop-db.service")(t.Context()); !errors.Is(err, ErrUnasked) || !errors.Is(err, s.err) {
		t.Errorf("denied: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := askUnit(t, s, "shop-db.service")(ctx)
	if !errors.Is(err, ErrUnasked) || !strings.Contains(err.Error(), "systemd did not answer in time: context canceled") {
		t.Errorf("too late: %v", err)
	}
	if _, err := Parse([]string{"unit", "shop-db.service"}, Means{}); err == nil || err.Error() != `cannot ask about "shop-db.service": there is no systemd here` {
		t.Errorf("no systemd: %v", err)
	}
	if err := askUnit(t, s, "shop-web.service")(t.Context()); err == nil || err.Error() != "shop-web.service: there is no such unit" {
		t.Errorf("another unit: %v", err)
	}
}

// Questions that overlap tell of a restart once.
func TestUnitAtOnce(t *testing.T) {
	s := &systemd{is: Unit{Load: "loaded", Active: "active"}}
	ask := askUnit(t, s, "shop-db.service")
	if err := ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.is.Restarts = 1
	seen := make([]error, 8)
	var wg sync.WaitGroup
	for i := range seen {
		wg.Go(func() { seen[i] = ask(t.Context()) })
	}
	wg.Wait()
	told := 0
	for _, err := range seen {
		if err != nil {
			told++
		}
	}
	if told != 1 {
		t.Errorf("it was told %d times: %v", told, seen)
	}
}
