//go:build unix

package probe

import (
	"os/exec"
	"syscall"
)

// ownGroup gives cmd a process group of its own, which is killed as a whole: a shell's children would live on.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd) }
}

func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
