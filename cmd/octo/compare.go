package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/emit"
)

// compare prints how the output folder differs from what the config makes, and writes nothing: unified diffs as text,
// one finding a file as json or github.
func (a *app) compare(ctx context.Context, r *compiler.Result, c *compileFlags) error {
	dir := show(r.OutDir)
	o, err := emit.Open(ctx, dir, emit.Read)
	if err != nil {
		return err
	}
	defer o.Close()
	all, err := plans(o, r)
	if err != nil {
		return err
	}
	ds, same := r.Diagnostics, true
	var diffs strings.Builder
	for _, p := range all {
		if p.Empty() && p.Owner == nil {
			continue
		}
		same = false
		for _, d := range differences(p, dir, &diffs) {
			if c.output.value != "text" {
				ds = append(ds, d)
			}
		}
	}
	if err := a.say(ds.Sort(), c); err != nil {
		return err
	}
	if same {
		if !c.quiet {
			fmt.Fprintf(a.stderr, "%s is what the config makes\n", dir)
		}
		return nil
	}
	if c.output.value == "text" && !c.quiet {
		if _, err := fmt.Fprint(a.stdout, a.colorDiff(diffs.String())); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.stderr, "%s\n  %s octo compile writes what is missing\n", differs(all, o, dir), a.paint(a.stderr, green, "help:"))
	if !c.quiet {
		if err := a.restarts(all, r, dir); err != nil {
			return err
		}
	}
	return silent(exitDiffers)
}

// differences are the findings about one tree; the diff of each file is added to diffs. A tree that is not there at all
// is one finding and one line.
func differences(p *emit.Plan, dir string, diffs *strings.Builder) diag.List {
	var l diag.List
	say := func(path, message string) {
		l = append(l, fileFinding(diag.Error, dir, p.Target, path, message, "run octo compile"))
	}
	if p.Owner != nil {
		say(p.Owner.Path, p.Owner.Why)
		fmt.Fprintf(diffs, "%s: %s\n", outName(dir, p.Target, p.Owner.Path), p.Owner.Why)
		return l
	}
	if p.Fresh() {
		text := fmt.Sprintf("not compiled yet: %s", count(len(p.Files), "file", "files"))
		say("", text)
		fmt.Fprintf(diffs, "%s: %s\n", outName(dir, p.Target, ""), text)
		return l
	}
	for _, f := range p.Files {
		name := outName(dir, p.Target, f.Path)
		switch f.Kind {
		case emit.Same:
			continue
		case emit.Add:
			say(f.Path, "this file is missing")
		case emit.Remove:
			say(f.Path, "the config no longer makes this file")
		case emit.Blocked:
			say(f.Path, f.Why)
			fmt.Fprintf(diffs, "%s: %s\n", name, f.Why)
			continue
		default:
			say(f.Path, "this file is not what the config makes")
		}
		text := emit.Unified(name, name, f.Old, f.New)
		if text == "" {
			text = fmt.Sprintf("%s: the mode should be %04o\n", name, f.Mode)
		}
		diffs.WriteString(text)
	}
	if len(l) == 0 {
		say(emit.ManifestName, "the list of files is not up to date")
		fmt.Fprintf(diffs, "%s: the list of files is not up to date\n", outName(dir, p.Target, emit.ManifestName))
	}
	return l
}

// differs is the last line: "out differs: compose: 1 file, k8s: 3".
func differs(all []*emit.Plan, o *emit.Out, dir string) string {
	var parts []string
	for _, p := range all {
		n := len(p.Files) - p.Count(emit.Same)
		switch {
		case p.Owner != nil:
			parts = append(parts, p.Target+": everything")
		case n > 0:
			parts = append(parts, p.Target+": "+count(n, "file", "files"))
		case !p.Empty():
			parts = append(parts, p.Target+": the list of files")
		}
	}
	text := dir + " is not what the config makes: " + strings.Join(parts, ", ")
	if o.Pending {
		text += "; an earlier run was interrupted"
	}
	return text
}

// colorDiff colors the lines of a diff that go and come.
func (a *app) colorDiff(text string) string {
	if !a.colors(a.stdout) {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		color := ""
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
		case strings.HasPrefix(line, "-"):
			color = red
		case strings.HasPrefix(line, "+"):
			color = green
		}
		if color == "" {
			b.WriteString(line)
			continue
		}
		b.WriteString(color + strings.TrimSuffix(line, "\n") + reset + "\n")
	}
	return b.String()
}
