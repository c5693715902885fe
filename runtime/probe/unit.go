package probe

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// unit is the question whether a service unit of systemd runs, and has run on since it was asked last.
type unit struct {
	name string
	look func(ctx context.Context, name string) (Unit, error)

	mu       sync.Mutex
	asked    bool
	restarts uint32 // NRestarts that was told, or was seen by the first question
}

// maxUnit is the longest name that systemd takes, in bytes (systemd.unit(5)).
const maxUnit = 255

// parseUnit reads the words of unit NAME.service. The Func it gives knows how often systemd had restarted the unit when it
// was asked last; each Func knows that for itself.
func parseUnit(words []string, means Means) (Func, error) {
	if len(words) != 1 || words[0] == "" {
		return nil, errors.New("want " + wantUnit)
	}
	name := words[0]
	prefix, isService := strings.CutSuffix(name, ".service")
	switch {
	case !isService || !unitPrefix.MatchString(prefix) || len(name) > maxUnit:
		return nil, fmt.Errorf("cannot use %q as a unit; want NAME.service", name)
	case strings.HasSuffix(prefix, "@"):
		return nil, fmt.Errorf("cannot use %q as a unit; want one of its instances, %sNAME.service", name, prefix)
	case means.Units == nil:
		return nil, fmt.Errorf("cannot ask about %q: there is no systemd here", name)
	}
	u := &unit{name: name, look: means.Units}
	return u.ask, nil
}

// unitPrefix is what the name of a service may be, without its type (systemd.unit(5)).
var unitPrefix = regexp.MustCompile(`^[A-Za-z0-9:_.\\-][A-Za-z0-9:_.\\@-]*$`)

func (u *unit) ask(ctx context.Context) error {
	is, err := u.look(ctx, u.name)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("systemd did not answer in time: %w", ctx.Err())
		}
		return fmt.Errorf("cannot ask about %s: %w: %w", u.name, ErrUnasked, err)
	}
	seen, known := is.state()
	restarts := u.count(is.Restarts, known)
	switch {
	case !known:
		return fmt.Errorf("cannot tell whether %s runs: %w: %s", u.name, ErrUnasked, seen)
	case seen != "":
		return fmt.Errorf("%s: %s", u.name, seen)
	case restarts > 0:
		return fmt.Errorf("%s: systemd has restarted it %s since it was asked last", u.name, times(restarts))
	}
	return nil
}

func times(n uint32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// count remembers NRestarts, and returns by how much it grew since it was told last. Who starts the unit by hand begins a
// new count. Where nothing is known of the unit, what it grew by is left for the question that gets an answer.
func (u *unit) count(now uint32, known bool) (grew uint32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.asked || now < u.restarts {
		u.asked, u.restarts = true, now
	}
	if known {
		grew, u.restarts = now-u.restarts, now
	}
	return grew
}

// state says why the unit does not run, "" where it does. Where known is false, that is why nobody can tell.
func (is Unit) state() (seen string, known bool) {
	if is.Load == "not-found" {
		if is.Active == "inactive" {
			return "there is no such unit", true
		}
		return "the file of the unit is gone", true // whose process may run all the same
	}
	switch is.Sub {
	case "auto-restart", "auto-restart-queued":
		return "systemd is about to restart it: " + result(is.Result), true
	}
	switch is.Active {
	case "active", "reloading", "refreshing": // the last since systemd 257; systemctl is-active takes it for active
		return "", true
	case "failed":
		return "it has failed: " + result(is.Result), true
	case "inactive":
		if is.Load == "masked" {
			return "it is not running, and masked", true
		}
		return "it is not running", true
	case "activating":
		return "it is being started", false
	case "deactivating":
		return "it is being stopped", false
	}
	return fmt.Sprintf("systemd says it is %.40q", is.Active), false
}

// results are the values of Result and what they mean (org.freedesktop.systemd1(5), Service Unit Objects; systemd.exec(5),
// $SERVICE_RESULT).
var results = []struct{ result, means string }{
	{"success", "it ended by itself, without an error"},
	{"protocol", "it did not do what its Type= asks for"},
	{"timeout", "a start, a stop or another step took too long"},
	{"exit-code", "a process of it ended with an error"},
	{"signal", "a process of it was killed by a signal"},
	{"core-dump", "a process of it crashed and dumped core"},
	{"watchdog", "it did not feed the watchdog in time"},
	{"exec-condition", "a command of ExecCondition= says no"},
	{"oom-kill", "the machine or its limit was out of memory, and it was killed"},
	{"start-limit-hit", "it was started too often in a short time, and systemd has given up"},
	{"resources", "systemd was short of something that it needs to start it"},
}

// result is the value as systemd gives it, with what it means where that is known.
func result(value string) string {
	for _, r := range results {
		if r.result == value {
			return value + " (" + r.means + ")"
		}
	}
	return fmt.Sprintf("%.40q", value)
}
