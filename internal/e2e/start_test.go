//go:build linux

package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// boots applies the application and waits until all of it is healthy.
func boots(t *testing.T, k *kit) {
	k.apply(t)
	k.healthy(t, 3*time.Minute)
}

// healthy waits until every service has its instances, all of them healthy where they have a check.
func (k *kit) healthy(t *testing.T, limit time.Duration) {
	t.Helper()
	eventually(t, limit, func() error {
		all := k.instances(t, k)
		for _, c := range counts {
			n := 0
			for _, in := range of(all, c.service) {
				if !in.running || !in.ok() {
					return fmt.Errorf("%s", in)
				}
				n++
			}
			if want := k.count(c.service, c.n); n != want {
				return fmt.Errorf("%s has %d instances, not %d", c.service, n, want)
			}
		}
		return nil
	})
}

// count is how many instances a service has with what was laid over the fixture.
func (k *kit) count(service string, otherwise int) int {
	for _, s := range k.sets {
		fmt.Sscanf(s, "services."+service+".replicas=%d", &otherwise)
	}
	return otherwise
}

// startOrder reads from the logs what was there before what.
func startOrder(t *testing.T, k *kit) {
	events := k.events(t, k)
	for _, c := range []struct{ role, event, after, afterEvent string }{
		{"migrate", "start", "db", "ready"},
		{"api", "start", "migrate", "done"},
		{"web", "start", "api", "ready"},
	} {
		later, earlier := first(events, c.role, c.event), first(events, c.after, c.afterEvent)
		switch {
		case later == nil || earlier == nil:
			t.Errorf("no %s of %s or no %s of %s among %v", c.event, c.role, c.afterEvent, c.after, events)
		case later.Time < earlier.Time:
			t.Errorf("%s: %s came %s before %s: %s", c.role, c.event, time.Duration(earlier.Time-later.Time), c.after, c.afterEvent)
		}
	}
	for _, role := range []string{"migrate", "api", "web"} {
		n := 0
		for _, e := range events {
			if e.Role == role && e.Event == "start" {
				n++
			}
		}
		if want := map[string]int{"migrate": 1, "api": 2, "web": 1}[role]; n != want {
			t.Errorf("%s was started %d times, not %d: it did not wait for what it needs", role, n, want)
		}
	}
}

// seen is what an instance says of itself.
type seen struct {
	Role     string
	Instance string
	UID      int
	Config   string
	Secret   string
	Env      map[string]string
	Data     struct {
		Schema   string
		Received int
		Mark     string
		Marks    []string
		Events   []string
		Starts   int
		Values   map[string]string
		API      *seen
	}
}

// look asks an instance of itself.
func (k *kit) look(t *testing.T, in instance, question ...string) seen {
	t.Helper()
	text, err := k.exec(in, append([]string{"/app"}, question...)...)
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%s answers %q: %v", in, text, err)
	}
	return s
}

// state asks the first instance of a service that serves pages.
func (k *kit) state(t *testing.T, service string) seen {
	t.Helper()
	all := of(k.instances(t, k), service)
	if len(all) == 0 {
		t.Fatalf("%s does not run", service)
	}
	port := map[string]string{"rude": "80", "agent": "8078"}[service]
	if port == "" {
		port = "8080"
	}
	return k.look(t, all[0], "get", "http://127.0.0.1:"+port+"/state")
}

func delivered(t *testing.T, k *kit) {
	for _, in := range of(k.instances(t, k), "api") {
		s := k.look(t, in, "get", "http://127.0.0.1:8080/state")
		for _, c := range []struct{ what, got, want string }{
			{"the config", s.Config, "mode=first\n"},
			{"the secret", s.Secret, "swordfish"},
			{"APP_TEXT", s.Env["APP_TEXT"], `a $HOME 100% "b"`},
		} {
			if c.got != c.want {
				t.Errorf("%s has %s %q, not %q", in.id, c.what, c.got, c.want)
			}
		}
		if s.UID != 10001 {
			t.Errorf("%s runs as %d, not as the user of the image", in.id, s.UID)
		}
	}
}

func replicas(t *testing.T, k *kit) {
	names := map[string]bool{}
	for _, in := range of(k.instances(t, k), "api") {
		names[k.look(t, in, "get", "http://127.0.0.1:8080/state").Instance] = true
	}
	if len(names) != 2 {
		t.Errorf("api runs as %v, not as two", names)
	}
}

func names(t *testing.T, k *kit) {
	if s := k.state(t, "web"); s.Data.API == nil || s.Data.API.Role != "api" || s.Data.API.Data.Schema != "7" {
		t.Errorf("web asks http://api:8080/state and is told %+v", s.Data.API)
	}
}

func natsReached(t *testing.T, k *kit) {
	eventually(t, 10*time.Second, func() error {
		if n := k.state(t, "worker").Data.Received; n < 2 {
			return fmt.Errorf("%d messages have come back", n)
		}
		return nil
	})
}

func rudeRuns(t *testing.T, k *kit) {
	s := k.state(t, "rude")
	if s.UID != 999 || strings.TrimSpace(s.Data.Mark) != "rude" {
		t.Errorf("rude runs as %d, and its volume holds %q", s.UID, s.Data.Mark)
	}
}

// binary is where the program of agent is downloaded from, where there are no containers.
func binary(t *testing.T, m *made) []string {
	t.Helper()
	program, err := os.ReadFile(filepath.Join(m.dir, "app"))
	if err != nil {
		t.Fatal(err)
	}
	at := "services.agent.binary.linux_" + runtime.GOARCH
	return []string{at + ".url=" + download, fmt.Sprintf("%s.sha256=%x", at, sha256.Sum256(program))}
}

// fetched wants the service with a binary to run: as what was downloaded, where there are no containers.
func fetched(t *testing.T, k *kit) {
	if s := k.state(t, "agent"); s.Role != "files" || s.Env["APP_PORT"] != "8078" {
		t.Errorf("agent says that it is %q, with %v", s.Role, s.Env)
	}
	if s, ok := k.platform.(*systemd); ok {
		s.runs(t, "kit-agent.service", "/var/lib/kit/bin/")
	}
}
