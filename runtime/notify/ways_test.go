package notify

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/runtime/spec"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// hostile is what a service may print to become a header, a command or an escape sequence.
const hostile = "no\r\nBcc: thief@example.com\r\n\r\n.\r\nQUIT\r\n\x1b[2Jé"

func message() Message {
	return newMessage("shop", "node1", []Event{{
		Kind: spec.EventFailed, Service: "api", Check: "default", Level: spec.Alive, Message: hostile, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Count: 1,
	}}, 2)
}

func TestMessage(t *testing.T) {
	m := message()
	if want := "[shop] api failed (default): no Bcc: thief@example.com . QUIT [2Jé (and 2 events that were dropped)"; m.Text != want {
		t.Errorf("got %q, want %q", m.Text, want)
	}
	m = newMessage("shop", "", []Event{at("a", spec.EventFailed), at("b", spec.EventFailed), at("b", spec.EventRestarted)}, 0)
	if want := "[shop] 3 events: 2 failed, 1 restarted"; m.Text != want {
		t.Errorf("got %q, want %q", m.Text, want)
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func rootsOf(srv *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return pool
}

func hook(t *testing.T, w spec.Webhook, o Options) *webhook {
	t.Helper()
	ns, err := New([]spec.Notifier{{Name: "x", Webhook: &w}}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ns.Close(context.Background()) })
	return ns.all[0].way.(*webhook)
}

func TestWebhook(t *testing.T) {
	var got []byte
	var header http.Header
	answer := http.StatusNoContent
	asked := 0
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		got, _ = io.ReadAll(r.Body)
		header = r.Header
		if answer >= 300 && answer < 400 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(answer)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	w := hook(t, spec.Webhook{URL: srv.URL + "/hook/secret", Header: file(t, "Authorization: Bearer s3cret\n")}, Options{Roots: rootsOf(srv)})
	if err := w.send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	var again Message
	if err := json.Unmarshal(got, &again); err != nil || cmp.Diff(message(), again) != "" {
		t.Errorf("%v %s", err, cmp.Diff(message(), again))
	}
	if header.Get("Authorization") != "Bearer s3cret" || header.Get("Content-Type") != "application/json" {
		t.Errorf("header %v", header)
	}
	for _, c := range []struct {
		code  int
		again bool
	}{{302, false}, {307, false}, {400, false}, {404, false}, {408, true}, {429, true}, {500, true}, {503, true}} {
		answer, asked = c.code, 0
		err := w.send(t.Context(), message())
		if err == nil || isTemporary(err) != c.again || asked != 1 || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), strconv.Itoa(c.code)) {
			t.Errorf("%d: %v, asked %d times", c.code, err, asked)
		}
	}
	// A certificate of nobody, and nobody there.
	strange := hook(t, spec.Webhook{URL: srv.URL + "/hook/secret"}, Options{})
	if err := strange.send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a certificate of nobody: %v", err)
	}
	srv.Close()
	if err := w.send(t.Context(), message()); !isTemporary(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestWebhookHangs(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := hook(t, spec.Webhook{URL: srv.URL}, Options{}).send(ctx, message()); !isTemporary(err) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestHeaderFile(t *testing.T) {
	for _, c := range []struct{ text, key, value string }{
		{"X-Key: a b", "X-Key", "a b"}, {"x:y\r\n", "x", "y"}, {"x: é\n\n", "x", "é"},
		{"", "", ""}, {"novalue", "", ""}, {"A: b\nC: d", "", ""}, {"a b: c", "", ""}, {"a: b\x00", "", ""}, {": c", "", ""}, {strings.Repeat("x", maxSecret+1), "", ""},
	} {
		key, value, err := readHeader(file(t, c.text))
		if key != c.key || value != c.value || (err == nil) != (c.key != "") {
			t.Errorf("%.20q: %q %q %v", c.text, key, value, err)
		}
		if err != nil && strings.Contains(err.Error(), "novalue") {
			t.Errorf("the error shows the content: %v", err)
		}
	}
	if _, _, err := readHeader("/nowhere/x"); err == nil {
		t.Error("a file that is not there")
	}
}

func run(t *testing.T, ctx context.Context, script string, args ...string) error {
	t.Helper()
	return program{append([]string{"/bin/sh", "-c", script, "sh"}, args...), []string{"PATH=" + os.Getenv("PATH")}}.send(ctx, message())
}

func TestExec(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	if err := run(t, t.Context(), `cat > "$1"; echo "$2" "$NOTIFY_SOCKET" >> "$1"`, out, "$(id)"); err != nil {
		t.Fatal(err)
	}
	want, err := message().json()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != string(want)+"$(id) \n" {
		t.Errorf("%v\n%s", err, got)
	}
	for _, c := range []struct {
		script, want string
		again        bool
	}{
		{"exit 0", "", false}, // without reading
		{"echo; printf 'a\\033[2Jb\\nc'; exit 3", `exit status 3 and says "a [2Jb c"`, false},
		{"exit 75", "exit status 75", true},
		{"kill -9 $$", "signal: killed", false},
		{"head -c 1000000 /dev/zero | tr '\\0' x; exit 1", strings.Repeat("x", maxLine) + "…", false},
	} {
		err := run(t, t.Context(), c.script)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 400 || isTemporary(err) != c.again) {
			t.Errorf("%s: %v", c.script, err)
		}
	}
	if err := (program{[]string{"/nowhere/x"}, nil}).send(t.Context(), message()); err == nil || isTemporary(err) {
		t.Errorf("no program: %v", err)
	}
}

// However it ends, what it started ends too.
func TestExecKillsGroup(t *testing.T) {
	for _, c := range []struct {
		script string
		killed bool
	}{{`sleep 300 & echo $! > "$1"; wait`, true}, {`sleep 300 >/dev/null 2>&1 & echo $! > "$1"; cat > /dev/null`, false}} {
		ctx, cancel := context.WithCancel(t.Context())
		fifo := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		pid := make(chan int, 1)
		go func() {
			data, err := os.ReadFile(fifo) // until the writer is done
			n, _ := strconv.Atoi(strings.TrimSpace(string(data)))
			if err != nil {
				n = -1
			}
			if c.killed {
				cancel()
			}
			pid <- n
		}()
		err := run(t, ctx, c.script, fifo)
		if c.killed != isTemporary(err) || c.killed != (err != nil) {
			t.Errorf("%s: %v", c.script, err)
		}
		dies(t, <-pid)
		cancel()
	}
}

// dies waits until a process is gone, or waits to be reaped.
func dies(t *testing.T, pid int) {
	t.Helper()
	for range 500 {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d lives", pid)
}

func contextWith(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}
