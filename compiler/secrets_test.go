package compiler_test

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/load"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// canary marks what must not come out.
const canary = "canary-3f9c"

// secretive has a canary in every place where a value is at home that no output, no tree and no finding may hold.
var secretive = map[string]string{
	"octo.yaml": `
name: app
variables:
  DECLARED: { required: true }
  KEPT: { secret: true, default: canary-3f9c-default, prompt: true }
  TYPED: { secret: true, prompt: true, required: true }
services:
  a:
    image: example.com/a:1
    user: "1000"
    env_file: [a.env, { path: raw.env, format: raw }]
    secrets: [file, env, { source: cred, target: /run/x }, vault, sops, whole, typed]
    environment: { PASSWORD_FILE: /run/secrets/file, KEPT_SET: "${KEPT:+yes}", TYPED_SET: "${CHAIN:+yes}" }
    pre_start:
      - image: example.com/a:1
        env_file: a.env
  b:
    build: { context: b, secrets: [file, env] }
    secrets: [file]
secrets:
  file: { file: ./file.secret }
  env: { environment: SECRET_VALUE }
  cred: { credential: app.cred }
  vault: { vault: { path: secret/app, key: password } }
  sops: { sops: { file: ./app.enc.yaml, key: db.password } }
  whole: { sops: { file: ./app.enc.env } }
  typed: { prompt: true }
targets:
  systemd: { accept: [services.a.pre_start, services.b.build.secrets, secrets.env.environment] }
  compose: {}
  k8s: { accept: [services.a.pre_start] }
`,
	"a.env":         "A=" + canary + "-1\nB='" + canary + "-2'\nexport C=${D}" + canary + "-3 # x\n",
	"raw.env":       "A=\"" + canary + "-4\n",
	"file.secret":   canary + "-5",
	"app.enc.yaml":  "db: { password: " + canary + "-12 }\n",
	"app.enc.env":   "A=" + canary + "-13\n",
	"secrets/typed": canary + "-14",
	".env":          "DECLARED=" + canary + "-6\nUNUSED=" + canary + "-7\nSECRET_VALUE=" + canary + "-8\nKEPT=" + canary + "-11\nCHAIN=${KEPT}-${TYPED}\n",
	"b/Dockerfile":  "FROM scratch\n# " + canary + "-9\n",
	"b/.env":        "X=" + canary + "-10\n",
}

