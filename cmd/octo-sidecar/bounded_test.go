package main

import (
	"io"
	"net"
	"testing"
	"time"
)

// For one connection too many the one that has been quiet the longest makes way, and one that was closed takes no place.
func TestBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bounded{Listener: l, max: 2}
	defer b.Close()
	open := func() (mine, theirs net.Conn) {
		t.Helper()
		mine, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = mine.Close() })
		if theirs, err = b.Accept(); err != nil {
			t.Fatal(err)
		}
		return mine, theirs
	}
	isClosed := func(mine net.Conn) bool {
		t.Helper()
		_ = mine.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err := mine.Read(make([]byte, 1))
		return err == io.EOF
	}
	first, server := open()
	second, _ := open()
	if _, err := server.Write([]byte("x")); err != nil { // it is not the quiet one any more
		t.Fatal(err)
	}
	if _, err := io.ReadFull(first, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	third, server := open()
	if isClosed(first) || !isClosed(second) || isClosed(third) {
		t.Errorf("closed: %t %t %t; want the second", isClosed(first), isClosed(second), isClosed(third))
	}
	_ = server.Close()
	fourth, _ := open()
	if isClosed(first) || isClosed(fourth) {
		t.Error("one that was closed takes a place")
	}
}
