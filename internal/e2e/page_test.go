//go:build linux

package e2e

import (
	"os"
	"strings"
	"testing"
)

// The page says what is looked at: every line of the table, in its order.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	rest := string(text)
	for _, e := range expectations {
		_, after, found := strings.Cut(rest, "\n| "+e.name+" | ")
		if !found {
			t.Errorf("docs/conformance.md has no line %q here", e.name)
			continue
		}
		rest = after
	}
	if n := strings.Count(string(text), "\n| ") - 1; n != len(expectations) {
		t.Errorf("docs/conformance.md has %d lines for %d expectations", n, len(expectations))
	}
}
