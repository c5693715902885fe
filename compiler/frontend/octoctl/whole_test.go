package octoctl

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/backends/compose"
	"github.com/octocompose/octocompose/backends/k8s"
	"github.com/octocompose/octocompose/backends/systemd"
	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/tree"
)

// compiled compiles what the front end made for all targets, and returns compose.yaml, the configs that it serves and the
// findings.
func compiled(t *testing.T, root *tree.Node) (string, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "octo.yaml"), []byte(show(root)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := compiler.Compile(context.Background(), compiler.Options{
		Dir: dir, Verify: true, Backends: []compiler.Backend{systemd.New(), compose.New(), k8s.New()},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, o := range r.Targets {
		for _, f := range o.Set.Files() {
			if strings.HasSuffix(f.Path, "compose.yaml") || strings.HasPrefix(f.Path, "configs/octo-config-") {
				text += string(f.Data)
			}
		}
	}
	return text, messages(r.Diagnostics)
}
