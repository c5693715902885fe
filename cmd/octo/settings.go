package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/pin"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// settings are what a person sets once for all projects.
type settings struct {
	mirrors pin.Mirrors
	allow   []string
	cache   string
}

// settingsFile is their file in octo's folder.
const settingsFile = "settings.yaml"

// userFolder is octo's folder below the one that the variable xdg names, or below that of the home folder (XDG Base
// Directory Specification); "" when there is no home.
func (a *app) userFolder(xdg, below string) string {
	if dir, _ := a.env(xdg); filepath.IsAbs(dir) {
		return filepath.Join(dir, "octo")
	}
	if home, _ := a.env("HOME"); home != "" {
		return filepath.Join(home, below, "octo")
	}
	return ""
}

// settings reads settings.yaml, where there is one.
func (a *app) settings() (settings, diag.List) {
	s := settings{cache: a.userFolder("XDG_CACHE_HOME", ".cache")}
	if dir, _ := a.env("OCTO_CACHE"); dir != "" {
		s.cache = dir
	}
	dir := a.userFolder("XDG_CONFIG_HOME", ".config")
	if dir == "" {
		return s, nil
	}
	name := filepath.Join(dir, settingsFile)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return s, nil // none, or those of somebody else: under sudo the home folder may be another's
	}
	f, err := source.Disk{Dir: dir, Show: func(rel string) string { return filepath.ToSlash(filepath.Join(dir, rel)) }}.Read(settingsFile)
	var ds diag.List
	if err != nil {
		d := ds.Error(diag.MissingFile, tree.Root, "%v", err).Helpf("make it a file that you may read, or delete it")
		d.At.File = &source.File{Name: filepath.ToSlash(name), Rel: settingsFile}
		return s, ds
	}
	return s, append(ds, a.readSettings(f, &s)...)
}

func (a *app) readSettings(f *source.File, s *settings) diag.List {
	root, ds := parse.YAML(f)
	sch, err := compiler.Schema()
	if root == nil || err != nil {
		return ds
	}
	ds = append(ds, sch.Def("#Settings").Check(tree.Root, root, shape.Canonical)...)
	ds.Locate(root)
	if m := root.Get("mirrors"); m != nil {
		for _, fd := range m.Fields {
			s.mirrors = append(s.mirrors, pin.Mirror{Prefix: fd.Key, Dir: expandHome(fd.Value.Text, a)})
		}
	}
	if l := root.Get("allow"); l != nil {
		for _, it := range l.Items {
			s.allow = append(s.allow, it.Text)
		}
	}
	if dir := root.Str("cache"); dir != "" {
		if _, set := a.env("OCTO_CACHE"); !set {
			s.cache = expandHome(dir, a)
		}
	}
	return ds
}

// expandHome replaces ~/ by the home folder.
func expandHome(dir string, a *app) string {
	if len(dir) > 1 && dir[0] == '~' && os.IsPathSeparator(dir[1]) {
		if home, _ := a.env("HOME"); home != "" {
			return filepath.Join(home, dir[2:])
		}
	}
	return dir
}
