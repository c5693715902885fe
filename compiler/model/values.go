package model

import (
	"strconv"
	"strings"
	"time"
)

// Pair is one entry of a mapping of strings. Null: the key stands without a value (environment: take it from the
// environment of the tool that applies the output).
type Pair struct {
	Key, Value string
	Null       bool
}

// Lookup returns the value of key in pairs.
func Lookup(pairs []Pair, key string) (string, bool) {
	for _, p := range pairs {
		if p.Key == key {
			return p.Value, !p.Null
		}
	}
	return "", false
}

// Duration is a length of time.
type Duration time.Duration

// String is d in the units of Compose, largest first, without zero parts: 1m30s, 500ms, 0s.
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	rest := time.Duration(d)
	if rest < 0 {
		b.WriteByte('-')
		rest = -rest
	}
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}, {"ns", 1}} {
		if n := rest / u.size; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteString(u.name)
			rest -= n * u.size
		}
	}
	return b.String()
}

// Seconds is d in whole seconds, rounded up.
func (d Duration) Seconds() int64 {
	return int64((time.Duration(d) + time.Second - 1) / time.Second)
}

// Bytes is a size in bytes.
type Bytes int64

// String is b in the largest unit of 1,024 that divides it, in the spelling of Compose and systemd: 512M, 1G, 1000.
func (b Bytes) String() string { return b.in("", "K", "M", "G", "T") }

// Binary is b in the spelling of Kubernetes: 512Mi, 1Gi, 1000.
func (b Bytes) Binary() string { return b.in("", "Ki", "Mi", "Gi", "Ti") }

func (b Bytes) in(units ...string) string {
	n, i := int64(b), 0
	for n != 0 && n%1024 == 0 && i < len(units)-1 {
		n /= 1024
		i++
	}
	return strconv.FormatInt(n, 10) + units[i]
}

// CPUs is a number of processors in billionths.
type CPUs int64

// String is c as a decimal: 0.5, 2.
func (c CPUs) String() string {
	s := strconv.FormatFloat(float64(c)/1e9, 'f', 9, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Milli is c in thousandths, rounded up.
func (c CPUs) Milli() int64 { return (int64(c) + 999_999) / 1_000_000 }

// Mode is the permission bits of a file.
type Mode uint32

// parseUser reads UID[:GID]; gid is -1 when it is left out.
func parseUser(s string) (uid, gid int64, ok bool) {
	u, g, both := strings.Cut(s, ":")
	uid, err := strconv.ParseInt(u, 10, 64)
	if err != nil || uid < 0 {
		return 0, -1, false
	}
	if !both {
		return uid, -1, true
	}
	gid, err = strconv.ParseInt(g, 10, 64)
	if err != nil || gid < 0 {
		return 0, -1, false
	}
	return uid, gid, true
}
