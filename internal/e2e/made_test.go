//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/octocompose/octocompose/internal/e2e/image"
	"github.com/octocompose/octocompose/internal/gates"
)

// made is what is built once for all platforms.
type made struct {
	dir    string
	octo   string   // our own program
	images []string // archives
}

var builds struct {
	once sync.Once
	made *made
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if builds.made != nil {
		os.RemoveAll(builds.made.dir)
	}
	os.Exit(code)
}

// build makes the programs and the images, once.
func build(t *testing.T) *made {
	t.Helper()
	builds.once.Do(func() { builds.made, builds.err = makeAll() })
	if builds.err != nil {
		t.Fatal(builds.err)
	}
	return builds.made
}

func makeAll() (*made, error) {
	dir, err := os.MkdirTemp("", "octo-e2e-")
	if err != nil {
		return nil, err
	}
	m := &made{dir: dir, octo: filepath.Join(dir, "octo")}
	for _, p := range []string{"cmd/octo", "cmd/octo-sidecar", "internal/e2e/app"} {
		if from := os.Getenv("OCTO_E2E_BIN"); from != "" && p != "internal/e2e/app" {
			if err := os.Symlink(filepath.Join(from, filepath.Base(p)), filepath.Join(dir, filepath.Base(p))); err != nil {
				return m, err
			}
			continue
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, filepath.Base(p)), "./"+p)
		cmd.Dir = filepath.FromSlash("../..")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
		if _, err := output(cmd); err != nil {
			return m, err
		}
	}
	for _, img := range images(dir) {
		name := filepath.Join(dir, strings.ReplaceAll(filepath.Base(img.Name), ":", "-")+".tar")
		if err := archive(name, img); err != nil {
			return m, err
		}
		m.images = append(m.images, name)
	}
	return m, nil
}

// images are what the fixtures name, made of the programs in dir.
func images(dir string) []*image.Image {
	app := image.File{Path: "/app", Source: filepath.Join(dir, "app")}
	tmp := image.File{Path: "/tmp", Dir: true, Mode: 0o1777}
	return []*image.Image{
		{Name: "localhost/kit-app:1", User: "10001:10001", Entrypoint: []string{"/app"}, Files: []image.File{
			app, tmp, {Path: "/data", Dir: true, UID: 10001, GID: 10001},
		}},
		{Name: "localhost/kit-rude:1", Entrypoint: []string{"/app"}, Cmd: []string{"rude"}, Ports: []string{"80"},
			Files: []image.File{app, tmp}},
		{Name: "localhost/kit-nats:1", User: "10001:10001", Entrypoint: []string{"/nats-server"}, Ports: []string{"4222"},
			Files: []image.File{{Path: "/nats-server", Source: filepath.Join(gates.Dir(), "bin", "nats-server")}, tmp}},
		{Name: "localhost/kit-sidecar:1", User: "65532:65532", Entrypoint: []string{"/octo-sidecar"},
			Files: []image.File{{Path: "/octo-sidecar", Source: filepath.Join(dir, "octo-sidecar")}, tmp}},
		{Name: "localhost/pause:1", User: "65535:65535", Entrypoint: []string{"/app", "sleep"}, Files: []image.File{app}},
	}
}

func archive(name string, img *image.Image) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := image.Write(f, img); err != nil {
		return err
	}
	return f.Close()
}
