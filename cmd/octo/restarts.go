package main

import (
	"fmt"
	"strings"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/emit"
)

// restarts prints what a change stops and restarts where the platform does not see to it by itself. It needs the tree
// that is being replaced; of a target that is compiled for the first time nothing runs yet.
func (a *app) restarts(all []*emit.Plan, r *compiler.Result, dir string) error {
	for i, p := range all {
		if p.Fresh() || p.Owner != nil || p.Empty() {
			continue
		}
		t := &r.Targets[i]
		for _, b := range backends() {
			restarter, ok := b.(compiler.Restarter)
			if !ok || b.Name() != t.Target.Backend {
				continue
			}
			old, err := replaced(p, t.Set)
			if err != nil {
				return err
			}
			commands := restarter.Restarts(old, t.Set)
			if len(commands) == 0 {
				continue
			}
			fmt.Fprintf(a.stderr, "restart: for %s, at the step try-restart of %s:\n",
				t.Target.Name, outName(dir, p.Target, "APPLY.md"))
			for _, c := range commands {
				fmt.Fprintln(a.stderr, "  "+continued(c))
			}
		}
	}
	return nil
}

// replaced is the tree as it was before the plan, as far as it is octo's.
func replaced(p *emit.Plan, made *artifact.Set) (*artifact.Set, error) {
	set := &artifact.Set{}
	for _, f := range p.Files {
		data := f.Old
		switch f.Kind {
		case emit.Add, emit.Foreign, emit.Blocked:
			continue
		case emit.Same:
			data = made.Get(f.Path).Data
		}
		if err := set.Add(artifact.File{Path: f.Path, Mode: f.Mode, Data: data}); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// commandLine is the width at which a long command goes on in the next line.
const commandLine = 110

// continued breaks a command between words, but not between quotes, so that it can still be pasted into a shell.
func continued(command string) string {
	var b strings.Builder
	width, quoted := 0, false
	for i, w := range strings.Split(command, " ") {
		switch {
		case i == 0:
		case width+1+len(w) > commandLine && !quoted && command[0] != '#':
			b.WriteString(" \\\n    ")
			width = 4
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(w)
		width += len(w)
		quoted = quoted != (strings.Count(w, "'")%2 == 1)
	}
	return b.String()
}
