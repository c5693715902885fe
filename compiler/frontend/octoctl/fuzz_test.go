package octoctl

import (
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/frontend"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// FuzzConvert: whatever a file holds, conversion ends, twice the same, with a mapping, and every error has a place.
func FuzzConvert(f *testing.F) {
	for _, text := range concept() {
		f.Add(text, "include: [b.yaml]\n")
	}
	f.Add("octoctl: {operator: {services: {w: {healthCheck: [{tool: check-grpc, url: \"://\"}], depends: [{service: w}], priority: x, hooks: 1}}}}\nservices: {w: 1}\nrepos: 5\n", "services: [1]\n")
	f.Add("octoctl:\nservices: {w: {octocompose: 1, depends_on: 5}}\nrepos: {services: {w: {docker: 1, oci: 1, binary: [1], source: []}}, files: {a: 1}, a: 1}\nproject: 1\n", "a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		run := func() (string, diag.List) {
			files := map[string]*source.File{}
			roots := map[string]*tree.Node{}
			for name, text := range map[string]string{"octo.yaml": a, "b.yaml": b} {
				files[name] = &source.File{Name: name, Rel: name, Data: []byte(text)}
				roots[name], _ = parse.YAML(files[name])
			}
			if roots["octo.yaml"] == nil || roots["octo.yaml"].Kind != tree.Map {
				return "", nil
			}
			out, ds := FrontEnd{}.Convert(&frontend.Input{
				File: files["octo.yaml"], Root: roots["octo.yaml"],
				Include: func(_ *source.File, _ tree.Path, _ *tree.Node, text string) (*source.File, *tree.Node) {
					name := "b.yaml"
					if len(text)%2 == 1 {
						name = "octo.yaml"
					}
					return files[name], roots[name]
				},
				Path: func(*source.File, tree.Path, *tree.Node, string) string { return "./x" },
			})
			if out == nil || out.Kind != tree.Map {
				t.Fatalf("made %v", out)
			}
			return show(out), ds
		}
		one, ds := run()
		two, again := run()
		if one != two || messages(ds) != messages(again) {
			t.Fatalf("twice is not the same:\n%s\n%s\n%s\n%s", one, two, messages(ds), messages(again))
		}
		for _, d := range ds {
			if d.Severity == diag.Error && d.At.IsZero() {
				t.Errorf("has no place: %s", d.Text())
			}
		}
	})
}
