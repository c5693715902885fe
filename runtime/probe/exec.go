package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	maxOutput = 4 << 10         // what is kept of a program's output, in bytes
	maxLine   = 200             // what is shown of it, in bytes
	afterKill = 2 * time.Second // how long a killed program may keep its output open
)

// Exec runs a program: it works when the program ends with 0. Standard input is empty; output and errors are read
// together, and the first line is told when it fails. When ctx ends, the program is killed; whenever it ends, what it
// started and left in its process group is killed too.
func Exec(ctx context.Context, program string, args ...string) error {
	_, err := execTold(ctx, program, args...)
	return err
}

// execTold is Exec with the first line that the program printed, of 4 KiB at most.
func execTold(ctx context.Context, program string, args ...string) (told string, err error) {
	r, err := run(ctx, program, args)
	if err != nil || r.code == 0 {
		return r.first(), err
	}
	return r.first(), fmt.Errorf("%s ends with %d%s", program, r.code, r.said())
}

// plugin is what an exit status of a plugin means; any other is unknown.
var plugin = []struct {
	works bool
	word  string
}{{true, "ok"}, {true, "warning"}, {false, "critical"}, {false, "unknown"}}

// Plugin runs a program that follows the contract of Nagios plugins (Monitoring Plugins Development Guidelines): exit 0
// is ok, 1 warning, which still works, 2 critical, 3 and all others unknown, which does not work. The first line that it
// prints, up to the performance data behind "|", is what was seen. Otherwise as [Exec].
func Plugin(ctx context.Context, program string, args ...string) error {
	_, err := pluginTold(ctx, program, args...)
	return err
}

// pluginTold is Plugin with the first line that the program printed, performance data included, of 4 KiB at most.
func pluginTold(ctx context.Context, program string, args ...string) (told string, err error) {
	r, err := run(ctx, program, args)
	if err != nil {
		return "", err
	}
	told = r.first()
	state := plugin[min(r.code, len(plugin)-1)]
	if state.works {
		return told, nil
	}
	r.output, _, _ = bytes.Cut(r.output, []byte("|"))
	return told, fmt.Errorf("%s is %s, it ends with %d%s", program, state.word, r.code, r.said())
}

// ran is a program that ended by itself.
type ran struct {
	code   int
	output []byte
}

// first is the first line with anything in it, as valid UTF-8.
func (r ran) first() string {
	for line := range strings.Lines(string(r.output)) {
		if line = strings.TrimSpace(line); line != "" {
			return strings.ToValidUTF8(line, "\uFFFD")
		}
	}
	return ""
}

// said is the first line, ready to stand behind a message.
func (r ran) said() string {
	if line := r.first(); line != "" {
		return fmt.Sprintf(" and says %q", clip(line))
	}
	return ""
}

func clip(line string) string {
	if len(line) <= maxLine {
		return line
	}
	return strings.ToValidUTF8(line[:maxLine], "") + "…"
}

func run(ctx context.Context, program string, args []string) (ran, error) {
	var kept head
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &kept, &kept
	cmd.WaitDelay = afterKill
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		if errors.Is(err, syscall.EAGAIN) { // fork(2): no more processes
			return ran{}, fmt.Errorf("cannot start %s: %w: %w", program, ErrUnasked, err)
		}
		return ran{}, fmt.Errorf("cannot start %s: %w", program, unasked(err))
	}
	err := cmd.Wait()
	_ = killGroup(cmd) // what it left behind: a check that is asked for ever would fill the machine
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended with 0, and something it started held its output
	}
	r := ran{code: cmd.ProcessState.ExitCode(), output: kept.data}
	ended, isExit := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return ran{}, fmt.Errorf("%s did not end in time%s: %w", program, r.said(), ctx.Err())
	case isExit && r.code < 0:
		return ran{}, fmt.Errorf("%s was ended: %s%s", program, ended.ProcessState, r.said())
	case err != nil && !isExit:
		return ran{}, fmt.Errorf("cannot run %s: %w", program, unasked(err))
	}
	return r, nil
}

// head keeps the first bytes that are written and takes the rest, so that a program which talks much does not stop.
type head struct{ data []byte }

func (h *head) Write(p []byte) (int, error) {
	h.data = append(h.data, p[:min(len(p), maxOutput-len(h.data))]...)
	return len(p), nil
}
