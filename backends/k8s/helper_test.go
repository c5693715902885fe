package k8s_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/backends/k8s"
	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

var update = flag.Bool("update", false, "rewrite the golden trees")

func ptr[T any](v T) *T { return &v }

func seconds(n int) *model.Duration { return ptr(model.Duration(time.Duration(n) * time.Second)) }

func mib(n int) *model.Bytes { return ptr(model.Bytes(n << 20)) }

// project completes a literal: names come from keys, paths from names, and everything is from compose.yaml.
func project(p *model.Project, services map[string]*model.Service) *model.Project {
	if p.Name == "" {
		p.Name = "shop"
	}
	p.Inputs = []string{"compose.yaml"}
	for _, name := range sortedKeys(services) {
		s := services[name]
		s.Name, s.Path, s.From = name, tree.Of("services", name), p.Inputs
		p.Services = append(p.Services, s)
	}
	for _, v := range p.Volumes {
		v.Path, v.From = tree.Of("volumes", v.Key), p.Inputs
	}
	for _, n := range p.Networks {
		n.Path, n.From = tree.Of("networks", n.Key), p.Inputs
	}
	for _, s := range p.Secrets {
		s.Path, s.From = tree.Of("secrets", s.Key), p.Inputs
	}
	for _, c := range p.Configs {
		c.Path, c.From = tree.Of("configs", c.Key), p.Inputs
	}
	p.Index()
	return p
}

func sortedKeys(m map[string]*model.Service) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		i := len(keys)
		keys = append(keys, k)
		for ; i > 0 && keys[i-1] > keys[i]; i-- {
			keys[i-1], keys[i] = keys[i], keys[i-1]
		}
	}
	return keys
}

// input is a project with the target k8s.
func input(p *model.Project, files source.Mem, set func(*model.Target)) *model.Input {
	t := &model.Target{Name: "k8s", Backend: "k8s", Path: tree.Of("targets", "k8s")}
	if set != nil {
		set(t)
	}
	if files == nil {
		files = source.Mem{}
	}
	return &model.Input{Project: p, Target: t, Tree: tree.NewMap(source.Span{}, nil), Files: files, ToProject: "../.."}
}

// texts are the first lines of findings, without their positions.
func texts(ds diag.List) []string {
	var out []string
	for _, d := range ds {
		out = append(out, d.Text())
	}
	return out
}

// lowerOK lowers, checks that what was printed reads back as what was meant, and returns both.
func lowerOK(t *testing.T, in *model.Input) (*artifact.Set, diag.List) {
	t.Helper()
	b := k8s.New()
	set, ds := b.Lower(in)
	if ds.Has(diag.Error) {
		t.Fatalf("errors: %s", strings.Join(texts(ds), "\n"))
	}
	if err := b.Verify(in, set); err != nil {
		t.Fatal(err)
	}
	noNoise(t, set)
	return set, ds
}

// noNoise fails on what the API server would fill in or drop.
func noNoise(t *testing.T, set *artifact.Set) {
	t.Helper()
	for _, f := range set.Files() {
		for _, line := range strings.Split(string(f.Data), "\n") {
			text := strings.TrimSpace(line)
			if text == "status:" || strings.HasSuffix(text, ": null") || strings.HasPrefix(text, "creationTimestamp") ||
				strings.HasSuffix(text, ": []") || text == "status: {}" {
				t.Errorf("%s: noise: %s", f.Path, line)
			}
		}
	}
}

// golden compares the whole tree and the findings with testdata/NAME.txtar.
func golden(t *testing.T, name, why string, set *artifact.Set, ds diag.List) {
	t.Helper()
	got := &txtar.Archive{Comment: []byte(why + "\n\n")}
	if len(ds) > 0 {
		var b strings.Builder
		for _, d := range ds {
			b.WriteString(d.Text() + "\n")
			if d.Help != "" {
				b.WriteString("  help: " + strings.ReplaceAll(d.Help, "\n", "\n  ") + "\n")
			}
		}
		got.Files = append(got.Files, txtar.File{Name: "diagnostics", Data: []byte(b.String())})
	}
	for _, f := range set.Files() {
		got.Files = append(got.Files, txtar.File{Name: "out/" + f.Path, Data: f.Data})
	}
	file := filepath.Join("testdata", name+".txtar")
	data := txtar.Format(got)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run go test -update to write it)", err)
	}
	if !bytes.Equal(want, data) {
		t.Errorf("%s differs (-want +got):\n%s", file, cmp.Diff(string(want), string(data)))
	}
}
