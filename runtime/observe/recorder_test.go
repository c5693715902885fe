package observe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/octocompose/octocompose/runtime/spec"
)

// clock is a time that tests set.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

func shop() spec.Run {
	check := func(service, name string, level spec.Level) spec.Check {
		return spec.Check{Service: service, Name: name, Level: level}
	}
	return spec.Run{
		Project: "shop",
		Serve: &spec.Serve{Services: []spec.Service{
			{Name: "api", Secrets: []spec.Secret{{Name: "db"}, {Name: "mail"}}}, {Name: "worker"},
		}},
		Checks: []spec.Check{check("api", "default", spec.Alive), check("api", "ready", spec.Ready), check("db", "default", spec.Alive)},
		Notify: []spec.Notifier{{Name: "ops"}, {Name: "chat"}},
	}
}

// busy is a recorder that has seen something of everything.
func busy(t *testing.T) (*Recorder, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	r, err := NewRecorder(shop(), Options{Version: "v1.2.3", Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	c.pass(10 * time.Second)
	r.Loaded("api", nil)
	r.Loaded("api", nil)
	r.Loaded("api", errors.New("cannot read it"))
	r.SecretRead("api", "db", nil)
	r.SecretRead("api", "mail", errors.New("vault is away"))
	r.SecretRead("api", "strange", nil)
	r.Turned("api", "default", Works, false)
	r.Checked("api", "default", Success, c.now, 2*time.Millisecond, 20*time.Millisecond, "")
	r.Checked("db", "default", Failure, c.now, 200*time.Millisecond, time.Second, "no\n\x1b[2Jroute")
	r.Checked("db", "default", Unasked, c.now, 0, 0, "too many open files")
	r.Turned("db", "default", Failed, true)
	r.Checked("strange", "x", "odd", c.now, 0, 0, "")
	r.Restarted("db", "done")
	r.Restarted("db", "held_back")
	r.Restarted("nobody", "done")
	r.Requested("api", 200)
	r.Requested("api", 200)
	r.Requested("who\never", 401)
	r.Requested("api", 299)
	r.Notified("ops", "sent", 3)
	r.Notified("ops", "dropped", 2)
	r.Notified("who", "failed", 1)
	r.Beat(true)
	r.Beat(false)
	r.Erred(errors.New("cannot reload"))
	c.pass(65 * time.Second)
	return r, c
}

const wantMetrics = `# HELP octo_check_results_total Questions asked, by how they ended: success, failure, unknown.
# TYPE octo_check_results_total counter
octo_check_results_total{result="failure",service="db"} 1
octo_check_results_total{result="other",service="other"} 1
octo_check_results_total{result="success",service="api"} 1
octo_check_results_total{result="unknown",service="db"} 1
# HELP octo_check_start_lag_seconds How much later than planned a question began.
# TYPE octo_check_start_lag_seconds histogram
octo_check_start_lag_seconds_bucket{le="0.001"} 2
octo_check_start_lag_seconds_bucket{le="0.005"} 3
octo_check_start_lag_seconds_bucket{le="0.01"} 3
octo_check_start_lag_seconds_bucket{le="0.025"} 3
octo_check_start_lag_seconds_bucket{le="0.05"} 3
octo_check_start_lag_seconds_bucket{le="0.1"} 3
octo_check_start_lag_seconds_bucket{le="0.25"} 4
octo_check_start_lag_seconds_bucket{le="0.5"} 4
octo_check_start_lag_seconds_bucket{le="1"} 4
octo_check_start_lag_seconds_bucket{le="5"} 4
octo_check_start_lag_seconds_bucket{le="+Inf"} 4
octo_check_start_lag_seconds_sum 0.202
octo_check_start_lag_seconds_count 4
# HELP octo_check_up 1 where a check works, 0 where it failed; absent while it is unknown.
# TYPE octo_check_up gauge
octo_check_up{check="default",level="alive",service="api"} 1
octo_check_up{check="default",level="alive",service="db"} 0
# HELP octo_checks Checks, by state.
# TYPE octo_checks gauge
octo_checks{level="alive",state="failed"} 1
octo_checks{level="alive",state="unknown"} 0
octo_checks{level="alive",state="works"} 1
octo_checks{level="ready",state="failed"} 0
octo_checks{level="ready",state="unknown"} 1
octo_checks{level="ready",state="works"} 0
octo_checks{level="startup",state="failed"} 0
octo_checks{level="startup",state="unknown"} 0
octo_checks{level="startup",state="works"} 0
# HELP octo_checks_flapping Checks whose state changes too often.
# TYPE octo_checks_flapping gauge
octo_checks_flapping 1
# HELP octo_config_error 1 where a newer config was refused, and the last one is served.
# TYPE octo_config_error gauge
octo_config_error{service="api"} 1
octo_config_error{service="worker"} 0
# HELP octo_config_generation The generation of a config, counted from the start.
# TYPE octo_config_generation gauge
octo_config_generation{service="api"} 2
octo_config_generation{service="worker"} 0
# HELP octo_config_loads_total Configs that were read anew: done, failed.
# TYPE octo_config_loads_total counter
octo_config_loads_total{outcome="done",service="api"} 2
octo_config_loads_total{outcome="failed",service="api"} 1
# HELP octo_config_requests_total Answers of the config server, by status.
# TYPE octo_config_requests_total counter
octo_config_requests_total{code="200",service="api"} 2
octo_config_requests_total{code="401",service="other"} 1
octo_config_requests_total{code="other",service="api"} 1
# HELP octo_notifications_total Events for notifiers: sent, failed, dropped, coalesced.
# TYPE octo_notifications_total counter
octo_notifications_total{notifier="ops",outcome="dropped"} 2
octo_notifications_total{notifier="ops",outcome="sent"} 3
octo_notifications_total{notifier="other",outcome="failed"} 1
# HELP octo_restarts_total Restarts of services: done, failed, held_back.
# TYPE octo_restarts_total counter
octo_restarts_total{outcome="done",service="db"} 1
octo_restarts_total{outcome="done",service="other"} 1
octo_restarts_total{outcome="held_back",service="db"} 1
# HELP octo_secret_age_seconds How old the value of a secret is; absent while there is none.
# TYPE octo_secret_age_seconds gauge
octo_secret_age_seconds{secret="db",service="api"} 65
# HELP octo_sidecar_healthy 1 where the scheduler lives.
# TYPE octo_sidecar_healthy gauge
octo_sidecar_healthy 0
# HELP octo_sidecar_info 1; the labels say what runs.
# TYPE octo_sidecar_info gauge
octo_sidecar_info{project="shop",version="v1.2.3"} 1
# HELP octo_watchdog_pings_total Pings to the service manager.
# TYPE octo_watchdog_pings_total counter
octo_watchdog_pings_total 1
`

// All metrics but the duration, whose buckets say nothing new.
func TestMetrics(t *testing.T) {
	r, _ := busy(t)
	var names []string
	for line := range strings.Lines(wantMetrics) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			names = append(names, strings.Fields(name)[0])
		}
	}
	if err := testutil.GatherAndCompare(r.metrics.registry, strings.NewReader(wantMetrics), names...); err != nil {
		t.Error(err)
	}
	all, err := r.metrics.registry.Gather()
	if err != nil || len(all) != len(names)+1 {
		t.Errorf("%d families, want %d: %v", len(all), len(names)+1, err)
	}
	if problems, err := testutil.GatherAndLint(r.metrics.registry); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// Whatever names, codes and outcomes come, the number of series is bound by the spec; what leaves the spec leaves the metrics.
func TestCardinality(t *testing.T) {
	r, _ := busy(t)
	storm := func() int {
		for i := range 1000 {
			x := fmt.Sprint("x", i)
			r.Requested(x, i)
			r.Requested("api", i)
			r.Checked(x, x, Result(x), time.Time{}, 0, 0, "")
			r.Restarted(x, x)
			r.Loaded(x, nil)
			r.Notified(x, x, 1)
			r.SecretRead("api", x, nil)
			r.Turned(x, x, State(x), false)
		}
		n, err := testutil.GatherAndCount(r.metrics.registry)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := storm(); n > 100 {
		t.Errorf("%d series", n)
	}
	r.Use(spec.Run{Project: "shop"})
	all, err := r.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "service" && l.GetValue() != other || l.GetName() == "notifier" && l.GetValue() != other {
					t.Errorf("%s still has %s", f.GetName(), l.GetValue())
				}
			}
		}
	}
}

