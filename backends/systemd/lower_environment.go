package systemd

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// environment writes Environment= and EnvironmentFile=. What environment sets is over what the files set, in Compose
// and in Podman alike.
func (l *lowering) environment(s *service, c, sv *Section) {
	for i := range s.EnvFile {
		f, at := &s.EnvFile[i], s.Path.Key("env_file").Index(i)
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

// variables are the entries of environment, each with a value, and where the config is that is served to s.
func (l *lowering) variables(s *service) []variable {
	out := make([]variable, 0, len(s.Environment))
	at := s.Path.Key("environment")
	var unset []tree.Path
	for _, p := range s.Environment {
		v := variable{p, at.Key(p.Key)}
		if p.Null {
			unset = append(unset, v.at)
			continue
		}
		out = append(out, v)
	}
	support.Unset(&l.diags, l.t, unset)
	return append(out, l.servedVariables(s)...)
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
func (l *lowering) read(name string, at tree.Path) (string, bool) {
	if l.in.Files == nil {
		return "", false
	}
	f, err := l.in.Files.Read(name)
	if err == nil {
		return string(f.Data), true
	}
	d := l.diags.Error(diag.MissingFile, at, "%s", err)
	d.Target = l.t.Name
	d.Helpf("the path is relative to the project's folder")
	return "", false
}
