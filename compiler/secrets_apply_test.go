package compiler_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/internal/gates"
)

// brought has a secret of each source for which APPLY.md has a command.
const brought = `
name: app
services:
  a:
    image: example.com/a:1
    secrets: [nested, item, dotted, whole, vault, typed]
secrets:
  nested: { sops: { file: "./it's here/-app.yaml", key: db.password } }
  item: { sops: { file: "./it's here/-app.yaml", key: users.1.token } }
  dotted: { sops: { file: -app.yaml, key: '["a.b"]["pem"]' } }
  whole: { sops: { file: app.env } }
  vault: { vault: { path: secret/app, key: "it's" } }
  typed: { prompt: "What's it?" }
`

// plainFiles are what is encrypted, by name, and the values that come out, by secret.
var plainFiles = map[string]string{
	"it's here/-app.yaml": "db: { password: \"" + canary + " nested'$x\" }\nusers:\n  - token: no\n  - token: " + canary + "-item\n",
	"-app.yaml":           "a.b:\n  pem: |\n    " + canary + "-1\n    " + canary + "-2\n",
	"app.env":             "WHOLE=" + canary + "-whole\nMORE=" + canary + "-more\n",
}

var broughtValues = map[string]string{
	"nested": canary + " nested'$x", "item": canary + "-item", "dotted": canary + "-1\n" + canary + "-2\n", "whole": "WHOLE=" + canary + "-whole\nMORE=" + canary + "-more\n",
	"vault": canary + "-vault", "typed": canary + " typed ",
}

// standIns are the programs that stand in for those of a cluster and a machine: kubectl keeps what it is to make a Secret
// of, octo-sidecar answers as it does when it has read a value, and systemd-ask-password reads stdin.
var standIns = map[string]string{
	"kubectl": `#!/bin/bash
set -eu
verb=; name=; from=
for w; do case $w in create|apply) verb=$w ;; --from-file=*) from=${w#--from-file=} ;; esac; done
[[ $verb = create ]] || { cat >"$KEPT/applied"; exit; }
mkdir -p "$KEPT/made"; cat "${from#*=}" >"$KEPT/made/${from%%=*}"; echo made
`,
	"octo-sidecar": `#!/bin/bash
set -eu
[[ -z ${FAIL:-} ]] || { echo 'cannot read secret/app: status 403' >&2; exit 1; }
[[ "$*" = "secret vault --path=secret/app --key=it's --out="* ]] || exit 2
out=${!#}
(umask 077; printf ` + canary + `-vault >"${out#--out=}")
`,
	"systemd-ask-password": "#!/bin/bash\nIFS= read -r v; printf %s \"$v\"\n",
}

