package settle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// TestTree holds whole trees against what they become.
func TestTree(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing to settle", "services: { web: { image: a } }", "services: { web: { image: a } }"},
		{"values over the group, maps deep and lists replaced, both ways of delivery", `
globals: { default: { log: { level: info, format: json }, peers: [a, b], gone: 1 } }
services:
  web:
    environment: { OWN: "1" }
    configs: [{ source: other, target: /other }]
    config:
      values: { log: { level: debug }, peers: [c], gone: "", port: 0x1F }
      deliver: { file: { path: /etc/web.yaml, format: yaml }, env: { prefix: WEB_ } }
configs: { other: { content: x } }`, `
services:
  web:
    environment: { OWN: "1", WEB_GONE: "", WEB_LOG_FORMAT: json, WEB_LOG_LEVEL: debug, WEB_PEERS: c, WEB_PORT: "0x1F" }
    configs: [{ source: other, target: /other }, { source: web-config, target: /etc/web.yaml }]
configs:
  other: { content: x }
  web-config: { content: "gone: \"\"\nlog:\n  format: json\n  level: debug\npeers:\n  - c\nport: 0x1F\n" }`},
		{"a group by name, none, and a service without config", `
globals: { default: { a: 1 }, other: { a: 2 }, x-note: {} }
services:
  one: { config: { deliver: { env: {} } } }
  two: { config: { globals: other, deliver: { env: {} } } }
  off: { config: { globals: false, values: { b: 1 }, deliver: { env: {} } } }
  none: { image: x }`, `
services: { one: { environment: { A: "1" } }, two: { environment: { A: "2" } }, off: { environment: { B: "1" } }, none: { image: x } }`},
		{"a mapping over a scalar, null, and a scalar over a mapping: what the service says holds", `
globals: { default: { a: 1, b: { c: 1 }, d: 1 } }
services: { web: { config: { values: { a: { x: 1 }, b: 2, d: null }, deliver: { file: { path: /c, format: json } } } } }`, `
services: { web: { configs: [{ source: web-config, target: /c }] } }
configs: { web-config: { content: "{\n  \"a\": {\n    \"x\": 1\n  },\n  \"b\": 2,\n  \"d\": null\n}\n" } }`},
		{"defaults of the vendor's schema, and what a variable brought in as the schema's kind", `
services: { web: { config: { schema: vendor/api.cue#Config, values: { db: { host: db } }, deliver: { env: { prefix: S_ } } } } }`, `
services: { web: { environment: { S_DB_HOST: db, S_DB_POOL: "10", S_DB_TLS: "false", S_LISTEN: ":8080", S_LOG_LEVEL: info } } }`},
		{"an equal variable stays", `
services: { web: { environment: { A: "1" }, config: { values: { a: 1 }, deliver: { env: {} } } } }`, `
services: { web: { environment: { A: "1" } } }`},
		{"a service that is switched off uses its group", `
globals: { g: { a: 1 } }
services: { web: { enabled: false, config: { globals: g } } }`, `services: { web: { enabled: false } }`},
		{"nothing to deliver", `services: { web: { image: a, config: {} } }`, `services: { web: { image: a } }`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, said := settled(t, c.in)
			if said != "" {
				t.Errorf("says\n%s", said)
			}
			want, _ := parse.YAML(&source.File{Name: "want", Data: []byte(c.want)})
			if diff := cmp.Diff(plain(want), plain(got.Tree)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A variable without quotes takes the kind that the schema asks for; text in quotes does not.
func TestCast(t *testing.T) {
	sch, err := language()
	if err != nil {
		t.Fatal(err)
	}
	root, _ := parse.YAML(&source.File{Name: "octo.yaml", Data: []byte(`
services: { web: { config: { schema: vendor/api.cue#Config, values: { db: { host: "1", pool: X, tls: Y } }, deliver: { file: { path: /c, format: yaml } } } } }`)})
	put := func(text string) func(*tree.Node) *tree.Node {
		return func(n *tree.Node) *tree.Node { m := *n; m.Text = text; return &m }
	}
	var replace func(n *tree.Node) *tree.Node
	replace = func(n *tree.Node) *tree.Node {
		switch n.Text {
		case "X":
			return put("20")(n)
		case "Y":
			return put("true")(n)
		}
		return n.Each(replace)
	}
	r, ds := Tree(replace(root), Input{Schema: sch, Reader: vendorFiles, Name: "shop"})
	if len(ds) > 0 {
		t.Fatal(ds[0].Text())
	}
	content := r.Tree.Get("configs").Get("web-config").Str("content")
	if want := "db:\n  host: \"1\"\n  pool: 20\n  tls: true\n"; !strings.HasPrefix(content, want) {
		t.Errorf("got %s, want %s", content, want)
	}
}

// What is made has the place of what made it, and what it overrode.
func TestPlaces(t *testing.T) {
	r, said := settled(t, `globals: { default: { a: 1, b: 2 } }
services:
  web:
    config:
      schema: vendor/api.cue#Config
      values: { db: { host: db } }
      globals: false
      deliver: { env: {} }
  two:
    config:
      values: { a: 3 }
      deliver: { env: {}, file: { path: /c, format: env } }
`)
	if said != "" {
		t.Fatal(said)
	}
	at := func(keys ...string) string {
		n, ok := tree.Get(r.Tree, tree.Of(keys...))
		if !ok {
			t.Fatalf("%v is not there", keys)
		}
		text := n.At.String()
		if n.Was != nil {
			text += " was " + n.Was.At.String()
		}
		if !n.Derived {
			text += " as written"
		}
		return text
	}
	for _, c := range []struct {
		want string
		keys []string
	}{
		{"octo.yaml:6:29", []string{"services", "web", "environment", "DB_HOST"}},
		{"vendor/api.cue:11:10", []string{"services", "web", "environment", "DB_POOL"}},
		{"octo.yaml:11:20 was octo.yaml:1:26", []string{"services", "two", "environment", "A"}},
		{"octo.yaml:1:32", []string{"services", "two", "environment", "B"}},
		{"octo.yaml:12:33", []string{"configs", "two-config", "content"}},
	} {
		if got := at(c.keys...); got != c.want {
			t.Errorf("%v: at %s, want %s", c.keys, got, c.want)
		}
	}
	if f := r.Tree.Get("services").Get("web").Get("environment").Get("DB_POOL").At.File; len(r.Files) != 1 || f != r.Files[0] {
		t.Error("a default does not stand in the file that was read")
	}
}
