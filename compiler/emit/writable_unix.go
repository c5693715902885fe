//go:build !windows && !plan9 && !js && !wasip1

package emit

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// syncFlags opens a file to be made durable.
const syncFlags = os.O_RDONLY

// writable asks, before anything is decided, whether files can be moved into the folders that the plan changes:
// afterwards a refusal would leave the tree half done until somebody puts it right.
func (o *Out) writable(p *Plan) error {
	last := ""
	for i := range p.Files {
		f := &p.Files[i]
		if p.fresh || f.Kind == Same {
			continue
		}
		dir := o.existing(p.Target + "/" + f.Path)
		if dir == last {
			continue
		}
		last = dir
		d, err := o.root.Open(dir)
		if err != nil {
			return o.failed("write to", dir, err)
		}
		err = unix.Faccessat(int(d.Fd()), ".", unix.W_OK|unix.X_OK, unix.AT_EACCESS)
		d.Close()
		if err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("cannot write to %s: %w", o.show(dir), err)
		}
	}
	return nil
}

// existing is the nearest folder above name that is there.
func (o *Out) existing(name string) string {
	for dir, _ := split(name); dir != ""; dir, _ = split(dir) {
		if info, err := o.root.Lstat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return "."
}
