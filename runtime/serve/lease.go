package serve

import (
	"context"
	"fmt"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Times of values that are asked for.
const (
	askTime     = 30 * time.Second // for one question
	plainLife   = 5 * time.Minute  // of a value that says nothing about its life
	shortLife   = 10 * time.Second // no value is asked for more often
	firstWait   = time.Second      // after the first failure; it doubles
	longestWait = time.Minute
	askers      = 8 // questions at a time
)

// lease is one value of Vault, and when it is asked for again. Services with the same reference share one.
type lease struct {
	ref   spec.Vault
	value string
	has   bool
	got   time.Time // when value came
	err   error     // of the last question
	fails int
	next  time.Time // when to ask; zero: at once
	done  bool      // a version that is named does not change
	busy  bool
}

// ask starts the questions that are due. The server is locked.
func (s *Server) ask(ctx context.Context, now time.Time) {
	for _, l := range s.leases {
		if l.busy || l.done || now.Before(l.next) {
			continue
		}
		l.busy = true
		s.asking.Go(func() {
			select {
			case s.slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			defer func() { <-s.slots }()
			limit, cancel := context.WithTimeout(ctx, askTime)
			defer cancel()
			value, ttl, err := s.o.Vault(limit, l.ref)
			if err == nil {
				if err = checkValue(value); err != nil {
					err = fmt.Errorf("cannot use the field %q of %s: %w", l.ref.Key, l.ref.Path, err)
				}
			}
			s.answered(ctx, l, value, ttl, err)
		})
	}
}

// answered takes an answer, and serves it.
func (s *Server) answered(ctx context.Context, l *lease, value string, ttl time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	l.busy = false
	if err != nil {
		if ctx.Err() != nil {
			return // told to stop
		}
		wait := min(firstWait<<min(l.fails, 10), longestWait)
		l.next = now.Add(wait/2 + time.Duration(s.o.Rand()*float64(wait/2))) // not all at once when Vault is back
		if l.fails++; l.err == nil || l.err.Error() != err.Error() {
			s.log.Error("cannot read a secret; the last value is served, where there is one", "path", l.ref.Path, "key", l.ref.Key, "error", err)
		}
		l.err = err
		return
	}
	if l.err != nil {
		s.log.Info("a secret can be read again", "path", l.ref.Path, "key", l.ref.Key)
	}
	if ttl <= 0 {
		ttl = plainLife
	}
	// Two thirds of its life, less up to a tenth, leave time for several tries.
	life := max(ttl*2/3, shortLife)
	l.next = now.Add(life - time.Duration(s.o.Rand()*float64(life)/10))
	changed := !l.has || l.value != value
	l.value, l.has, l.got, l.err, l.fails = value, true, now, nil, 0
	l.done = l.ref.Version > 0
	if changed {
		for _, c := range s.clients {
			if c.uses(l) {
				s.render(c)
			}
		}
	}
}
