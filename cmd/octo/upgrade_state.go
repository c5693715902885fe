package main

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/compiler/upgrade"
)

// edited is the disk, with other texts for some of its files.
type edited struct {
	source.Disk
	texts map[string][]byte // by absolute name
}

func (e edited) abs(name string) string {
	name = filepath.FromSlash(name)
	if !filepath.IsAbs(name) {
		name = filepath.Join(e.Dir, name)
	}
	return filepath.Clean(name)
}

// Read returns the file.
func (e edited) Read(name string) (*source.File, error) {
	text, ok := e.texts[e.abs(name)]
	if !ok {
		return e.Disk.Read(name)
	}
	shown := filepath.ToSlash(filepath.Clean(filepath.FromSlash(name)))
	return &source.File{Name: shown, Rel: shown, Data: text}, nil
}

// Stat says what lies at name: octo.lock may not be there yet.
func (e edited) Stat(name string) source.Info {
	if text, ok := e.texts[e.abs(name)]; ok {
		return source.Info{Kind: source.Regular, Size: int64(len(text))}
	}
	return e.Disk.Stat(name)
}

// upgradeState is the config at one version: nothing of it is on the disk but the store of what was fetched.
type upgradeState struct {
	reader edited
	lock   *resolved
	result *compiler.Result // nil where no lock can be made
	found  diag.List        // with errors, this is no state to go to
}

func (s *upgradeState) sound() bool { return s.result != nil && !s.found.Has(diag.Error) }

// state locks and compiles the config with these texts in place of the disk's, as octo lock and octo compile would. What is
// wrong with the config is in its findings.
func (u *upgrader) state(ctx context.Context, texts map[string][]byte) (*upgradeState, error) {
	s := &upgradeState{reader: edited{source.Disk{Dir: u.options.Dir}, texts}}
	o := u.options
	o.Reader = s.reader
	var err error
	// Lines that are there count: whatever has the name of one is what was locked, or an error.
	if s.lock, err = u.relock(ctx, o, u.setup, u.network, nil, false); err != nil {
		return nil, err
	}
	if s.lock.new == nil {
		s.found = ofLoading(s.lock.result.Diagnostics)
		return s, nil
	}
	s.reader.texts = maps.Clone(texts)
	if s.lock.old != nil || len(s.lock.new.Lines()) > 0 {
		if s.reader.texts == nil {
			s.reader.texts = map[string][]byte{}
		}
		s.reader.texts[s.lock.path] = s.lock.new.Bytes()
	}
	o.Reader = s.reader
	o.Remote = (&pins{}).open(u.setup)
	if s.result, err = compiler.Compile(ctx, o); err != nil {
		return nil, err
	}
	s.found = s.result.Diagnostics
	return s, nil
}

// ownFile is a config of the user's on the disk.
type ownFile struct {
	abs  string
	file *source.File
}

// own are the configs of the user's, each once, the lowest layer first. Those that are rendered before they are read are
// rendered: their text cannot be edited by what it means.
func (s *upgradeState) own() (files []ownFile, rendered []*source.File) {
	seen := map[string]bool{}
	for _, f := range s.result.Layers {
		if f.From != "" || f.Rel == "" {
			continue // fetched
		}
		abs := filepath.FromSlash(f.Rel)
		if !filepath.IsAbs(abs) {
			abs = filepath.Join(s.result.Dir, abs)
		}
		if seen[abs] || s.reader.Stat(abs).Kind != source.Regular {
			continue // a flag is a layer too
		}
		seen[abs] = true
		raw, err := s.reader.Read(abs)
		if err != nil {
			continue // it was there a moment ago; whoever writes it finds out
		}
		if string(raw.Data) != string(f.Data) {
			rendered = append(rendered, f)
			continue
		}
		files = append(files, ownFile{abs, f})
	}
	return files, rendered
}

// idle are the keys of a service whose change restarts nothing: those that Compose leaves out of the hash by which it
// decides (docker/compose, pkg/compose, ServiceHash).
var idle = []string{"build", "pull_policy", "scale", "depends_on", "profiles", "develop"}

// snapshot is what a state makes, as package upgrade compares it.
func (s *upgradeState) snapshot() upgrade.Snapshot {
	var out upgrade.Snapshot
	if s.result == nil {
		return out
	}
	for _, v := range s.result.Vars {
		out.Variables = append(out.Variables, upgrade.Variable{Name: v.Name, Description: v.Description, Required: v.Required && !v.Set})
	}
	for _, t := range s.result.Targets {
		target := upgrade.Target{Name: t.Target.Name}
		for _, f := range t.Set.Files() {
			target.Files = append(target.Files, upgrade.File{Path: f.Path, Data: f.Data})
		}
		for _, service := range t.Project.Services {
			n := t.Tree.Get("services").Get(service.Name)
			target.Services = append(target.Services, upgrade.Service{Name: service.Name, Image: n.Str("image"), Print: fingerprint(t.Tree, n)})
		}
		out.Targets = append(out.Targets, target)
	}
	return out
}

// fingerprint is a text that changes with what a service runs with: its fields, and the configs and secrets that it reads.
func fingerprint(root, service *tree.Node) string {
	var b strings.Builder
	for _, key := range idle {
		service = service.Without(key)
	}
	if d := service.Get("deploy"); d != nil && d.Kind == tree.Map {
		service = service.Set("deploy", d.At, d.Without("replicas"))
	}
	appendPrint(&b, service)
	for _, kind := range []string{"configs", "secrets"} {
		refs := service.Get(kind)
		if refs == nil {
			continue
		}
		for _, it := range refs.Items {
			appendPrint(&b, root.Get(kind).Get(it.Str("source")))
		}
	}
	return b.String()
}

// appendPrint writes a tree; the order of the keys of a mapping has no meaning.
func appendPrint(b *strings.Builder, n *tree.Node) {
	if n == nil {
		b.WriteByte('-')
		return
	}
	switch n.Kind {
	case tree.Map:
		b.WriteByte('{')
		fields := slices.Clone(n.Fields)
		slices.SortFunc(fields, func(x, y tree.Field) int { return strings.Compare(x.Key, y.Key) })
		for _, f := range fields {
			b.WriteString(f.Key + "\x00")
			appendPrint(b, f.Value)
		}
		b.WriteByte('}')
	case tree.List:
		b.WriteByte('[')
		for _, it := range n.Items {
			appendPrint(b, it)
		}
		b.WriteByte(']')
	default:
		b.WriteString(n.Kind.String() + " " + n.Text + "\x00")
	}
}

// locked is the revision that the old lock has for what begins with the address of a vendor; "" when it has none.
func (s *upgradeState) locked(prefix string) string {
	for _, l := range s.lock.old.Below(lock.Inclusion, prefix) {
		return l.Revision
	}
	return ""
}
