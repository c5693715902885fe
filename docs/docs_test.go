// Package docs has no code: its test makes the pages that are made from code, and compiles the examples of all.
package docs

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/backends/compose"
	"github.com/octocompose/octocompose/backends/k8s"
	"github.com/octocompose/octocompose/backends/systemd"
	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

var update = flag.Bool("update", false, "rewrite the pages that are made from code")

func backends() []compiler.Backend {
	return []compiler.Backend{systemd.New(), compose.New(), k8s.New()}
}

// TestPages holds the made pages against the code: the reference of the language, the table of each backend, the
// diagnostics.
func TestPages(t *testing.T) {
	sch, err := compiler.Schema()
	if err != nil {
		t.Fatal(err)
	}
	page(t, "reference.md", "", shape.Reference(sch))
	var codes bytes.Buffer
	for _, p := range diag.Pages() {
		fmt.Fprintf(&codes, "## %s\n\n**%s.** %s\n\n", p.Code, p.Title, p.Text)
		if p.Bad != "" {
			fmt.Fprintf(&codes, "Reported:\n\n```yaml error\n%s\n```\n\n", strings.TrimSpace(p.Bad))
		}
		if p.Good != "" {
			fmt.Fprintf(&codes, "Right:\n\n```yaml fragment\n%s\n```\n\n", strings.TrimSpace(p.Good))
		}
	}
	page(t, "diagnostics.md", "<!-- made from compiler/diag/pages.go -->", codes.Bytes())
	for _, b := range backends() {
		page(t, b.Name()+".md", "<!-- made from backends/"+b.Name()+"/table.go -->", []byte(support.Markdown(b.Table())))
	}
}

// page compares a page with what the code makes, from the mark on; "" is the whole page.
func page(t *testing.T, name, mark string, made []byte) {
	t.Helper()
	have, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	want := made
	if mark != "" {
		head, _, found := bytes.Cut(have, []byte(mark))
		if !found {
			t.Fatalf("%s has no line %q", name, mark)
		}
		want = append(append(bytes.Clone(head), mark+"\n\n"...), made...)
	}
	want = append(bytes.TrimRight(want, "\n"), '\n')
	if bytes.Equal(have, want) {
		return
	}
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is not what the code makes: go test ./docs -update", name)
}

// TestExamples compiles the examples of all pages. The word behind ```yaml says what must hold: none: it compiles to
// every target; fragment: it is YAML; error: it is reported.
func TestExamples(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range append(pages, "../README.md") {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(data), "```yaml")[1:] {
			kind, text, _ := strings.Cut(block, "\n")
			text, _, _ = strings.Cut(text, "\n```")
			n++
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(p), i+1), func(t *testing.T) { exampleBlock(t, strings.TrimSpace(kind), text) })
		}
	}
	if n < 5 {
		t.Errorf("found %d examples; want at least 5", n)
	}
}

// otherFiles are the definitions that blocks of other files than configs must fit.
var otherFiles = map[string]string{"settings": "#Settings", "versions": "#Versions"}

func exampleBlock(t *testing.T, kind, text string) {
	file := &source.File{Name: "octo.yaml", Rel: "octo.yaml", Data: []byte(text + "\n")}
	if kind == "fragment" {
		if _, ds := parse.YAML(file); ds.Has(diag.Error) {
			t.Errorf("is not YAML: %s", ds[0].Text())
		}
		return
	}
	if def, ok := otherFiles[kind]; ok {
		root, ds := parse.YAML(file)
		sch, err := compiler.Schema()
		if err != nil {
			t.Fatal(err)
		}
		if ds = append(ds, sch.Def(def).Check(tree.Root, root, shape.Canonical)...); ds.Has(diag.Error) {
			t.Errorf("is no %s: %s", def, ds[0].Text())
		}
		return
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "octo.yaml"), file.Data, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := compiler.Compile(context.Background(), compiler.Options{Dir: dir, Backends: backends(), Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	failed := r.Diagnostics.Has(diag.Error)
	if kind == "error" { // a warning is a report too
		failed = len(r.Diagnostics) > 0
	}
	if failed != (kind == "error") {
		var b bytes.Buffer
		_ = diag.Text(&b, r.Diagnostics, diag.Style{})
		t.Errorf("reported %v, want %v:\n%s\n%s", failed, kind == "error", text, b.String())
	}
}
