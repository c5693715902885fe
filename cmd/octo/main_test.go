package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"octo": main})
}

// TestScript runs the command lines of testdata/script. Their commands, beside testscript's own: exits CODE PROGRAM…,
// which wants an exact exit code.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "")
			return nil
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("want exit code %d, got %d", want, got)
	}
}

// process is octo as a process of its own; TestMain has put it on the path.
func process(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("octo", args...)
	cmd.Dir = dir
	return cmd
}

const service = "services:\n  web:\n    image: docker.io/library/nginx:1.28\n"

// An interrupt ends a run that waits for its input, with 130, and nothing is written.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	cmd := process(t, dir, "compile", "-t", "compose", "-f", "-")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: when it is written, the process reads, and has its handler.
	if _, err := in.Write([]byte(service + strings.Repeat("# wait\n", 50_000))); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Skip(err)
	}
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("want exit code %d, got %d, %v\n%s", exitInterrupted, code, err, &stderr)
	}
	if got := stderr.String(); got != "octo: interrupted\n" {
		t.Errorf("stderr: %s", got)
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("something was written: %v", entries)
	}
}

// Every command has a page, names its flags alike, and is said in one sentence.
func TestCommandsAreDescribed(t *testing.T) {
	a := &app{env: os.LookupEnv}
	for _, c := range a.root().Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: want a short description without a full stop, got %q", c.Name(), c.Short)
		}
		page := string(manPage(c))
		for _, part := range []string{".TH OCTO\\-" + strings.ToUpper(c.Name()), ".SH SYNOPSIS", ".SH EXIT STATUS"} {
			if !strings.Contains(page, part) {
				t.Errorf("%s: the manual page has no %s", c.Name(), part)
			}
		}
		if c.HasAvailableLocalFlags() && strings.Contains(page, "`") {
			t.Errorf("%s: a quote of a flag's usage is left in the manual page", c.Name())
		}
	}
}
