package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// ranged serves data with an ETag and parts of it, and records what it is asked for. Below stop it ends no answer: it
// sends so many bytes, calls then, and waits for the client to go.
type ranged struct {
	*httptest.Server
	mu     sync.Mutex
	data   []byte
	tag    string
	stop   int
	then   func()
	ranges []string
}

func newRanged(t *testing.T, data []byte) *ranged {
	t.Helper()
	s := &ranged{data: data, tag: `"a"`}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.answer))
	s.Config.ErrorLog = quiet()
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *ranged) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	data, tag, stop, then := s.data, s.tag, s.stop, s.then
	s.mu.Unlock()
	w.Header().Set("Etag", tag)
	if then == nil {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		return
	}
	from := 0
	if r.Header.Get("If-Range") == tag {
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(data)-from))
	if from > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
	}
	for at := from; at < min(from+stop, len(data)); at += 4 << 10 {
		_, _ = w.Write(data[at:min(at+4<<10, from+stop, len(data))])
		_ = http.NewResponseController(w).Flush()
	}
	then()
	<-r.Context().Done()
}

func (s *ranged) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ranges)
}

// interrupted is what a run leaves that is told to stop when it has n bytes: a part.
func interrupted(t *testing.T, s *ranged, f spec.Fetch, n int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	part := strings.Replace(f.Dest, "/v1", "/.fetch-v1/download", 1)
	s.stop, s.then = n, func() {
		for range 1000 { // until it has them
			if info, err := os.Stat(part); err == nil && info.Size() == int64(n) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
	}
	if err := Run(ctx, f, options(t, s.Server)); !errors.Is(err, context.Canceled) {
		t.Fatalf("the first run: %v", err)
	}
	if info, err := os.Stat(part); err != nil || info.Size() != int64(n) {
		t.Fatalf("the first run leaves %v, %v", info, err)
	}
	s.then = nil
}

// What a run leaves that was told to stop, the next one goes on with; but only with the same bytes, and the sum of the
// whole decides.
func TestResume(t *testing.T) {
	data := []byte(strings.Repeat("0123456789abcdef", 4<<10))
	part := func(dir string) string { return dir + "/.fetch-v1/download" }
	for _, c := range []struct {
		name   string
		change func(t *testing.T, s *ranged, f *spec.Fetch, dir string)
		want   []string // of the second run
		said   string
	}{
		{"the same", nil, []string{"bytes=20000-"}, "19.5 KiB of "},
		{"another answer", func(_ *testing.T, s *ranged, _ *spec.Fetch, _ string) { s.tag = `"b"` }, []string{"bytes=20000-"}, "19.5 KiB of "},
		{"another address", func(_ *testing.T, s *ranged, f *spec.Fetch, _ string) {
			f.Artifact["linux_amd64"] = spec.Artifact{URL: s.URL + "/y", SHA256: hexSum(data)}
		}, []string{""}, ""},
		{"torn on the disk", func(t *testing.T, _ *ranged, _ *spec.Fetch, dir string) {
			if err := os.WriteFile(part(dir), make([]byte, 20000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"bytes=20000-", ""}, "is of no use; fetching it anew"},
		{"longer than the whole", func(t *testing.T, _ *ranged, _ *spec.Fetch, dir string) {
			if err := os.WriteFile(part(dir), make([]byte, 70000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"bytes=70000-", ""}, ""},
		{"all of it", func(t *testing.T, _ *ranged, _ *spec.Fetch, dir string) {
			if err := os.WriteFile(part(dir), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, "64.0 KiB of "},
		{"a broken note", func(t *testing.T, _ *ranged, _ *spec.Fetch, dir string) {
			if err := os.WriteFile(dir+"/.fetch-v1/part", []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{""}, ""},
		{"a link in place of the part", func(t *testing.T, _ *ranged, _ *spec.Fetch, dir string) {
			if err := errors.Join(os.Remove(part(dir)), os.Symlink("part", part(dir))); err != nil {
				t.Fatal(err)
			}
		}, []string{""}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newRanged(t, data)
			dir := t.TempDir()
			f := specOf(dir+"/v1", spec.Artifact{URL: s.URL + "/x", SHA256: hexSum(data)})
			interrupted(t, s, f, 20000)
			s.ranges = nil
			if c.change != nil {
				c.change(t, s, &f, dir)
			}
			o := options(t, s.Server)
			var said []string
			o.Say = func(line string) { said = append(said, line) }
			mends(t, f, o, []string{"-rwxr-xr-x worker " + string(data)})
			if got := s.asked(); !slices.Equal(got, c.want) {
				t.Errorf("asked for %q, want %q", got, c.want)
			}
			if !strings.Contains(strings.Join(said, "\n"), c.said) {
				t.Errorf("said %q, want %q", said, c.said)
			}
		})
	}
}

// A part is not kept when nothing can come of it.
func TestResumeNot(t *testing.T) {
	data := []byte(strings.Repeat("x", 40000))
	s := newRanged(t, data)
	dir := t.TempDir()
	f := specOf(dir+"/v1", spec.Artifact{URL: s.URL + "/x", SHA256: hexSum([]byte("other"))})
	interrupted(t, s, f, 20000)
	if err := Run(t.Context(), f, options(t, s.Server)); err == nil || !strings.Contains(err.Error(), "; want "+hexSum([]byte("other"))) {
		t.Error(err)
	}
	if left := look(t, dir); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}

// Every change of the disk fails once, in a run that goes on, puts a second version in place and removes a third.
func TestEveryFaultOfTheRest(t *testing.T) {
	_, a, want := faults(t)
	data := gz(t, tarOf(t,
		entry{name: "worker/worker", mode: 0o755, content: text}, entry{name: "worker/lib/a", content: "a"},
		entry{name: "worker/b", kind: '1', content: "worker/lib/a"}, entry{name: "worker/c", kind: '2', content: "lib/a"}))
	s := newRanged(t, data)
	a.URL = s.URL + "/x"
	for n := 1; ; n++ {
		dir, count, hit := t.TempDir(), 0, ""
		for _, v := range []string{"/a", "/b"} {
			f := specOf(dir+v, a)
			f.Keep = 9
			if err := Run(t.Context(), f, options(t, s.Server)); err != nil {
				t.Fatal(err)
			}
		}
		f := specOf(dir+"/v1", a)
		f.Keep = 1
		interrupted(t, s, f, len(data)/2)
		o := options(t, s.Server)
		said := ""
		o.Say = func(line string) { said += line + "\n" }
		o.inUse = func(string) (bool, error) { return false, nil }
		o.step = func(what string) error {
			if count++; count == n {
				hit = what
				return syscall.EIO
			}
			return nil
		}
		err := Run(t.Context(), f, o)
		whole(t, fmt.Sprintf("%d, %s", n, hit), dir, want)
		if hit == "" {
			if err != nil || n < 30 {
				t.Fatalf("without a fault: %v after %d steps", err, n-1)
			}
			return
		}
		// Old versions that stay are no reason to fail: the program is in place.
		if !errors.Is(err, syscall.EIO) && (err != nil || !strings.Contains(said, "cannot remove old versions: ")) {
			t.Errorf("%d, %s: got %v, said %q", n, hit, err, said)
		}
		if got := look(t, dir+"/b"); !slices.Equal(got, want) {
			t.Errorf("%d, %s: the version before is %q", n, hit, got)
		}
		if err := Run(t.Context(), f, options(t, s.Server)); err != nil || !slices.Equal(look(t, f.Dest), want) {
			t.Errorf("%d, %s: the next run: %v, %q", n, hit, err, look(t, f.Dest))
		}
	}
}

func TestBar(t *testing.T) {
	var out bytes.Buffer
	now := time.Now()
	b := &bar{to: &out, now: func() time.Time { return now }}
	say := b.around(func(line string) { _, _ = io.WriteString(&out, line+"\n") })
	say("fetching x")
	for range 5 {
		now = now.Add(100 * time.Millisecond)
		b.show(1<<20, 4<<20)
	}
	say("again")
	now = now.Add(time.Second)
	b.show(3<<20, -1)
	b.clear()
	b.clear()
	first, second := "  1.0 MiB of 4.0 MiB, 25%, 0 bytes/s", "  3.0 MiB, 1.4 MiB/s"
	blank := func(s string) string { return "\r" + strings.Repeat(" ", len(s)) + "\r" }
	want := "fetching x\n\r" + first + "\r" + first + blank(first) + "again\n\r" + second + blank(second)
	if got := out.String(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// A fetch onto a terminal: the line is gone when it ends.
func TestProgress(t *testing.T) {
	srv := serve(t, []byte(text))
	var out bytes.Buffer
	o := options(t, srv)
	o.Progress = &out
	if err := Run(t.Context(), specOf(t.TempDir()+"/v1", spec.Artifact{URL: srv.URL, SHA256: hexSum([]byte(text))}), o); err != nil || out.Len() > 0 {
		t.Errorf("%v %q", err, out.String())
	}
}
