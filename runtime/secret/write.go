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
	dir := filepath.Dir(name)
	to, err := os.CreateTemp(dir, "."+filepath.Base(name)+".*") // mode 0600, and never one that is there
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, bare(err))
	}
	_, err = to.Write(value)
	if err = errors.Join(err, to.Sync(), to.Close()); err == nil {
		err = os.Rename(to.Name(), name)
	}
	if err != nil {
		_ = os.Remove(to.Name())
		return fmt.Errorf("cannot write %s: %w", name, bare(err))
	}
	folder, err := os.Open(dir)
	if err == nil {
		err = errors.Join(folder.Sync(), folder.Close())
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, bare(err))
	}
	return nil
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
