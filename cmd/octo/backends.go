package main

import (
	"github.com/octocompose/octocompose/backends/compose"
	"github.com/octocompose/octocompose/backends/k8s"
	"github.com/octocompose/octocompose/backends/systemd"
	"github.com/octocompose/octocompose/compiler"
)

// backends are the platforms that octo compiles to, in the order in which they are printed.
func backends() []compiler.Backend {
	return []compiler.Backend{systemd.New(), compose.New(), k8s.New()}
}
