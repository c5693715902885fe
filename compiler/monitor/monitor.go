// Package monitor works out what octo-sidecar asks and tells beside an application: the part of a [spec.Run] that all
// targets share.
//
// In: the model, the target, and what the target can do, as a [Site] that the backend fills. Out: a [Plan] with checks and
// notifiers of the spec, and diagnostics for what nobody is told of. It writes no file and knows no platform: where a service
// is asked, how it is restarted and where a secret lies are the backend's.
//
// A target that has a feature uses it itself: gates, healthchecks, probes and restarts stay where they are. The monitor is
// for what the target lacks. It asks a check
//
//   - where the config has notifications: all checks of levels ready and alive, so that who is named hears of all of them; of a
//     service without one that it can ask, whether it runs at all (Site.Running);
//   - where the check restarts its service and the target does not (Site.Restart).
//
// The checks of level startup of such a service are asked too, as the others wait for them; alone only where they say
// on_failure: notify. Each replica that a target can
// tell apart is asked by itself; the others as one, as their clients see them. Services that run to completion are not asked,
// and those that only a profile starts only where the target can tell one that was not started from one that fails.
//
//	plan := monitor.New(in, monitor.Site{Replicas: …, Words: …}, &ds)
//	if plan != nil { data, origins, err := plan.Print(p.Name, "127.0.0.1:9464") … }
package monitor

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// Site is what a target can do for the monitor.
type Site struct {
	// Replicas is how many replicas of a service are asked one by one, numbered from 1; 1: all as one; 0: none runs. nil: 1.
	Replicas func(s *model.Service) int
	// Words are how octo-sidecar asks a check of a replica, as [spec.Check.What]; nil, and why not, where it cannot.
	Words func(s *model.Service, replica int, c *model.Check) (words []string, why Refusal)
	// Running is how octo-sidecar sees whether a replica runs at all, for services without a check that it can ask; nil, or no
	// words: it cannot.
	Running func(s *model.Service, replica int) Running
	// Sleeps reports whether a check of a service that does not run is no failure to the monitor, so that services may be asked
	// that only a profile starts; nil: none.
	Sleeps func(s *model.Service, c *model.Check) bool
	// Restart restarts a replica whose check says so; nil: the target does it by itself. It is called once for each replica of
	// a check that restarts; nil, and why not, where that cannot be.
	Restart func(s *model.Service, replica int, c *model.Check) (r *spec.Restart, why Refusal)
	// Secret is the file in which octo-sidecar finds a secret; "": it was reported that there is none.
	Secret func(ref model.SecretRef) string
	// Program says why octo-sidecar cannot run the program of a notifier; the zero value: it can.
	Program func(n *model.Notifier) Refusal
	// Alone says why localhost is not the machine to the monitor; "": it is.
	Alone string
	// Host is what the monitor calls a service in the address of a webhook; nil: its name.
	Host func(s *model.Service) (host string, why Refusal)
}

// Running is a question whether a service runs at all.
type Running struct {
	Words    []string // as [spec.Check.What]
	Grace    time.Duration
	Failures int
}

// How often that is asked, and the name of such a check.
const (
	runningEvery = 10 * time.Second
	runningLimit = 5 * time.Second
	runningName  = "running"
)

// Refusal is why something cannot be, and what to do instead. The zero value: it can.
type Refusal struct{ Why, Help string }

// Is reports whether it is a refusal.
func (r Refusal) Is() bool { return r.Why != "" }

// Plan is what octo-sidecar asks and tells.
type Plan struct {
	Checks []spec.Check
	Notify []spec.Notifier
	// Services are those that are asked, in the order of the project, each once.
	Services []*model.Service
	// From is where the config asks for the monitor: its notifications, else the first check that it restarts for.
	From tree.Path
	from []tree.Path // where Checks stand in the config
}

func (p *Plan) add(x spec.Check, from tree.Path) {
	p.Checks, p.from = append(p.Checks, x), append(p.from, from)
}

// New is the plan for a target; nil: there is nothing to do. What is wrong goes to ds.
func New(in *model.Input, site Site, ds *diag.List) *Plan {
	if site.Replicas == nil {
		site.Replicas = func(*model.Service) int { return 1 }
	}
	m := &maker{in: in, site: site, ds: ds, tells: len(in.Project.Notifiers) > 0}
	for _, s := range in.Project.Services {
		m.service(s)
	}
	if m.tells {
		m.plan.From = tree.Of("notifications")
	}
	if len(m.plan.Checks) == 0 {
		if m.tells && !m.silent {
			support.Emulate(ds, in.Target, tree.Of("notifications"), "give a service a healthcheck or checks", "nobody is told anything: no service has a check that can be asked here")
		}
		return nil
	}
	for _, n := range in.Project.Notifiers {
		if x, ok := m.notifier(n); ok {
			m.plan.Notify = append(m.plan.Notify, x)
		}
	}
	return &m.plan
}

