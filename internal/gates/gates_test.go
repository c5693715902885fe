package gates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// need skips by name where the tool is missing, or fails where all gates are wanted (OCTO_GATES=all).
func need(t *testing.T, backend string) {
	t.Helper()
	why := Missing(backend)
	switch {
	case why == "":
	case os.Getenv("OCTO_GATES") == "all":
		t.Fatalf("the gate of %s cannot run: %s", backend, why)
	default:
		t.Skipf("the gate of %s cannot run: %s", backend, why)
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The gates themselves can fail: each is shown a sound output and one with a fault that a careless gate lets through.
func TestGatesBite(t *testing.T) {
	const container = "[Container]\nImage=localhost/a:1\nContainerName=a\n"
	const service = "[Service]\nExecStart=/usr/local/bin/not-there\n"
	const pod = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
	const external = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: a\nspec:\n  secretStoreRef: {kind: SecretStore, name: a}\n" +
		"  data: [{secretKey: a, remoteRef: {key: a/b, property: c}}]\n"
	for _, c := range []struct {
		name, backend string
		files         map[string]string
		want          string // in the finding; "": sound
	}{
		{"container", "systemd", map[string]string{"etc/containers/systemd/a.container": container}, ""},
		{"template", "systemd", map[string]string{"etc/containers/systemd/a@.container": container}, ""},
		{"unknown key of Quadlet", "systemd", map[string]string{"etc/containers/systemd/a.container": container + "Imagee=x\n"}, "Imagee"},
		{"service", "systemd", map[string]string{"etc/systemd/system/a.service": service}, ""},
		{"unknown key of systemd", "systemd", map[string]string{"etc/systemd/system/a.service": service + "Restrat=always\n"}, "Restrat"},
		{"bad value", "systemd", map[string]string{"etc/systemd/system/a.service": service + "Restart=sometimes\n"}, "sometimes"},
		{"project", "compose", map[string]string{"compose.yaml": "services:\n  a:\n    image: x\n"}, ""},
		{"unknown key of Compose", "compose", map[string]string{"compose.yaml": "services:\n  a:\n    image: x\n    imagee: y\n"}, "imagee"},
		{"variable", "compose", map[string]string{"compose.yaml": "services:\n  a:\n    image: x${NOT_SET}\n"}, "NOT_SET"},
		{"manifest", "k8s", map[string]string{"a/configmap.yaml": pod, "kustomization.yaml": "kind: Kustomization\n"}, ""},
		{"unknown field", "k8s", map[string]string{"a/configmap.yaml": pod + "dat: {}\n"}, "dat"},
		{"unknown kind", "k8s", map[string]string{"a/x.yaml": "apiVersion: v1\nkind: Nothing\nmetadata:\n  name: a\n"}, "Nothing"},
		{"external secret", "k8s", map[string]string{"a.yaml": external + "  target: {name: a}\n"}, ""},
		{"external secret, unknown field", "k8s", map[string]string{"a.yaml": external + "  target: {nam: a}\n"}, "nam"},
		{"nothing to check", "k8s", map[string]string{"kustomization.yaml": "kind: Kustomization\n"}, "Summary: 0"},
	} {
		t.Run(c.backend+"/"+c.name, func(t *testing.T) {
			need(t, c.backend)
			err := Run(t.Context(), c.backend, write(t, c.files))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("a sound output is refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want a finding with %q", err, c.want)
			}
		})
	}
}
