package observe

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/octocompose/octocompose/runtime/spec"
)

// other is the label of what the spec does not name.
const other = "other"

// metrics are the counters. Gauges are read from the recorder when they are asked for; see [gauges].
type metrics struct {
	registry *prometheus.Registry
	results  *prometheus.CounterVec
	lag      prometheus.Histogram
	took     prometheus.Histogram
	restarts *prometheus.CounterVec
	requests *prometheus.CounterVec
	reloads  *prometheus.CounterVec
	notices  *prometheus.CounterVec
	pings    prometheus.Counter
}

func newMetrics(r *Recorder) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "octo_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets ...float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: "octo_" + name, Help: help, Buckets: buckets})
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		results:  counter("check_results_total", "Questions asked, by how they ended: success, failure, unknown.", "service", "result"),
		lag:      histogram("check_start_lag_seconds", "How much later than planned a question began.", .001, .005, .01, .025, .05, .1, .25, .5, 1, 5),
		took:     histogram("check_duration_seconds", "How long a question took.", .001, .005, .01, .05, .1, .5, 1, 2, 5, 10, 30),
		restarts: counter("restarts_total", "Restarts of services: done, failed, held_back.", "service", "outcome"),
		requests: counter("config_requests_total", "Answers of the config server, by status.", "service", "code"),
		reloads:  counter("config_loads_total", "Configs that were read anew: done, failed.", "service", "outcome"),
		notices:  counter("notifications_total", "Events for notifiers: sent, failed, dropped, coalesced.", "notifier", "outcome"),
		pings:    prometheus.NewCounter(prometheus.CounterOpts{Name: "octo_watchdog_pings_total", Help: "Pings to the service manager."}),
	}
	all := []prometheus.Collector{m.results, m.lag, m.took, m.restarts, m.requests, m.reloads, m.notices, m.pings, newGauges(r)}
	if r.Process {
		all = append(all, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	for _, c := range all {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) checked(service string, result Result, lag, took time.Duration) {
	m.results.WithLabelValues(service, pick(string(result), string(Success), string(Failure), string(Unasked))).Inc()
	m.lag.Observe(max(0, lag).Seconds())
	if result != Unasked {
		m.took.Observe(took.Seconds())
	}
}

func (m *metrics) restarted(service, outcome string) {
	m.restarts.WithLabelValues(service, pick(outcome, "done", "failed", "held_back")).Inc()
}

// codes are the statuses that are told apart.
var codes = [...]int{200, 304, 400, 401, 403, 404, 405, 406, 408, 413, 429, 431, 500, 503}

func (m *metrics) requested(service string, code int) {
	label := other
	if slices.Contains(codes[:], code) {
		label = strconv.Itoa(code)
	}
	m.requests.WithLabelValues(service, label).Inc()
}

func (m *metrics) loaded(service string, ok bool) {
	outcome := "failed"
	if ok {
		outcome = "done"
	}
	m.reloads.WithLabelValues(service, outcome).Inc()
}

func (m *metrics) notified(notifier, outcome string, n int) {
	m.notices.WithLabelValues(notifier, pick(outcome, "sent", "failed", "dropped", "coalesced")).Add(float64(max(0, n)))
}

// pick is s where it is one of these, else "other": a label has few values, whoever calls.
func pick(s string, of ...string) string {
	if slices.Contains(of, s) {
		return s
	}
	return other
}

// forget drops what was counted for a service.
func (m *metrics) forget(service string) {
	for _, v := range []*prometheus.CounterVec{m.results, m.restarts, m.requests, m.reloads} {
		v.DeletePartialMatch(prometheus.Labels{"service": service})
	}
}

func (m *metrics) forgetNotifier(name string) {
	m.notices.DeletePartialMatch(prometheus.Labels{"notifier": name})
}

// gauges are what is read from a recorder.
type gauges struct {
	r                                                      *Recorder
	info, up, checks, flapping, generation, age, err, live *prometheus.Desc
}

func newGauges(r *Recorder) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("octo_"+name, help, labels, nil)
	}
	return &gauges{
		r:          r,
		info:       desc("sidecar_info", "1; the labels say what runs.", "project", "version"),
		up:         desc("check_up", "1 where a check works, 0 where it failed; absent while it is unknown.", "service", "check", "level"),
		checks:     desc("checks", "Checks, by state.", "level", "state"),
		flapping:   desc("checks_flapping", "Checks whose state changes too often."),
		generation: desc("config_generation", "The generation of a config, counted from the start.", "service"),
		age:        desc("secret_age_seconds", "How old the value of a secret is; absent while there is none.", "service", "secret"),
		err:        desc("config_error", "1 where a newer config was refused, and the last one is served.", "service"),
		live:       desc("sidecar_healthy", "1 where the scheduler lives."),
	}
}

// Describe is of [prometheus.Collector].
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.info, g.up, g.checks, g.flapping, g.generation, g.age, g.err, g.live} {
		to <- d
	}
}

// Collect is of [prometheus.Collector].
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	s := g.r.Status() // a copy: the recorder is not held while somebody reads
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(g.info, 1, s.Project, s.Sidecar)
	gauge(g.live, one(s.Healthy))
	type kind struct {
		level spec.Level
		state State
	}
	counts, flapping := map[kind]int{}, 0
	for _, c := range s.Checks {
		counts[kind{c.Level, c.State}]++
		flapping += int(one(c.Flapping))
		if c.State != Unknown {
			gauge(g.up, one(c.State == Works), c.Service, c.Check, string(c.Level))
		}
	}
	for _, level := range []spec.Level{spec.Startup, spec.Ready, spec.Alive} {
		for _, state := range []State{Unknown, Works, Failed} {
			gauge(g.checks, float64(counts[kind{level, state}]), string(level), string(state))
		}
	}
	gauge(g.flapping, float64(flapping))
	for _, v := range s.Services {
		if !v.Served {
			continue
		}
		gauge(g.generation, float64(v.Generation), v.Service)
		gauge(g.err, one(v.Error != ""), v.Service)
		for _, x := range v.Secrets {
			if x.Age >= 0 {
				gauge(g.age, x.Age, v.Service, x.Name)
			}
		}
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
