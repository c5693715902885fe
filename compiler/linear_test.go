package compiler_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/internal/synth"
)

// Ten times the services cost ten times the memory, not more: what is quadratic anywhere shows here, on any machine.
func TestLinear(t *testing.T) {
	for _, b := range backends() {
		small, large := allocated(t, b.Name(), 150), allocated(t, b.Name(), 1500)
		if ratio := large / small; ratio > 1.25 {
			t.Errorf("%s: a service costs %.0f bytes among 150, and %.0f among 1,500: %.2f times", b.Name(), small, large, ratio)
		}
	}
}

// allocated is the number of bytes that a service costs among n.
func allocated(t *testing.T, target string, n int) float64 {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "octo.yaml"), synth.Config(n))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if r := compileDir(t, dir, compiler.Options{Targets: []string{target}}); len(r.Targets) != 1 {
		t.Fatalf("%s does not compile: %s", target, r.Diagnostics[0].Text())
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
}
