package parse_test

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
)

// A template without quotes is the most common mistake in files that hold some: one finding, at its place.
func TestTemplateWithoutQuotes(t *testing.T) {
	for text, at := range map[string]string{
		"a:\n  port: {{ service.nats.port }}\n  b: 1\n": "x.yaml:2:9",
		"a:\n  port: {{.x}}\n":                          "x.yaml:2:9",
		"a:\n  url: {{ .a }}/x\n  b: 1\n":               "x.yaml:2:8",
		"a:\n  - {{ .a }}:80\n  - b\n":                  "x.yaml:2:5",
		"a: [{{ .a }}]\n":                               "x.yaml:1:5",
		"a:\n  x: {{ index .a \"b\" }}\n":               "x.yaml:2:6",
		"a: { b: {{ x }} }\n":                           "x.yaml:1:9",
	} {
		root, ds := parse.YAML(&source.File{Name: "x.yaml", Rel: "x.yaml", Data: []byte(text)})
		ds.Locate(root)
		if len(ds) != 1 || ds[0].At.Pos.String() != at || !strings.Contains(ds[0].Help, "into quotes") || !strings.Contains(ds[0].Message, "{{") {
			for _, d := range ds {
				t.Errorf("%q: %s; %s", text, d.Text(), d.Help)
			}
			t.Errorf("%q: %d findings; want one at %s", text, len(ds), at)
		}
	}
	if _, ds := parse.YAML(&source.File{Name: "x.yaml", Data: []byte("a: {{a: b}: c}\n")}); len(ds) == 0 {
		t.Error("a mapping as a key is read")
	}
}
