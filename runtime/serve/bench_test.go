//go:build unix

package serve

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// The benchmarks measure the processor time of the server alone: it is a process of its own, on one core where taskset(1)
// is there, and the clients are on another. Figures to reach, per second of the server's processor time: 20,000 configs of 4
// KB, 30,000 times 304, 2,000 handshakes; p99 of at most 10 ms at half of the first; at most doubled by slow sockets.
//
//	go test -run '^$' -bench . ./runtime/serve

// TestMain is also the server of the benchmarks.
func TestMain(m *testing.M) {
	dir := os.Getenv("SERVE_BENCH")
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := benchServer(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// benchServer serves, and answers each line of its standard input with the processor time that it has used, in ns.
func benchServer(dir string) error {
	runtime.GOMAXPROCS(1)
	s, err := New(spec.Serve{Listen: "127.0.0.1:0", Names: []string{"localhost"}, CA: dir + "/ca.pem",
		Services: []spec.Service{{Name: "shop", Config: dir + "/shop.json", Password: dir + "/shop.password"}}}, Options{State: dir + "/state"})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			var u syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
			fmt.Println(u.Utime.Nano()+u.Stime.Nano(), u.Maxrss)
		}
	}()
	fmt.Println(l.Addr())
	return s.Serve(ctx, l)
}

// child is a server in a process of its own.
type child struct {
	b       *testing.B
	world   *world
	address string
	in      io.WriteCloser
	out     *bufio.Scanner
}

func newChild(b *testing.B) *child {
	w := &world{t: b, dir: b.TempDir()}
	w.spec.CA = w.path("ca.pem")
	var list []string
	for len(list)*16 < 4000 {
		list = append(list, fmt.Sprintf(`"key-%04d":"%03d"`, len(list), len(list)))
	}
	w.put("shop.json", "{"+strings.Join(list, ",")+"}")
	w.put("shop.password", "shop-"+canary)
	words := []string{os.Args[0]}
	if p, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 1 {
		words = []string{p, "-c", "0", os.Args[0]}
	} else {
		b.Log("the server is not pinned to a core")
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "SERVE_BENCH="+w.dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	c := &child{b: b, world: w, in: in, out: bufio.NewScanner(out)}
	if !c.out.Scan() {
		b.Fatal("the server does not start")
	}
	c.address = c.out.Text()
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return c
}

// cpu is the processor time that the server has used, and the most memory it had, in KiB.
func (c *child) cpu() (time.Duration, int) {
	_, _ = io.WriteString(c.in, "\n")
	if !c.out.Scan() {
		c.b.Fatal("the server is gone")
	}
	ns, rss, _ := strings.Cut(c.out.Text(), " ")
	n, _ := strconv.ParseInt(ns, 10, 64)
	m, _ := strconv.Atoi(rss)
	return time.Duration(n), m
}

// wire is a client that costs little: HTTP/1.1 with one request at a time.
type wire struct {
	*tls.Conn
	r       *bufio.Reader
	request []byte
}

func (c *child) wire(headers string) (*wire, error) {
	conn, err := tls.Dial("tcp", c.address, &tls.Config{RootCAs: c.world.pool(), ServerName: "localhost"})
	if err != nil {
		return nil, err
	}
	return &wire{conn, bufio.NewReaderSize(conn, 16<<10),
		[]byte("GET /v1/config/shop HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic c2hvcDpzaG9wLWthcHV0bmlrLTQ3MTE=\r\n" + headers + "\r\n")}, nil
}

// ask asks once. It gives the status, the tag and the length of the body, which it reads.
func (w *wire) ask() (status, tag string, n int, err error) {
	status, tag, n, err = w.head()
	if err == nil {
		_, err = w.r.Discard(n)
	}
	return status, tag, n, err
}

// head asks, and reads the header of the answer.
func (w *wire) head() (status, tag string, n int, err error) {
	if _, err := w.Write(w.request); err != nil {
		return "", "", 0, err
	}
	for first := true; ; first = false {
		line, err := w.r.ReadSlice('\n')
		if err != nil {
			return "", "", 0, err
		}
		text := string(line[:len(line)-2])
		if first {
			status = text[9:12]
		} else if text == "" {
			return status, tag, n, nil
		} else if v, ok := strings.CutPrefix(text, "Content-Length: "); ok {
			n, _ = strconv.Atoi(v)
		} else if v, ok := strings.CutPrefix(text, "Etag: "); ok {
			tag = v
		}
	}
}

// run does b.N of what do does, on several connections.
func (c *child) run(want string, headers string) {
	const conns = 32
	var wires []*wire
	for range conns {
		w, err := c.wire(headers)
		if err != nil {
			c.b.Fatal(err)
		}
		defer w.Close()
		wires = append(wires, w)
	}
	before, _ := c.cpu()
	c.b.ResetTimer()
	var all sync.WaitGroup
	for i, w := range wires {
		all.Go(func() {
			for n := i; n < c.b.N; n += conns {
				if status, _, _, err := w.ask(); err != nil || status != want {
					c.b.Errorf("status %s, %v", status, err)
					return
				}
			}
		})
	}
	all.Wait()
	c.report(before)
}

func (c *child) report(before time.Duration) {
	c.b.StopTimer()
	after, rss := c.cpu()
	used := after - before
	c.b.ReportMetric(0, "ns/op") // the clients'
	c.b.ReportMetric(float64(used.Nanoseconds())/float64(c.b.N), "cpu-ns/op")
	c.b.ReportMetric(float64(c.b.N)/used.Seconds(), "/cpu-s")
	c.b.ReportMetric(float64(rss)/1024, "peak-MiB")
}

// BenchmarkConfig is 4 KB on connections that stay. Goal: 20,000 per second of processor time.
func BenchmarkConfig(b *testing.B) { newChild(b).run("200", "") }

// Benchmark304 is the same with the tag that the client has. Goal: 30,000.
func Benchmark304(b *testing.B) {
	c := newChild(b)
	w, err := c.wire("")
	if err != nil {
		b.Fatal(err)
	}
	_, tag, n, err := w.ask()
	if err != nil || n < 4000 || n > 4500 {
		b.Fatalf("%d bytes, %v", n, err)
	}
	_ = w.Close()
	c.run("304", "If-None-Match: "+tag+"\r\n")
}

// BenchmarkHandshake is a full handshake of TLS 1.3 and one small request on it. Goal: 2,000.
func BenchmarkHandshake(b *testing.B) {
	for _, curves := range []struct {
		name string
		ids  []tls.CurveID
	}{{"X25519MLKEM768", nil}, {"X25519", []tls.CurveID{tls.X25519}}} {
		b.Run(curves.name, func(b *testing.B) {
			c := newChild(b)
			config := &tls.Config{RootCAs: c.world.pool(), ServerName: "localhost", CurvePreferences: curves.ids}
			before, _ := c.cpu()
			b.ResetTimer()
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for n := i; n < b.N; n += 8 {
						conn, err := tls.Dial("tcp", c.address, config)
						if err != nil {
							b.Error(err)
							return
						}
						w := &wire{conn, bufio.NewReader(conn), []byte("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")}
						if status, _, _, err := w.head(); err != nil || status != "200" {
							b.Errorf("status %s, %v", status, err)
						}
						_ = conn.NetConn().(*net.TCPConn).SetLinger(0) // no TIME_WAIT
						_ = conn.NetConn().Close()
					}
				})
			}
			all.Wait()
			c.report(before)
		})
	}
}