// TestSecrets: values of secrets, of files of variables that are not inlined, and of variables that nothing reads stand
// in no output, in no merged tree (which octo config prints) and in no finding.
func TestSecrets(t *testing.T) {
	r := compileFiles(t, secretive, compiler.Options{Env: secretEnv, Ask: secretAnswer, Verify: true})
	if r.Diagnostics.Has(diag.Error) || len(r.Targets) != 3 {
		t.Fatalf("the input of the test is wrong:\n%s", everyPrint(t, r.Diagnostics))
	}
	noCanary(t, r)
	columns := make([]support.Column, len(r.Targets))
	for i, x := range r.Targets {
		columns[i] = support.Column{Target: x.Target, Table: x.Table}
	}
	var report bytes.Buffer
	sheet := support.Report(r.Tree, columns)
	for _, print := range []func(io.Writer) error{sheet.Text, sheet.Markdown, sheet.JSON} {
		if err := print(&report); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(report.String(), "secrets") || strings.Contains(report.String(), canary) {
		t.Errorf("the report shows it, or nothing:\n%s", &report)
	}
}

// TestSecretsInDiff: what a change of a value shows is nothing, as no output knows it; what a change of a reference shows
// is the reference.
func TestSecretsInDiff(t *testing.T) {
	make := func(change func(map[string]string)) []txtar.File {
		files := map[string]string{}
		for k, v := range secretive {
			files[k] = v
		}
		change(files)
		return outputs(compileFiles(t, files, compiler.Options{Env: secretEnv, Ask: secretAnswer}))
	}
	was := make(func(map[string]string) {})
	values := make(func(files map[string]string) {
		for _, name := range []string{"file.secret", "app.enc.yaml", "app.enc.env", "a.env", "secrets/typed"} {
			files[name] += "# another " + canary + "\n"
		}
		files[".env"] = strings.ReplaceAll(files[".env"], canary, canary+"-another")
	})
	references := make(func(files map[string]string) {
		files["octo.yaml"] = strings.NewReplacer("secret/app,", "secret/other,", "db.password", "db.other").Replace(files["octo.yaml"])
	})
	if len(was) == 0 || len(was) != len(values) || len(was) != len(references) {
		t.Fatalf("there are %d, %d and %d files", len(was), len(values), len(references))
	}
	changed := 0
	for i := range was {
		if !bytes.Equal(was[i].Data, values[i].Data) {
			t.Errorf("%s changes with a value", was[i].Name)
		}
		if !bytes.Equal(was[i].Data, references[i].Data) {
			changed++
		}
	}
	if changed < 5 { // three APPLY.md, the unit that asks Vault, the container
		t.Errorf("only %d files change with the references", changed)
	}
}

// TestSecretsInFaults: a finding names the place and the field, and repeats no value of a secret, whatever is wrong with
// it or beside it.
func TestSecretsInFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		add  map[string]string // over secretive
		want string            // a part of a finding
	}{
		{"a literal", map[string]string{"o.yaml": "services: { a: { environment: { DB_PASSWORD: " + canary + ", OTHER: [x] } } }"}, "plain-secret"},
		{"a literal beside a wrong image", map[string]string{"o.yaml": "services: { c: { image: [x], build: { context: ., args: { API_TOKEN: " + canary + " } } } }"}, "[type]"},
		{"a literal in a list", map[string]string{"o.yaml": "services:\n  a:\n    environment:\n      - DB_PASSWORD =" + canary + "\n"}, "environment[0]"},
		{"a number", map[string]string{"o.yaml": "services: { a: { environment: { PIN_TOKEN: 0x1F00000000, " + "A: x } } }"}, "PIN_TOKEN"},
		{"two spellings", map[string]string{"o.yaml": "services: { a: { environment: { DB_PASSWORD: " + canary + "-a }, x-octo: { environment: { DB_PASSWORD: " + canary + "-b } } } }"}, "[conflict]"},
		{"a line of .env", map[string]string{".env": "GOOD=1\nBAD NAME=" + canary + "\n"}, ".env:2:1"},
		{"a quote of .env", map[string]string{".env": "OPEN=\"" + canary + "\n"}, ".env:1:6"},
		{"a variable in .env", map[string]string{".env": "OPEN=" + canary + "${\n"}, "[interpolation]"},
		{"the type of a variable", map[string]string{"o.yaml": "variables: { DECLARED: { type: int, secret: true } }"}, "this value"},
		{"a secret variable", map[string]string{"o.yaml": "services: { a: { environment: { X: \"${KEPT}\" } } }"}, "[secret-value]"},
		{"an answer", map[string]string{"o.yaml": "services: { a: { hostname: \"h-${TYPED:-x}\" } }"}, "services.a.hostname: cannot hold the value of TYPED"},
		{"a chain in .env", map[string]string{"o.yaml": "services: { a: { labels: { x: $CHAIN } } }"}, "services.a.labels.x: cannot hold the value of KEPT"},
		{"a secret in a port", map[string]string{"o.yaml": "services: { a: { ports: [\"${KEPT}:80:1\"] } }"}, "[secret-value]"},
		{"a secret in a key", map[string]string{"o.yaml": "services: { a: { labels: [\"$KEPT=x\"] } }"}, "services.a.labels: cannot hold"},
		{"a secret in an extension", map[string]string{"o.yaml": "x-a: { b: [\"$KEPT\"] }"}, "x-a.b[0]: cannot hold"},
		{"a secret in a target", map[string]string{"o.yaml": "targets: { k8s: { namespace: \"$KEPT\" } }"}, "targets.k8s.namespace: cannot hold"},
		{"a secret in a file name", map[string]string{"o.yaml": "services: { a: { env_file: \"$KEPT.env\" } }"}, "[secret-value]"},
		{"a secret in an extended file", map[string]string{"o.yaml": "services: { c: { extends: { file: \"$KEPT.yaml\", service: c } } }"}, "[secret-value]"},
		{"a secret in an include", map[string]string{"o.yaml": "include: [\"$KEPT.yaml\"]"}, "[secret-value]"},
		{"a secret as the name", map[string]string{"o.yaml": "name: \"${KEPT}\""}, "[secret-value]"},
		{"a .env that is inlined", map[string]string{"o.yaml": "services: { a: { env_file: [{ path: .env, inline: true }] } }",
			".env": "DECLARED=x\nKEPT=" + canary + "\nCHAIN=$KEPT\n"}, "services.a.environment.CHAIN: cannot hold"},
		{"the wrong type of a secret in a message", map[string]string{"o.yaml": "services: { a: { hostname: \"${NOT_THERE:?give $KEPT}\" } }"}, "give ****"},
		{"a vault that is none", map[string]string{"o.yaml": "secrets: { vault: { vault: { path: secret/../sys } }, sops: { sops: { key: a..b } } }"}, "[pattern]"},
		{"two sources", map[string]string{"o.yaml": "secrets: { file: { sops: { file: app.enc.yaml } }, typed: { prompt: \"q?\", environment: SECRET_VALUE } }"}, "[exclusive]"},
		{"no file of sops", map[string]string{"o.yaml": "secrets: { sops: { sops: { file: app.enc.yml } } }"}, "did you mean app.enc.yaml?"},
		{"a secret as the path in a vault", map[string]string{"o.yaml": "secrets: { vault: { vault: { path: \"secret/$KEPT\" } } }"}, "[secret-value]"},
		{"a secret as a question", map[string]string{"o.yaml": "secrets: { typed: { prompt: \"$KEPT?\" } }"}, "[secret-value]"},
		{"a file of variables", map[string]string{"a.env": "BAD NAME=" + canary + "\n\"" + canary + "\n"}, ""},
		{"an inlined file", map[string]string{"o.yaml": "services: { a: { env_file: [{ path: in.env, inline: true }] } }", "in.env": "BAD NAME=" + canary + "\nX=\"" + canary + "\n"}, "in.env:1:1"},
	} {
		files := map[string]string{}
		for k, v := range secretive {
			files[k] = v
		}
		for k, v := range c.add {
			files[k] = v
		}
		o := compiler.Options{Env: secretEnv, Ask: secretAnswer, Files: []string{"octo.yaml"}}
		if c.add["o.yaml"] != "" {
			o.Files = append(o.Files, "o.yaml")
		}
		r := compileFiles(t, files, o)
		text := everyPrint(t, r.Diagnostics)
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: %q is not said:\n%s", c.name, c.want, text)
		}
		if strings.Contains(c.name, "secret") || strings.Contains(c.name, "chain") {
			noCanary(t, r)
		}
		for _, secret := range []string{canary, "0x1F00000000", "133143986176"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: a finding shows it:\n%s", c.name, text)
			}
		}
	}
}

