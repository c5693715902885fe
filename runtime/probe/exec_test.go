//go:build unix

package probe

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPrograms(t *testing.T) {
	for _, c := range []struct {
		script          string
		exec, plugin    bool
		execSays, plugs string
	}{
		{"exit 0", true, true, "", ""},
		{"echo DISK OK", true, true, "", ""},
		{"echo 'WARN 81% | used=81%'; exit 1", false, true, `/bin/sh ends with 1 and says "WARN 81% | used=81%"`, ""},
		{"echo; echo 'CRIT 99% | used=99%'; echo more; exit 2", false, false, `says "CRIT 99% | used=99%"`, `/bin/sh is critical, it ends with 2 and says "CRIT 99%"`},
		{"echo no such disk >&2; exit 3", false, false, "no such disk", "is unknown, it ends with 3"},
		{"exit 77", false, false, "ends with 77", "is unknown, it ends with 77"},
		{"printf '\\033[31mred'; exit 2", false, false, `"\x1b[31mred"`, `"\x1b[31mred"`},
		{"kill -9 $$", false, false, "was ended: signal: killed", "was ended: signal: killed"},
	} {
		err := Exec(t.Context(), "/bin/sh", "-c", c.script)
		if (err == nil) != c.exec || (err != nil && !strings.Contains(err.Error(), c.execSays)) {
			t.Errorf("exec %s: got %v, want %q", c.script, err, c.execSays)
		}
		err = Plugin(t.Context(), "/bin/sh", "-c", c.script)
		if (err == nil) != c.plugin || (err != nil && !strings.Contains(err.Error(), c.plugs)) {
			t.Errorf("plugin %s: got %v, want %q", c.script, err, c.plugs)
		}
	}
	if err := Exec(t.Context(), "/no/such/program"); err == nil || errors.Is(err, ErrUnasked) || errors.Is(err, ErrFinal) {
		t.Errorf("a missing program: got %v, want an answer that may change", err)
	}
}

// A program that talks without end neither stops on a full pipe nor fills the memory.
func TestOutputIsCut(t *testing.T) {
	r, err := run(t.Context(), "/bin/sh", []string{"-c", "head -c 1000000 /dev/zero; exit 2"})
	if err != nil || len(r.output) != maxOutput || r.code != 2 {
		t.Errorf("got %d bytes, exit %d, %v; want %d bytes, exit 2", len(r.output), r.code, err, maxOutput)
	}
	if got := clip(strings.Repeat("ä", maxLine)); len(got) > maxLine+3 || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("a line is cut within a letter: %q", got)
	}
}

// When the time is up, the children die too. The fifo tells when the child runs, and that it has gone: its end is closed.
func TestGroupIsKilled(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- Exec(ctx, "/bin/sh", "-c", "sh -c 'echo up >&3; exec sleep 600' 3>"+fifo+" & wait") }()
	f, err := os.Open(fifo) // until the child has opened its end
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := f.Read(make([]byte, 8)); err != nil || n == 0 {
		t.Fatalf("the child does not run: %v", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the time", err)
	}
	gone := make(chan error, 1)
	go func() { _, err := f.Read(make([]byte, 8)); gone <- err }()
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		t.Fatal("the child lives on")
	}
}

// A program that ends by itself leaves nothing behind either. The child has the program's end of the fifo.
func TestNothingIsLeft(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"0", "1"} {
		gone := make(chan error, 1)
		go func() { _, err := os.ReadFile(fifo); gone <- err }()
		err := Exec(t.Context(), "/bin/sh", "-c", "exec 3>"+fifo+"; sleep 600 >/dev/null 2>&1 & exit "+code)
		if (err == nil) != (code == "0") {
			t.Errorf("got %v", err)
		}
		select {
		case <-gone:
		case <-time.After(20 * time.Second):
			t.Fatal("the child lives on")
		}
	}
}
