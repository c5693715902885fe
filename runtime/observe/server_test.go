package observe

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestHandler(t *testing.T) {
	r, err := NewRecorder(shop(), Options{Process: true})
	if err != nil {
		t.Fatal(err)
	}
	h := r.Handler()
	for _, c := range []struct {
		method, path string
		code         int
		has          string
	}{
		{"GET", "/metrics", 200, "octo_checks{"}, {"GET", "/metrics", 200, "go_goroutines "}, {"GET", "/metrics", 200, "process_open_fds "},
		{"HEAD", "/status", 200, ""}, {"GET", "/healthz", 200, "ok\n"}, {"POST", "/status", 405, ""}, {"GET", "/", 404, ""}, {"GET", "/status/x", 404, ""},
	} {
		code, header, body := get(t, h, c.method, c.path)
		if code != c.code || !strings.Contains(body, c.has) || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d %v", c.method, c.path, code, header)
		}
	}
}

// Over a socket: who may ask, who answers already, what a crash leaves, and what is left at the end.
func TestSocket(t *testing.T) {
	r, _ := busy(t)
	path := filepath.Join(t.TempDir(), "status.sock")
	for range 2 { // the second replaces what a crash of the first would leave
		l, err := ListenSocket(path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != socketMode {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- Serve(ctx, l, r.Handler()) }()
		data, err := Ask(t.Context(), path)
		if err != nil || string(data) != wantStatus {
			t.Errorf("%v %s", err, data)
		}
		if _, err := ListenSocket(path); err == nil || !strings.Contains(err.Error(), "another octo-sidecar answers there") {
			t.Errorf("a second one: %v", err)
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 0 {
			t.Errorf("left %v, %v", entries, err)
		}
		stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		stale.SetUnlinkOnClose(false)
		_ = stale.Close()
	}
	if _, err := Ask(t.Context(), path); err == nil || !strings.HasPrefix(err.Error(), "cannot ask "+path+": ") {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenSocket(file); err == nil || !strings.Contains(err.Error(), "something else is there") {
		t.Error(err)
	}
	if _, err := ListenSocket("/nowhere/s"); err == nil {
		t.Error("a folder that is not there")
	}
}

// A server that does not answer is given up; one that answers something else is no sidecar.
func TestAskFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Ask(ctx, path); err == nil || !strings.Contains(err.Error(), "did not answer in time") {
		t.Error(err)
	}
	go func() { _ = http.Serve(l, http.NotFoundHandler()) }()
	if _, err := Ask(t.Context(), path); err == nil || !strings.Contains(err.Error(), "it answers 404") {
		t.Error(err)
	}
}

// All that is noted and read at once; for the race detector.
func TestTogether(t *testing.T) {
	r, err := NewRecorder(shop(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				r.Checked("api", "default", Failure, time.Now(), 0, 0, "x")
				r.Turned("api", "default", Failed, false)
				r.Requested("api", 200)
				r.SecretRead("api", "db", nil)
				r.Loaded("api", nil)
				r.Notified("ops", "sent", 1)
				r.Beat(true)
			}
		})
		wg.Go(func() {
			for range 20 {
				r.Use(shop())
				if _, err := r.metrics.registry.Gather(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if s := r.Status(); s.Checks[0].Asked != 400 || s.Notifiers[0].Sent != 400 || s.Services[0].Generation != 400 {
		t.Errorf("%+v", s)
	}
}

func TestLog(t *testing.T) {
	for _, c := range []struct {
		format  string
		journal bool
		want    []string
	}{
		{Text, false, []string{"time=", ` level=WARN msg="a b" service=api g.x=1`}},
		{"", true, []string{`<4>msg="a b" service=api g.x=1` + "\n" + `<3>msg="line\nbreak"` + "\n" + "<6>msg=c\n<7>msg=d\n"}},
		{JSON, true, []string{`"level":"WARN","msg":"a b","service":"api","g":{"x":1}}`, `{"time":"`}},
	} {
		var b bytes.Buffer
		log, err := NewLog(&b, c.format, slog.LevelDebug, c.journal)
		if err != nil {
			t.Fatal(err)
		}
		log.With("service", "api").WithGroup("g").Warn("a b", "x", 1)
		log.Error("line\nbreak")
		log.Info("c")
		log.Debug("d")
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) || c.journal && c.format == "" && b.String() != want {
				t.Errorf("%s, journal %v: got\n%s\nwant\n%s", c.format, c.journal, b.String(), want)
			}
		}
	}
	if _, err := NewLog(io.Discard, "xml", nil, false); err == nil || err.Error() != `cannot log as "xml"; want text or json` {
		t.Error(err)
	}
}

func TestJournal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	out, err := exec.Command("stat", "-L", "-c", "%d:%i", "/proc/"+strconv.Itoa(os.Getpid())+"/fd/"+strconv.Itoa(int(w.Fd()))).Output()
	if err != nil {
		t.Skip("no stat(1) or /proc")
	}
	right := strings.TrimSpace(string(out))
	for value, want := range map[string]bool{right: true, "": false, right + "0": false, "x": false} {
		if got := Journal(func(k string) string {
			if k == "JOURNAL_STREAM" {
				return value
			}
			return ""
		}, w); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
