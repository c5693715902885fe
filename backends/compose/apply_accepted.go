package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// notDone lists what is left out because targets.T.accept says that it may be, with what to do about it.
func (l *lowering) notDone(g *page) {
	var lines []string
	for i, pattern := range l.in.Target.Accept {
		steps := support.SplitPattern(pattern)
		if !stands(l.in.Tree, steps) {
			continue
		}
		item := l.in.Target.Path.Key("accept").Index(i)
		line := "- " + oneLine(pattern)
		if n, ok := tree.Get(l.in.Tree, item); ok && n.At.File != nil {
			line += " (accepted in " + n.At.File.Shown() + ")"
		}
		row, why := rowOf(steps), l.accepted(item)
		switch {
		case row == nil:
			line += "."
		case row.Level == support.Unsupported:
			line += ": " + row.How + "."
		case why != "":
			line += ": " + why + "."
		default:
			continue // nothing is lost
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return
	}
	g.section("Not done here")
	for _, s := range lines {
		g.say(s)
	}
}

// accepted is what this lowering has left out for an item of targets.T.accept, "" for nothing.
func (l *lowering) accepted(item tree.Path) string {
	var all []string
	for _, d := range l.ds {
		if d.Code != diag.Accepted || !d.Path.Equal(item) {
			continue
		}
		_, why, _ := strings.Cut(d.Message, " is left out, as you accept: ")
		if why = oneLine(why); !slices.Contains(all, why) {
			all = append(all, why)
		}
	}
	return strings.Join(all, "; ")
}

// stands reports whether something in n is at the steps of a pattern.
func stands(n *tree.Node, steps []string) bool {
	if n == nil {
		return false
	}
	if len(steps) == 0 {
		return true
	}
	step, rest := steps[0], steps[1:]
	switch {
	case step == "*":
		return slices.ContainsFunc(n.Fields, func(f tree.Field) bool { return stands(f.Value, rest) })
	case step == "[]":
		return slices.ContainsFunc(n.Items, func(it *tree.Node) bool { return stands(it, rest) })
	case step[0] == '[' && n.Kind == tree.List:
		i, err := strconv.Atoi(step[1 : len(step)-1])
		return err == nil && i >= 0 && i < len(n.Items) && stands(n.Items[i], rest)
	}
	return stands(n.Get(step), rest)
}

// rowOf is the row that speaks for a pattern: the longest that is the beginning of it. Nil: none does.
func rowOf(steps []string) *support.Row {
	var best *support.Row
	longest := 0
	all := rows()
	for i := range all {
		have := support.SplitPattern(all[i].Field)
		if len(have) <= longest || len(have) > len(steps) {
			continue
		}
		fits := true
		for j, h := range have {
			fits = fits && (h == steps[j] || h == "*" || h == "[]")
		}
		if fits {
			best, longest = &all[i], len(have)
		}
	}
	return best
}
