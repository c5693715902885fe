package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

const (
	maxOutput = 4 << 10         // what is kept of a program's output, in bytes
	maxLine   = 200             // what is shown of it, in bytes
	afterKill = 2 * time.Second // how long a killed program may keep its output open
	tryAgain  = 75              // EX_TEMPFAIL of sysexits.h: it may work later
)

// program is a notifier that is a program and its arguments. It gets the message as JSON on its standard input.
type program struct {
	argv []string
	env  []string
}

// send runs the program: 0 is sent, 75 is tried again, and so is one that takes too long; all others failed. It has a
// process group of its own, which is killed as a whole however it ends.
func (p program) send(ctx context.Context, m Message) error {
	data, err := m.json()
	if err != nil {
		return err
	}
	var kept head
	cmd := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &kept, &kept
	cmd.Env = append([]string{}, p.env...) // not nil, which would be the environment of this process
	cmd.WaitDelay = afterKill
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = kill
	if err := cmd.Start(); err != nil {
		err = fmt.Errorf("cannot start %s: %w", p.argv[0], err)
		for _, short := range []error{syscall.EAGAIN, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
			if errors.Is(err, short) {
				return temporary{err}
			}
		}
		return err
	}
	err = cmd.Wait()
	_ = kill() // what it left behind
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended with 0, and something it started held its output
	}
	said := ""
	if line := oneLine(string(kept.data), maxLine); line != "" {
		said = fmt.Sprintf(" and says %q", line)
	}
	switch {
	case ctx.Err() != nil:
		return temporary{fmt.Errorf("%s did not end in time%s: %w", p.argv[0], said, ctx.Err())}
	case err == nil:
		return nil
	}
	err = fmt.Errorf("%s failed: %w%s", p.argv[0], err, said)
	if cmd.ProcessState.ExitCode() == tryAgain {
		return temporary{err}
	}
	return err
}

// head keeps the first bytes that are written and takes the rest, so that a program which talks much does not stop.
type head struct{ data []byte }

func (h *head) Write(p []byte) (int, error) {
	h.data = append(h.data, p[:min(len(p), maxOutput-len(h.data))]...)
	return len(p), nil
}
