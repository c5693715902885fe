package k8s

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// defaultStart is Docker's default for start_interval.
const defaultStart = 5 * time.Second

// startBudget is the least time that a start may take, unless a check of level startup asks for a restart. Docker
// restarts nothing that is unhealthy; a start probe that fails does, and a database that is killed while it makes its
// files has lost them.
const startBudget = 5 * time.Minute

// buildProbes lowers the checks: startupProbe, readinessProbe and livenessProbe by their levels. What has a check of
// level ready or alive alone gets a startupProbe of it too: it is asked more often while it starts, and a slow start is
// nobody's failure.
func (u *unit) buildProbes() {
	if len(u.checks) == 0 {
		u.imageCheck()
		return
	}
	if u.kind == job {
		for i := range u.checks {
			u.l.emulate(u.checks[i].Path, "", "%s runs to its end on Kubernetes and is not probed", u.s.Name)
		}
		return
	}
	starts, ready, alive := u.byProbe()
	c := u.c()
	if len(ready) > 0 {
		c.ReadinessProbe = u.probe(ready, "readinessProbe")
		c.ReadinessProbe.SuccessThreshold = successes(ready)
	}
	if len(alive) > 0 {
		c.LivenessProbe = u.probe(alive, "livenessProbe")
		c.LivenessProbe.InitialDelaySeconds = delay(alive)
	}
	switch {
	case len(starts) > 0:
		c.StartupProbe = u.probe(starts, "startupProbe")
		u.startupBudget(starts)
	case len(ready) > 0:
		u.startFrom(ready, c.ReadinessProbe)
	case len(alive) > 0:
		u.startFrom(alive, c.LivenessProbe)
	}
}

// imageCheck says aloud that a check of the image alone is not known.
func (u *unit) imageCheck() {
	h := u.s.Healthcheck
	if h.Off() {
		return
	}
	p := u.at("healthcheck")
	switch {
	case u.kind == job:
		u.l.emulate(p, "", "%s runs to its end on Kubernetes and is not probed", u.s.Name)
	case len(h.Test) == 0:
		u.l.emulate(p, "write its test here",
			"the check of the image is not known to Kubernetes: %s is ready as soon as it runs", u.s.Name)
	default:
		u.l.refuse(p.Key("test"), "begin with CMD or CMD-SHELL", "cannot use this test")
	}
}

// byProbe sorts the checks by the probes that they belong to.
func (u *unit) byProbe() (starts, ready, alive []*model.Check) {
	for i := range u.checks {
		c := &u.checks[i]
		acts := u.action(c)
		switch c.Is() {
		case model.Startup:
			starts = append(starts, c)
		case model.Alive:
			switch {
			case acts == "restart":
				alive = append(alive, c)
			case c.OnFailure == "none" && u.l.watch == nil: // who hears of it else hears of it from octo-monitor
				u.l.emulate(c.Path, "write on_failure: restart, or level: ready",
					"nothing happens when a check of level alive fails with on_failure: none: it is no probe on Kubernetes")
			}
		default:
			ready = append(ready, c)
			if acts == "restart" {
				alive = append(alive, c)
			}
		}
		if c.Is() != model.Ready && c.Passes() != 1 && !isNoProbe(c) {
			u.l.refuse(c.Path.Key("successes"), "delete it, or write level: ready",
				"cannot ask for %d successes: one is what ends a %sProbe", c.Passes(), probeNames[c.Is()])
		}
	}
	return starts, ready, alive
}

// isNoProbe reports whether octo-monitor alone asks the check.
func isNoProbe(c *model.Check) bool { return c.Is() == model.Alive && c.Acts() == "notify" }

// probeNames are the levels as probes are called.
var probeNames = map[string]string{model.Startup: "startup", model.Alive: "liveness"}

// action is what happens when the check fails, as far as Kubernetes can.
func (u *unit) action(c *model.Check) string {
	p := c.Path.Key("on_failure")
	switch acts := c.Acts(); {
	case acts == "notify":
		return "none" // octo-monitor tells
	case acts == "drain" && c.Is() == model.Ready:
		u.l.emulate(p, "", "a pod that is not ready gets no traffic: that is all that drain asks for")
	case acts == "drain":
		u.l.refuse(p, "write level: ready: a pod that is not ready gets no traffic", "cannot drain on a check of level %s", c.Is())
		return "none"
	default:
		return acts
	}
	return "drain"
}

