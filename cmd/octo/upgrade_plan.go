package main

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/edit"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/compiler/upgrade"
)

// plannedStep is one step, worked out in memory.
type plannedStep struct {
	upgrade.Step
	files []editedFile
	found diag.List // of the edits, and the errors of the result: why it cannot be taken yet
	after *upgradeState
	// summary is what changes in the output; nil when that cannot be told, because of unknown.
	summary *upgrade.Summary
	unknown string
}

// editedFile is a file of the user's that a step changes.
type editedFile struct {
	abs, name string
	text      []byte
	moved     int // includes that have another version
	changes   []upgrade.Change
}

// texts are what the step leaves, over what was there before it.
func (p *plannedStep) texts(before *upgradeState) map[string][]byte {
	out := maps.Clone(before.reader.texts)
	if out == nil {
		out = map[string][]byte{}
	}
	for _, f := range p.files {
		out[f.abs] = f.text
	}
	return out
}

// work takes a step in memory: it edits, locks and compiles.
func (u *upgrader) work(ctx context.Context, v *vendor, before *upgradeState, step upgrade.Step) (*plannedStep, error) {
	p := &plannedStep{Step: step}
	p.edit(v, before)
	if p.found.Has(diag.Error) {
		p.unknown = "your files cannot be rewritten by themselves"
		return p, nil
	}
	var err error
	if p.after, err = u.state(ctx, p.texts(before)); err != nil {
		return nil, err
	}
	now, then := before.snapshot(), p.after.snapshot()
	if !p.after.sound() {
		p.found = append(p.found, errorsOnly(p.after.found)...)
		p.unknown = "the config does not compile with this version yet"
		now.Targets, then.Targets = nil, nil
		if p.after.result == nil {
			return p, nil
		}
	}
	s := upgrade.Compare(now, then)
	p.summary = &s
	return p, nil
}

// edit changes the user's files: the version of the includes, and what the vendor renamed and removed.
func (p *plannedStep) edit(v *vendor, before *upgradeState) {
	files, rendered := before.own()
	for _, own := range files {
		f := own.file
		root, _ := parse.YAML(f)
		refs, ds := upgrade.SetRef(root, v.includes[0].Repo, p.FromRef, p.Ref)
		if len(ds) > 0 {
			p.found = append(p.found, ds...)
			continue
		}
		if len(refs) > 0 {
			text, ds := edit.Apply(f, refs...)
			if len(ds) > 0 {
				p.found = append(p.found, ds...)
				continue
			}
			f = &source.File{Name: f.Name, Rel: f.Rel, Data: text}
		}
		text, changes, ds := upgrade.Rewrite(f, p.Step)
		p.found = append(p.found, ds...)
		if text != nil && string(text) != string(own.file.Data) {
			p.files = append(p.files, editedFile{own.abs, own.file.Name, text, len(refs), changes})
		}
	}
	if len(p.Renamed)+len(p.Removed) > 0 {
		for _, f := range rendered {
			p.found.Warn(diag.Renamed, tree.Root, "this file is a template: what is renamed or removed in it has to be changed by hand").
				AtSpan(source.Span{Pos: source.Pos{File: f}}).Helpf("look for %s", p.deprecated())
		}
		p.environmentFiles(before)
	}
	p.found = p.found.Sort()
}

// deprecated names what a step renames and removes.
func (p *plannedStep) deprecated() string {
	var out []string
	for _, d := range p.Renamed {
		out = append(out, upgrade.OneLine(d.From)+", now "+upgrade.OneLine(d.To))
	}
	for _, d := range p.Removed {
		out = append(out, upgrade.OneLine(d.Path)+", which is gone")
	}
	return strings.Join(out, "; ")
}

// environmentFiles warns about variables with another name, or gone, that files of KEY=VALUE still set: nothing else
// would be said of them.
func (p *plannedStep) environmentFiles(before *upgradeState) {
	layers := map[*source.File]bool{}
	for _, f := range before.result.Layers {
		layers[f] = true
	}
	for _, f := range before.result.Files {
		if layers[f] || f.From != "" || !strings.Contains(filepath.Base(f.Name), "env") {
			continue
		}
		n := int32(0)
		for line := range strings.Lines(string(f.Data)) {
			n++
			key, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
			if !ok {
				continue
			}
			at := source.Span{Pos: source.Pos{File: f, Line: n, Col: int32(strings.Index(line, key)) + 1}, Len: int32(len(key))}
			for _, d := range p.Renamed {
				if d.From == "variables."+key {
					p.found.Warn(diag.Renamed, tree.Root, "the variable %s is called %s since %s", key, strings.TrimPrefix(d.To, "variables."), d.In).
						AtSpan(at).Helpf("write %s=…", strings.TrimPrefix(d.To, "variables.")).Quiet = true
				}
			}
			for _, d := range p.Removed {
				if d.Path == "variables."+key {
					p.found.Warn(diag.Renamed, tree.Root, "the variable %s is gone since %s", key, d.In).AtSpan(at).Helpf("delete the line").Quiet = true
				}
			}
		}
	}
}

// walk works out all steps of a vendor, each from the one before. After one that cannot be taken yet, nobody can tell.
func (u *upgrader) walk(ctx context.Context, v *vendor) ([]*plannedStep, error) {
	var out []*plannedStep
	before, why := u.before, ""
	if !before.sound() {
		why = "the config does not compile now"
	}
	for _, step := range v.steps {
		if why != "" {
			out = append(out, &plannedStep{Step: step, unknown: why})
			continue
		}
		p, err := u.work(ctx, v, before, step)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		if p.unknown != "" {
			why = "the step to " + step.To + " cannot be taken yet"
			continue
		}
		before = p.after
	}
	return out, nil
}

// showPlan prints all steps of all vendors.
func (u *upgrader) showPlan(ctx context.Context) error {
	var plans []vendorPlan
	var wrong diag.List
	for _, v := range u.vendors {
		steps, err := u.walk(ctx, v)
		if err != nil {
			return err
		}
		plans = append(plans, vendorPlan{v, steps})
		wrong = append(wrong, v.found...)
	}
	if !u.before.sound() {
		wrong = append(wrong, errorsOnly(u.before.found)...)
	}
	if err := u.findings(wrong.Sort(), "text", false); err != nil {
		return err
	}
	if err := u.printPlan(plans); err != nil {
		return err
	}
	// That a branch or a commit has no newer version is no mistake; that nothing compiles now is one.
	serious := slices.ContainsFunc(wrong, func(d *diag.Diagnostic) bool { return d.Severity == diag.Error && d.Code != diag.Include })
	if serious {
		return silent(exitConfig)
	}
	return nil
}

// vendorPlan is what is printed of one vendor.
type vendorPlan struct {
	*vendor
	steps []*plannedStep
}
