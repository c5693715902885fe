//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// childEnv makes the test binary the program itself.
const childEnv = "OCTO_SIDECAR_TEST_CHILD"

// TestMain is octo-sidecar too, so that tests have it as a process of its own that can be limited and killed.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	os.Unsetenv(childEnv)
	if os.Getenv("LISTEN_FDS") != "" {
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid())) // which nobody knows before it runs
	}
	main()
}

// child is octo-sidecar run as a process.
type child struct {
	*exec.Cmd
	log   *lines
	ended chan struct{} // closed when it has
}

// startChild starts octo-sidecar run with dir/run.json and the state in dir/state, with words before it, such as those of
// a shell that sets limits. env is added, files are handed over from descriptor 3 on.
func startChild(t *testing.T, dir string, before []string, env []string, files ...*os.File) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := append(slices.Clone(before), self, "run", "--spec="+filepath.Join(dir, "run.json"), "--state="+filepath.Join(dir, "state"))
	c := &child{Cmd: exec.Command(words[0], words[1:]...), log: &lines{}, ended: make(chan struct{})}
	c.Env = append(append(os.Environ(), childEnv+"=1"), env...)
	c.Stderr, c.ExtraFiles = c.log, files
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.Wait(); close(c.ended) }()
	t.Cleanup(c.kill)
	return c
}

func (c *child) kill() {
	_ = c.Process.Kill()
	<-c.ended
}

// gone tells whether it has ended.
func (c *child) gone() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// end tells it to stop, and returns how it ended.
func (c *child) end(t *testing.T) string {
	t.Helper()
	_ = c.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("it does not end\n%s", c.log)
	}
	return c.ProcessState.String()
}

// put writes a file by a rename, and returns its path.
func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	at := filepath.Join(dir, name)
	if err := errors.Join(os.WriteFile(at+".x", []byte(text), 0o600), os.Rename(at+".x", at)); err != nil {
		t.Fatal(err)
	}
	return at
}

func putSpec(t *testing.T, dir string, r spec.Run) {
	t.Helper()
	data, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "run.json", string(data))
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// config is what address serves to service, by a new connection, with a certificate that ca signed.
func config(address, ca, service, password string) (string, error) {
	data, err := os.ReadFile(ca)
	if err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return "", errors.New("the file of the authority holds no certificate")
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	q, err := http.NewRequest(http.MethodGet, "https://"+address+"/v1/config/"+service, nil)
	if err != nil {
		return "", err
	}
	q.SetBasicAuth(service, password)
	r, err := client.Do(q)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers %s: %s", r.Status, body)
	}
	return strings.TrimSpace(string(body)), err
}

// asked is what the socket in the state folder answers.
func asked(dir, path string) (string, error) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "state", statusSocket))
		}}}
	r, err := client.Get("http://octo-sidecar" + path)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return string(body), err
}

// checkSeen is what the status says about a check.
type checkSeen struct {
	Service, Check, State, Last, Message string
	Asked                                int
}

func checksOf(dir string) ([]checkSeen, error) {
	text, err := asked(dir, "/status")
	var s struct {
		Healthy bool
		Checks  []checkSeen
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &s)
	}
	if err == nil && !s.Healthy {
		err = errors.New("it is not healthy")
	}
	return s.Checks, err
}
