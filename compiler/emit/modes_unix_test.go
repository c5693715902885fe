//go:build unix

package emit

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Modes are what the set says, under every umask; in a fresh tree and in one that is there.
func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		func() {
			defer syscall.Umask(syscall.Umask(umask))
			out := filepath.Join(t.TempDir(), "out")
			if err := os.Mkdir(out, 0o755); err != nil {
				t.Fatal(err)
			}
			mustCompile(t, out, files{"a": "1\n", "d/run*": "1\n"})
			mustCompile(t, out, files{"a": "2\n", "d/run*": "2\n", "e/f": "2\n"})
			for name, want := range map[string]os.FileMode{
				"a": 0o644, "d/run": 0o755, "e/f": 0o644, "d": 0o755, "e": 0o755, ".": 0o755, ManifestName: 0o644,
			} {
				info, err := os.Stat(filepath.Join(out, "k8s", name))
				if err != nil {
					t.Fatal(err)
				}
				if info.Mode().Perm() != want {
					t.Errorf("umask %03o: %s: want mode %v, got %v", umask, name, want, info.Mode().Perm())
				}
			}
		}()
	}
}
