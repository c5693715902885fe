//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// answer is what app served prints.
type answer struct {
	Status int
	Body   string
	ETag   string
}

// served asks for a config as an instance does.
func (k *kit) served(t *testing.T, in instance, args ...string) answer {
	t.Helper()
	text, err := k.exec(in, append([]string{"/app", "served"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("%s answers %q: %v", in, text, err)
	}
	return a
}

// configServed: each service reads its own config over HTTPS, and no other.
func configServed(t *testing.T, k *kit) {
	for _, service := range []string{"web", "worker"} {
		for _, in := range of(k.instances(t, k), service) {
			a := k.served(t, in)
			var values struct{ Name, Mode, Token string }
			token := map[string]string{"worker": "<swordfish>"}[service]
			if err := json.Unmarshal([]byte(a.Body), &values); a.Status != 200 || err != nil || values.Name != service || values.Mode != "first" || values.Token != token || a.ETag == "" {
				t.Errorf("%s gets %+v", in, a)
			}
			if a := k.served(t, in, service, "wrong"); a.Status != 401 {
				t.Errorf("%s with a wrong password: %+v", in, a)
			}
			other := map[string]string{"web": "worker", "worker": "web"}[service]
			if a := k.served(t, in, other); a.Status != 403 {
				t.Errorf("%s asks for the config of %s: %+v", in, other, a)
			}
		}
	}
}

// overBus: octo-sidecar, as a program of the machine, restarts the unit of a service whose check fails, over D-Bus, as often
// as the bound on restarts lets it: once.
func overBus(t *testing.T, k *kit) {
	s := k.platform.(*systemd)
	invocation := func() string {
		return strings.TrimSpace(must(t, s.machine("systemctl", "show", "-P", "InvocationID", "kit-rude.service")))
	}
	before := invocation()
	const spec = `{"kind":"run","version":1,"project":"kit","restarts":{"per_service":1},"checks":[{"service":"rude","name":"gone","level":"alive",
		"what":["tcp","127.0.0.1:9"],"interval":"1s","timeout":"500ms","failures":2,"successes":1,"on_failure":{"restart":{"unit":"kit-rude.service"}}}]}`
	must(t, s.machine("bash", "-c", "mkdir -p /run/bus && cat >/run/bus/run.json <<<'"+spec+"'"))
	must(t, s.machine("systemd-run", "--unit=bus", "--collect", "--property=Type=notify", "--property=WatchdogSec=5s",
		"/usr/local/bin/octo-sidecar", "run", "--spec=/run/bus/run.json", "--state=/run/bus/state"))
	t.Cleanup(func() { _, _ = output(s.machine("systemctl", "stop", "bus.service")) })
	eventually(t, 30*time.Second, func() error {
		log := must(t, s.machine("journalctl", "-u", "bus", "-o", "cat"))
		if !strings.Contains(log, "check given_up") {
			return fmt.Errorf("the sidecar has not given up:\n%s", log)
		}
		return nil
	})
	if after := invocation(); after == before {
		t.Error("the unit was not restarted")
	}
	log := must(t, s.machine("journalctl", "-u", "bus", "-o", "cat"))
	if n := strings.Count(log, "check restarted"); n != 1 {
		t.Errorf("%d restarts:\n%s", n, log)
	}
	must(t, s.machine("systemctl", "stop", "bus.service"))
	k.healthy(t, time.Minute)
}
