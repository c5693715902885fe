package systemd

import (
	"slices"
	"time"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Where octo-sidecar lies: on the machine, and in a container that has no program of its own to check itself with.
const (
	sidecar       = "/usr/local/bin/octo-sidecar"
	sidecarInside = "/octo/octo-sidecar"
)

// probeTimeout is what octo-sidecar probe waits when it is told nothing.
const probeTimeout = 2 * time.Second

// asked are checks that are asked as one: Podman and a companion unit have one question each.
type asked struct {
	checks       []model.Check
	every, limit time.Duration
	grace        time.Duration
	fails        int
	passes       int
}

// together makes one question of several. It is asked as often as the most frequent of them, and no check is given up
// on sooner than it says.
func together(checks []model.Check) asked {
	a := asked{checks: checks, fails: 1, passes: 1}
	for i := range checks {
		c := &checks[i]
		if i == 0 || c.Every() < a.every {
			a.every = c.Every()
		}
		a.limit, a.grace, a.passes = max(a.limit, c.Limit()), max(a.grace, c.Grace()), max(a.passes, c.Passes())
	}
	for i := range checks {
		c := &checks[i]
		a.fails = max(a.fails, int((time.Duration(c.Fails())*c.Every()+a.every-1)/a.every))
	}
	return a
}

// mixed reports whether the checks differ in their numbers, so that those of the one question are not what each says.
func (a *asked) mixed() bool {
	return slices.ContainsFunc(a.checks, func(c model.Check) bool {
		return c.Every() != a.every || c.Limit() != a.limit || c.Grace() != a.grace || c.Fails() != a.fails || c.Passes() != a.passes
	})
}

// at is where the numbers come from: the check, or for several what holds them.
func (a *asked) at(s *service, field string) tree.Path {
	if len(a.checks) != 1 {
		return s.Path.Key("checks")
	}
	c := &a.checks[0]
	if field == "failures" && c.Name == "default" {
		field = "retries"
	}
	if field == "" {
		return c.Path
	}
	return c.Path.Key(field)
}

// startTime is how long a start may take until the checks pass, rounded up to 20 s.
func (a *asked) startTime() time.Duration {
	const step = 20 * time.Second
	longest := time.Duration(0)
	for i := range a.checks {
		c := &a.checks[i]
		longest = max(longest, c.Grace()+time.Duration(c.Fails())*(c.Every()+c.Limit()))
	}
	return (longest + time.Duration(a.passes-1)*a.every + step - 1) / step * step
}

// what are the words that octo-sidecar reads of the checks. A service answers itself at the loopback address.
func (a *asked) what() []string {
	list := make([][]string, len(a.checks))
	for i := range a.checks {
		list[i] = a.checks[i].Words("127.0.0.1")
	}
	return model.Ask(list)
}

// gate are the checks that must pass before the start is over: those of level startup and ready; where there are none,
// those that say whether it is alive.
func (s *service) gate() []model.Check {
	var out []model.Check
	for _, c := range s.checks {
		if c.Is() != model.Alive {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return s.checks
	}
	return out
}

// watched are the checks whose failure restarts the service once it runs.
func (s *service) watched() []model.Check {
	var out []model.Check
	for _, c := range s.checks {
		if c.Is() != model.Startup && c.Acts() == "restart" {
			out = append(out, c)
		}
	}
	return out
}

// actions refuses what only a proxy can do. What notify asks for is the monitor's.
func (l *lowering) actions(s *service) {
	for i := range s.Checks {
		if c := &s.Checks[i]; c.OnFailure == "drain" {
			l.refuse(c.Path.Key("on_failure"), "write restart, notify or none: it comes with proxies", "systemd can restart a service that fails its check, and send it no less work")
		}
	}
}

// mix reports the numbers of a question that stands for several checks with others.
func (l *lowering) mix(s *service, a *asked, when string) {
	if a.mixed() {
		l.emulate(s.Path.Key("checks"), "give the checks of one level the same times",
			"%d checks are asked as one %s: each %s, given up after %d failures in a row", len(a.checks), when, span(model.Duration(a.every)), a.fails)
	}
}

func sameChecks(a, b []model.Check) bool {
	return slices.EqualFunc(a, b, func(x, y model.Check) bool { return x.Name == y.Name })
}