// TestApplySecrets runs the commands of APPLY.md that bring secrets, with the programs sops and age themselves: the value
// is where the output looks for it, byte by byte and for nobody else on the machine; and where a command fails, what was
// there stays.
func TestApplySecrets(t *testing.T) {
	if why := gates.Missing("sops"); why != "" {
		if os.Getenv("OCTO_GATES") == "all" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	for name, text := range standIns {
		writeFile(t, filepath.Join(bin, name), []byte(text))
		if err := os.Chmod(filepath.Join(bin, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"PATH=" + bin + ":" + filepath.Join(gates.Dir(), "bin") + ":" + os.Getenv("PATH"), "HOME=" + dir, "SOPS_AGE_KEY_FILE=" + filepath.Join(dir, "key.txt")}
	shell(t, dir, env, "", "age-keygen -o key.txt")
	project := filepath.Join(dir, "project")
	writeFile(t, filepath.Join(project, "octo.yaml"), []byte(brought))
	for name, text := range plainFiles {
		file := filepath.Join(project, name)
		writeFile(t, file, []byte(text))
		shell(t, filepath.Dir(file), env, "", `sops encrypt --in-place --age "$(age-keygen -y "$SOPS_AGE_KEY_FILE")" -- '`+"./"+filepath.Base(file)+`'`)
		if data, err := os.ReadFile(file); err != nil || bytes.Contains(data, []byte(canary)) {
			t.Fatalf("%s is not encrypted: %v", name, err)
		}
	}
	r := compileDir(t, project, compiler.Options{Verify: true})
	if r.Diagnostics.Has(diag.Error) {
		t.Fatal(everyPrint(t, r.Diagnostics))
	}
	noCanary(t, r)
	for _, f := range outputs(r) {
		writeFile(t, filepath.Join(project, f.Name), f.Data)
	}
	store := filepath.Join(dir, "credstore")
	for _, c := range []struct {
		target string
		place  func(key string) string
		mode   os.FileMode
		vault  bool // by a command
	}{
		{"systemd", func(key string) string { return filepath.Join(store, "app."+key) }, 0, false},
		{"compose", func(key string) string { return filepath.Join(project, "out/compose/secrets", key) }, 0o644, true},
		{"k8s", func(key string) string { return filepath.Join(dir, "kept/made", key) }, 0, true},
	} {
		t.Run(c.target, func(t *testing.T) {
			here := filepath.Join(project, "out", c.target)
			data, err := os.ReadFile(filepath.Join(here, "APPLY.md"))
			if err != nil {
				t.Fatal(err)
			}
			env := append(env, "KEPT="+filepath.Join(dir, "kept"))
			before := "mkdir -p '" + filepath.Join(dir, "kept") + "'\n"
			if c.target != "k8s" {
				before += firstLine(t, string(data), "install -d -m 0700 ") + "\n"
			}
			run := func(key, mark string, env []string) (string, error) {
				line := firstLine(t, string(data), mark)
				// The prompt of bash is for a terminal; the store of systemd is root's.
				return bash(here, env, canary+" typed \n", strings.ReplaceAll(before+line, "/etc/credstore", store))
			}
			marks := map[string]string{"nested": "db\"][\"password", "item": "[1]", "dotted": "a.b", "whole": "app.env", "vault": "secret vault", "typed": "What"}
			for key, mark := range marks {
				if key == "vault" && !c.vault {
					continue
				}
				if out, err := run(key, mark, env); err != nil || strings.Contains(out, canary) {
					t.Errorf("%s: %v\n%s", key, err, out)
					continue
				}
				got, err := os.ReadFile(c.place(key))
				if err != nil || string(got) != broughtValues[key] {
					t.Errorf("%s: got %q, %v", key, got, err)
				}
				if info, err := os.Stat(c.place(key)); err == nil && c.mode != 0 && info.Mode().Perm() != c.mode {
					t.Errorf("%s: its mode is %v", key, info.Mode())
				} else if err == nil && c.target == "systemd" && info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s: others can read it: %v", key, info.Mode())
				}
			}
			if c.vault {
				failed(t, c.place("vault"), func() (string, error) { return run("vault", marks["vault"], append(env, "FAIL=1")) })
			}
			failed(t, c.place("nested"), func() (string, error) {
				return run("nested", marks["nested"], append(env, "SOPS_AGE_KEY_FILE=/dev/null"))
			})
			spoilt := filepath.Join(project, "app.env")
			whole, err := os.ReadFile(spoilt)
			if err != nil {
				t.Fatal(err)
			}
			defer writeFile(t, spoilt, whole)
			writeFile(t, spoilt, regexp.MustCompile("(?m)^MORE=.*\n").ReplaceAll(whole, nil)) // the MAC does not hold
			if out := failed(t, c.place("whole"), func() (string, error) { return run("whole", marks["whole"], env) }); !strings.Contains(out, "MAC mismatch") {
				t.Errorf("sops does not say what is wrong: %s", out)
			}
		})
	}
}

// failed runs a command that must fail: the file is as it was, and nothing shows a value.
func failed(t *testing.T, file string, run func() (string, error)) string {
	t.Helper()
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(filepath.Dir(filepath.Dir(file)), "applied")
	_ = os.Remove(kept)
	out, _ := run()
	if is, err := os.ReadFile(file); err != nil || !bytes.Equal(is, was) {
		t.Errorf("a command that failed left %q, %v; want what was there:\n%s", is, err, out)
	}
	if _, err := os.Stat(kept); err == nil {
		t.Error("a command that failed changes the Secret")
	}
	if out == "" || strings.Contains(out, canary) {
		t.Errorf("a command that failed says: %q", out)
	}
	return out
}

// firstLine is the first line of APPLY.md that holds mark.
func firstLine(t *testing.T, page, mark string) string {
	t.Helper()
	for line := range strings.Lines(page) {
		if strings.Contains(line, mark) && !strings.HasPrefix(line, "-") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("no line of APPLY.md holds %q:\n%s", mark, page)
	return ""
}

func bash(dir string, env []string, stdin, script string) (string, error) {
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func shell(t *testing.T, dir string, env []string, stdin, script string) {
	t.Helper()
	if out, err := bash(dir, env, stdin, script); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}
