package notify

import (
	"context"
	"time"
)

// pace is when a notifier may send.
type pace struct {
	sent    []time.Time // the last messages, oldest first
	failed  time.Time   // when the last try failed
	pause   time.Duration
	waited  bool // for the limit: what waits is told as a digest
	pending bool // a message failed and is to be tried again
}

// run sends until n is closed and nothing waits, or ctx ends.
func (n *notifier) run(ctx context.Context) {
	var p pace
	for ctx.Err() == nil {
		batch, dropped, wait, end := n.choose(&p)
		if end {
			return
		}
		if len(batch) > 0 {
			n.try(ctx, &p, batch, dropped)
			continue
		}
		n.sleep(ctx, wait)
	}
}

// sleep waits until something comes, or for d; below 0 for ever.
func (n *notifier) sleep(ctx context.Context, d time.Duration) {
	var after <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-ctx.Done():
	case <-n.wake:
	case <-after:
	}
}

// choose is what is sent now; where that is nothing, how long to wait, below 0 for ever. end: there is nothing to do any
// more.
func (n *notifier) choose(p *pace) (batch []Event, dropped int, wait time.Duration, end bool) {
	now := n.Now()
	n.mu.Lock()
	old := n.queue.remove(func(it *item) bool { return now.Sub(it.first) >= n.Limits.GiveUp })
	batch, wait, end = n.ready(p, now)
	dropped = n.queue.dropped
	n.mu.Unlock() // before anything that may block, as Tell must not
	if old > 0 {
		n.Log.Error("events are too old to be told", "notifier", n.name, "events", old, "after", n.Limits.GiveUp)
		n.Count(n.name, outcomeFailed, old)
	}
	return batch, dropped, wait, end
}

// ready is choose of a queue that is locked, without what is too old.
func (n *notifier) ready(p *pace, now time.Time) (batch []Event, wait time.Duration, end bool) {
	due, ok := n.queue.next()
	if !ok {
		p.pending, p.pause = false, 0
		return nil, -1, n.closed
	}
	p.pending = p.pending && n.queue.sending()
	wait = max(0, due.Sub(now))
	if p.pending {
		wait = max(0, p.pause-now.Sub(p.failed))
	}
	if n.closed && !p.pending {
		wait = 0 // a last message, whatever the limit says
	} else if free := n.free(p, now); free > wait && !n.closed {
		wait, p.waited = free, true
	}
	if wait > 0 {
		return nil, wait, false
	}
	most := 1
	if p.waited || p.pending || n.closed {
		most = n.Limits.Queue
	}
	p.waited = false
	for _, it := range n.queue.take(most, n.closed, now) {
		batch = append(batch, it.Event)
	}
	return batch, 0, false
}

// free is how long it takes until the limit lets another message through.
func (n *notifier) free(p *pace, now time.Time) time.Duration {
	for len(p.sent) > 0 && now.Sub(p.sent[0]) >= time.Minute {
		p.sent = p.sent[1:]
	}
	if len(p.sent) < n.Limits.PerMinute {
		return 0
	}
	return time.Minute - now.Sub(p.sent[0])
}

// try sends once. What fails for a reason that may pass stays in the queue, with what came meanwhile.
func (n *notifier) try(ctx context.Context, p *pace, batch []Event, dropped int) {
	ctx, cancel := context.WithTimeout(ctx, n.Limits.Try)
	defer cancel()
	p.sent = append(p.sent, n.Now())
	err := n.way.send(ctx, newMessage(n.Project, n.Host, batch, dropped))
	if err != nil && isTemporary(err) {
		p.failed, p.pending = n.Now(), true
		p.pause = min(max(n.Limits.Pause, 2*p.pause), maxPause)
		n.Log.Warn("cannot notify", "notifier", n.name, "error", err, "again_in", p.pause)
		return
	}
	p.pending, p.pause = false, 0
	n.mu.Lock()
	events := n.queue.remove(func(it *item) bool { return it.sending })
	n.queue.dropped -= dropped
	if err != nil {
		n.queue.dropped += dropped // still to be told
	}
	n.mu.Unlock()
	if err != nil {
		n.Log.Error("cannot notify", "notifier", n.name, "error", err, "events", events)
		n.Count(n.name, outcomeFailed, events)
		return
	}
	n.Log.Debug("notified", "notifier", n.name, "events", events)
	n.Count(n.name, outcomeSent, events)
}