// BenchmarkLatency is the time to an answer at a rate of half the goal, 10,000/s, from when each request was due. Goal: p99
// of at most 10 ms. With 5,000 slow sockets: at most doubled. It runs for three seconds whatever b.N is.
func BenchmarkLatency(b *testing.B) {
	for _, slow := range []int{0, 5000} {
		b.Run(fmt.Sprintf("slow=%d", slow), func(b *testing.B) {
			c := newChild(b)
			for range slow {
				conn, err := net.Dial("tcp", c.address)
				if err != nil {
					b.Skipf("cannot open so many sockets: %v", err)
				}
				defer conn.Close()
				_, _ = conn.Write([]byte{22, 3, 1})
			}
			const conns, rate, seconds = 50, 10000, 3
			var mu sync.Mutex
			var took []time.Duration
			var all sync.WaitGroup
			start := time.Now().Add(100 * time.Millisecond)
			before, _ := c.cpu()
			for i := range conns {
				w, err := c.wire("")
				if err != nil {
					b.Fatal(err)
				}
				defer w.Close()
				all.Go(func() {
					mine := make([]time.Duration, 0, rate*seconds/conns)
					for n := i; n < rate*seconds; n += conns {
						due := start.Add(time.Duration(n) * time.Second / rate)
						time.Sleep(time.Until(due))
						if status, _, _, err := w.ask(); err != nil || status != "200" {
							b.Errorf("status %s, %v", status, err)
							return
						}
						mine = append(mine, time.Since(due))
					}
					mu.Lock()
					took = append(took, mine...)
					mu.Unlock()
				})
			}
			all.Wait()
			after, rss := c.cpu()
			if len(took) == 0 {
				b.Fatal("no answers")
			}
			slices.Sort(took)
			ms := func(share float64) float64 {
				return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ms(0.5), "p50-ms")
			b.ReportMetric(ms(0.99), "p99-ms")
			b.ReportMetric((after-before).Seconds()/time.Since(start).Seconds(), "cores")
			b.ReportMetric(float64(rss)/1024, "peak-MiB")
		})
	}
}

// BenchmarkPoll is one look at 1,000 services of which nothing has changed.
func BenchmarkPoll(b *testing.B) {
	w := &world{t: b, dir: b.TempDir()}
	w.put("c", `{}`)
	w.put("p", "x")
	v := spec.Serve{Listen: "127.0.0.1:0", Names: []string{"localhost"}}
	for i := range 1000 {
		name := fmt.Sprintf("s%d", i)
		for _, f := range []string{"c", "p"} {
			if err := os.Link(w.path(f), filepath.Join(w.dir, name+f)); err != nil {
				b.Fatal(err)
			}
		}
		v.Services = append(v.Services, spec.Service{Name: name, Config: w.path(name + "c"), Password: w.path(name + "p")})
	}
	s, err := New(v, Options{State: w.path("state")})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.poll(b.Context())
	}
}
