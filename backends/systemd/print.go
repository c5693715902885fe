package systemd

import (
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// header is the first line of every file of ours: the source files, never lines, hashes or times, so that a changed
// comment in a source changes no output.
func header(sources []string) string {
	from := "the config"
	if len(sources) > 0 {
		from = sanitize(strings.Join(sources, ", "))
	}
	return "# octo: made from " + from + ". Change those, not this file.\n"
}

// Print is u as a file, with the field that each line came from.
func (u *Unit) Print() artifact.File {
	head := header(u.Sources)
	size, lines := len(head), 0
	for _, s := range u.Sections {
		size += len(s.Name) + 4
		for i := range s.Options {
			o := &s.Options[i]
			size += len(o.Name) + len(o.Value) + len(o.Comment) + 6
			lines++
		}
	}
	out := append(make([]byte, 0, size), head...)
	origins := make([]tree.Origin, 0, lines)
	line := 1
	for _, s := range u.Sections {
		if len(s.Options) == 0 {
			continue
		}
		out = append(out, "\n["...)
		out = append(out, s.Name...)
		out = append(out, "]\n"...)
		line += 2
		for i := range s.Options {
			o := &s.Options[i]
			if o.Gap {
				out, line = append(out, '\n'), line+1
			}
			if o.Comment != "" {
				out = append(out, "# "...)
				out = append(out, o.Comment...)
				out, line = append(out, '\n'), line+1
			}
			out = append(out, o.Name...)
			out = append(out, '=')
			out = append(out, o.Value...)
			out, line = append(out, '\n'), line+1
			if !o.Origin.IsRoot() {
				origins = append(origins, tree.Origin{Line: line, From: o.Origin})
			}
		}
	}
	return artifact.File{Path: u.Path, Mode: 0o644, Data: out, Origins: origins}
}

// span is a time in systemd.time(7), without white space: 90s, 1500ms. Podman reads it too.
func span(d model.Duration) string {
	t := time.Duration(d)
	switch {
	case t%time.Second == 0:
		return decimal(int64(t/time.Second)) + "s"
	case t%time.Millisecond == 0:
		return decimal(int64(t/time.Millisecond)) + "ms"
	}
	return decimal(int64(t/time.Microsecond)) + "us"
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func fileMode(m model.Mode) fs.FileMode { return fs.FileMode(m & 0o777) }
