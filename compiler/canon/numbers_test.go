package canon_test

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/canon"
	"github.com/octocompose/octocompose/compiler/tree"
)

// TestNumbersAsText: what Compose makes of a number or a date without quotes is what compose-go 2.16 gave for a file
// with these values; "" is where it keeps the text.
func TestNumbersAsText(t *testing.T) {
	for _, c := range []struct{ written, read string }{
		{"1.10", "1.1"}, {"0x1F", "31"}, {"0X1F", "31"}, {"017", "15"}, {"0o17", "15"}, {"0b11", "3"}, {"-017", "-15"}, {"0_7", "7"}, {"1_000", "1000"},
		{"1e3", "1000"}, {"1E5", "100000"}, {"1.0", "1"}, {".5", "0.5"}, {"+5", "5"}, {"007", "7"}, {"089", "89"}, {"08.5", "8.5"}, {"1.", "1"}, {"0.1_0", "0.1"},
		{"1000000.0", "1e+06"}, {"123456789.5", "1.234567895e+08"}, {"0.00001", "1e-05"}, {"1.23456789012345678", "1.2345678901234567"},
		{"12345678901234567890123", "1.2345678901234568e+22"}, {"2001-01-01", "2001-01-01 00:00:00 +0000 UTC"}, {"2001-1-1", "2001-01-01 00:00:00 +0000 UTC"},
		{"2001-01-01T10:00:00Z", "2001-01-01 10:00:00 +0000 UTC"}, {"2001-01-01 10:00:00", "2001-01-01 10:00:00 +0000 UTC"},
		{"12", ""}, {"-0", ""}, {"1.5", ""}, {"0", ""}, {"1:30", ""}, {"01:30:00", ""}, {"yes", ""}, {"true", ""}, {`"1.10"`, ""}, {"'017'", ""}, {"18446744073709551615", ""},
		{"1.2.3", ""}, {"-", ""}, {"2001-13-01", ""}, {"-x", ""}, {"!reset 1.10", ""},
	} {
		for _, at := range []string{"services.a.environment", "services.a.labels", "services.a.build.args", "volumes.v.driver_opts"} {
			value, ds := field(t, at, "{K: "+c.written+"}", false)
			warned := strings.Contains(ds, "K: Compose reads "+c.written+" as "+c.read+"; ")
			if warned != (c.read != "") || !warned && ds != "" {
				t.Errorf("%s: %s gives %s", at, c.written, ds)
			}
			if !strings.Contains(value, strings.TrimPrefix(strings.Trim(c.written, `"'`), "!reset ")) {
				t.Errorf("%s: %s becomes %s", at, c.written, value)
			}
		}
	}
}

// TestNumberFromVariable: Compose puts variables in after it read the file, so their values are texts.
func TestNumberFromVariable(t *testing.T) {
	n := read(t, "services: {a: {environment: {K: 1.10}}}")
	k, _ := tree.Get(n, tree.Of("services", "a", "environment", "K"))
	k.Derived = true
	if _, ds := canon.File(root(t), n, ""); len(ds) > 0 {
		t.Error(texts(ds))
	}
}
