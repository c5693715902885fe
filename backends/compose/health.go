package compose

import (
	"time"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// probeTimeout is what octo-sidecar probe waits for when it is not told.
const probeTimeout = 2 * time.Second

// local is where a service is asked from within its container.
const local = "127.0.0.1"

// health writes the checks of s into the one that Docker has for each container (Compose specification, healthcheck).
// A test that Docker can run by itself stays as it is written.
func (l *lowering) health(s *model.Service, p tree.Path, v *doc.Value) {
	checks := l.asked(s)
	if len(checks) == 0 {
		return
	}
	_, known := s.Healthcheck.AsCheck(p)
	if len(checks) == 1 && known && len(s.Healthcheck.Test) > 0 && checks[0].Path.Equal(p.Key("healthcheck")) {
		return
	}
	if s.Healthcheck != nil && !known && !s.Healthcheck.Off() {
		support.Refuse(&l.ds, l.in.Target, p.Key("healthcheck"), "write its test here",
			"cannot ask the image's own check together with the named ones: only the image knows its command")
		return
	}
	put := l.keys.health.put
	h := doc.NewMap().From(p.Key("checks"))
	if known {
		h = get(v, "healthcheck")
	}
	if len(checks) > 1 {
		l.numbers(checks, p.Key("checks"), h)
		put(h, "test", l.testAll(checks, p.Key("checks")))
	} else {
		c := &checks[0]
		if !known {
			l.ownNumbers(c, h)
		}
		put(h, "test", l.test(c))
	}
	l.keys.service.put(v, "healthcheck", h)
	if usesSidecar(v) {
		l.carry(s, p, v, get(h, "test").Origin)
	}
}

// asked are the checks that Docker is to ask: those that decide nothing but whether the service is healthy. One of level
// alive that octo-monitor restarts the service for is none of them. Without the engine's socket one that restarts is
// refused; where that is accepted, it is left out, unless nothing else is asked: then it is noticed at least.
func (l *lowering) asked(s *model.Service) []model.Check {
	var out, rest []model.Check
	for _, c := range s.AllChecks() {
		switch {
		case l.restarts(s, &c):
			if c.Is() != model.Alive {
				out = append(out, c)
			}
		case c.Acts() == "none" || c.Acts() == "notify" || l.refuseAct(s, &c):
			out = append(out, c)
		default:
			rest = append(rest, c)
		}
	}
	if len(out) == 0 && (s.Healthcheck == nil || s.Healthcheck.Off()) {
		return rest
	}
	return out
}

// refuseAct refuses what a check does beside being noticed: the whole check where that is what it is for, else
// on_failure alone. It reports whether the check stays.
func (l *lowering) refuseAct(s *model.Service, c *model.Check) (stays bool) {
	act := c.Path.Key("on_failure")
	_, whole := support.Accepts(l.in.Target, c.Path)
	_, alone := support.Accepts(l.in.Target, act)
	restarts := c.Acts() == "restart"
	at := act
	if c.OnFailure == "" || c.Is() == model.Alive && (whole || restarts && !alone) {
		at = c.Path
	}
	const end = "let the program end by itself when it cannot go on, and restart starts it again"
	switch {
	case !restarts:
		support.Refuse(&l.ds, l.in.Target, at, "write on_failure: notify, and take it out of your proxy when you hear of it",
			"Docker shows an unhealthy container, and does nothing else: drain comes with proxies")
	case l.in.Target.EngineSocket == "":
		support.Refuse(&l.ds, l.in.Target, at, l.nameSocket()+", and "+monitorName+" restarts it; or "+end,
			"Docker shows an unhealthy container, and does not restart it")
	case c.Is() == model.Startup:
		support.Refuse(&l.ds, l.in.Target, at, "write a check of level alive, with a start_period",
			"Docker shows an unhealthy container, and does not restart it; %s restarts what does not work any more, not what has not come up", monitorName)
	default:
		support.Refuse(&l.ds, l.in.Target, at, end,
			"Docker shows an unhealthy container, and does not restart it; %s does not ask %s, which runs to its end", monitorName, s.Name)
	}
	return at.Equal(act)
}

// test is the command that asks one check.
func (l *lowering) test(c *model.Check) *doc.Value {
	if c.Exec != nil {
		return l.argv(c.Path, append([]string{"CMD"}, c.Exec...))
	}
	words := append([]string{"CMD", sidecarPath, "probe"}, timeoutFlag(c.Limit())...)
	return l.argv(c.Path, append(words, c.Words(local)...))
}

// testAll is the command that asks several checks at the same time.
func (l *lowering) testAll(checks []model.Check, from tree.Path) *doc.Value {
	var limit time.Duration
	all := make([][]string, len(checks))
	for i := range checks {
		limit = max(limit, checks[i].Limit())
		all[i] = checks[i].Words(local)
	}
	words := append([]string{"CMD", sidecarPath, "probe"}, timeoutFlag(limit)...)
	return l.argv(from, append(words, model.Ask(all)...))
}

func timeoutFlag(limit time.Duration) []string {
	if limit == probeTimeout {
		return nil
	}
	return []string{"--timeout=" + model.Duration(limit).String()}
}

// ownNumbers writes the numbers of the only check, those that somebody wrote; the defaults are Docker's. The failures
// of a start-up check do not count as long as it may take: that long it is starting, not unhealthy.
func (l *lowering) ownNumbers(c *model.Check, h *doc.Value) {
	put := func(key, field string, d *model.Duration) {
		if d != nil {
			l.keys.health.put(h, key, doc.Str(d.String()).From(c.Path.Key(field)))
		}
	}
	put("interval", "interval", c.Interval)
	put("timeout", "timeout", c.Timeout)
	if c.Failures != nil {
		l.keys.health.put(h, "retries", doc.Int(int64(*c.Failures)).From(c.Path.Key("failures")))
	}
	if c.Is() == model.Startup {
		l.keys.health.put(h, "start_period", duration(start(c)).From(c.Path.Key("level")))
		return
	}
	put("start_period", "start_period", c.StartPeriod)
}

// numbers writes the numbers of several checks that are asked as one. Those of level ready say how often, and how many
// failures: as often as the one that is asked most, and so few that each is noticed within its own failures × interval.
// A start-up check may fail as long as it says; that long nothing counts, and it is asked as often as it says where the
// engine has start_interval. The time is the longest, as all are asked at once.
func (l *lowering) numbers(checks []model.Check, from tree.Path, h *doc.Value) {
	deciding, starting := split(checks)
	var timeout, grace time.Duration
	for i := range checks {
		timeout = max(timeout, checks[i].Limit())
		grace = max(grace, start(&checks[i]))
	}
	interval, notice := deciding[0].Every(), noticed(deciding[0])
	for _, c := range deciding {
		interval, notice = min(interval, c.Every()), min(notice, noticed(c))
	}
	put := func(key string, x *doc.Value) { l.keys.health.put(h, key, x.From(from)) }
	put("interval", duration(interval))
	put("timeout", duration(timeout))
	put("retries", doc.Int(int64(max(notice/interval, 1))))
	put("start_period", duration(grace))
	if lowest, ok := l.lowest("engine"); ok && !lowest.before(startIntervalSince.engine) && len(starting) > 0 {
		often := starting[0].Every()
		for _, c := range starting {
			often = min(often, c.Every())
		}
		l.need(startIntervalSince, from)
		put("start_interval", duration(often))
	}
}

func duration(d time.Duration) *doc.Value { return doc.Str(model.Duration(d).String()) }

// split are the checks that say how often the container is asked, which are those of level startup where there is no
// other, and the ones that only the start waits for.
func split(checks []model.Check) (deciding, starting []*model.Check) {
	for i := range checks {
		if c := &checks[i]; c.Is() == model.Startup {
			starting = append(starting, c)
		} else {
			deciding = append(deciding, c)
		}
	}
	if len(deciding) == 0 {
		return starting, nil
	}
	return deciding, starting
}

// noticed is how long it takes until a check counts as failed.
func noticed(c *model.Check) time.Duration { return time.Duration(c.Fails()) * c.Every() }

// start is how long after the start the failures of a check do not count.
func start(c *model.Check) time.Duration {
	if c.Is() == model.Startup {
		return c.Grace() + noticed(c)
	}
	return c.Grace()
}

// argv is a list of words in quotes, on one line.
func (l *lowering) argv(from tree.Path, words []string) *doc.Value {
	v := list(from, len(words)).OnLine()
	for _, w := range words {
		v.Add(doc.Quoted(escape(w)).From(from))
	}
	return v
}
