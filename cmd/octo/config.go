package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

type configFlags struct {
	inputs
	origins bool
	output  choice
}

const configLong = `Print the config as octo sees it: all files merged, variables replaced, short forms written out. It holds every value
that the files hold, so take care where it goes. Of variables that are declared secret it shows ****.`

func (a *app) configCommand() *cobra.Command {
	var c configFlags
	cmd := &cobra.Command{
		Use:   "config [flags]",
		Short: "Print the merged config",
		Long:  configLong,
		Args:  noFiles("config"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.config(cmd.Context(), &c) },
	}
	c.flags(a, cmd)
	c.oneTarget(a, cmd)
	cmd.Flags().BoolVar(&c.origins, "origins", false, "say at the end of each line where the value was written")
	c.output = choice{value: "yaml", allowed: []string{"yaml", "json"}}
	cmd.Flags().VarP(&c.output, "output", "o", "`FORMAT`: yaml or json")
	return cmd
}

func (a *app) config(ctx context.Context, c *configFlags) error {
	if c.origins && c.output.value == "json" {
		return usage("", "--origins and -o json cannot stand together: JSON has no comments")
	}
	o, err := a.options(&c.inputs)
	if err != nil {
		return err
	}
	r, err := compiler.Load(ctx, o)
	if err != nil {
		return err
	}
	if err := knownTarget(r, o.Targets); err != nil {
		return err
	}
	if err := a.mustLoad(r); err != nil {
		return err
	}
	p := printer{origins: c.origins, json: c.output.value == "json", config: true}
	v := p.value(named(r))
	if p.json {
		_, err = a.stdout.Write(doc.JSON(v))
		return err
	}
	text, _ := doc.YAML(v)
	_, err = a.stdout.Write(text)
	return err
}

// oneTarget adds the flag that names the target whose overlay is shown too.
func (c *configFlags) oneTarget(a *app, cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&c.targets, "target", "t", nil, "print the config of target `NAME`, with its overlay")
	_ = cmd.RegisterFlagCompletionFunc("target", a.complete(&c.inputs, targetNames))
}

// knownTarget refuses more than one target, and one that is not there.
func knownTarget(r *compiler.Result, targets []string) error {
	if len(targets) == 0 || r.Tree == nil {
		return nil
	}
	if len(targets) > 1 {
		return usage("name one of them", "-t, --target can stand once here: each target may have a config of its own")
	}
	var names []string
	if declared := r.Tree.Get("targets"); declared != nil {
		for i := range declared.Fields {
			names = append(names, declared.Fields[i].Key)
		}
	}
	for _, b := range backends() {
		names = append(names, b.Name())
	}
	if slices.Contains(names, targets[0]) {
		return nil
	}
	slices.Sort(names)
	return usage("the targets are "+list(slices.Compact(names), "and"), "no target is called %q", targets[0])
}

// named is the merged config with the project's name, which may be that of the folder.
func named(r *compiler.Result) *tree.Node {
	n := r.Tree
	if n == nil || n.Kind != tree.Map || n.Get("name") != nil || r.Name == "" {
		return n
	}
	name := tree.Field{Key: "name", Value: tree.NewScalar(source.Span{}, tree.String, r.Name)}
	return n.WithFields(append([]tree.Field{name}, n.Fields...))
}

// mustLoad prints what was found while loading, and ends the run when that is an error.
func (a *app) mustLoad(r *compiler.Result) error {
	if err := diag.Text(a.stderr, r.Diagnostics, diag.Style{Color: a.colors(a.stderr)}); err != nil {
		return err
	}
	if r.Diagnostics.Has(diag.Error) {
		fmt.Fprintln(a.stderr, diag.Summary(r.Diagnostics))
		return silent(exitConfig)
	}
	return nil
}

// printer makes documents of trees.
type printer struct {
	origins bool // comments that say where each value was written
	json    bool // numbers as JSON has them
	config  bool // to be read as a config again: a dollar sign is doubled
}

func (p printer) value(n *tree.Node) *doc.Value {
	var v *doc.Value
	switch {
	case n != nil && n.Kind == tree.Unknown && n.Text != "": // hidden
		v = doc.Str(n.Text)
	case n == nil || n.Kind == tree.Null || n.Kind == tree.Unknown:
		v = doc.Nil()
	case n.Kind == tree.Map:
		v = doc.NewMap()
		for i := range n.Fields {
			v.Set(n.Fields[i].Key, p.value(n.Fields[i].Value))
		}
	case n.Kind == tree.List:
		v = doc.NewList()
		for _, it := range n.Items {
			v.Add(p.value(it))
		}
	case n.Kind == tree.Bool:
		v = doc.Boolean(strings.EqualFold(n.Text, "true"))
	case n.Kind == tree.Int || n.Kind == tree.Float:
		v = p.number(n)
	case p.config:
		v = doc.Str(strings.ReplaceAll(n.Text, "$", "$$"))
	default:
		v = doc.Str(n.Text)
	}
	if p.origins && n != nil && (v.Empty() || v.Kind != doc.Map && v.Kind != doc.List) {
		v.Tail = place(n)
		if v.Tail == "" {
			v.Tail = "not written anywhere"
		}
	}
	return v
}

// place says where a value was written.
func place(n *tree.Node) string { return n.At.String() }

// number keeps the author's spelling in YAML; in JSON it is written in JSON's.
func (p printer) number(n *tree.Node) *doc.Value {
	if !p.json || json.Valid([]byte(n.Text)) {
		return doc.Literal(n.Text)
	}
	text := strings.ReplaceAll(n.Text, "_", "")
	if n.Kind == tree.Int {
		if i, err := strconv.ParseInt(strings.TrimPrefix(text, "+"), 0, 64); err == nil { // 0o17, 0x1f, 0440
			return doc.Int(i)
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return doc.Str(n.Text)
	}
	return doc.Literal(strconv.FormatFloat(f, 'g', -1, 64))
}

// inline is a value on one line, for a table: a long list or mapping by its size only.
func inline(n *tree.Node) string {
	switch {
	case n == nil || n.Kind == tree.Null:
		return "null"
	case n.Kind == tree.Unknown && n.Text == "":
		return "?"
	case n.Kind == tree.Unknown: // hidden
		return short(strings.ReplaceAll(n.Text, "\n", "\\n"))
	case n.Kind.IsScalar():
		return short(strings.ReplaceAll(n.Text, "\n", "\\n"))
	}
	text, _ := doc.YAML(printer{}.value(n).OnLine())
	line := strings.TrimSuffix(string(text), "\n")
	if len([]rune(line)) <= maxInline && !strings.Contains(line, "\n") {
		return line
	}
	if n.Kind == tree.List {
		return "[" + count(len(n.Items), "item", "items") + "]"
	}
	return "{" + count(len(n.Fields), "field", "fields") + "}"
}

// maxInline is the longest value in a table, in runes.
const maxInline = 60

func short(s string) string {
	if r := []rune(s); len(r) > maxInline {
		return string(r[:maxInline]) + "…"
	}
	if s == "" {
		return `""`
	}
	return s
}
