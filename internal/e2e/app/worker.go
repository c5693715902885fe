package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"
)

// worker sends itself a message each half second through nats, and is ready once one has come back.
// The protocol is text: https://docs.nats.io/reference/reference-protocols/nats-protocol.
func (a *app) worker([]string) error {
	stop := told()
	a.event("start", nil)
	conn, err := net.DialTimeout("tcp", setting("APP_NATS", "nats:4222"), 2*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	subject := "octo." + hostname()
	fmt.Fprintf(conn, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB %s 1\r\n", subject)

	var received atomic.Int64
	failed := make(chan error, 3)
	go func() { failed <- a.receive(conn, &received) }()
	go func() {
		for {
			if _, err := fmt.Fprintf(conn, "PUB %s 5\r\nhello\r\n", subject); err != nil {
				failed <- err
				return
			}
			time.Sleep(500 * time.Millisecond)
		}
	}()
	s := a.server()
	s.data = func() (map[string]any, error) { return map[string]any{"received": received.Load()}, nil }
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	go func() { failed <- <-s.listen(l) }()
	return a.until(stop, 0, failed)
}

// receive counts what comes back, and answers nats, which asks whether we are there.
func (a *app) receive(conn net.Conn, received *atomic.Int64) error {
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "PING":
			fmt.Fprint(conn, "PONG\r\n")
		case strings.HasPrefix(line, "-ERR"):
			return fmt.Errorf("nats says %s", line)
		case line == "hello":
			if received.Add(1) == 1 {
				a.event("ready", nil)
			}
		}
	}
	return fmt.Errorf("nats has closed the connection: %v", lines.Err())
}
