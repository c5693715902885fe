package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/emit"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/support"
)

// compileFlags are the flags of compile; check has some of them.
type compileFlags struct {
	inputs
	output                     choice
	strict, verify, allowEmpty bool
	quiet, verbose             bool
	stdout, check, report      bool
	force                      bool
	ask                        bool
	asker                      *asker // with --ask
}

const compileLong = `Compile the config for its targets, and bring the output folder up to date: out/systemd, out/compose, out/k8s, or the
targets that the config declares. With an error in any target nothing is written for any.

Only what changed is written. A file that was edited by hand since, or that octo did not write, stops the write: see
octo explain drift. Exit codes: 0 done, 1 errors in the config, 2 usage, 3 differences (--check) or edited outputs,
4 the environment failed, 130 interrupted.`

func (a *app) compileCommand() *cobra.Command {
	var c compileFlags
	cmd := &cobra.Command{
		Use:   "compile [flags]",
		Short: "Compile the config to the output folder",
		Long:  compileLong,
		Args:  noFiles("compile"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withAnswers(cmd.Context(), &c, func() error { return a.compile(cmd.Context(), &c) })
		},
	}
	c.flags(a, cmd)
	c.outputs(a, cmd)
	f := cmd.Flags()
	f.BoolVar(&c.check, "check", false, "compare with the output folder, print what differs, write nothing; exit 3 if anything does")
	f.BoolVar(&c.stdout, "stdout", false, "print one target's output for a pipe: manifests, compose.yaml, or a txtar of units; write nothing")
	f.BoolVar(&c.report, "report", false, "print what is not exact on each target")
	f.BoolVar(&c.force, "force", false, "write over outputs that were edited, and over files that are not octo's")
	c.judging(cmd, "text", "json", "github", "markdown")
	return cmd
}

// judging adds the flags that compile and check share.
func (c *compileFlags) judging(cmd *cobra.Command, formats ...string) {
	f := cmd.Flags()
	c.output = choice{value: "text", allowed: formats}
	what := "`FORMAT` of the findings: text, json or github"
	if len(formats) > 3 {
		what = "`FORMAT` of the findings: text, json or github; of --report: text, json or markdown"
	}
	f.VarP(&c.output, "output", "o", what)
	f.BoolVar(&c.pins.must, "locked", false, "fail when there is no octo.lock, or when it differs from what the config needs in any way")
	f.BoolVar(&c.strict, "strict", false, "take warnings for errors")
	f.BoolVar(&c.ask, "ask", false, "ask on the terminal for variables with prompt that nothing sets")
	f.BoolVar(&c.verify, "verify", false, "read each output back and compare it with what was meant")
	f.BoolVar(&c.allowEmpty, "allow-empty", false, "accept a config without services")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print errors only")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "name every file that is written")
}

// noFiles refuses arguments: a file is given with -f.
func noFiles(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return usage(fmt.Sprintf("a config file is given with -f: octo %s -f %s", command, strings.Join(args, " -f ")),
			"%s: takes no arguments, and %q is one", command, args[0])
	}
}

// run compiles, and prints the findings unless more of them may come.
func (a *app) runCompiler(ctx context.Context, c *compileFlags) (*compiler.Result, error) {
	o, err := a.options(&c.inputs)
	if err != nil {
		return nil, err
	}
	o.Strict, o.Verify, o.AllowEmpty = c.strict, c.verify, c.allowEmpty
	if c.asker == nil {
		r, err := compiler.Compile(ctx, o)
		if err == nil {
			c.pins.finish(r)
		}
		return r, err
	}
	o.Ask = c.asker.ask
	r, err := compiler.Compile(ctx, o)
	if err == nil {
		c.pins.finish(r)
	}
	if ended := c.asker.ended(); ended != nil && ctx.Err() == nil {
		return nil, ended
	}
	return r, err
}

