package merge_test

import (
	"context"
	"fmt"
	"io"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sirupsen/logrus"
	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler/canon"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/merge"
	"github.com/octocompose/octocompose/compiler/tree"
)

// load is what compose-go makes of files, before normalisation. It panics on some of them; that counts as a refusal.
func load(files ...string) (p *types.Project, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return loader.LoadWithContext(context.Background(), details(files), options)
}

// loadModel is the same as a mapping.
func loadModel(files ...string) (map[string]any, error) {
	return loader.LoadModelWithContext(context.Background(), details(files), options)
}

func details(files []string) types.ConfigDetails {
	details := types.ConfigDetails{WorkingDir: "/project"}
	for i, f := range files {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: fmt.Sprintf("/project/%d.yaml", i), Content: []byte(f)})
	}
	return details
}

func options(o *loader.Options) {
	o.SetProjectName("p", true)
	o.ResolvePaths = true
	o.SkipConsistencyCheck = true
	o.SkipNormalization = true
	o.SkipInclude = true
	o.SkipExtends = true
	o.SkipResolveEnvironment = true
	o.SkipResolveLabels = true
}

// compile is what we make of files: canonical form and merge, printed as YAML that compose-go reads. compose-go
// interpolates, as its casts are part of that, so "$" is doubled for it.
func compile(t testing.TB, files ...string) (string, diag.List) {
	t.Helper()
	var layers []*tree.Node
	var all diag.List
	for _, f := range files {
		n, ds := canon.File(root(t), read(t, strings.ReplaceAll(f, "$$", "$")), "")
		all = append(all, ds...)
		layers = append(layers, n)
	}
	n, ds := merge.Layers(root(t), layers)
	out, err := yaml.Marshal(compose(node(n)))
	if err != nil {
		t.Fatal(err)
	}
	return string(out), append(all, ds...)
}

// node is n for a YAML library.
func node(n *tree.Node) *yaml.Node {
	y := &yaml.Node{Kind: yaml.ScalarNode, Value: n.Text}
	switch n.Kind {
	case tree.Null, tree.Unknown:
		y.Tag, y.Value = "!!null", "null"
	case tree.Bool:
		y.Tag = "!!bool"
	case tree.Int:
		y.Tag = "!!int"
	case tree.Float:
		y.Tag = "!!float"
	case tree.String:
		y.Tag, y.Style, y.Value = "!!str", yaml.DoubleQuotedStyle, strings.ReplaceAll(n.Text, "$", "$$")
	case tree.List:
		y.Kind = yaml.SequenceNode
		for _, it := range n.Items {
			y.Content = append(y.Content, node(it))
		}
	case tree.Map:
		y.Kind = yaml.MappingNode
		for _, f := range n.Fields {
			y.Content = append(y.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: f.Key}, node(f.Value))
		}
	}
	return y
}

// compose spells octo's replicas as scale, which compose-go knows.
func compose(n *yaml.Node) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "services" {
			continue
		}
		for j := 1; j < len(n.Content[i+1].Content); j += 2 {
			for _, key := range n.Content[i+1].Content[j].Content {
				if key.Value == "replicas" {
					key.Value = "scale"
				}
			}
		}
	}
	return n
}

// deliberate takes out of a project what we change on purpose; each line says why.
func deliberate(p *types.Project) *types.Project {
	p.ComposeFiles = nil
	for name, s := range p.Services {
		// scale and deploy.replicas are one field.
		if s.Deploy != nil && s.Deploy.Replicas != nil {
			s.Scale, s.Deploy.Replicas = s.Deploy.Replicas, nil
		}
		if s.Deploy != nil && cmp.Equal(*s.Deploy, types.DeployConfig{}, cmpopts.EquateEmpty()) {
			s.Deploy = nil
		}
		// compose-go sorts written-out ports as text: 10 before 9.
		slices.SortStableFunc(s.Ports, func(a, b types.ServicePortConfig) int {
			return strings.Compare(fmt.Sprint(a.Target, a.HostIP, a.Published, a.Protocol), fmt.Sprint(b.Target, b.HostIP, b.Published, b.Protocol))
		})
		if s.Build != nil {
			// compose-go has SSH keys in random order.
			slices.SortFunc(s.Build.SSH, func(a, b types.SSHKey) int { return strings.Compare(a.ID, b.ID) })
		}
		for i := range s.Volumes {
			v := &s.Volumes[i]
			// The short syntax leaves an empty mapping behind; we leave none.
			if v.Volume != nil && cmp.Equal(*v.Volume, types.ServiceVolumeVolume{}, cmpopts.EquateEmpty()) {
				v.Volume = nil
			}
			// compose-go drops :cached; we keep it.
			v.Consistency = ""
			// Normalisation cleans the target of the long syntax; we do it at once.
			if v.Target != "" {
				v.Target = path.Clean(v.Target)
			}
		}
		p.Services[name] = s
	}
	return p
}

