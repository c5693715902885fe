package compose

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// want begins the names of the files that a golden case expects.
const want = "want/"

// TestGolden compares whole output sets, and what is said about them.
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/golden/*.txtar")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: ar.Comment}
			for _, f := range ar.Files {
				if !strings.HasPrefix(f.Name, want) {
					got.Files = append(got.Files, f)
				}
			}
			dir := unpack(t, file)
			in, ds := front(t, dir, nil)
			in.Project.Profiles = nil
			b := New()
			ds = append(ds, support.Check(b.Table(), in.Tree, in.Target)...)
			set, more := b.Lower(in)
			ds = append(ds, more...)
			ds.Locate(in.Tree)
			for _, f := range set.Files() {
				got.Files = append(got.Files, txtar.File{Name: want + f.Path, Data: f.Data})
			}
			got.Files = append(got.Files, txtar.File{Name: want + "diagnostics", Data: []byte(messages(ds.Sort()))})
			if !ds.Has(diag.Error) {
				if err := b.Verify(in, set); err != nil {
					t.Error(err)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(ar)), string(txtar.Format(got))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if len(files) == 0 {
		t.Error("no golden files")
	}
}
