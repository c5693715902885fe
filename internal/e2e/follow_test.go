//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/internal/gates"
)

// follower reads logs that are gone when the process that wrote them is.
type follower struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	text bytes.Buffer
	over chan struct{}
}

func (f *follower) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.text.Write(p)
}

func (f *follower) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.text.String()
}

// newFollower starts a command that prints logs, and waits until it has printed an event: from then on it is there.
func newFollower(t *testing.T, cmd *exec.Cmd) *follower {
	t.Helper()
	f := &follower{cmd: cmd, over: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // nsenter has a child
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		cmd.Wait() // how it ends says nothing: what it follows is taken away
		close(f.over)
	}()
	eventually(t, 20*time.Second, func() error {
		if strings.Contains(f.String(), `"event"`) {
			return nil
		}
		return fmt.Errorf("no event has been printed, but %q", f.String())
	})
	return f
}

// end waits until there is no more to follow, and gives all that was printed.
func (f *follower) end(t *testing.T) string {
	t.Helper()
	select {
	case <-f.over:
	case <-time.After(30 * time.Second):
		t.Log("the logs do not end: what there is counts")
		syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL)
		<-f.over
	}
	return f.String()
}

// boxState is a file of a box's state.
func boxState(box, file string) string { return filepath.Join(gates.Dir(), "run", box, file) }
