package compiler_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/backends/compose"
	"github.com/octocompose/octocompose/backends/k8s"
	"github.com/octocompose/octocompose/backends/systemd"
	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/internal/gates"
)

var update = flag.Bool("update", false, "rewrite the expected parts of the golden files")

func backends() []compiler.Backend {
	return []compiler.Backend{systemd.New(), compose.New(), k8s.New()}
}

// compileDir compiles the config in dir to the targets named, or to all of them.
func compileDir(t testing.TB, dir string, o compiler.Options) *compiler.Result {
	t.Helper()
	o.Dir, o.Backends = dir, backends()
	r, err := compiler.Compile(context.Background(), o)
	if err != nil {
		t.Fatalf("cannot compile %s: %v", dir, err)
	}
	return r
}

// TestGolden compiles each case of testdata/compile. A case is one txtar file: inputs, the whole expected tree of every
// target below out/, and the expected diagnostics. Missing and extra files fail. go test ./compiler -update rewrites
// the expected parts. A sound case is verified, and passes the gates of its targets where their tools are there.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../testdata/compile/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("cannot find the cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			golden(t, file)
		})
	}
}

func golden(t *testing.T, file string) {
	want, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(want.Comment)) == 0 {
		t.Error("the case does not say why it exists")
	}
	dir := t.TempDir()
	got := &txtar.Archive{Comment: want.Comment}
	for _, f := range want.Files {
		if isExpected(f.Name) {
			continue
		}
		got.Files = append(got.Files, f)
		writeFile(t, filepath.Join(dir, f.Name), f.Data)
	}
	r := compileDir(t, dir, compiler.Options{Verify: true})
	var text bytes.Buffer
	if err := diag.Text(&text, r.Diagnostics, diag.Style{}); err != nil {
		t.Fatal(err)
	}
	if text.Len() > 0 {
		got.Files = append(got.Files, txtar.File{Name: "diagnostics", Data: text.Bytes()})
	}
	got.Files = append(got.Files, outputs(r)...)
	runGates(t, r)
	compareArchive(t, file, want, got)
}

func isExpected(name string) bool { return name == "diagnostics" || strings.HasPrefix(name, "out/") }

// outputs are the files of every target, as files of an archive.
func outputs(r *compiler.Result) []txtar.File {
	var out []txtar.File
	for _, t := range r.Targets {
		for _, f := range t.Set.Files() {
			out = append(out, txtar.File{Name: "out/" + t.Target.Name + "/" + f.Path, Data: f.Data})
		}
	}
	return out
}

func compareArchive(t *testing.T, file string, want, got *txtar.Archive) {
	t.Helper()
	for i := range got.Files {
		if d := got.Files[i].Data; len(d) > 0 && d[len(d)-1] != '\n' {
			got.Files[i].Data = append(slices.Clone(d), '\n')
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	byName := map[string][]byte{}
	for _, f := range want.Files {
		byName[f.Name] = f.Data
	}
	for _, f := range got.Files {
		text, ok := byName[f.Name]
		delete(byName, f.Name)
		switch {
		case !ok:
			t.Errorf("%s is made, and not expected:\n%s", f.Name, f.Data)
		case !bytes.Equal(text, f.Data):
			t.Errorf("%s differs:\n%s", f.Name, firstDifference(text, f.Data))
		}
	}
	for name := range byName {
		t.Errorf("%s is expected, and not made", name)
	}
}

// firstDifference shows where two texts part.
func firstDifference(want, got []byte) string {
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(end)", "(end)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\nwant: %s\ngot:  %s", i+1, a, b)
		}
	}
	return ""
}

func writeFile(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeTree writes the output of a target below dir, with the modes it asks for.
func writeTree(t testing.TB, dir string, tr compiler.TargetResult) {
	t.Helper()
	for _, f := range tr.Set.Files() {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		writeFile(t, name, f.Data)
		if err := os.Chmod(name, f.Mode&fs.ModePerm); err != nil {
			t.Fatal(err)
		}
	}
}

// runGates holds each target's output against the platform's own tool. Without the tool it does nothing: package
// gates has the tests that say so by name.
func runGates(t testing.TB, r *compiler.Result) {
	t.Helper()
	for _, tr := range r.Targets {
		if gates.Missing(tr.Target.Backend) != "" {
			continue
		}
		dir := filepath.Join(r.Dir, "out", tr.Target.Name)
		writeTree(t, dir, tr)
		touchReferenced(t, r)
		if err := gates.Run(context.Background(), tr.Target.Backend, dir); err != nil {
			t.Errorf("%s: %v", tr.Target.Name, err)
		}
	}
}

// touchReferenced makes the env files that a project refers to and that a test has no reason to hold, as docker compose
// config reads them.
func touchReferenced(t testing.TB, r *compiler.Result) {
	t.Helper()
	for _, s := range r.Project.Services {
		for _, e := range s.EnvFile {
			name := filepath.Join(r.Dir, filepath.FromSlash(e.Path))
			if _, err := os.Stat(name); err != nil && !filepath.IsAbs(e.Path) {
				writeFile(t, name, nil)
			}
		}
	}
}
