package systemd

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Docker's defaults for a check, which are Podman's too.
const (
	checkInterval = 30 * time.Second
	checkTimeout  = 30 * time.Second
	checkRetries  = 3
)

// health writes the check. Notify=healthy makes the start job last until it passes.
func (l *lowering) health(s *service, c *Section) {
	h, at := s.Healthcheck, s.Path.Key("healthcheck")
	if s.healthy {
		c.Note("The start job lasts until the check passes: After=" + s.units[0] + " means \"after " + s.Name + " is healthy\".")
		if s.count > 1 {
			c.note = "The start job lasts until the check passes."
		}
		c.Fixed("Notify", "healthy", at)
	}
	switch {
	case h == nil:
		return
	case h.Off():
		c.Words("PodmanArgs", at, lit("--no-healthcheck"))
		return
	case h.TCP != nil || h.GRPC != nil:
		return // the table refuses them
	case h.HTTP != nil:
		l.refuse(at.Key("http"), "write test: with a program that the image has: test: [CMD, curl, -f, http://localhost:8080/]",
			"a check by http needs octo-sidecar in the container, which this version does not put there")
		return
	case len(h.Test) == 0:
		l.refuse(at, "write test: too, as in the image", "Podman cannot change the times of a check that only the image knows")
		return
	}
	cmd, ok := healthCommand(h.Test)
	if !ok {
		l.refuse(at.Key("test"), "write it as a command for the shell", "Podman cannot run this program without a shell")
		return
	}
	if h.StartInterval != nil && h.StartPeriod != nil {
		c.Raw("HealthStartupCmd", cmd, at.Key("test"))
		c.Fixed("HealthStartupInterval", span(*h.StartInterval), at.Key("start_interval"))
		if h.Timeout != nil {
			c.Fixed("HealthStartupTimeout", span(*h.Timeout), at.Key("timeout"))
		}
	}
	c.Raw("HealthCmd", cmd, at.Key("test"))
	for _, t := range []struct {
		key, field string
		value      *model.Duration
	}{{"HealthInterval", "interval", h.Interval}, {"HealthTimeout", "timeout", h.Timeout}, {"", "", nil}, {"HealthStartPeriod", "start_period", h.StartPeriod}} {
		if t.key == "" && h.Retries != nil {
			c.Int("HealthRetries", int64(*h.Retries), at.Key("retries"))
		}
		if t.value != nil {
			c.Fixed(t.key, span(*t.value), at.Key(t.field))
		}
	}
}

// healthCommand is a check as podman-run(1) --health-cmd reads it: a JSON array of two words or more is a program, one
// word of it or a plain text goes to the shell, and CMD before a text splits it at white space. ok is false for what none of these can
// say.
func healthCommand(test []string) (cmd string, ok bool) {
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
	h := s.Healthcheck
	switch {
	case s.job || h != nil && h.Off():
		return false, false
	case h == nil:
		return false, !s.native
	}
	return !s.native && len(h.Test) > 0 || s.native && h.HTTP != nil, false
}

// startTime is how long a start may take until the check passes, rounded up to 20 s. Zero: the service has no check
// that tells.
func startTime(h *model.Healthcheck) time.Duration {
	if h.Off() || len(h.Test) == 0 && h.HTTP == nil {
		return 0
	}
	interval, timeout, retries := checkInterval, checkTimeout, checkRetries
	period := time.Duration(0)
	if h.Interval != nil {
		interval = time.Duration(*h.Interval)
	}
	if h.Timeout != nil {
		timeout = time.Duration(*h.Timeout)
	}
	if h.Retries != nil {
		retries = *h.Retries
	}
	if h.StartPeriod != nil {
		period = time.Duration(*h.StartPeriod)
	}
	const step = 20 * time.Second
	return (period + time.Duration(retries)*(interval+timeout) + step - 1) / step * step
}

// timeouts writes TimeoutStartSec= and TimeoutStopSec=.
func (l *lowering) timeouts(s *service, sv *Section) {
	if s.job {
		// systemd's own default for a one-shot; Podman's is 90 s. A migration must not be cut short.
		sv.Fixed("TimeoutStartSec", "infinity", tree.Root)
	} else if start := startTime(s.Healthcheck); start > 0 && s.healthy {
		if s.native {
			start += 20 * time.Second // the check is a command of the start, and must be able to say that it failed
		}
		sv.Fixed("TimeoutStartSec", span(model.Duration(start)), s.Path.Key("healthcheck"))
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
