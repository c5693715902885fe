package notify

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/runtime/spec"
)

// An address in a file is read for each message, must be https, and is never in an error.
func TestAddressFile(t *testing.T) {
	asked := ""
	srv := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.Path }))
	defer srv.Close()
	name := file(t, srv.URL+"/s3cret\n")
	w := hook(t, spec.Webhook{URLFile: name}, Options{Roots: rootsOf(srv)})
	if err := w.send(t.Context(), message()); err != nil || asked != "/s3cret" {
		t.Errorf("asked %q, %v", asked, err)
	}
	for text, want := range map[string]string{
		srv.URL + "/again": "",
		strings.Replace(srv.URL, "https", "http", 1) + "/s3cret": "want https://host/path",
		"s3cret":         "want https://host/path",
		"https://%s3cre": "want https://host/path",
		"":               "want https://host/path",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := w.send(t.Context(), message())
		if want == "" && (err != nil || asked != "/again") || want != "" && (!isTemporary(err) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "3cre")) {
			t.Errorf("%q: asked %q, %v", text, asked, err)
		}
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := w.send(t.Context(), message()); !isTemporary(err) {
		t.Errorf("no file: %v", err)
	}
}

// Plain is http to another host, past every proxy.
func TestPlain(t *testing.T) {
	var got []byte
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, _ = io.ReadAll(r.Body) }))
	defer srv.Close()
	to := strings.TrimPrefix(srv.URL, "http://")
	o := Options{
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, to)
		},
		Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.invalid") },
	}
	if err := hook(t, spec.Webhook{URL: "http://alerts:8080/x", Plain: true}, o).send(t.Context(), message()); err != nil || len(got) == 0 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := New([]spec.Notifier{{Name: "x", Webhook: &spec.Webhook{URL: "http://alerts:8080/x"}}}, o); err == nil || !strings.Contains(err.Error(), "without TLS") {
		t.Errorf("without Plain: %v", err)
	}
}
