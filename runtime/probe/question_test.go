//go:build unix

package probe

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		words []string
		forks bool
	}{
		{[]string{"tcp", "a:1"}, false},
		{[]string{"exec", "true"}, true},
		{[]string{"plugin", "check_disk"}, true},
		{[]string{"unit", "shop-db.service"}, false},
		{[]string{"container", "/run/docker.sock", "api", "true"}, true},
		{[]string{"all", `[["tcp","a:1"],["dns","db"]]`}, false},
		{[]string{"all", `[["tcp","a:1"],["all","[[\"exec\",\"true\"]]"]]`}, true},
	} {
		if q, err := Read(c.words, Means{Units: func(context.Context, string) (Unit, error) { return Unit{}, nil }}); err != nil || q.Forks != c.forks {
			t.Errorf("%q: forks %v, %v; want %v", c.words, q.Forks, err, c.forks)
		}
	}
	if _, err := Read([]string{"smtp", "x"}, Means{}); err == nil {
		t.Error("an unknown kind is taken")
	}
}

// What a program says is told where it works, too: performance data come with every answer.
func TestReadTells(t *testing.T) {
	for _, c := range []struct {
		kind, script, told, err string
	}{
		{"plugin", "echo 'DISK OK | used=81%;80;90'; echo more", "DISK OK | used=81%;80;90", ""},
		{"plugin", "echo 'DISK BAD | used=99%'; exit 2", "DISK BAD | used=99%", `says "DISK BAD"`},
		{"exec", "echo fine", "fine", ""},
		{"exec", "echo broken; exit 1", "broken", `says "broken"`},
		{"exec", "printf 'a\\377b'", "a\uFFFDb", ""},
	} {
		q, err := Read([]string{c.kind, "/bin/sh", "-c", c.script}, Means{})
		if err != nil {
			t.Fatal(err)
		}
		told, err := q.Ask(t.Context())
		if told != c.told || (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s %s: told %q, %v; want %q, %q", c.kind, c.script, told, err, c.told, c.err)
		}
	}
}

// A connection of a question is reset when it is closed: it leaves no port in TIME_WAIT.
func TestNoLinger(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := dialer(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var on, alive int
	_ = raw.Control(func(fd uintptr) {
		on, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER)
		alive, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
	})
	if on != 1 || alive != 0 {
		t.Errorf("SO_LINGER set: %d, SO_KEEPALIVE set: %d; want 1 and 0", on, alive)
	}
}
