package k8s_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// compileText compiles one file, and fails on errors.
func compileText(t *testing.T, text string) *compiler.Result {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := compile(t, dir, "compose.yaml")
	if r.Diagnostics.Has(diag.Error) {
		t.Fatal(strings.Join(texts(r.Diagnostics), "\n"))
	}
	return r
}

// servedShop is a service that asks for its config, and two that do not.
const servedShop = `
name: shop
services:
  api:
    image: api:1
    user: "5"
    config: { values: { pool: 40, log: LEVEL, a/b: ["{{ secret.key }} {{ secret. }}"] }, deliver: { url: true } }
    pre_start: [{ command: [prepare] }]
    preflight: [{ command: [/ready] }]
    hooks: { init: [{ command: [migrate] }] }
  db: { image: "db:1", user: "5", secrets: [key] }
  web: { image: "web:1", user: "5" }
secrets: { key: { generate: true } }
targets: { k8s: { namespace: shop } }
`

// TestServedPod: the server of a config is a sidecar container that is up before whatever may ask it; each container that
// has the password is told where to ask; nothing of the server's own is in a container of the service.
func TestServedPod(t *testing.T) {
	set := compileText(t, servedShop).Targets[0].Set
	var d appsv1.Deployment // as it is: the order of containers counts
	if err := yaml.UnmarshalStrict(set.Get("api/deployment.yaml").Data, &d); err != nil {
		t.Fatal(err)
	}
	pod := d.Spec.Template.Spec
	var order []string
	for _, c := range pod.InitContainers {
		order = append(order, c.Name)
	}
	if want := []string{"octo-config", "preflight", "wait-api-init", "pre-start"}; !slices.Equal(order, want) {
		t.Fatalf("the containers before the service are %v, want %v", order, want)
	}
	server := pod.InitContainers[0]
	if server.RestartPolicy == nil || *server.RestartPolicy != corev1.ContainerRestartPolicyAlways || server.StartupProbe == nil {
		t.Errorf("no sidecar container: %v, %v", server.RestartPolicy, server.StartupProbe)
	}
	mounted := func(c corev1.Container) map[string]bool {
		out := map[string]bool{}
		for _, m := range c.VolumeMounts {
			out[m.MountPath] = !m.ReadOnly
		}
		return out
	}
	if m := mounted(server); len(m) != 4 || !m["/var/lib/octo"] || !m["/run/octo"] || m["/etc/octo"] || m["/run/secrets"] {
		t.Errorf("the server mounts %v", m)
	}
	for _, c := range []corev1.Container{pod.InitContainers[1], pod.InitContainers[3], pod.Containers[0]} {
		env := map[string]string{}
		for _, e := range c.Env {
			env[e.Name] = e.Value
		}
		if env["CONFIG"] != "https://127.0.0.1:8627/v1/config/api" || env["CONFIG_USER"] != "api" ||
			env["CONFIG_PASSWORD_FILE"] != "/run/secrets/config-password" || env["CONFIG_CA_FILE"] != "/run/octo/ca.pem" {
			t.Errorf("%s has %v", c.Name, env)
		}
		m := mounted(c)
		if writes, ok := m["/run/octo"]; !ok || writes {
			t.Errorf("%s mounts /run/octo: %v, for writing: %v", c.Name, ok, writes)
		}
		for _, own := range []string{"/etc/octo", "/var/lib/octo"} {
			if _, ok := m[own]; ok {
				t.Errorf("%s mounts %s", c.Name, own)
			}
		}
	}
	for _, file := range []string{"db/deployment.yaml", "web/deployment.yaml"} {
		if pod := decodeDeployment(t, set.Get(file).Data).Spec.Template.Spec; len(pod.InitContainers) != 0 {
			t.Errorf("%s: %s", file, pod.InitContainers[0].Name)
		}
	}
}

// TestServedSpec: the sidecar can read its spec, every file that it names is mounted, and a secret of the config is read
// where it stands, by its JSON pointer.
func TestServedSpec(t *testing.T) {
	set := compileText(t, servedShop).Targets[0].Set
	var files corev1.ConfigMap
	if err := yaml.UnmarshalStrict(set.Get("api/configmap.yaml").Data, &files); err != nil {
		t.Fatal(err)
	}
	run, err := spec.ParseRun([]byte(files.Data["octo-run.json"]))
	if err != nil {
		t.Fatal(err)
	}
	pod := decodeDeployment(t, set.Get("api/deployment.yaml").Data).Spec.Template.Spec
	folders := map[string]corev1.Volume{}
	for _, m := range pod.InitContainers[0].VolumeMounts {
		i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		folders[m.MountPath] = pod.Volumes[i]
	}
	there := map[string]bool{}
	for _, item := range folders["/etc/octo"].ConfigMap.Items {
		there["/etc/octo/"+item.Path] = files.Data[item.Key] != ""
	}
	for _, source := range folders["/run/secrets"].Projected.Sources {
		there["/run/secrets/"+source.Secret.Items[0].Path] = true
	}
	s := run.Serve.Services[0]
	if len(s.Secrets) != 1 || s.Secrets[0].Name != "key" || !slices.Equal(s.Secrets[0].At, []string{"/a~1b/0"}) {
		t.Fatalf("secrets: %+v", s.Secrets)
	}
	for _, file := range []string{"/etc/octo/run.json", s.Config, s.Password, s.Secrets[0].File} {
		if !there[file] {
			t.Errorf("%s is not mounted: %v", file, there)
		}
	}
}

