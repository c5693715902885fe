package k8s

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// inlineEnv writes the variables of a file into the manifest.
func (u *unit) inlineEnv(f *model.EnvFile, p tree.Path) {
	if u.l.in.Files.Stat(f.Path).Size == 0 && f.Required != nil && !*f.Required {
		return
	}
	got, err := u.l.in.Files.Read(f.Path)
	if err != nil {
		d := u.l.ds.Error(diag.MissingFile, p.Key("path"), "%v", err)
		d.Target = u.l.t.Name
		return
	}
	pairs := readEnv(string(got.Data), f.Format == "raw")
	slices.SortStableFunc(pairs, func(a, b model.Pair) int { return strings.Compare(a.Key, b.Key) })
	for _, e := range pairs {
		if e.Null {
			u.l.refuse(p.Key("path"), "write a value without ${…} there, or leave inline: true out",
				"cannot write the variable %q of %s into a manifest: its value depends on others", e.Key, f.Path)
			continue
		}
		u.setEnv(corev1.EnvVar{Name: e.Key, Value: u.text(e.Value)}, p)
	}
}

// readEnv reads KEY=VALUE lines: comments and blank lines count for nothing, export may stand before, quotes around a
// value are taken off, and in double ones \n, \" and \\ are read. In a raw file a value is what stands behind the
// equals sign. A value that refers to another variable comes as Null.
func readEnv(text string, raw bool) []model.Pair {
	var out []model.Pair
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		line = strings.TrimPrefix(line, "export ")
		key, value, _ := strings.Cut(line, "=")
		pair := model.Pair{Key: strings.TrimSpace(key), Value: value}
		if !raw {
			pair.Value, pair.Null = envValue(strings.TrimSpace(value))
		}
		out = append(out, pair)
	}
	return out
}

// envValue is the value that is written as s; refers says that it holds a variable.
func envValue(s string) (value string, refers bool) {
	switch {
	case len(s) >= 2 && s[0] == '\'':
		if end := strings.IndexByte(s[1:], '\''); end >= 0 {
			return s[1 : 1+end], false
		}
	case len(s) >= 2 && s[0] == '"':
		if inner, ok := unquoteEnv(s[1:]); ok {
			return inner, strings.Contains(inner, "$")
		}
	}
	if i := strings.Index(s, " #"); i >= 0 {
		s = strings.TrimSpace(s[:i])
	}
	return s, strings.Contains(s, "$")
}

func unquoteEnv(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), true
		case c == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
