package emit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

const (
	fileFlagDeleteOnClose = 0x04000000
	errorSharingViolation = syscall.Errno(32)
)

// acquire opens a file that nobody else can open at the same time, and that goes away when the process ends. To read,
// there is no lock: a file that is being replaced cannot be read half.
func acquire(ctx context.Context, root *os.Root, dir string, use Use) (*lock, error) {
	if use == Read {
		return &lock{release: func() {}}, nil
	}
	name, err := syscall.UTF16PtrFromString(filepath.Join(root.Name(), lockName))
	if err != nil {
		return nil, err
	}
	var h syscall.Handle
	err = poll(ctx, dir, "", func() (bool, error) {
		h, err = syscall.CreateFile(name, syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, fileFlagDeleteOnClose, 0)
		if errors.Is(err, errorSharingViolation) || errors.Is(err, syscall.ERROR_ACCESS_DENIED) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, err
	}
	return &lock{release: func() { _ = syscall.CloseHandle(h) }}, nil
}
