package service

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func envOf(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

// listen is a fake manager: what it returns reads the next datagram.
func listen(t *testing.T, name string) (*Manager, func() string) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	m, err := NewManager(envOf(map[string]string{"NOTIFY_SOCKET": name}))
	if err != nil {
		t.Fatal(err)
	}
	return m, func() string {
		t.Helper()
		buf := make([]byte, 64<<10)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

// Each message as sd_notify(3) has it, over a socket with a path and one of the abstract namespace.
func TestManager(t *testing.T) {
	for _, name := range []string{t.TempDir() + "/notify", fmt.Sprintf("@octo-test-%d", os.Getpid())} {
		m, next := listen(t, name)
		m.monotonic = func() (time.Duration, error) { return 1234567 * time.Microsecond, nil }
		for _, c := range []struct {
			send func() error
			want string
		}{
			{func() error { return m.Ready("") }, "READY=1"},
			{func() error { return m.Ready("3 checks") }, "READY=1\nSTATUS=3 checks"},
			{m.Reloading, "RELOADING=1\nMONOTONIC_USEC=1234567"},
			{func() error { return m.Stopping("bye") }, "STOPPING=1\nSTATUS=bye"},
			{func() error { return m.Status("a\nWATCHDOG=trigger\r\x00b") }, "STATUS=a WATCHDOG=trigger b"},
			{m.Ping, "WATCHDOG=1"},
		} {
			if err := c.send(); err != nil {
				t.Fatal(err)
			}
			if got := next(); got != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
		if err := m.Status(strings.Repeat("é", 4000)); err != nil {
			t.Fatal(err)
		}
		if got := next(); len(got) > maxStatus+10 || strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("a long status has %d bytes", len(got))
		}
	}
}

func TestNoManager(t *testing.T) {
	m, err := NewManager(envOf(nil))
	if err != nil || m.Present() || m.Ready("x") != nil || m.Reloading() != nil || m.Ping() != nil {
		t.Errorf("without a manager: %v", err)
	}
	for _, bad := range []string{"vsock:2:1234", "run/notify", "@", "/"} {
		if m, err := NewManager(envOf(map[string]string{"NOTIFY_SOCKET": bad})); err == nil || m.Ping() != nil {
			t.Errorf("%q: %v", bad, err)
		}
	}
	m, _ = NewManager(envOf(map[string]string{"NOTIFY_SOCKET": t.TempDir() + "/gone"}))
	if err := m.Ping(); err == nil || !strings.HasPrefix(err.Error(), "cannot tell the service manager WATCHDOG: ") {
		t.Errorf("a socket that is gone: %v", err)
	}
}

func TestMonotonic(t *testing.T) {
	a, err := monotonic()
	b, err2 := monotonic()
	if err != nil || err2 != nil || a <= 0 || b < a {
		t.Errorf("%v %v %v %v", a, b, err, err2)
	}
}

func TestWatchdog(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
		fails     bool
	}{
		{"", "", 0, false}, {"30000000", "", 30 * time.Second, false}, {"30000000", "7", 30 * time.Second, false},
		{"30000000", "8", 0, false}, {"x", "", 0, true}, {"0", "", 0, true}, {"-1", "", 0, true}, {"1", "x", 0, true},
		{"9223372036854775807", "", 0, true},
	} {
		got, err := Watchdog(envOf(map[string]string{"WATCHDOG_USEC": c.usec, "WATCHDOG_PID": c.pid}), 7)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%q %q: %v, %v", c.usec, c.pid, got, err)
		}
	}
}

func TestEnviron(t *testing.T) {
	in := []string{"A=1", "NOTIFY_SOCKET=/x", "LISTEN_FDS=1", "LISTEN_PID=1", "LISTEN_FDNAMES=a", "WATCHDOG_USEC=1", "WATCHDOG_PID=1", "LISTEN_FDSX=1"}
	kept := slices.Clone(in)
	if got := Environ(in); !slices.Equal(got, []string{"A=1", "LISTEN_FDSX=1"}) || !slices.Equal(in, kept) {
		t.Errorf("%q from %q", got, in)
	}
}

func TestListenersFaults(t *testing.T) {
	for _, c := range []struct {
		env   map[string]string
		fails bool
	}{
		{nil, false}, {map[string]string{"LISTEN_FDS": "1"}, false}, {map[string]string{"LISTEN_FDS": "1", "LISTEN_PID": "8"}, false},
		{map[string]string{"LISTEN_FDS": "0", "LISTEN_PID": "7"}, false},
		{map[string]string{"LISTEN_FDS": "1", "LISTEN_PID": "x"}, true}, {map[string]string{"LISTEN_FDS": "x", "LISTEN_PID": "7"}, true},
		{map[string]string{"LISTEN_FDS": "-1", "LISTEN_PID": "7"}, true}, {map[string]string{"LISTEN_FDS": "100000", "LISTEN_PID": "7"}, true},
	} {
		if got, err := Listeners(envOf(c.env), 7); len(got) != 0 || (err != nil) != c.fails {
			t.Errorf("%v: %v, %v", c.env, got, err)
		}
	}
}

// A child gets two sockets and serves on them; a third descriptor that is no socket is an error.
func TestListeners(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	un, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer un.Close()
	one, err := tcp.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := un.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	child := func(files []*os.File, names string) (*exec.Cmd, *strings.Builder) {
		cmd := exec.Command(os.Args[0])
		cmd.ExtraFiles = files
		cmd.Env = append(os.Environ(), "SERVICE_CHILD=1", "LISTEN_FDS="+strconv.Itoa(len(files)), "LISTEN_FDNAMES="+names)
		out := &strings.Builder{}
		cmd.Stdout, cmd.Stderr = out, out
		return cmd, out
	}
	cmd, out := child([]*os.File{one, two}, "web:")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, l := range []net.Listener{tcp, un} {
		conn, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		data, err := io.ReadAll(conn)
		if err != nil || string(data) != "hello "+map[net.Listener]string{tcp: "web", un: ""}[l] {
			t.Errorf("%s: %q, %v", l.Addr(), data, err)
		}
		_ = conn.Close()
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	cmd, out = child([]*os.File{one, null}, "web:null")
	if err := cmd.Run(); err == nil || !strings.Contains(out.String(), `cannot listen on socket 4 ("null") of the service manager`) {
		t.Errorf("no socket: %v, %s", err, out)
	}
}

// TestMain is also the child of TestListeners.
func TestMain(m *testing.M) {
	if os.Getenv("SERVICE_CHILD") == "" {
		os.Exit(m.Run())
	}
	all, err := Listeners(func(k string) string {
		if k == "LISTEN_PID" {
			return strconv.Itoa(os.Getpid())
		}
		return os.Getenv(k)
	}, os.Getpid())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, l := range all {
		conn, err := l.Accept()
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		_, _ = io.WriteString(conn, "hello "+l.Name)
		_ = conn.Close()
	}
	// A program that is started does not have them.
	fds, err := exec.Command("sh", "-c", "for fd in /proc/self/fd/*; do readlink $fd; done").Output()
	if err == nil && strings.Contains(string(fds), "socket:") {
		fmt.Printf("inherited: %s\n", fds)
		os.Exit(1)
	}
}
