package resolve

import (
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// files warns of files that the config names and that are not there: what a platform reads when the output is applied.
// It is no error, as a file with secrets need not lie where the compiler runs. What a backend itself must read it
// reports itself.
func (r *resolver) files() {
	if r.o.Stat == nil {
		return
	}
	for _, s := range r.p.Services {
		for i, e := range s.EnvFile {
			if e.Required == nil || *e.Required {
				r.file(s.Path.Key("env_file").Index(i).Key("path"), e.Path, source.Regular,
					"or write { path: "+e.Path+", required: false } where it may be missing")
			}
		}
		if s.Build != nil {
			r.file(s.Path.Keys("build", "context"), s.Build.Context, source.Dir, "")
		}
	}
	for _, s := range r.p.Secrets {
		if s.Sops != nil {
			r.file(s.Path.Keys("sops", "file"), s.Sops.File, source.Regular, "")
		}
	}
	for _, c := range r.p.Configs {
		r.file(c.Path.Key("file"), c.File, source.Regular, "")
	}
}

func (r *resolver) file(p tree.Path, name string, want source.Kind, help string) {
	if name == "" || path.IsAbs(name) || strings.HasPrefix(name, "~") || strings.Contains(name, "://") || strings.HasPrefix(name, "git@") {
		return // of another machine
	}
	have := r.o.Stat(name).Kind
	if have == want {
		return
	}
	what := map[source.Kind]string{source.Missing: "there is no %s", source.Dir: "%s is a folder", source.Regular: "%s is a file", source.Other: "%s is no regular file"}[have]
	d := r.found.Warn(diag.MissingFile, p, what, name)
	if near := r.near(path.Base(name), r.siblings(path.Dir(name))); near != "" && have == source.Missing {
		d.Helpf("did you mean %s?", path.Join(path.Dir(name), near))
		return
	}
	d.Helpf("paths are relative to the file that holds them; %s", help)
	d.Help = strings.TrimSuffix(d.Help, "; ")
}

// siblings are the names in a folder.
func (r *resolver) siblings(dir string) []string {
	if r.o.List == nil {
		return nil
	}
	return r.o.List(dir)
}
