package observe

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Options are what a recorder needs. All have a default.
type Options struct {
	Version string           // of the program
	Now     func() time.Time // nil: time.Now; with a monotonic part
	// Stale is the time without a [Recorder.Beat] after which the sidecar is not healthy, where the spec has checks; it
	// begins with the start. 0: 30 s.
	Stale time.Duration
	// Process adds the figures of this process and of the Go runtime to the metrics.
	Process bool
}

// maxMessage is what is kept of a text, in bytes.
const maxMessage = 1 << 10

// Recorder notes what happens. Its methods may be called at any time by any goroutine. Names that the spec does not have
// are counted as "other" in metrics and left out of the status, so that neither grows by what comes from outside.
type Recorder struct {
	Options
	metrics *metrics

	mu        sync.Mutex
	run       spec.Run
	started   time.Time
	reloaded  time.Time
	beat      time.Time
	lastError string
	checks    map[checkKey]*CheckStatus
	services  map[string]*service
	notifiers map[string]*NotifierStatus
}

type checkKey struct{ service, check string }

// service is what is known of one.
type service struct {
	ServiceStatus
	names   []string // of its secrets, in the order of the spec
	secrets map[string]*secret
}

type secret struct {
	at  time.Time // of the value; zero: there is none
	err string
}

// NewRecorder notes for run.
func NewRecorder(run spec.Run, o Options) (*Recorder, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Stale <= 0 {
		o.Stale = 30 * time.Second
	}
	r := &Recorder{Options: o, started: o.Now()}
	r.beat = r.started
	m, err := newMetrics(r)
	if err != nil {
		return nil, fmt.Errorf("cannot register the metrics: %w", err)
	}
	r.metrics = m
	r.use(run, r.started)
	return r, nil
}

// Use notes for another spec, after a reload. What is known of checks, services and notifiers of the same name stays;
// what the spec does not have any more is forgotten, its metrics too.
func (r *Recorder) Use(run spec.Run) {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.use(run, now)
	r.reloaded = now
}

func (r *Recorder) use(run spec.Run, now time.Time) {
	checks, services, notifiers := map[checkKey]*CheckStatus{}, map[string]*service{}, map[string]*NotifierStatus{}
	known := func(name string) *service {
		if services[name] == nil {
			s := &service{ServiceStatus: ServiceStatus{Service: name}}
			if old := r.services[name]; old != nil {
				s.ServiceStatus = old.ServiceStatus
				s.Served = false // unless it says so below
			}
			services[name] = s
		}
		return services[name]
	}
	for _, c := range run.Checks {
		k := checkKey{c.Service, c.Name}
		if checks[k] = r.checks[k]; checks[k] == nil {
			checks[k] = &CheckStatus{Service: c.Service, Check: c.Name, State: Unknown, Since: now}
		}
		checks[k].Level = c.Level
		known(c.Service)
	}
	if run.Serve != nil {
		for _, v := range run.Serve.Services {
			s := known(v.Name)
			s.Served, s.secrets = true, map[string]*secret{}
			for _, x := range v.Secrets {
				s.names = append(s.names, x.Name)
				s.secrets[x.Name] = &secret{}
				if old := r.services[v.Name]; old != nil && old.secrets[x.Name] != nil {
					s.secrets[x.Name] = old.secrets[x.Name]
				}
			}
		}
	}
	for _, n := range run.Notify {
		if notifiers[n.Name] = r.notifiers[n.Name]; notifiers[n.Name] == nil {
			notifiers[n.Name] = &NotifierStatus{Name: n.Name}
		}
	}
	for k := range r.services {
		if services[k] == nil {
			r.metrics.forget(k)
		}
	}
	for k := range r.notifiers {
		if notifiers[k] == nil {
			r.metrics.forgetNotifier(k)
		}
	}
	r.run, r.checks, r.services, r.notifiers = run, checks, services, notifiers
}

// known is name where the spec has it as a service, else "other".
func (r *Recorder) known(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.services[name] == nil {
		return other
	}
	return name
}

