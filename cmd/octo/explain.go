package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

const explainLong = `Explain where a value comes from and where it goes, or what a finding means.

  octo explain services.web.image          every layer that set the field, and the outputs that it leads to
  octo explain out/k8s/web/service.yaml:7  the same for a line of an output
  octo explain octo.yaml:7                 the same for a line of the config
  octo explain unknown-key                 the page of a code, which findings have in brackets at their end`

func (a *app) explainCommand() *cobra.Command {
	var in inputs
	cmd := &cobra.Command{
		Use:   "explain PATH|FILE:LINE|CODE [flags]",
		Short: "Explain a value, a line of an output, or a finding",
		Long:  explainLong,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("octo explain services.web.image; octo explain out/k8s/web/service.yaml:7; octo explain unknown-key",
					"explain: wants one field, line or code, and %s given", map[bool]string{true: "none is", false: fmt.Sprint(len(args), " are")}[len(args) == 0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.explain(cmd.Context(), &in, args[0]) },
	}
	in.flags(a, cmd)
	in.outputs(a, cmd)
	cmd.ValidArgsFunction = a.complete(&in, explainable)
	return cmd
}

// place in a file, as findings and editors write it.
var fileLine = regexp.MustCompile(`^(.+?):([0-9]+)(?::[0-9]+)?$`)

func (a *app) explain(ctx context.Context, in *inputs, what string) error {
	if page, ok := diag.PageOf(diag.Code(strings.Trim(what, "[]"))); ok {
		return writePage(a.stdout, page)
	}
	o, err := a.options(in)
	if err != nil {
		return err
	}
	o.AllowEmpty = true
	r, err := compiler.Load(ctx, o)
	if err != nil {
		return err
	}
	if r.Tree == nil {
		return a.mustLoad(r)
	}
	e := &explainer{app: a, loaded: r, options: o, ctx: ctx}
	if m := fileLine.FindStringSubmatch(what); m != nil {
		line, err := strconv.Atoi(m[2])
		if err != nil || line == 0 {
			return usage("", "explain: cannot find line %s", m[2])
		}
		return e.line(m[1], line)
	}
	if info, err := os.Stat(what); err == nil && !info.IsDir() {
		return usage(fmt.Sprintf("octo explain %s:1", what), "%s is a file; which line of it?", what)
	}
	p, err := tree.ParsePath(what)
	if err != nil {
		return usage("a path reads services.web.ports[0]", "%w", err)
	}
	return e.field(p)
}

// writePage prints the page of a code.
func writePage(w io.Writer, p diag.Page) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n", p.Code, p.Title, strings.TrimSpace(p.Text))
	for _, e := range []struct{ title, text string }{{"reported", p.Bad}, {"right", p.Good}} {
		if e.text != "" {
			fmt.Fprintf(&b, "\n%s:\n  %s\n", e.title, strings.ReplaceAll(strings.TrimRight(e.text, "\n"), "\n", "\n  "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// explainer answers one question about a config.
type explainer struct {
	app     *app
	loaded  *compiler.Result // without outputs
	options compiler.Options
	ctx     context.Context
	done    *compiler.Result // with outputs, when they were asked for
}

// compiled compiles in memory, once. A config with errors has no outputs.
func (e *explainer) compiled() (*compiler.Result, error) {
	if e.done != nil {
		return e.done, nil
	}
	r, err := compiler.Compile(e.ctx, e.options)
	e.done = r
	return r, err
}

// field prints where the value at p comes from and where it goes.
func (e *explainer) field(p tree.Path) error {
	n, ok := tree.Get(e.loaded.Tree, p)
	if !ok {
		if t := e.overlaid(p); t != "" {
			return usage(fmt.Sprintf("octo explain -t %s %s", t, p), "only the overlay of targets.%s sets %s", t, p)
		}
		return e.unset(p)
	}
	w := e.app.stdout
	if n.Kind == tree.Map || n.Kind == tree.List {
		text, _ := doc.YAML(printer{origins: true}.value(n))
		fmt.Fprintf(w, "%s:\n  %s\n", p, strings.ReplaceAll(strings.TrimSuffix(string(text), "\n"), "\n", "\n  "))
	} else {
		fmt.Fprintf(w, "%s = %s\n", p, inline(n))
	}
	if err := e.setBy(p, n, "\nset by, the last one holds:\n"); err != nil {
		return err
	}
	return e.leadsTo(p)
}

// unset is about a field that the config does not set: the schema may know it, or the name is wrong.
func (e *explainer) unset(p tree.Path) error {
	s, err := compiler.Schema()
	if err != nil {
		return err
	}
	f, known := fieldAt(s.Def("#Project"), e.loaded.Tree, p)
	if !known {
		return e.unknown(p, s)
	}
	w := e.app.stdout
	fmt.Fprintf(w, "%s is not set\n", p)
	if f != nil && f.Doc != "" {
		fmt.Fprintf(w, "\n  %s\n", strings.ReplaceAll(strings.TrimSpace(f.Doc), "\n", "\n  "))
	}
	if f != nil && f.Default != nil {
		fmt.Fprintf(w, "\nholds by default: %s\n", inline(f.Default))
	}
	return nil
}

// unknown names what is there in place of what was asked for.
func (e *explainer) unknown(p tree.Path, s *shape.Schema) error {
	at, last := p, tree.Step{}
	var n *tree.Node
	for ok := false; !ok; n, ok = tree.Get(e.loaded.Tree, at) {
		steps := at.Steps()
		if len(steps) == 0 {
			n = e.loaded.Tree
			break
		}
		last, at = steps[len(steps)-1], at.Parent()
	}
	var names []string
	for i := range n.Fields {
		names = append(names, n.Fields[i].Key)
	}
	if sh := shapeAt(s.Def("#Project"), e.loaded.Tree, at); sh != nil && sh.Map != nil {
		for _, f := range sh.Map.Fields {
			names = append(names, f.Name)
		}
	}
	if at.IsRoot() && len(p.Steps()) == 1 {
		if name := p.Steps()[0].Key; e.loaded.Tree.Get("services").Get(name) != nil {
			return usage("octo explain services."+name, "%q is a service; want the path of a field", name)
		}
		for _, page := range diag.Pages() {
			names = append(names, string(page.Code))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	where := at.String()
	if where == "" {
		where = "the config"
	}
	if last.Index >= 0 && n.Kind == tree.List {
		return usage("", "%s has %s, and [%d] is none of them", where, count(len(n.Items), "item", "items"), last.Index)
	}
	help := "octo config prints what is there"
	if near := diag.Near(last.Key, names); near != "" {
		help = "did you mean " + at.Key(near).String() + "?"
		if _, code := diag.PageOf(diag.Code(near)); code && at.IsRoot() {
			help = "did you mean " + near + "?"
		}
	} else if len(n.Fields) > 0 && len(n.Fields) <= 12 {
		var there []string
		for i := range n.Fields {
			there = append(there, n.Fields[i].Key)
		}
		help = where + " has " + list(there, "and")
	}
	if at.IsRoot() && len(p.Steps()) == 1 {
		return usage(help, "no field and no code is called %q", p)
	}
	return usage(help, "%s has no field %q", where, last.Key)
}

// setBy prints the layers that set n, the lowest first.
func (e *explainer) setBy(p tree.Path, n *tree.Node, title string) error {
	var rows [][]string
	if s, err := compiler.Schema(); err == nil {
		if f, _ := fieldAt(s.Def("#Project"), e.loaded.Tree, p); f != nil && f.Default != nil {
			rows = append(rows, []string{"the schema", inline(f.Default), "default"})
		}
	}
	var chain []*tree.Node
	for at := n; at != nil; at = at.Was {
		chain = append(chain, at)
	}
	slices.Reverse(chain)
	for i, at := range chain {
		note := ""
		if at.Derived {
			note = "made of what is written there"
		}
		if i == len(chain)-1 {
			note = strings.TrimPrefix(note+", <- holds", ", ")
		}
		rows = append(rows, []string{orDash(place(at)), inline(at), note})
	}
	io.WriteString(e.app.stdout, title)
	return columns(e.app.stdout, "  ", rows)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// fieldAt finds the field of the schema at p. known: the config could hold something there; an entry whose name is the
// user's (a service, an environment variable) only when it does. The field is nil where there is none of its own: an item
// of a list, a value of any shape.
func fieldAt(s *shape.Shape, n *tree.Node, p tree.Path) (f *shape.Field, known bool) {
	for _, step := range p.Steps() {
		switch {
		case s == nil:
			return nil, false
		case s.Any:
			return nil, true
		case step.Index >= 0 && s.List != nil:
			if n == nil || step.Index >= len(n.Items) {
				return nil, false
			}
			f, s, n = nil, s.List.Elem, n.Items[step.Index]
		case step.Index < 0 && s.Map != nil:
			n = n.Get(step.Key)
			if f = s.Map.Lookup(step.Key); f == nil {
				return nil, s.Map.Open
			}
			if f.Name == "" && n == nil {
				return nil, false
			}
			s = f.Value
		default:
			return nil, false
		}
	}
	return f, true
}

// shapeAt is the shape of what stands at p.
func shapeAt(root *shape.Shape, n *tree.Node, p tree.Path) *shape.Shape {
	if p.IsRoot() {
		return root
	}
	if f, _ := fieldAt(root, n, p); f != nil {
		return f.Value
	}
	return nil
}
