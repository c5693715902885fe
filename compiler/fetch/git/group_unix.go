//go:build unix

package git

import (
	"os/exec"
	"syscall"
)

// group puts cmd into a process group of its own: git runs programs that run programs.
func group(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends cmd and all in its group.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
