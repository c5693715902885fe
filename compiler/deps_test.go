package compiler_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// policy is who may import whom. A line is "package: packages of ours it may import directly"; what is not named is
// banned. The packages stand lowest first, and a package may only name those above it, so that there is no way back.
const policy = `
schema:
compiler/source:
compiler/tree: compiler/source
compiler/diag: compiler/source compiler/tree
compiler/remote:
compiler/store:
compiler/lock: compiler/source compiler/tree compiler/diag compiler/store
compiler/pin: compiler/source compiler/tree compiler/diag compiler/remote compiler/store compiler/lock
compiler/frontend: compiler/source compiler/tree compiler/diag
compiler/parse: compiler/source compiler/tree compiler/diag
compiler/doc: compiler/tree
compiler/shape: schema compiler/source compiler/tree compiler/diag compiler/doc
compiler/interpolate: compiler/source compiler/tree compiler/diag
compiler/template: compiler/source compiler/tree compiler/diag
compiler/frontend/octoctl: compiler/source compiler/tree compiler/diag compiler/template compiler/frontend
compiler/canon: compiler/source compiler/tree compiler/diag compiler/shape compiler/remote
compiler/merge: compiler/source compiler/tree compiler/diag compiler/shape
compiler/load: compiler/source compiler/tree compiler/diag compiler/remote compiler/lock compiler/frontend compiler/template compiler/parse compiler/shape compiler/interpolate compiler/canon compiler/merge
compiler/edit: compiler/source compiler/tree compiler/diag compiler/parse
compiler/upgrade: compiler/source compiler/tree compiler/diag compiler/parse compiler/shape compiler/edit compiler/remote
compiler/settle: compiler/source compiler/tree compiler/diag compiler/shape compiler/doc compiler/template
compiler/expand: compiler/source compiler/tree compiler/diag
compiler/model: compiler/source compiler/tree
compiler/check: compiler/source compiler/tree compiler/diag compiler/shape compiler/model
compiler/resolve: compiler/source compiler/tree compiler/diag compiler/shape compiler/model
compiler/support: compiler/source compiler/tree compiler/diag compiler/model compiler/doc
compiler/artifact: compiler/tree
compiler/emit: compiler/artifact compiler/source compiler/tree compiler/diag compiler/doc
runtime/spec:
compiler/monitor: compiler/source compiler/tree compiler/diag compiler/model compiler/support runtime/spec
backends/systemd: compiler/source compiler/tree compiler/diag compiler/model compiler/support compiler/monitor compiler/doc compiler/artifact runtime/spec
backends/compose: compiler/source compiler/tree compiler/diag compiler/model compiler/support compiler/monitor compiler/doc compiler/artifact runtime/spec
backends/k8s: compiler/source compiler/tree compiler/diag compiler/model compiler/support compiler/monitor compiler/doc compiler/artifact runtime/spec
compiler: schema compiler/source compiler/tree compiler/diag compiler/shape compiler/frontend compiler/load compiler/settle compiler/expand compiler/model compiler/check compiler/resolve compiler/support compiler/artifact
compiler/fetch/guard:
compiler/fetch/https: compiler/fetch/guard
compiler/fetch/git: compiler/fetch/guard
compiler/fetch/oci: compiler/fetch/guard
compiler/fetch: compiler/remote compiler/fetch/guard compiler/fetch/https compiler/fetch/git compiler/fetch/oci
runtime/install:
runtime/trust:
runtime/engine:
runtime/probe: runtime/engine
runtime/wait: runtime/probe
runtime/watch: runtime/probe
runtime/preflight: runtime/probe
runtime/fetch: runtime/spec
runtime/secret:
runtime/service:
runtime/serve: runtime/spec
runtime/act: runtime/spec runtime/engine
runtime/schedule: runtime/spec runtime/probe runtime/act
runtime/notify: runtime/spec runtime/probe
runtime/observe: runtime/spec
internal/gates:
internal/vendors: internal/gates
internal/synth:
internal/floor: internal/synth
internal/e2e:
internal/e2e/app:
internal/e2e/image:
docs:
cmd/octo: *
cmd/octo-sidecar: runtime/spec runtime/install runtime/probe runtime/wait runtime/watch runtime/preflight runtime/fetch runtime/secret runtime/service runtime/serve runtime/act runtime/schedule runtime/notify runtime/observe runtime/trust
`

