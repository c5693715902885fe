package shape

import (
	"regexp"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for _, c := range []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"0", 0, true}, {"0s", 0, true}, {"5s", 5 * time.Second, true}, {"1m30s", 90 * time.Second, true}, {"1.5h", 90 * time.Minute, true},
		{"500ms", 500 * time.Millisecond, true}, {"10us", 10 * time.Microsecond, true}, {"10µs", 10 * time.Microsecond, true},
		{"7ns", 7, true}, {"1d", 24 * time.Hour, true}, {"2w", 14 * 24 * time.Hour, true}, {".5s", 500 * time.Millisecond, true},
		{"", 0, false}, {"5", 0, false}, {"s", 0, false}, {"5x", 0, false}, {"-5s", 0, false}, {"5s5", 0, false}, {"5 s", 0, false},
		{"1.2.3s", 0, false}, {"999999999999h", 0, false}, {".s", 0, false},
	} {
		if got, ok := ParseDuration(c.in); got != c.want || ok != c.ok {
			t.Errorf("%q: got %v, %t; want %v, %t", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"1024", 1024, true}, {"-1", -1, true}, {"1b", 1, true}, {"1k", 1024, true}, {"1K", 1024, true}, {"1kb", 1024, true},
		{"1KiB", 1024, true}, {"1Ki", 1024, true}, {"512M", 512 << 20, true}, {"1.5g", 3 << 29, true}, {"2t", 2 << 40, true}, {"1p", 1 << 50, true},
		{"1 g", 1 << 30, true}, {"10Gi", 10 << 30, true}, {".5k", 512, true},
		{"", 0, false}, {"k", 0, false}, {"1.5", 0, false}, {"1x", 0, false}, {"1gg", 0, false}, {"1kib2", 0, false}, {"-1k", 0, false},
		{"99999999p", 0, false}, {"1bb", 0, false},
	} {
		if got, ok := ParseBytes(c.in); got != c.want || ok != c.ok {
			t.Errorf("%q: got %d, %t; want %d, %t", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseOthers(t *testing.T) {
	for _, c := range []struct {
		in   string
		want uint32
		ok   bool
	}{{"0440", 0o440, true}, {"440", 0o440, true}, {"0o440", 0o440, true}, {"7777", 0o7777, true}, {"10000", 0, false}, {"9", 0, false}, {"", 0, false}} {
		if got, ok := ParseMode(c.in); ok != c.ok || ok && got != c.want {
			t.Errorf("mode %q: got %o, %t", c.in, got, ok)
		}
	}
	for _, c := range []struct {
		in        string
		low, high int
		ok        bool
	}{{"80", 80, 80, true}, {"8000-8010", 8000, 8010, true}, {"1", 1, 1, true}, {"65535", 65535, 65535, true}, {"0", 0, 0, false}, {"65536", 0, 0, false},
		{"80-70", 0, 0, false}, {"80x", 0, 0, false}, {"80-", 0, 0, false}, {"", 0, 0, false}, {"1-2-3", 0, 0, false}} {
		if low, high, ok := ParsePorts(c.in); ok != c.ok || ok && (low != c.low || high != c.high) {
			t.Errorf("ports %q: got %d, %d, %t", c.in, low, high, ok)
		}
	}
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{{"0.5", 5e8, true}, {"2", 2e9, true}, {"0.50", 5e8, true}, {".1", 1e8, true}, {"-1", 0, false}, {"1e3", 0, false}, {"", 0, false}, {".", 0, false}, {"99999999999", 0, false}} {
		if got, ok := ParseCPUs(c.in); got != c.want || ok != c.ok {
			t.Errorf("cpus %q: got %d, %t", c.in, got, ok)
		}
	}
}

// FuzzUnits: no text makes a reader of units panic, and what reads as a duration or a size is not negative.
func FuzzUnits(f *testing.F) {
	for _, s := range []string{"1m30s", "1.5g", "0440", "80-90", "0.5", "-1", "", "µ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := ParseDuration(s); ok && d < 0 {
			t.Errorf("%q is the duration %d", s, d)
		}
		if n, ok := ParseBytes(s); ok && n < 0 && s[0] != '-' {
			t.Errorf("%q is the size %d", s, n)
		}
		ParseMode(s)
		ParsePorts(s)
		if n, ok := ParseCPUs(s); ok && n < 0 {
			t.Errorf("%q is %d processors", s, n)
		}
	})
}

// FuzzMatcher: the fast forms answer as the engine does.
func FuzzMatcher(f *testing.F) {
	var matchers []matcher
	for _, re := range []string{"^x-", ".+", "^.+$", "^[a-zA-Z0-9._-]+$", "^[a-z0-9]+_[a-z0-9]+$", "^", "^[a-z]+$", "^(?i)x", "^[^a]+$", "^[A-Za-z_][A-Za-z0-9_]*$"} {
		matchers = append(matchers, newMatcher(regexp.MustCompile(re)))
	}
	for _, s := range []string{"", "x-", "a", "a b", "\n", "a\nb", "a\n", "linux_amd64", "ä", "\xff", "X-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for i := range matchers {
			if got, want := matchers[i].matches(s), matchers[i].re.MatchString(s); got != want {
				t.Errorf("%s and %q: got %t, want %t", matchers[i].re, s, got, want)
			}
		}
	})
}
