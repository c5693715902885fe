package service

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Manager is the service manager that started this program, or none. Its methods may be called at any time by any
// goroutine.
type Manager struct {
	socket    *net.UnixAddr // nil: there is none
	conn      *net.UnixConn // open from the start: when the process has no file left, the watchdog must still be fed
	monotonic func() (time.Duration, error)
}

// sendTime is how long one message may take: a manager that hangs must not hang what it watches.
const sendTime = 2 * time.Second

// NewManager is the one of the variable NOTIFY_SOCKET (sd_notify(3)): an absolute path, or "@" and a name for a socket
// in the abstract namespace. Without the variable there is none, and nothing is sent. Other kinds, such as vsock, are an
// error.
func NewManager(env func(string) string) (*Manager, error) {
	m := &Manager{monotonic: monotonic}
	name := env("NOTIFY_SOCKET")
	switch {
	case name == "":
		return m, nil
	case len(name) < 2 || (name[0] != '/' && name[0] != '@'):
		return m, fmt.Errorf("cannot use NOTIFY_SOCKET %q: want an absolute path, or @ and a name", name)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram"}) // the kernel chooses its name (unix(7), autobind)
	if err != nil {
		return m, fmt.Errorf("cannot open a socket to the service manager: %w", err)
	}
	m.socket, m.conn = &net.UnixAddr{Name: name, Net: "unixgram"}, conn
	return m, nil
}

// monotonic is CLOCK_MONOTONIC, which the manager compares with its own.
func monotonic() (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, err
	}
	return time.Duration(now.Nano()), nil
}

// Present tells whether there is a manager that hears.
func (m *Manager) Present() bool { return m.socket != nil }

// Ready says that the start or the reload is over (READY=1), and what the program does, for systemctl status; "" leaves
// that as it is.
func (m *Manager) Ready(status string) error { return m.send("READY=1", line(status)) }

// Reloading says that a reload begins (RELOADING=1 with MONOTONIC_USEC, as Type=notify-reload wants); Ready ends it.
func (m *Manager) Reloading() error {
	if m.socket == nil {
		return nil
	}
	now, err := m.monotonic()
	if err != nil {
		return fmt.Errorf("cannot read the clock: %w", err)
	}
	return m.send("RELOADING=1", "MONOTONIC_USEC="+strconv.FormatInt(now.Microseconds(), 10))
}

// Stopping says that the program ends (STOPPING=1).
func (m *Manager) Stopping(status string) error { return m.send("STOPPING=1", line(status)) }

// Status says what the program does, as one line (STATUS=).
func (m *Manager) Status(text string) error { return m.send(line(text)) }

// Ping shows that the program is alive (WATCHDOG=1). It belongs into the loop that does the work, not into a ticker of
// its own: that would go on when the work hangs.
func (m *Manager) Ping() error { return m.send("WATCHDOG=1") }

// maxStatus is the most of a status that is sent, in bytes.
const maxStatus = 1 << 10

// line is the assignment STATUS=, in which a line break would begin another assignment.
func line(text string) string {
	if text == "" {
		return ""
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	return "STATUS=" + strings.ToValidUTF8(text[:min(len(text), maxStatus)], "")
}

// send sends one datagram. It names the address each time: the manager may have made its socket anew.
func (m *Manager) send(lines ...string) error {
	lines = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
	if m.socket == nil || len(lines) == 0 {
		return nil
	}
	err := m.conn.SetWriteDeadline(time.Now().Add(sendTime))
	if err == nil {
		_, err = m.conn.WriteToUnix([]byte(strings.Join(lines, "\n")), m.socket)
	}
	if err != nil {
		return fmt.Errorf("cannot tell the service manager %s: %w", strings.SplitN(lines[0], "=", 2)[0], err)
	}
	return nil
}

// Watchdog is the time within which the manager wants a [Manager.Ping] (sd_watchdog_enabled(3)): WATCHDOG_USEC, if
// WATCHDOG_PID is absent or pid. 0: none is wanted. Ping at half of it.
func Watchdog(env func(string) string, pid int) (time.Duration, error) {
	text := env("WATCHDOG_USEC")
	if text == "" {
		return 0, nil
	}
	if of := env("WATCHDOG_PID"); of != "" {
		p, err := strconv.Atoi(of)
		if err != nil || p <= 0 {
			return 0, fmt.Errorf("cannot use WATCHDOG_PID %q: want a process id", of)
		}
		if p != pid {
			return 0, nil
		}
	}
	usec, err := strconv.ParseInt(text, 10, 64)
	if err != nil || usec <= 0 || usec > int64(1<<63-1)/int64(time.Microsecond) {
		return 0, fmt.Errorf("cannot use WATCHDOG_USEC %q: want microseconds", text)
	}
	return time.Duration(usec) * time.Microsecond, nil
}

// variables are what the manager means for this process alone.
var variables = [...]string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}

// Environ is environ, as [os.Environ] gives it, without what the manager means for this process alone: a program that is
// started must not speak for this one.
func Environ(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return slices.Contains(variables[:], name)
	})
}

// firstSocket is SD_LISTEN_FDS_START of sd_listen_fds(3).
const firstSocket = 3

// maxSockets is the most that is taken over.
const maxSockets = 1 << 10

// Listener is a socket that the manager opened. Name is FileDescriptorName= of systemd.socket(5), "" where it has none.
type Listener struct {
	Name string
	net.Listener
}

// Listeners takes over the sockets that the manager opened (sd_listen_fds(3)): LISTEN_FDS of them, if LISTEN_PID is pid;
// none otherwise. Programs that are started do not inherit them. It may be called once only: the descriptors are closed
// behind it, and their listeners are the caller's. Where one is no stream socket that listens, all are closed, and it is
// an error.
func Listeners(env func(string) string, pid int) ([]Listener, error) {
	if env("LISTEN_FDS") == "" || env("LISTEN_PID") == "" {
		return nil, nil
	}
	of, err := strconv.Atoi(env("LISTEN_PID"))
	if err != nil {
		return nil, fmt.Errorf("cannot use LISTEN_PID %q: want a process id", env("LISTEN_PID"))
	}
	if of != pid {
		return nil, nil
	}
	n, err := strconv.Atoi(env("LISTEN_FDS"))
	if err != nil || n < 0 || n > maxSockets {
		return nil, fmt.Errorf("cannot use LISTEN_FDS %q: want a number from 0 to %d", env("LISTEN_FDS"), maxSockets)
	}
	names := strings.Split(env("LISTEN_FDNAMES"), ":")
	for fd := firstSocket; fd < firstSocket+n; fd++ {
		unix.CloseOnExec(fd)
	}
	var all []Listener
	var failed error
	for i := range n {
		name := ""
		if i < len(names) {
			name = names[i]
		}
		f := os.NewFile(uintptr(firstSocket+i), name)
		l, err := net.FileListener(f) // a copy, close-on-exec
		_ = f.Close()
		if err != nil {
			if failed == nil {
				failed = fmt.Errorf("cannot listen on socket %d (%q) of the service manager: %w", firstSocket+i, name, err)
			}
			continue
		}
		all = append(all, Listener{name, l})
	}
	if failed != nil {
		for _, l := range all {
			_ = l.Close()
		}
		return nil, failed
	}
	return all, nil
}
