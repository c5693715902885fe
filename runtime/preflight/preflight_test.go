package preflight

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/octocompose/octocompose/runtime/probe"
)

// machine is one that says what a case needs.
func machine() System {
	return System{
		Free:   func(path string) (uint64, error) { return 3<<30 + 250<<20, nil },
		Kernel: func() (string, error) { return "5.10.0-26-amd64", nil },
		Exists: func(path string) (bool, error) { return path == "/" || path == "/var" || path == "/var/lib/x", nil },
		Bind: func(_ context.Context, p Port) error {
			switch {
			case p.Address.Is6():
				return os.NewSyscallError("socket", syscall.EAFNOSUPPORT)
			case p.Number == 80:
				return os.NewSyscallError("bind", syscall.EADDRINUSE)
			case p.Number < 1024:
				return os.NewSyscallError("bind", syscall.EACCES)
			case p.Address.String() == "192.0.2.1":
				return os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)
			}
			return nil
		},
		Held: func(p Port) (bool, bool) { return p.Number == 443, p.Number != 22 },
	}
}

func TestChecks(t *testing.T) {
	for _, c := range []struct{ words, want string }{
		{"port 8080", ""}, {"port 0.0.0.0:8080/udp", ""},
		{"port 80", "port 80 of 0.0.0.0 is held by another process"},
		{"port 127.0.0.1:80/udp", "port 80/udp of 127.0.0.1 is held by another process"},
		{"port 443", "port 443 of 0.0.0.0 is held by another process"},
		{"port 444", ""}, // may not be bound, but is not among the open ones
		{"port 22", "cannot tell whether port 22 of 0.0.0.0 is free: this user may not bind it: the question could not be asked"},
		{"port 192.0.2.1:8080", "port 8080 of 192.0.2.1 cannot be bound: this machine does not have that address: " + syscall.EADDRNOTAVAIL.Error()},
		{"port [::1]:8080", "cannot tell whether port 8080 of ::1 is free: socket: " + syscall.EAFNOSUPPORT.Error()},
		{"disk /var/lib/x 3Gi", ""},
		{"disk /var/lib/x 10Gi", "/var/lib/x has 3.2 GiB free; want 10 GiB"},
		{"disk /var/lib/x/ 10Gi", "/var/lib/x has 3.2 GiB free; want 10 GiB"},
		{"disk /var/lib/y/z 10G", "/var, where /var/lib/y/z will lie, has 3.2 GiB free; want 9.3 GiB"},
		{"disk /srv 3483369473", "/, where /srv will lie, has 3483369472 bytes free; want 3483369473 bytes"},
		{"kernel 5.10", ""}, {"kernel 5.10.0", ""}, {"kernel 4", ""}, {"kernel 5.9.99", ""},
		{"kernel 5.15", "kernel 5.10.0 is older than 5.15"},
		{"kernel 5.10.1", "kernel 5.10.0 is older than 5.10.1"},
		{"kernel 6", "kernel 5.10.0 is older than 6"},
		{"dns localhost", ""},
		{"command true", ""},
		{"command false", "false ends with 1"},
		{`all [["kernel","6"],["port","8080"],["port","80"]]`, "kernel 5.10.0 is older than 6; port 80 of 0.0.0.0 is held by another process"},
		{`all [["kernel","5"],["port","8080"]]`, ""},
	} {
		check, err := machine().Parse(strings.Fields(c.words))
		if err != nil {
			t.Errorf("%s: %v", c.words, err)
			continue
		}
		text := ""
		if err := check(t.Context()); err != nil {
			text = err.Error()
		}
		if text != c.want {
			t.Errorf("%s: got %q, want %q", c.words, text, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ words, want string }{
		{"", "want what to check: port [ADDRESS:]PORT[/udp], disk PATH SIZE"},
		{"ports 80", `no check is called "ports"; want port [ADDRESS:]PORT[/udp]`},
		{"port", "want port [ADDRESS:]PORT[/udp]"},
		{"port 0", `cannot use "0" as a port`}, {"port 65536", `cannot use "65536"`}, {"port 80/sctp", `cannot use "80/sctp"`},
		{"port localhost:80", `cannot use "localhost:80"`}, {"port ::1:80", `cannot use "::1:80"`}, {"port +80", `cannot use "+80"`},
		{"disk /x", "want disk PATH SIZE"}, {"disk x 1G", `cannot use "x" as a path`},
		{"disk /x 1GB", `cannot use "1GB" as a size`}, {"disk /x -1", `cannot use "-1"`}, {"disk /x 16777216Ti", `cannot use "16777216Ti"`}, {"disk /x Gi", `cannot use "Gi"`},
		{"kernel", "want kernel VERSION"}, {"kernel 5.x", `cannot use "5.x" as a version`}, {"kernel .5", `cannot use ".5"`}, {"kernel 99999999999999999999", "as a version"},
		{"dns a b", "want dns NAME"}, {"dns a:1", `cannot use "a:1" as a name`},
		{"url", "want url URL"}, {"url ftp://x/", `cannot use "ftp://x/" as a URL`},
		{"command", "want command PROGRAM ARG…"},
		{"all", "want a JSON list of lists"}, {`all [["port"]]`, "want port "},
	} {
		if _, err := Parse(strings.Fields(c.words)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.words, err, c.want)
		}
	}
}

func TestURL(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer srv.Close()
	for path, want := range map[string]bool{"/": true, "/no": false} {
		check, err := Parse([]string{"url", srv.URL + path})
		if err != nil {
			t.Fatal(err)
		}
		if err := check(t.Context()); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// This machine: a port that is held and left, by both networks; a disk that has one byte and not all; a kernel.
func TestHost(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	for _, word := range []string{l.Addr().String(), packets.LocalAddr().String() + "/udp"} {
		p, err := ParsePort(word)
		if err != nil {
			t.Fatal(err)
		}
		all := p
		check := func(p Port) error { return Host().free(t.Context(), p) }
		if err := check(p); err == nil || !strings.HasSuffix(err.Error(), "is held by another process") {
			t.Errorf("%s: got %v, want it to be held", word, err)
		}
		all.Address = netip.IPv4Unspecified()
		if err := check(all); err == nil {
			t.Errorf("%s: all addresses are free", word)
		}
		if word == l.Addr().String() {
			l.Close()
		} else {
			packets.Close()
		}
		if err := check(p); err != nil {
			t.Errorf("%s: got %v, want it to be free", word, err)
		}
	}
	for words, want := range map[string]bool{
		"disk " + t.TempDir() + "/a/b 1": true, "disk /tmp 8191Pi": false, "kernel 3": true, "kernel 999.1": false,
	} {
		check, err := Parse(strings.Fields(words))
		if err != nil {
			t.Fatal(err)
		}
		if err := check(t.Context()); (err == nil) != want && !errors.Is(err, probe.ErrUnasked) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 bytes", 1023: "1023 bytes", 1 << 10: "1 KiB", 10<<30 - 1: "9.9 GiB", 1<<30 + 1: "1.0 GiB", 5 << 49: "2.5 PiB"} {
		if got := SizeText(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
