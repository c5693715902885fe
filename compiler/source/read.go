package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// MaxFile is the largest input that is read, in bytes. A config of 10,000 services is 17 MB.
const MaxFile = 64 << 20

// Info says what lies at a path.
type Info struct {
	Kind Kind
	Size int64 // bytes, of a regular file
}

// Kind is what lies at a path.
type Kind uint8

// The kinds of things on a disk. Other is a socket, a device or a pipe.
const (
	Missing Kind = iota
	Regular
	Dir
	Other
)

// Reader reads inputs by a slash-separated path relative to the project's folder, or an absolute one.
// It never writes.
type Reader interface {
	// Read returns the whole file, or an error that wraps fs.ErrNotExist where there is none.
	Read(name string) (*File, error)
	// Stat says what lies at name; Missing where nothing does.
	Stat(name string) Info
	// List returns the names in the folder, sorted; nil where there is none.
	List(name string) []string
}

// Disk reads below Dir. Show names a path for diagnostics; nil shows it as it is.
type Disk struct {
	Dir  string
	Show func(rel string) string
}

func (d Disk) native(name string) string {
	if filepath.IsAbs(filepath.FromSlash(name)) {
		return filepath.FromSlash(name)
	}
	return filepath.Join(d.Dir, filepath.FromSlash(name))
}

// Read returns the file. It refuses what is not a regular file and what is larger than [MaxFile].
func (d Disk) Read(name string) (*File, error) {
	at := d.native(name)
	info, err := os.Stat(at)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read %s: %w", d.show(name), cause(err))
	case info.IsDir():
		return nil, fmt.Errorf("cannot read %s: it is a folder", d.show(name))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("cannot read %s: it is not a regular file", d.show(name))
	case info.Size() > MaxFile:
		return nil, fmt.Errorf("cannot read %s: it has %d bytes, and %d is the limit", d.show(name), info.Size(), MaxFile)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", d.show(name), cause(err))
	}
	return &File{Name: d.show(name), Rel: path.Clean(name), Data: data}, nil
}

func (d Disk) show(name string) string {
	name = path.Clean(name)
	if d.Show == nil {
		return name
	}
	return d.Show(name)
}

// cause takes the path out of an error of package os: the message names it already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Stat says what lies at name, following symbolic links.
func (d Disk) Stat(name string) Info {
	info, err := os.Stat(d.native(name))
	switch {
	case err != nil:
		return Info{}
	case info.IsDir():
		return Info{Kind: Dir}
	case info.Mode().IsRegular():
		return Info{Kind: Regular, Size: info.Size()}
	}
	return Info{Kind: Other}
}

// List returns the names in a folder, sorted.
func (d Disk) List(name string) []string {
	entries, err := os.ReadDir(d.native(name))
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Mem is a folder in memory: path to content. A folder is there when a file lies below it.
type Mem map[string]string

// Read returns the file.
func (m Mem) Read(name string) (*File, error) {
	name = path.Clean(name)
	text, ok := m[name]
	if !ok {
		if m.Stat(name).Kind == Dir {
			return nil, fmt.Errorf("cannot read %s: it is a folder", name)
		}
		return nil, fmt.Errorf("cannot read %s: %w", name, fs.ErrNotExist)
	}
	return &File{Name: name, Rel: name, Data: []byte(text)}, nil
}

// Stat says what lies at name.
func (m Mem) Stat(name string) Info {
	name = path.Clean(name)
	if text, ok := m[name]; ok {
		return Info{Kind: Regular, Size: int64(len(text))}
	}
	if name == "." || len(m.List(name)) > 0 {
		return Info{Kind: Dir}
	}
	return Info{}
}

// List returns the names in a folder, sorted.
func (m Mem) List(name string) []string {
	name = path.Clean(name)
	var names []string
	for k := range m {
		rest := k
		if name != "." {
			var ok bool
			if rest, ok = strings.CutPrefix(k, name+"/"); !ok {
				continue
			}
		}
		first, _, _ := strings.Cut(rest, "/")
		if !slices.Contains(names, first) {
			names = append(names, first)
		}
	}
	slices.Sort(names)
	return names
}
