package k8s_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
)

// TestLifeOrigins: lines of checks, hooks and containers before the service lead to the field that says it, also where
// the container has it from its service.
func TestLifeOrigins(t *testing.T) {
	dir := t.TempDir()
	const text = `
name: shop
services:
  app:
    image: app:1
    environment: { HOME: /app, MODE: live }
    working_dir: /srv
    mem_limit: 64M
    checks:
      life: { http: { port: 8080, path: /l }, level: alive, interval: 7s, start_period: 9s, failures: 4 }
      work: { http: { port: 8080, path: /w }, successes: 2 }
    pre_start: [{ command: [prep], environment: { MODE: first } }]
    post_start: [{ command: [/hello] }]
    pre_stop: [{ command: [/bye] }]
    preflight: [{ kernel: "5.4" }, { command: [/check] }]
    autoscale: { min: 2, max: 3, cpu: 50 }
    placement: { tags: [edge] }
`
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := compile(t, dir, "compose.yaml")
	if r.Diagnostics.Has(diag.Error) {
		t.Fatal(strings.Join(texts(r.Diagnostics), "\n"))
	}
	const app = "services.app."
	for _, c := range []struct{ file, line, from string }{
		{"deployment", "livenessProbe:", app + "checks.life"},
		{"deployment", "periodSeconds: 7", app + "checks.life.interval"},
		{"deployment", "initialDelaySeconds: 9", app + "checks.life.start_period"},
		{"deployment", "failureThreshold: 4", app + "checks.life.failures"},
		{"deployment", "readinessProbe:", app + "checks.work"},
		{"deployment", "successThreshold: 2", app + "checks.work.successes"},
		{"deployment", `"prep"`, app + "pre_start[0].command"},
		{"deployment", `"first"`, app + "pre_start[0].environment.MODE"},
		{"deployment", `"/app"`, app + "environment.HOME"},
		{"deployment", "workingDir: /srv", app + "working_dir"},
		{"deployment", "- name: pre-start", app + "pre_start[0]"},
		{"deployment", "- name: preflight", app + "preflight[0]"},
		{"deployment", "- name: preflight-2", app + "preflight[1].command"},
		{"deployment", "postStart:", app + "post_start[0]"},
		{"deployment", "preStop:", app + "pre_stop[0]"},
		{"deployment", "octocompose.dev/edge", app + "placement.tags[0]"},
		{"horizontalpodautoscaler", "minReplicas: 2", app + "autoscale.min"},
		{"horizontalpodautoscaler", "maxReplicas: 3", app + "autoscale.max"},
	} {
		f := r.Targets[0].Set.Get("app/" + c.file + ".yaml")
		lines := strings.Split(string(f.Data), "\n")
		var found []string
		for _, o := range f.Origins {
			if strings.Contains(lines[o.Line-1], c.line) {
				found = append(found, o.From.String())
			}
		}
		if !slices.Contains(found, c.from) {
			t.Errorf("%q leads to %v, want %s", c.line, found, c.from)
		}
	}
}

// TestOnceForAll: what a container before the service has from it is said once, of the service.
func TestOnceForAll(t *testing.T) {
	dir := t.TempDir()
	const text = `
name: shop
services:
  app:
    image: app:1
    user: www-data
    security_opt: ["seccomp=/own.json"]
    volumes: ["./data:/data", "/anonymous"]
    pre_start: [{ command: [prep] }]
    preflight: [{ command: [/check] }]
`
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"", "targets: { k8s: { accept: [services.app.user, services.app.security_opt] } }\n"} {
		if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text+accept), 0o644); err != nil {
			t.Fatal(err)
		}
		got := texts(compile(t, dir, "compose.yaml").Diagnostics)
		if len(got) != 4 {
			t.Errorf("want 4 findings, got %d:\n%s", len(got), strings.Join(got, "\n"))
		}
	}
}
