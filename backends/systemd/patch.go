package systemd

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// patch lays services.X.target.systemd over the unit of the service, last: a mapping of sections, in which a value
// takes the place of the key's values, a list adds to them, and null takes them away. Values are written as they are,
// specifiers and all: that is what it is for. They cannot leave their line.
func (l *lowering) patch(s *service, u *Unit) {
	n := l.field(s, "target").Get("systemd")
	if n == nil || n.Kind != tree.Map {
		return
	}
	at := s.Path.Keys("target", "systemd")
	for i := range n.Fields {
		f := &n.Fields[i]
		at := at.Key(f.Key)
		if !sectionName(f.Key) || f.Value.Kind != tree.Map {
			l.badPatch(at, "want a section of the unit with its keys: { Service: { MemoryHigh: 400M } }")
			continue
		}
		section := u.Section(f.Key)
		for j := range f.Value.Fields {
			l.patchOption(section, &f.Value.Fields[j], at.Key(f.Value.Fields[j].Key))
		}
	}
}

func (l *lowering) patchOption(section *Section, f *tree.Field, at tree.Path) {
	if !optionName(f.Key) {
		l.badPatch(at, "want a key of a unit, such as MemoryHigh")
		return
	}
	values := []*tree.Node{f.Value}
	if f.Value.Kind == tree.List {
		values = f.Value.Items
	} else {
		kept := section.Options[:0]
		for _, o := range section.Options {
			if o.Name != f.Key {
				kept = append(kept, o)
			}
		}
		section.Options = kept
	}
	for _, v := range values {
		switch {
		case v.Kind == tree.Null || v.Kind == tree.Unknown:
		case !v.Kind.IsScalar() || strings.ContainsFunc(v.Text, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }) ||
			strings.HasSuffix(v.Text, `\`) || strings.TrimSpace(v.Text) != v.Text:
			l.badPatch(at, "want a value on one line, or a list of them")
		default:
			section.Fixed(f.Key, v.Text, at)
		}
	}
}

func (l *lowering) badPatch(at tree.Path, want string) {
	d := l.diags.Error(diag.Pattern, at, "cannot write this into a unit; %s", want)
	d.Target = l.t.Name
}

// The sections that a unit of a service may have.
func sectionName(s string) bool {
	return contains([]string{"Unit", "Container", "Service", "Install", "Quadlet"}, s)
}

func optionName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9' || i == 0) && (c != '-' || i == 0) {
			return false
		}
	}
	return s != ""
}
