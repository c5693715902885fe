//go:build unix

package schedule

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/spec"
)

// How long BenchmarkChecks runs: 20 s, or longer with -schedule.for=1h.
var benchFor = flag.Duration("schedule.for", 20*time.Second, "how long BenchmarkChecks runs")

const serverEnv = "OCTO_SCHEDULE_TEST_SERVER"

// TestMain is the server of the benchmarks too, in a process of its own: what it costs must not count.
func TestMain(m *testing.M) {
	if os.Getenv(serverEnv) == "" {
		os.Exit(m.Run())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	go func() { // until the benchmark is gone
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	_ = http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
}

// server starts a web server in another process and returns its URL.
func server(b *testing.B) string {
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"=1")
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
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return "http://" + strings.TrimSpace(line) + "/healthz"
}

// usage is the processor time of this process, and the most memory that it had, in bytes.
func usage(b *testing.B) (cpu time.Duration, rss int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	rss = int64(u.Maxrss)
	if runtime.GOOS == "linux" {
		rss <<= 10
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), rss
}

func many(n int, what func(i int) []string) spec.Run {
	var run spec.Run
	for i := range n {
		c := one("alive", spec.Alive)
		c.Service, c.What = fmt.Sprint("s", i), what(i)
		run.Checks = append(run.Checks, c)
	}
	return run
}

func readQuestion(words []string) (probe.Question, error) { return probe.Read(words, probe.Means{}) }

// BenchmarkChecks asks 10,000 http checks, each every 10 s. Goals: cores ≤ 0.5, MB-peak ≤ 128, ms-lag-p99 ≤ 100, no
// failure.
func BenchmarkChecks(b *testing.B) {
	page := server(b)
	for b.Loop() {
		var asked, wrong, events atomic.Int64
		s, err := New(Options{
			Read: readQuestion, Rand: rand.New(rand.NewPCG(1, 1)), Meter: count{&asked, &wrong},
			Sink: func(e Event) { events.Add(1); b.Logf("%+v", e) },
		}, many(10_000, func(int) []string { return []string{"http", page} }))
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(b.Context(), *benchFor)
		before, _ := usage(b)
		begin := time.Now()
		lag := make(chan time.Duration, 1)
		go func() {
			at := time.NewTimer(*benchFor - 500*time.Millisecond)
			<-at.C
			snap, err := s.Snapshot(ctx)
			if err != nil {
				b.Error(err)
			}
			lag <- snap.Lag
		}()
		if err := s.Run(ctx); err != nil {
			b.Error(err)
		}
		cancel()
		after, rss := usage(b)
		b.ReportMetric((after-before).Seconds()/time.Since(begin).Seconds(), "cores")
		b.ReportMetric(float64(rss)/1e6, "MB-peak")
		b.ReportMetric(float64((<-lag).Microseconds())/1e3, "ms-lag-p99")
		b.ReportMetric(float64(asked.Load())/time.Since(begin).Seconds(), "checks/s")
		b.ReportMetric(float64(wrong.Load()), "failures")
		b.ReportMetric(float64(events.Load()), "transitions")
	}
}

type count struct{ asked, wrong *atomic.Int64 }

func (c count) Asked(_, _ string, a Answer, _ time.Duration, _ string) {
	if c.asked.Add(1); a != Works {
		c.wrong.Add(1)
	}
}
func (count) State(string, string, State) {}
func (count) Gone(string, string)         {}

// BenchmarkProbe is one question after another, as many at a time as the scheduler would. Goals: http on new connections
// ≥ 5,000/s, exec ≥ 500/s, no error.
func BenchmarkProbe(b *testing.B) {
	page := server(b)
	for _, c := range []struct {
		name  string
		at    int
		words []string
	}{
		{"http", 64, []string{"http", page}},
		{"tcp", 64, []string{"tcp", strings.TrimSuffix(strings.TrimPrefix(page, "http://"), "/healthz")}},
		{"exec", 2 * runtime.NumCPU(), []string{"exec", "/bin/true"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			q, err := readQuestion(c.words)
			if err != nil {
				b.Fatal(err)
			}
			var wrong, left atomic.Int64
			var last atomic.Value
			left.Store(int64(b.N))
			before, _ := usage(b)
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for range c.at {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
						if _, err := q.Ask(ctx); err != nil {
							wrong.Add(1)
							last.Store(errors.New(err.Error()))
						}
						cancel()
					}
				})
			}
			wg.Wait()
			after, _ := usage(b)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "asks/s")
			b.ReportMetric(float64((after-before).Microseconds())/float64(b.N), "cpu-µs/op")
			b.ReportMetric(float64(wrong.Load()), "errors")
			if wrong.Load() > 0 {
				b.Log(last.Load())
			}
		})
	}
}

// BenchmarkIdle is what a check costs that waits, with its spec. Goal: at most 3,500 B.
func BenchmarkIdle(b *testing.B) {
	const n = 10_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, err := New(Options{Read: readQuestion}, many(n, func(i int) []string { return []string{"http", fmt.Sprintf("http://10.0.0.1:8080/%d", i)} }))
		if err != nil {
			b.Fatal(err)
		}
		now := time.Now()
		for _, c := range s.checks {
			s.arm(c, now)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/n, "B/check")
		runtime.KeepAlive(s)
	}
}
