package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	open := l.Addr().String()
	for _, c := range []struct {
		args string
		code int
		want string // in stdout or stderr
	}{
		{"", 0, "octo-sidecar probe"},
		{"version", 0, "octo-sidecar "},
		{"probe tcp " + open, 0, ""},
		{"wait --timeout=5s tcp " + open, 0, ""},
		{"probe tcp 127.0.0.1:1", 1, "cannot connect"},
		{"wait --timeout=20ms --interval=5ms tcp 127.0.0.1:1", 1, "gave up after"},
		{"probe tcp", 2, "want a kind and what to ask"},
		{"probe smtp x:1", 2, `no kind is called "smtp"`},
		{"probe --nope tcp x:1", 2, "unknown flag: --nope"},
		{"wait --interval=0s tcp x:1", 2, "more than 0"},
		{"serve", 2, `no verb is called "serve"`},
	} {
		var out bytes.Buffer
		code := run(t.Context(), strings.Fields(c.args), &out, &out, func(string) string { return "" })
		if code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("octo-sidecar %s: exit %d, want %d; printed %q, want %q in it", c.args, code, c.code, out.String(), c.want)
		}
	}
}
