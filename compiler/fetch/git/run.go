package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
)

const (
	outMax = 64 << 20 // bytes that a run may print: the refs of a repository, the paths of a tree
	errMax = 16 << 10 // bytes of what a run says that are kept: the last ones
)

// failure is what a run that failed said.
type failure struct{ stderr string }

func (f *failure) Error() string { return f.stderr }

// run runs git to its end and returns what it printed. watch, which may be nil, is called several times a second, and
// ends the run with its error.
func (p *Program) run(ctx context.Context, env []string, watch func() error, args ...string) ([]byte, error) {
	ctx, stop := p.guard.Deadline(ctx)
	defer stop()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	cmd := p.command(ctx, env, args...)
	out := &limited{max: outMax, full: func() { end(guard.TooLarge("what git lists", outMax)) }}
	said := &tail{max: errMax}
	cmd.Stdout, cmd.Stderr = out, said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	err := wait(done, watch, end)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil || errors.Is(err, exec.ErrWaitDelay): // a helper that stays (credential-cache) holds stderr open
		return out.Bytes(), nil
	}
	kill(cmd)
	if e := (*exec.ExitError)(nil); !errors.As(err, &e) {
		return nil, err
	}
	return nil, &failure{said.String()}
}

// watchEvery is the time between two looks at what a run has written.
const watchEvery = 100 * time.Millisecond

func wait(done <-chan error, watch func() error, end context.CancelCauseFunc) error {
	if watch == nil {
		return <-done
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if over := watch(); over != nil {
				end(over)
			}
			return err
		case <-tick.C:
			if err := watch(); err != nil {
				end(err)
			}
		}
	}
}

// command is a run of git in its own process group, which ends as a whole.
func (p *Program) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Env = env
	cmd.Dir = p.temp
	group(cmd)
	cmd.Cancel = func() error { kill(cmd); return nil }
	cmd.WaitDelay = time.Second
	return cmd
}

type limited struct {
	bytes.Buffer
	max  int
	full func()
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.max {
		l.full()
		return len(p), nil
	}
	return l.Buffer.Write(p)
}

// tail keeps the end of what is written.
type tail struct {
	max int
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.max; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String is what git and the server said that matters: the lines that git marks, else the last one.
func (t *tail) String() string {
	text := strings.ReplaceAll(string(t.buf), "\r", "\n")
	var marked []string
	last := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		rest, fatal := strings.CutPrefix(line, "fatal: ")
		if !fatal {
			rest, fatal = strings.CutPrefix(line, "error: ")
		}
		switch {
		case line == "":
		case fatal || strings.HasPrefix(line, "remote: ") || sshSays(line):
			marked = append(marked, rest)
		default:
			last = line
		}
	}
	if len(marked) == 0 {
		marked = []string{last}
	}
	return guard.Clean(strings.Join(marked, "\n"))
}

// sshSays reports whether a line is of ssh, which has no mark.
func sshSays(line string) bool {
	return strings.HasPrefix(line, "ssh: ") || strings.Contains(line, "Permission denied (") || strings.HasPrefix(line, "Host key verification failed")
}

// needs is the version from which http.curloptResolve is known (git 2.37 release notes).
var needs = [2]int{2, 37}

// checkVersion reads what git version prints: "git version 2.39.5", with words after it on some systems.
func checkVersion(printed string) error {
	var have [2]int
	if _, err := fmt.Sscanf(printed, "git version %d.%d", &have[0], &have[1]); err != nil {
		return fmt.Errorf("cannot tell the version of git: %q", guard.Clean(printed))
	}
	if have[0] < needs[0] || have[0] == needs[0] && have[1] < needs[1] {
		return fmt.Errorf("git is %d.%d; want %d.%d or later", have[0], have[1], needs[0], needs[1])
	}
	return nil
}
