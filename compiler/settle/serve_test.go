package settle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestServed: the values as JSON, the places of secrets as JSON pointers, and a password of its own for each service.
func TestServed(t *testing.T) {
	got, said := settled(t, `
globals: { default: { region: north } }
secrets: { db: { file: x }, other: { file: y } }
services:
  api:
    secrets: [{ source: other }]
    config:
      values:
        "a/b": [1, { "~": "{{ secret.db }}{{secret.other}}{{ secret.db }}" }]
        dsn: "postgres://app:{{ .secret.db }}@db/app"
        "{{ secret.db }}": 1
        plain: "$$ {{ secret. }} secret.db"
      deliver: { url: true }
  web: { config: { template: true, values: { pw: "{{ secret.db }}", who: "{{ service.name }}" }, deliver: { url: { env: WEB_CONFIG } } } }
  off: { config: { values: { a: 1 }, deliver: { url: false, env: {} } } }
`)
	if said != "" {
		t.Fatal(said)
	}
	for i := range got.Served {
		got.Served[i].At.File = nil
		got.Served[i].At.Line, got.Served[i].At.Col, got.Served[i].At.Len = 0, 0, 0
	}
	want := []Served{
		{Service: "api", Env: "CONFIG", Secret: "api-config-password",
			Values: []byte("{\n  \"a/b\": [\n    1,\n    {\n      \"~\": \"{{ secret.db }}{{ secret.other }}{{ secret.db }}\"\n    }\n  ],\n  \"dsn\": \"postgres://app:{{ secret.db }}@db/app\",\n  \"plain\": \"$$ {{ secret. }} secret.db\",\n  \"region\": \"north\",\n  \"{{ secret.db }}\": 1\n}\n"),
			Marks:  []Mark{{"db", []string{"/a~1b/1/~0", "/dsn"}}, {"other", []string{"/a~1b/1/~0"}}}},
		{Service: "web", Env: "WEB_CONFIG", Secret: "web-config-password",
			Values: []byte("{\n  \"pw\": \"{{ secret.db }}\",\n  \"region\": \"north\",\n  \"who\": \"web\"\n}\n"), Marks: []Mark{{"db", []string{"/pw"}}}},
	}
	if d := cmp.Diff(want, got.Served); d != "" {
		t.Error(d)
	}
	for path, want := range map[string]string{
		"api": "other,api-config-password:/run/secrets/config-password", "web": "web-config-password:/run/secrets/config-password", "off": "",
	} {
		var list []string
		if secrets := got.Tree.Get("services").Get(path).Get("secrets"); secrets != nil {
			for _, it := range secrets.Items {
				list = append(list, strings.TrimSuffix(it.Str("source")+":"+it.Str("target"), ":"))
			}
		}
		if strings.Join(list, ",") != want {
			t.Errorf("%s has the secrets %v", path, list)
		}
	}
	if g := got.Tree.Get("secrets").Get("api-config-password").Str("generate"); g != "true" {
		t.Errorf("generate: %q", g)
	}
}

func TestServedFaults(t *testing.T) {
	for in, want := range map[string]string{
		`services: { a: { config: { values: { x: "{{ secret.bd }}" }, deliver: { url: true } } } }
secrets: { db: { file: x } }`: `no secret is called "bd"`,
		`services: { a: { config: { values: { x: "{{ secret.db }}" }, deliver: { url: true, env: {} } } } }
secrets: { db: { file: x } }`: "cannot deliver the secret db as a file or as variables",
		`services: { a: { config: { values: { x: 1 }, deliver: { url: true } } } }
secrets: { a-config-password: { file: x } }`: "cannot make the secret a-config-password",
		`services: { a: { environment: { CONFIG_USER: x }, config: { values: { x: 1 }, deliver: { url: true } } } }`: "the variable CONFIG_USER holds the address of the config",
	} {
		if _, said := settled(t, in); !strings.Contains(said, want) {
			t.Errorf("%s\n%s", in, said)
		}
	}
}
