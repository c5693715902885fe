//go:build unix

package act

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/internal/gates"
	"github.com/octocompose/octocompose/runtime/spec"
)

// realHAProxy runs HAProxy with two servers s1 and s2 behind the backend b. front takes requests, admin and user are sockets
// of these levels. It is handed all three as open files, so that they take connections from the start.
func realHAProxy(t *testing.T) (front, admin, user string) {
	t.Helper()
	switch why := gates.Missing("haproxy"); {
	case why == "":
	case os.Getenv("OCTO_GATES") == "all":
		t.Fatal(why)
	default:
		t.Skip(why)
	}
	var config strings.Builder
	config.WriteString("global\n  stats socket fd@4 level admin\n  stats socket fd@5 level user\n" +
		"defaults\n  mode http\n  timeout connect 10s\n  timeout client 10s\n  timeout server 10s\n" +
		"frontend f\n  bind fd@3\n  default_backend b\nbackend b\n  balance roundrobin\n")
	for _, name := range []string{"s1", "s2"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
		t.Cleanup(s.Close)
		fmt.Fprintf(&config, "  server %s %s\n", name, s.Listener.Addr())
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(gates.HAProxy(), "-db", "-f", file)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	var paths []string
	for _, name := range []string{"front", "admin", "user"} {
		paths = append(paths, filepath.Join(dir, name))
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: paths[len(paths)-1], Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		f, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		defer f.Close() // once HAProxy has it; where it ends, nobody must wait for it
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("HAProxy said:\n%s", said.Bytes())
		}
	})
	return paths[0], paths[1], paths[2]
}

// served is which servers answer eight requests, each over a connection of its own.
func served(t *testing.T, front string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", front)
	}}}
	n := map[string]int{}
	for range 8 {
		resp, err := client.Get("http://front/")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s, %v", resp.Status, err)
		}
		n[string(body)]++
	}
	return fmt.Sprintf("s1=%d s2=%d", n["s1"], n["s2"])
}

// The real HAProxy: no new request reaches a server that is drained, and it comes back; what it refuses is told in its
// own words.
func TestRealHAProxy(t *testing.T) {
	front, admin, user := realHAProxy(t)
	s1 := spec.Drain{Socket: admin, Backend: "b", Server: "s1"}
	state := func(want int) {
		t.Helper()
		if got, err := (System{}).admin(t.Context(), s1); got != want || err != nil {
			t.Errorf("the state of s1 is %#x, %v; want %#x", got, err, want)
		}
	}
	steps := []struct {
		what   string
		do     func() error
		served string
		state  int
	}{
		{"from the start", func() error { return nil }, "s1=4 s2=4", 0},
		{"ready already", func() error { return System{}.Ready(t.Context(), s1) }, "s1=4 s2=4", 0},
		{"drained", func() error { return System{}.Drain(t.Context(), s1) }, "s1=0 s2=8", forcedDrain},
		{"drained again", func() error { return System{}.Drain(t.Context(), s1) }, "s1=0 s2=8", forcedDrain},
		{"ready", func() error { return System{}.Ready(t.Context(), s1) }, "s1=4 s2=4", 0},
		{"maintenance by hand", func() error { return System{}.setState(t.Context(), s1, "maint") }, "s1=0 s2=8", forcedMaint},
		{"drained in maintenance", func() error { return System{}.Drain(t.Context(), s1) }, "s1=0 s2=8", forcedMaint},
		{"ready in maintenance", func() error { return System{}.Ready(t.Context(), s1) }, "s1=0 s2=8", forcedMaint},
	}
	for _, s := range steps {
		check(t, s.what, s.do(), "")
		if got := served(t, front); got != s.served {
			t.Errorf("%s: served by %s; want %s", s.what, got, s.served)
		}
		state(s.state)
	}
	for _, c := range []struct {
		d    spec.Drain
		want string
	}{
		{spec.Drain{Socket: admin, Backend: "none", Server: "s1"}, `HAProxy answers "Can't find backend."`},
		{spec.Drain{Socket: admin, Backend: "b", Server: "s3"}, "HAProxy has no such server"},
		{spec.Drain{Socket: user, Backend: "b", Server: "s2"}, `cannot set b/s2 to drain: HAProxy answers "Permission denied"`},
	} {
		check(t, c.want, System{}.Drain(t.Context(), c.d), c.want)
	}
	if got := served(t, front); got != "s1=0 s2=8" {
		t.Errorf("what was refused is done: served by %s", got)
	}
}
