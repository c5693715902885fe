package compose

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Verify holds the set against the model. It does not read the YAML back, as this package links no reader: it lowers
// once more and compares the bytes, so that a set that was changed, or a lowering that is no pure function of its
// input, is found; and it checks of the document behind the bytes that everything that the model names is there,
// that no "$" is left for Compose to interpolate, and that every line leads to a field of the config. That the bytes
// mean the document is proven for the printer (package doc), and that the document means the sources by the tests
// of this package, through compose-go.
func (b *Backend) Verify(in *model.Input, set *artifact.Set) error {
	l := b.lowering(in)
	document := l.project()
	text, _ := doc.YAML(document)
	dev := l.development()
	switch file := set.Get(composeFile); {
	case l.ds.Has(diag.Error):
		return fmt.Errorf("cannot verify %s: %s", composeFile, l.ds[0].Text())
	case file == nil:
		return fmt.Errorf("cannot find %s in the output", composeFile)
	case !bytes.Equal(file.Data, text):
		return fmt.Errorf("cannot lower twice to the same %s", composeFile)
	}
	if dev != nil {
		text, _ := doc.YAML(dev)
		if have := set.Get(devFile); have == nil || !bytes.Equal(have.Data, text) {
			return fmt.Errorf("cannot lower twice to the same %s", devFile)
		}
		if err := values(in.Tree, dev); err != nil {
			return err
		}
	}
	for _, want := range l.files.Files() {
		if have := set.Get(want.Path); have == nil || !bytes.Equal(have.Data, want.Data) {
			return fmt.Errorf("cannot lower twice to the same %s", want.Path)
		}
	}
	apply := set.Get(applyFile)
	if apply == nil || !bytes.Equal(apply.Data, l.apply()) {
		return fmt.Errorf("cannot lower twice to the same %s", applyFile)
	}
	if err := l.names(document); err != nil {
		return err
	}
	return values(in.Tree, document)
}

// names checks that each section holds what the model names and what this backend adds, and nothing else.
func (l *lowering) names(document *doc.Value) error {
	p := l.in.Project
	added := func(want []string, names ...string) []string {
		if len(l.carried) > 0 {
			want = append(want, sidecarName)
		}
		return append(want, names...)
	}
	var own, volumes, nets []string
	if l.serves() {
		own, volumes = []string{configName}, []string{configState, configCA}
	}
	if l.asker != nil {
		own, volumes = append(own, monitorName), append(volumes, monitorState)
		if l.asker.own {
			nets = []string{monitorName}
		}
	}
	files := keysOf(l.sidecarFiles(), func(f configMount) string { return f.key })
	var shots []string
	for _, s := range p.Services {
		for _, o := range l.again[s.Name] {
			shots = append(shots, o.name)
		}
	}
	for _, s := range []struct {
		section string
		want    []string
	}{
		{"services", added(keysOf(p.Services, func(s *model.Service) string { return s.Name }), append(shots, own...)...)},
		{"networks", append(keysOf(written(p.Networks), func(n *model.Network) string { return n.Key }), nets...)},
		{"volumes", added(keysOf(p.Volumes, func(v *model.Volume) string { return v.Key }), volumes...)},
		{"configs", append(keysOf(p.Configs, func(c *model.Config) string { return c.Key }), files...)},
		{"secrets", keysOf(p.Secrets, func(s *model.Secret) string { return s.Key })},
		{"models", keysOf(p.Models, func(m *model.Model) string { return m.Key })},
	} {
		have := get(document, s.section)
		if have == nil {
			have = doc.NewMap()
		}
		for _, name := range s.want {
			if get(have, name) == nil {
				return fmt.Errorf("cannot find %s.%s in the output", s.section, name)
			}
		}
		if len(have.Fields) != len(s.want) {
			return fmt.Errorf("cannot account for all of %s in the output: it has %d, the model %d",
				s.section, len(have.Fields), len(s.want))
		}
	}
	return nil
}

func keysOf[T any](list []T, key func(T) string) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = key(x)
	}
	return out
}

// written are the networks that stand in the output.
func written(list []*model.Network) []*model.Network {
	var out []*model.Network
	for _, n := range list {
		if !n.Implicit {
			out = append(out, n)
		}
	}
	return out
}

// values checks each value below v: its "$" come in pairs, and its origin is a field of the config.
func values(root *tree.Node, v *doc.Value) error {
	if v.Kind == doc.String && strings.Contains(strings.ReplaceAll(v.Text, "$$", ""), "$") {
		return fmt.Errorf("cannot leave %q to Compose, which would interpolate it", v.Text)
	}
	if !v.Origin.IsRoot() {
		if _, ok := tree.Get(root, v.Origin); !ok {
			return fmt.Errorf("cannot find %s in the config, which the output says that it came from", v.Origin)
		}
	}
	for _, it := range v.Items {
		if err := values(root, it); err != nil {
			return err
		}
	}
	for i := range v.Fields {
		if err := values(root, v.Fields[i].Value); err != nil {
			return err
		}
	}
	return nil
}
