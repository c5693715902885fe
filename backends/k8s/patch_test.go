package k8s_test

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/internal/gates"
)

// patchBase is the application that patches are tried on.
const patchBase = `
name: shop
services:
  api:
    image: ghcr.io/example/api:1
    user: "1000"
    replicas: 2
    ports: ["8080"]
    tmpfs: [/cache]
    environment: { A: "1", B: "2" }
    healthcheck: { test: [CMD, /ready] }
    depends_on: { db: { condition: service_started }, cache: { condition: service_started } }
`

// patchRest is the rest of it, behind the patch.
const patchRest = `
  db: { image: "ghcr.io/example/db:1", expose: ["1"] }
  cache: { image: "ghcr.io/example/cache:1", expose: ["2"] }
`

// compilePatch is the Deployment with the patch, "" for none.
func compilePatch(t *testing.T, patch string) []byte {
	t.Helper()
	dir := t.TempDir()
	text := patchBase
	if patch != "" {
		text += "    target: { k8s: { deployment: " + patch + " } }\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text+patchRest), 0o644); err != nil {
		t.Fatal(err)
	}
	r := compile(t, dir, "compose.yaml")
	if r.Diagnostics.Has(diag.Error) {
		t.Fatal(strings.Join(texts(r.Diagnostics), "\n"))
	}
	return r.Targets[0].Set.Get("api/deployment.yaml").Data
}

// patches are patches of all kinds: mappings, lists by key, lists that are replaced, null, directives.
var patches = []string{
	`{ spec: { minReadySeconds: 5, paused: true } }`,
	`{ metadata: { annotations: { a: "1", b: null }, labels: { tier: front } } }`,
	`{ spec: { strategy: { rollingUpdate: { maxSurge: 50%, maxUnavailable: null } } } }`,
	`{ spec: { strategy: { $patch: replace, type: Recreate } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, env: [{ name: B, value: "3" }, { name: C, value: "4" }] }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, env: [{ $patch: replace }, { name: C, value: "4" }] }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, env: [{ name: A, $patch: delete }] }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, env: null, command: [a, b] }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, ports: [{ containerPort: 8080, hostPort: 80 }, { containerPort: 81 }] }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, readinessProbe: { exec: { command: [/other] }, periodSeconds: 7 } }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, readinessProbe: { exec: null, tcpSocket: { port: 8080 } } }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, resources: { limits: { cpu: 1, memory: 1Gi } } }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, resources: { $patch: replace, requests: { cpu: 200m } } }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, securityContext: { capabilities: { drop: null, add: [CHOWN] } } }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: api, volumeMounts: [{ mountPath: /cache, readOnly: true }, { mountPath: /x, name: tmp }] }] } } } }`,
	`{ spec: { template: { spec: { containers: [{ name: proxy, image: "proxy:1", args: [a] }] } } } }`,
	`{ spec: { template: { spec: { initContainers: [{ name: wait-db, $patch: delete }, { name: wait-cache, args: [none] }] } } } }`,
	`{ spec: { template: { spec: { initContainers: null, hostAliases: [{ ip: 10.0.0.1, hostnames: [a] }] } } } }`,
	`{ spec: { template: { spec: { volumes: [{ name: cache, emptyDir: { sizeLimit: 1Gi } }, { name: tmp, $patch: delete }, { name: more, emptyDir: {} }] } } } }`,
	`{ spec: { template: { spec: { tolerations: [{ key: a, operator: Exists }], nodeSelector: { a: b }, priorityClassName: high } } } }`,
	`{ spec: { template: { spec: { topologySpreadConstraints: [{ topologyKey: kubernetes.io/hostname, maxSkew: 2, whenUnsatisfiable: ScheduleAnyway }] } } } }`,
	`{ spec: { template: { spec: { topologySpreadConstraints: null, imagePullSecrets: [{ name: a }], securityContext: { runAsUser: 5, fsGroup: null } } } } }`,
	`{ spec: { template: { spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: a, operator: Exists }] }] } } } } } } }`,
	`{ metadata: { finalizers: [example.com/a] } }`,
}

