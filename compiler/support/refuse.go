package support

import (
	"fmt"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Refuse reports that a target cannot express the value at p: an error, or a warning when targets.T.accept names the
// field. Lowerings call it for what depends on a value; what depends on the field alone stands in the table. It
// reports whether the loss is accepted, so that the lowering can leave the field out.
func Refuse(l *diag.List, t *model.Target, p tree.Path, help, format string, args ...any) (accepted bool) {
	message := fmt.Sprintf(format, args...)
	if i, ok := Accepts(t, p); ok {
		d := l.Warn(diag.Accepted, t.Path.Key("accept").Index(i), "%s is left out, as you accept: %s", p, message)
		d.Target = t.Name
		d.See(p, "written here")
		return true
	}
	d := l.Error(diag.Unsupported, p, "%s", message)
	d.Target = t.Name
	if help != "" {
		help += ";\n"
	}
	d.Helpf("%sor live without it on this target: targets.%s.accept: [%s]", help, t.Name, p)
	return false
}

// Emulate warns that a target does something in another way that the reader should know.
func Emulate(l *diag.List, t *model.Target, p tree.Path, help, format string, args ...any) {
	d := l.Warn(diag.Emulated, p, format, args...)
	d.Target = t.Name
	d.Help = help
}

// Unset warns of variables that stand without a value, which nothing has set: Compose would leave them out too, unless
// the environment of who starts the application has them. paths are their addresses in one mapping, in order.
func Unset(l *diag.List, t *model.Target, paths []tree.Path) {
	const help = "write a value here or in .env, declare the variable below variables, or delete the line"
	switch len(paths) {
	case 0:
	case 1:
		Emulate(l, t, paths[0], help, "nothing sets this variable: it is left out")
	default:
		names := make([]string, min(len(paths), 3))
		for i := range names {
			names[i], _, _ = paths[i].Last()
		}
		text := strings.Join(names, ", ")
		if more := len(paths) - len(names); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		Emulate(l, t, paths[0], help, "nothing sets %s: they are left out", text)
	}
}

// Accepts reports whether targets.T.accept names the field at p or one above it, and which item does. An item is a
// path, in which "*" stands for any key and "[]" for any item.
func Accepts(t *model.Target, p tree.Path) (item int, ok bool) {
	for i, a := range t.Accept {
		if Matches(a, p) {
			return i, true
		}
	}
	return -1, false
}

// Matches reports whether the pattern matches p or one of its ancestors.
func Matches(pattern string, p tree.Path) bool {
	want := SplitPattern(pattern)
	have := p.Steps()
	if len(want) > len(have) {
		return false
	}
	for i, w := range want {
		h := have[i]
		switch {
		case w == "*" && h.Index < 0, w == "[]" && h.Index >= 0:
		case h.Index >= 0 && w == fmt.Sprintf("[%d]", h.Index):
		case h.Index < 0 && w == h.Key:
		default:
			return false
		}
	}
	return true
}

// SplitPattern is the steps of a pattern: services.*.ports[].published is services, *, ports, [], published. A key
// may stand quoted in brackets, as [tree.Path.String] prints it.
func SplitPattern(pattern string) []string {
	var out []string
	rest := pattern
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, `["`):
			end := strings.Index(rest[2:], `"]`)
			if end < 0 {
				return append(out, rest)
			}
			out, rest = append(out, rest[2:2+end]), rest[end+4:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return append(out, rest)
			}
			out, rest = append(out, rest[:end+1]), rest[end+1:]
		case rest[0] == '.':
			rest = rest[1:]
		default:
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			out, rest = append(out, rest[:end]), rest[end:]
		}
	}
	return out
}
