//go:build linux

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// others says which instances, but for some services, are no longer those that they were. One-shot services may run
// again.
func others(before, after []instance, but ...string) error {
	for _, in := range before {
		if in.done || slices.Contains(but, in.service) {
			continue
		}
		if !slices.ContainsFunc(after, func(x instance) bool { return x.service == in.service && x.run == in.run }) {
			return fmt.Errorf("%s was restarted too", in)
		}
	}
	return nil
}

func dataSurvives(t *testing.T, k *kit) {
	before := k.instances(t, k)
	starts := k.look(t, of(before, "db")[0], "ask", "127.0.0.1:5432", "STATE").Data.Starts
	k.restart(t, k, "db")
	k.healthy(t, time.Minute)
	s := k.look(t, of(k.instances(t, k), "db")[0], "ask", "127.0.0.1:5432", "STATE")
	if s.Data.Starts != starts+1 || s.Data.Values["schema"] != "7" {
		t.Errorf("the volume counts %d starts after %d, and holds %v", s.Data.Starts, starts, s.Data.Values)
	}
	if err := others(before, k.instances(t, k), "db"); err != nil {
		t.Error(err)
	}
}

func killed(t *testing.T, k *kit) {
	for _, service := range []string{"worker", "api", "agent"} {
		before := k.instances(t, k)
		victim := of(before, service)[0]
		k.kill(t, victim)
		eventually(t, time.Minute, func() error {
			for _, in := range of(k.instances(t, k), service) {
				if in.run == victim.run {
					return fmt.Errorf("%s is still there", in)
				}
			}
			return nil
		})
		k.healthy(t, time.Minute)
		after := k.instances(t, k)
		before = slices.DeleteFunc(before, func(in instance) bool { return in.run == victim.run })
		if err := others(before, after); err != nil {
			t.Errorf("%s was killed: %v", victim.id, err)
		}
	}
}

// unhealthy wants the platform to see it: it says so, or it starts the instance again.
func unhealthy(t *testing.T, k *kit) {
	before := k.instances(t, k)
	victim := of(before, "api")[0]
	if _, err := k.exec(victim, "/app", "post", "http://127.0.0.1:8080/fail"); err != nil {
		t.Fatal(err)
	}
	restarted := false
	eventually(t, time.Minute, func() error {
		api := of(k.instances(t, k), "api")
		i := slices.IndexFunc(api, func(in instance) bool { return in.run == victim.run })
		restarted = i < 0
		if i >= 0 && api[i].health != "unhealthy" {
			return fmt.Errorf("%s", api[i])
		}
		return nil
	})
	rest := slices.DeleteFunc(slices.Clone(before), func(in instance) bool { return in.run == victim.run })
	if err := others(rest, k.instances(t, k)); err != nil {
		t.Error(err)
	}
	if !restarted {
		if _, err := k.exec(victim, "/app", "post", "http://127.0.0.1:8080/heal"); err != nil {
			t.Logf("cannot heal %s, so it has been restarted: %v", victim.id, err)
		}
	}
	k.healthy(t, time.Minute)
}

func changedConfig(t *testing.T, k *kit) {
	before := k.instances(t, k)
	k.apply(t, "configs.settings.content=mode=second")
	k.healthy(t, 2*time.Minute)
	after := k.instances(t, k)
	for _, in := range of(after, "api") {
		if s := k.look(t, in, "get", "http://127.0.0.1:8080/state"); s.Config != "mode=second" {
			t.Errorf("%s reads the config %q", in.id, s.Config)
		}
	}
	if err := others(before, after, "api"); err != nil {
		t.Error(err)
	}
}

func scaled(t *testing.T, k *kit) {
	before := k.instances(t, k)
	k.apply(t, "services.api.replicas=3")
	k.healthy(t, 2*time.Minute)
	if err := others(before, k.instances(t, k), "octo-monitor", "monitor"); err != nil { // it asks the new one too
		t.Error(err)
	}
}

// stops takes the application away. web finishes what it does, and, where the platform stops in order, before the api
// that it needs is told to stop.
func stops(t *testing.T, k *kit) {
	apply := k.again(t)
	begin := time.Now().UnixNano()
	events := slices.DeleteFunc(k.stop(t, k, apply), func(e event) bool { return e.Time < begin })
	told, done := last(events, "web", "stop"), last(events, "web", "done")
	switch {
	case told == nil || done == nil:
		t.Fatalf("web did not end by itself: %v", events)
	case done.Time-told.Time < int64(3*time.Second):
		t.Errorf("web took %s", time.Duration(done.Time-told.Time))
	}
	api := first(events, "api", "stop")
	if k.stopsInOrder() && (api == nil || api.Time < done.Time) {
		t.Errorf("api was told to stop before web had ended: %v", events)
	}
	for _, in := range k.instances(t, k) {
		if in.running {
			t.Errorf("%s still runs", in)
		}
	}
}
