package compiler_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
)

// The bounds of every hostile input: it ends soon, in little memory.
const (
	hostileTime   = 30 * time.Second // a hang; the goal is 2 s, and a machine under the race detector is many times slower
	hostileMemory = 256 << 20        // bytes allocated in all, not at once
)

// hostile is a broken or hostile input and what must come of it. The first letter of an ID is the class: Y for YAML, T
// for types, R for references, P for names, I for injection, S for semantics, X for secrets, O for output.
type hostile struct {
	id string
	in string // octo.yaml
	// more are other files. big makes octo.yaml where it is too large to be written here.
	more map[string]string
	big  func() string
	o    compiler.Options
	// want are the beginnings of findings that must be there, and no other errors: "octo.yaml:2:1: error [syntax]". None:
	// the input is accepted.
	want []string
	// says must stand in what is printed, or in the outputs when the input is accepted; never in neither.
	says, never []string
}

// TestHostile holds each row against its bounds and its outcome, through the whole compiler to all targets.
func TestHostile(t *testing.T) {
	for _, row := range hostileRows() {
		t.Run(row.id, func(t *testing.T) { row.run(t) })
	}
}

func (h *hostile) run(t *testing.T) {
	dir := t.TempDir()
	text := h.in
	if h.big != nil {
		text = h.big()
	}
	writeFile(t, filepath.Join(dir, "octo.yaml"), []byte(text))
	for name, data := range h.more {
		writeFile(t, filepath.Join(dir, name), []byte(data))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	r := compileDir(t, dir, h.o)
	var printed bytes.Buffer
	if err := diag.Text(&printed, r.Diagnostics, diag.Style{}); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if took > hostileTime {
		t.Errorf("it took %v", took)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > hostileMemory {
		t.Errorf("it allocated %d MiB", n>>20)
	}
	for _, c := range printed.String() {
		if c != '\n' && !unicode.IsPrint(c) {
			t.Errorf("what is printed holds the control character %U", c)
		}
	}
	h.findings(t, r)
	for _, f := range outputs(r) {
		if name := filepath.Base(f.Name); len(name) > 255 || filepath.ToSlash(filepath.Clean(f.Name)) != f.Name {
			t.Errorf("no file can be called %q", f.Name)
		}
	}
	all := printed.String() + digest(r)
	for _, s := range h.says {
		if !strings.Contains(all, s) {
			t.Errorf("%q does not occur", s)
		}
	}
	for _, s := range h.never {
		if strings.Contains(all, s) {
			t.Errorf("%q occurs", s)
		}
	}
	if t.Failed() {
		t.Logf("%.3000s", printed.String())
		if testing.Verbose() {
			t.Logf("%.20000s", digest(r))
		}
	}
}

// findings compares what is found with what is wanted.
func (h *hostile) findings(t *testing.T, r *compiler.Result) {
	t.Helper()
	failed := false
	var got []string
	for _, d := range r.Diagnostics {
		line := fmt.Sprintf("%s: %s [%s]", d.At, d.Severity, d.Code)
		got = append(got, line)
		failed = failed || d.Severity == diag.Error
		if d.Severity == diag.Error && !contains(h.want, line) {
			t.Errorf("not wanted: %s", line)
		}
	}
	wantsError := false
	for _, w := range h.want {
		wantsError = wantsError || strings.Contains(w, ": error ")
		if !contains(got, w) {
			t.Errorf("missing: %s", w)
		}
	}
	if failed == wantsError && failed == (len(r.Targets) > 0) {
		t.Errorf("errors %v, and %d outputs", failed, len(r.Targets))
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
