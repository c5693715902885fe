package diag

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// shop is a config with eight mistakes, one or two of each stage.
const shop = `include:
  - vendor/core.yaml
  - revisions.yaml

secrets:
  db_password: { credential: shop.db_password }
  web_tls: { credential: shop.web_tls }

services:
  api:
    replcas: 3
    config:
      values: { log_level: warning, db: { pool: 400 } }
    depends_on:
      databse: { condition: service_healthy }
  cache:
    healthcheck: { interval: 5 }
  db:
    depends_on: { api: { condition: service_healthy } }
  web:
    ports: ["127.0.0.1:80x:8080"]
`

// shopText is how the eight are told to a person.
const shopText = `octo.yaml:2:5: error: variables.DOMAIN: no value, and this include requires one [required]
  2 |   - vendor/core.yaml
    |     ^^^^^^^^^^^^^^^^
  vendor/core.yaml:5:3: declared here: "Public host name of the shop"
  help: add to octo.yaml: variables: { DOMAIN: { default: shop.example.com } }; or to .env: DOMAIN=shop.example.com

octo.yaml:11:5: error: services.api.replcas: unknown key "replcas" [unknown-key]
  11 |     replcas: 3
     |     ^^^^^^^
  help: did you mean "replicas"?

octo.yaml:13:28: error: services.api.config.values.log_level: cannot use "warning"; want info, debug, warn or error [enum]
  13 |       values: { log_level: warning, db: { pool: 400 } }
     |                            ^^^^^^^
  vendor/api.cue:9:2: the vendor's schema says so
  help: did you mean "warn"?

octo.yaml:13:49: error: services.api.config.values.db.pool: cannot use 400; want 1 to 100 [range]
  13 |       values: { log_level: warning, db: { pool: 400 } }
     |                                                 ^^^
  vendor/api.cue:14:3: the vendor's schema says so
  help: "pool is the number of connections of one replica"

octo.yaml:15:7: error: services.api.depends_on.databse: no service is called "databse" [unknown-service]
  15 |       databse: { condition: service_healthy }
     |       ^^^^^^^
  vendor/core.yaml:47:7: services.api.depends_on.db stands here
  help: did you mean "db"? It is already a dependency: delete this line

octo.yaml:17:30: error: services.cache.healthcheck.interval: cannot use 5 as a duration; want a number with a unit [type]
  17 |     healthcheck: { interval: 5 }
     |                              ^
  help: write 5s for five seconds

octo.yaml:19:19: error: services.db.depends_on.api: db waits for api, and api waits for db: neither would start [cycle]
  19 |     depends_on: { api: { condition: service_healthy } }
     |                   ^^^
  vendor/core.yaml:47:7: api waits for db
  help: delete one of the two; api needs db, so most likely this one

octo.yaml:21:24: error: services.web.ports[0]: cannot use "80x" as a port; want 1 to 65535 [type]
  21 |     ports: ["127.0.0.1:80x:8080"]
     |                        ^^^
  vendor/core.yaml:95:13: the vendor publishes this one
  help: write "127.0.0.1:8088:8080"; with !override before the list, or the port of vendor/core.yaml is published too

`

// shopFindings are the eight as stages make them, in no order.
func shopFindings() List {
	octo := &source.File{Name: "octo.yaml", Rel: "octo.yaml", Data: []byte(shop)}
	core := &source.File{Name: "vendor/core.yaml", Rel: "vendor/core.yaml"}
	cue := &source.File{Name: "vendor/api.cue", Rel: "vendor/api.cue"}
	at := func(f *source.File, line, col int32) source.Span {
		return source.Span{Pos: source.Pos{File: f, Line: line, Col: col}}
	}
	services := tree.Of("services")
	values := services.Keys("api", "config", "values")
	var l List
	l.Error(Cycle, services.Keys("db", "depends_on", "api"), "db waits for api, and api waits for db: neither would start").
		AtSpan(at(octo, 19, 19)).SeeSpan(at(core, 47, 7), "api waits for db").
		Helpf("delete one of the two; api needs db, so most likely this one")
	l.Error(UnknownService, services.Keys("api", "depends_on", "databse"), "no service is called %q", "databse").
		AtSpan(at(octo, 15, 7)).SeeSpan(at(core, 47, 7), "services.api.depends_on.db stands here").
		Helpf("did you mean %q? It is already a dependency: delete this line", "db")
	l.Error(Required, tree.Of("variables", "DOMAIN"), "no value, and this include requires one").
		AtSpan(at(octo, 2, 5)).SeeSpan(at(core, 5, 3), "declared here: %q", "Public host name of the shop").
		Helpf("add to octo.yaml: variables: { DOMAIN: { default: shop.example.com } }; or to .env: DOMAIN=shop.example.com")
	l.Error(UnknownKey, services.Keys("api", "replcas"), "unknown key %q", "replcas").
		AtSpan(at(octo, 11, 5)).Helpf("did you mean %q?", "replicas")
	l.Error(Range, values.Keys("db", "pool"), "cannot use 400; want 1 to 100").
		AtSpan(at(octo, 13, 49)).SeeSpan(at(cue, 14, 3), "the vendor's schema says so").
		Helpf("%q", "pool is the number of connections of one replica")
	l.Error(Enum, values.Key("log_level"), "cannot use %q; want info, debug, warn or error", "warning").
		AtSpan(at(octo, 13, 28)).SeeSpan(at(cue, 9, 2), "the vendor's schema says so").
		Helpf("did you mean %q?", "warn")
	port := at(octo, 21, 13).Sub("127.0.0.1:80x:8080", 10, 3)
	l.Error(Type, services.Keys("web", "ports").Index(0), "cannot use %q as a port; want 1 to 65535", "80x").
		AtSpan(port).SeeSpan(at(core, 95, 13), "the vendor publishes this one").
		Helpf("write %q; with !override before the list, or the port of vendor/core.yaml is published too", "127.0.0.1:8088:8080")
	l.Error(Type, services.Keys("cache", "healthcheck", "interval"), "cannot use 5 as a duration; want a number with a unit").
		AtSpan(at(octo, 17, 30)).Helpf("write 5s for five seconds")
	return l.Sort()
}

