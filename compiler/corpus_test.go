package compiler_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/internal/gates"
)

var corpus = flag.String("corpus", "", "a folder with Compose files to compile, at any depth; each is copied before")

// configNames are the files that make a folder a project, in the order in which they are looked for.
var configNames = []string{"octo.yaml", "octo.yml", "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

// TestCorpus compiles every Compose file below -corpus (default: our own in testdata/corpus) to every target. A file
// compiles, or is refused with a position and with what to do; what compiles passes the gate of its target. It prints
// a table: files × targets.
func TestCorpus(t *testing.T) {
	root := *corpus
	if root == "" {
		root = "../testdata/corpus"
	}
	var table bytes.Buffer
	counts := map[string]int{}
	projects := findProjects(t, root)
	for _, file := range projects {
		rel, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&table, "%-60s", rel)
		for _, b := range backends() {
			verdict := corpusFile(t, root, rel, b.Name())
			if verdict == "ok" {
				counts[b.Name()]++
			}
			fmt.Fprintf(&table, " %s: %s ", b.Name(), verdict)
		}
		table.WriteByte('\n')
	}
	if len(projects) == 0 {
		t.Fatalf("no Compose file below %s", root)
	}
	for _, b := range backends() {
		fmt.Fprintf(&table, "%s: %d of %d\n", b.Name(), counts[b.Name()], len(projects))
	}
	t.Logf("\n%s", table.String())
}

func findProjects(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		for _, name := range configNames {
			if _, err := os.Stat(filepath.Join(p, name)); err == nil {
				out = append(out, filepath.Join(p, name))
				break
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// corpusFile compiles one file to one target: "ok", or the places that were refused.
func corpusFile(t *testing.T, root, rel, target string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(filepath.Join(root, rel)))); err != nil {
		t.Fatal(err)
	}
	o := compiler.Options{Targets: []string{target}, Files: []string{filepath.Base(rel)}, Verify: true, ProjectName: projectName(rel)}
	r := compileDir(t, dir, o)
	if r.Diagnostics.Has(diag.Error) {
		var refused []string
		for _, d := range r.Diagnostics {
			if d.Severity != diag.Error {
				continue
			}
			refused = append(refused, d.At.String()+" "+d.Path.String()+" ["+string(d.Code)+"]")
			if d.At.IsZero() || d.Help == "" || d.Code == diag.Internal {
				t.Errorf("%s, %s: no place, or nothing to do: %s", rel, target, d.Text())
			}
		}
		return strings.Join(refused, "; ")
	}
	if gates.Missing(target) == "" {
		runGates(t, r)
	}
	return "ok"
}

// projectName is the name of the folder, as Compose makes it.
func projectName(rel string) string {
	name := strings.ToLower(filepath.Base(filepath.Dir(rel)))
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, name), "_-")
}
