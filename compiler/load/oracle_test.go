package load

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// oracles are projects that compose-go and this package must read alike. Where we differ on purpose (a file that is
// included twice, a fault) the golden cases say how.
var oracles = []string{`
-- compose.yaml --
services:
  base: { image: base, hostname: h, ports: ["80:80"], environment: [A=1, B=2], depends_on: [db], build: ./src, cap_add: [X] }
  web: { extends: base, ports: !override ["90:90"], environment: { B: 3, C: "4" }, hostname: !reset null, cap_add: [Y] }
  child: { extends: { service: web }, image: child, volumes: ["./v:/v"] }
  far: { extends: { file: lib/x.yaml, service: top }, domainname: far }
  db: { image: db }
-- lib/x.yaml --
services:
  mid: { image: "mid:${TAG}", build: ./mid, volumes: ["./m:/m"], environment: { A: mid } }
  top: { extends: mid, volumes: ["./t:/t"], environment: [B=top] }
  far: { extends: { file: ../y.yaml, service: root } }
-- y.yaml --
services: { root: { image: root, build: . } }
-- .env --
TAG=7
`, `
-- compose.yaml --
include:
  - one/compose.yaml
  - path: two/compose.yaml
    env_file: two/other.env
  - path: three/compose.yaml
    project_directory: .
services:
  own: { image: "own:${V}-${W:-unset}", extends: one }
-- one/compose.yaml --
services: { one: { image: "one:${V}-${W:-unset}", build: ./b, volumes: ["./x:/x", "named:/n"] } }
volumes: { named: {} }
-- one/.env --
V=one
W=w1
-- two/compose.yaml --
services: { two: { image: "two:${V}-${W:-unset}", build: . } }
-- two/other.env --
W=w2$V
-- two/.env --
W=not-read
-- three/compose.yaml --
services: { three: { image: "three:${V}-${W:-unset}", build: ./b } }
-- .env --
V=top
`, `
files: a/compose.yaml b.yaml
-- a/compose.yaml --
name: demo
x-common: &c { image: "i:${COMPOSE_PROJECT_NAME}", environment: { A: "$$x", B: "${Q:-q}" } }
services:
  s: { <<: *c, ports: ["80:80"], build: . }
  t: { <<: *c, image: t, labels: [x=y] }
-- b.yaml --
services:
  s: { ports: ["81:80"], build: { dockerfile: D }, environment: [A=2] }
  t: !override { image: only }
`}

func TestOracle(t *testing.T) {
	sch := compiled(t)
	for i, text := range oracles {
		a := txtar.Parse([]byte(text))
		dir := t.TempDir()
		for _, f := range a.Files {
			write(t, dir, f.Name, string(f.Data))
		}
		o := options(sch, a)
		o.Reader, o.Dir = nil, dir
		r, ds := Load(o)
		if ds.Has(diag.Error) {
			t.Errorf("%d: %s", i, ds[0].Text())
			continue
		}
		files := o.Files
		if len(files) == 0 {
			files = []string{"compose.yaml"}
		}
		for j := range files {
			files[j] = filepath.Join(dir, files[j])
		}
		want := theirs(t, filepath.Dir(files[0]), files)
		if got := ours(r.Tree); got != want {
			t.Errorf("%d:\n%s\ncompose-go:\n%s", i, got, want)
		}
	}
}

// ours is what is compared: image, hostname, domainname, environment, published ports, sources of mounts, build.
func ours(root *tree.Node) string {
	var lines []string
	for _, f := range root.Get("services").Fields {
		s := f.Value
		line := fmt.Sprintf("%s: %s %s %s build %s %s", f.Key, s.Str("image"), s.Str("hostname"), s.Str("domainname"), s.Get("build").Str("context"), s.Get("build").Str("dockerfile"))
		var parts []string
		if env := s.Get("environment"); env != nil {
			for _, e := range env.Fields {
				parts = append(parts, e.Key+"="+e.Value.Text)
			}
		}
		for _, list := range []struct{ key, a, b string }{{"ports", "published", "target"}, {"volumes", "source", "target"}} {
			if n := s.Get(list.key); n != nil {
				for _, it := range n.Items {
					parts = append(parts, it.Str(list.a)+":"+it.Str(list.b))
				}
			}
		}
		if n := s.Get("cap_add"); n != nil {
			for _, it := range n.Items {
				parts = append(parts, it.Text)
			}
		}
		sort.Strings(parts)
		lines = append(lines, line+" "+strings.Join(parts, " "))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func theirs(t *testing.T, dir string, files []string) string {
	t.Helper()
	po, err := cli.NewProjectOptions(files, cli.WithWorkingDirectory(dir), cli.WithEnvFiles(), cli.WithDotEnv, cli.WithResolvedPaths(true), cli.WithNormalization(false), cli.WithConsistency(false))
	if err != nil {
		t.Fatal(err)
	}
	p, err := po.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	rel := func(path string) string {
		if !filepath.IsAbs(path) || path == "" {
			return path
		}
		r, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	var lines []string
	for name, s := range p.Services {
		context, dockerfile := "", ""
		if s.Build != nil {
			context, dockerfile = rel(s.Build.Context), s.Build.Dockerfile
		}
		line := fmt.Sprintf("%s: %s %s %s build %s %s", name, s.Image, s.Hostname, s.DomainName, context, dockerfile)
		var parts []string
		for k, v := range s.Environment {
			parts = append(parts, k+"="+*v)
		}
		for _, port := range s.Ports {
			parts = append(parts, fmt.Sprintf("%s:%d", port.Published, port.Target))
		}
		for _, v := range s.Volumes {
			source := v.Source
			if v.Type == "bind" {
				source = rel(source)
			}
			parts = append(parts, source+":"+v.Target)
		}
		parts = append(parts, s.CapAdd...)
		sort.Strings(parts)
		lines = append(lines, line+" "+strings.Join(parts, " "))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}