// TestServedChange: another value restarts the pods that read it, and nothing else.
func TestServedChange(t *testing.T) {
	before := compileText(t, servedShop).Targets[0].Set
	after := compileText(t, strings.Replace(servedShop, "LEVEL", "debug", 1)).Targets[0].Set
	var changed []string
	for _, f := range after.Files() {
		if old := before.Get(f.Path); old == nil || string(old.Data) != string(f.Data) {
			changed = append(changed, f.Path)
		}
	}
	for _, path := range changed {
		switch path {
		case "api/deployment.yaml", "api/configmap.yaml", "api-init/configmap.yaml", "api-init/job.yaml", "api/role.yaml", "APPLY.md":
		default:
			t.Errorf("%s changes", path)
		}
	}
	name := func(data []byte) string {
		return regexp.MustCompile(`(?m)^  name: (.*)$`).FindStringSubmatch(string(data))[1]
	}
	if a, b := name(before.Get("api/configmap.yaml").Data), name(after.Get("api/configmap.yaml").Data); a == b {
		t.Errorf("the ConfigMap is %s both times", a)
	}
}

// TestGenerateCommand runs the command of APPLY.md: it makes the Secret once, of 64 hexadecimal digits, and prints
// nothing; where there is no random value it makes none.
func TestGenerateCommand(t *testing.T) {
	page := string(compileText(t, servedShop).Targets[0].Set.Get("APPLY.md").Data)
	command := regexp.MustCompile(`(?m)^kubectl -n shop get secret shop\.key .*$`).FindString(page)
	if command == "" {
		t.Fatal(page)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("sh is not there")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	script := func(name, text string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// A cluster of one folder: get looks for the file, create makes it of its input and keeps its words.
	script("kubectl", `case "$3" in
get) [ -e secret ] ;;
create) printf "%s\n" "$*" >>words; [ ! -e secret ] && cat >secret ;;
esac
`)
	apply := func() (string, error) {
		cmd := exec.Command(sh, "-c", command)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	secret := filepath.Join(dir, "secret")
	script("od", "exit 1\n")
	if out, err := apply(); err == nil {
		t.Errorf("a failure is not told: %q", out)
	}
	if _, err := os.Stat(secret); err == nil {
		t.Error("a Secret without a value is made")
	}
	if err := os.Remove(filepath.Join(bin, "od")); err != nil {
		t.Fatal(err)
	}
	out, err := apply()
	first, _ := os.ReadFile(secret)
	if err != nil || out != "" || !regexp.MustCompile(`^[0-9a-f]{64}$`).Match(first) {
		t.Fatalf("%v, output %q, value of %d bytes", err, out, len(first))
	}
	if out, err := apply(); err != nil || out != "" {
		t.Errorf("the second time: %v, %q", err, out)
	}
	again, _ := os.ReadFile(secret)
	words, _ := os.ReadFile(filepath.Join(dir, "words"))
	if string(again) != string(first) || strings.Count(string(words), "\n") != 1 || strings.Contains(string(words), string(first)) {
		t.Errorf("it is made again, or the value is on the command line: %s", words)
	}
}

// TestServedOrigins: lines of the server lead to what asks for it.
func TestServedOrigins(t *testing.T) {
	set := compileText(t, servedShop).Targets[0].Set
	const from = "services.api.config.deliver.url"
	for _, c := range []struct{ file, line string }{
		{"api/deployment.yaml", "- name: octo-config"}, {"api/deployment.yaml", "name: CONFIG,"}, {"api/deployment.yaml", "mountPath: /run/octo, readOnly"},
		{"api/configmap.yaml", "octo-run.json:"}, {"api/configmap.yaml", "octo-config.json:"},
	} {
		f := set.Get(c.file)
		lines := strings.Split(string(f.Data), "\n")
		if !slices.ContainsFunc(f.Origins, func(o tree.Origin) bool {
			return strings.Contains(lines[o.Line-1], c.line) && o.From.String() == from
		}) {
			t.Errorf("%s: %q does not lead to %s", c.file, c.line, from)
		}
	}
}
