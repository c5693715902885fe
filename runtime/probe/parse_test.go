//go:build unix

package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string // in the error; "" where it can be read
	}{
		{[]string{"tcp", "a:1"}, ""},
		{[]string{"tcp", "a:1", "[::1]:2"}, ""},
		{[]string{"dns", "db"}, ""},
		{[]string{"http", "http://a/"}, ""},
		{[]string{"http", "--host=shop", "https://a:8443/x"}, ""},
		{[]string{"http", "--host", "shop", "http://a/"}, ""},
		{[]string{"grpc", "a:1"}, ""},
		{[]string{"grpc", "a:1", "shop.Cart"}, ""},
		{[]string{"exec", "true", "--flag"}, ""},
		{[]string{"plugin", "check_disk", "-w", "20%"}, ""},
		{[]string{"container", "/run/docker.sock", "shop-api-1", "/octo/octo-sidecar", "probe", "--timeout=2s", "exec", "true"}, ""},
		{[]string{"unit", "shop-db.service"}, ""},
		{[]string{"unit", "shop-api@1.service"}, ""},
		{[]string{"unit", `dev-x\x2dy@a@b.service`}, ""},
		{[]string{"unit", strings.Repeat("x", 247) + ".service"}, ""},
		{[]string{"k8s-job", "migrate"}, ""},
		{[]string{"all", `[["tcp","a:1"],["all","[[\"dns\",\"db\"]]"]]`}, ""},
		{nil, "want what to ask: tcp HOST:PORT…, dns NAME"},
		{[]string{"smtp", "x:1"}, `no kind is called "smtp"; want tcp HOST:PORT…`},
		{[]string{"tcp"}, "want tcp HOST:PORT…"},
		{[]string{"tcp", "a:1", "b"}, `cannot use "b" as an address; want host:port`},
		{[]string{"tcp", ":80"}, `cannot use ":80" as an address`},
		{[]string{"dns", "a", "b"}, "want dns NAME"},
		{[]string{"dns", "a:1"}, `cannot use "a:1" as a name`},
		{[]string{"http"}, "want http [--host=NAME] URL"},
		{[]string{"http", "--hots=x", "http://a/"}, "want http [--host=NAME] URL"},
		{[]string{"http", "--host=a b", "http://a/"}, `cannot use "a b" as a host`},
		{[]string{"http", "/healthz"}, `cannot use "/healthz" as a URL`},
		{[]string{"grpc", "a:1", "b", "c"}, "want grpc HOST:PORT [SERVICE]"},
		{[]string{"exec"}, "want exec PROGRAM ARG…"},
		{[]string{"plugin", ""}, "want plugin PROGRAM ARG…"},
		{[]string{"container", "/run/docker.sock", "api"}, "want container SOCKET NAME PROGRAM ARG…"},
		{[]string{"container", "docker.sock", "api", "true"}, `cannot use "docker.sock" as a socket; want an absolute path`},
		{[]string{"container", "/run/docker.sock", "../x", "true"}, `cannot use "../x" as a container; want its name`},
		{[]string{"container", "/run/docker.sock", "--user", "true"}, `cannot use "--user" as a container`},
		{[]string{"unit"}, "want unit NAME.service"},
		{[]string{"unit", ""}, "want unit NAME.service"},
		{[]string{"unit", "a.service", "b.service"}, "want unit NAME.service"},
		{[]string{"unit", "shop-db"}, `cannot use "shop-db" as a unit; want NAME.service`},
		{[]string{"unit", "shop.socket"}, `cannot use "shop.socket" as a unit`},
		{[]string{"unit", ".service"}, `cannot use ".service" as a unit`},
		{[]string{"unit", "@1.service"}, `cannot use "@1.service" as a unit`},
		{[]string{"unit", "a b.service"}, `cannot use "a b.service" as a unit`},
		{[]string{"unit", "a/b.service"}, `cannot use "a/b.service" as a unit`},
		{[]string{"unit", "*.service"}, `cannot use "*.service" as a unit`},
		{[]string{"unit", "a.service\n"}, `cannot use "a.service\n" as a unit`},
		{[]string{"unit", strings.Repeat("x", 248) + ".service"}, `as a unit; want NAME.service`},
		{[]string{"unit", "shop-api@.service"}, `cannot use "shop-api@.service" as a unit; want one of its instances, shop-api@NAME.service`},
		{[]string{"k8s-job"}, "want k8s-job NAME"},
		{[]string{"all", "[]"}, "want a JSON list of lists"},
		{[]string{"all", `[["dns","a"]] x`}, "want a JSON list of lists"},
		{[]string{"all", `{"tcp":"a:1"}`}, "want a JSON list of lists"},
		{[]string{"all", `[["tcp"]]`}, "want tcp HOST:PORT…"},
		{[]string{"all", `[[]]`}, "want what to ask"},
	} {
		ask, err := Parse(c.words, Means{Units: func(context.Context, string) (Unit, error) { return Unit{}, nil }})
		if (err == nil) != (c.want == "") || (ask == nil) != (err != nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: got %v, want %q", c.words, err, c.want)
		}
	}
}

// What Parse gives asks what was written.
func TestParsedAsks(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ask, err := Parse([]string{"all", `[["tcp","` + l.Addr().String() + `"],["dns","localhost"]]`}, Means{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ask(t.Context()); err != nil {
		t.Errorf("both hold: %v", err)
	}
	ask, err = Parse([]string{"all", `[["tcp","127.0.0.1:1"],["tcp","` + l.Addr().String() + `"],["dns","no-such-host.invalid"]]`}, Means{})
	if err != nil {
		t.Fatal(err)
	}
	err = ask(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "cannot connect: ") || !strings.Contains(err.Error(), "; cannot resolve: ") {
		t.Errorf("got %v, want both failures in order", err)
	}
}

// An answer outweighs what was not asked; what is final stays final.
func TestJoin(t *testing.T) {
	no, final := errors.New("no"), fmt.Errorf("gone: %w", ErrFinal)
	short := unasked(os.NewSyscallError("socket", syscall.EMFILE))
	for _, c := range []struct {
		seen           []error
		text           string
		final, unasked bool
	}{
		{nil, "", false, false},
		{[]error{nil, nil}, "", false, false},
		{[]error{nil, no}, "no", false, false},
		{[]error{no, final}, "no; gone: asking again does not help", true, false},
		{[]error{short, nil}, "the question could not be asked: socket: too many open files", false, true},
		{[]error{short, no}, "no", false, false},
	} {
		err := Join(c.seen)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != c.text || errors.Is(err, ErrFinal) != c.final || errors.Is(err, ErrUnasked) != c.unasked {
			t.Errorf("%v: got %v", c.seen, err)
		}
	}
	if errors.Is(unasked(&net.OpError{Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), ErrUnasked) {
		t.Error("a refused connection is taken for no answer")
	}
}

// Without files to open, no question is asked, whatever its kind: the service is not to blame.
func TestOutOfFiles(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asks := map[string]Func{
		"tcp":  func(ctx context.Context) error { return TCP(ctx, l.Addr().String()) },
		"http": func(ctx context.Context) error { return HTTP(ctx, "http://"+l.Addr().String(), "") },
		"grpc": func(ctx context.Context) error { return GRPC(ctx, l.Addr().String(), "") },
		"exec": func(ctx context.Context) error { return Exec(ctx, "/bin/true") },
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]error{}
	for name, ask := range asks {
		seen[name] = ask(t.Context())
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	for name, err := range seen {
		if !errors.Is(err, ErrUnasked) {
			t.Errorf("%s: got %v, want ErrUnasked", name, err)
		}
	}
}
