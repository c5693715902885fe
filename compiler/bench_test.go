//go:build unix

package compiler_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/internal/synth"
)

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// parseOnly is the floor of a check: the same bytes, to nodes of the common library.
func parseOnly(b *testing.B, data []byte) {
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCheck is octo check, as a ratio of processor time to only parsing, measured in turns in one run. Goal for
// 1,000 services on k8s: at most 3. B/service must be flat.
func BenchmarkCheck(b *testing.B) {
	for _, target := range []string{"systemd", "compose", "k8s"} {
		for _, n := range []int{10, 100, 1000, 10000} {
			b.Run(fmt.Sprintf("%s/%d", target, n), func(b *testing.B) {
				ratio(b, n, target, func(data []byte, dir string, r *compiler.Result) { parseOnly(b, data) })
			})
		}
	}
}

// BenchmarkCompile is octo compile to one target in memory and written as a fresh tree, as a ratio to the floor:
// parse, and write the same bytes. Goal for 1,000 services: at most 4.
func BenchmarkCompile(b *testing.B) {
	for _, target := range []string{"systemd", "compose", "k8s"} {
		b.Run(fmt.Sprintf("%s/1000", target), func(b *testing.B) {
			ratio(b, 1000, target, func(data []byte, dir string, r *compiler.Result) {
				parseOnly(b, data)
				writeTree(b, filepath.Join(dir, "floor"), r.Targets[0])
			})
		})
	}
}

// ratio runs the compiler and the floor in turns, each from a clean heap.
func ratio(b *testing.B, n int, target string, floor func(data []byte, dir string, r *compiler.Result)) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as octo does
	data := synth.Config(n)
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "octo.yaml"), data, 0o644); err != nil {
		b.Fatal(err)
	}
	o := compiler.Options{Dir: dir, Targets: []string{target}, Backends: backends()}
	compiling := b.Name()[len("Benchmark"):][:7] == "Compile"
	var ours, theirs time.Duration
	var bytes, runs uint64
	for b.Loop() {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := cpu(b)
		r, err := compiler.Compile(context.Background(), o)
		if err != nil || len(r.Targets) != 1 {
			b.Fatalf("cannot compile: %v %v", err, r.Diagnostics)
		}
		if compiling {
			writeTree(b, filepath.Join(dir, "ours"), r.Targets[0])
		}
		ours += cpu(b) - start
		runtime.ReadMemStats(&after)
		bytes, runs = bytes+after.TotalAlloc-before.TotalAlloc, runs+1
		runtime.GC()
		start = cpu(b)
		floor(data, dir, r)
		theirs += cpu(b) - start
	}
	b.ReportMetric(float64(ours)/float64(theirs), "×floor")
	b.ReportMetric(float64(bytes)/float64(runs)/float64(n), "B/service")
	b.ReportMetric(float64(ours.Microseconds())/float64(runs)/float64(n), "cpu-µs/service")
}
