package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/emit"
)

// takeStep takes the first step of the one vendor that has any. Everything is worked out before the first byte is written;
// then come the user's files, octo.lock and the outputs. A run that is ended in between leaves files that are whole, and
// of which the next one finishes what is missing, or octo lock and octo compile do.
func (u *upgrader) takeStep(ctx context.Context) error {
	v, err := u.mover()
	switch {
	case err != nil:
		return err
	case !u.before.sound() && v == nil:
		return u.nothingNewer()
	case !u.before.sound():
		return u.refuse(u.before.found)
	}
	if err := emit.Guard(u.before.result.OutDir, u.before.result.Dir); err != nil {
		return usage("name a folder of its own with --out-dir", "%w", err)
	}
	behind, err := u.outputs(ctx, u.before.result)
	if err != nil {
		return err
	}
	if changes := lockChanges(u.before.lock.old, u.before.lock.new); behind || len(changes) > 0 {
		return u.finish(ctx, v)
	}
	if v == nil {
		return u.nothingNewer()
	}
	if u.to != "" && len(v.steps) > 1 {
		return usage("first: octo upgrade --step --to "+strings.TrimPrefix(v.steps[0].To, "v"),
			"cannot go to %s at once: that is %d steps, and --step takes one", v.steps[len(v.steps)-1].To, len(v.steps))
	}
	p, err := u.work(ctx, v, u.before, v.steps[0])
	if err != nil {
		return err
	}
	if p.unknown != "" {
		return u.refuse(p.found)
	}
	if _, err := u.outputs(ctx, p.after.result); err != nil {
		return err
	}
	if err := u.findings(append(v.found, p.found...), "text", false); err != nil {
		return err
	}
	fmt.Fprintf(u.stderr, "%s: %s\n", v.name(), p.title())
	if err := u.writeStep(p); err != nil {
		return err
	}
	if err := u.write(ctx, p.after.result, u.compiling()); err != nil {
		return err
	}
	u.tell(v, p)
	return nil
}

func (u *upgrader) nothingNewer() error {
	for _, v := range u.vendors {
		fmt.Fprintf(u.stderr, "%s: nothing newer\n", v.address())
	}
	return nil
}

// mover is the vendor whose step is taken; nil when there is none.
func (u *upgrader) mover() (*vendor, error) {
	var moving []*vendor
	var names []string
	var stuck diag.List
	for _, v := range u.vendors {
		for _, d := range v.found {
			if d.Severity == diag.Error && d.Code == diag.Lock { // no time to go on
				return nil, u.refuse(v.found)
			}
		}
		switch {
		case len(v.steps) > 0:
			moving = append(moving, v)
			names = append(names, v.address())
		case v.found.Has(diag.Error):
			stuck = append(stuck, v.found...)
		}
	}
	switch {
	case len(moving) > 1:
		return nil, usage("name one: octo upgrade --step "+names[0], "several vendors have something newer, and a step is one vendor's: %s", list(names, "and"))
	case len(moving) == 1:
		return moving[0], nil
	case len(stuck) > 0:
		return nil, u.refuse(stuck.Sort())
	}
	return nil, nil
}

// compiling are the flags with which compile would write the outputs.
func (u *upgrader) compiling() *compileFlags {
	return &compileFlags{inputs: u.inputs, output: choice{value: "text"}}
}

// outputs looks at the output folder as it is: something in the way is the end of the run. behind: it is there, and not what
// r makes.
func (u *upgrader) outputs(ctx context.Context, r *compiler.Result) (behind bool, err error) {
	dir := show(r.OutDir)
	o, err := emit.Open(ctx, dir, emit.Read)
	if err != nil {
		return false, err
	}
	defer o.Close()
	all, err := plans(o, r)
	if err != nil {
		return false, err
	}
	var blocked diag.List
	for _, p := range all {
		blocked = append(blocked, inTheWay(p, dir)...)
		behind = behind || isBehind(p)
	}
	if len(blocked) == 0 {
		return behind || o.Pending, nil
	}
	if err := u.findings(blocked.Sort(), "text", false); err != nil {
		return false, err
	}
	fmt.Fprintf(u.stderr, "%s in the way; nothing was written\n", count(len(blocked), "file is", "files are"))
	return false, silent(exitDiffers)
}

// isBehind reports whether a tree is there and differs in more than the names of its inputs: a new .env is no reason to
// compile first.
func isBehind(p *emit.Plan) bool {
	return !p.Fresh() && slices.ContainsFunc(p.Files, func(f emit.File) bool {
		return f.Kind != emit.Same && (f.Kind != emit.Change || withoutInputs(f.Old) != withoutInputs(f.New))
	})
}

// withoutInputs is an output without the lines that say what it was made from.
func withoutInputs(data []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(data)) {
		if !strings.Contains(line, "ade from ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// finish brings octo.lock and the outputs to what the config says: a step that was interrupted, or a change by hand. It is
// not the step that was asked for: what one step changes must not be mixed with anything else.
func (u *upgrader) finish(ctx context.Context, v *vendor) error {
	fmt.Fprintln(u.stderr, "octo.lock or the outputs are not what the config makes: they are brought up to date first")
	if err := u.writeLock(u.before.lock, false); err != nil {
		return err
	}
	if err := u.write(ctx, u.before.result, u.compiling()); err != nil {
		return err
	}
	next := "nothing is newer"
	if v != nil {
		next = "run octo upgrade --step again for the one to " + v.steps[0].To
	}
	fmt.Fprintln(u.stderr, "this was no step; look at it; "+next)
	return nil
}

// writeStep writes the user's files and octo.lock.
func (u *upgrader) writeStep(p *plannedStep) error {
	u.writing.Lock()
	for _, f := range p.files {
		at, err := filepath.EvalSymlinks(f.abs) // a link stays one
		if err == nil {
			err = replaceFile(at, f.text)
		}
		if err != nil {
			u.writing.Unlock()
			return err
		}
	}
	u.writing.Unlock()
	for _, r := range p.edits() {
		fmt.Fprintf(u.stderr, "edited %s: %s\n", r[0], r[1])
	}
	return u.writeLock(p.after.lock, false)
}

// tell says what a person has to do now.
func (u *upgrader) tell(v *vendor, p *plannedStep) {
	var b strings.Builder
	for _, r := range p.facts() {
		if r[0] != "passes over" && r[0] != "stop" {
			fmt.Fprintf(&b, "%s: %s\n", r[0], r[1])
		}
	}
	words(&b, "", "before you apply it", p.before())
	words(&b, "", "once it runs", p.afterwards())
	fmt.Fprint(u.stderr, b.String())
	if len(v.steps) > 1 {
		fmt.Fprintf(u.stderr, "apply this before the next step, to %s\n", v.steps[1].To)
	} else {
		fmt.Fprintln(u.stderr, "this was the last step")
	}
}
