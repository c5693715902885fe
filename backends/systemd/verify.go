package systemd

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/model"
)

// Verify reads the units back with go-systemd and compares section, key and value of every option, in order, with the
// units that in leads to: a value that had become a key, a section or a second line would show. The other files are
// compared byte by byte.
func (*Backend) Verify(in *model.Input, set *artifact.Set) error {
	l := newLowering(in)
	if l.versions() && l.claim() {
		l.project()
	}
	want := len(l.units) + len(l.files) + 1 // APPLY.md
	if got := len(set.Files()); got != want {
		return fmt.Errorf("cannot verify the tree: it has %d files; want %d", got, want)
	}
	for _, u := range l.units {
		f := set.Get(u.Path)
		if f == nil {
			return fmt.Errorf("cannot verify %s: it is not there", u.Path)
		}
		if err := verifyUnit(u, f.Data); err != nil {
			return fmt.Errorf("cannot verify %s: %w", u.Path, err)
		}
	}
	for _, w := range append(l.files, l.apply()) {
		f := set.Get(w.Path)
		if f == nil || !bytes.Equal(f.Data, w.Data) || f.Mode != w.Mode {
			return fmt.Errorf("cannot verify %s: it is not what was meant", w.Path)
		}
	}
	return nil
}

func verifyUnit(u *Unit, data []byte) error {
	got, err := readUnit(data)
	if err != nil {
		return err
	}
	i := 0
	for _, s := range u.Sections {
		for _, o := range s.Options {
			if i == len(got) {
				return fmt.Errorf("[%s] %s= is missing", s.Name, o.Name)
			}
			if g := got[i]; g.Section != s.Name || g.Name != o.Name || g.Value != o.Value {
				return fmt.Errorf("option %d reads back as [%s] %s=; want [%s] %s= with its value", i+1, g.Section, g.Name, s.Name, o.Name)
			}
			i++
		}
	}
	if i < len(got) {
		return fmt.Errorf("[%s] %s= was not meant", got[i].Section, got[i].Name)
	}
	return nil
}

// readUnit reads a unit with go-systemd. That refuses lines of 2,048 bytes and more, which systemd (1 MiB) and Podman
// read well: such a unit is read here, by the rules that our printer keeps to: one option a line, none continued.
func readUnit(data []byte) ([]*unit.UnitOption, error) {
	long := false
	for line := range bytes.Lines(data) {
		long = long || len(line) >= unit.SYSTEMD_LINE_MAX
	}
	if !long {
		return unit.DeserializeOptions(bytes.NewReader(data))
	}
	var out []*unit.UnitOption
	section := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		name, value, found := strings.Cut(line, "=")
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[' && line[len(line)-1] == ']':
			section = line[1 : len(line)-1]
		case !found || section == "" || strings.HasSuffix(line, `\`):
			return nil, fmt.Errorf("cannot read a line of section %q", section)
		default:
			out = append(out, &unit.UnitOption{Section: section, Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	}
	return out, nil
}
