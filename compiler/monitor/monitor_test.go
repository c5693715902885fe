package monitor

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// tcp is a check named c, of a level and with what it does.
func tcp(level, onFailure string) model.Check {
	return model.Check{Name: "c", Path: tree.Of("services", "a", "checks", "c"), TCP: &model.TCPCheck{Port: 80}, Level: level, OnFailure: onFailure}
}

// input is a project with one service a.
func input(notifiers []*model.Notifier, checks ...model.Check) (*model.Input, *model.Service) {
	a := &model.Service{Name: "a", Path: tree.Of("services", "a"), Image: "a", Checks: checks}
	p := &model.Project{Name: "shop", Services: []*model.Service{a}, Notifiers: notifiers}
	p.Index()
	return &model.Input{Project: p, Target: &model.Target{Name: "t", Path: tree.Of("targets", "t")}}, a
}

// site asks everything at its name, and finds every secret.
func site() Site {
	return Site{
		Words: func(s *model.Service, n int, c *model.Check) ([]string, Refusal) {
			if len(c.Exec) > 0 {
				return nil, Refusal{"it runs a program in the container", "write tcp"}
			}
			return c.Words(s.Name), Refusal{}
		},
		Secret:  func(ref model.SecretRef) string { return "/run/secrets/" + ref.Name },
		Program: func(*model.Notifier) Refusal { return Refusal{"there is none", "write webhook"} },
	}
}

func restarts(s *Site) {
	s.Restart = func(v *model.Service, n int, c *model.Check) (*spec.Restart, Refusal) {
		return &spec.Restart{Unit: v.Name + "-" + strconv.Itoa(n)}, Refusal{}
	}
}

// chat is a notifier that needs a secret.
func chat() []*model.Notifier {
	return []*model.Notifier{{Name: "chat", Path: tree.Of("notifications", "chat"), On: []string{"failed"}, Webhook: &model.NotifierWebhook{URLSecret: "hook"}}}
}

