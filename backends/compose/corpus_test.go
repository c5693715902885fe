package compose

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/sirupsen/logrus"
)

// corpusDir is a folder of Compose projects of other people, for TestCorpus.
var corpusDir = flag.String("corpus", "../../testdata/corpus", "hold the Compose files below this `folder` to the round trip")

// generate is how many files TestGenerated writes.
var generate = flag.Int("generate", 300, "how many `files` to generate for the round trip")

func TestMain(m *testing.M) {
	flag.Parse()
	logrus.SetOutput(io.Discard) // compose-go warns of each variable that is not set
	dotenv.RegisterFormat("raw", raw)
	os.Exit(m.Run())
}

// raw reads a file of variables as docker compose does for format: raw; compose-go leaves that to its caller.
func raw(r io.Reader, _ string, vars map[string]string, _ func(string) (string, bool)) error {
	data, err := io.ReadAll(r)
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			vars[key] = value
		}
	}
	return err
}

// cases are the files of our own corpus.
func cases(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("cannot find the corpus: %v", err)
	}
	return files
}

// unpack writes the files of a case into a folder of its own, and returns the folder.
func unpack(t testing.TB, file string) string {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(file), ".txtar"))
	for _, f := range ar.Files {
		write(t, filepath.Join(dir, f.Name), f.Data)
	}
	return dir
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// sources are the Compose files of a folder: the first that Compose looks for, and its override.
func sources(dir string) []string {
	for _, name := range []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			continue
		}
		out := []string{name}
		base := strings.TrimSuffix(name, filepath.Ext(name))
		for _, ext := range []string{".yml", ".yaml"} {
			if _, err := os.Stat(filepath.Join(dir, base+".override"+ext)); err == nil {
				out = append(out, base+".override"+ext)
				break
			}
		}
		return out
	}
	return nil
}

// theirLoad is what compose-go makes of files in dir, with every profile on. The .env is that of env, as that is where
// APPLY.md lets Compose find it.
func theirLoad(dir, env string, files ...string) (p *types.Project, err error) {
	defer func() {
		if r := recover(); r != nil { // compose-go panics on some values
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	for i, f := range files {
		files[i] = filepath.Join(dir, f)
	}
	opts := []cli.ProjectOptionsFn{
		cli.WithWorkingDirectory(dir),
		cli.WithDefaultProfiles("*"),
	}
	if dotenv := filepath.Join(env, ".env"); exists(dotenv) {
		opts = append(opts, cli.WithEnvFiles(dotenv), cli.WithDotEnv)
	}
	o, err := cli.NewProjectOptions(files, opts...)
	if err != nil {
		return nil, err
	}
	return o.LoadProject(context.Background())
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// TestCorpusLoads holds each case to be a Compose project: the round trip means nothing for one that is not.
func TestCorpusLoads(t *testing.T) {
	for _, file := range cases(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			dir := unpack(t, file)
			if _, err := theirLoad(dir, dir, slices.Clone(sources(dir))...); err != nil {
				t.Errorf("compose-go: %v", err)
			}
		})
	}
}

// projects are the projects in a folder: the files that Compose looks for, and each other YAML file by itself.
func projects(dir string) [][]string {
	var out [][]string
	usual := sources(dir)
	if usual != nil {
		out = append(out, usual)
	}
	for _, pattern := range []string{"*.yml", "*.yaml"} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range names {
			if base := filepath.Base(name); !slices.Contains(usual, base) {
				out = append(out, []string{base})
			}
		}
	}
	return out
}

// TestCorpus holds the Compose projects below -corpus to the round trip. What compose-go itself refuses counts as refused.
func TestCorpus(t *testing.T) {
	good, refused := 0, 0
	real := findCompose(t)
	root, err := filepath.Abs(*corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(dir string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		for _, files := range projects(dir) {
			name, _ := filepath.Rel(root, filepath.Join(dir, files[0]))
			t.Run(name, func(t *testing.T) {
				diff, err := roundTrip(t, dir, files)
				switch {
				case err != nil && strings.HasPrefix(err.Error(), refusedSources):
					refused++
				case err != nil:
					t.Error(err)
				case diff != "":
					t.Errorf("(-sources +output)\n%s", diff)
				default:
					good++
					if out, need, err := output(t, dir, files); real != nil && err == nil {
						if err := real.takes(out, need); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if good == 0 {
		t.Errorf("no project below %s", root)
	}
	t.Logf("%d projects equal, %d that compose-go refuses", good, refused)
}
