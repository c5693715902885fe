package fetch

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// What goes wrong on the way: the program is not there afterwards, nothing is left, and the message says what was seen.
// Each case says how often the server is asked; -1 where a slow machine gives up before it asks.
func TestDownloadFails(t *testing.T) {
	good := hexSum([]byte(text))
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		change func(a *spec.Artifact, o *Options)
		asked  int
		want   string
	}{
		{"wrong sum", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "other") }, nil, 1,
			"is " + hexSum([]byte("other")) + "; want " + good},
		{"missing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, nil, 1, "the server answers 404 Not Found"},
		{"down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, nil, 3, "the server answers 503 Service Unavailable (tried 3 times)"},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "7")
			_, _ = io.WriteString(w, "pro")
		}, nil, 3, "unexpected EOF (tried 3 times)"},
		{"too big, said before", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2097152")
			w.WriteHeader(200)
		}, nil, 1, "it has 2.0 MiB; at most 1.0 MiB are taken"},
		{"too big, not said", func(w http.ResponseWriter, _ *http.Request) {
			for range 40 {
				_, _ = w.Write(make([]byte, 64<<10))
			}
		}, nil, 1, "it has more than 1.0 MiB"},
		{"nothing comes", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "pro")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, func(_ *spec.Artifact, o *Options) { o.Limits.Idle = 20 * time.Millisecond }, -1, "nothing came for 20ms (tried 3 times)"},
		{"redirect to http", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/x?key=1", http.StatusFound)
		}, nil, 1,
			"redirects to http://127.0.0.1:1/x; from https only https is followed"},
		{"redirects without end", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, nil, 11, "more than 10 redirects"},
		{"a certificate of nobody", nil, func(_ *spec.Artifact, o *Options) { o.Transport = Transport(nil) }, 0, "certificate"},
		{"a sum of nothing", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
			func(a *spec.Artifact, _ *Options) { a.SHA256, a.SHA256URL = "", a.URL+".sums?key=1" }, 1, "it has no sha256 of \"worker\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++; c.answer(w, r) }))
			srv.Config.ErrorLog = quiet()
			srv.StartTLS()
			defer srv.Close()
			a, o := spec.Artifact{URL: srv.URL + "/worker?key=secret", SHA256: good}, options(t, srv)
			if c.change != nil {
				c.change(&a, &o)
			}
			dir := t.TempDir()
			err := Run(t.Context(), specOf(dir+"/v1", a), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || (asked != c.asked && c.asked >= 0) {
				t.Errorf("got %v after %d requests; want %q after %d", err, asked, c.want, c.asked)
			}
			if err != nil && strings.Contains(err.Error(), "key") {
				t.Errorf("the message shows the query: %v", err)
			}
			if left := look(t, dir); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// A download that breaks goes on where it ended, if the server has the same bytes still; else it begins anew.
func TestDownloadGoesOn(t *testing.T) {
	data := strings.Repeat("0123456789", 100)
	for _, c := range []struct {
		name   string
		etags  []string // of each answer
		ranges []string // that are asked for
	}{
		{"the same", []string{`"a"`, `"a"`, `"a"`}, []string{"", "bytes=300-", "bytes=600-"}},
		{"changed between", []string{`"a"`, `"b"`, `"b"`, `"b"`}, []string{"", "bytes=300-", "bytes=300-", "bytes=600-"}},
		{"without a mark", []string{"", ""}, []string{"", ""}},
		{"a weak mark", []string{`W/"a"`, `W/"a"`}, []string{"", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ranges []string
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := len(ranges)
				ranges = append(ranges, r.Header.Get("Range"))
				tag := c.etags[min(n, len(c.etags)-1)]
				w.Header().Set("Etag", tag)
				from := 0
				if r.Header.Get("If-Range") == tag {
					if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
						w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
					}
				}
				w.Header().Set("Content-Length", fmt.Sprint(len(data)-from))
				if from > 0 {
					w.WriteHeader(http.StatusPartialContent)
				}
				end := from + 300
				if n == len(c.ranges)-1 {
					end = len(data)
				}
				_, _ = io.WriteString(w, data[from:min(end, len(data))])
			}))
			srv.Config.ErrorLog = quiet()
			srv.StartTLS()
			defer srv.Close()
			o := options(t, srv)
			o.Limits.Tries = 4
			var said []string
			o.Say = func(line string) { said = append(said, line) }
			if err := Run(t.Context(), specOf(t.TempDir()+"/v1", spec.Artifact{URL: srv.URL, SHA256: hexSum([]byte(data))}), o); err != nil {
				t.Error(err)
			}
			if !slices.Equal(ranges, c.ranges) {
				t.Errorf("asked for %q; want %q", ranges, c.ranges)
			}
			if len(said) != len(c.ranges) || !strings.HasPrefix(said[0], "fetching https://127.0.0.1:") || !strings.Contains(said[1], "unexpected EOF; again in 1ms") {
				t.Errorf("said %q", said)
			}
		})
	}
}

// Tries that bring something are not counted, so that a bad line gets there in the end.
func TestProgressCounts(t *testing.T) {
	data := strings.Repeat("x", 5*progress)
	asked := 0
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		from := 0
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		w.Header().Set("Etag", `"a"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(data)-from))
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = io.WriteString(w, data[from:from+progress])
	}))
	srv.Config.ErrorLog = quiet()
	srv.StartTLS()
	defer srv.Close()
	o := options(t, srv)
	o.Limits.Download, o.Limits.Tries = 1<<30, 2
	if err := Run(t.Context(), specOf(t.TempDir()+"/v1", spec.Artifact{URL: srv.URL, SHA256: hexSum([]byte(data))}), o); err != nil || asked != 5 {
		t.Errorf("got %v after %d requests; want 5", err, asked)
	}
}

// The sum is fetched first; http is taken where the sum is given.
func TestSums(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/SHA256SUMS":
			_, _ = fmt.Fprintf(w, "%064d  worker.sig\n%s *dist/worker\n", 0, hexSum([]byte(text)))
		case "/v1/worker":
			_, _ = io.WriteString(w, text)
		}
	}))
	defer srv.Close()
	dest := t.TempDir() + "/v1"
	f := specOf(dest, spec.Artifact{URL: srv.URL + "/v1/worker", SHA256URL: srv.URL + "/v1/SHA256SUMS"})
	if err := Run(t.Context(), f, options(t, srv)); err != nil || len(look(t, dest)) != 1 {
		t.Errorf("got %v and %q", err, look(t, dest))
	}
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	for _, c := range []struct{ list, sum, err string }{
		{a, a, ""}, {strings.ToUpper(a) + "\n", a, ""}, {a + "  worker\n", a, ""}, {b + "  other\r\n" + a + " *worker\r\n", a, ""},
		{"SHA256 (worker) = " + a, a, ""}, {"SHA256(worker)= " + a, a, ""}, {a + "  ./x/worker\n" + a + "  worker\n", a, ""},
		{a + "  worker\n" + b + "  worker\n", "", "two sums"},
		{"", "", "no sha256"}, {a + "  worker.exe\n", "", "no sha256"}, {a[1:] + "  worker\n", "", "no sha256"}, {a + b, "", "no sha256"}, {a + "\n" + b, "", "no sha256"},
	} {
		got, err := findSum(c.list, "worker")
		if got != c.sum || (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: got %q, %v; want %q, %q", c.list, got, err, c.sum, c.err)
		}
	}
}
