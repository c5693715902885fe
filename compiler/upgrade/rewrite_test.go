package upgrade

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/edit"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
)

// step reads one deprecation a line: IN FROM TO, or IN PATH ! HELP.
func step(text string) Step {
	var s Step
	for line := range strings.Lines(text) {
		w := strings.SplitN(strings.TrimSpace(line), " ", 4)
		w = append(w, "")
		if w[2] == "!" {
			s.Removed = append(s.Removed, Removed{In: w[0], Path: w[1], Help: w[3]})
			continue
		}
		s.Renamed = append(s.Renamed, Renamed{In: w[0], From: w[1], To: w[2], Help: w[3]})
	}
	return s
}

func TestRewrite(t *testing.T) {
	for _, c := range []struct{ name, in, step, want, said string }{
		{"a key, comments stay", "# my shop\nservices:\n  web:\n    environment:\n      # where the data is\n      DB_URL: 'x'   # local\n      B: 1\n", "v2.0.0 services.web.environment.DB_URL services.web.environment.DATABASE_URL",
			"# my shop\nservices:\n  web:\n    environment:\n      # where the data is\n      DATABASE_URL: 'x'   # local\n      B: 1\n",
			"services.web.environment.DB_URL is now services.web.environment.DATABASE_URL (v2.0.0)\n"},
		{"a list of KEY=VALUE", "services:\n  web:\n    environment:\n      - A=1\n      - DB_URL=x=y # c\n      - \"DB_URL2=z\"\n", "v2.0.0 services.*.environment.DB_URL services.*.environment.DATABASE_URL",
			"services:\n  web:\n    environment:\n      - A=1\n      - DATABASE_URL=x=y # c\n      - \"DB_URL2=z\"\n",
			"services.web.environment.DB_URL is now services.web.environment.DATABASE_URL (v2.0.0)\n"},
		{"all services", "services:\n  a: {environment: {X: 1, Y: 2}}\n  b: {environment: [X, Y]}\n  c: {image: x}\n", "v2.0.0 services.*.environment.X services.*.environment.Z\nv2.0.0 services.*.environment.Y ! no longer read",
			"services:\n  # removed in 2.0.0: no longer read\n  a: {environment: {Z: 1}}\n  # removed in 2.0.0: no longer read\n  b: {environment: [Z]}\n  c: {image: x}\n",
			"services.a.environment.X is now services.a.environment.Z (v2.0.0)\nservices.b.environment.X is now services.b.environment.Z (v2.0.0)\n" +
				"services.a.environment.Y is gone (v2.0.0): no longer read\nservices.b.environment.Y is gone (v2.0.0): no longer read\n"},
		{"another service", "services:\n  web: # the site\n    replicas: 3\n  db: {image: x}\n", "v2.0.0 services.web services.frontend",
			"services:\n  frontend: # the site\n    replicas: 3\n  db: {image: x}\n", "services.web is now services.frontend (v2.0.0)\n"},
		{"another parent", "services:\n  web:\n    # many\n    scale: 3 # three\n    image: x\n", "v2.0.0 services.*.scale services.*.deploy.replicas",
			"services:\n  web:\n    image: x\n    deploy:\n      # many\n      replicas: 3 # three\n", "services.web.scale is now services.web.deploy.replicas (v2.0.0)\n"},
		{"twice, in the order of versions", "a:\n  x: 1\n", "v3.0.0 a.y a.z\nv2.0.0 a.x a.y", "a:\n  z: 1\n", "a.x is now a.y (v2.0.0)\na.y is now a.z (v3.0.0)\n"},
		{"x-octo", "services:\n  web:\n    x-octo:\n      replicas: 2\nx-octo:\n  variables:\n    A: {default: 1}\n", "v2.0.0 variables.A variables.B\nv2.0.0 services.web.replicas services.web.scale",
			"services:\n  web:\n    x-octo:\n      scale: 2\nx-octo:\n  variables:\n    B: {default: 1}\n",
			"x-octo.variables.A is now x-octo.variables.B (v2.0.0)\nservices.web.x-octo.replicas is now services.web.x-octo.scale (v2.0.0)\n"},
		{"removed, with help", "variables:\n  LEGACY: {default: 1} # old\n  B: {}\n", "v2.0.0 variables.LEGACY ! drop it", "variables:\n  # removed in 2.0.0: drop it\n  # old\n  B: {}\n",
			"variables.LEGACY is gone (v2.0.0): drop it\n"},
		{"nothing", "a: 1\n", "v2.0.0 b.c d.e", "a: 1\n", ""},
	} {
		got, changes, ds := Rewrite(&source.File{Name: "octo.yaml", Data: []byte(c.in)}, step(c.step))
		var said strings.Builder
		for _, ch := range changes {
			said.WriteString(ch.String() + "\n")
		}
		if string(got) != c.want || said.String() != c.said || len(ds) > 0 {
			t.Errorf("%s: got\n%s\n%s%s\nwant\n%s\n%s", c.name, got, said.String(), texts(ds), c.want, c.said)
		}
	}
}

