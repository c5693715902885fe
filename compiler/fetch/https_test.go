package fetch_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/octocompose/octocompose/compiler/fetch"
	"github.com/octocompose/octocompose/internal/vendors"
)

func TestHTTPS(t *testing.T) {
	ca := authority(t)
	site, err := ca.Site()
	must(t, err)
	defer site.Close()
	site.Set("a/core file.yaml", "services: {}\n")
	var events []fetch.Event
	c := client(t, ca, func(c *fetch.Client) { c.Progress = func(e fetch.Event) { events = append(events, e) } })
	url := site.URL + "/a/core%20file.yaml?token=1"
	for range 2 {
		if text, err := get(t, c, url); err != nil || text != "services: {}\n" {
			t.Fatalf("%q, %v", text, err)
		}
	}
	if n := site.Requests(); n != 1 {
		t.Errorf("%d requests for one file", n)
	}
	if len(events) != 1 || events[0] != (fetch.Event{Address: url, Done: true}) {
		t.Errorf("events: %+v", events)
	}
	s, err := c.Resolve(t.Context(), address(t, url))
	if err != nil || s.Revision() != "" || s.Files() != nil {
		t.Errorf("%v, %q, %q", err, s.Revision(), s.Files())
	}
	_, err = s.Read(t.Context(), "b.yaml")
	want(t, err, fs.ErrNotExist, "cannot fetch "+site.URL+"/b.yaml: 404 Not Found", "spelt")
	_, err = s.Read(t.Context(), "../b.yaml")
	want(t, err, fs.ErrInvalid, "no path of a file", "")
	_, err = c.Versions(t.Context(), address(t, url))
	want(t, err, nil, "nobody can tell", "versions.yaml")
	_, err = c.At(t.Context(), address(t, url), "0123")
	want(t, err, nil, "no revision", "")
	if text, err := c.Text(t.Context(), url, 13); err != nil || string(text) != "services: {}\n" {
		t.Errorf("%q, %v", text, err)
	}
	_, err = c.Text(t.Context(), url, 12)
	want(t, err, fetch.ErrLimit, "larger than 12 bytes", "")
	_, err = c.Text(t.Context(), "http://example.com/x", 12)
	want(t, err, nil, "want https", "")
	site.Login("a", "b")
	_, err = s.Read(t.Context(), "c.yaml")
	want(t, err, fs.ErrPermission, "401 Unauthorized", "no credentials")
}

// F1: what is not public is refused when it is dialled, unless it is allowed.
func TestPrivate(t *testing.T) {
	ca := authority(t)
	site, err := ca.Site()
	must(t, err)
	defer site.Close()
	site.Set("a", "x")
	port := site.Host[strings.LastIndex(site.Host, ":")+1:]
	for _, allow := range []string{"", "10.0.0.0/8", "127.0.0.1:1", "example.com"} {
		c := client(t, ca, func(c *fetch.Client) { c.Allow = strings.Fields(allow) })
		_, err := get(t, c, site.URL+"/a")
		want(t, err, fetch.ErrPrivate, "127.0.0.1 is a loopback address", "--allow 127.0.0.1")
		_, err = get(t, c, "https://localhost:"+port+"/a")
		want(t, err, fetch.ErrPrivate, "localhost lies at ", "--allow localhost")
		_, err = get(t, c, "https://169.254.169.254/latest/meta-data")
		want(t, err, fetch.ErrPrivate, "clouds serve metadata", "")
		_, err = get(t, c, "https://[::ffff:10.0.0.1]/x")
		if allow != "10.0.0.0/8" {
			want(t, err, fetch.ErrPrivate, "a private address", "")
		}
	}
	if site.Requests() != 0 {
		t.Error("the server was reached")
	}
	for _, allow := range []string{"127.0.0.1", "127.0.0.1:" + port, "127.0.0.0/8"} {
		if _, err := get(t, client(t, ca, func(c *fetch.Client) { c.Allow = []string{allow} }), site.URL+"/a"); err != nil {
			t.Errorf("%s: %v", allow, err)
		}
	}
	if _, err := get(t, client(t, ca, func(c *fetch.Client) { c.Allow = []string{"LOCALHOST:" + port} }), "https://localhost:"+port+"/a"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "https://x", "a:b:c", "*.example.com", "x:99999"} {
		c := client(t, ca, func(c *fetch.Client) { c.Allow = []string{bad} })
		if _, err := c.Text(t.Context(), site.URL+"/a", 10); err == nil || !strings.HasPrefix(err.Error(), "cannot allow ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// F2 and F3: each hop is checked, and hears nothing that was for the first host.
func TestRedirects(t *testing.T) {
	ca := authority(t)
	var got http.Header
	other := serve(t, ca, func(w http.ResponseWriter, r *http.Request) { got = r.Header; _, _ = io.WriteString(w, "there") })
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("http was spoken") }))
	defer plain.Close()
	var first *vendors.Server
	first = serve(t, ca, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "a=b; Path=/")
		to := map[string]string{
			"/other": other.URL + "/x", "/http": plain.URL + "/x", "/private": "https://10.0.0.1/x", "/user": strings.Replace(other.URL, "//", "//u:pw@", 1) + "/x",
			"/loop": first.URL + "/loop", "/file": "file:///etc/passwd",
		}[r.URL.Path]
		http.Redirect(w, r, to, http.StatusFound)
	})
	c := client(t, ca, nil)
	if text, err := get(t, c, first.URL+"/other?token=1"); err != nil || text != "there" {
		t.Errorf("%q, %v", text, err)
	}
	for _, h := range []string{"Cookie", "Referer", "Authorization"} {
		if got.Get(h) != "" {
			t.Errorf("the other host hears %s: %s", h, got.Get(h))
		}
	}
	for path, message := range map[string]string{
		"http": "not https: it redirects to http://", "private": "10.0.0.1 is a private address", "user": "with a user in it", "loop": "redirects more than 5 times", "file": "not https",
	} {
		_, err := get(t, c, first.URL+"/"+path)
		want(t, err, nil, message, "")
		if strings.Contains(err.Error(), "pw") {
			t.Errorf("%v tells a password", err)
		}
	}
	_, err := get(t, client(t, ca, func(c *fetch.Client) { c.Redirects = -1 }), first.URL+"/other")
	want(t, err, fetch.ErrLimit, "more than 0 times", "")
}

