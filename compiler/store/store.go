// Package store is a folder of contents by their hash: what was fetched once and is read by every compile.
//
// In: bytes. Out: their SHA-256, and later the bytes again, hashed anew each time, so that a folder somebody wrote into
// gives an error and never other bytes. Any number of processes may use one folder: a content is written beside its place
// and then moved there. The package never touches the network.
//
//	s := store.Open(dir)
//	sum, err := s.Put(data)  // sha256:…
//	data, err = s.Get(sum)
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Store is a folder of contents.
type Store struct{ dir string }

// Open is the store in dir, which is made when something is put there.
func Open(dir string) *Store { return &Store{dir} }

// Dir is its folder.
func (s *Store) Dir() string { return s.dir }

// ErrChanged is wrapped by the error of Get when a content is not what its name says.
var ErrChanged = errors.New("its content was changed")

const prefix = "sha256:"

// Sum is the name of data in a store: sha256: and 64 hexadecimal digits in lower case.
func Sum(data []byte) string {
	h := sha256.Sum256(data)
	return prefix + hex.EncodeToString(h[:])
}

// IsSum reports whether s is a name that Sum can give.
func IsSum(s string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	return ok && len(digits) == 64 && strings.Trim(digits, "0123456789abcdef") == ""
}

func (s *Store) path(sum string) string {
	digits := strings.TrimPrefix(sum, prefix)
	return filepath.Join(s.dir, "sha256", digits[:2], digits)
}

// Has reports whether something is stored under sum. Get tells whether it is sound.
func (s *Store) Has(sum string) bool {
	if !IsSum(sum) {
		return false
	}
	info, err := os.Lstat(s.path(sum))
	return err == nil && info.Mode().IsRegular()
}

// Get returns the content of that name: an error that wraps fs.ErrNotExist where there is none, and ErrChanged where the
// bytes are others.
func (s *Store) Get(sum string) ([]byte, error) {
	if !IsSum(sum) {
		return nil, fmt.Errorf("cannot look up %q: want sha256: and 64 digits", sum)
	}
	at := s.path(sum)
	info, err := os.Lstat(at)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("cannot read %s: it is not a regular file", at)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		return nil, err
	}
	if Sum(data) != sum {
		return nil, fmt.Errorf("cannot use %s: %w", at, ErrChanged)
	}
	return data, nil
}

// Put stores data and returns its name. What is there and sound is left alone; what was changed is replaced.
func (s *Store) Put(data []byte) (string, error) {
	sum := Sum(data)
	if have, err := s.Get(sum); err == nil && len(have) == len(data) {
		return sum, nil
	}
	at := s.path(sum)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(at), ".new-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o444)
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = replace(f.Name(), at)
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return sum, nil
}

// replace moves a file to its place, also where something that is no file lies there.
func replace(from, to string) error {
	err := os.Rename(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if info, found := os.Lstat(to); found == nil && info.IsDir() {
		return fmt.Errorf("cannot write %s: a folder lies there", to)
	}
	return err
}
