package parse

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// common is what the fast reader must read itself.
var common = []string{
	"a: 1\n", "---\na: 1\n", "a:\n  b: c\n  d:\n    e: f\ng: h", "# c\n\na: b # c\n  # d\n\nb: c\n", "a:\n- b\n- c\nd:\n  - e\n",
	"a:\n  - b: 1\n    c: 2\n  - d: 3\n", "a:\n  -\n    b: 1\n  - - x\n    - y\n  -\n", "a: [b, 'c', \"d\", [e], {f: g}, {}]\n", "a: { b: c, \"d\": [1, 2] } # x\n",
	"a: 'it''s'\nb: \"x\\n\\\"y\\\\\"\n", "a: |\n  x\n    y\n\n  z\n\nb: |-\n  # no comment\n  t: u\n\n\nc: 1\n", "- a\n- b: c\n", "a: -1\nb: --x\nc: .5\nd: ~\ne:\nf: \"\"\n",
	"a: http://x:80/y#z\nb: a:b\nc: [127.0.0.1:80:80, x:y]\n", "'a': 1\n\"b\" : 2\nc : 3\n", "ä: ö\nb: [ü, é] # ß\nc: {é: ü, x: y}\n", "a: true\nb: True\nc: yes\nd: 0440\n",
	"a: 1\na: 2\nb: {x: 1, x: 2}\n", "a: b\r\nc:\r\n  - d\r\n", "a: |\n  x\n # c\nb: 1\n", "a:\n  # c\n  b: 1\n# d\n  c: 2\n", "a: {{}: 1}\n"[:0] + "x: y\n",
}

// TestFastReads: the fast reader takes what is common, and makes of it what the library makes.
func TestFastReads(t *testing.T) {
	for _, text := range common {
		same(t, text, true)
	}
}

// TestFastRefuses: what is out of the ordinary goes to the library; a wrong guess would be a wrong config.
func TestFastRefuses(t *testing.T) {
	for _, text := range []string{
		"a: &x 1\n", "a: *x\n", "a: !reset\n", "<<: {a: 1}\n", "a: {<<: {b: 1}}\n", "a: b\n  c\n", "a: \"b\n  c\"\n", "a: [b,\n  c]\n", "a: >\n  b\n", "a: |+\n  b\n", "a: |2\n   b\n",
		"\ta: 1\n", "a:\t1\n", "a: b: c\n", "? a\n: b\n", "{a: 1}\n", "[a]\n", "a\n", "a: 1\n---\nb: 2\n", "a: 1\n...\n", "%YAML 1.2\n---\na: 1\n", "", "# c\n", "a: [b c: d]\n", "a: [b: c]\n",
		"a: [,]\n", "a: [b,]\n", "a: {b}\n", "a: {b: }\n", "a: {b:c}\n", "a: \"\\x41\"\n", "a: @b\n", "a:\n    b: 1\n  c: 2\n", "a: 1\n b: 2\n", "a: - b\n", "- a\nb: c\n", "a: [x?y]\n", "a: |\n\n    \n  b\n", "a: |\n\tb\n",
		"a: 'b' c\n", "a: \"b\"#c\n", "a: [b] c\n", "*a : b\n",
	} {
		same(t, text, false)
	}
}

// same holds the fast reader against the library.
func same(t *testing.T, text string, mustRead bool) {
	t.Helper()
	f, traits, ds := vet(file(text))
	if len(ds) > 0 {
		return
	}
	got, gotDs, ok := fast(f, traits)
	if !ok {
		if mustRead {
			t.Errorf("%q is not read", text)
		}
		return
	}
	want, wantDs := library(f, traits)
	if a, b := dump(got)+messages(gotDs), dump(want)+messages(wantDs); a != b {
		t.Errorf("%q:\n%s\nlibrary:\n%s", text, a, b)
	}
}

// FuzzYAML: parsing never panics, every place lies within the text, and the two readers agree.
func FuzzYAML(f *testing.F) {
	for _, text := range common {
		f.Add(text)
	}
	for _, text := range []string{"a: &x\n  b: !reset\nc: *x\nd:\n  <<: [*x]\n", "a: |2-\n   x\n", "a: >+\n x\n\n", "{a: [b, c], 'd': \"e\"}", "? a\n: b\n", "\xEF\xBB\xBFa: b\n", "a: !!str 5\n", "a:\n\tb\n", "a: \"\\u2028\\0\"\n", "? 0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ds := YAML(file(text))
		for _, d := range ds {
			inFile(t, fmt.Sprintf("%q", text), d)
		}
		if n != nil {
			places(t, text, n, 0)
		} else if len(ds) == 0 {
			t.Errorf("%q: neither a tree nor a reason", text)
		}
		same(t, text, false)
	})
}

