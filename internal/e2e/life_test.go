//go:build linux

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// life reads what the hooks of a service have marked, in order; the service has checks of every level and preflight, and
// is healthy.
func life(t *testing.T, k *kit) {
	before := k.instances(t, k)
	if got, want := k.marks(t, "start"), "init pre_start start post_start"; got != want {
		t.Errorf("marked %q, want %q", got, want)
	}
	if k.name() == "compose" {
		return // docker compose restart runs no one-shots
	}
	k.restart(t, k, "life")
	k.healthy(t, time.Minute)
	if got, want := k.marks(t, "start"), "init pre_start start post_start pre_stop pre_start start post_start"; got != want {
		t.Errorf("marked %q after a restart, want %q", got, want)
	}
	if err := others(before, k.instances(t, k), "life"); err != nil {
		t.Error(err)
	}
}

// marks are the words that were marked so far. post_start runs beside the program, so that the two may come in either
// order where the platform says no more; the word at is then where it stands in the list.
func (k *kit) marks(t *testing.T, at string) string {
	t.Helper()
	list := k.state(t, "life").Data.Marks
	for i := 1; i < len(list); i++ {
		if list[i] == at && list[i-1] == "post_start" {
			list[i-1], list[i] = list[i], list[i-1]
		}
	}
	return strings.Join(list, " ")
}

// wedged makes the alive check of a service fail: it is restarted, and nobody else. agent is a native program on
// systemd, life a container everywhere.
func wedged(t *testing.T, k *kit) {
	for service, url := range map[string]string{"life": "http://127.0.0.1:8080/wedge", "agent": "http://127.0.0.1:8078/fail"} {
		before := k.instances(t, k)
		victim := of(before, service)[0]
		if _, err := k.exec(victim, "/app", "post", url); err != nil {
			t.Fatal(err)
		}
		eventually(t, time.Minute, func() error {
			all := of(k.instances(t, k), service)
			if len(all) != 1 || !all[0].running || !all[0].ok() || all[0].run == victim.run {
				return fmt.Errorf("%s is %v", service, all)
			}
			return nil
		})
		before = slices.DeleteFunc(before, func(in instance) bool { return strings.HasPrefix(in.service, service) })
		if err := others(before, k.instances(t, k)); err != nil {
			t.Error(err)
		}
	}
	k.healthy(t, time.Minute)
}
