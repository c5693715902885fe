package load

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func compiled(t testing.TB) *shape.Schema {
	t.Helper()
	s, err := shape.Compile(schema.FS)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGolden runs testdata/*.txtar. The comment of an archive may hold lines "files:", "set:", "env:", "envfile:",
// "name:", "stdin:", each with one value; its files are the folder, but for "want", which is the expected outcome.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	sch := compiled(t)
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := outcome(t, sch, a)
			for i, f := range a.Files {
				if f.Name != "want" {
					continue
				}
				if *update {
					a.Files[i].Data = []byte(got)
					if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				if !bytes.Equal(f.Data, []byte(got)) {
					t.Errorf("got:\n%s\nwant:\n%s", got, f.Data)
				}
				return
			}
			t.Fatal("no want")
		})
	}
}

// vendors are the files of an archive that are called by an address.
type vendors map[string]string

func (v vendors) Read(a remote.Address) ([]byte, error) {
	if text, ok := v[a.String()]; ok {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("cannot read %s: it is not there", a)
}

func (v vendors) Stat(a remote.Address) source.Info {
	if _, ok := v[a.String()]; ok {
		return source.Info{Kind: source.Regular}
	}
	if len(v.Files(a)) > 0 {
		return source.Info{Kind: source.Dir}
	}
	return source.Info{}
}

func (v vendors) Files(a remote.Address) []string {
	var out []string
	for name := range v {
		b, err := remote.Parse(name)
		if err == nil && b.Origin() == a.Origin() && b.Kind != remote.HTTPS {
			if rest, ok := strings.CutPrefix(b.Path, strings.TrimPrefix(a.Path+"/", "/")); ok {
				out = append(out, rest)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (v vendors) Image(name string) (string, bool) { return v["image "+name], len(v["images"]) > 0 }
func (v vendors) Binary(url, _ string) string      { return v["binary "+url] }

func options(sch *shape.Schema, a *txtar.Archive) Options {
	o := Options{Schema: sch, Dir: "/srv/project", Reader: folder(a)}
	if at := (vendors{}); slices.ContainsFunc(a.Files, func(f txtar.File) bool { return remote.IsRemote(f.Name) }) {
		for _, f := range a.Files {
			at[f.Name] = strings.TrimSpace(string(f.Data))
		}
		o.Remote = func(*source.File) (Remote, diag.List) { return at, nil }
	}
	env := map[string]string{}
	for line := range strings.Lines(string(a.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "files":
			o.Files = strings.Fields(value)
		case "set":
			o.Set = append(o.Set, value)
		case "env":
			k, v, _ := strings.Cut(value, "=")
			env[k] = v
		case "envfile":
			o.EnvFiles = append(o.EnvFiles, value)
		case "name":
			o.ProjectName = value
		case "stdin":
			o.Stdin = strings.NewReader(strings.ReplaceAll(value, `\n`, "\n"))
		}
	}
	o.Env = func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}
	return o
}

func folder(a *txtar.Archive) source.Mem {
	m := source.Mem{}
	for _, f := range a.Files {
		if f.Name != "want" && !remote.IsRemote(f.Name) {
			m[f.Name] = strings.ReplaceAll(string(f.Data), "<TAB>", "\t")
		}
	}
	return m
}

func outcome(t *testing.T, sch *shape.Schema, a *txtar.Archive) string {
	t.Helper()
	r, ds := Load(options(sch, a))
	ds = append(ds, r.Leaks...)
	ds.Locate(r.Tree)
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\ninputs: %s\n", r.Name, strings.Join(r.Inputs(), " "))
	if r.Broken {
		b.WriteString("broken\n")
	}
	for _, v := range r.Variables {
		fmt.Fprintf(&b, "variable: %s = %q %v %s\n", v.Name, v.Value, v.Set, v.At)
	}
	if err := diag.Text(&b, ds.Sort(), diag.Style{}); err != nil {
		t.Fatal(err)
	}
	if r.Tree != nil {
		writeTree(&b, r.Tree)
	}
	return b.String()
}

// writeTree writes every leaf with its path, value, place and what it replaced.
func writeTree(b *strings.Builder, root *tree.Node) {
	tree.Walk(tree.Root, root, func(p tree.Path, n *tree.Node) bool {
		switch {
		case n.Kind.IsScalar() && n.Kind != tree.Null:
			fmt.Fprintf(b, "%s = %s %q", p, n.Kind, n.Text)
		case n.Kind == tree.Null, n.Kind == tree.Unknown, len(n.Items)+len(n.Fields) == 0:
			fmt.Fprintf(b, "%s = %s", p, n.Kind)
			if n.Text != "" {
				fmt.Fprintf(b, " %q", n.Text)
			}
		default:
			return true
		}
		if n.Mark != tree.Plain {
			b.WriteString(" MARKED")
		}
		fmt.Fprintf(b, " %s", n.At)
		for w := n.Was; w != nil; w = w.Was {
			fmt.Fprintf(b, " over %q %s", w.Text, w.At)
		}
		b.WriteString("\n")
		return true
	})
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	at := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkLoad(b *testing.B) {
	var text strings.Builder
	text.WriteString("services:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, `  s%d:
    image: registry.example.com/app/s%d:1.2.3
    command: [serve, --listen, ":8080"]
    environment:
      DB_HOST: db
      DB_PORT: "5432"
      LOG_LEVEL: info
      REGION: eu-central-1
    ports: ["127.0.0.1:%d:8080"]
    volumes: ["data%d:/data"]
    depends_on:
      s%d: { condition: service_healthy }
    healthcheck:
      test: [CMD, /probe]
      interval: 5s
    labels: { team: a, tier: b }
`, i, i, 10000+i, i, max(i-1, 0))
	}
	m := source.Mem{"octo.yaml": text.String()}
	sch := compiled(b)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, ds := Load(Options{Schema: sch, Reader: m, Dir: "/p"}); ds.Has(diag.Error) {
			b.Fatal(ds[0].Text())
		}
	}
}
