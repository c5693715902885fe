//go:build !unix

package probe

import "os/exec"

// ownGroup leaves cmd as it is: where there are no process groups, the program alone is killed.
func ownGroup(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
