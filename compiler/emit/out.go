package emit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Use says what an output folder is opened for.
type Use uint8

const (
	// Read only compares: the folder need not be there, and nothing in it is touched.
	Read Use = iota
	// Write makes the folder, keeps others out of it, and finishes what an interrupted run has left.
	Write
)

// Out is an output folder, under a lock until it is closed.
type Out struct {
	dir  string   // as messages name it
	root *os.Root // nil: the folder is not there, and it was opened for reading
	use  Use
	lock *lock
	made bool // Open made the folder
	// step is called before every change of the disk, with what is to be done. Tests fail or stop there.
	step func(op, name string) error
	// Recovered: an earlier run was interrupted, and opening the folder has finished it.
	Recovered bool
	// Pending: the same, but the folder was opened for reading, so that nothing was done.
	Pending bool
}

// Open opens the output folder dir. Messages name it as dir is written. With Write it waits for another octo that
// writes to the folder, until ctx is done or some seconds have passed.
func Open(ctx context.Context, dir string, use Use) (*Out, error) {
	return open(ctx, dir, use, nil)
}

func open(ctx context.Context, dir string, use Use, step func(op, name string) error) (*Out, error) {
	o := &Out{dir: filepath.ToSlash(filepath.Clean(dir)), use: use, step: step}
	if err := o.enter(ctx, dir); err != nil {
		o.Close()
		return nil, err
	}
	if o.root == nil {
		return o, nil
	}
	if err := o.finish(); err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// enter opens and locks the folder. Where another run removed it between the two, it starts again.
func (o *Out) enter(ctx context.Context, dir string) error {
	for {
		if o.use == Write {
			switch _, err := os.Stat(dir); {
			case errors.Is(err, fs.ErrNotExist):
				if err := o.change("mkdir", ""); err != nil {
					return err
				}
				if err := os.MkdirAll(dir, 0o755); err != nil {
					return fmt.Errorf("cannot make the output folder %s: %w", o.dir, cause(err))
				}
				o.made = true
			case err != nil:
				return fmt.Errorf("cannot open the output folder %s: %w", o.dir, cause(err))
			}
		}
		root, err := os.OpenRoot(dir)
		if o.use == Read && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot open the output folder %s: %w", o.dir, cause(err))
		}
		if err := o.change("lock", ""); err != nil {
			root.Close()
			return err
		}
		l, err := acquire(ctx, root, o.dir, o.use)
		if err != nil {
			root.Close()
			return err
		}
		here, err1 := root.Stat(".")
		there, err2 := os.Stat(dir)
		if err1 == nil && err2 == nil && os.SameFile(here, there) {
			o.root, o.lock = root, l
			return nil
		}
		l.release()
		root.Close()
		if err2 != nil && !errors.Is(err2, fs.ErrNotExist) {
			return fmt.Errorf("cannot open the output folder %s: %w", o.dir, cause(err2))
		}
	}
}

// Close gives the lock back. A folder that Open made and that nothing was written to goes away again.
func (o *Out) Close() {
	if o.root == nil {
		return
	}
	if o.made {
		_ = os.Remove(o.root.Name()) // fails, as it should, when something lies in it
	}
	o.lock.release()
	o.root.Close()
	o.root = nil
}

// change is called before every change of the disk.
func (o *Out) change(op, name string) error {
	if o.step == nil {
		return nil
	}
	return o.step(op, name)
}

// show is the name of a file for a message.
func (o *Out) show(name string) string {
	if o.dir == "." {
		return name
	}
	return o.dir + "/" + name
}

// cause takes the path and the call out of an error of package os: the message names what it is about.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	if l := (*os.LinkError)(nil); errors.As(err, &l) {
		return l.Err
	}
	return err
}

// Guard says why dir must not be the output folder of a project whose sources lie in the folder project: it is that
// folder or holds it, so that outputs would lie among sources; or it is a link that leads somewhere else. Nil: it may.
func Guard(dir, project string) error {
	if info, err := os.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return fmt.Errorf("cannot write to %s: it is a link that leads nowhere", filepath.ToSlash(dir))
		}
		if home := resolve(filepath.Dir(dir)); !contains(home, real) {
			return fmt.Errorf("cannot write to %s: it is a link to %s; name that folder instead", filepath.ToSlash(dir), filepath.ToSlash(real))
		}
	}
	out, src := resolve(dir), resolve(project)
	switch {
	case out == src:
		return fmt.Errorf("cannot write to %s: the sources lie there", filepath.ToSlash(dir))
	case contains(out, src):
		return fmt.Errorf("cannot write to %s: the project's folder lies in it", filepath.ToSlash(dir))
	}
	return nil
}

// contains reports whether p is dir or lies below it; both are resolved.
func contains(dir, p string) bool {
	rel, err := filepath.Rel(dir, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolve is the absolute path of dir without links; of a folder that is not there yet, as far as it is.
func resolve(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return filepath.Clean(dir)
	}
	rest := ""
	for at := abs; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if filepath.Dir(at) == at {
			return abs
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}
