package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// disk makes every change of the disk. step is asked before each; its error is that of the change.
type disk struct{ step func(what string) error }

func (d disk) do(what string, f func() error) error {
	if d.step != nil {
		if err := d.step(what); err != nil {
			return err
		}
	}
	return f()
}

// makeDir makes a folder that only this user may enter, where there is none.
func (d disk) makeDir(name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	if err := d.do("make the folder", func() error { return os.MkdirAll(name, 0o700) }); err != nil {
		return fmt.Errorf("cannot make the folder %s: %w", name, bare(err))
	}
	return nil
}

// replace puts data into the file name: a new file beside it takes its place when it is whole and on the disk. Where that
// fails, what was there stays. The new one has the same name each time, so that what a killed run left does not add up.
func (d disk) replace(name string, data []byte, mode fs.FileMode) error {
	if err := d.replaced(name, data, mode); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, bare(err))
	}
	return nil
}

func (d disk) replaced(name string, data []byte, mode fs.FileMode) error {
	dir := filepath.Dir(name)
	fresh := filepath.Join(dir, "."+filepath.Base(name)+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var to *os.File
	err := d.do("create", func() (err error) {
		to, err = os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) // EXCL: follows no link
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range []struct {
		what string
		do   func() error
	}{
		{"write", func() error { _, err := to.Write(data); return err }},
		{"set the mode", func() error { return to.Chmod(mode) }}, // whatever the umask is
		{"sync", to.Sync},
	} {
		if err = d.do(c.what, c.do); err != nil {
			break
		}
	}
	if err = errors.Join(err, to.Close()); err == nil {
		err = d.do("rename", func() error { return os.Rename(fresh, name) })
	}
	if err != nil {
		_ = os.Remove(fresh)
		return err
	}
	return d.do("sync the folder", func() error {
		folder, err := os.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(folder.Sync(), folder.Close())
	})
}

// bare is err without the operation and the path that os puts before it: the message has them.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
