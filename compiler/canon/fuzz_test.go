package canon_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/canon"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

var seeds = []string{
	`services: {a: {ports: ["127.0.0.1:80x:8080", "90-95:80", [80], {published: 5}], command: "a 'b", volumes: ["./a:/b:ro,zz", ":"]}}`,
	`services: {a: {x-octo: {scale: 2, x-octo: {}}, deploy: {replicas: 3}, checks: {default: {exec: x}}, healthcheck: {test: y}}}`,
	`{networks: {n: {external: {name: q}, name: z}}, volumes: {v: {driver: local, driver_opts: {o: bind, device: ./x}}}}`,
	`services: {a: {environment: [A=1, A, "=", "ä ="], extra_hosts: ["a:b,[::1]", {}], build: {ssh: [k, default], additional_contexts: [x=./y]}}}`,
	"services:\n  a:\n    command: >\n      a b\n      c\n    ports: ['80:\n 80']\n    devices: [\"/a:\\x41\"]\n",
	`{services: !reset [], x-octo: [1]}`,
	`services: {a: {env_file: [1, x], gpus: all, dns: "", command: "{{ x }}", ports: ["{{ a:b }}:80"], tty: yes, build: !override x}}`,
}

// FuzzFile: File never fails, what it makes is canonical already, every node that it makes has a place in the file,
// and what it does not understand does not vanish without a report.
func FuzzFile(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	for _, c := range []string{"ports", "volumes", "command", "devices", "extra_hosts"} {
		f.Add("services: {a: {" + c + ": [\"a:b:c\"]}}")
	}
	s := root(f)
	f.Fuzz(func(t *testing.T, text string) {
		file := &source.File{Name: "octo.yaml", Rel: "octo.yaml", Data: []byte(text)}
		in, ds := parse.YAML(file)
		if in == nil || ds.Has(diag.Error) {
			return
		}
		once, ds := canon.File(s, in, "")
		tree.Walk(tree.Root, once, func(p tree.Path, n *tree.Node) bool {
			if !inside(n.At) {
				t.Fatalf("%s stands at %v+%d, outside the file", p, n.At.Pos, n.At.Len)
			}
			return true
		})
		for _, d := range ds {
			if !inside(d.At) {
				t.Fatalf("%s: outside the file", d.Text())
			}
		}
		twice, again := canon.File(s, once, "")
		if !tree.Equal(once, twice) {
			t.Fatalf("not canonical:\n%s\n%s", show(once, false), show(twice, false))
		}
		if again.Has(diag.Error) {
			t.Fatalf("reported again: %s", texts(again))
		}
	})
}

// inside reports whether a place lies in its file.
func inside(s source.Span) bool {
	if s.File == nil || s.Line < 1 || s.Col < 1 {
		return false
	}
	if s.Len == 0 {
		return int(s.Line) <= strings.Count(string(s.File.Data), "\n")+1
	}
	return int(s.Col+s.Len)-1 <= len([]rune(s.File.Line(int(s.Line))))
}

// service is a service of 14 lines, as people write them.
const service = `    image: ghcr.io/example/web:1.2
    command: nginx -g "daemon off;"
    restart: unless-stopped
    environment:
      - HOST=db
      - PORT=5432
    ports:
      - "127.0.0.1:8080:80"
    volumes:
      - ./conf:/etc/nginx:ro
    depends_on: [db]
    networks: [back]
    healthcheck:
      test: curl -f http://localhost/
`

func many(n int) string {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range n {
		b.WriteString("  s" + strconv.Itoa(i) + ":\n" + service)
	}
	return b.String()
}

func BenchmarkFile(b *testing.B) {
	s := root(b)
	const services = 500
	n := read(b, many(services))
	b.ReportAllocs()
	for b.Loop() {
		canon.File(s, n, "")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/services, "ns/service")
}
