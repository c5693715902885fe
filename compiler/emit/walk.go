package emit

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// walker opens the folders of a tree one step at a time and keeps those open that lead to the last one. Paths come
// sorted, so that each folder is opened about once; a path from the root would open every folder on the way for each
// file. It follows no link.
type walker struct {
	root  *os.Root
	names []string   // the folders that are open, from the root
	roots []*os.Root // and their handles
	// mkdir makes a folder that is not there; nil: it is missing.
	mkdir func(in *os.Root, dir, name string) error
}

// errBlocked: something that is no folder stands where a folder is needed.
type errBlocked struct {
	path string
	what string
}

func (e *errBlocked) Error() string { return e.path + " is " + e.what }

// split is the folder of p, "" for none, and its name in it.
func split(p string) (dir, base string) {
	i := strings.LastIndexByte(p, '/')
	if i < 0 {
		return "", p
	}
	return p[:i], p[i+1:]
}

// enter is the handle of dir ("" is the root). The handle is good until the next call. A folder that is not there is
// fs.ErrNotExist, a thing in its place an *errBlocked.
func (w *walker) enter(dir string) (*os.Root, error) {
	depth, rest := 0, dir
	for depth < len(w.names) && rest != "" {
		first, after, _ := strings.Cut(rest, "/")
		if first != w.names[depth] {
			break
		}
		depth, rest = depth+1, after
	}
	w.leave(depth)
	at := w.root
	if depth > 0 {
		at = w.roots[depth-1]
	}
	for rest != "" {
		first, after, _ := strings.Cut(rest, "/")
		here := dir[:len(dir)-len(rest)] + first
		next, err := w.open(at, here, first)
		if err != nil {
			return nil, err
		}
		w.names, w.roots = append(w.names, first), append(w.roots, next)
		at, rest = next, after
	}
	return at, nil
}

// open opens the folder name in at; here is its path from the root.
func (w *walker) open(at *os.Root, here, name string) (*os.Root, error) {
	info, err := at.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && w.mkdir != nil:
		if err := w.mkdir(at, here, name); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, &errBlocked{here, kindOf(info)}
	}
	return at.OpenRoot(name)
}

// leave closes all folders below depth.
func (w *walker) leave(depth int) {
	for i := len(w.roots) - 1; i >= depth; i-- {
		w.roots[i].Close()
	}
	w.names, w.roots = w.names[:depth], w.roots[:depth]
}

func (w *walker) close() { w.leave(0) }

// kindOf says what lies at a path, for a message.
func kindOf(info fs.FileInfo) string {
	switch m := info.Mode(); {
	case m.IsRegular():
		return "a file"
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a link"
	}
	return "not a regular file"
}
