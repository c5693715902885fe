package expand_test

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/expand"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

func expanded(t *testing.T, text string) (*tree.Node, diag.List) {
	t.Helper()
	n, ds := parse.YAML(&source.File{Name: "octo.yaml", Rel: "octo.yaml", Data: []byte(text)})
	if len(ds) > 0 {
		t.Fatal(ds[0].Text())
	}
	return expand.Tree(n)
}

func TestInit(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing to expand", "services: { a: { image: x, hooks: { post_stop: [{ command: [y] }] } } }",
			"services: {a: {image: x, hooks: {post_stop: [{command: [\"y\"]}]}}}\n"},
		{"one", `
services:
  a:
    image: x
    ports: [{ target: 80 }]
    networks: { back: { ipv4_address: 10.0.0.5, aliases: [b], priority: 3 } }
    environment: { A: "1", B: "2" }
    mem_limit: 64M
    deploy: { mode: replicated, resources: { limits: { pids: 5 } } }
    hooks: { init: [{ command: [up], environment: { B: "3" }, user: root }], post_stop: [{ command: [y] }] }
`, `services:
  a:
    image: x
    ports: [{target: 80}]
    networks: {back: {ipv4_address: 10.0.0.5, aliases: [b], priority: 3}}
    environment: {A: "1", B: "2"}
    mem_limit: 64M
    deploy: {mode: replicated, resources: {limits: {pids: 5}}}
    hooks: {post_stop: [{command: ["y"]}]}
    depends_on: {a-init: {condition: service_completed_successfully}}
  a-init:
    image: x
    environment: {A: "1", B: "3"}
    networks: {back: {priority: 3}}
    mem_limit: 64M
    deploy: {resources: {limits: {pids: 5}}}
    restart: "no"
    command: [up]
    user: root
`},
		{"a tool has a program of its own", `
services:
  a:
    image: x
    build: { context: . }
    binary: { linux_amd64: { url: u } }
    source: { repo: r }
    entrypoint: [/x]
    working_dir: /x
    user: "5"
    environment: { A: "1" }
    hooks: { init: [{ image: t, command: [up] }, { binary: { linux_amd64: { url: v } }, command: [up], working_dir: /t }, { command: [own] }] }
`, `services:
  a:
    image: x
    build: { context: . }
    binary: { linux_amd64: { url: u } }
    source: { repo: r }
    entrypoint: [/x]
    working_dir: /x
    user: "5"
    environment: { A: "1" }
    depends_on:
      a-init: {condition: service_completed_successfully}
      a-init-2: {condition: service_completed_successfully}
      a-init-3: {condition: service_completed_successfully}
  a-init:
    user: "5"
    environment: {A: "1"}
    restart: "no"
    image: t
    command: [up]
  a-init-2:
    user: "5"
    environment: {A: "1"}
    restart: "no"
    depends_on: {a-init: {condition: service_completed_successfully}}
    binary: { linux_amd64: { url: v } }
    command: [up]
    working_dir: /t
  a-init-3:
    image: x
    build: { context: . }
    binary: { linux_amd64: { url: u } }
    source: { repo: r }
    entrypoint: [/x]
    working_dir: /x
    user: "5"
    environment: {A: "1"}
    restart: "no"
    depends_on: {a-init: {condition: service_completed_successfully}, a-init-2: {condition: service_completed_successfully}}
    command: [own]
`},
		{"two, one after the other", `
services:
  a: { image: x, depends_on: { db: { condition: service_healthy } }, hooks: { init: [{ command: [one] }, { command: [two] }] } }
  db: { image: z }
`, `services:
  a:
    image: x
    depends_on: {db: {condition: service_healthy}, a-init: {condition: service_completed_successfully}, a-init-2: {condition: service_completed_successfully}}
  db: {image: z}
  a-init:
    image: x
    restart: "no"
    depends_on: {db: {condition: service_healthy}}
    command: [one]
  a-init-2:
    image: x
    restart: "no"
    depends_on: {db: {condition: service_healthy}, a-init: {condition: service_completed_successfully}}
    command: [two]
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ds := expanded(t, c.in)
			if len(ds) > 0 {
				t.Fatal(ds[0].Text())
			}
			if a, b := plain(got), plain(parsed(t, c.want)); a != b {
				t.Errorf("got\n%s\nwant\n%s", a, b)
			}
		})
	}
}

func parsed(t *testing.T, text string) *tree.Node {
	t.Helper()
	n, ds := parse.YAML(&source.File{Name: "want", Data: []byte(text)})
	if len(ds) > 0 {
		t.Fatal(ds[0].Text())
	}
	return n
}

// plain is a tree on one line.
func plain(n *tree.Node) string {
	var b strings.Builder
	switch n.Kind {
	case tree.Map:
		b.WriteString("{")
		for _, f := range n.Fields {
			b.WriteString(f.Key + ": " + plain(f.Value) + ", ")
		}
		b.WriteString("}")
	case tree.List:
		b.WriteString("[")
		for _, it := range n.Items {
			b.WriteString(plain(it) + ", ")
		}
		b.WriteString("]")
	default:
		b.WriteString(n.Kind.String() + " " + n.Text)
	}
	return b.String()
}

func TestNameTaken(t *testing.T) {
	_, ds := expanded(t, "services:\n  a: { image: x, hooks: { init: [{ command: [up] }] } }\n  a-init: { image: y }\n")
	if len(ds) != 1 {
		t.Fatalf("%d findings", len(ds))
	}
	want := "octo.yaml:2:34: error: services.a.hooks.init[0]: cannot make the one-shot a-init: there is a service of this name [name-clash]"
	if got := ds[0].Text(); !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Every value of a one-shot has the place where it was written.
func TestPlaces(t *testing.T) {
	n, _ := expanded(t, "services:\n  a:\n    image: x\n    hooks:\n      init:\n        - command: [up]\n")
	image, _ := tree.Get(n, tree.Of("services", "a-init", "image"))
	command, _ := tree.Get(n, tree.Of("services", "a-init", "command"))
	if image.At.Pos.Line != 3 || command.At.Pos.Line != 6 {
		t.Errorf("image on line %d, command on line %d; want 3 and 6", image.At.Pos.Line, command.At.Pos.Line)
	}
}
