package octoctl

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// folder is the files below dir, whose names begin with prefix, and octo.yaml, which is the example.
func folder(t *testing.T, dir, prefix, example string) disk {
	t.Helper()
	d := disk{}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(p) != ".yaml" {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(p)
		d[prefix+filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d["octo.yaml"] = d[prefix+example]
	return d
}

// TestBoard converts our own chart, and compiles it for all targets.
func TestBoard(t *testing.T) {
	root, ds, c := convert(t, folder(t, "../../../testdata/octoctl", "charts.example.com/", "examples/board.yaml"))
	want := `charts.example.com/apps/board/config/frontend.yaml:24:7: warning: services.frontend.depends_on.ingress: frontend does not wait for "ingress", which is left out [unknown-service] (charts.example.com/apps/board/config/frontend.yaml:38:3: it stands here) help: delete the dependency
charts.example.com/apps/board/config/frontend.yaml:38:3: warning: services.ingress: left out: nothing says what it runs, neither an image nor a program [required] help: add repos: { services: { ingress: { docker: { registry: …, image: …, tag: … } } } }, or delete it
octo.yaml:19:3: note: octoctl.operator: chooses no backend: octo compiles for every target [unsupported] help: octo compile -t TARGET chooses
`
	if got := messages(ds); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	read := 0
	for range c.files {
		read++
	}
	if read != 8 {
		t.Errorf("%d files were read; want 8: config.yaml counts once", read)
	}
	for path, want := range map[string]string{
		"name":                            `"board01"`,
		"services.backend.image":          `"localhost/kit-app:1"`,
		"services.backend.environment":    `{APP_DB: "database:5432", BOARD_TITLE: "Our board: 50% done", BOARD_FLAGS: "signup", BOARD_MAX_UPLOAD: 10485760, BOARD_MAIL: false, BOARD_MAIL_PORT: 587, BOARD_TELEMETRY: false}`,
		"services.database.environment":   `["APP_DATA=/data", "DATABASE_TITLE=shared"]`,
		"services.database.volumes":       `["database:/data"]`,
		"services.cache.healthcheck.test": `["CMD", "/app", "probe", "http", "http://127.0.0.1:8079/healthz"]`,
		"services.cache.networks":         `["board"]`,
		"services.frontend.depends_on":    `{backend: {condition: "service_healthy"}, worker: {condition: "service_started"}}`,
		"services.ingress":                "-",
		"networks":                        "{board: null}",
		"configs":                         "-",
		"repos":                           "-",
		"octoctl":                         "-",
	} {
		if got := part(t, root, path); got != want {
			t.Errorf("%s: %s; want %s", path, got, want)
		}
	}
	if _, said := compiled(t, root); strings.Contains(said, "error:") {
		t.Errorf("does not compile:\n%s", said)
	}
}

// published is a folder with the charts of github.com/octocompose/charts, and what octoctl makes of them in golden/.
var published = flag.String("charts", "", "a folder with octoctl's published charts, to be held against what octoctl makes of them")

// TestCharts compares what charts mean to Compose with what octoctl's own output means: ours, and with -charts the
// published ones, unchanged.
func TestCharts(t *testing.T) {
	ours(t, "../../../testdata/octoctl", "charts.example.com/", "board", "init", "cap_drop", "security_opt")
	if *published != "" {
		ours(t, *published, "raw.githubusercontent.com/octocompose/charts/refs/heads/main/", "penpot")
	}
}

// ours holds one example against its golden file. Beside the bounds on logs, which are octo's own default, hardened are
// fields that octo adds where an image's user is known.
func ours(t *testing.T, dir, prefix, example string, hardened ...string) {
	t.Helper()
	root, ds, _ := convert(t, folder(t, dir, prefix, "examples/"+example+".yaml"))
	if said := messages(ds); strings.Contains(said, "error:") {
		t.Errorf("said\n%s", said)
	}
	text, said := compiled(t, root)
	if strings.Contains(said, "error:") {
		t.Fatalf("does not compile:\n%s", said)
	}
	golden, err := os.ReadFile(filepath.Join(dir, "golden", example+".compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	have, want := meaning(t, text), meaning(t, string(golden))
	ignored := []string{"Logging"}
	for _, name := range hardened {
		ignored = append(ignored, map[string]string{"init": "Init", "cap_drop": "CapDrop", "security_opt": "SecurityOpt"}[name])
	}
	opts := []cmp.Option{cmpopts.EquateEmpty(), cmpopts.IgnoreFields(types.Project{}, "WorkingDir", "ComposeFiles", "Environment", "Extensions"),
		cmpopts.IgnoreFields(types.ContainerSpec{}, ignored...)}
	if d := cmp.Diff(want, have, opts...); d != "" {
		t.Errorf("%s means something else (-octoctl +octo):\n%s", example, d)
	}
	if len(have.Services) != 5 {
		t.Errorf("services %v", have.ServiceNames())
	}
}

// meaning is a Compose file as Compose reads it.
func meaning(t *testing.T, text string) *types.Project {
	t.Helper()
	p, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir: "/w", ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: []byte(text)}},
	}, func(o *loader.Options) { o.SkipResolveEnvironment = true; o.SetProjectName("x", false) })
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, s := range p.Services {
		for name, n := range s.Networks {
			if n == nil {
				s.Networks[name] = &types.ServiceNetworkConfig{}
			}
		}
		for i := range s.Volumes {
			if v := s.Volumes[i].Volume; v != nil && v.Subpath == "" && !v.NoCopy && len(v.Labels) == 0 {
				s.Volumes[i].Volume = nil
			}
		}
	}
	return p
}
