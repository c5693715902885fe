//go:build unix

package act

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"

	"github.com/octocompose/octocompose/runtime/spec"
)

// units is systemd: what it answers to RestartUnit, and the result of the job.
type units struct {
	refuse error
	state  string // "": active
	result string
	hangs  bool
	asked  []string
}

func (u *units) Subscribe() error { u.asked = append(u.asked, "subscribe"); return nil }
func (u *units) Close()           { u.asked = append(u.asked, "close") }
func (u *units) GetUnitPropertyContext(_ context.Context, unit, property string) (*dbus.Property, error) {
	u.asked = append(u.asked, property+" of "+unit)
	if u.state == "gone" {
		return nil, errors.New("no such unit")
	}
	return &dbus.Property{Name: property, Value: godbus.MakeVariant(cmp.Or(u.state, "active"))}, nil
}
func (u *units) RestartUnitContext(_ context.Context, name, mode string, result chan<- string) (int, error) {
	u.asked = append(u.asked, "restart "+name+" "+mode)
	if u.refuse == nil && !u.hangs {
		result <- u.result
	}
	return 1, u.refuse
}

func TestUnit(t *testing.T) {
	for _, c := range []struct {
		units units
		want  string
	}{
		{units{result: "done"}, ""},
		{units{result: "failed"}, `cannot restart api.service: the job of systemd ended with "failed"; want "done"`},
		{units{refuse: errors.New("Unit api.service not found.")}, "cannot restart api.service: Unit api.service not found."},
		{units{hangs: true}, "did not end in time"},
		{units{state: "failed", result: "done"}, ""},
		{units{state: "inactive"}, "cannot restart api.service: it is inactive; who stopped it starts it"},
		{units{state: "deactivating"}, "it is deactivating; who stopped it starts it"},
		{units{state: "gone"}, "cannot see its state: no such unit"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		s := System{Bus: func(context.Context) (Units, error) { return &c.units, nil }}
		if c.units.hangs {
			cancel()
		}
		err := s.Restart(ctx, spec.Restart{Unit: "api.service"})
		cancel()
		check(t, "", err, c.want)
		want := []string{"subscribe", "ActiveState of api.service", "restart api.service replace", "close"}
		if left := c.units.state == "inactive" || c.units.state == "deactivating"; left || c.units.state == "gone" {
			want = slices.Delete(want, 2, 3)
			if errors.Is(err, ErrLeft) != left {
				t.Errorf("left alone: %v", err)
			}
		}
		if !slices.Equal(c.units.asked, want) {
			t.Errorf("asked %q", c.units.asked)
		}
	}
	s := System{Bus: func(context.Context) (Units, error) { return nil, errors.New("no bus") }}
	check(t, "no bus", s.Restart(t.Context(), spec.Restart{Unit: "a.service"}), "cannot reach systemd over D-Bus: no bus")
}

func check(t *testing.T, what string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: got %v; want %q", what, err, want)
	}
}

func socket(t *testing.T) (string, net.Listener) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return path, l
}

// The engine API: a container that runs is restarted, 204, or a status with a message (Docker Engine API, ContainerInspect and
// ContainerRestart; Podman answers the same). One that does not run is left alone.
func TestContainer(t *testing.T) {
	const running = `{"State":{"Running":true,"Paused":false,"Restarting":false}}`
	for _, c := range []struct {
		name, state string
		restart     int // the answer; 0: not asked
		want        string
		left        bool
	}{
		{"api", running, 204, "", false},
		{"api", running, 404, `cannot restart the container "api": the engine answers 404 Not Found: no api`, false},
		{"api", running, 500, "500 Internal Server Error: no api", false},
		{"api", running, 307, "307", false},
		{"api", running, 200, "200 OK: no api", false},
		{"a/../b", running, 204, "", false},
		{"api", "", 0, `cannot restart the container "api": the engine answers 404 Not Found: no api`, false},
		{"api", "{}", 0, `cannot restart the container "api": cannot read the engine's answer`, false},
		{"api", `{"State":{"Running":false}}`, 0, `cannot restart the container "api": it is not running; who stopped it starts it`, true},
		{"api", `{"State":{"Running":true,"Paused":true}}`, 0, `cannot restart the container "api": it is paused; who paused it lets it go on`, true},
		{"api", `{"State":{"Running":true,"Restarting":true}}`, 0, `cannot restart the container "api": the engine is restarting it already`, true},
	} {
		path, l := socket(t)
		var mu sync.Mutex
		var asked []string
		go func() {
			_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				asked = append(asked, r.Method+" "+r.URL.EscapedPath())
				mu.Unlock()
				code := c.restart
				if r.Method == http.MethodGet {
					if code = http.StatusOK; c.state == "" {
						code = http.StatusNotFound
					}
				}
				if w.WriteHeader(code); r.Method == http.MethodGet && c.state != "" {
					_, _ = io.WriteString(w, c.state)
				} else if code != http.StatusNoContent {
					_, _ = io.WriteString(w, `{"message":"no api"}`)
				}
			}))
		}()
		err := System{}.Restart(t.Context(), spec.Restart{Container: c.name, Socket: path})
		check(t, c.name+" "+c.state, err, c.want)
		if errors.Is(err, ErrLeft) != c.left {
			t.Errorf("%s: left alone is not %v: %v", c.state, c.left, err)
		}
		path = "/containers/" + url.PathEscape(c.name)
		want := []string{"GET " + path + "/json", "POST " + path + "/restart"}
		if c.restart == 0 {
			want = want[:1]
		}
		mu.Lock()
		if !slices.Equal(asked, want) {
			t.Errorf("%s: asked %q; want %q", c.state, asked, want)
		}
		mu.Unlock()
	}
	path, l := socket(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, running)
				return
			}
			cancel()
			<-r.Context().Done()
		}))
	}()
	check(t, "hangs", System{}.Restart(ctx, spec.Restart{Container: "hangs", Socket: path}), "context canceled")
	check(t, "no engine", System{}.Restart(t.Context(), spec.Restart{Container: "a", Socket: path + "x"}), "no such file")
}

