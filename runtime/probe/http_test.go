package probe

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://other.invalid/", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/bad", http.StatusFound)
		case "/bad":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	for path, want := range map[string]bool{"/": true, "/bad": false, "/away": true, "/here": false} {
		if err := HTTP(t.Context(), srv.URL+path, ""); (err == nil) != want {
			t.Errorf("%s: got %v, want healthy %v", path, err, want)
		}
	}
	if err := HTTP(t.Context(), "ftp://x/", ""); !errors.Is(err, ErrFinal) {
		t.Errorf("ftp: got %v, want ErrFinal", err)
	}
}

// The Host header is what a virtual host answers to, and what TLS asks for.
func TestHTTPHost(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "shop.example.com:8443" || (r.TLS != nil && r.TLS.ServerName != "shop.example.com") {
			w.WriteHeader(http.StatusMisdirectedRequest)
		}
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	for _, srv := range []*httptest.Server{plain, secure} {
		if err := HTTP(t.Context(), srv.URL, "shop.example.com:8443"); err != nil {
			t.Errorf("with the host: %v", err)
		}
		if err := HTTP(t.Context(), srv.URL, ""); err == nil {
			t.Error("without the host: the page of another host is taken")
		}
	}
}

// A loop of redirects is no answer, and what Reach asks for may lie on another host.
func TestRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusGone)
		}
	}))
	defer other.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/fine", "/gone":
			http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound)
		}
	}))
	defer srv.Close()
	for _, c := range []struct {
		path        string
		http, reach bool
	}{{"/", true, true}, {"/loop", false, false}, {"/fine", true, true}} {
		if err := HTTP(t.Context(), srv.URL+c.path, ""); (err == nil) != c.http {
			t.Errorf("HTTP %s: %v", c.path, err)
		}
		if err := Reach(t.Context(), srv.URL+c.path); (err == nil) != c.reach {
			t.Errorf("Reach %s: %v", c.path, err)
		}
	}
	if err := Reach(t.Context(), srv.URL+"/gone"); err == nil {
		t.Error("Reach takes the redirect for the answer")
	}
}
