package compiler

import (
	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
)

// Backend lowers the model to the files of one platform. Backends are handed to the compiler: it knows none by
// name.
type Backend interface {
	// Name is the value of targets.T.backend: "systemd", "compose", "k8s".
	Name() string
	// Table says what the backend does with each field.
	Table() *support.Table
	// Lower makes the files of the target, APPLY.md among them. It reads and writes no disk but through in.Files, and is
	// a pure function of in. With an error among the diagnostics the set is not used.
	Lower(in *model.Input) (*artifact.Set, diag.List)
	// Verify reads the set back with the platform's own rules and compares it with the intent. A difference is a bug
	// of ours.
	Verify(in *model.Input, set *artifact.Set) error
}

// Restarter is a backend whose platform does not see by itself what a change concerns. (Compose compares each container
// with its service, Kubernetes each object with what it runs.)
type Restarter interface {
	// Restarts are the commands, one a line and in order, that bring what runs from the tree old to the tree new, beside
	// those that APPLY.md lists for each time; none when nothing has to be stopped or restarted.
	Restarts(old, new *artifact.Set) []string
}
