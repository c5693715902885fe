//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eventually asks until what is asked holds.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ask(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after 20 s: %s", what)
		}
	}
}

// TestServe runs the sidecar as a service manager does: it serves, takes what changes, keeps what was good, and ends.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		t.Helper()
		at := filepath.Join(dir, name)
		if err := os.WriteFile(at+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(at+".new", at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	what := spec.Run{
		Project: "shop",
		Serve: &spec.Serve{Listen: address, Names: []string{"127.0.0.1"}, CA: filepath.Join(dir, "ca.pem"), Services: []spec.Service{
			{Name: "api", Config: file("api.json", `{"a": 1, "db": "x {{ secret.db }}"}`), Password: file("api.pw", "one\n"),
				Secrets: []spec.Secret{{Name: "db", At: []string{"/db"}, File: file("db", "swordfish")}}},
			{Name: "web", Config: file("web.json", `{}`), Password: file("web.pw", "two")},
		}},
		Checks: []spec.Check{{Service: "api", Name: "up", Level: spec.Ready, What: []string{"tcp", address}, Interval: spec.Duration(time.Second),
			Timeout: spec.Duration(500 * time.Millisecond), Failures: 3, Successes: 1}},
	}
	data, err := what.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file("run.json", string(data))
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	var told lines
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := manager.Read(buffer)
			if err != nil {
				return
			}
			told.Write(append(buffer[:n:n], '\n'))
		}
	}()
	env := func(name string) string {
		return map[string]string{"NOTIFY_SOCKET": filepath.Join(dir, "notify"), "WATCHDOG_USEC": "1000000"}[name]
	}
	state := filepath.Join(dir, "state")
	ctx, cancel := context.WithCancel(t.Context())
	var out, log lines
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"run", "--spec=" + filepath.Join(dir, "run.json"), "--state=" + state}, &out, &log, env)
	}()
	eventually(t, "READY", func() bool { return strings.Contains(told.String(), "READY=1") })

	ask := func(service, user, password string) (int, string) {
		t.Helper()
		ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(ca)
		client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
		q, _ := http.NewRequest(http.MethodGet, "https://"+address+"/v1/config/"+service, nil)
		q.SetBasicAuth(user, password)
		r, err := client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		return r.StatusCode, strings.TrimSpace(string(body))
	}
	is := func(code int, body, service, user, password string) bool {
		got, text := ask(service, user, password)
		return got == code && (code != http.StatusOK || text == body)
	}
	for _, c := range []struct {
		code                      int
		body, service, user, word string
	}{
		{200, `{"a":1,"db":"x swordfish"}`, "api", "api", "one"}, {200, `{}`, "web", "web", "two"}, {401, "", "api", "api", "two"},
		{403, "", "web", "api", "one"}, {401, "", "api", "nobody", "one"}, {401, "", "api", "api", ""},
	} {
		if !is(c.code, c.body, c.service, c.user, c.word) {
			got, text := ask(c.service, c.user, c.word)
			t.Errorf("%+v: %d %s", c, got, text)
		}
	}
	file("api.json", `{"a": 2, "db": "{{ secret.db }}"}`)
	eventually(t, "a new config", func() bool { return is(200, `{"a":2,"db":"swordfish"}`, "api", "api", "one") })
	file("db", "trout")
	eventually(t, "a new secret", func() bool { return is(200, `{"a":2,"db":"trout"}`, "api", "api", "one") })
	file("api.json", `{"a": `)
	eventually(t, "a bad config is told", func() bool { return strings.Contains(log.String(), "api.json") })
	if !is(200, `{"a":2,"db":"trout"}`, "api", "api", "one") {
		t.Error("the last good config is not served")
	}
	file("api.json", `{"a": 3, "db": "{{ secret.db }}"}`)
	file("api.pw", "three")
	eventually(t, "a new password", func() bool { return is(200, `{"a":3,"db":"trout"}`, "api", "api", "three") })

	file("run.json", "{")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a bad spec is told", func() bool { return strings.Contains(log.String(), "cannot read the spec") })
	if !is(200, `{}`, "web", "web", "two") {
		t.Error("a bad spec took the good one away")
	}
	what.Serve.Services = what.Serve.Services[:1]
	data, _ = what.Marshal()
	file("run.json", string(data))
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a service less", func() bool { return is(401, "", "web", "web", "two") })
	eventually(t, "pings", func() bool { return strings.Contains(told.String(), "WATCHDOG=1") })

	var status, table lines
	if code := run(t.Context(), []string{"status", "--state=" + state, "--json"}, &status, &log, env); code != done {
		t.Errorf("status: exit %d", code)
	}
	var shown struct {
		Project string
		Healthy bool
		Checks  []struct{ State string }
	}
	if err := json.Unmarshal([]byte(status.String()), &shown); err != nil || shown.Project != "shop" || !shown.Healthy || len(shown.Checks) != 1 || shown.Checks[0].State != "works" {
		t.Errorf("%v: %s", err, status.String())
	}
	if code := run(t.Context(), []string{"status", "--state=" + state}, &table, &log, env); code != done || !strings.Contains(table.String(), "api") {
		t.Errorf("status: exit %d, %s", code, table.String())
	}
	for _, secret := range []string{"swordfish", "trout", "three"} {
		if strings.Contains(log.String()+status.String()+table.String()+told.String(), secret) {
			t.Errorf("%q is told", secret)
		}
	}
	cancel()
	select {
	case code := <-ended:
		if code != done && code != interrupted {
			t.Errorf("exit %d\n%s", code, log.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	eventually(t, "STOPPING", func() bool { return strings.Contains(told.String(), "STOPPING=1") })
	entries, err := os.ReadDir(state)
	if err != nil || len(entries) != 1 || entries[0].Name() != "authority.pem" {
		t.Errorf("in the state folder: %v, %v", entries, err)
	}
}

// What cannot be run is said, and ends at once.
func TestServeFaults(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"kind":"run","version":9,"project":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"run"}, misused, "want run --spec=FILE"},
		{[]string{"run", "--spec=" + bad}, misused, "want --state=DIR"},
		{[]string{"run", "--spec=" + bad, "--state=" + dir}, failed, "it has version 9"},
		{[]string{"run", "--spec=" + bad + ".none", "--state=" + dir}, failed, "no such file"},
		{[]string{"status", "--state=" + dir}, failed, "status.sock"},
		{[]string{"status"}, misused, "want status --state=DIR"},
	} {
		var out, log bytes.Buffer
		code := run(t.Context(), c.args, &out, &log, func(string) string { return "" })
		if code != c.code || !strings.Contains(log.String(), c.want) {
			t.Errorf("%v: exit %d, %s", c.args, code, fmt.Sprint(log.String()))
		}
	}
}
