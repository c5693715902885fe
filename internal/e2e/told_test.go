//go:build linux

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// told: who is named below notifications hears that a service fails, and that it works again; and of a restart where
// octo-sidecar does it. What else fails meanwhile is told too, so that only what must be there is looked for.
func told(t *testing.T, k *kit) {
	victim := of(k.instances(t, k), "web")[0]
	if _, err := k.exec(victim, "/app", "post", "http://127.0.0.1:8080/fail"); err != nil {
		t.Fatal(err)
	}
	k.hears(t, "kit web default failed")
	if _, err := k.exec(victim, "/app", "post", "http://127.0.0.1:8080/heal"); err != nil {
		t.Logf("cannot heal %s, so it has been restarted: %v", victim.id, err)
	}
	k.hears(t, "kit web default recovered")
	if k.name() == "systemd" { // its check is a program in the container: systemd is asked whether the unit runs
		k.kill(t, of(k.instances(t, k), "rude")[0])
		k.hears(t, "kit rude running failed")
		k.hears(t, "kit rude running recovered")
	}
	k.healthy(t, time.Minute)
}

// hears waits until the service alerts was told of an event.
func (k *kit) hears(t *testing.T, event string) {
	t.Helper()
	eventually(t, time.Minute, func() error {
		if events := k.state(t, "alerts").Data.Events; !slices.Contains(events, event) {
			return fmt.Errorf("alerts was told of %q, and not that %s", events, event)
		}
		return nil
	})
}
