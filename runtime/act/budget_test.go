package act

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// ask is a line of a history: at so many milliseconds, a service asks; want is the verdict, t taken, b backoff, g given up,
// G given up and told.
func history(t *testing.T, b *Budget, asks string) {
	t.Helper()
	begin := time.Now()
	for _, a := range strings.Fields(asks) {
		var at int
		var service, want string
		if _, err := fmt.Sscanf(strings.NewReplacer(":", " ", "=", " ").Replace(a), "%d %s %s", &at, &service, &want); err != nil {
			t.Fatal(a, err)
		}
		now := begin.Add(time.Duration(at) * time.Millisecond)
		v := b.Take(service, now)
		got := "t?bg"[v.Kind : v.Kind+1]
		if v.New {
			got = "G"
		}
		if got != want {
			t.Errorf("%s: got %s (%s)", a, got, v.Why)
		}
		if v.Kind == Taken {
			b.End(service, now)
		} else if !v.Until.After(now) {
			t.Errorf("%s: held back until %s, which is over", a, v.Until.Sub(begin))
		}
	}
}

// Pauses double from 500 ms up to 30 s, and begin anew after a window without a restart.
func TestBackoff(t *testing.T) {
	b := NewBudget(&spec.Restarts{PerService: 100}, 1)
	history(t, b, "0:a=t 499:a=b 500:a=t 1499:a=b 1500:a=t 3499:a=b 3500:a=t 7499:a=b 7500:a=t 15499:a=b 15500:a=t "+
		"31499:a=b 31500:a=t 61499:a=b 61500:a=t 91499:a=b 91500:a=t 691500:a=t 692000:a=t")
}

// Five in ten minutes; more are given up, told once until one is allowed again.
func TestPerService(t *testing.T) {
	b := NewBudget(nil, 1)
	history(t, b, "0:a=t 60000:a=t 120000:a=t 180000:a=t 240000:a=t 300000:a=G 310000:a=g 599999:a=g 600000:a=t 630001:a=G 660000:a=t")
}

// Half of the services within 30 s; one at least.
func TestShare(t *testing.T) {
	history(t, NewBudget(nil, 1), "0:a=t 500:a=t")
	history(t, NewBudget(nil, 2), "0:a=t 1:b=G 500:a=t 30499:b=g 30500:b=t 30501:a=G 60500:a=t")
	history(t, NewBudget(&spec.Restarts{Share: 1}, 3), "0:a=t 1:b=G 2:c=G 500:a=t 30500:b=t 31500:b=t")
	history(t, NewBudget(nil, 5), "0:a=t 1:b=t 2:c=G 3:d=G 4:e=G 500:a=t 30001:c=t 30002:d=g")
	history(t, NewBudget(&spec.Restarts{Share: 100}, 3), "0:a=t 1:b=t 2:c=t")
}

// New bounds hold for what was restarted before.
func TestSet(t *testing.T) {
	b := NewBudget(nil, 4)
	history(t, b, "0:a=t 1:b=t 2:c=G")
	b.Set(&spec.Restarts{Share: 100}, 4)
	if v := b.Take("c", time.Now()); v.Kind != Taken {
		t.Errorf("with a new bound: %+v", v)
	}
}

// A restart that was not done counts nowhere: not for its service, whose pause and whose silence stay what they were, and not
// for the share of others.
func TestUndo(t *testing.T) {
	begin := time.Now()
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	undone := func(b *Budget, service string, ms int) {
		t.Helper()
		if v := b.Take(service, at(ms)); v.Kind != Taken {
			t.Fatalf("%d: %+v", ms, v)
		}
		b.Undo(service)
	}
	b := NewBudget(&spec.Restarts{PerService: 2}, 2)
	for range 5 {
		undone(b, "a", 0)
	}
	b.Undo("a")
	b.Undo("nobody")
	history(t, b, "0:b=t 1:a=G 30000:a=t 30499:a=b 30500:a=t 30501:a=G")

	b = NewBudget(&spec.Restarts{PerService: 3, Share: 100}, 2)
	history(t, b, "0:a=t 500:a=t")
	if v := b.Take("a", at(1600)); v.Kind != Taken {
		t.Fatalf("%+v", v)
	}
	if v := b.Take("b", at(60000)); v.Kind != Taken { // what is near is forgotten meanwhile
		t.Fatalf("%+v", v)
	}
	b.Undo("a")
	if early, late := b.Take("a", at(1400)), b.Take("a", at(1700)); early.Kind != Backoff || late.Kind != Taken {
		t.Errorf("the pause of before does not hold: %+v, %+v", early, late)
	}
}