func names(p *Plan) string {
	if p == nil {
		return "none"
	}
	var out []string
	for _, c := range p.Checks {
		text := c.Service + " " + string(c.Level)
		if c.OnFailure != nil {
			text += " restarts " + c.OnFailure.Restart.Unit
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func texts(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.Severity.String() + ": " + d.Path.String() + ": " + d.Message + "\n")
	}
	return b.String()
}

// What is asked: nothing that the target does by itself, and everything where somebody is to hear of it.
func TestAsked(t *testing.T) {
	program := func(level, onFailure string) model.Check {
		c := tcp(level, onFailure)
		c.TCP, c.Exec = nil, []string{"x"}
		return c
	}
	second := tcp("", "")
	second.Name = "d"
	started := tcp(model.Startup, "")
	started.Name = "s"
	called := func(name string) model.Check {
		c := started
		c.Name = name
		return c
	}
	runs := func(s *Site) {
		s.Running = func(*model.Service, int) Running { return Running{Words: []string{"tcp", "a:1"}, Failures: 1} }
	}
	for _, c := range []struct {
		name   string
		tells  bool
		site   func(*Site)
		change func(*model.Input, *model.Service)
		checks []model.Check
		want   string
		said   string
	}{
		{name: "nobody hears", checks: []model.Check{tcp("", ""), tcp(model.Alive, "")}, want: "none"},
		{name: "somebody hears", tells: true, checks: []model.Check{tcp("", ""), second}, want: "a ready, a ready"},
		{name: "the target does not restart", site: restarts, checks: []model.Check{tcp(model.Alive, ""), second}, want: "a alive restarts a-1"},
		{name: "a ready check that restarts", site: restarts, checks: []model.Check{tcp("", "restart")}, want: "a ready restarts a-1"},
		{name: "one that only notes", site: restarts, checks: []model.Check{tcp(model.Alive, "none")}, want: "none"},
		{name: "start-up first", tells: true, checks: []model.Check{started, second}, want: "a ready, a startup"},
		{name: "start-up alone", tells: true, checks: []model.Check{started}, want: "none",
			said: "warning: notifications: nobody is told anything: no service has a check that can be asked here"},
		{name: "start-up that is to be told of", tells: true, checks: []model.Check{tcp(model.Startup, "notify")}, want: "a startup"},
		{name: "replicas", tells: true, checks: []model.Check{tcp("", ""), started}, want: "a-1 ready, a-2 ready, a-1 startup, a-2 startup",
			site: func(s *Site) { s.Replicas = func(*model.Service) int { return 2 } }},
		{name: "none runs", tells: true, checks: []model.Check{tcp("", "")}, want: "none",
			site: func(s *Site) { s.Replicas = func(*model.Service) int { return 0 } },
			said: "warning: notifications: nobody is told anything"},
		{name: "a job", tells: true, checks: []model.Check{tcp("", "")}, want: "none",
			change: func(in *model.Input, s *model.Service) {
				s.Deploy = &model.Deploy{Mode: "replicated-job"}
				in.Project.Index()
			},
			said: "warning: notifications: nobody is told anything"},
		{name: "no check", tells: true, want: "none", said: "warning: services.a: nobody is told when a fails: it has no check"},
		{name: "the image's check", tells: true, want: "none",
			change: func(_ *model.Input, s *model.Service) { s.Healthcheck = &model.Healthcheck{} },
			said:   "warning: services.a: nobody is told when a fails: only its image knows its check"},
		{name: "a program", tells: true, checks: []model.Check{program("", ""), second}, want: "a ready",
			said: "warning: services.a.checks.c: nobody is told when this fails: it runs a program"},
		{name: "a program, and it is seen whether the service runs", tells: true, checks: []model.Check{program("", "")}, want: "a alive",
			site: runs, said: "warning: services.a.checks.c: nobody is told when this fails"},
		{name: "no check, and it is seen whether the service runs", tells: true, want: "a alive", site: runs},
		{name: "only a start, and it is seen whether the service runs", tells: true, checks: []model.Check{started}, want: "a alive, a startup", site: runs},
		{name: "a check of that name", tells: true, checks: []model.Check{called("running")}, want: "a alive, a startup", site: runs},
		{name: "a check that is asked says more", tells: true, checks: []model.Check{tcp("", "")}, want: "a ready", site: runs},
		{name: "a program that is to be told of", tells: true, checks: []model.Check{program("", "notify"), second}, want: "a ready",
			said: "error: services.a.checks.c.on_failure: cannot tell anybody when this fails: it runs a program"},
		{name: "a program that restarts", site: restarts, checks: []model.Check{program(model.Alive, "")}, want: "none",
			said: "error: services.a.checks.c: cannot restart the service when this fails: it runs a program"},
		{name: "a program, accepted", tells: true, checks: []model.Check{program("", ""), second}, want: "a ready",
			change: func(in *model.Input, _ *model.Service) { in.Target.Accept = []string{"notifications"} }},
		{name: "notify, and nobody there", checks: []model.Check{tcp("", "notify")}, want: "none",
			said: "warning: services.a.checks.c.on_failure: nobody hears when this fails: there are no notifications"},
		{name: "a profile", tells: true, checks: []model.Check{tcp("", "")}, want: "none",
			change: func(_ *model.Input, s *model.Service) { s.Profiles = []string{"debug"} },
			said:   "warning: services.a.checks.c: nobody is told when this fails: only a profile starts a"},
		{name: "a profile, and the target sees what sleeps", tells: true, checks: []model.Check{tcp("", "")}, want: "a ready",
			site:   func(s *Site) { s.Sleeps = func(*model.Service, *model.Check) bool { return true } },
			change: func(_ *model.Input, s *model.Service) { s.Profiles = []string{"debug"} }},
		{name: "a profile without a check", tells: true, want: "none", said: "warning: notifications: nobody is told anything",
			change: func(_ *model.Input, s *model.Service) { s.Profiles = []string{"debug"} }},
		{name: "a job that is to be told of", tells: true, checks: []model.Check{tcp("", "notify")}, want: "none",
			change: func(in *model.Input, s *model.Service) {
				s.Deploy = &model.Deploy{Mode: "replicated-job"}
				in.Project.Index()
			},
			said: "error: services.a.checks.c.on_failure: cannot tell anybody when this fails: a runs to completion"},
		{name: "a service called like a replica", tells: true, checks: []model.Check{tcp("", "")}, want: "a-1- ready, a-2 ready",
			site: func(s *Site) {
				s.Replicas = func(s *model.Service) int { return 2 }
			},
			change: func(in *model.Input, s *model.Service) {
				in.Project.Services = append(in.Project.Services, &model.Service{Name: "a-1", Path: tree.Of("services", "a-1"), Profiles: []string{"x"}})
				in.Project.Index()
			}},
		{name: "a profile that is asked for", tells: true, checks: []model.Check{tcp("", "")}, want: "a ready",
			change: func(in *model.Input, s *model.Service) {
				s.Profiles, in.Project.Profiles = []string{"debug"}, []string{"debug"}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var list []*model.Notifier
			if c.tells {
				list = chat()
			}
			in, a := input(list, c.checks...)
			at := site()
			if c.site != nil {
				c.site(&at)
			}
			if c.change != nil {
				c.change(in, a)
			}
			var ds diag.List
			plan := New(in, at, &ds)
			if got := names(plan); got != c.want {
				t.Errorf("asked: %s, want %s", got, c.want)
			}
			if got := texts(ds); c.said == "" && got != "" || !strings.HasPrefix(got, c.said) || strings.Count(got, "\n") > 1 {
				t.Errorf("said: %s, want %s", got, c.said)
			}
			for _, d := range ds {
				if d.Help == "" || d.Target != "t" {
					t.Errorf("no advice, or no target: %+v", d)
				}
			}
		})
	}
}

// What is told, and where the secrets are.
func TestNotifiers(t *testing.T) {
	at := func(name string) tree.Path { return tree.Of("notifications", name) }
	list := []*model.Notifier{
		{Name: "app", Path: at("app"), Webhook: &model.NotifierWebhook{URL: "http://a:8080/hook", HeaderSecret: "h"}},
		chat()[0],
		{Name: "here", Path: at("here"), Webhook: &model.NotifierWebhook{URL: "http://127.0.0.1/x"}},
		{Name: "mail", Path: at("mail"), SMTP: &model.NotifierSMTP{Server: "m:587", From: "a@b", To: []string{"c@d"}, User: "u", PasswordSecret: "p"}},
		{Name: "run", Path: at("run"), Exec: []string{"/tell"}},
	}
	in, _ := input(list, tcp("", ""))
	s := site()
	s.Host = func(s *model.Service) (string, Refusal) { return s.Name + ".example", Refusal{} }
	var ds diag.List
	plan := New(in, s, &ds)
	want := []spec.Notifier{
		{Name: "app", Webhook: &spec.Webhook{URL: "http://a.example:8080/hook", Plain: true, Header: "/run/secrets/h"}},
		{Name: "chat", On: []spec.Event{spec.EventFailed}, Webhook: &spec.Webhook{URLFile: "/run/secrets/hook"}},
		{Name: "here", Webhook: &spec.Webhook{URL: "http://127.0.0.1/x"}},
		{Name: "mail", SMTP: &spec.SMTP{Server: "m:587", TLS: "starttls", From: "a@b", To: []string{"c@d"}, User: "u", Password: "/run/secrets/p"}},
	}
	if d := cmp.Diff(want, plan.Notify); d != "" {
		t.Error(d)
	}
	if got := texts(ds); got != "error: notifications.run.exec: cannot run this program: there is none\n" {
		t.Error(got)
	}
	if _, err := (spec.Run{Project: "shop", Checks: plan.Checks, Notify: plan.Notify}).Marshal(); err != nil {
		t.Error(err)
	}
	s.Alone, ds = "it is alone", nil
	if plan = New(in, s, &ds); len(plan.Notify) != 3 || !strings.Contains(texts(ds), "error: notifications.here.webhook.url: cannot reach 127.0.0.1: it is alone") {
		t.Errorf("%v %s", plan.Notify, texts(ds))
	}
	if plan.From.String() != "notifications" || len(plan.Services) != 1 {
		t.Errorf("%s, %d services", plan.From, len(plan.Services))
	}
}

// Restarts are told where octo-sidecar does them, and it is said where it does none.
func TestRestarted(t *testing.T) {
	list := chat()
	list[0].On = []string{"failed", "restarted", "given_up"}
	in, _ := input(list, tcp("", ""))
	var ds diag.List
	New(in, site(), &ds)
	const want = "warning: notifications.chat.on[1]: nobody is told of this here: octo-sidecar restarts nothing on this target\n" +
		"warning: notifications.chat.on[2]: nobody is told of this here: octo-sidecar restarts nothing on this target\n"
	if got := texts(ds); got != want {
		t.Error(got)
	}
	at := site()
	restarts(&at)
	ds = nil
	if New(in, at, &ds); len(ds) > 0 {
		t.Error(texts(ds))
	}
}

// A start that nobody can ask about has its time all the same.
func TestStartPeriod(t *testing.T) {
	slow := tcp(model.Startup, "")
	five, often := 5, model.Duration(10*time.Second)
	slow.Name, slow.TCP, slow.Exec, slow.Failures, slow.Interval, slow.StartPeriod = "s", nil, []string{"x"}, &five, &often, &often
	in, _ := input(chat(), slow, tcp("", ""))
	var ds diag.List
	plan := New(in, site(), &ds)
	if len(plan.Checks) != 1 || time.Duration(plan.Checks[0].StartPeriod) != time.Minute {
		t.Errorf("%+v %s", plan.Checks, texts(ds))
	}
}
