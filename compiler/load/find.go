package load

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// names are the configs that are looked for, in order, with the override files that are laid over them: the first
// that is there.
var names = []struct {
	name      string
	overrides []string
}{
	{"octo.yaml", octoOverrides},
	{"octo.yml", octoOverrides},
	{"compose.yaml", composeOverrides},
	{"compose.yml", composeOverrides},
	{"docker-compose.yaml", composeOverrides},
	{"docker-compose.yml", composeOverrides},
}

var (
	octoOverrides = []string{"octo.override.yaml", "octo.override.yml"}
	// in the order of compose-go, cli.DefaultOverrideFileNames
	composeOverrides = []string{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"}
)

// Names are the configs that are looked for when none is named, in this order.
func Names() []string {
	out := make([]string, len(names))
	for i := range names {
		out[i] = names[i].name
	}
	return out
}

// standardInput is how -f names it.
const standardInput = "-"

// find settles the project's folder and returns the root files, as seen from it.
func (l *loader) find() []string {
	files := l.o.Files
	if len(files) == 0 {
		return l.look()
	}
	out := make([]string, 0, len(files))
	for i, name := range files {
		if name == standardInput {
			out = append(out, name)
			continue
		}
		name = l.fromDir(name)
		if i == 0 {
			l.reader.dir = path.Dir(name)
		}
		out = append(out, l.toProject(name))
	}
	return out
}

// look finds a config in the working directory.
func (l *loader) look() []string {
	for _, n := range names {
		if l.reader.Stat(n.name).Kind != source.Regular {
			continue
		}
		out := []string{n.name}
		for _, o := range n.overrides {
			if l.reader.Stat(o).Kind == source.Regular {
				return append(out, o)
			}
		}
		return out
	}
	l.broken = true
	l.ds.Error(diag.MissingFile, tree.Root, "no config found here: looked for %s", strings.Join(Names(), ", ")).
		Helpf("name a file with -f, or write one with octo init")
	return nil
}

// fromDir is a file name of the command line with slashes, relative to the working directory where it lies below it.
func (l *loader) fromDir(name string) string {
	if filepath.IsAbs(name) {
		dir, err := filepath.Abs(l.o.Dir)
		if err != nil {
			return filepath.ToSlash(name)
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return filepath.ToSlash(filepath.Clean(name))
		}
		name = rel
	}
	return path.Clean(filepath.ToSlash(name))
}

// toProject is a name that is seen from the working directory as it is seen from the project's folder.
func (l *loader) toProject(name string) string {
	from := l.reader.dir
	if path.IsAbs(name) != path.IsAbs(from) {
		return name
	}
	rel, err := filepath.Rel(filepath.FromSlash(from), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// origin is what names a file: an include or an extends, or, without a node, a flag of the command line.
type origin struct {
	path tree.Path
	node *tree.Node
	flag string
	// as names the format of the file; "" is for the file to say. template: it is rendered before it is read.
	as       string
	template bool
}

// blame makes d point at what names the file.
func (f origin) blame(d *diag.Diagnostic) *diag.Diagnostic {
	if f.node == nil {
		return d.AtSpan(commandLine(f.flag))
	}
	d.Path = f.path
	return d.AtSpan(f.node.At)
}

// commandLine is the place of what no file says: only a name.
func commandLine(name string) source.Span {
	return source.Span{Pos: source.Pos{File: &source.File{Name: name, Rel: name}}}
}

// read returns the file, or reports why there is none.
func (l *loader) read(name string, by origin) *source.File {
	if name == standardInput {
		return l.readStdin()
	}
	f, err := l.reader.Read(name)
	if err == nil {
		return f
	}
	l.broken = true
	if remote.IsVirtual(name) {
		l.unfetched(err, by)
		return nil
	}
	shown := l.shown(name)
	if l.reader.Stat(name).Kind != source.Missing {
		d := by.blame(l.ds.Error(diag.Include, tree.Root, "%v", err))
		if l.reader.Stat(name).Kind == source.Regular {
			d.Helpf("it must be a text of ordinary size that you may read: ls -l %s", shown)
		} else {
			d.Helpf("name a file")
		}
		return nil
	}
	d := by.blame(l.ds.Error(diag.MissingFile, tree.Root, "cannot read %s: there is no such file", shown))
	if near := diag.Near(path.Base(name), l.reader.List(path.Dir(name))); near != "" {
		d.Helpf("did you mean %q?", path.Join(path.Dir(shown), near))
	} else if by.node == nil && by.flag != "-f" {
		d.Helpf("name it relative to the working directory")
	} else if by.node == nil {
		d.Helpf("name files relative to the working directory; octo init writes a first one")
	} else {
		d.Helpf("a path is relative to the folder of the file that names it")
	}
	return nil
}

// shown is how diagnostics name a file.
func (l *loader) shown(name string) string {
	if a, ok := remote.FromVirtual(name); ok {
		return a.String()
	}
	return path.Clean(l.reader.at(name))
}

func (l *loader) readStdin() *source.File {
	if l.o.Stdin == nil {
		l.broken = true
		l.ds.Error(diag.MissingFile, tree.Root, "cannot read standard input: there is none").AtSpan(commandLine("-f")).Helpf("name a file with -f")
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(l.o.Stdin, source.MaxFile+1))
	if err != nil {
		l.broken = true
		l.ds.Error(diag.Include, tree.Root, "%v", fmt.Errorf("cannot read standard input: %w", err)).AtSpan(commandLine("-f")).Helpf("name a file with -f")
		return nil
	}
	return &source.File{Name: standardInput, Rel: "standard input", Data: data}
}
