package systemd

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// health writes the checks of a container. Podman has two questions: one until the start is over (HealthStartupCmd=),
// and one from then on (HealthCmd=), whose failure may kill the container, which systemd then starts again. It asks the
// second at once when the first has passed.
func (l *lowering) health(s *service, c, sv *Section) {
	h, at := s.Healthcheck, s.Path.Key("healthcheck")
	l.actions(s)
	first, then := s.questions()
	_, _, own := ownCheck(s, first)
	if _, _, lasting := ownCheck(s, then); !own || !lasting {
		l.sidecar = true
		c.Fixed("Volume", sidecar+":"+sidecarInside+":ro", s.checks[0].Path)
	}
	if s.healthy && len(s.PostStart) == 0 && s.of == nil {
		c.Note("The start job lasts until the check passes: After=" + s.units[0] + " means \"after " + s.Name + " is healthy\".")
		if s.count > 1 {
			c.note = "The start job lasts until the check passes."
		}
		if len(s.checks) > 0 {
			at = s.checks[0].Path
		}
		c.Fixed("Notify", "healthy", at)
	}
	if len(s.checks) == 0 {
		switch {
		case h == nil:
		case h.Off():
			c.Words("PodmanArgs", at, lit("--no-healthcheck"))
		case len(h.Test) == 0:
			l.refuse(at, "write test: too, as in the image", "Podman cannot change the times of a check that only the image knows")
		default:
			l.refuse(at.Key("test"), "write CMD, CMD-SHELL or NONE first", "Podman knows no check of the kind %q", h.Test[0])
		}
		return
	}
	if len(first) > 0 {
		l.startupCheck(s, first, c)
	}
	l.lastingCheck(s, then, c)
	if len(s.watched()) == 0 {
		return
	}
	c.Fixed("HealthOnFailure", "kill", then[0].Path)
	if policy, _ := restartPolicy(s.Service); policy == "" {
		sv.Note("What fails its check is killed, and started again although restart says no.")
		sv.Fixed("RestartForceExitStatus", "137", then[0].Path)
		sv.Fixed("RestartSec", "5s", tree.Root)
	}
}

// questions are the checks that are asked until the start is over, none where they are the same as those that are
// asked from then on.
func (s *service) questions() (first, then []model.Check) {
	if len(s.checks) == 0 {
		return nil, nil
	}
	first, then = s.gate(), s.watched()
	if len(then) == 0 { // nothing acts: what shows whether the service can take work
		for _, c := range s.checks {
			if c.Is() != model.Startup {
				then = append(then, c)
			}
		}
		if len(then) == 0 {
			then = first
		}
		if !hasStartup(first) {
			first = then
		}
	}
	if !sameChecks(first, then) || hasStartup(first) {
		return first, then
	}
	// The same, unless a start has a time or a number of its own.
	h := s.Healthcheck
	if a := together(first); a.passes > 1 || !h.Off() && h.StartInterval != nil && h.StartPeriod != nil {
		return first, then
	}
	return nil, then
}

func hasStartup(checks []model.Check) bool {
	for i := range checks {
		if checks[i].Is() == model.Startup {
			return true
		}
	}
	return false
}

// startupCheck writes what is asked until the start is over.
func (l *lowering) startupCheck(s *service, checks []model.Check, c *Section) {
	a := together(checks)
	l.mix(s, &a, "until the start is over")
	if !l.healthCommand(s, &a, "HealthStartupCmd", c) {
		return
	}
	every, at := a.every, a.at(s, "interval")
	if h := s.Healthcheck; !h.Off() && h.StartInterval != nil && h.StartPeriod != nil {
		every, at = time.Duration(*h.StartInterval), s.Path.Keys("healthcheck", "start_interval")
	}
	c.Fixed("HealthStartupInterval", span(model.Duration(every)), at)
	if wrote(checks, func(c *model.Check) bool { return c.Timeout != nil }) {
		c.Fixed("HealthStartupTimeout", span(model.Duration(a.limit)), a.at(s, "timeout"))
	}
	if len(s.watched()) > 0 && (s.healthy || s.restarts()) {
		// Podman ends the container then, and systemd starts it again.
		c.Int("HealthStartupRetries", int64(a.fails)+int64((a.grace+every-1)/every), a.at(s, "failures"))
	}
	if a.passes > 1 {
		c.Int("HealthStartupSuccess", int64(a.passes), a.at(s, "successes"))
	}
}

// lastingCheck writes what is asked for as long as the service runs.
func (l *lowering) lastingCheck(s *service, checks []model.Check, c *Section) {
	a := together(checks)
	l.mix(s, &a, "while the service runs")
	if !l.healthCommand(s, &a, "HealthCmd", c) {
		return
	}
	for _, t := range []struct {
		key, field string
		wrote      func(c *model.Check) bool
		value      time.Duration
	}{
		{"HealthInterval", "interval", func(c *model.Check) bool { return c.Interval != nil }, a.every},
		{"HealthTimeout", "timeout", func(c *model.Check) bool { return c.Timeout != nil }, a.limit},
		{"HealthRetries", "failures", func(c *model.Check) bool { return c.Failures != nil }, 0},
		{"HealthStartPeriod", "start_period", func(c *model.Check) bool { return c.StartPeriod != nil }, a.grace},
	} {
		switch number := t.field == "failures"; {
		case number && (wrote(checks, t.wrote) || a.fails != model.CheckFailures):
			c.Int(t.key, int64(a.fails), a.at(s, t.field))
		case !number && wrote(checks, t.wrote):
			c.Fixed(t.key, span(model.Duration(t.value)), a.at(s, t.field))
		}
	}
}

