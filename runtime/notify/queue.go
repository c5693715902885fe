package notify

import (
	"slices"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// key is what makes two events the same.
type key struct {
	service, check string
	kind           spec.Event
}

// opposite is the event that takes k back, for those that have one.
func (k key) opposite() (key, bool) {
	switch k.kind {
	case spec.EventFailed:
		k.kind = spec.EventRecovered
	case spec.EventRecovered:
		k.kind = spec.EventFailed
	default:
		return k, false
	}
	return k, true
}

// item is an event that waits.
type item struct {
	Event
	key     key
	first   time.Time // when it was put in, or happened again: it is given up some time after
	due     time.Time // not told before
	sending bool
}

// queue is what waits for one notifier; its owner locks it. It is bounded, and so is what it remembers.
type queue struct {
	items   []*item
	limit   int
	window  time.Duration
	told    map[key]time.Time // when a key was last put in to be told at once, or becomes due
	dropped int               // since the last message
}

// put adds e, and tells what became of it: "" it waits, "coalesced" it changed one that waits or was taken back by it,
// "dropped" another one made way.
func (q *queue) put(e Event, now time.Time) string {
	k := key{e.Service, e.Check, e.Kind}
	if other, ok := k.opposite(); ok {
		// One that is held back and what takes it back: what was told last is true again.
		if i := q.find(other); i >= 0 && q.items[i].due.After(now) {
			q.told[other] = q.items[i].due.Add(-q.window) // as if it had not been
			q.items = slices.Delete(q.items, i, i+1)
			return outcomeCoalesced
		}
	}
	if i := q.find(k); i >= 0 {
		it := q.items[i]
		e.Count += it.Count
		it.Event, it.first = e, now
		return outcomeCoalesced
	}
	it := &item{Event: e, key: k, first: now, due: now}
	if last, ok := q.told[k]; ok && now.Before(last.Add(q.window)) {
		it.due = last.Add(q.window)
	}
	q.remember(k, it.due, now)
	outcome := ""
	if len(q.items) >= q.limit {
		// The oldest makes way: what happens now is worth more. One that is being sent stays.
		i := slices.IndexFunc(q.items, func(it *item) bool { return !it.sending })
		if i < 0 {
			q.dropped += e.Count
			return outcomeDropped
		}
		q.dropped += q.items[i].Count
		q.items = slices.Delete(q.items, i, i+1)
		outcome = outcomeDropped
	}
	q.items = append(q.items, it)
	return outcome
}

func (q *queue) find(k key) int {
	return slices.IndexFunc(q.items, func(it *item) bool { return it.key == k && !it.sending })
}

// remember keeps at most as many keys as make sense; those whose window is over go first, and then all: to forget one
// means one message more.
func (q *queue) remember(k key, at, now time.Time) {
	if len(q.told) >= maxKeys {
		for other, t := range q.told {
			if !now.Before(t.Add(q.window)) {
				delete(q.told, other)
			}
		}
		if len(q.told) >= maxKeys {
			clear(q.told)
		}
	}
	q.told[k] = at
}

// maxKeys bounds what a queue remembers.
const maxKeys = 10_000

// take marks up to n that are due as being sent, those that already are first, oldest first; all: whether due or not.
func (q *queue) take(n int, all bool, now time.Time) []*item {
	var some []*item
	for _, it := range q.items {
		if it.sending {
			some = append(some, it)
		}
	}
	for _, it := range q.items {
		if len(some) >= n {
			break
		}
		if !it.sending && (all || !it.due.After(now)) {
			it.sending = true
			some = append(some, it)
		}
	}
	return some
}

// next is when the next one is due; false: none waits.
func (q *queue) next() (time.Time, bool) {
	var at time.Time
	for i, it := range q.items {
		if i == 0 || it.due.Before(at) {
			at = it.due
		}
	}
	return at, len(q.items) > 0
}

// remove takes out what was sent or given up, and returns how many events that were.
func (q *queue) remove(which func(*item) bool) int {
	n := 0
	q.items = slices.DeleteFunc(q.items, func(it *item) bool {
		if which(it) {
			n += it.Count
			return true
		}
		return false
	})
	return n
}

// sending tells whether some are being sent, or are to be tried again.
func (q *queue) sending() bool {
	return slices.ContainsFunc(q.items, func(it *item) bool { return it.sending })
}