func (a *app) compile(ctx context.Context, c *compileFlags) error {
	if err := c.consistent(); err != nil {
		return err
	}
	r, err := a.runCompiler(ctx, c)
	if err != nil {
		return err
	}
	if r.Diagnostics.Has(diag.Error) {
		return a.refused(r, c)
	}
	if err := emit.Guard(r.OutDir, r.Dir); err != nil {
		return usage("name a folder of its own with --out-dir", "%w", err)
	}
	if c.report {
		if err := a.report(r, c.output.value); err != nil {
			return err
		}
	}
	switch {
	case c.stdout:
		return a.toStdout(r, c)
	case c.check:
		return a.compare(ctx, r, c)
	}
	return a.write(ctx, r, c)
}

// consistent refuses flags that rule each other out.
func (c *compileFlags) consistent() error {
	switch {
	case c.stdout && c.check:
		return usage("", "--stdout and --check cannot stand together: one prints the outputs, the other what differs")
	case c.stdout && c.report:
		return usage("", "--stdout and --report cannot stand together: both print to standard output")
	case c.force && (c.stdout || c.check):
		return usage("", "--force writes, and --stdout and --check do not: leave one out")
	case c.output.value == "markdown" && !c.report:
		return usage("", "-o, --output cannot be %q without --report; want text, json or github", "markdown")
	case c.output.value == "github" && c.report:
		return usage("", "-o, --output cannot be %q with --report; want text, json or markdown", "github")
	case c.quiet && c.verbose:
		return usage("", "-q and -v cannot stand together")
	}
	return nil
}

// findings are those that c wants to see, in its format.
func (a *app) say(l diag.List, c *compileFlags) error {
	if c.quiet {
		l = errorsOnly(l)
	}
	format := c.output.value
	if c.report { // the format is the report's
		format = "text"
	}
	return a.findings(l, format, c.stdout)
}

// refused prints the findings of a config with errors.
func (a *app) refused(r *compiler.Result, c *compileFlags) error {
	l := r.Diagnostics
	if err := a.say(l, c); err != nil {
		return err
	}
	if c.quiet {
		l = errorsOnly(l)
	}
	fmt.Fprintf(a.stderr, "%s; nothing was written\n", diag.Summary(l))
	if sound := soundTargets(r); len(sound) > 0 {
		fmt.Fprintf(a.stderr, "  %s no error concerns %s: -t %s\n", a.paint(a.stderr, green, "help:"), list(sound, "and"), strings.Join(sound, " -t "))
	}
	return silent(exitConfig)
}

// soundTargets are the targets that a run could be limited to: none when an error concerns them all.
func soundTargets(r *compiler.Result) []string {
	wrong := map[string]bool{}
	for _, d := range r.Diagnostics {
		if d.Severity != diag.Error {
			continue
		}
		if d.Target == "" {
			return nil
		}
		wrong[d.Target] = true
	}
	var sound []string
	for _, t := range r.Chosen {
		if !wrong[t.Name] {
			sound = append(sound, t.Name)
		}
	}
	return sound
}

