// Package artifact is what a backend makes: files in memory, with their paths in the target's tree, modes,
// bytes, and for the lines that came from the config the field that they came from.
//
// In: files from a backend. Out: a [Set], sorted by path, without two files of one path. It never touches the
// disk: package emit does.
//
//	var s artifact.Set
//	err := s.Add(artifact.File{Path: "compose.yaml", Mode: 0o644, Data: out})
package artifact

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// File is one file of an output tree.
type File struct {
	Path    string      // slash-separated, relative to the target's folder
	Mode    fs.FileMode // permission bits only: 0644, 0600, 0755
	Data    []byte
	Origins []tree.Origin // by line, ascending
}

// Set is the files of one target.
type Set struct {
	files  []File
	names  map[string]bool
	sorted bool
}

// Add puts f into the set. A path that is not clean and relative, or that is there already, is a fault of the
// backend: an error.
func (s *Set) Add(f File) error {
	if f.Path == "" || path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path || f.Path == "." || f.Path == ".." || strings.HasPrefix(f.Path, "../") {
		return fmt.Errorf("cannot use %q as the path of an output file; want a clean relative path", f.Path)
	}
	if s.names == nil {
		s.names = map[string]bool{}
	}
	if s.names[f.Path] {
		return fmt.Errorf("cannot write %s twice", f.Path)
	}
	s.names[f.Path] = true
	s.files, s.sorted = append(s.files, f), false
	return nil
}

// Files are the files, sorted by path. The caller must not change them.
func (s *Set) Files() []File {
	if !s.sorted {
		slices.SortFunc(s.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
		s.sorted = true
	}
	return s.files
}

// Get returns the file at path, or nil.
func (s *Set) Get(name string) *File {
	files := s.Files()
	i, found := slices.BinarySearchFunc(files, name, func(a File, p string) int { return strings.Compare(a.Path, p) })
	if !found {
		return nil
	}
	return &files[i]
}

// Size is the number of bytes of all files.
func (s *Set) Size() int64 {
	var n int64
	for i := range s.files {
		n += int64(len(s.files[i].Data))
	}
	return n
}
