package compose

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/internal/gates"
)

// realCompose is the program docker-compose of this machine.
type realCompose struct {
	bin string
	version
}

// findCompose looks for docker-compose where tools/install puts it, and on PATH; nil: it is not here.
func findCompose(t *testing.T) *realCompose {
	t.Helper()
	bin := filepath.Join(gates.Dir(), "bin", "docker-compose")
	if !exists(bin) {
		var err error
		if bin, err = exec.LookPath("docker-compose"); err != nil {
			return nil
		}
	}
	out, err := exec.Command(bin, "version", "--short").Output()
	if err != nil {
		t.Fatal(err)
	}
	v, ok := parseVersion(strings.TrimSpace(string(out)))
	if !ok {
		t.Fatalf("cannot read the version %q", out)
	}
	return &realCompose{bin, v}
}

// takes holds an output to what the program says: it takes it, unless the output needs a newer one, and then it
// refuses it.
func (c *realCompose) takes(file string, need version) error {
	args := []string{"--file", file}
	if dev := filepath.Join(filepath.Dir(file), devFile); exists(dev) {
		args = append(args, "--file", dev)
	}
	text, err := exec.Command(c.bin, append(args, "--profile", "*", "config", "--quiet")...).CombinedOutput()
	switch newer := c.before(need); {
	case err != nil && !newer:
		return fmt.Errorf("docker-compose %s refuses the output, which says that it needs %s: %s", c.version, need, text)
	case err == nil && newer:
		return fmt.Errorf("docker-compose %s takes the output, which says that it needs %s", c.version, need)
	}
	return nil
}

// TestDockerCompose holds the output of each case to the real program.
func TestDockerCompose(t *testing.T) {
	real := findCompose(t)
	if real == nil {
		t.Skip("docker-compose is not here: run tools/install")
	}
	for _, file := range cases(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			dir := unpack(t, file)
			out, need, err := output(t, dir, sources(dir))
			if err == nil {
				err = real.takes(out, need)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDockerComposeTakesGolden holds what octo adds to the real program: the output of each golden case that has one.
func TestDockerComposeTakesGolden(t *testing.T) {
	real := findCompose(t)
	if real == nil {
		t.Skip("docker-compose is not here: run tools/install")
	}
	files, _ := filepath.Glob("testdata/golden/*.txtar")
	taken := 0
	for _, file := range files {
		in, ds := front(t, unpack(t, file), nil)
		if ds.Has(diag.Error) {
			continue
		}
		l := New().lowering(in)
		set, ds := New().Lower(in)
		if l.project(); ds.Has(diag.Error) {
			continue
		}
		dir := unpack(t, file)
		for _, f := range set.Files() {
			write(t, filepath.Join(dir, "out", "compose", f.Path), f.Data)
		}
		if err := real.takes(filepath.Join(dir, "out", "compose", composeFile), l.compose); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		taken++
	}
	if taken < 4 {
		t.Errorf("only %d golden cases have an output", taken)
	}
}
