package schedule

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// answers: + works, - fails; one a second. states: s starting, p passed, f failed, after each answer.
func TestMachine(t *testing.T) {
	for _, c := range []struct {
		why             string
		level           spec.Level
		failures, succs int
		start           time.Duration
		answers, states string
	}{
		{"alive begins as passed, three failures in a row fail it", spec.Alive, 3, 1, 0, "---", "ppf"},
		{"ready begins as not passed, the first success passes it", spec.Ready, 3, 1, 0, "--+", "ssp"},
		{"and one that never works fails", spec.Ready, 3, 1, 0, "----", "ssff"},
		{"a success between begins the row anew", spec.Alive, 3, 1, 0, "--+--+---", "ppppppppf"},
		{"it recovers with the first success", spec.Alive, 1, 1, 0, "-+-", "fpf"},
		{"or with so many in a row", spec.Alive, 1, 3, 0, "-++-+++", "ffffffp"},
		{"failures in the start period do not count", spec.Alive, 2, 1, 3 * time.Second, "-----", "ppppf"},
		{"the first success ends it", spec.Alive, 2, 1, time.Hour, "--+--", "ppppf"},
		{"a failure in the start period still breaks a row of successes", spec.Ready, 2, 2, 0, "+-+-++", "sssssp"},
		{"startup too", spec.Startup, 2, 1, 0, "--+", "sfp"},
	} {
		m, got := newMachine(c.level), strings.Builder{}
		rule := spec.Check{Failures: c.failures, Successes: c.succs, StartPeriod: spec.Duration(c.start)}
		for i, a := range c.answers {
			was := m.state
			if changed := m.see(&rule, time.Duration(i)*time.Second, a == '+'); changed != (m.state != was) {
				t.Errorf("%s: answer %d: changed %v, from %s to %s", c.why, i, changed, was, m.state)
			}
			got.WriteByte(m.state[0])
		}
		if got.String() != c.states {
			t.Errorf("%s: %s gives %s; want %s", c.why, c.answers, got.String(), c.states)
		}
	}
}

func TestFlap(t *testing.T) {
	wild := strings.Repeat("+-", 11)
	for _, c := range []struct {
		answers string
		percent float64
		on      bool
	}{
		{"", 0, false},
		{"-", 0, false},
		{strings.Repeat("+", 30), 0, false},
		{strings.Repeat("+", 20) + "-", 6, false}, // one change, the newest: 1.2 of 20
		{"-" + strings.Repeat("+", 20), 4, false}, // one change, the oldest: 0.8 of 20
		{"+-+-+-+-+-", 9 * (1.2 + 1.2 - .4*8/19) / 2 * 5, true},
		{"+-+-+-+-+", 8 * (1.2 + 1.2 - .4*7/19) / 2 * 5, false},
		{wild, 100, true},
		{wild + strings.Repeat("-", 15), 5 * (.8 + .8 + .4*4/19) / 2 * 5, true},  // five changes, the oldest
		{wild + strings.Repeat("-", 16), 4 * (.8 + .8 + .4*3/19) / 2 * 5, false}, // four
	} {
		var f flap
		turns := 0
		for _, a := range c.answers {
			if f.see(a == '+') {
				turns++
			}
		}
		if f.on != c.on || turns > 2 || (turns == 1) != c.on || math.Abs(f.percent()-c.percent) > 1e-9 {
			t.Errorf("%s: flapping %v after %d turns, %v%%; want %v, %v%%", c.answers, f.on, turns, f.percent(), c.on, c.percent)
		}
	}
}

func number(v float64) *float64 { return &v }

func TestPerf(t *testing.T) {
	for _, c := range []struct {
		line, text string
		want       []Perf
	}{
		{"OK", "OK", nil},
		{"DISK OK - free | /=2643MB;5948;5958;0;5968 'a b'=1", "DISK OK - free", []Perf{
			{Label: "/", Value: 2643, Unit: "MB", Warn: "5948", Crit: "5958", Min: number(0), Max: number(5968)},
			{Label: "a b", Value: 1},
		}},
		{"x|t=0.5s;10:20;@5:7 'it''s'=3c used=81%;80;90;0;100", "x", []Perf{
			{Label: "t", Value: .5, Unit: "s", Warn: "10:20", Crit: "@5:7"},
			{Label: "it's", Value: 3, Unit: "c"},
			{Label: "used", Value: 81, Unit: "%", Warn: "80", Crit: "90", Min: number(0), Max: number(100)},
		}},
		{"x|a=U;1;2 b=-1.5 c=1e3B d=1,5 =4 e", "x", []Perf{
			{Label: "b", Value: -1.5}, {Label: "c", Value: 1000, Unit: "B"}, {Label: "d", Value: 1.5}}},
		{"x|'open=1", "x", nil},
		{"x|''=1 a=nan b=inf c=..1 d=1", "x", []Perf{{Label: "d", Value: 1}}},
	} {
		text, got := parsePlugin(c.line)
		if text != c.text || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q %+v; want %q %+v", c.line, text, got, c.text, c.want)
		}
	}
	if _, got := parsePlugin("x|" + strings.Repeat("a=1 ", 1000)); len(got) != maxPerf {
		t.Errorf("%d figures are kept; want %d", len(got), maxPerf)
	}
}

func FuzzPerf(f *testing.F) {
	f.Add("x|a=1;2;3;4;5 'b'=2%")
	f.Fuzz(func(t *testing.T, line string) {
		_, got := parsePlugin(line)
		for _, p := range got {
			if p.Label == "" || math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
				t.Errorf("%q: %+v", line, p)
			}
		}
	})
}

// The bound of a bucket is no smaller than what it counts, and no more than a quarter larger than that, or 1 µs.
func TestLags(t *testing.T) {
	for d := time.Duration(0); d < 10*time.Second; d = d*5/4 + 777*time.Nanosecond {
		if up := upper(lagBucket(d)); up < d.Truncate(time.Microsecond) || up > d+d/4+2*time.Microsecond {
			t.Errorf("%s counts as %s", d, up)
		}
	}
	now := time.Now()
	l := lags{begun: now}
	for i := range 1000 {
		d := time.Millisecond
		if i >= 985 {
			d = time.Second
		}
		l.add(now, d)
	}
	if got := l.p99(); got < time.Second || got > 5*time.Second/4 {
		t.Errorf("the 99th percentile is %s; want about 1s", got)
	}
	for i := range 3 {
		l.add(now.Add(time.Duration(i+1)*2*time.Minute), time.Millisecond)
	}
	if got := l.p99(); got > 2*time.Millisecond {
		t.Errorf("minutes later it is %s; want about 1ms", got)
	}
}
