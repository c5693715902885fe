package shape

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a length of time as Compose writes it: one or more numbers, each with a unit of w, d, h, m, s,
// ms, us (µs) or ns, "1h30m", "1.5s"; "0" needs no unit. A sign is not allowed.
// Source: "Specifying durations" of the Compose specification; w and d as compose-go reads them.
func ParseDuration(text string) (time.Duration, bool) {
	if text == "0" {
		return 0, true
	}
	total, rest := 0.0, text
	for first := true; first || rest != ""; first = false {
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '.') {
			n++
		}
		value, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return 0, false
		}
		unit, size := durationUnit(rest[n:])
		if size == 0 {
			return 0, false
		}
		total += value * float64(size)
		rest = rest[n+len(unit):]
	}
	if total > math.MaxInt64 {
		return 0, false
	}
	return time.Duration(math.Round(total)), true
}

// durationUnit is the unit that s starts with; longer names first.
func durationUnit(s string) (string, time.Duration) {
	for _, u := range [...]struct {
		name string
		size time.Duration
	}{
		{"ns", time.Nanosecond}, {"us", time.Microsecond}, {"µs", time.Microsecond}, {"μs", time.Microsecond},
		{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour},
		{"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour},
	} {
		if strings.HasPrefix(s, u.name) {
			return u.name, u.size
		}
	}
	return "", 0
}

// ParseBytes reads a size: a whole number of bytes (−1 among them, which means "no limit" where a field says so), or
// a decimal number with b, k, m, g, t or p, in either case, alone or followed by b, ib or i. 1k is 1024 bytes.
// Source: "Specifying byte values" of the Compose specification; Ki, Mi, … as Kubernetes writes them.
func ParseBytes(text string) (int64, bool) {
	n, _, ok := parseBytes(text)
	return n, ok
}

// parseBytes also reports whether the suffix is one that only Kubernetes knows: Ki, Mi, Gi.
func parseBytes(text string) (n int64, binary, ok bool) {
	if isWhole(text) {
		n, err := strconv.ParseInt(text, 10, 64)
		return n, false, err == nil
	}
	i := 0
	for i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] == '.') {
		i++
	}
	value, err := strconv.ParseFloat(text[:i], 64)
	if err != nil {
		return 0, false, false
	}
	if i == len(text) {
		return 0, false, false // a part of a byte
	}
	size, binary, ok := byteUnit(strings.TrimPrefix(text[i:], " "))
	if value *= size; !ok || value >= math.MaxInt64 {
		return 0, false, false
	}
	return int64(value), binary, true
}

func byteUnit(s string) (size float64, binary, ok bool) {
	if s == "b" || s == "B" {
		return 1, false, true
	}
	if s == "" {
		return 0, false, false
	}
	at := strings.IndexByte("kmgtp", s[0]|0x20)
	if at < 0 {
		return 0, false, false
	}
	switch rest := s[1:]; {
	case rest == "", strings.EqualFold(rest, "b"), strings.EqualFold(rest, "ib"):
	case rest == "i":
		binary = true
	default:
		return 0, false, false
	}
	return math.Pow(1024, float64(at+1)), binary, true
}

// ParseMode reads permission bits in octal: "440", 0440 and 0o440 are the same. An integer node without a leading zero is
// decimal, as YAML and compose-go have it (288 is 0440), and no text for this function.
func ParseMode(text string) (uint32, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "0o"), 8, 32)
	return uint32(n), err == nil && n <= 0o7777
}

// ParsePort reads a port, 1 to 65535.
func ParsePort(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err == nil && n > 0
}

// ParsePorts reads a port or a range of ports, low first: 8000-8010. For one port both ends are the same.
func ParsePorts(text string) (low, high int, ok bool) {
	a, b, isRange := strings.Cut(text, "-")
	low, ok = ParsePort(a)
	if !isRange || !ok {
		return low, low, ok
	}
	high, ok = ParsePort(b)
	return low, high, ok && low <= high
}

// ParseCPUs reads a number of processors, 0 or more, in billionths: 0.5 is 500,000,000.
func ParseCPUs(text string) (int64, bool) {
	if !isDecimal(text) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f > math.MaxInt64/1e9 {
		return 0, false
	}
	return int64(math.Round(f * 1e9)), true
}

// isDecimal reports whether s is digits with at most one point.
func isDecimal(s string) bool {
	digits, points := 0, 0
	for i := range len(s) {
		switch {
		case s[i] >= '0' && s[i] <= '9':
			digits++
		case s[i] == '.':
			points++
		default:
			return false
		}
	}
	return digits > 0 && points <= 1
}