// bans are modules that only the packages named may import, directly, with the reason.
var bans = []struct {
	module string
	only   []string
	why    string
}{
	{"cuelang.org/go", []string{"compiler/shape"}, "evaluating CUE costs 1.5 ms a service and words errors badly; shapes stand for it"},
	{"go.yaml.in/yaml", []string{"compiler/parse", "internal/floor"}, "there is one YAML reader, with one set of limits, and positions survive it"},
	{"sigs.k8s.io/yaml", []string{"backends/k8s"}, "only for reading manifests back strictly; it cannot give positions"},
	{"k8s.io/", []string{"backends/k8s"}, "the Kubernetes API is one target among others"},
	{"github.com/coreos/go-systemd", []string{"backends/systemd", "runtime/act"}, "units are one target among others"},
	{"github.com/compose-spec/compose-go", nil, "it costs 5 ms at each start of the process; tests hold our output against it"},
	{"github.com/hashicorp/", []string{"runtime/secret"}, "values of secrets exist at run time only: nothing that compiles can ask for one"},
	{"oras.land/oras-go", []string{"compiler/fetch/oci", "internal/vendors"}, "what speaks to a registry is guarded in one place"},
	{"github.com/prometheus/", []string{"runtime/observe"}, "who is observed hands over functions, and knows no library of metrics"},
	{"golang.org/x/crypto", []string{"runtime/trust"}, "the standard library has what we need, but for a list of authorities"},
	{"github.com/klauspost/", []string{"runtime/fetch"}, "archives alone are unpacked"},
	{"github.com/spf13/cobra", []string{"cmd/octo"}, "flags are the command's; the sidecar makes do with pflag"},
	{"github.com/spf13/pflag", []string{"cmd/octo", "cmd/octo-sidecar"}, "flags are the command's"},
}

const module = "github.com/octocompose/octocompose/"

// The order of the packages is the architecture; a cycle of thought shows here before it shows in a review.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{range .Imports}} {{.}}{{end}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("cannot list the packages: %v", err)
	}
	allowed, order := map[string][]string{}, []string{}
	for line := range strings.Lines(strings.TrimSpace(policy)) {
		name, list, _ := strings.Cut(strings.TrimSpace(line), ":")
		allowed[name] = strings.Fields(list)
		for _, p := range allowed[name] {
			if p != "*" && !slices.Contains(order, p) {
				t.Errorf("the policy lets %s import %s, which does not stand above it", name, p)
			}
		}
		order = append(order, name)
	}
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		name := strings.TrimPrefix(path, module)
		list, known := allowed[name]
		if !known {
			t.Errorf("%s is not in the policy: say in it where the package belongs", name)
			continue
		}
		for _, imp := range strings.Fields(imports) {
			if ours, ok := strings.CutPrefix(imp, module); ok {
				if !slices.Contains(list, ours) && !slices.Contains(list, "*") {
					t.Errorf("%s imports %s; the policy does not let it", name, ours)
				}
				continue
			}
			for _, b := range bans {
				if strings.HasPrefix(imp, b.module) && !slices.Contains(b.only, name) {
					t.Errorf("%s imports %s: %s", name, imp, b.why)
				}
			}
		}
	}
}

// The sidecar stays small: no CUE, no Kubernetes API, nothing of the compiler, however indirect.
func TestSidecarStaysSmall(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", module+"cmd/octo-sidecar").Output()
	if err != nil {
		t.Fatalf("cannot list the packages: %v", err)
	}
	for dep := range strings.Lines(string(out)) {
		dep = strings.TrimSpace(dep)
		for _, banned := range []string{"cuelang.org/", "k8s.io/", module + "compiler", module + "backends", "github.com/compose-spec/", "go.yaml.in/"} {
			if strings.HasPrefix(dep, banned) {
				t.Errorf("octo-sidecar links %s", dep)
			}
		}
	}
}

// Compile is a pure function of what it reads: nothing of ours that it is made of can open a connection or start a program.
func TestOffline(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{range .Imports}} {{.}}{{end}}`, module+"compiler/...", module+"backends/...").Output()
	if err != nil {
		t.Fatalf("cannot list the packages: %v", err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		name := strings.TrimPrefix(path, module)
		if name == "compiler/fetch" || strings.HasPrefix(name, "compiler/fetch/") {
			continue
		}
		n++
		for _, imp := range strings.Fields(imports) {
			if name == "compiler/model" && imp == "net" { // JoinHostPort
				continue
			}
			if slices.Contains([]string{"net", "net/http", "crypto/tls", "os/exec", "os/user", "math/rand", "crypto/rand"}, imp) || strings.HasSuffix(imp, "/compiler/fetch") {
				t.Errorf("%s imports %s: only compiler/fetch may use the network or start programs, and nothing is random", name, imp)
			}
		}
	}
	if n < 20 {
		t.Errorf("%d packages were looked at", n)
	}
}
