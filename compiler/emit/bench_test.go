package emit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/artifact"
)

// tree4000 is the output of 1,000 services on Kubernetes: 4,000 files, 4.4 MB.
func tree4000(b *testing.B) *artifact.Set {
	var s artifact.Set
	text := []byte(strings.Repeat("a line of forty characters, all alike..\n", 27))
	for i := range 4000 {
		data := append([]byte(fmt.Sprintln("# file", i)), text...)
		if err := s.Add(artifact.File{Path: fmt.Sprintf("svc%04d/file%d.yaml", i/4, i%4), Mode: 0o644, Data: data}); err != nil {
			b.Fatal(err)
		}
	}
	return &s
}

func benchApply(b *testing.B, out string, s *artifact.Set) {
	o, err := Open(context.Background(), out, Write)
	if err != nil {
		b.Fatal(err)
	}
	defer o.Close()
	p, err := o.Plan(s, meta)
	if err != nil {
		b.Fatal(err)
	}
	if err := o.Apply(context.Background(), p); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkFresh(b *testing.B) {
	s := tree4000(b)
	for b.Loop() {
		dir := filepath.Join(b.TempDir(), "out")
		benchApply(b, dir, s)
		b.StopTimer()
		os.RemoveAll(dir)
		b.StartTimer()
	}
}

// BenchmarkFloor writes the same files with os.WriteFile.
func BenchmarkFloor(b *testing.B) {
	s := tree4000(b)
	for b.Loop() {
		dir := filepath.Join(b.TempDir(), "out")
		last := ""
		for _, f := range s.Files() {
			name := filepath.Join(dir, f.Path)
			if d := filepath.Dir(name); d != last {
				if err := os.MkdirAll(d, 0o755); err != nil {
					b.Fatal(err)
				}
				last = d
			}
			if err := os.WriteFile(name, f.Data, 0o644); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		os.RemoveAll(dir)
		b.StartTimer()
	}
}

func BenchmarkSame(b *testing.B) {
	s := tree4000(b)
	dir := filepath.Join(b.TempDir(), "out")
	benchApply(b, dir, s)
	b.ResetTimer()
	for b.Loop() {
		benchApply(b, dir, s)
	}
}
