package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/octocompose/octocompose/compiler/store"
)

func TestPutGet(t *testing.T) {
	s := store.Open(filepath.Join(t.TempDir(), "cache"))
	if _, err := s.Get(store.Sum([]byte("x"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	sum, err := s.Put([]byte("hello"))
	if err != nil || sum != "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" {
		t.Fatal(sum, err)
	}
	if data, err := s.Get(sum); err != nil || string(data) != "hello" || !s.Has(sum) {
		t.Errorf("%q, %v", data, err)
	}
	for _, bad := range []string{"", "sha256:", "sha256:../../../../etc/passwd", "sha256:" + strings.Repeat("A", 64), "md5:" + strings.Repeat("0", 64)} {
		if _, err := s.Get(bad); err == nil || s.Has(bad) {
			t.Errorf("%q can be looked up", bad)
		}
	}
}

// What somebody wrote into the folder is never given out, and is mended by the next Put.
func TestChanged(t *testing.T) {
	dir := t.TempDir()
	s := store.Open(dir)
	sum, err := s.Put([]byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "sha256", sum[7:9], sum[7:])
	os.Remove(at)
	if err := os.WriteFile(at, []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Get(sum); !errors.Is(err, store.ErrChanged) || data != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := s.Put([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Get(sum); err != nil || string(data) != "hello" {
		t.Errorf("not mended: %q, %v", data, err)
	}
	os.Remove(at)
	if err := os.Symlink("/etc/hostname", at); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(sum); err == nil || s.Has(sum) {
		t.Error("a symbolic link is followed")
	}
}

// Many writers of the same contents leave each whole, and no leftovers.
func TestConcurrent(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			s := store.Open(dir)
			for i := range 50 {
				data := bytes.Repeat([]byte(fmt.Sprint((i+w)%50, "\n")), 1000)
				sum, err := s.Put(data)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := s.Get(sum); err != nil || !bytes.Equal(got, data) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if d.Type().IsRegular() {
			n++
		}
		return err
	})
	if n != 50 {
		t.Errorf("%d files; want 50", n)
	}
}
