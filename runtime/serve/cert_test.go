package serve

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What is made at the first start: modes, names, constraints; and it is the same at the second.
func TestMade(t *testing.T) {
	w := newWorld(t)
	w.spec.Names = []string{"localhost", "config.shop.internal", "127.0.0.1", "::1"}
	w.start()
	for name, mode := range map[string]os.FileMode{"state/" + authorityFile: 0o600, "ca.pem": 0o644} {
		if info, err := os.Stat(w.path(name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, mode)
		}
	}
	if data, _ := os.ReadFile(w.spec.CA); bytes.Contains(data, []byte("PRIVATE")) {
		t.Error("the file for clients holds a key")
	}
	leaf := w.cert.Load().Leaf
	for _, name := range []string{"localhost", "config.shop.internal", "127.0.0.1", "::1"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: w.pool(), DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, _, err := openAuthority(disk{}, w.o.State, w.spec.Names, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"example.com", "10.0.0.1", "::2"} {
		other, err := a.sign([]string{name}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if a.verify(other.Leaf, []string{name}, time.Now()) == nil {
			t.Errorf("the authority can stand for %s", name)
		}
	}
	before, _ := os.ReadFile(w.spec.CA)
	again, err := New(w.spec, w.o)
	if err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(w.spec.CA); !bytes.Equal(before, after) || again.cert.Load().Leaf.Equal(leaf) {
		t.Error("the second start has another authority, or the same leaf")
	}
}

// An authority of DNS names alone may not sign for addresses, and the other way round.
func TestConstraints(t *testing.T) {
	for _, c := range []struct{ names, other []string }{
		{[]string{"octo"}, []string{"127.0.0.1", "::1"}},
		{[]string{"127.0.0.1"}, []string{"localhost", "::1"}},
	} {
		a, _, err := newAuthority(c.names, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(c.names, c.other...) {
			leaf, err := a.sign([]string{name}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if got := a.verify(leaf.Leaf, []string{name}, time.Now()) == nil; got != (name == c.names[0]) {
				t.Errorf("%v for %s: %t", c.names, name, got)
			}
		}
	}
}

// The leaf is renewed while the server runs, before it ends; a fault leaves the old one; a clock that goes back, an
// authority that ends and one that is broken bring new ones.
func TestRenewal(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	var fault error
	w.o.Now = func() time.Time { return now }
	w.o.step = func(string) error { return fault }
	w.start()
	first := w.cert.Load()
	authority, _ := os.ReadFile(w.spec.CA)
	at := func(d time.Duration) *tls.Certificate {
		now = now.Add(d)
		w.poll(t.Context())
		return w.cert.Load()
	}
	if at(time.Hour) != first || at(-time.Hour) != first || at(leafRenewal-time.Minute) != first {
		t.Error("renewed too early")
	}
	if err := os.Remove(w.spec.CA); err != nil {
		t.Fatal(err)
	}
	fault = syscall.ENOSPC
	if at(2*time.Minute) != first || !strings.Contains(w.Status().CertificateError, "no space left") {
		t.Errorf("with a full disk: %+v", w.Status())
	}
	fault = nil
	if at(time.Second) != first {
		t.Error("tried again without a pause")
	}
	second := at(renewPause)
	if second == first || w.Status().CertificateError != "" {
		t.Error("not renewed")
	}
	if again, _ := os.ReadFile(w.spec.CA); !bytes.Equal(authority, again) {
		t.Error("there is another authority")
	}
	now = now.Add(-200 * 24 * time.Hour)
	if at(0) == second {
		t.Error("a certificate of the future is used")
	}
	now = now.Add(authorityLife)
	w.poll(t.Context())
	if again, _ := os.ReadFile(w.spec.CA); bytes.Equal(authority, again) {
		t.Error("the authority has ended, and is used")
	}
	_ = os.WriteFile(filepath.Join(w.o.State, authorityFile), []byte("torn"), 0o600)
	if _, err := New(w.spec, w.o); err != nil {
		t.Errorf("a broken authority: %v", err)
	}
	if !strings.Contains(w.log.String(), "it is no key with its certificate") {
		t.Error("nothing is said about the broken one")
	}
}

// Every change of the disk fails once, with each error: nothing is torn, the error is told, and the next start mends it.
func TestEveryFault(t *testing.T) {
	for _, fault := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		for n := 1; ; n++ {
			w := newWorld(t)
			count, hit := 0, ""
			w.o.step = func(what string) error {
				if count++; count == n {
					hit = what
					return fault
				}
				return nil
			}
			_, err := New(w.spec, w.o)
			if hit == "" {
				if err != nil || n < 14 {
					t.Fatalf("without a fault: %v after %d steps", err, n-1)
				}
				break
			}
			if !errors.Is(err, fault) {
				t.Errorf("%d, %s: %v, want %v", n, hit, err, fault)
			}
			if data, err := os.ReadFile(filepath.Join(w.o.State, authorityFile)); err == nil {
				if _, err := parseAuthority(data); err != nil {
					t.Errorf("%d, %s: a torn authority: %v", n, hit, err)
				}
			}
			if _, err := os.Stat(w.spec.CA); err == nil {
				w.pool()
			}
			for _, dir := range []string{w.dir, w.o.State} {
				if left, _ := filepath.Glob(dir + "/.*"); len(left) > 0 {
					t.Errorf("%d, %s: left %q", n, hit, left)
				}
			}
			w.o.step = nil
			w.start()
			if _, err := w.cert.Load().Leaf.Verify(x509.VerifyOptions{Roots: w.pool(), DNSName: "localhost"}); err != nil {
				t.Errorf("%d, %s: the next start: %v", n, hit, err)
			}
		}
	}
}

// A file that a killed run left half written is no hindrance.
func TestLeftover(t *testing.T) {
	w := newWorld(t)
	_ = os.Mkdir(w.o.State, 0o700)
	_ = os.WriteFile(filepath.Join(w.o.State, "."+authorityFile+".new"), []byte("half"), 0o600)
	_ = os.Symlink(w.path("shop.json"), w.path(".ca.pem.new"))
	w.start()
	if data, _ := os.ReadFile(w.path("shop.json")); !strings.Contains(string(data), "shop") {
		t.Error("a link was followed")
	}
}

// give makes a pair of files, and returns a pool that trusts it.
func (w *world) give(name string) *x509.CertPool {
	a, _, err := newAuthority([]string{"localhost"}, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := a.sign([]string{"localhost"}, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(name, c)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func (w *world) write(name string, c *tls.Certificate) {
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(name+".pem", string(encodeCert(c.Certificate[0])))
	w.put(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
}

// A pair that is given: half of a new one, a broken one and one that has ended leave the old one in use.
func TestGiven(t *testing.T) {
	w := newWorld(t)
	w.give("tls")
	w.spec.Cert, w.spec.Key, w.spec.CA = w.path("tls.pem"), w.path("tls.key"), ""
	w.start()
	first := w.cert.Load()
	w.give("next")
	ended, _, _ := newAuthority([]string{"localhost"}, time.Now())
	old, _ := ended.sign([]string{"localhost"}, time.Now().Add(-2*leafLife))
	w.write("old", old)
	move := func(from, to string) {
		data, err := os.ReadFile(w.path(from))
		if err != nil {
			t.Fatal(err)
		}
		w.put(to, string(data))
	}
	for _, c := range []struct {
		name string
		do   func()
		err  string
	}{
		{"half of a new one", func() { move("next.pem", "tls.pem") }, "cannot use"},
		{"no PEM", func() { w.put("tls.pem", "torn") }, "cannot use"},
		{"gone", func() { _ = os.Remove(w.path("tls.pem")) }, "no such file"},
		{"one that has ended", func() { move("old.pem", "tls.pem"); move("old.key", "tls.key") }, "it ended at"},
	} {
		c.do()
		w.poll(t.Context())
		if w.cert.Load() != first || !strings.Contains(w.Status().CertificateError, c.err) {
			t.Errorf("%s: %q, want %q", c.name, w.Status().CertificateError, c.err)
		}
	}
	move("next.pem", "tls.pem")
	move("next.key", "tls.key")
	w.poll(t.Context())
	if w.cert.Load() == first || w.Status().CertificateError != "" {
		t.Errorf("the new pair is not used: %q", w.Status().CertificateError)
	}
	if _, err := os.Stat(w.o.State); err == nil {
		t.Error("a state folder was made without need")
	}
}

// How long and how often TestRotationUnderLoad rotates; the figure of one a second for 10 minutes is
//
//	go test ./runtime/serve -run TestRotationUnderLoad -serve.for=10m -serve.every=1s -timeout=15m -v
var (
	rotateFor   = flag.Duration("serve.for", 2*time.Second, "how long TestRotationUnderLoad rotates")
	rotateEvery = flag.Duration("serve.every", 50*time.Millisecond, "time between two certificates")
)

// The certificate is rotated again and again while clients make new connections: no handshake fails.
func TestRotationUnderLoad(t *testing.T) {
	const clients = 4
	rotations := max(1, int64(*rotateFor / *rotateEvery))
	w := newWorld(t)
	a, _, err := newAuthority([]string{"localhost"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	rotate := func() {
		c, err := a.sign([]string{"localhost"}, time.Now())
		if err != nil {
			t.Error(err)
			return
		}
		w.write("tls", c)
	}
	rotate()
	w.put("ca.pem", string(encodeCert(a.cert.Raw)))
	w.spec.Cert, w.spec.Key = w.path("tls.pem"), w.path("tls.key")
	w.o.Poll = 5 * time.Millisecond
	w.listen()
	seen := sync.Map{}
	var stop atomic.Bool
	var shaken, resumed, used, failed atomic.Int64
	var all sync.WaitGroup
	pool := w.pool()
	for i := range clients {
		version := uint16(tls.VersionTLS12 + i%2)
		cache := tls.NewLRUClientSessionCache(4) // every other handshake resumes
		all.Go(func() {
			for n := 0; !stop.Load(); n++ {
				config := &tls.Config{RootCAs: pool, ServerName: "localhost", MaxVersion: version}
				if n%2 == 0 {
					config.ClientSessionCache = cache
				}
				c, err := tls.Dial("tcp", strings.TrimPrefix(w.url, "https://"), config)
				if err != nil {
					t.Error(err)
					if failed.Add(1) > 100 {
						return
					}
					continue
				}
				if c.ConnectionState().DidResume {
					resumed.Add(1)
				}
				if _, old := seen.LoadOrStore(c.ConnectionState().PeerCertificates[0].SerialNumber.String(), true); !old {
					used.Add(1)
				}
				_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
				if data, err := io.ReadAll(c); err != nil || !bytes.HasPrefix(data, []byte("HTTP/1.1 200 ")) {
					t.Errorf("%q, %v", data, err)
				}
				_ = c.Close()
				shaken.Add(1)
			}
		})
	}
	for range rotations {
		time.Sleep(*rotateEvery) // the rhythm of the load, on which nothing depends
		rotate()
	}
	stop.Store(true)
	all.Wait()
	t.Logf("%d handshakes, of which %d resumed; %d failed; %d of %d certificates used", shaken.Load(), resumed.Load(), failed.Load(), used.Load(), rotations+1)
	if used.Load() < rotations/4 {
		t.Errorf("only %d certificates were used", used.Load())
	}
}

// Row C12: nothing below TLS 1.2, HTTP/2 and HTTP/1.1, and no renegotiation.
func TestTLS(t *testing.T) {
	w := newWorld(t).listen()
	address := strings.TrimPrefix(w.url, "https://")
	for _, c := range []struct {
		version uint16
		ok      bool
	}{{tls.VersionTLS10, false}, {tls.VersionTLS11, false}, {tls.VersionTLS12, true}, {tls.VersionTLS13, true}} {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: w.pool(), ServerName: "localhost", MinVersion: c.version, MaxVersion: c.version})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", tls.VersionName(c.version), err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: w.pool(), ServerName: "localhost", NextProtos: []string{"h2"}})
	if err != nil || conn.ConnectionState().Version != tls.VersionTLS13 || conn.ConnectionState().NegotiatedProtocol != "h2" {
		t.Fatalf("without bounds: %v", err)
	}
	_ = conn.Close()
	if resp, _ := w.ask("shop", "GET", "/v1/config/shop"); resp.ProtoMajor != 2 {
		t.Errorf("got %s", resp.Proto)
	}
}

// Row C12, by a client that can ask for a renegotiation.
func TestRenegotiation(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not there")
	}
	w := newWorld(t).listen()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "s_client", "-tls1_2", "-connect", strings.TrimPrefix(w.url, "https://"), "-CAfile", w.spec.CA, "-servername", "localhost")
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	var told bytes.Buffer
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewScanner(out)
	for r.Scan() && !strings.Contains(r.Text(), "Extended master secret") {
	}
	_, _ = io.WriteString(in, "R\n") // openssl-s_client(1), CONNECTED COMMANDS
	for r.Scan() {
	}
	err = cmd.Wait()
	if err == nil || !strings.Contains(told.String(), "RENEGOTIATING") || strings.Contains(told.String(), "unrecognized") {
		t.Errorf("it may renegotiate: %v\n%s", err, told.String())
	}
}
