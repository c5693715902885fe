package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Every change of the disk fails once, with each error: the file has the old value or the new one, nothing is left beside
// it, the error is told without the value, and the next write mends it.
func TestEveryFault(t *testing.T) {
	for _, fault := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		for n := 1; ; n++ {
			dir, count, hit := t.TempDir(), 0, ""
			file := filepath.Join(dir, "value")
			if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			err := write(file, []byte(canary), func(what string) error {
				if count++; count == n {
					hit = what
					return fault
				}
				return nil
			})
			if hit == "" {
				if err != nil || n != 6 {
					t.Fatalf("without a fault: %v after %d steps", err, n-1)
				}
				break
			}
			want := "old"
			if hit == "sync the folder" {
				want = canary // it is in place, and may not last
			}
			got, _ := os.ReadFile(file)
			if !errors.Is(err, fault) || !strings.HasPrefix(err.Error(), "cannot write "+file+": ") || strings.Contains(err.Error(), canary) || string(got) != want {
				t.Errorf("%d, %s: %v, the file has %q", n, hit, err, got)
			}
			if list, _ := os.ReadDir(dir); len(list) != 1 {
				t.Errorf("%d, %s: left %v", n, hit, list)
			}
			if err := Write(file, []byte(canary)); err != nil {
				t.Errorf("%d, %s: the next write: %v", n, hit, err)
			}
			if got, _ := os.ReadFile(file); string(got) != canary {
				t.Errorf("%d, %s: the next write: %q", n, hit, got)
			}
		}
	}
}
