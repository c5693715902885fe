package probe

import (
	"errors"
	"net"
	"strings"
	"testing"
)

func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := TCP(t.Context(), address); err != nil {
		t.Errorf("open port: %v", err)
	}
	l.Close()
	if err := TCP(t.Context(), address); err == nil || errors.Is(err, ErrFinal) {
		t.Errorf("closed port: got %v, want an error that may pass", err)
	}
	if err := TCP(t.Context(), "nonsense"); !errors.Is(err, ErrFinal) {
		t.Errorf("no address: got %v, want ErrFinal", err)
	}
}

func TestDNS(t *testing.T) {
	if err := DNS(t.Context(), "localhost"); err != nil {
		t.Errorf("localhost: %v", err)
	}
	if err := DNS(t.Context(), "no-such-host.invalid"); err == nil || errors.Is(err, ErrFinal) {
		t.Errorf("no such host: got %v, want an error that may pass", err)
	}
	if err := DNS(t.Context(), "db:5432"); !errors.Is(err, ErrFinal) {
		t.Errorf("not a name: got %v, want ErrFinal", err)
	}
}

// One that accepts is enough; where none does, each is told, in the order in which they were given.
func TestTCPAny(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := TCP(t.Context(), "127.0.0.1:1", address, "127.0.0.1:2"); err != nil {
		t.Errorf("one of three open: %v", err)
	}
	l.Close()
	err = TCP(t.Context(), "127.0.0.1:2", "127.0.0.1:1")
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:2: ") || strings.Index(err.Error(), ":2: ") > strings.Index(err.Error(), ":1: ") {
		t.Errorf("none open: got %v, want both addresses in order", err)
	}
	if err := TCP(t.Context(), address, "nonsense"); !errors.Is(err, ErrFinal) {
		t.Errorf("one is no address: got %v, want ErrFinal", err)
	}
}