func wrote(checks []model.Check, is func(*model.Check) bool) bool {
	for i := range checks {
		if is(&checks[i]) {
			return true
		}
	}
	return false
}

// healthCommand writes the command of a question: the program of the image where it is one, else octo-sidecar, which
// is mounted.
func (l *lowering) healthCommand(s *service, a *asked, key string, c *Section) bool {
	before := len(c.Options)
	if cmd, at, ok := ownCheck(s, a.checks); ok {
		c.Raw(key, cmd, at)
		return len(c.Options) > before
	}
	words := []string{sidecarInside, "probe"}
	if a.limit != probeTimeout {
		words = append(words, "--timeout="+a.limit.String())
	}
	c.Raw(key, jsonArray(append(words, a.what()...)), a.at(s, ""))
	return len(c.Options) > before
}

// ownCheck is the command of checks that the image can do itself, as Podman reads it.
func ownCheck(s *service, checks []model.Check) (cmd string, at tree.Path, ok bool) {
	if len(checks) == 0 {
		return "", at, true
	}
	one := &checks[0]
	if len(checks) > 1 || len(one.Exec) == 0 {
		return "", at, false
	}
	test, at := append([]string{"CMD"}, one.Exec...), one.Path.Key("exec")
	if one.Name == "default" {
		test, at = s.Healthcheck.Test, one.Path.Key("test")
	}
	cmd, ok = podmanCheck(test)
	return cmd, at, ok
}

// podmanCheck is a check as podman-run(1) --health-cmd reads it: a JSON array of two words or more is a program, one
// word of it or a plain text goes to the shell, and CMD before a text splits it at white space. ok is false for what none of these can
// say.
func podmanCheck(test []string) (cmd string, ok bool) {
	words := test[1:]
	switch test[0] {
	case "CMD-SHELL":
		shell := strings.Join(words, " ")
		if plainCheck(shell) {
			return shell, true
		}
		return jsonArray([]string{"CMD-SHELL", shell}), true
	case "CMD":
	default:
		words = test
	}
	switch {
	case len(words) == 0:
		return "", false
	case len(words) == 1:
		return "CMD " + words[0], words[0] != "" && len(strings.Fields(words[0])) == 1 && strings.TrimSpace(words[0]) == words[0]
	case isKeyword(words[0]):
		return "", false
	}
	return jsonArray(words), true
}

// plainCheck reports whether Podman takes the text as it is for a command of the shell, and a unit can hold it.
func plainCheck(s string) bool {
	first, _, _ := strings.Cut(s, " ")
	var list []string
	if isKeyword(first) || json.Unmarshal([]byte(s), &list) == nil {
		return false
	}
	_, err := rawValue(s, true)
	return err == nil
}

func isKeyword(word string) bool {
	switch strings.ToUpper(word) {
	case "CMD", "CMD-SHELL", "NONE":
		return true
	}
	return false
}

// checked says whether systemd can wait for the health of s: by a check of the config, or, where it has none, by one
// that the image may have.
func (s *service) checked() (here, image bool) {
	switch {
	case s.job:
		return false, false
	case len(s.checks) > 0:
		return true, false
	}
	return false, s.Healthcheck == nil && !s.native
}

// timeouts writes TimeoutStartSec= and TimeoutStopSec=.
func (l *lowering) timeouts(s *service, sv *Section) {
	if s.job {
		// systemd's own default for a one-shot; Podman's is 90 s. A migration must not be cut short.
		sv.Fixed("TimeoutStartSec", "infinity", tree.Root)
	} else if len(s.checks) > 0 && s.healthy {
		a := together(s.gate())
		start := a.startTime()
		if s.native || len(s.PostStart) > 0 {
			start += 20 * time.Second // the check is a command of the start, and must be able to say that it failed
		}
		sv.Fixed("TimeoutStartSec", span(model.Duration(start)), a.at(s, ""))
	} else {
		// Long enough for a slow registry: nothing else is waited for.
		sv.Fixed("TimeoutStartSec", "15min", tree.Root)
	}
	grace := model.Duration(10 * time.Second)
	at := tree.Root
	if s.StopGracePeriod != nil {
		grace, at = *s.StopGracePeriod, s.Path.Key("stop_grace_period")
	}
	if s.job && s.StopGracePeriod == nil {
		return
	}
	// Podman kills the container when the grace is over; systemd must not come before it.
	sv.Fixed("TimeoutStopSec", decimal(grace.Seconds()+5)+"s", at)
}
