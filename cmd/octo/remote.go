package main

import (
	"os"
	"path/filepath"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/frontend"
	"github.com/octocompose/octocompose/compiler/frontend/octoctl"
	"github.com/octocompose/octocompose/compiler/load"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/pin"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/store"
	"github.com/octocompose/octocompose/compiler/tree"
)

// frontEnds are the formats of other tools that a config may be in.
func frontEnds() []frontend.FrontEnd { return []frontend.FrontEnd{octoctl.FrontEnd{}} }

// setup is what commands know of the network and of what was fetched before.
type setup struct {
	settings
	store *store.Store
	found diag.List
}

// setup reads the settings, and lays the flags over them.
func (a *app) setup(in *inputs) (setup, error) {
	s := setup{}
	s.settings, s.found = a.settings()
	var mirrors pin.Mirrors
	for _, text := range in.mirrors {
		m, err := pin.ParseMirror(text)
		if err != nil {
			return s, usage("write --mirror https://github.com/acme/charts.git=../charts", "--mirror cannot be %q: %w", text, err)
		}
		if info, err := os.Stat(m.Dir); err != nil || !info.IsDir() {
			return s, usage("name the folder that holds what lies below the prefix", "--mirror cannot be %q: %s is no folder", text, m.Dir)
		}
		mirrors = append(mirrors, m)
	}
	s.mirrors = append(mirrors, s.mirrors...)
	s.allow = append(s.allow, in.allow...)
	if s.cache == "" {
		s.cache = filepath.Join(os.TempDir(), "octo-cache")
	}
	s.store = store.Open(filepath.Join(s.cache, "contents"))
	return s, nil
}

// pins are what one compile reads beside the disk. The lock is read once for all halves of the run.
type pins struct {
	locked *pin.Locked
	file   *source.File
	opened bool
	must   bool // there must be a lock, and it must fit
}

// open is [load.Options.Remote] of a compile.
func (p *pins) open(s setup) func(*source.File) (load.Remote, diag.List) {
	return func(f *source.File) (load.Remote, diag.List) {
		if p.opened {
			return p.locked, nil
		}
		p.opened, p.file = true, f
		p.locked = &pin.Locked{Store: s.store, Mirrors: s.mirrors}
		ds := s.found
		switch {
		case f != nil:
			var found diag.List
			p.locked.Lock, found = lock.Parse(f)
			ds = append(ds, found...)
		case p.must:
			d := ds.Error(diag.Lock, tree.Root, "there is no %s, and --locked wants one", lock.Name).Helpf("octo lock writes it; commit it")
			d.At.File = &source.File{Name: lock.Name, Rel: lock.Name}
		}
		return p.locked, ds
	}
}

// finish holds a run under --locked to the whole lock: what nothing names any more, and images that it does not have,
// are differences too.
func (p *pins) finish(r *compiler.Result) {
	if !p.must || p.locked == nil || r.Diagnostics.Has(diag.Error) {
		return
	}
	for _, d := range r.Diagnostics {
		if d.Code == diag.Unpinned {
			d.Severity = diag.Error
		}
	}
	for _, l := range p.locked.Unused() {
		r.Diagnostics.Error(diag.Lock, tree.Root, "octo.lock has %s %s, which nothing names any more", l.Kind, l.Name).AtSpan(l.At).
			Helpf("octo lock takes the line away")
	}
	r.Diagnostics = r.Diagnostics.Sort()
}
