package wait

import (
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"
)

const (
	pidfdOpen = 434 // pidfd_open(2): one number on all architectures that Go knows
	pollIn    = 1   // POLLIN of poll(2)
)

// process is a pidfd: it becomes readable when the process ends, and cannot mean another process that gets the number.
type process struct{ file *os.File }

func openProcess(pid int) (process, error) {
	fd, _, errno := syscall.Syscall(pidfdOpen, uintptr(pid), 0, 0)
	if errno != 0 {
		return process{}, fmt.Errorf("cannot open process %d: %w", pid, errno)
	}
	// PIDFD_NONBLOCK is younger than pidfd_open (Linux 5.10 against 5.3).
	if err := syscall.SetNonblock(int(fd), true); err != nil {
		_ = syscall.Close(int(fd))
		return process{}, fmt.Errorf("cannot open process %d: %w", pid, err)
	}
	syscall.CloseOnExec(int(fd))
	p := process{os.NewFile(fd, "pidfd")}
	// A file that the runtime cannot poll would block a thread and could not be given up.
	if err := p.file.SetReadDeadline(time.Time{}); err != nil {
		p.close()
		return process{}, fmt.Errorf("cannot open process %d: %w", pid, err)
	}
	return p, nil
}

// wait returns true when the process has ended, false when p was closed before.
func (p process) wait() bool {
	conn, err := p.file.SyscallConn()
	if err != nil {
		return false
	}
	ended := false
	err = conn.Read(func(fd uintptr) bool {
		ended = readable(fd)
		return ended
	})
	return err == nil && ended
}

func (p process) close() { _ = p.file.Close() }

// readable asks poll(2) without waiting.
func readable(fd uintptr) bool {
	asked := struct {
		fd              int32
		events, revents int16
	}{int32(fd), pollIn, 0}
	var now syscall.Timespec
	n, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&asked)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return errno == 0 && n == 1 && asked.revents&pollIn != 0
}
