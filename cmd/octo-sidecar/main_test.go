package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/runtime/spec"
)

func noEnv(string) string { return "" }

func TestRun(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	open := l.Addr().String()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(gone.Process.Pid)
	for _, c := range []struct {
		args string
		code int
		want string // in stdout or stderr
	}{
		{"", 0, "octo-sidecar probe"},
		{"version", 0, "octo-sidecar "},
		{"probe --help", 0, "octo-sidecar probe"},
		{"probe tcp " + open, 0, ""},
		{"probe tcp 127.0.0.1:1 " + open, 0, ""},
		{"probe exec true --timeout=nonsense", 0, ""}, // what stands behind a program is its own
		{"probe plugin false", 0, ""},                 // a warning works
		{"probe exec false", 1, "false ends with 1"},
		{`probe all [["tcp","` + open + `"],["exec","false"]]`, 1, "octo-sidecar: false ends with 1\n"},
		{"probe --timeout=50ms exec sleep 60", 1, "sleep did not end in time"},
		{"wait --timeout=5s tcp " + open, 0, ""},
		{"wait --pid=" + strconv.Itoa(os.Getpid()) + " tcp " + open, 0, ""},
		{"probe tcp 127.0.0.1:1", 1, "cannot connect"},
		{"wait --timeout=20ms --interval=5ms tcp 127.0.0.1:1", 1, "gave up after"},
		{"wait --pid=" + pid + " exec false", 1, "the process " + pid + " is gone after 0s"},
		{"watch --interval=1ms --failures=2 exec false", 1, "unhealthy: failed 2 times in a row: false ends with 1"},
		{"watch --pid=" + pid + " exec false", 0, "the process " + pid + " is gone"},
		{"preflight kernel 2.6", 0, ""},
		{"preflight command false", 1, "false ends with 1"},
		{"probe tcp", 2, "want tcp HOST:PORT…"},
		{"probe", 2, "want what to ask: tcp HOST:PORT…"},
		{"probe smtp x:1", 2, `no kind is called "smtp"`},
		{"probe unit shop-db", 2, `cannot use "shop-db" as a unit; want NAME.service`},
		{"probe --nope tcp x:1", 2, "unknown flag: --nope"},
		{"probe --timeout=0s tcp x:1", 2, "more than 0"},
		{"wait --interval=0s tcp x:1", 2, "more than 0"},
		{"wait --pid=0 tcp x:1", 2, "cannot watch process 0"},
		{"watch --failures=0 tcp x:1", 2, "at least 1"},
		{"preflight", 2, "want what to check: port"},
		{"preflight disk /x much", 2, `cannot use "much" as a size`},
		{"fetch", 2, "want fetch --spec=FILE"},
		{"fetch --spec=/no/such/file", 1, "cannot read the spec"},
		{"secret", 2, "want secret vault --path=MOUNT/PATH --key=FIELD"},
		{"secret vault --path=a/b", 2, "--key=FIELD"},
		{"secret sops --path=a/b --key=c", 2, "want secret vault"},
		{"secret vault --path=a/b --key=c --version=-1", 2, "want secret vault"},
		{"secret vault --path=a/b --key=c --timeout=0s", 2, "more than 0"},
		{"secret vault --path=a/b --key=c --token-file=/no/such/file", 1, "cannot read the login"},
		{"secret vault --path=a/b --key=c --address=http://vault.example.com", 1, "plain text"},
		{"install", 2, "want install DIR"},
		{"serve", 2, `no verb is called "serve"; want run, status, probe, wait, watch, preflight, fetch, secret, install or version`},
	} {
		var out bytes.Buffer
		code := run(t.Context(), strings.Fields(c.args), &out, &out, noEnv)
		if code != c.code || !strings.Contains(out.String(), c.want) || (c.code == 0 && c.want == "" && out.Len() > 0) {
			t.Errorf("octo-sidecar %s: exit %d, want %d; printed %q, want %q in it", c.args, code, c.code, out.String(), c.want)
		}
	}
}

// Told to stop: watch has done its work, the others have not.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		args string
		code int
	}{
		{"probe exec sleep 60", 130}, {"wait exec false", 130}, {"preflight command sleep 60", 130}, {"watch exec false", 0},
	} {
		var out bytes.Buffer
		if code := run(ctx, strings.Fields(c.args), &out, &out, noEnv); code != c.code {
			t.Errorf("octo-sidecar %s: exit %d, want %d: %s", c.args, code, c.code, out.String())
		}
	}
}

func TestFetch(t *testing.T) {
	program := []byte("#!/bin/sh\n")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(program) }))
	defer srv.Close()
	sum := sha256.Sum256(program)
	f := spec.Fetch{Dest: filepath.Join(t.TempDir(), "a", "v1"), Program: "worker", Artifact: map[string]spec.Artifact{
		runtime.GOOS + "_" + runtime.GOARCH: {URL: srv.URL + "/worker", SHA256: hex.EncodeToString(sum[:])},
	}}
	data, err := f.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "fetch.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"octo-sidecar: fetching " + srv.URL + "/worker (10 bytes) to " + f.Dest + "\n", ""} { // the second has nothing to do
		var out bytes.Buffer
		if code := run(t.Context(), []string{"fetch", "--spec=" + file}, &out, &out, noEnv); code != 0 || out.String() != want {
			t.Errorf("exit %d, printed %q; want %q", code, out.String(), want)
		}
	}
	if got, err := os.ReadFile(filepath.Join(f.Dest, "worker")); err != nil || !bytes.Equal(got, program) {
		t.Errorf("got %q, %v", got, err)
	}
	if err := os.WriteFile(file, []byte(`{"kind":"fetch"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"fetch", "--spec=" + file}, &out, &out, noEnv); code != 1 || !strings.Contains(out.String(), file+": cannot use the spec: dest is") {
		t.Errorf("a spec that is none: exit %d, %q", code, out.String())
	}
}

// install copies the program that runs: here, the test.
func TestInstall(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	if code := run(t.Context(), []string{"install", dir}, &out, &out, noEnv); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, _ := os.Stat(self)
	got, err := os.Stat(filepath.Join(dir, "octo-sidecar"))
	if err != nil || got.Size() != want.Size() || got.Mode() != 0o755 {
		t.Errorf("got %v, %v", got, err)
	}
}
