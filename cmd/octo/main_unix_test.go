//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A folder that may not be written to is the environment's fault. Root may write everywhere, so as somebody else then.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "octo.yaml"), []byte(service), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(want int, stderr string, as bool) {
		t.Helper()
		cmd := process(t, dir, "compile", "-t", "compose")
		if as && os.Getuid() == 0 {
			path, err := exec.LookPath("octo")
			if err != nil {
				t.Fatal(err)
			}
			open(t, path, dir)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want || !regexp.MustCompile(stderr).Match(out) {
			t.Errorf("want exit code %d and %q, got %d and %s", want, stderr, code, out)
		}
	}
	chmod := func(mode os.FileMode, names ...string) {
		for _, n := range names {
			if err := os.Chmod(filepath.Join(dir, n), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	chmod(0o555, ".")
	run(exitEnvironment, `^octo: cannot make the output folder out: permission denied\n$`, true)
	chmod(0o755, ".")
	run(exitDone, `written to out\n$`, false)
	chmod(0o555, "out", "out/compose")
	run(exitDone, `^nothing to do\n$`, true)
	if err := os.WriteFile(filepath.Join(dir, "octo.yaml"), []byte(service+"    restart: always\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(exitEnvironment, `^octo: cannot make out/.octo-stage: permission denied\n$`, true)
	chmod(0o777, "out")
	run(exitEnvironment, `^octo: cannot write to out/compose: permission denied\n$`, true)
	if text, _ := os.ReadFile(filepath.Join(dir, "out/compose/compose.yaml")); strings.Contains(string(text), "always") {
		t.Error("the output was changed")
	}
	chmod(0o755, "out", "out/compose")
}

// open lets everybody go through the folders on the way to each path.
func open(t *testing.T, paths ...string) {
	t.Helper()
	for _, p := range paths {
		for at := p; at != filepath.Dir(at) && strings.HasPrefix(at, os.TempDir()) && at != os.TempDir(); at = filepath.Dir(at) {
			info, err := os.Stat(at)
			if err != nil {
				t.Fatal(err)
			}
			if at != p || !info.IsDir() {
				if err := os.Chmod(at, info.Mode().Perm()|0o055); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
