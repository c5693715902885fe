package probe

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// TCP opens a connection to one of the addresses, host:port, and closes it: the first that accepts decides. All are
// tried at the same time, so that one which drops packets does not eat the time of the others.
func TCP(ctx context.Context, addresses ...string) error {
	for _, a := range addresses {
		if err := checkAddress(a); err != nil {
			return fmt.Errorf("%w: %w", err, ErrFinal)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		i   int
		err error
	}
	answers := make(chan answer, len(addresses))
	for i, a := range addresses {
		go func() { answers <- answer{i, dial(ctx, a)} }()
	}
	seen := make([]error, len(addresses))
	for range addresses {
		got := <-answers
		if got.err == nil {
			return nil
		}
		seen[got.i] = got.err
	}
	return Join(seen)
}

func dial(ctx context.Context, address string) error {
	conn, err := dialer(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot connect: %w", unasked(err))
	}
	return conn.Close()
}

// dialer connects for one question. Keep-alive is off, the connection is short. Lingering is off too: closing resets the
// connection, so that thousands of questions leave no ports in TIME_WAIT on either side. The kubelet came to the same
// end with a linger of 1 s, after its probes had used up all ports (kubernetes pull request 115143); HAProxy resets its TCP
// checks as well. Nothing that was sent matters any more by then.
func dialer(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a connection that is gone already need not be reset
	}
	return conn, nil
}

func checkAddress(address string) error {
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
		return fmt.Errorf("cannot use %q as an address; want host:port", address)
	}
	return nil
}

// DNS looks up the addresses of name. A Service without an address of its own has as many as it has ready pods.
func DNS(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return fmt.Errorf("%w: %w", err, ErrFinal)
	}
	found, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return fmt.Errorf("cannot resolve: %w", unasked(err))
	}
	if len(found) == 0 {
		return fmt.Errorf("%s has no address", name)
	}
	return nil
}

func checkName(name string) error {
	if name == "" || strings.ContainsAny(name, ":/ ") {
		return fmt.Errorf("cannot use %q as a name; want a host name", name)
	}
	return nil
}
