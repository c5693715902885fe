package preflight

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"path/filepath"
	"strconv"
	"strings"
)

// units of a size, as Kubernetes writes quantities: two letters count in 1024, one in 1000.
var units = []struct {
	suffix string
	size   uint64
}{
	{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}, {"Pi", 1 << 50},
	{"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15},
}

// ParseSize reads a size: a number of bytes, or one with k, M, G, T, P (1000 each) or Ki, Mi, Gi, Ti, Pi (1024 each).
func ParseSize(word string) (uint64, error) {
	number, size := word, uint64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(word, u.suffix); ok {
			number, size = rest, u.size
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 64)
	high, bytes := bits.Mul64(n, size)
	if err != nil || high > 0 || bytes > math.MaxInt64 {
		return 0, fmt.Errorf("cannot use %q as a size; want 10Gi, 500M or a number of bytes", word)
	}
	return bytes, nil
}

// SizeText is n for people: 3.2 GiB, 10 GiB, 500 bytes. It is rounded down, so that what is short never looks enough.
func SizeText(n uint64) string {
	for _, u := range []struct {
		name string
		size uint64
	}{{"PiB", 1 << 50}, {"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n < u.size {
			continue
		}
		whole, tenth := n/u.size, n%u.size*10/u.size
		if tenth == 0 && n%u.size == 0 {
			return fmt.Sprintf("%d %s", whole, u.name)
		}
		return fmt.Sprintf("%d.%d %s", whole, tenth, u.name)
	}
	return fmt.Sprintf("%d bytes", n)
}

func (s System) parseDisk(words []string) (Func, error) {
	if len(words) != 2 {
		return nil, errWords
	}
	where := words[0]
	if !filepath.IsAbs(where) {
		return nil, fmt.Errorf("cannot use %q as a path; want one that starts with /", where)
	}
	want, err := ParseSize(words[1])
	if err != nil {
		return nil, err
	}
	return func(context.Context) error { return s.room(filepath.Clean(where), want) }, nil
}

// room asks the disk of where; a folder that is not there yet will lie on the disk of the nearest one above it that is.
func (s System) room(where string, want uint64) error {
	at := where
	for {
		there, err := s.Exists(at)
		if err != nil {
			return fmt.Errorf("cannot look at %s: %w", at, err)
		}
		if there || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	free, err := s.Free(at)
	if err != nil {
		return fmt.Errorf("cannot ask for the free space of %s: %w", at, err)
	}
	if free >= want {
		return nil
	}
	seen, wanted := SizeText(free), SizeText(want)
	if seen == wanted { // the difference is below what is shown
		seen, wanted = fmt.Sprintf("%d bytes", free), fmt.Sprintf("%d bytes", want)
	}
	if at != where {
		return fmt.Errorf("%s, where %s will lie, has %s free; want %s", at, where, seen, wanted)
	}
	return fmt.Errorf("%s has %s free; want %s", where, seen, wanted)
}