// haproxy speaks the runtime API: one command a connection, which it closes.
type haproxy struct {
	mu    sync.Mutex
	admin int
	asked []string
	says  map[string]string // other answers
}

func (h *haproxy) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		line, _ := bufio.NewReader(conn).ReadString('\n')
		h.mu.Lock()
		line = strings.TrimSpace(line)
		h.asked = append(h.asked, line)
		answer, ok := h.says[line]
		switch {
		case ok:
		case line == "show servers state b":
			answer = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n" +
				"3 b 1 s10 10.0.0.9 2 1 1\n" + fmt.Sprintf("3 b 2 s1 10.0.0.1 2 %d 1\n\n", h.admin)
		case line == "set server b/s1 state drain":
			answer, h.admin = "\n", h.admin|forcedDrain
		case line == "set server b/s1 state ready":
			answer, h.admin = "\n", 0
		default:
			answer = "Unknown command.\n"
		}
		h.mu.Unlock()
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
}

func TestHAProxy(t *testing.T) {
	const show, drain, ready = "show servers state b", "set server b/s1 state drain", "set server b/s1 state ready"
	for _, c := range []struct {
		why   string
		back  bool
		admin int
		says  map[string]string
		want  string
		asked []string
	}{
		{"drain", false, 0, nil, "", []string{show, drain}},
		{"drained already", false, forcedDrain, nil, "", []string{show}},
		{"in maintenance by hand", false, forcedMaint, nil, "", []string{show}},
		{"ready again", true, forcedDrain, nil, "", []string{show, ready}},
		{"ready already", true, 0, nil, "", []string{show}},
		{"maintenance came meanwhile", true, forcedMaint | forcedDrain, nil, "", []string{show}},
		{"may not", false, 0, map[string]string{drain: "Permission denied\n"}, `cannot set b/s1 to drain: HAProxy answers "Permission denied"`, []string{show, drain}},
		{"may not ask", false, 0, map[string]string{show: "Permission denied\n"}, "Permission denied", []string{show}},
		{"no backend", true, 0, map[string]string{show: "Can't find backend.\n"}, "Can't find backend.", []string{show}},
		{"no server", true, 0, map[string]string{show: "1\n# be_id\n3 b 1 s10 10.0.0.9 2 0 1\n"}, "has no such server", []string{show}},
		{"another version", true, 0, map[string]string{show: "2\n"}, "want version 1", []string{show}},
		{"no number", true, 0, map[string]string{show: "1\n3 b 1 s1 10.0.0.9 2 x 1\n"}, `"x" is no number`, []string{show}},
		{"no end", false, 0, map[string]string{drain: strings.Repeat("x", maxAnswer+1)}, "more than 65536 bytes", []string{show, drain}},
	} {
		path, l := socket(t)
		h := &haproxy{admin: c.admin, says: c.says}
		go h.serve(l)
		d := spec.Drain{Socket: path, Backend: "b", Server: "s1"}
		do := System{}.Drain
		if c.back {
			do = System{}.Ready
		}
		check(t, c.why, do(t.Context(), d), c.want)
		h.mu.Lock()
		if !slices.Equal(h.asked, c.asked) {
			t.Errorf("%s: asked %q; want %q", c.why, h.asked, c.asked)
		}
		h.mu.Unlock()
	}
}

// A socket that takes the command and never answers is left when the time is up.
func TestHAProxyHangs(t *testing.T) {
	path, l := socket(t)
	asked := make(chan net.Conn, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, _ = conn.Read(make([]byte, 1))
			asked <- conn
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer (<-asked).Close()
		cancel()
		<-t.Context().Done()
	}()
	check(t, "hangs", System{}.Drain(ctx, spec.Drain{Socket: path, Backend: "b", Server: "s1"}), "cannot read HAProxy's answer")
	check(t, "no HAProxy", System{}.Drain(t.Context(), spec.Drain{Socket: path + "x", Backend: "b", Server: "s1"}), "cannot reach HAProxy")
}
