//go:build unix

package wait

import (
	"errors"
	"syscall"
)

// alive asks with signal 0 of kill(2), which is sent to nobody; a process of another user answers EPERM.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
