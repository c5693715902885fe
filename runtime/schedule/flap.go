package schedule

// Flapping as Nagios Core has it (manual, "Detection and Handling of State Flapping"): of the last 21 answers there are 20
// possible changes, of which the newest weighs half as much again as the oldest; the sum in percent begins flapping from
// the upper bound on, and ends it below the lower.
const (
	flapAnswers = 21
	flapBegins  = 50.0
	flapEnds    = 20.0
	flapOldest  = 0.8
	flapNewest  = 1.2
)

// flap remembers the last answers: one bit each, the newest lowest.
type flap struct {
	bits uint32
	n    uint8
	on   bool
}

// see takes an answer and tells whether flapping has begun or ended.
func (f *flap) see(works bool) (changed bool) {
	f.bits <<= 1
	if works {
		f.bits |= 1
	}
	f.n = min(f.n+1, flapAnswers)
	switch p := f.percent(); {
	case !f.on && p >= flapBegins, f.on && p < flapEnds:
		f.on = !f.on
		return true
	}
	return false
}

// percent is how much the answers changed. What was not asked yet has not changed.
func (f *flap) percent() float64 {
	sum := 0.0
	for i := range int(f.n) - 1 { // i is the age of the change
		if f.bits>>i&1 != f.bits>>(i+1)&1 {
			sum += flapNewest - (flapNewest-flapOldest)*float64(i)/(flapAnswers-2)
		}
	}
	return sum * 100 / (flapAnswers - 1)
}
