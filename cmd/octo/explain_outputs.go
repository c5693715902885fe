package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// maxPlaces is the number of places in one target's output that are printed of a field.
const maxPlaces = 6

// spot is a run of lines in an output that came from one field.
type spot struct {
	target   string
	file     string // as people name it
	from, to int
	origin   tree.Path
}

func (s spot) String() string {
	if s.to > s.from {
		return fmt.Sprintf("%s:%d-%d", s.file, s.from, s.to)
	}
	return fmt.Sprintf("%s:%d", s.file, s.from)
}

// spots are the lines of a target's output that match, neighbours put together.
func (e *explainer) spots(r *compiler.Result, t *compiler.TargetResult, match func(tree.Path) bool) []spot {
	var out []spot
	files := t.Set.Files()
	for i := range files {
		f := &files[i]
		name := outName(show(r.OutDir), t.Target.Name, f.Path)
		for _, o := range f.Origins {
			if !match(o.From) {
				continue
			}
			if n := len(out); n > 0 && out[n-1].file == name && out[n-1].to+1 >= o.Line {
				out[n-1].to = o.Line
				continue
			}
			out = append(out, spot{target: t.Target.Name, file: name, from: o.Line, to: o.Line, origin: o.From})
		}
	}
	return out
}

// leadsTo prints where in the outputs the field at p stands.
func (e *explainer) leadsTo(p tree.Path) error {
	r, err := e.compiled()
	if err != nil {
		return err
	}
	w := e.app.stdout
	if r.Diagnostics.Has(diag.Error) {
		fmt.Fprintf(w, "\nleads to nothing yet: %s; octo check shows them\n", diag.Summary(errorsOnly(r.Diagnostics)))
		return nil
	}
	var rows [][]string
	for i := range r.Targets {
		t := &r.Targets[i]
		level, how := "exact", ""
		if row := support.NewIndex(t.Table).Row(p); row != nil {
			level, how = row.Level.String(), row.How
		}
		if note := e.inOverlay(t, p); note != "" {
			level += ", " + note
		}
		found := e.spots(r, t, func(from tree.Path) bool { return from.HasPrefix(p) })
		// What has no line of its own may stand in that of what it is a part of, but not in that of the whole service.
		for at := p.Parent(); len(found) == 0 && len(at.Steps()) > 2; at = at.Parent() {
			found = e.spots(r, t, at.Equal)
		}
		if len(found) == 0 {
			rows = append(rows, []string{t.Target.Name, how, "-", level})
		}
		for j, s := range found {
			if j == maxPlaces {
				rows = append(rows, []string{t.Target.Name, how, fmt.Sprintf("and %d more", len(found)-j), ""})
				break
			}
			rows = append(rows, []string{t.Target.Name, how, s.String(), level})
		}
	}
	fmt.Fprint(w, "\nleads to:\n")
	return columns(w, "  ", rows)
}

// line explains a line of an output or of a source.
func (e *explainer) line(name string, line int) error {
	abs, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	for _, f := range e.loaded.Files {
		if f.Name == name || f.Name == filepath.ToSlash(filepath.Clean(name)) {
			return e.sourceLine(name, line)
		}
	}
	if t := e.overlayFile(name); t != "" {
		return usage(fmt.Sprintf("octo explain -t %s %s:%d", t, name, line), "%s is a part of targets.%s alone", name, t)
	}
	rel, err := filepath.Rel(e.loaded.OutDir, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return usage("name a file of "+show(e.loaded.OutDir)+", or of the config", "%s is neither an output nor a source of this config", name)
	}
	r, err := e.compiled()
	if err != nil {
		return err
	}
	if r.Diagnostics.Has(diag.Error) {
		return e.app.mustLoad(r)
	}
	target, rest, _ := strings.Cut(filepath.ToSlash(rel), "/")
	for i := range r.Targets {
		t := &r.Targets[i]
		if t.Target.Name != target {
			continue
		}
		if f := t.Set.Get(rest); f != nil {
			return e.outputLine(r, t, f, abs, line)
		}
		return usage("", "%s is not an output of this config", name)
	}
	return usage("", "%s is not below the folder of a target", name)
}

// outputLine prints which field a line of an output came from.
func (e *explainer) outputLine(r *compiler.Result, t *compiler.TargetResult, f *artifact.File, abs string, line int) error {
	name := outName(show(r.OutDir), t.Target.Name, f.Path)
	lines := bytes.Split(bytes.TrimSuffix(f.Data, []byte{'\n'}), []byte{'\n'})
	if line > len(lines) {
		return usage("", "%s has %s", name, count(len(lines), "line", "lines"))
	}
	w := e.app.stdout
	fmt.Fprintf(w, "%s:%d\n  %d | %s\n", name, line, line, lines[line-1])
	if disk, err := os.ReadFile(abs); err == nil && !bytes.Equal(disk, f.Data) {
		fmt.Fprintf(w, "\nThe file on disk is another one; octo compile --check shows how they differ.\n")
	}
	var from *tree.Path
	at := 0
	for i := range f.Origins {
		if o := &f.Origins[i]; o.Line <= line && o.Line > at {
			from, at = &o.From, o.Line
		}
	}
	if from == nil || from.IsRoot() {
		fmt.Fprint(w, "\nis octo's own: no field of the config says it\n")
		return nil
	}
	n, _, exact := tree.Nearest(e.treeOf(t), *from)
	title := fmt.Sprintf("\nis %s, set by:\n", from)
	if at != line {
		title = fmt.Sprintf("\nfollows line %d, which is %s, set by:\n", at, from)
	}
	if !exact {
		title = fmt.Sprintf("\nis octo's answer to %s, which is not set itself; what is above it:\n", from)
	}
	if err := e.setBy(*from, n, title); err != nil {
		return err
	}
	return e.elsewhere(r, *from, fmt.Sprintf("%s:%d", name, at))
}

// elsewhere prints the other lines that came from the field at p.
func (e *explainer) elsewhere(r *compiler.Result, p tree.Path, but string) error {
	var rows [][]string
	for i := range r.Targets {
		for _, s := range e.spots(r, &r.Targets[i], p.Equal) {
			if s.String() != but {
				rows = append(rows, []string{s.String()})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprint(e.app.stdout, "\nthe same field is in:\n")
	return columns(e.app.stdout, "  ", rows)
}

// sourceLine explains what is written on a line of the config: the field that begins there, or what the fields that
// begin there are parts of.
func (e *explainer) sourceLine(name string, line int) error {
	here := func(at source.Span) bool {
		return at.File != nil && int(at.Line) == line && sameName(at.File.Name, name)
	}
	var best tree.Path
	found := false
	add := func(p tree.Path) {
		for found && !p.HasPrefix(best) {
			best = best.Parent()
		}
		if !found {
			best, found = p, true
		}
	}
	tree.Walk(tree.Root, e.loaded.Tree, func(p tree.Path, n *tree.Node) bool {
		for i := range n.Fields {
			if here(n.Fields[i].KeyAt) {
				add(p.Key(n.Fields[i].Key))
			}
		}
		// A mapping begins where its first key does, which is another field.
		if _, index, _ := p.Last(); here(n.At) && (index >= 0 || n.Kind.IsScalar()) {
			add(p)
		}
		return true
	})
	if !found || best.IsRoot() {
		return usage("", "line %d of %s holds no field of the merged config", line, name)
	}
	return e.field(best)
}

func sameName(a, b string) bool { return a == b || a == filepath.ToSlash(filepath.Clean(b)) }
