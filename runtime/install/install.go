// Package install copies the running program into a folder: what an init container does to bring the probe to an image
// that has none.
//
// In: the path of the program, a folder. Out: the program in the folder, mode 0755, by a rename, so that nobody sees half
// of it and one that runs is not disturbed. It touches nothing else in the folder.
//
//	err := install.Copy("/octo-sidecar", "/octo")
package install

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Name is what the program is called in the folder.
const Name = "octo-sidecar"

// fresh is the copy until it is whole. A copy that was killed leaves it, and the next one takes it over.
const fresh = "." + Name + ".new"

// Copy copies the program self to dir, which is made where it is missing. Where that fails, what was there stays.
func Copy(self, dir string) error {
	return copyBy(self, dir, func(string) error { return nil })
}

// copyBy is Copy; step is asked before each change of the disk, and its error is that of the change.
func copyBy(self, dir string, step func(what string) error) error {
	err := step("make the folder")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return fmt.Errorf("cannot make the folder: %w", err)
	}
	from, err := os.Open(self)
	if err != nil {
		return fmt.Errorf("cannot read the program: %w", err)
	}
	defer from.Close()
	temporary := filepath.Join(dir, fresh)
	// Removed first, and made anew: what lies there may be a link.
	if err = step("clear"); err == nil {
		err = os.Remove(temporary)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot clear the copy: %w", err)
	}
	var to *os.File
	if err = step("create"); err == nil {
		to, err = os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	}
	if err != nil {
		return fmt.Errorf("cannot write the copy: %w", err)
	}
	for _, c := range []struct {
		what string
		do   func() error
	}{
		{"write", func() error { _, err := io.Copy(to, from); return err }},
		{"set the mode", func() error { return to.Chmod(0o755) }}, // whatever the umask is
		{"sync", to.Sync},
	} {
		if err = step(c.what); err == nil {
			err = c.do()
		}
		if err != nil {
			break
		}
	}
	if err = errors.Join(err, to.Close()); err == nil {
		if err = step("rename"); err == nil {
			err = os.Rename(temporary, filepath.Join(dir, Name))
		}
	}
	if err != nil {
		_ = os.Remove(temporary)
		return fmt.Errorf("cannot write the copy: %w", err)
	}
	return nil
}
