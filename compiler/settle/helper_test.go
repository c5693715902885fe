package settle

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/schema"
)

var language = sync.OnceValues(func() (*shape.Schema, error) { return shape.Compile(schema.FS) })

// vendorFiles are what configs refer to.
var vendorFiles = source.Mem{
	"vendor/api.cue": `// The configuration.
package shop

#Config: {
	// listen is the address of the server.
	listen: *":8080" | =~"^[a-z0-9.-]*:[0-9]{1,5}$"
	log_level: *"info" | "debug" | "warn" | "error"
	db: {
		host: string & !=""
		// pool is the number of connections.
		pool: *10 | int & >=1 & <=100
		tls: *false | bool
	}
	extra?: #Extra
	// host is not that of db.
	host?: int
	peers?: [...{
		name!: string
	}]
}

#Extra: {
	// depth is how deep.
	depth?: int & >=0 & <=9
}

#Word: string
`,
	"if.cue":    "package p\n\n#Config: {\n\ta?: int\n\tif true {\n\t\tb: 1\n\t}\n\tc: 5\n}\n",
	"text.cue":  "this is no CUE {",
	"large.cue": "package p\n#Config: {}\n" + strings.Repeat("//\n", maxSchema),
}

// settled is what Tree makes of a config, with the findings as text.
func settled(t testing.TB, text string) (Result, string) {
	t.Helper()
	sch, err := language()
	if err != nil {
		t.Fatal(err)
	}
	root, ds := parse.YAML(&source.File{Name: "octo.yaml", Rel: "octo.yaml", Data: []byte(text)})
	if ds.Has(diag.Error) {
		t.Fatal(ds[0].Text())
	}
	r, ds := Tree(root, Input{Schema: sch, Reader: vendorFiles, Name: "shop"})
	var b bytes.Buffer
	if err := diag.Text(&b, ds.Sort(), diag.Style{}); err != nil {
		t.Fatal(err)
	}
	return r, b.String()
}

// lines are the lines of findings that are no snippet.
func lines(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(strings.TrimLeft(trimmed, "0123456789 "), "|") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// plain is n as Go values, numbers as text, for comparisons.
func plain(n *tree.Node) any {
	switch n.Kind {
	case tree.Map:
		m := map[string]any{}
		for _, f := range n.Fields {
			m[f.Key] = plain(f.Value)
		}
		return m
	case tree.List:
		l := []any{}
		for _, it := range n.Items {
			l = append(l, plain(it))
		}
		return l
	case tree.Null:
		return nil
	case tree.Bool:
		return n.Text == "true"
	}
	return n.Text
}
