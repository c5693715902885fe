package main

import (
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// statusConns is how many connections each address of the status may have. Who looks at it are few, and idle ones must not
// use up the files that configs and checks need.
const statusConns = 16

// bounded is a listener with at most max connections. For one more, the one that has been quiet the longest is closed.
type bounded struct {
	net.Listener
	max int

	mu   sync.Mutex
	open []*boundedConn
}

type boundedConn struct {
	net.Conn
	of   *bounded
	last time.Time // when something was read or written; guarded by the lock of the listener
}

// Accept is of [net.Listener].
func (b *bounded) Accept() (net.Conn, error) {
	conn, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &boundedConn{Conn: conn, of: b, last: time.Now()}
	var quiet *boundedConn
	b.mu.Lock()
	if len(b.open) >= b.max {
		quiet = slices.MinFunc(b.open, func(x, y *boundedConn) int { return x.last.Compare(y.last) })
	}
	b.open = append(b.open, c)
	b.mu.Unlock()
	if quiet != nil {
		_ = quiet.Close()
	}
	return c, nil
}

func (c *boundedConn) heard(n int) {
	if n > 0 {
		c.of.mu.Lock()
		c.last = time.Now()
		c.of.mu.Unlock()
	}
}

// Read is of [net.Conn], as are the following.
func (c *boundedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.heard(n)
	return n, err
}

func (c *boundedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.heard(n)
	return n, err
}

// Close forgets the connection, too.
func (c *boundedConn) Close() error {
	c.of.mu.Lock()
	if i := slices.Index(c.of.open, c); i >= 0 {
		c.of.open = slices.Delete(c.of.open, i, i+1)
	}
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// maxQuestions is how many questions run at once that start no program, where there are files for them.
const maxQuestions = 2048

// questions is how many may: those that wait for services which do not answer leave half of the files (getrlimit(2),
// RLIMIT_NOFILE) to the config server and the status.
func questions() int {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return maxQuestions
	}
	return int(max(1, min(uint64(files.Cur)/2, maxQuestions)))
}