func TestTextOfTheShop(t *testing.T) {
	var b strings.Builder
	if err := Text(&b, shopFindings(), Style{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shopText, b.String()); diff != "" {
		t.Error(diff)
	}
	if got, want := Summary(shopFindings()), "8 errors in octo.yaml"; got != want {
		t.Errorf("Summary = %q, want %q", got, want)
	}
}

// Without its escapes the coloured text is the plain one, and only four things are coloured.
func TestColor(t *testing.T) {
	var b strings.Builder
	if err := Text(&b, shopFindings()[1:2], Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	want := "octo.yaml:11:5: " + red + "error" + reset + ": services.api.replcas: unknown key \"replcas\" [unknown-key]\n" +
		"  11 |     replcas: 3\n     |     " + red + "^^^^^^^" + reset + "\n  " + green + "help:" + reset + " did you mean \"replicas\"?\n\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := Text(&b, shopFindings(), Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(red, "", yellow, "", blue, "", green, "", reset, "").Replace(b.String())
	if diff := cmp.Diff(shopText, plain); diff != "" {
		t.Error(diff)
	}
}

func TestJSONOfTheShop(t *testing.T) {
	var b strings.Builder
	if err := JSON(&b, shopFindings()[4:5]); err != nil {
		t.Fatal(err)
	}
	want := `[
  {
    "severity": "error",
    "code": "unknown-service",
    "path": "services.api.depends_on.databse",
    "at": {
      "file": "octo.yaml",
      "line": 15,
      "column": 7,
      "length": 7
    },
    "message": "no service is called \"databse\"",
    "help": "did you mean \"db\"? It is already a dependency: delete this line",
    "related": [
      {
        "file": "vendor/core.yaml",
        "line": 47,
        "column": 7,
        "message": "services.api.depends_on.db stands here"
      }
    ]
  }
]
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := JSON(&b, shopFindings()); err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal([]byte(b.String()), &all); err != nil || len(all) != 8 {
		t.Errorf("%d findings, %v; want 8", len(all), err)
	}
	b.Reset()
	if err := JSON(&b, nil); err != nil || b.String() != "[]\n" {
		t.Errorf("an empty list prints %q, %v; want []", b.String(), err)
	}
}

func TestGitHubOfTheShop(t *testing.T) {
	var b strings.Builder
	if err := GitHub(&b, shopFindings(), "deploy"); err != nil {
		t.Fatal(err)
	}
	want := `::error file=deploy/octo.yaml,line=2,col=5,endColumn=21,title=required::variables.DOMAIN: no value, and this include requires one%0Avendor/core.yaml:5:3: declared here: "Public host name of the shop"%0Ahelp: add to octo.yaml: variables: { DOMAIN: { default: shop.example.com } }; or to .env: DOMAIN=shop.example.com
::error file=deploy/octo.yaml,line=11,col=5,endColumn=12,title=unknown-key::services.api.replcas: unknown key "replcas"%0Ahelp: did you mean "replicas"?
::error file=deploy/octo.yaml,line=13,col=28,endColumn=35,title=enum::services.api.config.values.log_level: cannot use "warning"; want info, debug, warn or error%0Avendor/api.cue:9:2: the vendor's schema says so%0Ahelp: did you mean "warn"?
::error file=deploy/octo.yaml,line=13,col=49,endColumn=52,title=range::services.api.config.values.db.pool: cannot use 400; want 1 to 100%0Avendor/api.cue:14:3: the vendor's schema says so%0Ahelp: "pool is the number of connections of one replica"
::error file=deploy/octo.yaml,line=15,col=7,endColumn=14,title=unknown-service::services.api.depends_on.databse: no service is called "databse"%0Avendor/core.yaml:47:7: services.api.depends_on.db stands here%0Ahelp: did you mean "db"? It is already a dependency: delete this line
::error file=deploy/octo.yaml,line=17,col=30,endColumn=31,title=type::services.cache.healthcheck.interval: cannot use 5 as a duration; want a number with a unit%0Ahelp: write 5s for five seconds
::error file=deploy/octo.yaml,line=19,col=19,endColumn=22,title=cycle::services.db.depends_on.api: db waits for api, and api waits for db: neither would start%0Avendor/core.yaml:47:7: api waits for db%0Ahelp: delete one of the two; api needs db, so most likely this one
::error file=deploy/octo.yaml,line=21,col=24,endColumn=27,title=type::services.web.ports[0]: cannot use "80x" as a port; want 1 to 65535%0Avendor/core.yaml:95:13: the vendor publishes this one%0Ahelp: write "127.0.0.1:8088:8080"; with !override before the list, or the port of vendor/core.yaml is published too
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// What stands on the line of a secret is not shown; what a config holds cannot write to the terminal, nor end the
// line of a workflow command.
func TestHostileText(t *testing.T) {
	f := &source.File{Name: "a\x1b[2J.yaml", Data: []byte("PASSWORD: hunter2\nk: \x1b[31m\u202e\tx\n")}
	at := func(line, col int32) source.Span { return source.Span{Pos: source.Pos{File: f, Line: line, Col: col}} }
	var l List
	d := l.Warn(PlainSecret, tree.Of("PASSWORD"), "looks like a secret").AtSpan(at(1, 1))
	d.Quiet = true
	l.Error(UnknownKey, tree.Of("k\x07\n"), "unknown key\r\n%s", "\x1b]0;x\x07").AtSpan(at(2, 1)).Helpf("one\ntwo")

	var b strings.Builder
	if err := Text(&b, l, Style{}); err != nil {
		t.Fatal(err)
	}
	want := "a\\u001b[2J.yaml:1:1: warning: PASSWORD: looks like a secret [plain-secret]\n\n" +
		"a\\u001b[2J.yaml:2:1: error: [\"k\\a\\n\"]: unknown key\\u000d\\u000a\\u001b]0;x\\u0007 [unknown-key]\n" +
		"  2 | k: \uFFFD[31m\uFFFD x\n    | ^\n  help: one\n        two\n\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	for _, print := range []func(*strings.Builder) error{
		func(b *strings.Builder) error { return JSON(b, l) },
		func(b *strings.Builder) error { return GitHub(b, l, "") },
	} {
		b.Reset()
		if err := print(&b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "hunter2") {
			t.Errorf("the secret is printed: %s", b.String())
		}
	}
	if strings.ContainsAny(b.String(), "\x1b\x07") {
		t.Errorf("control characters in a workflow command: %q", b.String())
	}
	if n := strings.Count(b.String(), "\n"); n != 2 {
		t.Errorf("two findings are %d lines of workflow commands: %q", n, b.String())
	}
}

// A long line is cut around the place, at a width that does not depend on the terminal.
func TestLongLine(t *testing.T) {
	text := strings.Repeat("ä", 500) + "X" + strings.Repeat("b", 500)
	got, col, width := window(text, 500, 1)
	runes := []rune(got)
	if len(runes) != maxLine+4 || string(runes[col:col+width]) != "X" {
		t.Errorf("window = %q, %d, %d", got, col, width)
	}
	if got, col, width := window("short", 99, 99); got != "short" || col != 5 || width != 1 {
		t.Errorf("window past the end = %q, %d, %d", got, col, width)
	}
}

func TestSummary(t *testing.T) {
	f, g := &source.File{Name: "a.yaml"}, &source.File{Name: "b.yaml"}
	at := func(f *source.File) source.Span { return source.Span{Pos: source.Pos{File: f, Line: 1, Col: 1}} }
	for _, c := range []struct {
		make func(*List)
		want string
	}{
		{func(*List) {}, ""},
		{func(l *List) { l.Note(Renamed, tree.Root, "x") }, ""},
		{func(l *List) { l.Error(Empty, tree.Root, "x") }, "1 error"},
		{func(l *List) { l.Warn(Exposed, tree.Root, "x").AtSpan(at(f)) }, "1 warning in a.yaml"},
		{func(l *List) {
			l.Error(Empty, tree.Root, "x").AtSpan(at(f))
			l.Warn(Exposed, tree.Root, "x").AtSpan(at(g))
			l.Warn(Exposed, tree.Root, "y").AtSpan(at(g))
		}, "1 error and 2 warnings in 2 files"},
	} {
		var l List
		c.make(&l)
		if got := Summary(l); got != c.want {
			t.Errorf("Summary = %q, want %q", got, c.want)
		}
	}
}

// A finding that may show its line does not when another one on it may not.
func TestQuietLine(t *testing.T) {
	f := &source.File{Name: "a.yaml", Data: []byte("{ PASSWORD: hunter2, A: 1 }\n")}
	at := func(col int32) source.Span { return source.Span{Pos: source.Pos{File: f, Line: 1, Col: col}} }
	var l List
	l.Warn(PlainSecret, tree.Of("PASSWORD"), "looks like a secret").AtSpan(at(3)).Quiet = true
	l.Error(Type, tree.Of("A"), "cannot use 1").AtSpan(at(25))
	var b strings.Builder
	if err := Text(&b, l, Style{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "hunter2") {
		t.Error(b.String())
	}
}