// The status as a program reads it: this is the documented format.
const wantStatus = `{
  "version": 1,
  "project": "shop",
  "sidecar": "v1.2.3",
  "time": "2026-01-02T03:05:20Z",
  "started": "2026-01-02T03:04:05Z",
  "healthy": false,
  "last_error": "cannot reload",
  "checks": [
    {
      "service": "api",
      "check": "default",
      "level": "alive",
      "state": "works",
      "since": "2026-01-02T03:04:15Z",
      "asked": 1,
      "last": "success",
      "last_at": "2026-01-02T03:04:15Z",
      "took_seconds": 0.02
    },
    {
      "service": "api",
      "check": "ready",
      "level": "ready",
      "state": "unknown",
      "since": "2026-01-02T03:04:05Z",
      "asked": 0
    },
    {
      "service": "db",
      "check": "default",
      "level": "alive",
      "state": "failed",
      "since": "2026-01-02T03:04:15Z",
      "flapping": true,
      "asked": 2,
      "last": "unknown",
      "last_at": "2026-01-02T03:04:15Z",
      "message": "too many open files"
    }
  ],
  "services": [
    {
      "service": "api",
      "served": true,
      "generation": 2,
      "loaded": "2026-01-02T03:04:15Z",
      "error": "cannot read it",
      "secrets": [
        {
          "name": "db",
          "age_seconds": 65
        },
        {
          "name": "mail",
          "age_seconds": -1,
          "error": "vault is away"
        }
      ]
    },
    {
      "service": "worker",
      "served": true
    },
    {
      "service": "db",
      "served": false,
      "restarts": 1
    }
  ],
  "notifiers": [
    {
      "name": "ops",
      "sent": 3,
      "failed": 0,
      "dropped": 2,
      "coalesced": 0
    },
    {
      "name": "chat",
      "sent": 0,
      "failed": 0,
      "dropped": 0,
      "coalesced": 0
    }
  ]
}
`