// maker makes one plan.
type maker struct {
	in     *model.Input
	site   Site
	ds     *diag.List
	tells  bool
	silent bool // that a check cannot be asked was reported
	plan   Plan
}

// wants tells whether the monitor is to ask c, and whether it is to restart its service.
func (m *maker) wants(c *model.Check) (asks, restarts bool) {
	restarts = m.site.Restart != nil && c.Acts() == "restart" && c.Is() != model.Startup
	return restarts || m.tells && (c.Is() != model.Startup || c.OnFailure == "notify"), restarts
}

// service adds the checks of a service.
func (m *maker) service(s *model.Service) {
	checks := s.AllChecks()
	m.unheard(checks)
	if m.in.Project.IsJob(s) {
		for i := range checks {
			if c := &checks[i]; m.tells && c.OnFailure == "notify" {
				m.refuse(c, false, Refusal{s.Name + " runs to completion, and is asked only while it does", "let it end with another status than 0"})
			}
		}
		return
	}
	replicas := m.site.Replicas(s)
	if replicas == 0 {
		return
	}
	before := len(m.plan.Checks)
	for i := range checks {
		m.check(s, &checks[i], replicas)
	}
	if len(m.plan.Checks) == before && !m.running(s, replicas, len(checks) > 0) {
		return
	}
	m.plan.Services = append(m.plan.Services, s)
	m.startup(s, checks, replicas, m.plan.Checks[before:])
}

// startup adds the checks of level startup, which the others wait for. In place of one that cannot be asked the others have
// the time that it gives the start.
func (m *maker) startup(s *model.Service, checks []model.Check, replicas int, others []spec.Check) {
	for i := range checks {
		c := &checks[i]
		if c.Is() != model.Startup || c.OnFailure == "notify" {
			continue
		}
		for n := 1; n <= replicas; n++ {
			if words, _ := m.site.Words(s, n, c); words != nil {
				m.plan.add(made(c, m.instance(s, n, replicas), words), c.Path)
				continue
			}
			takes := spec.Duration(c.Grace() + time.Duration(c.Fails())*c.Every())
			for k := range others {
				others[k].StartPeriod = max(others[k].StartPeriod, takes)
			}
		}
	}
}

// running asks whether s runs, where no check of it is asked and somebody is to hear. It reports whether it can; written
// tells that there are checks, of which it was said why nobody hears of them.
func (m *maker) running(s *model.Service, replicas int, written bool) bool {
	if !m.tells || !m.runs(s) { // what a profile starts is started by hand, by somebody who looks at it
		return false
	}
	name := runningName
	for slices.ContainsFunc(s.Checks, func(c model.Check) bool { return c.Name == name }) {
		name += "-"
	}
	for n := 1; n <= replicas; n++ {
		var r Running
		if m.site.Running != nil {
			r = m.site.Running(s, n)
		}
		if r.Words == nil {
			if !written {
				why := "it has no check"
				if s.Healthcheck != nil && !s.Healthcheck.Off() {
					why = "only its image knows its check"
				}
				m.untold(s.Path, "give it a healthcheck or checks", "nobody is told when %s fails: %s", s.Name, why)
			}
			return false
		}
		m.plan.add(spec.Check{
			Service: m.instance(s, n, replicas), Name: name, Level: spec.Alive, What: r.Words,
			Interval: spec.Duration(runningEvery), Timeout: spec.Duration(runningLimit), StartPeriod: spec.Duration(r.Grace),
			Failures: r.Failures, Successes: 1,
		}, s.Path)
	}
	return true
}

// check adds one check, once for each replica.
func (m *maker) check(s *model.Service, c *model.Check, replicas int) {
	asks, restarts := m.wants(c)
	if !asks {
		return
	}
	if !m.runs(s) && (m.site.Sleeps == nil || !m.site.Sleeps(s, c)) {
		m.refuse(c, restarts, Refusal{"only a profile starts " + s.Name + ", and nobody can say whether it should run", "compile with --profile " + s.Profiles[0]})
		return
	}
	for n := 1; n <= replicas; n++ {
		words, why := m.site.Words(s, n, c)
		if why.Is() {
			m.refuse(c, restarts, why)
			return
		}
		x := made(c, m.instance(s, n, replicas), words)
		if restarts {
			r, why := m.site.Restart(s, n, c)
			if why.Is() {
				m.refuse(c, restarts, why)
				return
			}
			x.OnFailure = &spec.Action{Restart: r}
			if m.plan.From.IsRoot() {
				m.plan.From = c.Path
			}
		}
		m.plan.add(x, c.Path)
	}
}

// refuse reports a check that cannot be asked: as an error where the config says of it alone that somebody is to hear, or
// that its service is to be restarted, else as a warning.
func (m *maker) refuse(c *model.Check, restarts bool, why Refusal) {
	m.silent = true
	switch {
	case restarts:
		support.Refuse(m.ds, m.in.Target, c.Path, why.Help, "cannot restart the service when this fails: %s", why.Why)
	case c.OnFailure == "notify":
		support.Refuse(m.ds, m.in.Target, c.Path.Key("on_failure"), why.Help, "cannot tell anybody when this fails: %s", why.Why)
	default:
		m.untold(c.Path, why.Help, "nobody is told when this fails: %s", why.Why)
	}
}

