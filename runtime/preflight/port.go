package preflight

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"github.com/octocompose/octocompose/runtime/probe"
)

// Port is a port of this machine.
type Port struct {
	Network string     // tcp or udp
	Address netip.Addr // the zero value: all addresses, of IPv4 and IPv6
	Number  uint16     // 1 to 65535
}

func (p Port) String() string {
	text := "port " + strconv.Itoa(int(p.Number))
	if p.Network == "udp" {
		text += "/udp"
	}
	if p.Address.IsValid() {
		return text + " of " + p.Address.String()
	}
	return text
}

// ParsePort reads [ADDRESS:]PORT[/udp]; an address of IPv6 stands in brackets.
func ParsePort(word string) (Port, error) {
	bad := fmt.Errorf("cannot use %q as a port; want [ADDRESS:]PORT[/udp], such as 80, 127.0.0.1:80 or 53/udp", word)
	rest, network, found := strings.Cut(word, "/")
	if !found {
		network = "tcp"
	}
	p := Port{Network: network}
	number := rest
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		host, port, err := net.SplitHostPort(rest)
		if err != nil {
			return Port{}, bad
		}
		if p.Address, err = netip.ParseAddr(host); err != nil {
			return Port{}, bad
		}
		number = port
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 || (network != "tcp" && network != "udp") {
		return Port{}, bad
	}
	p.Number = uint16(n)
	return p, nil
}

func (s System) parsePort(words []string) (Func, error) {
	if len(words) != 1 {
		return nil, errWords
	}
	p, err := ParsePort(words[0])
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return s.free(ctx, p) }, nil
}

// free tells whether p could be bound. A port that this user may not bind, such as one below 1024, is looked for among
// those that are open. No address means both families, of which the machine may have one only.
func (s System) free(ctx context.Context, p Port) error {
	if p.Address.IsValid() {
		return s.freeAt(ctx, p)
	}
	for _, all := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		at := p
		at.Address = all
		if err := s.freeAt(ctx, at); err != nil && !errors.Is(err, syscall.EADDRNOTAVAIL) && !errors.Is(err, syscall.EAFNOSUPPORT) {
			return err
		}
	}
	return nil
}

func (s System) freeAt(ctx context.Context, p Port) error {
	err := s.Bind(ctx, p)
	held := errors.Is(err, syscall.EADDRINUSE)
	if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) {
		known := false
		if held, known = s.Held(p); !known {
			return fmt.Errorf("cannot tell whether %s is free: this user may not bind it: %w", p, probe.ErrUnasked)
		}
		if !held {
			return nil
		}
	}
	switch {
	case err == nil:
		return nil
	case held:
		return fmt.Errorf("%s is held by another process", p)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s cannot be bound: this machine does not have that address: %w", p, syscall.EADDRNOTAVAIL)
	}
	return fmt.Errorf("cannot tell whether %s is free: %w", p, err)
}

// bind listens on p for a moment.
func bind(ctx context.Context, p Port) error {
	network := p.Network + "4"
	if p.Address.Is6() {
		network = p.Network + "6" // only: what holds the port of IPv4 is found by its own question
	}
	address := netip.AddrPortFrom(p.Address, p.Number).String()
	var config net.ListenConfig
	if p.Network == "udp" {
		conn, err := config.ListenPacket(ctx, network, address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	l, err := config.Listen(ctx, network, address)
	if err != nil {
		return err
	}
	return l.Close()
}
