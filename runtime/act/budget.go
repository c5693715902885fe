package act

import (
	"fmt"
	"slices"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Kind is what is said about a [Job].
type Kind int

// The kinds.
const (
	Taken   Kind = iota // it runs
	Busy                // another one runs for this service, or as many as may run: ask again
	Backoff             // the pause after the restart before is not over: ask again
	GivenUp             // a bound on restarts holds it back
)

// Verdict is the answer to a job.
type Verdict struct {
	Kind Kind
	// Why says which bound holds it back, and Until when it may be asked for again at the earliest; only for Backoff and
	// GivenUp.
	Why   string
	Until time.Time
	// New is set on the first GivenUp since a restart of the service was last allowed.
	New bool
}

// defaults are the bounds that hold where the spec says nothing (spec.Restarts).
var defaults = spec.Restarts{
	PerService: 5,
	Window:     spec.Duration(10 * time.Minute),
	Backoff:    spec.Duration(500 * time.Millisecond),
	MaxBackoff: spec.Duration(30 * time.Second),
	Share:      50,
}

// Budget counts restarts. It is not safe for concurrent use, and reads no clock.
type Budget struct {
	rule     spec.Restarts
	services int
	past     map[string]*past
	recent   []restart      // within MaxBackoff, oldest first
	inRecent map[string]int // how often a service stands there
}

type restart struct {
	service string
	at      time.Time
}

// past is what is remembered of one service.
type past struct {
	starts  []time.Time   // of restarts within the window, oldest first
	ended   time.Time     // the last one
	pause   time.Duration // before the next one
	givenUp bool          // and it was told
	before  *past         // the restart that was taken last, for [Budget.Undo]; without starts
}

// NewBudget bounds restarts by rule, nil for the defaults, among so many services.
func NewBudget(rule *spec.Restarts, services int) *Budget {
	b := &Budget{past: map[string]*past{}, inRecent: map[string]int{}}
	b.Set(rule, services)
	return b
}

// Set changes the bounds. What was restarted before counts on.
func (b *Budget) Set(rule *spec.Restarts, services int) {
	b.rule, b.services = defaults, services
	if rule == nil {
		return
	}
	if rule.PerService > 0 {
		b.rule.PerService = rule.PerService
	}
	if rule.Share > 0 {
		b.rule.Share = rule.Share
	}
	for _, d := range []struct{ to, from *spec.Duration }{
		{&b.rule.Window, &rule.Window}, {&b.rule.Backoff, &rule.Backoff}, {&b.rule.MaxBackoff, &rule.MaxBackoff},
	} {
		if *d.from > 0 {
			*d.to = *d.from
		}
	}
	b.rule.MaxBackoff = max(b.rule.MaxBackoff, b.rule.Backoff)
}

// Take asks for a restart of service now, and counts it where it is [Taken]; the caller then calls [Budget.End].
func (b *Budget) Take(service string, now time.Time) Verdict {
	window, near := time.Duration(b.rule.Window), time.Duration(b.rule.MaxBackoff)
	p := b.past[service]
	if p == nil {
		p = &past{}
	}
	p.forget(now.Add(-window))
	if n := len(p.starts); n >= b.rule.PerService {
		return b.giveUp(service, p, fmt.Sprintf("restarted %d times in %s", n, window), p.starts[n-b.rule.PerService].Add(window))
	}
	if until := p.ended.Add(p.pause); now.Before(until) {
		return Verdict{Kind: Backoff, Why: fmt.Sprintf("%s since the last restart are not over", p.pause), Until: until}
	}
	others, first := b.others(service, now.Add(-near))
	if others > 0 && (others+1)*100 > b.services*b.rule.Share {
		why := fmt.Sprintf("%d of %d services were restarted in the last %s, and the bound is %d%%", others, b.services, near, b.rule.Share)
		return b.giveUp(service, p, why, first.Add(near))
	}
	p.before = &past{ended: p.ended, pause: p.pause, givenUp: p.givenUp}
	if p.pause = min(2*p.pause, near); p.pause == 0 {
		p.pause = time.Duration(b.rule.Backoff)
	}
	p.starts, p.ended, p.givenUp = append(p.starts, now), now, false
	b.past[service] = p
	b.recent = append(b.recent, restart{service, now})
	b.inRecent[service]++
	return Verdict{Kind: Taken}
}

// End says that the restart of service which was taken has ended: the pause begins.
func (b *Budget) End(service string, now time.Time) {
	if p := b.past[service]; p != nil {
		p.ended, p.before = now, nil
	}
}

// Undo says that the restart of service which was taken was not done, and does not count. It stands for [Budget.End].
func (b *Budget) Undo(service string) {
	p := b.past[service]
	if p == nil || p.before == nil {
		return
	}
	p.starts = p.starts[:max(0, len(p.starts)-1)]
	p.ended, p.pause, p.givenUp, p.before = p.before.ended, p.before.pause, p.before.givenUp, nil
	for i := len(b.recent) - 1; i >= 0; i-- {
		if b.recent[i].service != service {
			continue
		}
		b.recent = slices.Delete(b.recent, i, i+1)
		if b.inRecent[service]--; b.inRecent[service] == 0 {
			delete(b.inRecent, service)
		}
		return
	}
}

func (b *Budget) giveUp(service string, p *past, why string, until time.Time) Verdict {
	v := Verdict{Kind: GivenUp, Why: why, Until: until, New: !p.givenUp}
	p.givenUp = true
	b.past[service] = p
	return v
}

// others is how many other services were restarted after since, and when the first of them was.
func (b *Budget) others(service string, since time.Time) (n int, first time.Time) {
	for len(b.recent) > 0 && !b.recent[0].at.After(since) {
		old := b.recent[0].service
		if b.inRecent[old]--; b.inRecent[old] == 0 {
			delete(b.inRecent, old)
		}
		b.recent = b.recent[1:]
	}
	for _, r := range b.recent {
		if r.service != service {
			first = r.at
			break
		}
	}
	if n = len(b.inRecent); b.inRecent[service] > 0 {
		n--
	}
	return n, first
}

// forget drops restarts up to then, which no bound counts any more; without any, the pause starts anew.
func (p *past) forget(until time.Time) {
	for len(p.starts) > 0 && !p.starts[0].After(until) {
		p.starts = p.starts[1:]
	}
	if len(p.starts) == 0 {
		p.pause = 0
	}
}