func TestRewriteConflicts(t *testing.T) {
	for _, c := range []struct{ in, step, want string }{
		{"a:\n  x: 1\n  y: 2\n", "v2.0.0 a.x a.y", "octo.yaml:2:3: error: a.x: cannot rename this to a.y: that is there already [conflict]\n  octo.yaml:3:3: it stands here\n"},
		{"a:\n  x: 1\n  x-octo: {y: 2}\n", "v2.0.0 a.x a.y", "octo.yaml:2:3: error: a.x: cannot rename this to a.y: that is there already [conflict]\n  octo.yaml:3:12: it stands here\n"},
		{"a: [x=1, y=2]\n", "v2.0.0 a.x a.y", "octo.yaml:1:5: error: a[0]: cannot rename this to y: that is there already [conflict]\n  octo.yaml:1:10: it stands here\n"},
		{"a: [x=1]\n", "v2.0.0 a.x b.y", "octo.yaml:1:5: error: a[0]: cannot move an item of a list to b.y"},
		{"a: &a {x: 1}\nb: *a\n", "v2.0.0 a.x a.y", "octo.yaml:1:7: error: a.x: cannot change a value that is used elsewhere too: &a"},
		{"variables:\n  A: {}\nname: x${A}\n", "v2.0.0 variables.A variables.B", "octo.yaml:3:7: warning: name: this reads the variable A, which is gone since v2.0.0 [unset]\n  help: write ${B}\n"},
	} {
		_, _, ds := Rewrite(&source.File{Name: "octo.yaml", Data: []byte(c.in)}, step(c.step))
		if got := texts(ds); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.in, got, c.want)
		}
	}
}

func TestSetRef(t *testing.T) {
	in := `include:
  - url: https://example.com/shop.git
    ref: v1.2.0 # pinned
  - "https://example.com/shop.git#v1.2.0:extra.yaml"
  - git@example.com:other/shop#v1.2.0:x.yaml
  - oci://ghcr.io/example/shop:1.2.0#octo.yaml
  - https://raw.example.com/shop/refs/tags/v1.2.0/octo.yaml?x=v1.2.0
  - path: [ "https://example.com/shop.git#v1.2.0:a", local.yaml ]
  - https://example.com/shop.git#v1.1.0:old.yaml
x-octo:
  include: [github.com/example/shop#1.2]
`
	for _, c := range []struct{ repo, ref, to, want string }{
		{"https://example.com/shop.git", "v1.2.0", "v2.0.0", `  ref: v2.0.0 # pinned|"https://example.com/shop.git#v2.0.0:extra.yaml"|[ "https://example.com/shop.git#v2.0.0:a", local.yaml ]`},
		{"ssh://git@example.com/other/shop", "v1.2.0", "v2.0.0", "git@example.com:other/shop#v2.0.0:x.yaml"},
		{"ghcr.io/example/shop", "1.2.0", "2.0.0", "oci://ghcr.io/example/shop:2.0.0#octo.yaml"},
		{"https://raw.example.com/shop/refs/tags", "v1.2.0", "v2.0.0", "https://raw.example.com/shop/refs/tags/v2.0.0/octo.yaml?x=v1.2.0"},
		{"https://github.com/example/shop", "1.2", "1.3", "include: [github.com/example/shop#1.3]"},
		{"https://github.com/example/none", "1.2", "1.3", ""},
	} {
		f := &source.File{Name: "octo.yaml", Data: []byte(in)}
		root, _ := parse.YAML(f)
		edits, ds := SetRef(root, c.repo, c.ref, c.to)
		if len(ds) > 0 {
			t.Fatalf("%s: %s", c.repo, texts(ds))
		}
		got, ds := edit.Apply(f, edits...)
		if len(ds) > 0 {
			t.Fatalf("%s: %s", c.repo, texts(ds))
		}
		var changed []string
		old := strings.Split(in, "\n")
		for i, line := range strings.Split(string(got), "\n") {
			if line != old[i] {
				changed = append(changed, strings.TrimPrefix(line, "  - "))
			}
		}
		if text := strings.Join(changed, "|"); text != strings.ReplaceAll(c.want, "|[", "|path: [") && text != "  "+strings.ReplaceAll(c.want, "|[", "|path: [") {
			t.Errorf("%s: got %s, want %s", c.repo, text, c.want)
		}
	}
}

func TestIncludesWithoutVersion(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"https://example.com/shop/octo.yaml", "cannot find a version in this URL"},
		{"https://example.com/v1.0.0/shop/v1.0.0/octo.yaml", "cannot tell which part of this URL is the version"},
		{"https://example.com/shop.git", "cannot upgrade from no version"},
		{"https://example.com/shop.git#main:octo.yaml", `cannot upgrade from "main"`},
		{"oci://ghcr.io/a/b@sha256:" + strings.Repeat("0", 64), "a commit or a digest has no order"},
	} {
		root, _ := parse.YAML(&source.File{Name: "octo.yaml", Data: []byte("include: ['" + c.in + "']\n")})
		list, ds := Includes(root)
		if len(ds) > 0 || len(list) != 1 {
			t.Fatalf("%s: %v %s", c.in, list, texts(ds))
		}
		if _, d := list[0].Version(); d == nil || !strings.Contains(d.Text(), c.want) || d.At.String() != "octo.yaml:1:11" {
			t.Errorf("%s: got %v, want %s", c.in, d, c.want)
		}
	}
}