// untold warns of what nobody is told of, unless the target accepts that.
func (m *maker) untold(p tree.Path, help, format string, args ...any) {
	m.silent = true
	if _, ok := support.Accepts(m.in.Target, tree.Of("notifications")); ok {
		return
	}
	support.Emulate(m.ds, m.in.Target, p, help+", or accept it: targets."+m.in.Target.Name+".accept: [notifications]", format, args...)
}

// unheard warns of checks that notify where nobody is named who hears.
func (m *maker) unheard(checks []model.Check) {
	if m.tells {
		return
	}
	for i := range checks {
		if c := &checks[i]; c.OnFailure == "notify" {
			support.Emulate(m.ds, m.in.Target, c.Path.Key("on_failure"), "say who, below notifications at the top level", "nobody hears when this fails: there are no notifications")
		}
	}
}

// runs reports whether s is started, with the profiles that are asked for.
func (m *maker) runs(s *model.Service) bool { return s.InProfile(m.in.Project.Profiles) }

// instance is what the monitor calls a replica: SERVICE-NUMBER, and longer where a service is called so.
func (m *maker) instance(s *model.Service, n, of int) string {
	name := s.Name
	if of > 1 {
		for name += "-" + strconv.Itoa(n); m.in.Project.Service(name) != nil; name += "-" {
			continue
		}
	}
	return name
}

// made is a check of the spec without an action.
func made(c *model.Check, service string, words []string) spec.Check {
	return spec.Check{
		Service: service, Name: c.Name, Level: spec.Level(c.Is()), What: words,
		Interval: spec.Duration(c.Every()), Timeout: spec.Duration(c.Limit()), StartPeriod: spec.Duration(c.Grace()),
		Failures: c.Fails(), Successes: c.Passes(),
	}
}

// notifier is one of the spec; not ok: it was reported.
func (m *maker) notifier(n *model.Notifier) (x spec.Notifier, ok bool) {
	x = spec.Notifier{Name: n.Name}
	for i, on := range n.On {
		x.On = append(x.On, spec.Event(on))
		if e := spec.Event(on); m.site.Restart == nil && (e == spec.EventRestarted || e == spec.EventGivenUp) {
			m.untold(n.Path.Key("on").Index(i), "delete it, as failed and recovered are told", "nobody is told of this here: octo-sidecar restarts nothing on this target")
		}
	}
	if host, at := n.To(); m.site.Alone != "" && model.IsLoopback(host) {
		support.Refuse(m.ds, m.in.Target, at, "tell a service of this application, or a host that has a name in DNS", "cannot reach %s: %s", host, m.site.Alone)
		return x, false
	}
	files := map[string]string{}
	for _, ref := range n.Secrets() {
		file := m.site.Secret(ref)
		if file == "" {
			return x, false
		}
		files[ref.Name] = file
	}
	switch {
	case n.SMTP != nil:
		x.SMTP = &spec.SMTP{Server: n.SMTP.Server, TLS: n.SMTP.TLS, From: n.SMTP.From, To: n.SMTP.To, User: n.SMTP.User, Password: files[n.SMTP.PasswordSecret]}
		if x.SMTP.TLS == "" {
			x.SMTP.TLS = "starttls"
		}
	case n.Webhook != nil:
		x.Webhook = &spec.Webhook{URL: n.Webhook.URL, URLFile: files[n.Webhook.URLSecret], Header: files[n.Webhook.HeaderSecret]}
		if !m.plain(n, x.Webhook) {
			return x, false
		}
	default:
		if why := m.site.Program(n); why.Is() {
			support.Refuse(m.ds, m.in.Target, n.Path.Key("exec"), why.Help, "cannot run this program: %s", why.Why)
			return x, false
		}
		x.Exec = n.Exec
	}
	return x, true
}

// plain gives the address of a service by http the name that the monitor calls it.
func (m *maker) plain(n *model.Notifier, w *spec.Webhook) bool {
	u, err := url.Parse(w.URL)
	if w.URL == "" || err != nil || u.Scheme != "http" {
		return true
	}
	s := m.in.Project.Service(u.Hostname())
	if s == nil {
		return true // this machine
	}
	host := s.Name
	if m.site.Host != nil {
		var why Refusal
		if host, why = m.site.Host(s); why.Is() {
			support.Refuse(m.ds, m.in.Target, n.Path.Keys("webhook", "url"), why.Help, "cannot reach %s: %s", s.Name, why.Why)
			return false
		}
	}
	w.Plain = true
	if host != s.Name {
		w.URL = "http://" + host + strings.TrimPrefix(strings.TrimPrefix(w.URL, "http://"), s.Name)
	}
	return true
}
