package merge_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/compiler/canon"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/merge"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// loose are the fields whose rules depend on the order in which layers are put together: a driver, or a number in the
// place of a mapping, cuts off what lies below it.
var loose = []string{"logging", "ulimits", "build"}

// random is a file with some values of the variants.
func random(r *rand.Rand) string {
	var fields, seen []string
	for range 1 + r.IntN(6) {
		v := variants[r.IntN(len(variants))]
		name, ok := strings.CutPrefix(v.path, "services.a.")
		if !ok || slices.Contains(seen, name) || slices.Contains(loose, name) || name == "scale" {
			continue
		}
		seen = append(seen, name)
		fields = append(fields, name+": "+v.values[r.IntN(len(v.values))])
	}
	return "services: {a: {" + strings.Join(fields, ", ") + "}}"
}

// FuzzAssociative: it does not matter in which order three layers are put together.
func FuzzAssociative(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	s := root(f)
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		files := []string{random(r), random(r), random(r)}
		l := layers(t, files...)
		all, d1 := merge.Layers(s, l)
		low, d2 := merge.Layers(s, l[:2])
		left, d3 := merge.Layers(s, []*tree.Node{low, l[2]})
		high, d4 := merge.Layers(s, l[1:])
		right, d5 := merge.Layers(s, []*tree.Node{l[0], high})
		if len(d1)+len(d2)+len(d3)+len(d4)+len(d5) > 0 {
			return
		}
		if !tree.Equal(all, left) || !tree.Equal(all, right) {
			t.Fatalf("%s\nat once    %s\n(a, b), c  %s\na, (b, c)  %s", strings.Join(files, "\n"), show(all, false), show(left, false), show(right, false))
		}
		if again, _ := canon.File(s, all, ""); !tree.Equal(again, all) {
			t.Fatalf("not canonical:\n%s\n%s", show(all, false), show(again, false))
		}
	})
}

// FuzzLayers: no two files make the merge fail; no merge tag is left; every value has a place in one of the files.
func FuzzLayers(f *testing.F) {
	for _, files := range layered {
		f.Add(files[0], files[len(files)-1])
	}
	for _, v := range variants {
		f.Add(file(v.path, v.values[0]), file(v.path, v.values[len(v.values)-1]))
	}
	f.Add(`services: {a: {ports: [!reset 80, "x"], x-own: !override {a: !reset }}}`, `services: {a: {ports: {}, x-own: [1]}, b: !reset []}`)
	s := root(f)
	f.Fuzz(func(t *testing.T, a, b string) {
		var in []*tree.Node
		for i, text := range []string{a, b} {
			n, ds := parse.YAML(&source.File{Name: fmt.Sprint(i), Data: []byte(text)})
			if n == nil || ds.Has(diag.Error) {
				return
			}
			n, _ = canon.File(s, n, "")
			in = append(in, n)
		}
		out, ds := merge.Layers(s, in)
		tree.Walk(tree.Root, out, func(p tree.Path, n *tree.Node) bool {
			if n.At.File == nil || n.Mark != tree.Plain {
				t.Fatalf("%s: no place, or a merge tag: %s", p, show(n, true))
			}
			return true
		})
		for _, d := range ds {
			if d.At.IsZero() {
				t.Fatalf("no place: %s", d.Text())
			}
		}
		if again, _ := merge.Layers(s, []*tree.Node{out}); !tree.Equal(again, out) {
			t.Fatalf("changes when it is merged again:\n%s\n%s", show(out, false), show(again, false))
		}
	})
}

