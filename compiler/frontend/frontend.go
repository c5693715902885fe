// Package frontend says what turns a config of another tool into ours. Each format is a package below this one; which of
// them there are, the command says.
package frontend

import (
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// FrontEnd turns one format into a tree of ours, with the positions of the foreign files.
type FrontEnd interface {
	// Name is what as: says in an include.
	Name() string
	// Detect reports whether a root file, or one that is included without as:, is of this format.
	Detect(root *tree.Node) bool
	// Convert is the config that begins with in.Root, with all that it includes, as one layer in the surface form of
	// our language: ${…} in it is replaced later, and paths are seen from the folder of in.File.
	Convert(in *Input) (*tree.Node, diag.List)
}

// Input is what a front end reads.
type Input struct {
	File *source.File
	Root *tree.Node // a mapping
	// Include reads and parses the file that text, written at the node at of path p in the file from, names: a path, a URL
	// or a relative one of either. The same file gives the same pointer. It reports what is wrong, and returns nil then; a
	// second chain to a file that is being converted is the front end's to see.
	Include func(from *source.File, p tree.Path, at *tree.Node, text string) (*source.File, *tree.Node)
	// Path is the path of a file that text, written at the node at of path p in the file from, names, for a field of our
	// language that takes one, such as configs.X.file; nothing is read. "" after a report.
	Path func(from *source.File, p tree.Path, at *tree.Node, text string) string
}
