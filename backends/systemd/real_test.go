package systemd_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/backends/systemd"
	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/internal/gates"
)

// quadletRoot is the root folder of a system with systemd and Podman 5.4 or later, into which the tests chroot: so
// Podman's generator and a newer systemd run where the machine has neither. OCTO_QUADLET_ROOT names another than that
// of tools/install; "/" is the machine itself.
func quadletRoot(t *testing.T) string {
	if root := os.Getenv("OCTO_QUADLET_ROOT"); root != "" {
		return root
	}
	if why := gates.Missing("systemd"); why != "" {
		t.Skip(why)
	}
	return filepath.Join(gates.Dir(), "quadlet-root")
}

// notThere is what systemd says of programs that this machine lacks; every program of ours is an absolute path.
var notThere = regexp.MustCompile(`(?m)^.*Command /\S+ is not executable: No such file or directory\n?`)

// gate runs the generator and systemd-analyze verify on a tree, in root. It returns what they complained of.
func gate(t *testing.T, root string, files []artifact.File) string {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(root, "tmp"), "octo-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	inside := "/" + filepath.Join("tmp", filepath.Base(dir))
	for _, sub := range []string{"quadlet", "units"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		to := ""
		switch {
		case strings.HasPrefix(f.Path, "etc/containers/systemd/"):
			to = "quadlet"
		case strings.HasPrefix(f.Path, "etc/systemd/system/"):
			to = "units"
		default:
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, to, filepath.Base(f.Path)), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said := ""
	for line := range strings.Lines(inRoot(t, root, "QUADLET_UNIT_DIRS="+inside+"/quadlet", "/usr/libexec/podman/quadlet", "-no-kmsg-log", inside+"/units")) {
		if !strings.Contains(line, "Loading source unit file") {
			said += line
		}
	}
	units, err := os.ReadDir(filepath.Join(dir, "units"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"verify", "--man=no", "--recursive-errors=yes"}
	for _, u := range units {
		if !u.IsDir() {
			args = append(args, inside+"/units/"+u.Name())
		}
	}
	out := inRoot(t, root, "SYSTEMD_UNIT_PATH="+inside+"/units:", append([]string{"systemd-analyze"}, args...)...)
	return said + notThere.ReplaceAllString(out, "")
}

// inRoot runs a command in root and returns all that it says. Its exit status is of no use: 0 with findings, 1 for a
// program that is not installed.
func inRoot(t *testing.T, root, env string, command ...string) string {
	t.Helper()
	if root != "/" {
		command = append([]string{"chroot", root}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", env}
	out, err := cmd.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("cannot run command")) || bytes.Contains(out, []byte("failed to run command")) {
		t.Fatalf("%s", out)
	}
	return string(out)
}

// TestRealQuadlet holds every golden case against Podman's generator and systemd-analyze.
func TestRealQuadlet(t *testing.T) {
	root := quadletRoot(t)
	for _, c := range goldenTrees(t) {
		t.Run(c.name, func(t *testing.T) {
			if said := gate(t, root, c.files); said != "" {
				t.Error(said)
			}
		})
	}
	// It can fail: a key that there is not, in a section of each reader.
	bad := []artifact.File{
		{Path: "etc/containers/systemd/a.container", Data: []byte("[Container]\nImage=x\nBogus=1\n")},
		{Path: "etc/systemd/system/b.service", Data: []byte("[Service]\nExecStart=/bin/true\nBogus=1\n")},
	}
	if said := gate(t, root, bad); strings.Count(said, "Bogus") != 2 {
		t.Errorf("the gate lets unknown keys through: %q", said)
	}
}

type tree struct {
	name  string
	files []artifact.File
}

// goldenTrees are the outputs of the golden cases that compile.
func goldenTrees(t *testing.T) []tree {
	t.Helper()
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var out []tree
	for _, file := range cases {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if r := compile(t, unpack(t, a, name)); len(r.Targets) > 0 {
			out = append(out, tree{name, r.Targets[0].Set.Files()})
		}
	}
	return out
}

// TestRealExposure: native units are closed as tight as we say, by systemd's own rating: 1.6 at most.
func TestRealExposure(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze")
	}
	rated := 0
	for _, c := range goldenTrees(t) {
		dir := t.TempDir()
		for _, f := range c.files {
			if !strings.HasPrefix(f.Path, "etc/systemd/system/") || !strings.HasSuffix(f.Path, ".service") {
				continue
			}
			at := filepath.Join(dir, filepath.Base(f.Path))
			if err := os.WriteFile(at, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=16", at).CombinedOutput()
			if err != nil {
				t.Errorf("%s is rated worse than 1.6:\n%s", f.Path, out)
			}
			rated++
		}
	}
	if rated < 4 {
		t.Errorf("%d units were rated; want those of the case native", rated)
	}
}

// TestRealVerify: native units hold against the systemd of this machine.
func TestRealVerify(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze")
	}
	for _, c := range goldenTrees(t) {
		dir := t.TempDir()
		args := []string{"verify", "--man=no", "--recursive-errors=yes"}
		for _, f := range c.files {
			if strings.HasPrefix(f.Path, "etc/systemd/system/") {
				at := filepath.Join(dir, filepath.Base(f.Path))
				if err := os.WriteFile(at, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
				args = append(args, at)
			}
		}
		cmd := exec.Command("systemd-analyze", args...)
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		out, _ := cmd.CombinedOutput()
		if said := notThere.ReplaceAllString(string(out), ""); said != "" {
			t.Errorf("%s: %s", c.name, said)
		}
	}
}

// TestRealWords: Podman's own generator hands the hostile words on so that systemd reads them as they were written.
func TestRealWords(t *testing.T) {
	root := quadletRoot(t)
	dir, err := os.MkdirTemp(filepath.Join(root, "tmp"), "octo-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	want := append(slices.Clone(systemd.Hostile), "last")
	if err := os.WriteFile(filepath.Join(dir, "w.container"), systemd.ContainerWith(want), 0o644); err != nil {
		t.Fatal(err)
	}
	out := inRoot(t, root, "QUADLET_UNIT_DIRS=/tmp/"+filepath.Base(dir), "/usr/libexec/podman/quadlet", "-dryrun")
	_, command, found := strings.Cut(out, "\nExecStart=")
	if !found {
		t.Fatalf("no command: %s", out)
	}
	command, _, _ = strings.Cut(command, "\n")
	words, err := systemd.ReadExec(strings.ReplaceAll(command, "%t/%N", "")) // --cidfile
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.Index(words, "img"); i < 0 || !slices.Equal(words[i+1:], want) {
		t.Errorf("got %q; want %q", words, want)
	}
}