// TestLinear: ten times as many layers, keys and items cost ten times as much, also where all meet in one place.
func TestLinear(t *testing.T) {
	s := root(t)
	for _, c := range []struct {
		name  string
		layer func(i int) string
	}{
		{"services", func(i int) string { return fmt.Sprintf("services: {s%d: {image: x}}", i) }},
		{"keys of one mapping", func(i int) string { return fmt.Sprintf("services: {a: {environment: {K%d: x}}}", i/2) }},
		{"the same key", func(i int) string { return "services: {a: {image: x}}" }},
		{"unique items", func(i int) string { return fmt.Sprintf("services: {a: {ports: ['%d:80']}}", i+1) }},
		{"appended items", func(i int) string { return fmt.Sprintf("services: {a: {security_opt: [a%d]}}", i) }},
		{"subnets", func(i int) string {
			return fmt.Sprintf("networks: {a: {ipam: {config: [{subnet: 10.%d.0.0/16}]}}}", i)
		}},
	} {
		cost := func(n int) float64 {
			files := make([]string, n)
			for i := range files {
				files[i] = c.layer(i)
			}
			l := layers(t, files...)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out, _ := merge.Layers(s, l)
			runtime.ReadMemStats(&after)
			if env, ok := tree.Get(out, tree.Of("services", "a", "environment")); ok && len(env.Fields) != n/2 {
				t.Errorf("%s: %d keys, want %d", c.name, len(env.Fields), n/2)
			}
			return float64(after.TotalAlloc - before.TotalAlloc)
		}
		few, many := cost(300), cost(3000)
		if many > 14*few {
			t.Errorf("%s: 3000 layers cost %.0f bytes, 300 cost %.0f", c.name, many, few)
		}
	}
}

// TestLong: lists and mappings of 100,000 entries take some 100 ms; comparing each with each would take more than 5 s.
func TestLong(t *testing.T) {
	const size = 50_000
	values := func(from int) []*tree.Node {
		items := make([]*tree.Node, size)
		for i := range items {
			items[i] = tree.NewScalar(source.Span{}, tree.String, fmt.Sprint("item ", from+i))
		}
		return items
	}
	list := func(from int) *tree.Node { return tree.NewList(source.Span{}, values(from)) }
	mapping := func(from int) *tree.Node {
		fields := make([]tree.Field, 0, size)
		for _, v := range values(from) {
			fields = append(fields, tree.Field{Key: v.Text, Value: v})
		}
		return tree.NewMap(source.Span{}, fields)
	}
	for _, c := range []struct {
		rule string
		make func(from int) *tree.Node
	}{{"", list}, {"unique", list}, {"deep", mapping}} {
		low, high, higher := c.make(0), c.make(size/2), c.make(size)
		field := &shape.Field{Value: &shape.Shape{Any: true}, Merge: shape.Rule{Verb: c.rule}}
		start := time.Now()
		out, _ := merge.Over(field, tree.Root, low, high)
		out, _ = merge.Over(field, tree.Root, out, higher)
		took := time.Since(start)
		if got := len(out.Items) + len(out.Fields); got != 2*size || took > 20*time.Second { // quadratic
			t.Errorf("%q: %d entries, want %d; took %s", c.rule, got, 2*size, took)
		}
	}
}

// TestDigest: items of a long list that only look alike when they are written one behind the other are two.
func TestDigest(t *testing.T) {
	low := `["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", ["a", "b"], {k: [v]}]`
	n, _ := merge.Layers(root(t), layers(t, file("x-a", low), file("x-a", `[["af1:b"], ["af:b"], ["ab"], {k: v}, "1", 1, {k: [v]}]`)))
	if got := len(n.Get("x-a").Items); got != 14+5 {
		t.Errorf("%d items, want %d: %s", got, 14+5, show(n, false))
	}
}

// manyServices is a file of n services, and an overlay that touches each.
func manyServices(n int) (base, over string) {
	var a, b strings.Builder
	a.WriteString("services:\n")
	b.WriteString("services:\n")
	for i := range n {
		fmt.Fprintf(&a, "  s%d:\n    image: x:1\n    environment: {A: 1, B: 2, C: 3}\n    ports: ['%d:80', '%d:81']\n    depends_on: [db]\n    labels: {a: b}\n    networks: [back]\n    volumes: [data:/x]\n    restart: always\n", i, i+1, i+2)
		fmt.Fprintf(&b, "  s%d:\n    image: x:2\n    environment: {B: 4}\n", i)
	}
	return a.String(), b.String()
}

func BenchmarkLayers(b *testing.B) {
	s := root(b)
	const services = 500
	base, over := manyServices(services)
	l := layers(b, base, over)
	for _, c := range []struct {
		name   string
		layers []*tree.Node
	}{{"one", l[:1]}, {"overlay", l}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				merge.Layers(s, c.layers)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/services, "ns/service")
		})
	}
}
