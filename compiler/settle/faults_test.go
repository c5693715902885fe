package settle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// web is a config of one service, web, in flow style.
func web(conf string) string { return "services: { web: { config: { " + conf + " } } }\n" }

// TestFaults: each fault is said at its place, with what to do.
func TestFaults(t *testing.T) {
	const file = "deliver: { file: { path: /c, format: "
	for _, c := range []struct{ name, in, want string }{
		{"the vendor's bounds, words, keys and required values", `services:
  web:
    config:
      schema: vendor/api.cue#Config
      values:
        log_level: warning
        db: { pool: 400 }
        host: db
        extra: { depth: 10, other: 1 }
        peers: [{ name: 5 }]
        listen: x
      deliver: { env: {} }
`, `
octo.yaml:6:20: error: services.web.config.values.log_level: cannot use "warning"; want info, debug, warn or error [enum]
  vendor/api.cue:7:2: the vendor's schema says so
  help: did you mean "warn"?
octo.yaml:7:9: error: services.web.config.values.db.host: no value; want a string that is not empty [required]
  vendor/api.cue:9:3: the vendor's schema says so
octo.yaml:7:21: error: services.web.config.values.db.pool: cannot use 400; want 1 to 100 [range]
  vendor/api.cue:11:3: the vendor's schema says so
  help: "pool is the number of connections"
octo.yaml:8:15: error: services.web.config.values.host: cannot use "db"; want a whole number [type]
  vendor/api.cue:16:2: the vendor's schema says so
  help: "host is not that of db"
octo.yaml:9:25: error: services.web.config.values.extra.depth: cannot use 10; want 0 to 9 [range]
  vendor/api.cue:14:2: the vendor's schema says so
  help: "depth is how deep"
octo.yaml:9:29: error: services.web.config.values.extra.other: unknown key "other" [unknown-key]
  vendor/api.cue:14:2: the vendor's schema says so
  help: the keys that stand here are depth
octo.yaml:10:25: error: services.web.config.values.peers[0].name: cannot use 5; want a string [type]
  vendor/api.cue:17:2: the vendor's schema says so
  help: write "5"
octo.yaml:11:17: error: services.web.config.values.listen: cannot use "x"; want :8080 or text that matches ^[a-z0-9.-]*:[0-9]{1,5}$ [enum]
  vendor/api.cue:6:2: the vendor's schema says so
  help: "listen is the address of the server"`},
		{"a fault in a group stands there", "globals: { default: { db: { host: \"\" } } }\n" + web("schema: vendor/api.cue#Config, deliver: { env: {} }"), `
octo.yaml:1:35: error: services.web.config.values.db.host: cannot use an empty string; want at least 1 character [range]
  vendor/api.cue:9:3: the vendor's schema says so`},
		{"no such file", web("schema: none.cue#Config, " + file + "json } }"), `
octo.yaml:1:38: error: services.web.config.schema: cannot read none.cue: file does not exist [missing-file]
  help: the path is relative to the file that holds it`},
		{"no such definition", web("schema: vendor/api.cue#Conf"), `
octo.yaml:1:38: error: services.web.config.schema: vendor/api.cue has no definition #Conf [unknown-ref]
  help: it has #Config, #Extra, #Word`},
		{"a definition of text", web("schema: vendor/api.cue#Word"), `
octo.yaml:1:38: error: services.web.config.schema: cannot use #Word of vendor/api.cue: it is no mapping, and values are one [type]`},
		{"outside of the dialect", web("schema: if.cue#Config"), `
octo.yaml:1:38: error: services.web.config.schema: cannot use if.cue as a schema: it holds what octo does not read of CUE [syntax]
  if.cue:5:2: a comprehension (if, for) in a mapping
  if.cue:8:5: the constant 5; only strings and null may be constants
  help: a schema holds definitions of mappings, with kinds, constants, bounds, patterns and defaults (docs/config.md)`},
		{"no such group", "globals: { defualt: {} }\n" + web("globals: default"), `
octo.yaml:1:12: warning: globals.defualt: no service takes the values of this group [unknown-ref]
  help: did you mean "default", the group of every service that has a config?
octo.yaml:2:39: error: services.web.config.globals: no group of globals is called "default" [unknown-ref]
  help: did you mean "defualt"?`},
		{"globals: true", web("globals: true"), `
octo.yaml:1:39: error: services.web.config.globals: cannot use true; want false or the name of a group [type]
  help: delete it: the group default reaches every config`},
		{"a default group that nobody takes", "globals: { default: { a: 1 } }\nservices: { web: { image: a } }", `
octo.yaml:1:12: warning: globals.default: no service takes the values of this group [unknown-ref]
  help: it reaches the services that have a config: write config: { deliver: … } in one, or delete the group`},
		{"no delivery", web("values: { a: 1 }"), `
octo.yaml:1:20: error: services.web.config.deliver: no value; want how the values reach the program [required]
  help: add deliver: { file: { path: /etc/web.yaml, format: yaml } }, or deliver: { env: { prefix: APP_ } }, or both`},
		{"a part of a delivery", web("values: { a: 1 }, deliver: { file: { path: /c } }"), `
octo.yaml:1:59: error: services.web.config.deliver.file.format: no value; want json, yaml, toml or env [required]
  help: add format: the format of the file; env is one KEY=value on each line`},
		{"the config's name is taken", "configs: { web-config: { content: x } }\n" + web(file+"json } }"), `
octo.yaml:2:41: error: services.web.config.deliver.file: cannot make the config web-config: there is one of this name [name-clash]
  octo.yaml:1:12: the config stands here
  help: give configs.web-config another name`},
		{"the path is taken", "services: { web: { configs: [{ source: c }], config: { " + file + "json } } } } }", `
octo.yaml:1:81: error: services.web.config.deliver.file.path: another config is mounted at /c [conflict]
  octo.yaml:1:30: it stands here
  help: give one of the two another path`},
		{"another value in environment", "services: { web: { environment: { DB_POOL: 5, DB_HOST: null }, config: { values: { db: { pool: 6, host: h } }, deliver: { env: {} } } } }", `
octo.yaml:1:96: error: services.web.config.values.db.pool: this is the variable DB_POOL, which environment gives another value [conflict]
  octo.yaml:1:44: environment says so
  help: delete DB_POOL from environment, or give both the same value
octo.yaml:1:105: error: services.web.config.values.db.host: this is the variable DB_HOST, which environment gives another value [conflict]
  octo.yaml:1:56: environment says so
  help: delete DB_HOST from environment, or give both the same value`},
		{"what variables cannot hold", web(`values: { a_b: 1, a: { b: 2 }, 9x: 1, n: null, l: [{}], c: ["a,b"] }, deliver: { env: {} }`), `
octo.yaml:1:53: error: services.web.config.values.a.b: services.web.config.values.a_b and services.web.config.values.a.b are both the variable A_B [name-clash]
  octo.yaml:1:40: the other stands here
  help: give one of the two another key
octo.yaml:1:65: error: services.web.config.values.9x: cannot use "9X" as the name of a variable; want letters, digits and _, with a letter or _ first [type]
  help: write a prefix in deliver.env, or another key
octo.yaml:1:71: error: services.web.config.values.n: cannot deliver an empty value as a variable, which always has a text [type]
  help: give it a value, "" for an empty text, or delete the key
octo.yaml:1:81: error: services.web.config.values.l[0]: cannot deliver a mapping in a list as a variable [type]
  help: deliver a file in format json, yaml or toml
octo.yaml:1:90: error: services.web.config.values.c[0]: cannot deliver "a,b" in a list as a variable: commas part the items [type]
  help: deliver a file in format json, yaml or toml`},
		{"what TOML cannot hold", web("values: { n: null, big: 99999999999999999999, hex: 0xFFFFFFFFFFFFFFFFFF, z: 010 }, " + file + "toml } }"), `
octo.yaml:1:43: error: services.web.config.values.n: cannot deliver an empty value as TOML, which has none [type]
  help: give it a value, or delete the key
octo.yaml:1:54: error: services.web.config.values.big: cannot deliver 99999999999999999999 as TOML: its whole numbers have 64 bits [type]
  help: write it in quotes
octo.yaml:1:81: error: services.web.config.values.hex: cannot deliver 0xFFFFFFFFFFFFFFFFFF as TOML: its whole numbers have 64 bits [type]
  help: write it in quotes
octo.yaml:1:106: error: services.web.config.values.z: cannot deliver 010 as a number: readers take it for decimal or for octal [type]
  help: write it without zeros, as 0o… for octal, or in quotes for text`},
		{"what JSON cannot hold", web("values: { n: .inf }, " + file + "json } }"), `
octo.yaml:1:43: error: services.web.config.values.n: cannot deliver .inf as JSON, which has no such number [type]
  help: write it in quotes, or choose another format`},
		{"what .env readers disagree on", web(`values: { a: "it's $5", b: "a\rb", c: 'a\\b', d: 'a\' }, ` + file + "env } }"), `
octo.yaml:1:43: error: services.web.config.values.a: cannot write this text in format env so that all readers take it for the same [type]
  help: deliver it by env, or as a file in format json, yaml or toml
octo.yaml:1:57: error: services.web.config.values.b: cannot write this text in format env so that all readers take it for the same [type]
  help: deliver it by env, or as a file in format json, yaml or toml
octo.yaml:1:68: error: services.web.config.values.c: cannot write this text in format env so that all readers take it for the same [type]
  help: deliver it by env, or as a file in format json, yaml or toml
octo.yaml:1:79: error: services.web.config.values.d: cannot write this text in format env so that all readers take it for the same [type]
  help: deliver it by env, or as a file in format json, yaml or toml`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, said := settled(t, c.in)
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), lines(said)); diff != "" {
				t.Errorf("%s\n%s", diff, said)
			}
		})
	}
}

// A file that is no CUE, or too large for a schema, is an error at the reference, never a crash.
func TestBadSchema(t *testing.T) {
	for name, want := range map[string]string{
		"text.cue":  "cannot use text.cue as a schema",
		"large.cue": "a schema has at most",
	} {
		_, said := settled(t, web("schema: "+name+"#Config"))
		if !strings.Contains(said, want) || !strings.HasPrefix(said, "octo.yaml:1:38: error") {
			t.Errorf("%s: says %s, want %s", name, said, want)
		}
	}
	for _, deep := range []string{strings.Repeat("{", maxSchema-99), "#Config: {a?: " + strings.Repeat("1&", maxSchema/2-99) + "1}", "#Config: {a?: " + strings.Repeat("string|", maxSchema/7-99) + "1}"} {
		vendorFiles["deep.cue"] = "package p\n" + deep
		_, said := settled(t, web("schema: deep.cue#Config"))
		delete(vendorFiles, "deep.cue")
		if !strings.Contains(said, "cannot use deep.cue as a schema") {
			t.Errorf("%.30s…: says %.300s", deep, said)
		}
	}
}
