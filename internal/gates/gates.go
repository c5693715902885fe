// Package gates holds what we make against the platforms' own tools, offline: Quadlet's generator and
// systemd-analyze verify, docker compose config, kubeconform with strict schemas.
//
// In: the folder of a target's output. Out: nil, or what the tool said: any finding is a failure, whatever the exit
// status. The tools are brought by tools/install; [Missing] says which are not there. Nothing is started and
// nothing outside a temporary folder is written.
//
//	if err := gates.Run(ctx, "k8s", "out/k8s"); err != nil { … }
package gates

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Dir is where tools/install puts the tools: $OCTO_TOOLS, or ~/.cache/octocompose/tools.
func Dir() string {
	if d := os.Getenv("OCTO_TOOLS"); d != "" {
		return d
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.FromSlash("/nonexistent")
	}
	return filepath.Join(home, ".cache", "octocompose", "tools")
}

// parts are what the gate of each backend, and the test of the program sops, needs, below Dir.
var parts = []struct{ backend, path string }{
	{"compose", "bin/docker-compose"},
	{"k8s", "bin/kubeconform"},
	{"k8s", "schemas"},
	{"systemd", "quadlet-root"},
	{"registry", "bin/registry"},
	{"sops", "bin/sops"},
	{"sops", "bin/age-keygen"},
}

// Missing names what the gate of a backend, or the test of the program sops, needs and does not have, with what to do;
// "": it can run. So for registry (an OCI registry) and git (with git http-backend), which tests fetch from, and for
// haproxy, which a test drains.
func Missing(backend string) string {
	for _, p := range parts {
		if p.backend != backend {
			continue
		}
		if _, err := os.Stat(filepath.Join(Dir(), p.path)); err != nil {
			return filepath.Join(Dir(), p.path) + " is not there: run tools/install"
		}
	}
	if backend == "git" {
		out, err := exec.Command("git", "--exec-path").Output()
		if err == nil {
			_, err = os.Stat(filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"))
		}
		if err != nil {
			return "git with git-http-backend is not there: run tools/install apt"
		}
	}
	if backend == "haproxy" && HAProxy() == "" {
		return "the program haproxy is not there: run tools/install apt"
	}
	if backend == "systemd" && os.Geteuid() != 0 {
		return "the gate of systemd mounts an overlay: run as root"
	}
	return ""
}

// HAProxy is the path of HAProxy, "" without: in PATH, or where Debian has it, which is in root's PATH only.
func HAProxy() string {
	for _, p := range []string{"haproxy", "/usr/sbin/haproxy"} {
		if found, err := exec.LookPath(p); err == nil {
			return found
		}
	}
	return ""
}

// Run holds the output of a backend in dir against the platform's own tool.
func Run(ctx context.Context, backend, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	switch backend {
	case "compose":
		return compose(ctx, dir)
	case "k8s":
		return kubernetes(ctx, dir)
	case "systemd":
		return systemd(ctx, dir)
	}
	return fmt.Errorf("no gate is called %q", backend)
}

// compose asks docker compose whether it can read the project. A warning is a finding.
func compose(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(Dir(), "bin", "docker-compose"), "-f", filepath.Join(dir, "compose.yaml"), "--profile", "*", "config", "-q")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()} // no COMPOSE_ variables of the caller
	return findings(cmd, false)
}

// ours are schemas of kinds that Kubernetes itself does not have, of the fields that we write, by their file name in
// kubeconform's template.
//
//go:embed externalsecret-external-secrets-v1.json
var ours embed.FS

// kubernetes holds every manifest against the strict schema of its kind; a kind without a schema is a failure.
func kubernetes(ctx context.Context, dir string) error {
	more, err := os.MkdirTemp("", "octo-schemas")
	if err != nil {
		return err
	}
	defer os.RemoveAll(more)
	if err := os.CopyFS(more, ours); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(Dir(), "bin", "kubeconform"), "-strict", "-summary",
		"-ignore-filename-pattern", `kustomization\.yaml`, "-ignore-filename-pattern", `APPLY\.md`, "-ignore-filename-pattern", `\.octo-manifest`,
		"-schema-location", filepath.Join(Dir(), "schemas")+"/{{.ResourceKind}}{{.KindSuffix}}.json",
		"-schema-location", more+"/{{.ResourceKind}}{{.KindSuffix}}.json", dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Invalid: 0, Errors: 0, Skipped: 0")) || !bytes.Contains(out, []byte("Summary: ")) || bytes.Contains(out, []byte("Summary: 0 ")) {
		return fmt.Errorf("kubeconform: %v\n%s", err, out)
	}
	return nil
}

//go:embed systemd.sh
var systemdScript string

// systemd runs Quadlet's generator and systemd-analyze verify of a Debian 13 over the units, in an overlay over that
// root, where programs that units start and that are not there are empty files.
func systemd(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--propagation", "private", "bash", "-euc", systemdScript, "gate",
		filepath.Join(Dir(), "quadlet-root"), filepath.Join(dir, "etc"))
	return findings(cmd, true)
}

// findings is what cmd printed, as an error: on stderr, and where stdout counts on stdout too.
func findings(cmd *exec.Cmd, stdout bool) error {
	var out bytes.Buffer
	cmd.Stderr = &out
	if stdout {
		cmd.Stdout = &out
	}
	err := cmd.Run()
	if text := strings.TrimSpace(out.String()); err != nil || text != "" {
		return fmt.Errorf("%s: %v\n%s", filepath.Base(cmd.Path), err, text)
	}
	return nil
}