// F6: what is decoded counts, and a body without an end has one.
func TestBodies(t *testing.T) {
	ca := authority(t)
	s := serve(t, ca, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 64 {
				_, _ = z.Write(make([]byte, 1<<20))
			}
			_ = z.Close()
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		case "/declared":
			w.Header().Set("Content-Length", "99999999")
		case "/encoded":
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "x")
		case "/short":
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "x")
		}
	})
	c := client(t, ca, nil)
	for path, message := range map[string]string{
		"bomb": "larger than 16 MiB", "endless": "larger than 16 MiB", "declared": "larger than 16 MiB", "encoded": `encoded as "br"`, "short": "unexpected EOF",
	} {
		_, err := get(t, c, s.URL+"/"+path)
		want(t, err, nil, message, "")
	}
}

// F7: the deadline is for the whole of a request; and a context ends it at once.
func TestSlow(t *testing.T) {
	ca := authority(t)
	arrived := make(chan bool, 9)
	s := serve(t, ca, func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		if r.URL.Path == "/silent" {
			<-r.Context().Done()
			return
		}
		for tick := time.NewTicker(20 * time.Millisecond); r.Context().Err() == nil; <-tick.C {
			_, _ = w.Write([]byte("."))
			w.(http.Flusher).Flush()
		}
	})
	c := client(t, ca, func(c *fetch.Client) { c.Timeout = 300 * time.Millisecond })
	for _, path := range []string{"/trickle", "/silent"} {
		_, err := get(t, c, s.URL+path)
		want(t, err, context.DeadlineExceeded, "longer than 300ms", "try again")
		<-arrived
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err := client(t, ca, nil).Text(ctx, s.URL+"/silent", 10)
	want(t, err, context.Canceled, "interrupted", "")
}

// F8: no certificate that is not right, in any way.
func TestTLS(t *testing.T) {
	ca := authority(t)
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })
	for f, w := range map[vendors.Fault][2]string{
		vendors.Expired: {"has expired", "clock"}, vendors.WrongName: {"for another name", ""}, vendors.Stranger: {"unknown authority", "SSL_CERT_FILE"},
	} {
		s, err := ca.ServeAs(f, ok)
		must(t, err)
		_, err = get(t, client(t, ca, nil), s.URL+"/x")
		want(t, err, nil, w[0], w[1])
		if s.Requests() > 0 {
			t.Error("a request was sent")
		}
		s.Close()
	}
	plain := httptest.NewServer(ok)
	defer plain.Close()
	_, err := get(t, client(t, ca, nil), strings.Replace(plain.URL, "http:", "https:", 1)+"/x")
	want(t, err, nil, "does not speak TLS", "")
	_, err = get(t, client(t, ca, nil), "https://nothing.invalid/x")
	want(t, err, nil, "nothing.invalid", "network")
	bad := t.TempDir() + "/empty.pem"
	must(t, os.WriteFile(bad, nil, 0o600))
	for file, message := range map[string]string{bad: "holds no certificate", bad + ".none": "cannot read SSL_CERT_FILE"} {
		c := client(t, ca, func(c *fetch.Client) { with(c, "SSL_CERT_FILE", file) })
		if _, err := get(t, c, "https://example.com/x"); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%v; want %q", err, message)
		}
	}
}

// A proxy is asked where HTTPS_PROXY says so, and it is the proxy's address that is checked.
func TestProxy(t *testing.T) {
	ca := authority(t)
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.Host
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer proxy.Close()
	change := func(c *fetch.Client) { with(c, "HTTPS_PROXY", proxy.URL) }
	_, err := get(t, client(t, ca, change), "https://config.example.com/x")
	want(t, err, nil, "Forbidden", "")
	if asked != "CONNECT config.example.com:443" {
		t.Errorf("the proxy heard %q", asked)
	}
	_, err = get(t, client(t, ca, change), "https://169.254.169.254/x")
	want(t, err, fetch.ErrPrivate, "metadata", "")
	_, err = get(t, client(t, ca, func(c *fetch.Client) { change(c); c.Allow = nil }), "https://config.example.com/x")
	want(t, err, fetch.ErrPrivate, "127.0.0.1 is a loopback address", "--allow 127.0.0.1")
}

// One request for one file, however many want it; who gives up does not take the others with him.
func TestOnce(t *testing.T) {
	ca := authority(t)
	arrived, goOn := make(chan bool, 9), make(chan bool)
	s := serve(t, ca, func(w http.ResponseWriter, _ *http.Request) {
		arrived <- true
		<-goOn
		_, _ = io.WriteString(w, "x")
	})
	c := client(t, ca, nil)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := c.Text(ctx, s.URL+"/x", 10); gone <- err }()
	<-arrived
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if text, err := c.Text(t.Context(), s.URL+"/x", 10); err != nil || string(text) != "x" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-arrived
	close(goOn)
	wg.Wait()
	if n := s.Requests(); n != 2 {
		t.Errorf("%d requests; want the one that was given up, and one", n)
	}
}
