package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write puts value into the file name, whose mode is 0600 then: into a new file beside it, which takes its place when
// it is whole and on the disk. Where that fails, what was there stays. The folder must be there.
func Write(name string, value []byte) error {
	return write(name, value, func(string) error { return nil })
}

// write is Write; step is asked before each change of the disk, and its error is that of the change.
func write(name string, value []byte, step func(what string) error) error {
	if err := replace(name, value, step); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, bare(err))
	}
	return nil
}

func replace(name string, value []byte, step func(what string) error) (err error) {
	dir := filepath.Dir(name)
	if err := step("create"); err != nil {
		return err
	}
	to, err := os.CreateTemp(dir, "."+filepath.Base(name)+".*") // mode 0600, and never one that is there
	if err != nil {
		return err
	}
	for _, c := range []struct {
		what string
		do   func() error
	}{
		{"write", func() error { _, err := to.Write(value); return err }},
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
			err = os.Rename(to.Name(), name)
		}
	}
	if err != nil {
		_ = os.Remove(to.Name())
		return err
	}
	if err := step("sync the folder"); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// bare is err without the operation and the path of the temporary file.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