// secretAnswer is what a person types.
func secretAnswer(load.Question) (string, error) { return canary + "-typed", nil }

// secretEnv is an environment of the process that holds canaries only.
func secretEnv(name string) (string, bool) {
	if name == "DECLARED" || name == "KEPT" || name == "TYPED" {
		return "", false
	}
	return canary + "-env-" + name, true
}

func compileFiles(t *testing.T, files map[string]string, o compiler.Options) *compiler.Result {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), []byte(text))
	}
	return compileDir(t, dir, o)
}

// everyPrint is what all printers make of l.
func everyPrint(t *testing.T, l diag.List) string {
	t.Helper()
	var b bytes.Buffer
	for _, err := range []error{diag.Text(&b, l, diag.Style{}), diag.JSON(&b, l), diag.GitHub(&b, l, "")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func noCanary(t *testing.T, r *compiler.Result) {
	t.Helper()
	if text := everyPrint(t, r.Diagnostics); strings.Contains(text, canary) {
		t.Errorf("a finding shows it:\n%s", text)
	}
	for _, f := range outputs(r) {
		if i := bytes.Index(f.Data, []byte(canary)); i >= 0 {
			t.Errorf("%s holds it: …%s", f.Name, f.Data[max(0, i-60):min(len(f.Data), i+30)])
		}
	}
	tree.Walk(tree.Root, r.Tree, func(p tree.Path, n *tree.Node) bool {
		for at := n; at != nil; at = at.Was {
			if strings.Contains(at.Text, canary) {
				t.Errorf("the tree holds it at %s", p)
			}
		}
		return true
	})
}
