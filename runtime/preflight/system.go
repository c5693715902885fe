package preflight

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Host is this machine. Free space, the kernel and ports below 1024 for ordinary users are known on Linux only.
func Host() System {
	return System{Free: free, Kernel: kernel, Bind: bind, Held: held, Exists: exists}
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil, err
}
