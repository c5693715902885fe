//go:build !linux

package preflight

import (
	"fmt"
	"runtime"

	"github.com/octocompose/octocompose/runtime/probe"
)

func free(string) (uint64, error) {
	return 0, fmt.Errorf("%s is not asked: %w", runtime.GOOS, probe.ErrUnasked)
}

func kernel() (string, error) {
	return "", fmt.Errorf("%s has no Linux kernel: %w", runtime.GOOS, probe.ErrUnasked)
}

func held(Port) (bool, bool) { return false, false }
