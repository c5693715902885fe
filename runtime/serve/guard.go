package serve

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// A guard bounds how many connections there are, such that who has shown a credential is not pushed aside by who has not:
// when there is no room, the oldest without one is closed, then the oldest with one that is idle; else the new one is.
type guard struct {
	max     int
	log     *slog.Logger
	mu      sync.Mutex
	strange list.List // of *conn: no credential yet, the oldest first
	known   list.List // of *conn
	evicted uint64
	refused uint64
}

// strangeTime is how long a connection may be without a credential, from its start.
const strangeTime = 10 * time.Second

// conn is a connection that the guard knows.
type conn struct {
	net.Conn
	guard *guard
	timer *time.Timer
	// The rest is the guard's.
	at    *list.Element // nil: closed
	known bool
	idle  bool
}

// add lets c in, or closes it.
func (g *guard) add(c net.Conn) *conn {
	k := &conn{Conn: c, guard: g}
	g.mu.Lock()
	full := g.strange.Len()+g.known.Len() >= g.max
	var old *conn
	if full {
		if old = g.oldest(); old != nil {
			g.drop(old)
			g.evicted++
		} else {
			g.refused++
		}
	}
	if full && old == nil {
		g.mu.Unlock()
		_ = c.Close()
		return nil
	}
	k.at = g.strange.PushBack(k)
	k.timer = time.AfterFunc(strangeTime, func() { _ = k.Close() })
	g.mu.Unlock()
	if old != nil {
		_ = old.Conn.Close()
	}
	return k
}

// oldest is whom to close for another one. The guard is locked.
func (g *guard) oldest() *conn {
	if e := g.strange.Front(); e != nil {
		return e.Value.(*conn)
	}
	for e := g.known.Front(); e != nil; e = e.Next() {
		if c := e.Value.(*conn); c.idle {
			return c
		}
	}
	return nil
}

// drop forgets c. The guard is locked.
func (g *guard) drop(c *conn) {
	if c.at == nil {
		return
	}
	if c.known {
		g.known.Remove(c.at)
	} else {
		g.strange.Remove(c.at)
	}
	c.at = nil
	c.timer.Stop()
}

// evict closes one connection, where there is one to close: files have run out.
func (g *guard) evict() {
	g.mu.Lock()
	c := g.oldest()
	if c != nil {
		g.drop(c)
		g.evicted++
	}
	g.mu.Unlock()
	if c != nil {
		_ = c.Conn.Close()
	}
}

func (c *conn) Close() error {
	c.guard.mu.Lock()
	c.guard.drop(c)
	c.guard.mu.Unlock()
	return c.Conn.Close()
}

// trust notes that a credential was shown.
func (c *conn) trust() {
	c.guard.mu.Lock()
	defer c.guard.mu.Unlock()
	if c.known || c.at == nil {
		return
	}
	c.guard.strange.Remove(c.at)
	c.known, c.at = true, c.guard.known.PushBack(c)
	c.timer.Stop()
}

// state is told by the server when a connection begins or ends to do something.
func (g *guard) state(c net.Conn, state http.ConnState) {
	k := unwrap(c)
	if k == nil || state != http.StateActive && state != http.StateIdle {
		return
	}
	g.mu.Lock()
	k.idle = state == http.StateIdle
	g.mu.Unlock()
}

func unwrap(c net.Conn) *conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	k, _ := c.(*conn)
	return k
}

type connKey struct{}

// context gives the requests of a connection the way to its guard.
func (g *guard) context(ctx context.Context, c net.Conn) context.Context {
	if k := unwrap(c); k != nil {
		return context.WithValue(ctx, connKey{}, k)
	}
	return ctx
}

// counts are for the status.
func (g *guard) counts() (open int, evicted, refused uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.strange.Len() + g.known.Len(), g.evicted, g.refused
}

// The pause after the machine had nothing left for a connection; it doubles.
const (
	shortPause = 5 * time.Millisecond
	longPause  = time.Second
)

// listener lets in whom the guard lets in, and lives on when the machine is short of files or memory.
type listener struct {
	net.Listener
	guard *guard
	once  sync.Once
	done  chan struct{}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

func (l *listener) Accept() (net.Conn, error) {
	for pause := time.Duration(0); ; {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			pause = 0
			if k := l.guard.add(c); k != nil {
				return k, nil
			}
			continue
		case !isShort(err):
			return nil, err
		}
		if pause == 0 {
			l.guard.log.Error("cannot accept a connection; the oldest without a credential makes room", "error", err)
		}
		l.guard.evict()
		pause = min(max(2*pause, shortPause), longPause)
		select {
		case <-time.After(pause):
		case <-l.done:
			return nil, net.ErrClosed
		}
	}
}

// isShort tells whether err will pass when others give something back (accept(2)).
func isShort(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