// probe is the probe for checks of one level. Kubernetes has one for each: several are asked together, by the most
// careful of their numbers.
func (u *unit) probe(checks []*model.Check, field string) *corev1.Probe {
	first := checks[0]
	every, limit, fails := first.Every(), first.Limit(), first.Fails()
	for _, c := range checks[1:] {
		if c.Every() != first.Every() || c.Limit() != first.Limit() || c.Fails() != first.Fails() ||
			c.Passes() != first.Passes() || c.Grace() != first.Grace() {
			u.l.emulate(c.Path, "give them the same numbers",
				"%s and %s are one %s: of their intervals and failures the least counts, of the others the greatest", first.Name, c.Name, field)
		}
		every, limit, fails = min(every, c.Every()), max(limit, c.Limit()), min(fails, c.Fails())
	}
	p := &corev1.Probe{
		ProbeHandler:  u.handler(checks, limit),
		PeriodSeconds: u.wholeSeconds(first, "interval", every), TimeoutSeconds: u.wholeSeconds(first, "timeout", limit),
		FailureThreshold: int32(fails),
	}
	for i := len(checks) - 1; i >= 0; i-- { // the first has the last word where they share a field
		u.markCheck(checks[i], field)
	}
	return p
}

// wholeSeconds is d in whole seconds, at least one; a part of a second is said aloud for named checks.
func (u *unit) wholeSeconds(c *model.Check, key string, d time.Duration) int32 {
	n := seconds(d)
	if time.Duration(n)*time.Second != d && c.Name != "default" {
		u.l.emulate(c.Path.Key(key), "", "Kubernetes counts in whole seconds: %s is %ds", d, n)
	}
	return n
}

// markCheck says which fields of the config lead to a probe.
func (u *unit) markCheck(c *model.Check, field string) {
	u.markIn(field, c.Path)
	u.markField(c.Interval != nil, field+" periodSeconds", c.Path, "interval")
	u.markField(c.Timeout != nil, field+" timeoutSeconds", c.Path, "timeout")
	fails := "failures"
	if c.Name == "default" {
		fails = "retries"
	}
	u.markField(c.Failures != nil, field+" failureThreshold", c.Path, fails)
	u.markField(c.Successes != nil, field+" successThreshold", c.Path, "successes")
	u.markField(c.StartPeriod != nil, field+" initialDelaySeconds", c.Path, "start_period")
}

// markField marks a field of the container when the key was written.
func (u *unit) markField(written bool, at string, p tree.Path, key string) {
	if written {
		u.markIn(at, p.Key(key))
	}
}

// markIf marks when the field was written.
func (u *unit) markIf(written bool, at string, keys ...string) {
	if written {
		u.markIn(at, u.at(keys[0]).Keys(keys[1:]...))
	}
}

// startFrom makes a startupProbe of checks of another level: as often as start_interval says, and for long enough.
func (u *unit) startFrom(checks []*model.Check, like *corev1.Probe) {
	first, every := checks[0], defaultStart
	if h := u.s.Healthcheck; first.Name == "default" && h != nil && h.StartInterval != nil && *h.StartInterval > 0 {
		every = time.Duration(*h.StartInterval)
	}
	budget := time.Duration(0)
	for _, c := range checks {
		every = min(every, c.Every())
		budget = max(budget, c.Grace()+time.Duration(c.Fails())*c.Every())
	}
	start := &corev1.Probe{ProbeHandler: like.ProbeHandler, PeriodSeconds: seconds(every), TimeoutSeconds: like.TimeoutSeconds}
	u.c().StartupProbe = start
	u.markIn("startupProbe", first.Path)
	u.atLeast(start, budget)
	u.markField(first.StartPeriod != nil, "startupProbe failureThreshold", first.Path, "start_period")
}

// startupBudget gives a probe of level startup the time that its checks ask for.
func (u *unit) startupBudget(checks []*model.Check) {
	start, budget, exact := u.c().StartupProbe, time.Duration(0), false
	for _, c := range checks {
		budget = max(budget, c.Grace()+time.Duration(c.Fails())*c.Every())
		exact = exact || c.Acts() == "restart"
	}
	if exact {
		n := time.Duration(start.PeriodSeconds) * time.Second
		start.FailureThreshold = int32((budget + n - 1) / n)
		return
	}
	u.atLeast(start, budget)
}

// atLeast gives the probe the budget, or [startBudget].
func (u *unit) atLeast(start *corev1.Probe, budget time.Duration) {
	if budget <= startBudget {
		budget = startBudget
		u.notes = append(u.notes, note{in: u.here, at: "startupProbe failureThreshold", tail: "5 min, then it is restarted; Docker never does that"})
	}
	n := time.Duration(start.PeriodSeconds) * time.Second
	start.FailureThreshold = int32((budget + n - 1) / n)
}

// exec is a probe that runs a program in the container.
func exec(command ...string) corev1.ProbeHandler {
	return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}
}

// successes is how many successes in a row make the pod ready again; 0, which is Kubernetes' 1, unless one asks for more.
func successes(checks []*model.Check) int32 {
	n := 1
	for _, c := range checks {
		n = max(n, c.Passes())
	}
	if n == 1 {
		return 0
	}
	return int32(n)
}

// delay is the longest start period, in seconds.
func delay(checks []*model.Check) int32 {
	var d time.Duration
	for _, c := range checks {
		d = max(d, c.Grace())
	}
	if d == 0 {
		return 0
	}
	return seconds(d)
}

// seconds is d in whole seconds, at least one.
func seconds(d time.Duration) int32 { return int32(max(model.Duration(d).Seconds(), 1)) }
