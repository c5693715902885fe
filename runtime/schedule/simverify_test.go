package schedule

import (
	"slices"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// verify holds the history of a simulation against what is promised.
func (s *sim) verify() {
	if len(s.replies) == 0 {
		s.fault("nothing was asked")
	}
	s.tally.events.Add(int64(len(s.events)))
	for _, r := range s.replies {
		s.tally.asked.Add(int64(len(r)))
	}
	s.verifyBudget()
	for k := range s.specs {
		s.verifyRows(k)
		s.verifyDetection(k)
	}
}

// verifyBudget: at most 5 restarts of a service in 10 minutes, a pause between them, and at most half of the services
// within 30 s.
func (s *sim) verifyBudget() {
	type begun struct {
		at   time.Duration
		name string
	}
	var all []begun
	for name, svc := range s.svcs {
		s.tally.restarts.Add(int64(len(svc.restarts)))
		for i, r := range svc.restarts {
			all = append(all, begun{r.from, name})
			if i >= 5 && r.from-svc.restarts[i-5].from < 10*time.Minute {
				s.fault("%s: six restarts within %s", name, r.from-svc.restarts[i-5].from)
			}
			if i > 0 && r.from-svc.restarts[i-1].to < 500*time.Millisecond {
				s.fault("%s: restarted %s after the end of the restart before", name, r.from-svc.restarts[i-1].to)
			}
		}
	}
	slices.SortFunc(all, func(a, b begun) int { return int(a.at - b.at) })
	for i, r := range all {
		names := map[string]bool{}
		for _, q := range all[:i+1] {
			if r.at-q.at < 30*time.Second {
				names[q.name] = true
			}
		}
		if len(names) > simServices/2 {
			s.fault("%d of %d services restarted within 30s, at %s", len(names), simServices, r.at)
		}
	}
}

// counted are the replies of a check that count at a time: those to questions since it last started over, of which the
// answer was there by then.
func (s *sim) counted(k, service string, at time.Duration) (since time.Duration, row []reply, open *reply) {
	for _, r := range s.svcs[service].restarts {
		if r.to <= at {
			since = max(since, r.to)
		}
	}
	for _, r := range s.resets[k] {
		if r <= at {
			since = max(since, r)
		}
	}
	replies := s.replies[k]
	end, _ := slices.BinarySearchFunc(replies, at+1, func(r reply, at time.Duration) int { return int(r.end - at) })
	for i := end - 1; i >= 0 && replies[i].start >= since; i-- {
		if !replies[i].unasked {
			row = append(row, replies[i])
		}
	}
	if end < len(replies) && replies[end].start <= at {
		open = &replies[end]
	}
	return since, row, open
}

// verifyRows: no check fails or recovers without so many answers in a row.
func (s *sim) verifyRows(k string) {
	failures := s.failuresOver(k)
	for i, e := range s.events {
		if key(e.Service, e.Check) != k || e.ActionFailed || (e.Kind != spec.EventFailed && e.Kind != spec.EventRecovered) {
			continue
		}
		since, row, open := s.counted(k, e.Service, s.at[i])
		need, works := s.specs[k].Successes, true
		if e.Kind == spec.EventFailed {
			need, works = failures(s.at[i]), false
			if open != nil && s.at[i]-open.start > time.Duration(s.specs[k].Timeout) { // it hangs, which fails once in each interval
				continue
			}
			if slices.ContainsFunc(s.replies[k], func(r reply) bool {
				return r.end > since && r.start < s.at[i] && r.end-r.start > time.Duration(s.specs[k].Timeout)+grace
			}) {
				continue // it did
			}
		}
		s.tally.rows.Add(1)
		for j := range need {
			if j >= len(row) || row[j].works != works {
				s.fault("%s: %s at %s, which answer %d of %d before does not say: %+v", k, e.Kind, s.at[i], j, need, row[:min(len(row), need)])
				break
			}
		}
	}
}

// failuresOver is how many failures a check needed at a time: reloads counted up from the first spec to the last.
func (s *sim) failuresOver(k string) func(at time.Duration) int {
	return func(at time.Duration) int {
		n := s.specs[k].Failures
		for _, r := range s.resets[k] {
			if r > at { // that change came later: back over it
				if n--; n == 0 {
					n = 4
				}
			}
		}
		return n
	}
}

// verifyDetection: a service that is down or hangs for long enough is told to have failed within failures × interval +
// timeout, unless it is restarted before, is down already, its check has begun anew and not worked since, or it starts.
func (s *sim) verifyDetection(k string) {
	c := s.specs[k]
	if c.Level == spec.Startup {
		return
	}
	failures := s.failuresOver(k)
	svc := s.svcs[c.Service]
	for _, m := range svc.modes {
		bound := time.Duration(failures(m.from))*time.Duration(c.Interval) + time.Duration(c.Timeout) + time.Second
		limit := m.from + bound
		if (m.mode != down && m.mode != hangs) || m.to < limit || limit > simulated {
			continue
		}
		within := func(at time.Duration) bool { return at >= m.from && at <= limit }
		disturbed := slices.ContainsFunc(svc.restarts, func(r span) bool { return r.from <= limit && r.to >= m.from }) ||
			slices.ContainsFunc(s.resets[k], within) || s.startsUp(c.Service, m.from, limit)
		_, row, open := s.counted(k, c.Service, m.from)
		worked := slices.ContainsFunc(row, func(r reply) bool { return r.works })
		if disturbed || !worked || (open != nil && open.end-open.start > time.Duration(c.Timeout)) {
			continue
		}
		failed := false // before m, and not recovered
		found := false
		for i, e := range s.events {
			if key(e.Service, e.Check) != k || e.ActionFailed {
				continue
			}
			if s.at[i] < m.from {
				failed = e.Kind == spec.EventFailed || (failed && e.Kind != spec.EventRecovered)
			}
			found = found || (e.Kind == spec.EventFailed && within(s.at[i]))
		}
		if s.tally.detections.Add(1); !found && !failed {
			s.fault("%s: fails from %s to %s and is not told within %s", k, m.from, m.to, bound)
		}
	}
}

// startsUp tells whether a startup check of the service, which others wait for, has yet to work in that time.
func (s *sim) startsUp(service string, from, to time.Duration) bool {
	for k, c := range s.specs {
		if c.Service != service || c.Level != spec.Startup {
			continue
		}
		_, row, _ := s.counted(k, service, from)
		began := slices.ContainsFunc(s.resets[k], func(at time.Duration) bool { return at >= from && at <= to })
		inRow := 0
		for _, r := range row {
			if inRow++; !r.works {
				inRow = 0
			}
			if inRow == c.Successes {
				break
			}
		}
		if began || inRow < c.Successes {
			return true
		}
	}
	return false
}
