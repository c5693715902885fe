package support

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// idle warns of items of targets.T.accept that name no field of the tree: they would hide a loss that comes later.
func idle(l *diag.List, root *tree.Node, t *model.Target) {
	for i, pattern := range t.Accept {
		if pattern == "" || exists(root, SplitPattern(pattern)) {
			continue
		}
		d := l.Warn(diag.UnknownRef, t.Path.Key("accept").Index(i), "no field of this config is called %q", pattern)
		d.Target = t.Name
		d.Helpf("delete it, so that a field of this name is noticed when it comes")
	}
}

// exists reports whether the steps of a pattern lead somewhere in n.
func exists(n *tree.Node, steps []string) bool {
	for k, step := range steps {
		if n == nil || n.Kind == tree.Unknown {
			return n != nil
		}
		switch {
		case step == "*":
			return slices.ContainsFunc(n.Fields, func(f tree.Field) bool { return exists(f.Value, steps[k+1:]) })
		case step == "[]":
			return slices.ContainsFunc(n.Items, func(it *tree.Node) bool { return exists(it, steps[k+1:]) })
		case strings.HasPrefix(step, "["):
			i, err := strconv.Atoi(strings.Trim(step, "[]"))
			if err != nil || i < 0 || i >= len(n.Items) {
				return false
			}
			n = n.Items[i]
		default:
			n = n.Get(step)
		}
	}
	return n != nil
}