// plans compares the outputs with what lies in the folder.
func plans(o *emit.Out, r *compiler.Result) ([]*emit.Plan, error) {
	var out []*emit.Plan
	for i := range r.Targets {
		t := &r.Targets[i]
		p, err := o.Plan(t.Set, emit.Meta{Project: r.Project.Name, Target: t.Target.Name, Inputs: t.Project.Inputs})
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// write brings the output folder up to date.
func (a *app) write(ctx context.Context, r *compiler.Result, c *compileFlags) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	dir := show(r.OutDir)
	o, err := emit.Open(ctx, dir, emit.Write)
	if err != nil {
		return err
	}
	defer o.Close()
	all, err := plans(o, r)
	if err != nil {
		return err
	}
	ds := r.Diagnostics
	blocked := diag.List{}
	for _, p := range all {
		if c.force {
			p.Force()
		}
		blocked = append(blocked, inTheWay(p, dir)...)
	}
	if len(blocked) > 0 {
		if err := a.say(append(ds, blocked...).Sort(), c); err != nil {
			return err
		}
		fmt.Fprintf(a.stderr, "%s in the way; nothing was written\n", count(len(blocked), "file is", "files are"))
		return silent(exitDiffers)
	}
	if err := a.say(ds, c); err != nil {
		return err
	}
	if err := o.Apply(ctx, all...); err != nil {
		return err
	}
	if !c.quiet {
		if o.Recovered {
			fmt.Fprintln(a.stderr, "an earlier run was interrupted; what it had begun was finished first")
		}
		if c.verbose {
			a.names(all, dir)
		}
		fmt.Fprintln(a.stderr, written(all, dir))
		if err := a.restarts(all, r, dir); err != nil {
			return err
		}
		if len(c.targets) == 0 {
			a.leftOver(o, r, dir)
		}
	}
	return nil
}

// leftOver names the folders of targets that the config no longer has: somebody may still apply them.
func (a *app) leftOver(o *emit.Out, r *compiler.Result, dir string) {
	var targets []string
	for i := range r.Targets {
		targets = append(targets, r.Targets[i].Target.Name)
	}
	for _, name := range o.Others(r.Project.Name, targets) {
		fmt.Fprintf(a.stderr, "%s is from an earlier run, and no target of the config any more: delete it when nobody applies it\n", outName(dir, name, ""))
	}
}

// inTheWay are the files that stop the write, as diagnostics.
func inTheWay(p *emit.Plan, dir string) diag.List {
	var l diag.List
	for _, f := range p.InTheWay() {
		l = append(l, fileFinding(diag.Error, dir, p.Target, f.Path, f.Why, f.Help))
	}
	return l
}

func fileFinding(s diag.Severity, dir, target, path, message, help string) *diag.Diagnostic {
	name := outName(dir, target, path)
	at := source.Span{Pos: source.Pos{File: &source.File{Name: name, Rel: name}}}
	return &diag.Diagnostic{Severity: s, Code: diag.Drift, At: at, Message: message, Help: help}
}

// outName is the name of an output for people.
func outName(dir, target, path string) string {
	name := dir + "/" + target
	if path != "" {
		name += "/" + path
	}
	return strings.TrimPrefix(name, "./")
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// written says what was done: "systemd: 23 files, compose: 5, k8s: 35; written to out" for new trees, "k8s: 2 of 35
// files, 1 removed" for one that was there, "nothing to do".
func written(all []*emit.Plan, dir string) string {
	var parts []string
	idle, noun := true, " files"
	for _, p := range all {
		total := len(p.Files) - p.Count(emit.Remove) + 1 // the manifest
		changed, removed := p.Count(emit.Add)+p.Count(emit.Change), p.Count(emit.Remove)
		text := p.Target + ": "
		switch {
		case p.Empty():
			parts = append(parts, text+"no change")
			continue
		case changed+1 == total && p.Count(emit.Change) == 0 && removed == 0:
			text += fmt.Sprint(total, noun)
		case changed+removed == 0:
			text += "the list of files"
		default:
			text += fmt.Sprint(changed, " of ", total, noun)
			if removed > 0 {
				text += fmt.Sprint(" and ", removed, " removed")
			}
		}
		idle, noun = false, ""
		parts = append(parts, text)
	}
	if idle {
		return "nothing to do"
	}
	return strings.Join(parts, ", ") + "; written to " + dir
}

// names prints each file that was changed.
func (a *app) names(all []*emit.Plan, dir string) {
	for _, p := range all {
		for _, f := range p.Files {
			if f.Kind != emit.Same {
				fmt.Fprintf(a.stderr, "%-6s %s\n", f.Kind, outName(dir, p.Target, f.Path))
			}
		}
	}
}

// report prints what is not exact on each target.
func (a *app) report(r *compiler.Result, format string) error {
	var all []support.Column
	for _, t := range r.Targets {
		column := support.Column{Target: t.Target, Table: t.Table, Root: t.Tree}
		for _, d := range r.Diagnostics {
			if d.Target == t.Target.Name {
				column.Found = append(column.Found, d)
			}
		}
		all = append(all, column)
	}
	sheet := support.Report(r.Tree, all)
	print := map[string]func(io.Writer) error{"text": sheet.Text, "json": sheet.JSON, "markdown": sheet.Markdown}[format]
	return print(a.stdout)
}
