package fetch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/runtime/spec"
)

// names of what lies in dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// The newest stay; what is not ours, is another folder by now, has a link to it, or is in use stays too.
func TestKeep(t *testing.T) {
	srv := serve(t, []byte(text))
	for _, c := range []struct {
		name   string
		before func(t *testing.T, dir string) error // between the fetch of v3 and that of v4, which keeps one
		inUse  func(string) (bool, error)
		want   string
		said   string
	}{
		{"the newest", nil, nil, ".fetched v3 v4", ""},
		{"one of somebody else", func(_ *testing.T, dir string) error { return os.Mkdir(dir+"/mine", 0o755) }, nil, ".fetched mine v3 v4", ""},
		{"another folder by now", func(_ *testing.T, dir string) error {
			return errors.Join(os.Rename(dir+"/v1", dir+"/moved"), os.Mkdir(dir+"/v1", 0o755))
		}, nil, ".fetched moved v1 v3 v4", ""},
		{"a link in its place", func(_ *testing.T, dir string) error {
			return errors.Join(os.Rename(dir+"/v1", dir+"/moved"), os.Symlink("moved", dir+"/v1"))
		}, nil, ".fetched moved v1 v3 v4", ""},
		{"a link to it", func(_ *testing.T, dir string) error { return os.Symlink("v1/worker", dir+"/current") }, nil, ".fetched current v1 v3 v4", "v1 stays: it is in use"},
		{"an absolute link to it", func(_ *testing.T, dir string) error { return os.Symlink(dir+"/v1", dir+"/current") }, nil, ".fetched current v1 v3 v4", "v1 stays: it is in use"},
		{"in use", nil, func(dir string) (bool, error) { return strings.HasSuffix(dir, "/v2"), nil }, ".fetched v2 v3 v4", "v2 stays: it is in use"},
		{"nobody knows", nil, func(string) (bool, error) { return false, errors.New("cannot see what runs") }, ".fetched v1 v2 v3 v4", "v1 stays: cannot see what runs"},
		{"the list is lost", func(_ *testing.T, dir string) error { return os.WriteFile(dir+"/.fetched", []byte("[{"), 0o600) }, nil, ".fetched v1 v2 v3 v4", ""},
		{"the list lies", func(_ *testing.T, dir string) error {
			return os.WriteFile(dir+"/.fetched", []byte(`[{"name":"..","inode":1},{"name":"../x","inode":1},{"name":"v1","inode":1},{"name":"v2"}]`), 0o600)
		}, nil, ".fetched v1 v2 v3 v4", ""},
		{"work of a run that was killed", func(_ *testing.T, dir string) error { return os.MkdirAll(dir+"/.fetch-v0/tree", 0o755) }, nil, ".fetched v3 v4", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			said := ""
			fetch := func(v string, keep int) {
				f := specOf(dir+"/"+v, spec.Artifact{URL: srv.URL, SHA256: hexSum([]byte(text))})
				f.Keep = keep
				o := options(t, srv)
				o.Say = func(line string) { said += line + "\n" }
				if o.inUse = c.inUse; c.inUse == nil {
					o.inUse = func(string) (bool, error) { return false, nil }
				}
				if err := Run(t.Context(), f, o); err != nil {
					t.Fatal(err)
				}
			}
			for _, v := range []string{"v1", "v2", "v3"} {
				fetch(v, 9)
			}
			if c.before != nil {
				if err := c.before(t, dir); err != nil {
					t.Fatal(err)
				}
			}
			fetch("v4", 1)
			if got := strings.Join(names(t, dir), " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if !strings.Contains(said, c.said) {
				t.Errorf("said %q, want %q", said, c.said)
			}
		})
	}
}

// Without Keep nothing is noted and nothing is removed; what was put there then is not ours later.
func TestKeepAll(t *testing.T) {
	srv := serve(t, []byte(text))
	dir := t.TempDir()
	for i, v := range []string{"v1", "v2", "v3"} {
		f := specOf(dir+"/"+v, spec.Artifact{URL: srv.URL, SHA256: hexSum([]byte(text))})
		f.Keep = i / 2
		if err := Run(t.Context(), f, options(t, srv)); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{".fetched", "v1", "v2", "v3"}) {
		t.Errorf("%q", got)
	}
}

// A process that runs a program of the folder, works in it, or has it in its arguments is seen; others are not.
func TestProcesses(t *testing.T) {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("no /proc")
	}
	dir := t.TempDir()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no sleep")
	}
	if sleep, err = filepath.EvalSymlinks(sleep); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/sleep", data, 0o755); err != nil {
		t.Fatal(err)
	}
	script := dir + "/script"
	if err := os.WriteFile(script, []byte("echo; read line\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cmd  *exec.Cmd
		want bool
	}{
		{"runs", exec.Command(dir+"/sleep", "300"), true},
		{"works in it", &exec.Cmd{Path: sleep, Args: []string{"sleep", "300"}, Dir: dir}, true},
		{"has it in its arguments", exec.Command("/bin/sh", script), true},
		{"another", &exec.Cmd{Path: sleep, Args: []string{"sleep", "300"}, Dir: "/"}, false},
	} {
		in, err := c.cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.cmd.Start(); err != nil { // returns when it runs
			t.Fatal(err)
		}
		got, err := processes("/proc", dir)
		if got != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
		_ = in.Close()
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	}
	if got, err := processes(t.TempDir(), dir); got || err == nil {
		t.Errorf("a /proc without processes: %v, %v", got, err)
	}
	if got, err := processes("/nowhere", dir); got || err == nil {
		t.Errorf("no /proc: %v, %v", got, err)
	}
}
