package k8s_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/internal/gates"
)

// TestNamespaceRestricted: the namespace enforces the restricted Pod Security Standard when every pod of the output
// keeps to it, patches and containers of ours included, and only then.
func TestNamespaceRestricted(t *testing.T) {
	const sound = `
name: shop
services:
  db: { image: "db:1", user: "999:999", expose: ["5432"], checks: { life: { plugin: [/check], level: alive } } }
  once: { image: "once:1", user: "999:999", depends_on: [db] }
  api:
    image: api:1
    harden: true
    depends_on: { db: { condition: service_started }, once: { condition: service_completed_successfully } }
    preflight: [{ kernel: "5.4" }, { command: [/check] }]
    pre_start: [{ command: [prepare] }]
`
	for _, c := range []struct {
		more string
		want bool
	}{
		{"", true},
		{"  other: { image: \"other:1\", user: \"5\", config: { values: { a: 1 }, deliver: { url: true } } }", true},
		{"  other: { image: \"other:1\", config: { values: { a: 1 }, deliver: { url: true } } }", false},
		{"  other: { image: \"other:1\" }", false},
		{"  other: { image: \"other:1\", user: \"5\", cap_add: [NET_BIND_SERVICE] }", true},
		{"  other: { image: \"other:1\", user: \"5\", cap_add: [SYS_TIME] }", false},
		{"  other: { image: \"other:1\", user: \"5\", network_mode: host }", false},
		{"  other: { image: \"other:1\", user: \"5\", pid: host }", false},
		{"  other: { image: \"other:1\", user: \"5\", privileged: true }", false},
		{"  other: { image: \"other:1\", user: \"0\", harden: true }", false},
		{"  other: { image: \"other:1\", user: \"5\", security_opt: [\"seccomp=unconfined\"] }", false},
		{"  other: { image: \"other:1\", user: \"5\", security_opt: [\"apparmor=unconfined\"] }", false},
		{"  other: { image: \"other:1\", user: \"5\", security_opt: [\"label:type:spc_t\"] }", false},
		{"  other: { image: \"other:1\", user: \"5\", security_opt: [\"systempaths=unconfined\"] }", false},
		{"  other: { image: \"other:1\", user: \"5\", sysctls: { kernel.msgmax: \"1\" } }", false},
		{"  other: { image: \"other:1\", user: \"5\", volumes: [\"/etc/localtime:/etc/localtime:ro\"] }", false},
		{"  other: { image: \"other:1\", user: \"5\", pre_start: [{ command: [x], user: \"0\" }] }", false},
		{"  other: { image: \"other:1\", user: \"5\", pre_start: [{ command: [x], image: \"x:1\" }] }", false},
		{"  other: { image: \"other:1\", user: \"5\", target: { k8s: { deployment: { spec: { template: { spec: { priorityClassName: high } } } } } } }", true},
		{"  other: { image: \"other:1\", user: \"5\", target: { k8s: { deployment: { spec: { template: { spec: { hostNetwork: true } } } } } } }", false},
		{"  other: { image: \"other:1\", user: \"5\", target: { k8s: { deployment: { spec: { template: { spec: { containers: [{ name: other, securityContext: null }] } } } } } } }", false},
		{"  other: { image: \"other:1\", user: \"5\", target: { k8s: { deployment: { spec: { template: { spec: { containers: [{ name: new, image: x }] } } } } } } }", false},
	} {
		dir := t.TempDir()
		text := sound + c.more + "\ntargets: { k8s: { namespace: shop } }\n"
		if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r := compile(t, dir, "compose.yaml")
		if r.Diagnostics.Has(diag.Error) {
			t.Errorf("%s: %s", c.more, strings.Join(texts(r.Diagnostics), "\n"))
			continue
		}
		got := strings.Contains(string(r.Targets[0].Set.Get("namespace.yaml").Data), `pod-security.kubernetes.io/enforce: "restricted"`)
		if got != c.want {
			t.Errorf("%q: the namespace enforces restricted: %v, want %v", c.more, got, c.want)
		}
	}
}

// TestClaimsKeepTheirNames: a claim that is called as a volume of ours is still the one that is mounted.
func TestClaimsKeepTheirNames(t *testing.T) {
	dir := t.TempDir()
	const text = `
name: shop
services:
  app:
    image: app:1
    user: "5"
    replicas: 2
    volumes: ["tmp:/a", "config:/b", "secrets:/c", "octo:/d", "a.b:/e", "a-b:/f"]
    configs: [rules]
    secrets: [token]
    checks: { life: { plugin: [/check] } }
volumes:
  tmp: { size: 1G, access: rwx }
  config: { size: 1G, access: rwx }
  secrets: { size: 1G, access: rwx }
  octo: { size: 1G, access: rwx }
  a.b: { size: 1G, access: rwx }
  a-b: { size: 1G, access: rwx }
configs: { rules: { content: text } }
secrets: { token: { credential: token } }
`
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := compile(t, dir, "compose.yaml")
	if r.Diagnostics.Has(diag.Error) {
		t.Fatal(strings.Join(texts(r.Diagnostics), "\n"))
	}
	d := decodeDeployment(t, r.Targets[0].Set.Get("app/deployment.yaml").Data)
	claims := map[string]string{}
	for _, v := range d.Spec.Template.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			claims[v.Name] = v.PersistentVolumeClaim.ClaimName
		}
	}
	mounted := map[string]string{}
	for _, m := range d.Spec.Template.Spec.Containers[0].VolumeMounts {
		mounted[m.MountPath] = claims[m.Name]
	}
	for path, claim := range map[string]string{
		"/a": "tmp", "/b": "config", "/c": "secrets", "/d": "octo", "/e": "a.b", "/f": "a-b", "/tmp": "", "/rules": "", "/run/secrets": "", "/octo": "",
	} {
		if got, ok := mounted[path]; !ok || got != claim {
			t.Errorf("%s is the claim %q, want %q", path, got, claim)
		}
	}
}

// TestGoldensAgainstSchemas holds every golden tree against the strict schemas of Kubernetes.
func TestGoldensAgainstSchemas(t *testing.T) {
	if missing := gates.Missing("k8s"); missing != "" {
		t.Skip(missing)
	}
	var files []string
	for _, pattern := range []string{"testdata/*.txtar", "testdata/yaml/*.txtar"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	seen := 0
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dir, n := t.TempDir(), 0
		for _, f := range a.Files {
			name, ok := strings.CutPrefix(f.Name, "out/")
			if !ok {
				continue
			}
			n++
			at := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if n == 0 {
			continue // mistakes
		}
		seen++
		if err := gates.Run(context.Background(), "k8s", dir); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if seen < 10 {
		t.Errorf("only %d trees", seen)
	}
}
