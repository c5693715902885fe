//go:build unix

package compiler_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/emit"
	"github.com/octocompose/octocompose/compiler/load"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/pin"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/store"
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
				writeOnly(b, filepath.Join(dir, "floor"), r.Targets[0].Set)
			})
		})
	}
}

// writeOnly is the floor of writing: each folder once, each file once, nothing else.
func writeOnly(b *testing.B, dir string, set *artifact.Set) {
	last := ""
	for _, f := range set.Files() {
		name := filepath.Join(dir, f.Path)
		if d := filepath.Dir(name); d != last {
			if err := os.MkdirAll(d, 0o755); err != nil {
				b.Fatal(err)
			}
			last = d
		}
		if err := os.WriteFile(name, f.Data, f.Mode); err != nil {
			b.Fatal(err)
		}
	}
}

// write is what octo compile does with a result: plan and apply.
func write(b *testing.B, dir string, r *compiler.Result) {
	out, err := emit.Open(context.Background(), dir, emit.Write)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	plan, err := out.Plan(r.Targets[0].Set, emit.Meta{Project: r.Name, Target: r.Targets[0].Target.Name, Inputs: r.Project.Inputs})
	if err != nil {
		b.Fatal(err)
	}
	if err := out.Apply(context.Background(), plan); err != nil {
		b.Fatal(err)
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
	if _, err := compiler.Schema(); err != nil { // once a process; the start-up is measured as a process
		b.Fatal(err)
	}
	compiling := b.Name()[len("Benchmark"):][:7] == "Compile"
	var ours, theirs time.Duration
	var bytes, runs uint64
	for b.Loop() {
		for _, tree := range []string{"ours", "floor"} {
			if err := os.RemoveAll(filepath.Join(dir, tree)); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := cpu(b)
		r, err := compiler.Compile(context.Background(), o)
		if err != nil || len(r.Targets) != 1 {
			b.Fatalf("cannot compile: %v %v", err, r.Diagnostics)
		}
		if compiling {
			write(b, filepath.Join(dir, "ours"), r)
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

// BenchmarkIncludes is a config that includes 1,000 files of 20 repositories, read from the store as octo.lock has them, as
// a ratio of processor time to the same content in one file, measured in turns in one run. Goal: at most 2.
func BenchmarkIncludes(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as octo does
	const n, repos = 1000, 20
	dir := b.TempDir()
	contents := store.Open(filepath.Join(dir, "store"))
	var include bytes.Buffer
	var lines []lock.Line
	include.WriteString("name: synth\ninclude:\n")
	for i := range n {
		name := fmt.Sprintf("https://git%d.example.com/charts.git#v1.%d.0:services/service-%d.yaml", i%repos, i%repos, i)
		fmt.Fprintf(&include, "  - %s\n", name)
		sum, err := contents.Put(synth.One(i))
		if err != nil {
			b.Fatal(err)
		}
		lines = append(lines, lock.Line{Kind: lock.Inclusion, Name: name, Revision: strings.Repeat("0", 40), Sum: sum})
	}
	for name, data := range map[string][]byte{"one/octo.yaml": synth.Config(n), "many/octo.yaml": include.Bytes(), "many/octo.lock": lock.New(lines).Bytes()} {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, data, 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	open := func(f *source.File) (load.Remote, diag.List) {
		l, ds := lock.Parse(f)
		return &pin.Locked{Lock: l, Store: contents}, ds
	}
	spent := map[string]time.Duration{}
	for b.Loop() {
		for _, half := range []string{"many", "one"} {
			o := compiler.Options{Dir: filepath.Join(dir, half), Targets: []string{"k8s"}, Backends: backends()}
			if half == "many" {
				o.Remote = open
			}
			runtime.GC()
			start := cpu(b)
			r, err := compiler.Compile(context.Background(), o)
			if err != nil || len(r.Targets) != 1 || len(r.Project.Services) != n {
				b.Fatalf("cannot compile: %v %v", err, r.Diagnostics)
			}
			spent[half] += cpu(b) - start
		}
	}
	b.ReportMetric(float64(spent["many"])/float64(spent["one"]), "×one-file")
}
