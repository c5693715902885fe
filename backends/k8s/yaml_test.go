package k8s_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/backends/k8s"
	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/support"
)

var ()

// compile runs the whole pipeline for Kubernetes on the files in dir.
func compile(t testing.TB, dir string, files ...string) *compiler.Result {
	t.Helper()
	r, err := compiler.Compile(context.Background(), compiler.Options{
		Dir: dir, Files: files, Targets: []string{"k8s"}, Backends: []compiler.Backend{k8s.New()}, Verify: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTableCoversSchema: no field without a row, no row without a field.
func TestTableCoversSchema(t *testing.T) {
	s, err := compiler.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var leaves []string
	for _, l := range s.Leaves("#Project") {
		leaves = append(leaves, l.Path)
	}
	for _, fault := range support.Lint(k8s.New().Table(), leaves) {
		t.Error(fault)
	}
}

// TestYAML compiles testdata/yaml/*.txtar from text to files and compares findings and the whole tree.
func TestYAML(t *testing.T) {
	cases, err := filepath.Glob("testdata/yaml/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			want, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: want.Comment}
			dir := t.TempDir()
			for _, f := range want.Files {
				if f.Name == "diagnostics" || strings.HasPrefix(f.Name, "out/") {
					continue
				}
				got.Files = append(got.Files, f)
				at := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			r := compile(t, dir, "compose.yaml")
			var b strings.Builder
			for _, d := range r.Diagnostics {
				b.WriteString(d.Text() + "\n")
				if d.Help != "" {
					b.WriteString("  help: " + strings.ReplaceAll(d.Help, "\n", "\n  ") + "\n")
				}
			}
			got.Files = append(got.Files, txtar.File{Name: "diagnostics", Data: []byte(b.String())})
			for _, target := range r.Targets {
				noNoise(t, target.Set)
				for _, f := range target.Set.Files() {
					got.Files = append(got.Files, txtar.File{Name: "out/" + f.Path, Data: f.Data})
				}
			}
			data := txtar.Format(got)
			if *update {
				if err := os.WriteFile(file, data, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(want)), string(data)); diff != "" {
				t.Errorf("%s differs (-want +got):\n%s", file, diff)
			}
		})
	}
}
