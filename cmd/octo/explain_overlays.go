package main

import (
	"fmt"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/tree"
)

// overlaid is the target whose overlay sets the field at p, where the config that is explained does not; "" when none.
func (e *explainer) overlaid(p tree.Path) string {
	return e.underOverlay(func(r *compiler.Result) bool {
		_, ok := tree.Get(r.Tree, p)
		return ok
	})
}

// overlayFile is the target that has the file name as an overlay, or an input that only an overlay reads.
func (e *explainer) overlayFile(name string) string {
	return e.underOverlay(func(r *compiler.Result) bool {
		for _, f := range r.Files {
			if sameName(f.Name, name) {
				return true
			}
		}
		return false
	})
}

// underOverlay is the first target with an overlay whose config fits.
func (e *explainer) underOverlay(fits func(*compiler.Result) bool) string {
	targets := e.loaded.Tree.Get("targets")
	if targets == nil || len(e.options.Targets) == 1 {
		return ""
	}
	for i := range targets.Fields {
		name := targets.Fields[i].Key
		if !e.hasOverlay(name) {
			continue
		}
		o := e.options
		o.Targets = []string{name}
		if r, err := compiler.Load(e.ctx, o); err == nil && r.Tree != nil && fits(r) {
			return name
		}
	}
	return ""
}

func (e *explainer) hasOverlay(target string) bool {
	return e.loaded.Tree.Get("targets").Get(target).Get("overlay") != nil
}

// inOverlay says that a target has another value at p than the one that is explained, from its overlay; "" when not.
func (e *explainer) inOverlay(t *compiler.TargetResult, p tree.Path) string {
	if !e.hasOverlay(t.Target.Name) {
		return ""
	}
	here, _ := tree.Get(e.loaded.Tree, p)
	there, ok := tree.Get(t.Tree, p)
	switch {
	case !ok:
		return "its overlay takes it away"
	case here != nil && place(here) == place(there):
		return ""
	}
	return fmt.Sprintf("its overlay: %s %s", place(there), inline(there))
}

// treeOf is the config that a target was made from.
func (e *explainer) treeOf(t *compiler.TargetResult) *tree.Node {
	if e.hasOverlay(t.Target.Name) {
		return t.Tree
	}
	return e.loaded.Tree
}