// TestPatchAsKubectl: each patch gives what kubectl patch --type=strategic makes of the Deployment without it. The order
// in lists that are merged by key is ours.
func TestPatchAsKubectl(t *testing.T) {
	kubectl := filepath.Join(gates.Dir(), "bin", "kubectl")
	if _, err := os.Stat(kubectl); err != nil {
		t.Skip(kubectl + " is not there: run tools/install")
	}
	base := filepath.Join(t.TempDir(), "base.yaml")
	if err := os.WriteFile(base, compilePatch(t, ""), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, patch := range patches {
		asJSON, err := yaml.YAMLToJSON([]byte(patch))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(kubectl, "patch", "--local", "--type=strategic", "-o", "json", "-f", base, "-p", string(asJSON))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: kubectl: %v: %s", patch, err, &stderr)
			continue
		}
		want, got := decodeDeployment(t, out), decodeDeployment(t, compilePatch(t, patch))
		if !equality.Semantic.DeepEqual(want, got) {
			t.Errorf("%s (-kubectl +octo):\n%s", patch, gocmp.Diff(want, got, cmpopts.EquateEmpty()))
		}
	}
}

// decodeDeployment reads a Deployment with its lists by key in order.
func decodeDeployment(t *testing.T, data []byte) *appsv1.Deployment {
	t.Helper()
	d := &appsv1.Deployment{}
	if err := yaml.UnmarshalStrict(data, d); err != nil {
		t.Fatal(err)
	}
	spec := &d.Spec.Template.Spec
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		slices.SortFunc(list, func(a, b corev1.Container) int { return cmp.Compare(a.Name, b.Name) })
		for i := range list {
			slices.SortFunc(list[i].Env, func(a, b corev1.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
			slices.SortFunc(list[i].Ports, func(a, b corev1.ContainerPort) int { return cmp.Compare(a.ContainerPort, b.ContainerPort) })
			slices.SortFunc(list[i].VolumeMounts, func(a, b corev1.VolumeMount) int { return cmp.Compare(a.MountPath, b.MountPath) })
		}
	}
	slices.SortFunc(spec.Volumes, func(a, b corev1.Volume) int { return cmp.Compare(a.Name, b.Name) })
	return d
}

// TestPatchLeavesOthers: labels are shared among the objects of a service, and a patch of one changes no other.
func TestPatchLeavesOthers(t *testing.T) {
	dir := t.TempDir()
	text := patchBase + "    target: { k8s: { service: { metadata: { labels: { app.kubernetes.io/part-of: other, a: b } } } } }\n" + patchRest
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := compile(t, dir, "compose.yaml")
	if got := string(r.Targets[0].Set.Get("api/service.yaml").Data); !strings.Contains(got, `part-of: "other"`) {
		t.Error("the Service is not patched")
	}
	for _, f := range r.Targets[0].Set.Files() {
		if f.Path != "api/service.yaml" && strings.Contains(string(f.Data), `part-of: "other"`) {
			t.Errorf("%s is patched too", f.Path)
		}
	}
}

// TestPatchOrigins: a patched line leads to the patch, and the lines behind an item that is gone still lead to what
// they were made from.
func TestPatchOrigins(t *testing.T) {
	dir := t.TempDir()
	text := patchBase + `    target:
      k8s:
        deployment:
          spec:
            minReadySeconds: 5
            template: { spec: { initContainers: [{ name: wait-cache, $patch: delete }], nodeSelector: { a: b }, containers: [{ name: api, env: [{ name: A, $patch: delete }] }] } }
` + patchRest
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := compile(t, dir, "compose.yaml")
	f := r.Targets[0].Set.Get("api/deployment.yaml")
	lines := strings.Split(string(f.Data), "\n")
	const at = "services.api.target.k8s.deployment.spec"
	for _, c := range []struct{ line, from string }{
		{"minReadySeconds: 5", at + ".minReadySeconds"},
		{`a: "b"`, ""}, {"a: b", at + ".template.spec.nodeSelector.a"},
		{"- name: wait-db", "services.api.depends_on.db"},
		{"{ name: B", "services.api.environment.B"},
	} {
		var found []string
		for _, o := range f.Origins {
			if strings.Contains(lines[o.Line-1], c.line) {
				found = append(found, o.From.String())
			}
		}
		if c.from != "" && !slices.Contains(found, c.from) {
			t.Errorf("%q leads to %v, want %s", c.line, found, c.from)
		}
	}
	if strings.Contains(string(f.Data), "wait-cache") || strings.Contains(string(f.Data), "name: A,") {
		t.Error("the patch did not take away what it should")
	}
}
