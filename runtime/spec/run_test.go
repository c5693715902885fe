package spec

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// whole has every field once.
func whole() Run {
	return Run{
		Kind: KindRun, Version: RunVersion, Project: "shop", Status: "127.0.0.1:9464",
		Serve: &Serve{
			Listen: "127.0.0.1:8443", Names: []string{"localhost", "127.0.0.1"}, CA: "/run/shop/ca.pem",
			Services: []Service{{
				Name: "api", Config: "/etc/shop/api.json", Password: "/run/credentials/api",
				Secrets: []Secret{{Name: "db", At: []string{"/db/password"}, Vault: &Vault{Path: "secret/shop/db", Key: "password"}}},
			}},
		},
		Checks: []Check{{
			Service: "api", Name: "default", Level: Alive, What: []string{"http", "http://127.0.0.1:8080/"},
			Interval: Duration(10 * time.Second), Timeout: Duration(2 * time.Second), StartPeriod: Duration(time.Minute), Failures: 3, Successes: 1,
			OnFailure: &Action{Restart: &Restart{Unit: "shop-api.service"}},
		}},
		Restarts: &Restarts{PerService: 5, Window: Duration(10 * time.Minute), Backoff: Duration(500 * time.Millisecond), MaxBackoff: Duration(30 * time.Second), Share: 50},
		Notify: []Notifier{
			{Name: "ops", On: []Event{EventFailed, EventRecovered}, SMTP: &SMTP{Server: "mail.example.com:587", TLS: "starttls", From: "a@example.com", To: []string{"b@example.com"}}},
			{Name: "chat", Webhook: &Webhook{URL: "https://chat.example.com/hook"}},
			{Name: "script", Exec: []string{"/usr/local/bin/tell"}},
		},
	}
}

func TestRunRoundTrip(t *testing.T) {
	data, err := whole().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseRun(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(whole(), again); d != "" {
		t.Error(d)
	}
	if short, err := (Run{Project: "x"}).Marshal(); err != nil || string(short) != "{\n  \"kind\": \"run\",\n  \"version\": 1,\n  \"project\": \"x\"\n}\n" {
		t.Errorf("%s, %v", short, err)
	}
}

func TestRunFaults(t *testing.T) {
	for want, change := range map[string]func(*Run){
		`project is ""`:       func(r *Run) { r.Project = "" },
		`status is "9464"`:    func(r *Run) { r.Status = "9464" },
		"serve.listen is":     func(r *Run) { r.Serve.Listen = "all" },
		"serve.cert: want":    func(r *Run) { r.Serve.Cert = "/c.pem" },
		"serve.ca is":         func(r *Run) { r.Serve.CA = "ca.pem" },
		"serve.names is":      func(r *Run) { r.Serve.Names = nil },
		"serve.services is":   func(r *Run) { r.Serve.Services = nil },
		"services[1].name: a": func(r *Run) { r.Serve.Services = append(r.Serve.Services, r.Serve.Services[0]) },
		"services[0]: want":   func(r *Run) { r.Serve.Services[0].Config = "../x" },
		"secrets[0].file":     func(r *Run) { r.Serve.Services[0].Secrets[0].File = "/x" },
		"secrets[0].at":       func(r *Run) { r.Serve.Services[0].Secrets[0].At = []string{"db"} },
		"checks[0].level is":  func(r *Run) { r.Checks[0].Level = "x" },
		"checks[0].what":      func(r *Run) { r.Checks[0].What = nil },
		"checks[0].interval":  func(r *Run) { r.Checks[0].Interval = 0 },
		"checks[0].failures":  func(r *Run) { r.Checks[0].Failures = 0 },
		"checks[1].name":      func(r *Run) { r.Checks = append(r.Checks, r.Checks[0]) },
		"on_failure: want":    func(r *Run) { r.Checks[0].OnFailure = &Action{} },
		"on_failure.restart":  func(r *Run) { r.Checks[0].OnFailure.Restart.Container = "x" },
		"restarts: want":      func(r *Run) { r.Restarts.Share = 101 },
		"notify[0].smtp":      func(r *Run) { r.Notify[0].SMTP.TLS = "ssl" },
		"notify[1].webhook":   func(r *Run) { r.Notify[1].Webhook.URL = "ftp://x" },
		"webhook.url: want":   func(r *Run) { r.Notify[1].Webhook.URLFile = "/u" },
		"to h without TLS":    func(r *Run) { r.Notify[1].Webhook.URL = "http://h/x" },
		"url_file is":         func(r *Run) { r.Notify[1].Webhook.URL, r.Notify[1].Webhook.URLFile = "", "u" },
		"webhook.header is":   func(r *Run) { r.Notify[1].Webhook.Header = "h" },
		"smtp.user: want":     func(r *Run) { r.Notify[0].SMTP.User = "u" },
		"smtp.password is":    func(r *Run) { r.Notify[0].SMTP.User, r.Notify[0].SMTP.Password = "u", "p" },
		"is asked without":    func(r *Run) { r.Notify[0].SMTP.TLS = "none" },
		"notify[2].smtp":      func(r *Run) { r.Notify[2].Exec = nil },
		"notify[0].on":        func(r *Run) { r.Notify[0].On = []Event{"x"} },
		"notify[3].name":      func(r *Run) { r.Notify = append(r.Notify, r.Notify[0]) },
	} {
		r := whole()
		change(&r)
		if _, err := r.Marshal(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for text, want := range map[string]string{
		`{"kind":"run","version":2,"project":"x"}`:                           "it has version 2, and this octo-sidecar reads version 1",
		`{"kind":"fetch","version":1,"project":"x"}`:                         `kind is "fetch"`,
		`{"kind":"run","version":1,"project":"x","more":1}`:                  "unknown field",
		`{"kind":"run","version":1,"project":"x"} {}`:                        "something stands behind",
		`{"kind":"run","version":1,"project":"x","restarts":{"window":5}}`:   "want a duration in quotes",
		`{"kind":"run","version":1,"project":"x","restarts":{"window":"5"}}`: "is no duration",
	} {
		if _, err := ParseRun([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
