package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
)

// inputs are the flags of every command that reads a config.
type inputs struct {
	files, envFiles, set, profiles, targets []string
	project, outDir                         string
	mirrors, allow                          []string
	pins                                    pins
}

// flags adds the flags that say what is read.
func (in *inputs) flags(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&in.files, "file", "f", nil, "read the config from `FILE`, - for standard input; a later one is laid over an earlier")
	f.StringArrayVar(&in.set, "set", nil, "set `PATH=VALUE` over all files: services.web.image=nginx:1.28")
	f.StringArrayVar(&in.envFiles, "env-file", nil, "read variables from `FILE` in place of .env")
	f.StringArrayVar(&in.profiles, "profile", nil, "switch the profile `NAME` on; * is all")
	f.StringVarP(&in.project, "project-name", "p", "", "name the project `NAME`, whatever the config says")
	f.StringArrayVar(&in.mirrors, "mirror", nil, "`PREFIX=DIR`: read what begins with PREFIX, such as https://github.com/acme/, from DIR; can be repeated")
	_ = cmd.MarkFlagFilename("file", "yaml", "yml", "json")
	_ = cmd.MarkFlagFilename("env-file")
	_ = cmd.RegisterFlagCompletionFunc("profile", a.complete(in, profileNames))
}

// outputs adds the flags that say for whom and where to.
func (in *inputs) outputs(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&in.targets, "target", "t", nil, "compile for target `NAME` only; can be repeated")
	f.StringVar(&in.outDir, "out-dir", "", "`DIR` of the outputs (default: out in the project's folder)")
	_ = cmd.MarkFlagDirname("out-dir")
	_ = cmd.RegisterFlagCompletionFunc("target", a.complete(in, targetNames))
}

// options are the options of the compiler.
func (a *app) options(in *inputs) (compiler.Options, error) {
	dir, err := os.Getwd()
	if err != nil {
		return compiler.Options{}, err
	}
	for _, s := range in.set {
		if path, _, ok := strings.Cut(s, "="); !ok || path == "" {
			return compiler.Options{}, usage("write --set services.web.image=nginx:1.28", "--set cannot be %q; want PATH=VALUE", s)
		}
	}
	s, err := a.setup(in)
	if err != nil {
		return compiler.Options{}, err
	}
	var targets []string
	for _, t := range in.targets {
		for name := range strings.SplitSeq(t, ",") {
			if name == "" {
				return compiler.Options{}, usage("", "-t, --target cannot be %q; want the name of a target", t)
			}
			targets = append(targets, name)
		}
	}
	return compiler.Options{
		Files: in.files, Dir: dir, Stdin: a.stdin, EnvFiles: in.envFiles, Set: in.set, Env: a.env, Profiles: in.profiles,
		ProjectName: in.project, Targets: targets, OutDir: in.outDir, Backends: backends(),
		Remote: in.pins.open(s), FrontEnds: frontEnds(),
	}, nil
}

// show is a path as people read it: relative to the working directory where that is shorter.
func show(path string) string {
	dir, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return filepath.ToSlash(path)
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil || len(rel) > len(path) {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

// pathCause takes the path and the call out of an error of package os.
func pathCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
