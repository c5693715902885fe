package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestGenerate: a shell makes 64 digits that nobody sees, once, for root alone; what fails leaves no file.
func TestGenerate(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs sh")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "shop.cookie")
	run := func(env ...string) (string, error) {
		cmd := exec.Command(shell, "-c", generate(file))
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	broken := filepath.Join(dir, "bin")
	if err := os.Mkdir(broken, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"tr", "rm"} {
		at, err := exec.LookPath(tool)
		if err != nil {
			t.Skip("needs " + tool)
		}
		if err := os.Symlink(at, filepath.Join(broken, tool)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run("PATH=" + broken); err == nil {
		t.Error("it works without od")
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a failure leaves a file")
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil { // what a failure of something else left
		t.Fatal(err)
	}
	if out, err := run(); err != nil || out != "" {
		t.Fatalf("%v: %q", err, out)
	}
	first, err := os.ReadFile(file)
	if err != nil || !regexp.MustCompile(`^[0-9a-f]{64}$`).Match(first) {
		t.Fatalf("%v: %d bytes", err, len(first))
	}
	if out, err := run(); err != nil || out != "" {
		t.Fatalf("%v: %q", err, out)
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(first) {
		t.Error("it is made again")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if out, err := run(); err != nil || out != "" {
		t.Fatalf("%v: %q", err, out)
	}
	if other, err := os.ReadFile(file); err != nil || string(other) == string(first) {
		t.Error("two machines have one value")
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others may read it")
	}
}
