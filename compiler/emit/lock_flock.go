//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package emit

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// acquire locks the folder itself (flock on it, see flock(2)), so that no lock file stands among the outputs: alone to
// write, shared to read.
func acquire(ctx context.Context, root *os.Root, dir string, use Use) (*lock, error) {
	f, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	if use == Write {
		how = syscall.LOCK_EX
	}
	unsupported := false
	err = poll(ctx, dir, "", func() (bool, error) {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
			return false, nil
		case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EBADF):
			unsupported = true // NFS wants a file that is open for writing
			return true, nil
		}
		return false, err
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	if !unsupported {
		return &lock{release: func() { f.Close() }}, nil
	}
	f.Close()
	if use == Read {
		return &lock{release: func() {}}, nil
	}
	return exclusiveFile(ctx, root, dir)
}
