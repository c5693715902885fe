package install

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Over an older copy, over what a killed one left, and over a link that somebody put there: the copy is whole, its mode
// is 0755, and the link's target is as it was.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	self, victim, to := filepath.Join(dir, "self"), filepath.Join(dir, "victim"), filepath.Join(dir, "to")
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(self, "new", 0o500)
	write(victim, "mine", 0o600)
	for _, before := range []func(){
		func() {},
		func() { write(filepath.Join(to, Name), "older", 0o600) },
		func() { write(filepath.Join(to, fresh), "half", 0o400) },
		func() {
			if err := os.Symlink(victim, filepath.Join(to, fresh)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		before()
		if err := Copy(self, to); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(to, Name))
		info, _ := os.Stat(filepath.Join(to, Name))
		if err != nil || string(data) != "new" || info.Mode() != 0o755 {
			t.Errorf("got %q, %v, %v", data, info.Mode(), err)
		}
		if left, err := os.ReadDir(to); err != nil || len(left) != 1 {
			t.Errorf("left %v, %v", left, err)
		}
	}
	if data, err := os.ReadFile(victim); err != nil || string(data) != "mine" {
		t.Errorf("the link's target is %q, %v", data, err)
	}
	if err := Copy(filepath.Join(dir, "none"), to); err == nil {
		t.Error("a missing program is copied")
	}
}

// Every change of the disk fails once, with each error: the copy before stays whole, nothing is left, the error is told,
// and the next copy mends it.
func TestEveryFault(t *testing.T) {
	self := filepath.Join(t.TempDir(), "self")
	if err := os.WriteFile(self, []byte("new"), 0o500); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		for n := 1; ; n++ {
			dir, count, hit := t.TempDir(), 0, ""
			at := filepath.Join(dir, Name)
			if err := os.WriteFile(at, []byte("old"), 0o755); err != nil {
				t.Fatal(err)
			}
			err := copyBy(self, dir, func(what string) error {
				if count++; count == n {
					hit = what
					return fault
				}
				return nil
			})
			if hit == "" {
				if err != nil || n != 8 {
					t.Fatalf("without a fault: %v after %d steps", err, n-1)
				}
				break
			}
			if got, _ := os.ReadFile(at); !errors.Is(err, fault) || string(got) != "old" {
				t.Errorf("%d, %s: %v, there is %q", n, hit, err, got)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("%d, %s: left %v, %v", n, hit, left, err)
			}
			if err := Copy(self, dir); err != nil {
				t.Errorf("%d, %s: the next copy: %v", n, hit, err)
			}
			if got, _ := os.ReadFile(at); string(got) != "new" {
				t.Errorf("%d, %s: the next copy: %q", n, hit, got)
			}
		}
	}
}
