//go:build unix

package wait

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sleeper is a process that ends when it is told to, and is reaped.
func sleeper(t *testing.T) (pid int, end func()) {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(end)
	return cmd.Process.Pid, end
}

// The process ends while the question is asked again and again: the wait ends, and says why and what was seen last.
func TestWhile(t *testing.T) {
	pid, end := sleeper(t)
	ctx, stop, err := While(t.Context(), pid)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	asked := 0
	err = Until(ctx, time.Millisecond, func(context.Context) error {
		if asked++; asked == 3 {
			end()
		}
		return errors.New("connection refused")
	})
	if gone, ok := errors.AsType[Gone](err); !ok || gone.PID != pid || !strings.HasSuffix(err.Error(), "connection refused") {
		t.Errorf("got %v, want the process %d to be gone", err, pid)
	}
}

// A process that is gone already, numbers that are none, and the end of the wait for a process that lives on.
func TestWhileEdges(t *testing.T) {
	pid, end := sleeper(t)
	end()
	ctx, stop, err := While(t.Context(), pid)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	<-ctx.Done()
	if _, ok := errors.AsType[Gone](context.Cause(ctx)); !ok {
		t.Errorf("got %v, want Gone", context.Cause(ctx))
	}
	for _, pid := range []int{0, -1} {
		if _, _, err := While(t.Context(), pid); err == nil {
			t.Errorf("%d is taken for a process", pid)
		}
	}
	ctx, stop, err = While(t.Context(), os.Getpid())
	if err != nil || ctx.Err() != nil {
		t.Fatalf("this process: %v, %v", err, ctx.Err())
	}
	stop()
	if _, ok := errors.AsType[Gone](context.Cause(ctx)); ok {
		t.Error("this process is taken for gone")
	}
}

// Without pidfd, the process is looked for in steps.
func TestLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, looks, gone := time.Now(), 0, false
		look(t.Context(), func() bool { looks++; return looks < 4 }, func() { gone = true })
		if !gone || time.Since(start) != 3*poll {
			t.Errorf("gone %v after %s; want after %s", gone, time.Since(start), 3*poll)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		look(ctx, func() bool { return true }, func() { t.Error("told to stop, it says gone") })
	})
}
