//go:build unix

package serve

import "syscall"

// maxFiles is how many files this process may have open (getrlimit(2), RLIMIT_NOFILE).
func maxFiles() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 1024
	}
	return int(min(uint64(l.Cur), 1<<20))
}