func places(t *testing.T, text string, n *tree.Node, depth int) {
	if depth > MaxDepth {
		t.Fatalf("%q: too deep", text)
	}
	placed(t, fmt.Sprintf("%q", text), n.At)
	for _, it := range n.Items {
		places(t, text, it, depth+1)
	}
	for i, f := range n.Fields {
		placed(t, fmt.Sprintf("%q", text), f.KeyAt)
		places(t, text, f.Value, depth+1)
		if n.Find(f.Key) != i {
			t.Errorf("%q: key %q stands twice", text, f.Key)
		}
	}
}

// TestCorpus holds the readers together on every YAML file below the folder that OCTO_CORPUS names; ours by default.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("OCTO_CORPUS")
	if dir == "" {
		dir = "../../testdata/corpus"
	}
	read, all := 0, 0
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		all++
		if f, traits, ds := vet(file(string(data))); len(ds) == 0 {
			if _, _, ok := fast(f, traits); ok {
				read++
			} else {
				t.Logf("left to the library: %s", name)
			}
		}
		same(t, string(data), false)
		return nil
	})
	if err != nil || all == 0 {
		t.Fatal(all, err)
	}
	t.Logf("%d of %d files are read fast", read, all)
}

// synthetic is a config of n services of about 60 values each.
func synthetic(n int) string {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range n {
		fmt.Fprintf(&b, `  s%d:
    image: registry.example.com/app/s%d:1.2.3
    command: [serve, --listen, ":8080"]
    environment:
      DB_HOST: db
      DB_PORT: "5432"
      LOG_LEVEL: info
      REGION: eu-central-1
      A: one
      B: two
      C: three
    ports:
      - "127.0.0.1:%d:8080"
      - 9090
    volumes: ["data%d:/data"]
    depends_on:
      s%d: { condition: service_healthy }
    healthcheck:
      test: [CMD, /probe, --once]
      interval: 5s
      timeout: 2s
      retries: 3
    deploy:
      resources:
        limits: { cpus: "0.50", memory: 256M }
        reservations: { cpus: "0.10", memory: 128M }
    labels: { team: a, tier: b }
    configs:
      - source: c
        target: /etc/c
`, i, i, 10000+i, i, max(i-1, 0))
	}
	return b.String()
}

// The figure that matters is the ratio of YAML to Floor: what the library alone takes to make its nodes.
func BenchmarkFloor(b *testing.B) {
	text := []byte(synthetic(1000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var n yaml.Node
		if err := yaml.Unmarshal(text, &n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkYAML(b *testing.B) { bench(b, YAML) }
func BenchmarkLibrary(b *testing.B) {
	bench(b, func(f *source.File) (*tree.Node, diag.List) { return library(f, traits{}) })
}

func bench(b *testing.B, parse func(*source.File) (*tree.Node, diag.List)) {
	f := file(synthetic(1000))
	b.SetBytes(int64(len(f.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if n, ds := parse(f); n == nil || len(ds) > 0 {
			b.Fatal("not read")
		}
	}
}

// TestGenerated holds the readers together on texts that are put together of what matters: indentation, dashes, keys,
// quotes, brackets, blocks, comments. Most are no YAML; what the fast reader takes, the library must take alike.
func TestGenerated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string) string { return from[rng.IntN(len(from))] }
	indents := []string{"", "", "  ", "  ", "    ", "   ", "      "}
	starts := []string{"", "", "", "- ", "- ", "-", "- - ", "-   ", "# ", "  # "}
	keys := []string{"a: ", "b: ", "a:", "b:", "\"c\": ", "'d' : ", "é: ", "e :  ", "<<: ", "? ", ""}
	values := []string{"", "", "x", "1", "true", "~", "'q'", "\"q\"", "'q''q'", "\"q\\n\"", "[x, 'y', {z: 1}]", "{k: v, \"l\": [m]}", "[]", "{}", "|", "|-", "| # c", "x # c", "x#c", "x:y",
		"x: y", "\"open", "[open", "[x] y", "'q' y", "-", "- x", "ü", "[é: x]", "[a:, b]", "[a, b,]", "{a:b}", "{a: }", "[-, x]", "[- x]", "[x - y]", "{\"a\":1}", "&k x", "*k", "!reset", "x  ", "[a b, c]", "\\", "'\\'", "[ü, x]", "[x,y]", "{x: y,z: w}", "[:x]", "[x #y]"}
	read := 0
	for range 30_000 {
		var b strings.Builder
		for range 1 + rng.IntN(6) {
			b.WriteString(pick(indents) + pick(starts) + pick(keys) + pick(values) + "\n")
			if rng.IntN(12) == 0 {
				b.WriteString(pick([]string{"\n", "  \n", "\n\n"}))
			}
		}
		text := b.String()
		if rng.IntN(10) == 0 {
			text = strings.TrimSuffix(text, "\n")
		}
		if f, traits, ds := vet(file(text)); len(ds) == 0 {
			if _, _, ok := fast(f, traits); ok {
				read++
			}
		}
		same(t, text, false)
		if t.Failed() {
			return
		}
	}
	if read < 1000 {
		t.Errorf("only %d texts were read: the test shows little", read)
	}
}
