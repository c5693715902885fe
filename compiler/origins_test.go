package compiler_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/tree"
)

// TestOrigins follows every line of every output that says where it came from back to the config: the field is there,
// the file that it names holds its value on that line, and where the value is a word of its own, the output line holds
// it too. What share of the lines leads back has a floor.
func TestOrigins(t *testing.T) {
	traced, lines, words := map[string]int{}, map[string]int{}, map[string]int{}
	for _, dir := range originProjects(t) {
		r := compileDir(t, dir, compiler.Options{})
		for _, target := range r.Targets {
			for _, f := range target.Set.Files() {
				if filepath.Base(f.Path) == "APPLY.md" {
					continue
				}
				text := strings.Split(string(f.Data), "\n")
				lines[target.Target.Backend] += len(text) - 1
				last := 0
				for _, o := range f.Origins {
					if o.Line < last || o.Line > len(text) {
						t.Fatalf("%s: the origin %s is at line %d, after %d, of %d", f.Path, o.From, o.Line, last, len(text))
					}
					if o.Line != last {
						traced[target.Target.Backend]++
					}
					last = o.Line
					node, ok := tree.Get(r.Tree, o.From)
					if !ok {
						continue // a field that another implies: its nearest ancestor is shown
					}
					sourceHolds(t, o.From, node)
					if word(node) && !translated(o.From) {
						words[target.Target.Backend]++
						if !strings.Contains(text[o.Line-1], node.Text) {
							t.Errorf("%s:%d: %s is %q, and the line is %q", f.Path, o.Line, o.From, node.Text, text[o.Line-1])
						}
					}
				}
			}
		}
	}
	for _, b := range []string{"systemd", "compose", "k8s"} {
		t.Logf("%s: %d of %d lines lead back, %d of them to a value that stands in them", b, traced[b], lines[b], words[b])
		// The rest of the lines is the format's own: section heads, kinds, labels, defaults.
		if floor := map[string]float64{"systemd": 0.3, "compose": 0.8, "k8s": 0.07}[b]; float64(traced[b]) < floor*float64(lines[b]) {
			t.Errorf("%s: %d of %d lines lead back; want %.0f%%", b, traced[b], lines[b], 100*floor)
		}
		if words[b] < 30 {
			t.Errorf("%s: only %d values could be followed", b, words[b])
		}
	}
}

// translated reports whether a target has words of its own for a field: a user is a uid and a gid, and a reason for
// hardening; an image of octo-sidecar is a whole service; restart: always is Restart=always or a Deployment; 0.50 processors are 500m or 50%.
func translated(p tree.Path) bool {
	s := p.String()
	for _, part := range []string{".user", ".restart", ".cpus", ".expose[", ".aliases[", ".network_mode", ".sidecar", ".engine_socket"} {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// sourceHolds holds the place of a value against the text of its file.
func sourceHolds(t *testing.T, p tree.Path, n *tree.Node) {
	t.Helper()
	if n.Derived || !n.Kind.IsScalar() || n.At.File == nil || !word(n) {
		return
	}
	if line := n.At.File.Line(int(n.At.Line)); !strings.Contains(line, n.Text) {
		t.Errorf("%s: %s holds %q, not %q", p, n.At, line, n.Text)
	}
}

// word reports whether a value is a string that every format writes as it is.
func word(n *tree.Node) bool {
	return n.Kind == tree.String && !n.Derived && len(n.Text) > 3 && strings.Trim(n.Text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/._:") == ""
}

// originProjects are the example and the golden cases, each in a folder.
func originProjects(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/compile/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dirs := []string{example}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for _, f := range a.Files {
			if !isExpected(f.Name) {
				writeFile(t, filepath.Join(dir, f.Name), f.Data)
			}
		}
		dirs = append(dirs, dir)
	}
	return dirs
}
