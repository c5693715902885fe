package fetch

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/octocompose/octocompose/runtime/spec"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// faults is a fetch that makes all kinds of changes; what it ends up with is wanted.
func faults(t *testing.T) (*httptest.Server, spec.Artifact, []string) {
	data := gz(t, tarOf(t,
		entry{name: "worker/worker", mode: 0o755, content: text},
		entry{name: "worker/lib/a", content: "a"},
		entry{name: "worker/b", kind: tar.TypeLink, content: "worker/lib/a"},
		entry{name: "worker/c", kind: tar.TypeSymlink, content: "lib/a"}))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }))
	t.Cleanup(srv.Close)
	return srv, spec.Artifact{URL: srv.URL + "/x.tar.gz", SHA256: hexSum(data), Path: "worker/worker"}, []string{
		"drwxr-xr-x .archive", "drwxr-xr-x .archive/worker", "-rw-r--r-- .archive/worker/b a", "link .archive/worker/c lib/a",
		"drwxr-xr-x .archive/worker/lib", "-rw-r--r-- .archive/worker/lib/a a", "-rwxr-xr-x .archive/worker/worker " + text,
		"link worker .archive/worker/worker"}
}

// Every change of the disk fails once, with each error: Dest is whole or not there, nothing else is left, the error is
// told, and the next run mends it.
func TestEveryFault(t *testing.T) {
	srv, a, want := faults(t)
	for _, fault := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		for n := 1; ; n++ {
			dir, count, hit := t.TempDir(), 0, ""
			o := options(t, srv)
			o.step = func(what string) error {
				if count++; count == n {
					hit = what
					return fault
				}
				return nil
			}
			f := specOf(dir+"/v1", a)
			err := Run(t.Context(), f, o)
			if hit == "" { // there are no more
				if err != nil || n < 20 {
					t.Fatalf("without a fault: %v after %d steps", err, n-1)
				}
				break
			}
			if !errors.Is(err, fault) {
				t.Errorf("%d, %s: got %v, want %v", n, hit, err, fault)
			}
			whole(t, fmt.Sprintf("%d, %s", n, hit), dir, want)
			if left := look(t, dir); len(left) != 0 && len(left) != len(want)+1 {
				t.Errorf("%d, %s: left %q", n, hit, left)
			}
			mends(t, f, options(t, srv), want)
		}
	}
}

// The process is killed before every change of the disk.
func TestEveryKill(t *testing.T) {
	srv, a, want := faults(t)
	for n := 1; ; n++ {
		dir := t.TempDir()
		f := specOf(dir+"/v1", a)
		file, err := f.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "FETCH_KILL_AT="+strconv.Itoa(n), "FETCH_SPEC="+string(file))
		out, err := cmd.CombinedOutput()
		if err == nil { // there are no more
			if n < 20 {
				t.Errorf("ends after %d steps", n-1)
			}
			whole(t, "the last", dir, want)
			return
		}
		if !strings.Contains(err.Error(), "signal: killed") {
			t.Fatalf("step %d: %v\n%s", n, err, out)
		}
		whole(t, "killed at step "+strconv.Itoa(n), dir, want)
		mends(t, f, options(t, srv), want)
	}
}

// TestMain is also the process that TestEveryKill kills.
func TestMain(m *testing.M) {
	at, err := strconv.Atoi(os.Getenv("FETCH_KILL_AT"))
	if err != nil {
		os.Exit(m.Run())
	}
	if err := killedAt(at); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// killedAt fetches, and ends by SIGKILL before a change of the disk.
func killedAt(at int) error {
	f, err := spec.ParseFetch([]byte(os.Getenv("FETCH_SPEC")))
	if err != nil {
		return err
	}
	count := 0
	o := Options{Platform: "linux_amd64", Transport: Transport(nil), Limits: quick(), step: func(string) error {
		if count++; count == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}}
	return Run(context.Background(), f, o)
}

// whole: nothing or everything.
func whole(t *testing.T, when, dir string, want []string) {
	t.Helper()
	if got := look(t, filepath.Join(dir, "v1")); len(got) > 0 && !slices.Equal(got, want) {
		t.Errorf("%s: half a program: %q", when, got)
	} else if _, err := os.Lstat(filepath.Join(dir, "v1")); err == nil && len(got) == 0 {
		t.Errorf("%s: an empty folder", when)
	}
}

// mends: the next run makes it whole and clears what was left.
func mends(t *testing.T, f spec.Fetch, o Options, want []string) {
	t.Helper()
	if err := Run(t.Context(), f, o); err != nil {
		t.Errorf("the next run: %v", err)
	}
	if got := look(t, f.Dest); !slices.Equal(got, want) {
		t.Errorf("the next run makes %q", got)
	}
	if left, err := os.ReadDir(filepath.Dir(f.Dest)); err != nil || len(left) != 1 {
		t.Errorf("the next run leaves %v, %v", left, err)
	}
}