// agree reports how what we make of files differs from what compose-go makes of them: "" when it does not.
func agree(t testing.TB, files ...string) (difference string, loaded bool) {
	t.Helper()
	want, err := load(files...)
	if err != nil {
		return "", false
	}
	ours, ds := compile(t, files...)
	if ds.Has(diag.Error) {
		return "refused: " + texts(ds), true
	}
	got, err := load(ours)
	if err != nil {
		return fmt.Sprintf("cannot be loaded: %v\n%s", err, ours), true
	}
	if d := lengths(t, ours); d != "" {
		return d + "\n" + ours, true
	}
	if d := cmp.Diff(deliberate(want), deliberate(got), cmpopts.EquateEmpty(), cmp.Exporter(func(reflect.Type) bool { return true })); d != "" {
		return d + "\n" + ours, true
	}
	return "", true
}

// lengths reports a list that compose-go makes shorter when it loads what we print: an item that we should have
// replaced would be hidden by that.
func lengths(t testing.TB, ours string) string {
	t.Helper()
	model, err := loadModel(ours)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := yaml.Unmarshal([]byte(ours), &plain); err != nil {
		t.Fatal(err)
	}
	return shorter("", plain, model)
}

func shorter(at string, a, b any) string {
	switch a := a.(type) {
	case map[string]any:
		other, ok := b.(map[string]any)
		for k := range a {
			if ok {
				if d := shorter(at+"."+k, a[k], other[k]); d != "" {
					return d
				}
			}
		}
	case []any:
		other, ok := b.([]any)
		if ok && len(other) != len(a) {
			return fmt.Sprintf("%s: %d items, of which compose-go keeps %d", at, len(a), len(other))
		}
		for i := range a {
			if ok {
				if d := shorter(at, a[i], other[i]); d != "" {
					return d
				}
			}
		}
	}
	return ""
}

func TestOracle(t *testing.T) {
	logrus.SetOutput(io.Discard)
	total, skipped := 0, 0
	check := func(name string, files ...string) {
		total++
		d, loaded := agree(t, files...)
		if !loaded {
			skipped++
		}
		if d != "" {
			t.Errorf("%s:\n%s\n%s", name, strings.Join(files, "---\n"), d)
		}
	}
	for _, f := range variants {
		for i, a := range f.values {
			check(f.path, file(f.path, a))
			for j, b := range f.values {
				if testing.Short() && (i+j)%5 > 0 {
					continue
				}
				if !f.alone && !slices.Contains(f.differ, fmt.Sprintf("%d<%d", i, j)) {
					check(fmt.Sprintf("%s %d<%d", f.path, i, j), file(f.path, a), file(f.path, b))
				}
			}
		}
	}
	for _, files := range layered {
		check(files[0], files...)
	}
	t.Logf("%d cases, of which compose-go refuses %d", total, skipped)
	if total < 300 || skipped*5 > total {
		t.Errorf("%d cases, of which compose-go refuses %d: that is no oracle", total, skipped)
	}
}

// file is a config whose field at path has the value.
func file(at, value string) string {
	keys := strings.Split(at, ".")
	return "{" + strings.Join(keys, ": {") + ": " + value + strings.Repeat("}", len(keys)) + "\n"
}
