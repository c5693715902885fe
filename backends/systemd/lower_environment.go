package systemd

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// environment writes Environment= and EnvironmentFile=. What environment sets is over what the files set, in Compose
// and in Podman alike.
func (l *lowering) environment(s *service, c, sv *Section) {
	for i := range s.EnvFile {
		f, at := &s.EnvFile[i], s.Path.Key("env_file").Index(i)
		if f.Inline {
			continue
		}
		file := l.envFile(f, at)
		if file == "" {
			continue
		}
		if f.Required != nil && !*f.Required {
			// Podman wants the file; Compose does not.
			sv.Exec("ExecStartPre", "-", at, lit(touch), lit("-a"), text(file))
		}
		l.readsPlainly(f, at)
		c.Words("EnvironmentFile", at, text(file))
	}
	for _, p := range l.variables(s) {
		c.Assign("Environment", p.Key, p.Value, p.at)
	}
}

// variable is one entry of the environment with where it was written.
type variable struct {
	model.Pair
	at tree.Path
}

// variables are the entries that stand in the unit: those of inlined files, and environment over them.
func (l *lowering) variables(s *service) []variable {
	var out []variable
	at := s.Path.Key("environment")
	set := func(v variable) {
		if i := slices.IndexFunc(out, func(have variable) bool { return have.Key == v.Key }); i >= 0 {
			out[i] = v
			return
		}
		out = append(out, v)
	}
	inlined := false
	for i := range s.EnvFile {
		if f := &s.EnvFile[i]; f.Inline {
			inlined = true
			for _, v := range l.inline(f, s.Path.Key("env_file").Index(i)) {
				set(v)
			}
		}
	}
	if !inlined {
		out = make([]variable, 0, len(s.Environment))
	}
	for _, p := range s.Environment {
		v := variable{p, at.Key(p.Key)}
		switch {
		case p.Null:
			l.refuse(v.at, "write a value: "+p.Key+": ${"+p.Key+"}, and declare the variable below variables",
				"the value is taken from the environment of the person who starts the project, and units have none")
		case inlined:
			set(v)
		default:
			out = append(out, v)
		}
	}
	return out
}

// inline reads an env_file that is to stand in the output: KEY=VALUE lines, # comments, quotes. ${…} is not read here.
func (l *lowering) inline(f *model.EnvFile, at tree.Path) []variable {
	data, ok := l.read(f.Path, at, f.Required == nil || *f.Required)
	if !ok {
		return nil
	}
	var out []variable
	for n, line := range strings.Split(data, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, found := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		key = strings.TrimSpace(key)
		plain, ok := unquoteValue(strings.TrimSpace(value), f.Format == "raw")
		if !found || key == "" || !ok {
			l.refuse(at, "take inline: true away, and keep the file on the machine",
				"cannot inline line %d of %s: want KEY=VALUE on one line, without ${…}", n+1, f.Path)
			continue
		}
		out = append(out, variable{model.Pair{Key: key, Value: plain}, at})
	}
	return out
}

// unquoteValue is a value of a .env file without its quotes and its comment. ok is false for what would need to be
// interpolated or goes over several lines.
func unquoteValue(s string, raw bool) (value string, ok bool) {
	if raw || s == "" {
		return s, true
	}
	switch s[0] {
	case '\'':
		end := strings.IndexByte(s[1:], '\'')
		if end < 0 {
			return "", false
		}
		return s[1 : 1+end], true
	case '"':
		var b strings.Builder
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '"':
				return b.String(), true
			case '$':
				return "", false
			case '\\':
				if i++; i == len(s) {
					return "", false
				}
				switch s[i] {
				case 'n':
					b.WriteByte('\n')
				case 't':
					b.WriteByte('\t')
				case 'r':
					b.WriteByte('\r')
				default:
					b.WriteByte(s[i])
				}
			default:
				b.WriteByte(s[i])
			}
		}
		return "", false
	}
	if i := strings.Index(s, " #"); i >= 0 {
		s = strings.TrimSpace(s[:i])
	}
	return s, !strings.Contains(s, "$")
}

// readsPlainly warns where Podman reads an env_file in another way than Compose: it takes a line as it is. The file is
// looked at where it lies beside the config; no value of it is printed.
func (l *lowering) readsPlainly(f *model.EnvFile, at tree.Path) {
	if f.Format == "raw" || l.in.Files == nil || strings.HasPrefix(f.Path, "/") || l.in.Files.Stat(f.Path).Kind != source.Regular {
		return
	}
	file, err := l.in.Files.Read(f.Path)
	if err != nil {
		return
	}
	for n, line := range strings.Split(string(file.Data), "\n") {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, "=")
		if line == "" || line[0] == '#' {
			continue
		}
		if strings.HasPrefix(key, "export ") || strings.HasPrefix(value, `"`) || strings.HasPrefix(value, "'") ||
			strings.Contains(value, "$") || strings.Contains(value, " #") {
			l.emulate(at, "write the line without quotes, $, comment and export; or inline: true, if it holds no secret",
				"Podman takes line %d of %s as it stands, with quotes, $ and comment", n+1, f.Path)
			return
		}
	}
}

// read returns a file that the output must hold.
func (l *lowering) read(name string, at tree.Path, required bool) (string, bool) {
	if l.in.Files == nil {
		return "", false
	}
	f, err := l.in.Files.Read(name)
	switch {
	case err == nil:
		return string(f.Data), true
	case !required && errors.Is(err, fs.ErrNotExist):
		return "", false
	}
	d := l.diags.Error(diag.MissingFile, at, "%s", err)
	d.Target = l.t.Name
	d.Helpf("the path is relative to the project's folder")
	return "", false
}