const wantTable = `shop: up for 1m15s, octo-sidecar v1.2.3, NOT HEALTHY: the scheduler hangs
last error: cannot reload

SERVICE  CHECK    LEVEL  STATE             SINCE  ASKED  SEEN
api      default  alive  works             1m5s   1m5s
api      ready    ready  unknown           1m15s  -
db       default  alive  failed, flapping  1m5s   1m5s   no [2Jroute

SERVICE  CONFIG  LOADED  OLDEST SECRET  RESTARTS  ERROR
api      2       1m5s    1m5s           0         cannot read it
worker   0       -       -              0
db       -       -       -              1

NOTIFIER  SENT  FAILED  DROPPED  COALESCED
ops       3     0       2        0
chat      0     0       0        0
`

func get(t *testing.T, h http.Handler, method, path string) (int, http.Header, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Code, w.Header(), w.Body.String()
}

func TestStatus(t *testing.T) {
	r, c := busy(t)
	code, header, body := get(t, r.Handler(), "GET", "/status")
	if d := cmp.Diff(wantStatus, body); code != 200 || header.Get("Content-Type") != "application/json" || d != "" {
		t.Errorf("%d %v\n%s", code, header, d)
	}
	var again Status
	if err := json.Unmarshal([]byte(body), &again); err != nil || cmp.Diff(again, r.Status()) != "" {
		t.Errorf("%v %s", err, cmp.Diff(again, r.Status()))
	}
	r.Checked("db", "default", Failure, c.now.Add(-65*time.Second), 0, 0, "no\n\x1b[2Jroute")
	_, _, body = get(t, r.Handler(), "GET", "/status")
	var table strings.Builder
	if err := Print(&table, []byte(body)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(wantTable, table.String()); d != "" {
		t.Error(d)
	}
}

func TestPrintFaults(t *testing.T) {
	for want, data := range map[string]string{"cannot read the status: unexpected": "{", "it has version 2": `{"version":2}`, "it has version 0": `{}`} {
		if err := Print(io.Discard, []byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", data, err)
		}
	}
	var b strings.Builder
	if err := Print(&b, []byte(`{"version":1,"project":"a\u001b[2J","healthy":true}`)); err != nil || b.String() != "a [2J: up for 0s\n" {
		t.Errorf("%v %q", err, b.String())
	}
	if err := Print(failing{}, []byte(wantStatus)); err == nil {
		t.Error("a writer that fails")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", -time.Hour: "0s", 59e9: "59s", 60e9: "1m", 61e9: "1m1s", 3600e9: "1h", 90061e9: "1d1h", 86401e9: "1d"} {
		if got := span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// Health is that of the sidecar: a scheduler that hangs, not a service that failed.
func TestHealth(t *testing.T) {
	r, c := busy(t)
	h := r.Handler()
	if code, _, body := get(t, h, "GET", "/healthz"); code != 503 || body != "the scheduler has not been heard of for 1m5s\n" {
		t.Errorf("%d %s", code, body)
	}
	r.Beat(false)
	if code, _, body := get(t, h, "GET", "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("%d %s", code, body)
	}
	c.pass(time.Hour)
	r.Use(spec.Run{Project: "shop"}) // nothing to schedule
	if err := r.Healthy(); err != nil {
		t.Error(err)
	}
}

// What is known of what stays in the spec stays; the rest is forgotten, and new things begin.
func TestUse(t *testing.T) {
	r, _ := busy(t)
	run := shop()
	run.Serve.Services = run.Serve.Services[:1]
	run.Serve.Services[0].Secrets = append(run.Serve.Services[0].Secrets[:1:1], spec.Secret{Name: "new"})
	run.Checks = []spec.Check{{Service: "worker", Name: "default", Level: spec.Alive}, run.Checks[0]}
	r.Use(run)
	s := r.Status()
	if len(s.Checks) != 2 || s.Checks[0].State != Unknown || s.Checks[1].State != Works || s.Reloaded.IsZero() {
		t.Errorf("%+v", s.Checks)
	}
	want := []ServiceStatus{
		{Service: "api", Served: true, Generation: 2, Loaded: s.Services[0].Loaded, Error: "cannot read it", Secrets: []SecretStatus{{Name: "db", Age: 65}, {Name: "new", Age: -1}}},
		{Service: "worker"},
	}
	if d := cmp.Diff(want, s.Services); d != "" {
		t.Error(d)
	}
}
