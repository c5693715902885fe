package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"
)

// disk is the folder that holds Dest; every change goes through it, and none leaves it (os.Root). Only one run at a time
// has it.
type disk struct {
	root *os.Root
	lock *os.File
	step func(what string) error
}

// lockPause is the time between two looks whether another run has ended.
const lockPause = 200 * time.Millisecond

// openDisk makes the folder where it is missing, and waits until no other run works in it.
func openDisk(ctx context.Context, name string, step func(what string) error) (*disk, error) {
	if step == nil {
		step = func(string) error { return nil }
	}
	if err := step("make the folder"); err != nil {
		return nil, fmt.Errorf("cannot make %s: %w", name, err)
	}
	if err := os.MkdirAll(name, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the folder: %w", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("cannot open the folder: %w", err)
	}
	lock, err := root.Open(".")
	if err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("cannot open the folder: %w", err)
	}
	d := &disk{root: root, lock: lock, step: step}
	// A lock on the folder itself leaves no file behind, and ends with the process.
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return d, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			d.close()
			return nil, fmt.Errorf("cannot lock %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			d.close()
			return nil, fmt.Errorf("cannot lock %s: another process holds it: %w", name, context.Cause(ctx))
		case <-time.After(lockPause):
		}
	}
}

func (d *disk) close() {
	_ = d.lock.Close()
	_ = d.root.Close()
}

// change is one change of the disk.
func (d *disk) change(what, name string, do func() error) error {
	err := d.step(what + " " + name)
	if err == nil {
		err = do()
	}
	if err != nil {
		return fmt.Errorf("cannot %s %q: %w", what, name, bare(err))
	}
	return nil
}

// bare is err without the operation and path that os puts before it: the message has them.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// mkdir makes one folder; its mode does not depend on the umask.
func (d *disk) mkdir(name string, mode fs.FileMode) error {
	return d.change("make", name, func() error {
		if err := d.root.Mkdir(name, mode); err != nil {
			return err
		}
		return d.root.Chmod(name, mode)
	})
}

func (d *disk) chmod(name string, mode fs.FileMode) error {
	return d.change("set the mode of", name, func() error { return d.root.Chmod(name, mode) })
}

func (d *disk) symlink(target, name string) error {
	return d.change("link", name, func() error { return d.root.Symlink(target, name) })
}

func (d *disk) link(old, name string) error {
	return d.change("link", name, func() error { return d.root.Link(old, name) })
}

func (d *disk) rename(old, name string) error {
	return d.change("move to", name, func() error { return d.root.Rename(old, name) })
}

// remove removes a file, or a folder that is empty.
func (d *disk) remove(name string) error {
	return d.change("remove", name, func() error { return d.root.Remove(name) })
}

func (d *disk) removeAll(name string) error {
	return d.change("remove", name, func() error { return d.root.RemoveAll(name) })
}

// syncDir makes the names in a folder lasting (fsync(2)).
func (d *disk) syncDir(name string) error {
	return d.change("sync", name, func() error {
		f, err := d.root.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// syncTree makes all names below a folder lasting; files are synced when they are written.
func (d *disk) syncTree(name string) error {
	if err := d.syncDir(name); err != nil {
		return err
	}
	dir, err := d.root.Open(name)
	if err != nil {
		return fmt.Errorf("cannot read %q: %w", name, bare(err))
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(256)
		for _, e := range entries {
			if e.IsDir() {
				if err := d.syncTree(path.Join(name, e.Name())); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read %q: %w", name, bare(err))
		}
	}
}

// file is one that is being written.
type file struct {
	*os.File
	disk *disk
	name string
}

// create makes a file that must not be there.
func (d *disk) create(name string, mode fs.FileMode) (*file, error) {
	f := &file{disk: d, name: name}
	err := d.change("create", name, func() (err error) {
		f.File, err = d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		return err
	})
	return f, err
}

// reopen opens a file that an earlier run left.
func (d *disk) reopen(name string) (*file, error) {
	f := &file{disk: d, name: name}
	err := d.change("open", name, func() (err error) {
		f.File, err = d.root.OpenFile(name, os.O_RDWR, 0)
		return err
	})
	return f, err
}

// replace puts a small file in place of what is there, at once.
func (d *disk) replace(name string, data []byte) error {
	next := name + ".new"
	if err := d.removeAll(next); err != nil {
		return err
	}
	f, err := d.create(next, 0o600)
	if err != nil {
		return err
	}
	defer f.drop()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.done(0o600); err != nil {
		return err
	}
	return d.rename(next, name)
}

func (f *file) Write(p []byte) (n int, err error) {
	err = f.disk.change("write", f.name, func() error { n, err = f.File.Write(p); return err })
	return n, err
}

// Reset empties the file.
func (f *file) Reset() error {
	return f.disk.change("empty", f.name, func() error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return f.Truncate(0)
	})
}

// done sets the mode, which does not depend on the umask, and makes the file lasting.
func (f *file) done(mode fs.FileMode) error {
	return f.disk.change("sync", f.name, func() error {
		return errors.Join(f.Chmod(mode), f.Sync(), f.Close())
	})
}

// drop closes a file that may be done.
func (f *file) drop() { _ = f.File.Close() }
