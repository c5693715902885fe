package compiler_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler"
)

const example = "../examples/tracker"

// digest is every byte of an output, in order.
func digest(r *compiler.Result) string {
	var b bytes.Buffer
	for _, f := range outputs(r) {
		fmt.Fprintf(&b, "-- %s --\n%s", f.Name, f.Data)
	}
	return b.String()
}

// A comment, an empty line or another indentation in a source changes no output.
func TestCommentsChangeNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	before := digest(compileDir(t, dir, compiler.Options{}))
	for _, name := range []string{"octo.yaml", "vendor/tracker.yaml"} {
		p := filepath.Join(dir, name)
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		text := "# another comment\n\n" + strings.ReplaceAll(string(data), "\n", "\n\n") + "# the end\n"
		if strings.Contains(text, "content: |") {
			text = "# another comment\n\n" + string(data) + "\n# the end\n"
		}
		writeFile(t, p, []byte(text))
	}
	if after := digest(compileDir(t, dir, compiler.Options{})); before != after {
		t.Errorf("a comment changes the output:\n%s", firstDifference([]byte(before), []byte(after)))
	}
}

// The same inputs are the same bytes, whatever the time zone, the language, the umask, the working directory, the
// number of processors and the place of the project on the disk. Another process has other map seeds.
func TestPure(t *testing.T) {
	if out := os.Getenv("OCTO_TEST_PURE"); out != "" {
		r := compileDir(t, os.Getenv("OCTO_TEST_DIR"), compiler.Options{Files: []string{os.Getenv("OCTO_TEST_FILE")}})
		writeFile(t, out, []byte(digest(r)))
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for i, env := range [][]string{
		{"TZ=UTC", "LANG=C"},
		{"TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "GOMAXPROCS=1"},
		{"TZ=America/St_Johns", "HOME=/nonexistent", "COMPOSE_PROJECT_NAME=other", "DOMAIN2=x"},
	} {
		parent := t.TempDir()
		dir := filepath.Join(parent, fmt.Sprint("copy", i))
		if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
			t.Fatal(err)
		}
		work, file := dir, "octo.yaml"
		if i == 2 { // from a folder beside it
			work, file = parent, filepath.Join(fmt.Sprint("copy", i), "octo.yaml")
		}
		out := filepath.Join(parent, "digest")
		cmd := exec.Command("sh", "-c", `umask 0`+fmt.Sprint(i*25+2)+`; exec "$0" -test.run '^TestPure$'`, exe)
		cmd.Dir = work
		cmd.Env = append(env, "OCTO_TEST_PURE="+out, "OCTO_TEST_DIR="+work, "OCTO_TEST_FILE="+file, "PATH="+os.Getenv("PATH"))
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("run %d: %v\n%s", i, err, text)
		}
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if len(got) < 1000 || !bytes.Equal(first, got) {
			t.Errorf("run %d differs:\n%s", i, firstDifference(first, got))
		}
	}
}
