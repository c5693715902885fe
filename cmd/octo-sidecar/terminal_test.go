//go:build linux

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/octocompose/octocompose/runtime/spec"
)

// openTerminal is a pseudoterminal (pty(7)): what is written to tty can be read as shown.
func openTerminal(t *testing.T) (tty *os.File, shown *lines) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudoterminals: ", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	number := 0
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { // not by Fd, which would make reading block for ever
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil {
			number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	shown = &lines{}
	go func() { _, _ = io.Copy(shown, master) }()
	return tty, shown
}

// On a terminal a download shows how far it is, and takes that away when it ends; in a file there is nothing of it.
func TestFetchShows(t *testing.T) {
	program := bytes.Repeat([]byte("#!/bin/sh\n"), 1<<10)
	tty, shown := openTerminal(t)
	isShown := func() bool { return strings.Contains(shown.String(), " of 10.0 KiB, ") }
	slow := true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(program)))
		n := 0
		for end := time.Now().Add(20 * time.Second); slow && !isShown() && n < len(program)/2 && time.Now().Before(end); n++ {
			_, _ = w.Write(program[n : n+1])
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond) // a slow line
		}
		_, _ = w.Write(program[n:])
	}))
	defer srv.Close()
	sum := sha256.Sum256(program)
	fetch := func(to io.Writer) {
		t.Helper()
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
		if code := run(t.Context(), []string{"fetch", "--spec=" + file}, to, to, noEnv); code != done {
			t.Fatalf("exit %d", code)
		}
	}
	fetch(tty)
	eventually(t, "the line is gone", func() bool { return strings.HasSuffix(shown.String(), " \r") })
	if text := shown.String(); !isShown() || strings.ContainsRune(text, '\x1b') || !strings.HasPrefix(text, "octo-sidecar: fetching ") {
		t.Errorf("shown: %q", text)
	}
	slow = false
	to, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	fetch(to)
	if data, err := os.ReadFile(to.Name()); err != nil || bytes.ContainsRune(data, '\r') || bytes.Count(data, []byte("\n")) != 1 {
		t.Errorf("in a file: %q, %v", data, err)
	}
}
