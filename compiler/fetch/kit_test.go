package fetch_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/compiler/fetch"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/internal/gates"
	"github.com/octocompose/octocompose/internal/vendors"
)

// need skips by name where a tool is missing, or fails where all gates are wanted (OCTO_GATES=all).
func need(t *testing.T, tool string) {
	t.Helper()
	switch why := gates.Missing(tool); {
	case why == "":
	case os.Getenv("OCTO_GATES") == "all":
		t.Fatal(why)
	default:
		t.Skip(why)
	}
}

func authority(t *testing.T) *vendors.CA {
	t.Helper()
	ca, err := vendors.NewCA(t.TempDir())
	must(t, err)
	return ca
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// client trusts ca and allows 127.0.0.1; its environment has nothing of the one who runs the test.
func client(t *testing.T, ca *vendors.CA, change func(*fetch.Client)) *fetch.Client {
	t.Helper()
	c := &fetch.Client{Temp: t.TempDir(), Allow: []string{"127.0.0.1"}, Timeout: 30 * time.Second,
		Env: env(map[string]string{"SSL_CERT_FILE": ca.File(), "PATH": os.Getenv("PATH"), "HOME": t.TempDir()})}
	if change != nil {
		change(c)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(c.Temp); len(left) > 0 {
			t.Errorf("Close leaves %v", left)
		}
	})
	return c
}

func env(m map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

// with is c's environment with one more variable.
func with(c *fetch.Client, name, value string) {
	old := c.Env
	c.Env = func(n string) (string, bool) {
		if n == name {
			return value, true
		}
		return old(n)
	}
}

func serve(t *testing.T, ca *vendors.CA, h http.HandlerFunc) *vendors.Server {
	t.Helper()
	s, err := ca.Serve(h)
	must(t, err)
	t.Cleanup(s.Close)
	return s
}

func address(t *testing.T, s string) remote.Address {
	t.Helper()
	a, err := remote.Parse(s)
	must(t, err)
	return a
}

// get resolves the address and reads the file that it names.
func get(t *testing.T, c *fetch.Client, url string) (string, error) {
	t.Helper()
	a := address(t, url)
	s, err := c.Resolve(t.Context(), a)
	if err != nil {
		return "", err
	}
	p := a.Path
	if a.Query != "" {
		p += "?" + a.Query
	}
	data, err := s.Read(t.Context(), p)
	return string(data), err
}

// want fails where err is not of that reason (nil: any), or its words or its help do not hold these.
func want(t *testing.T, err, is error, message, help string) {
	t.Helper()
	e := (*fetch.Error)(nil)
	switch {
	case err == nil:
		t.Errorf("no error; want %q", message)
	case !errors.As(err, &e):
		t.Errorf("%T: %v; want a fetch.Error", err, err)
	case !strings.HasPrefix(err.Error(), "cannot fetch ") || !strings.Contains(err.Error(), message) || !strings.Contains(e.Help, help) || is != nil && !errors.Is(err, is):
		t.Errorf("got %q, help %q; want %q, help %q, of %v", err, e.Help, message, help, is)
	}
}
