package systemd_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/backends/systemd"
	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/support"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// compile runs the whole compiler on the files below in/ of a case.
func compile(t testing.TB, dir string) *compiler.Result {
	t.Helper()
	r, err := compiler.Compile(context.Background(), compiler.Options{
		Dir: dir, OutDir: "out", Backends: []compiler.Backend{systemd.New()}, Targets: []string{"systemd"}, Verify: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unpack writes the inputs of a case to a folder named after it, as the project is.
func unpack(t testing.TB, a *txtar.Archive, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	for _, f := range a.Files {
		rel, ok := strings.CutPrefix(f.Name, "in/")
		if !ok {
			continue
		}
		at := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRows: one row for each pattern, and none for a field that there is not.
func TestRows(t *testing.T) {
	sch, err := compiler.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var leaves []string
	for _, leaf := range sch.Leaves("#Project") {
		leaves = append(leaves, leaf.Path)
	}
	for _, fault := range support.Lint(systemd.Table, leaves) {
		// Fields that are used up before, or are not to be had yet, are no leaves; those of a container are.
		if !strings.HasSuffix(fault, ": no field of the schema") || strings.Contains(fault, "[]") {
			t.Error(fault)
		}
	}
}

// TestGolden compares the whole tree of each case, and everything that was reported. A file without a line break at
// its end is written with a mark, as txtar adds one.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("there are no cases", err)
	}
	for _, file := range cases {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := compile(t, unpack(t, a, name))
			got := &txtar.Archive{Comment: a.Comment}
			for _, f := range a.Files {
				if strings.HasPrefix(f.Name, "in/") {
					got.Files = append(got.Files, f)
				}
			}
			var said strings.Builder
			for _, d := range r.Diagnostics {
				fmt.Fprintln(&said, d.Text())
				if d.Help != "" {
					fmt.Fprintln(&said, "  help: "+strings.ReplaceAll(d.Help, "\n", "\n  "))
				}
			}
			if said.Len() > 0 {
				got.Files = append(got.Files, txtar.File{Name: "diagnostics", Data: []byte(said.String())})
			}
			if len(r.Targets) > 0 {
				for _, f := range r.Targets[0].Set.Files() {
					data := f.Data
					if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
						data = append(bytes.Clone(data), "<no line break>\n"...)
					}
					label := "out/" + f.Path
					if f.Mode != 0o644 {
						label += fmt.Sprintf(" %04o", f.Mode)
					}
					got.Files = append(got.Files, txtar.File{Name: label, Data: data})
				}
			}
			text := txtar.Format(got)
			if *update {
				if err := os.WriteFile(file, text, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(a)), string(text)); diff != "" {
				t.Errorf("the tree differs; go test ./backends/systemd -update rewrites it (-want +got):\n%s", diff)
			}
		})
	}
}
