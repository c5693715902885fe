//go:build linux

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// platform is one of the three. What it does, it does by native commands inside its box. A method that fails for a
// reason that no expectation is about ends the test.
type platform interface {
	name() string // of the target and of the test
	missing() []string
	// boot starts the box and gives it the images.
	boot(t *testing.T, k *kit)
	down(t *testing.T)
	// settle brings the compiled output to the platform, by the commands of APPLY.md.
	settle(t *testing.T, k *kit, apply *page)
	// instances are what runs of the application, and what has ended and not been removed.
	instances(t *testing.T, k *kit) []instance
	// exec runs a program inside an instance.
	exec(in instance, args ...string) (string, error)
	// kill ends the first process of an instance with SIGKILL.
	kill(t *testing.T, in instance)
	// restart restarts a service as an operator would.
	restart(t *testing.T, k *kit, service string)
	// stop takes the application away by the commands of APPLY.md, and gives what was logged until the end.
	stop(t *testing.T, k *kit, apply *page) []event
	// events are the lines of the application's logs that are events.
	events(t *testing.T, k *kit) []event
	// logs are the last lines of each service, for a person.
	logs(k *kit) string
	// stopsInOrder reports whether what depends on a service is stopped before it.
	stopsInOrder() bool
}

// instance is one process of a service, wherever it runs.
type instance struct {
	service string
	id      string // how the platform calls it
	run     string // changes when it is started again
	running bool
	health  string // "healthy", "unhealthy", "starting"; "": it has no check
	done    bool   // it has ended as it should
}

func (in instance) String() string {
	return fmt.Sprintf("%s %s running=%t done=%t health=%s run=%s", in.service, in.id, in.running, in.done, in.health, in.run)
}

// ok reports whether the instance is what it should be in the long run.
func (in instance) ok() bool {
	return in.done || in.running && (in.health == "" || in.health == "healthy")
}

// event is a line that the test application logs.
type event struct {
	Event    string
	Role     string
	Instance string
	Time     int64 // Unix time in nanoseconds
}

// first is the earliest event of a role, nil when there is none; last the latest.
func first(events []event, role, name string) *event { return pick(events, role, name, 1) }
func last(events []event, role, name string) *event  { return pick(events, role, name, -1) }

func pick(events []event, role, name string, sign int64) *event {
	var found *event
	for i, e := range events {
		if e.Role == role && e.Event == name && (found == nil || (e.Time-found.Time)*sign < 0) {
			found = &events[i]
		}
	}
	return found
}

// of are the instances of a service.
func of(all []instance, service string) []instance {
	return slices.DeleteFunc(slices.Clone(all), func(in instance) bool { return in.service != service })
}

// eventually asks until what it asks for holds, and says in the end what did not.
func eventually(t *testing.T, limit time.Duration, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %v", limit, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