func clip(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Checked notes one question: when it began, how much later than it should have, how long it took, how it ended, and what
// was seen where it did not succeed.
func (r *Recorder) Checked(service, check string, result Result, began time.Time, lag, took time.Duration, seen string) {
	r.mu.Lock()
	c := r.checks[checkKey{service, check}]
	if c != nil {
		c.Asked++
		c.Last, c.LastAt, c.Took = result, began, took.Seconds()
		if result != Success {
			c.Message = clip(seen)
		}
	} else {
		service = other
	}
	r.mu.Unlock()
	r.metrics.checked(service, result, lag, took)
}

// Turned notes that a check has a new state.
func (r *Recorder) Turned(service, check string, to State, flapping bool) {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.checks[checkKey{service, check}]; c != nil {
		if c.State != to {
			c.State, c.Since = to, now
		}
		c.Flapping = flapping
	}
}

// Restarted notes a restart, or one that failed or was held back by the bound: "done", "failed" or "held_back".
func (r *Recorder) Restarted(service, outcome string) {
	r.mu.Lock()
	if s := r.services[service]; s == nil {
		service = other
	} else if outcome == "done" {
		s.Restarts++
	}
	r.mu.Unlock()
	r.metrics.restarted(service, outcome)
}

// Requested notes an answer of the config server: who asked, "" or anything where that is not known, and the status.
func (r *Recorder) Requested(service string, code int) { r.metrics.requested(r.known(service), code) }

// Loaded notes that a service has a new generation of its config; err is why it has not, and the last one stays.
func (r *Recorder) Loaded(service string, err error) {
	now := r.Now()
	r.mu.Lock()
	s := r.services[service]
	switch {
	case s == nil:
		service = other
	case err != nil:
		s.Error = clip(err.Error())
	default:
		s.Generation++
		s.Loaded, s.Error = now, ""
	}
	r.mu.Unlock()
	r.metrics.loaded(service, err == nil)
}

// SecretRead notes that a secret of a service was read; err is why it was not, and the last value stays.
func (r *Recorder) SecretRead(service, name string, err error) {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.services[service]
	if s == nil || s.secrets[name] == nil {
		return
	}
	if err != nil {
		s.secrets[name].err = clip(err.Error())
		return
	}
	*s.secrets[name] = secret{at: now}
}

// Notified notes what became of n events for a notifier: "sent", "failed", "dropped" or "coalesced".
func (r *Recorder) Notified(notifier, outcome string, n int) {
	r.mu.Lock()
	s := r.notifiers[notifier]
	if s != nil {
		for _, c := range []struct {
			outcome string
			at      *int64
		}{{"sent", &s.Sent}, {"failed", &s.Failed}, {"dropped", &s.Dropped}, {"coalesced", &s.Coalesced}} {
			if c.outcome == outcome {
				*c.at += int64(n)
			}
		}
	} else {
		notifier = other
	}
	r.mu.Unlock()
	r.metrics.notified(notifier, outcome, n)
}

// Beat notes that the scheduler lives. It is called by the scheduler's own loop, also where no service manager wants a
// ping; pinged tells whether one was sent.
func (r *Recorder) Beat(pinged bool) {
	now := r.Now()
	r.mu.Lock()
	r.beat = now
	r.mu.Unlock()
	if pinged {
		r.metrics.pings.Inc()
	}
}

// Erred notes a fault of the sidecar itself, such as a reload that failed; nil: it is over.
func (r *Recorder) Erred(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lastError = ""; err != nil {
		r.lastError = clip(err.Error())
	}
}

// Healthy is nil, or why the sidecar itself does not work: its scheduler hangs. That a service does not work is no such
// reason.
func (r *Recorder) Healthy() error {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.healthy(now)
}

func (r *Recorder) healthy(now time.Time) error {
	if age := now.Sub(r.beat); len(r.run.Checks) > 0 && age > r.Stale {
		return fmt.Errorf("the scheduler has not been heard of for %s", age.Truncate(time.Second))
	}
	return nil
}

// Status is how all stands.
func (r *Recorder) Status() Status {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{
		Version: StatusVersion, Project: r.run.Project, Sidecar: r.Version, Time: now.Round(0), Started: r.started.Round(0), Reloaded: r.reloaded.Round(0),
		Healthy: r.healthy(now) == nil, LastError: r.lastError, Checks: []CheckStatus{}, Services: []ServiceStatus{}, Notifiers: []NotifierStatus{},
	}
	for _, c := range r.run.Checks {
		s.Checks = append(s.Checks, *r.checks[checkKey{c.Service, c.Name}])
	}
	for _, name := range r.order() {
		v := r.services[name]
		status := v.ServiceStatus
		for _, x := range v.names {
			kept := v.secrets[x]
			age := -1.0
			if !kept.at.IsZero() {
				age = now.Sub(kept.at).Seconds()
			}
			status.Secrets = append(status.Secrets, SecretStatus{x, age, kept.err})
		}
		s.Services = append(s.Services, status)
	}
	for _, n := range r.run.Notify {
		s.Notifiers = append(s.Notifiers, *r.notifiers[n.Name])
	}
	return s
}

// order is the services as the spec has them: those that are served, then those that are only checked.
func (r *Recorder) order() []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	if r.run.Serve != nil {
		for _, v := range r.run.Serve.Services {
			add(v.Name)
		}
	}
	for _, c := range r.run.Checks {
		add(c.Service)
	}
	return names
}
