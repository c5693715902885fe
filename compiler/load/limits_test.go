package load

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
)

func codes(ds diag.List) string {
	var out []string
	for _, d := range ds {
		out = append(out, string(d.Code))
	}
	return strings.Join(out, " ")
}

// TestLimits: hostile numbers of includes end in one error each, and soon.
func TestLimits(t *testing.T) {
	sch := compiled(t)
	chain, wide, fan, extends := source.Mem{}, source.Mem{}, source.Mem{}, source.Mem{}
	for i := range 1000 {
		chain[fmt.Sprintf("f%d.yaml", i)] = fmt.Sprintf("include: [f%d.yaml]\nservices: {s%d: {image: x}}\n", i+1, i)
	}
	var list strings.Builder
	for i := range MaxFiles + 5 {
		fmt.Fprintf(&list, "- w%d.yaml\n", i)
		wide[fmt.Sprintf("w%d.yaml", i)] = "x-a: 1\n"
	}
	wide["f0.yaml"] = "include:\n" + list.String()
	// Each file includes the next twice: 2^60 ways through 60 files.
	for i := range 60 {
		fan[fmt.Sprintf("f%d.yaml", i)] = fmt.Sprintf("include: [f%d.yaml, ./f%d.yaml]\n", i+1, i+1)
	}
	fan["f60.yaml"] = "services: {s: {image: x}}\n"
	var services strings.Builder
	services.WriteString("services:\n  s0: {image: x}\n")
	for i := range 500 {
		fmt.Fprintf(&services, "  s%d: {extends: s%d}\n", i+1, i)
	}
	extends["f0.yaml"] = services.String()
	for _, c := range []struct {
		name string
		m    source.Mem
		want string
	}{
		{"a chain of 1,000", chain, "limit"},
		{"10,005 files", wide, "limit"},
		{"many ways to few files", fan, ""},
		{"a chain of 500 extends", extends, ""},
	} {
		start := time.Now()
		r, ds := Load(Options{Schema: sch, Reader: c.m, Dir: "/p", Files: []string{"f0.yaml"}})
		if took := time.Since(start); took > 30*time.Second { // a hang
			t.Errorf("%s: took %v", c.name, took)
		}
		if got := codes(ds); got != c.want {
			t.Errorf("%s: %.200s; want %s", c.name, got, c.want)
		}
		if r.Tree == nil || r.Broken != (c.want != "") {
			t.Errorf("%s: tree %v, broken %v", c.name, r.Tree != nil, r.Broken)
		}
	}
}

// TestDisk: names in diagnostics are seen from the working directory, names in outputs from the project's folder.
func TestDisk(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "app/compose.yaml", "include: [inc/a.yaml]\nservices: {s: {image: x, build: .}}\n")
	write(t, dir, "app/inc/a.yaml", "services: {s: {env_file: a.env}}\n")
	sch := compiled(t)
	for _, c := range []struct{ dir, file, name string }{
		{dir, "app/compose.yaml", "app/compose.yaml"},
		{dir + "/app", "", "compose.yaml"},
		{dir, dir + "/app/compose.yaml", "app/compose.yaml"},
		{dir + "/app/inc", "../compose.yaml", "../compose.yaml"},
	} {
		o := Options{Schema: sch, Dir: c.dir}
		if c.file != "" {
			o.Files = []string{c.file}
		}
		r, ds := Load(o)
		if len(ds) > 0 {
			t.Fatalf("%v: %s", c, ds[0].Text())
		}
		if got := strings.Join(r.Inputs(), " "); got != "compose.yaml inc/a.yaml" {
			t.Errorf("%v: inputs %s", c, got)
		}
		if r.Files[0].Name != c.name || r.Name != "app" || r.Dir != dir+"/app" {
			t.Errorf("%v: %s, %s, %s", c, r.Files[0].Name, r.Name, r.Dir)
		}
		s := r.Tree.Get("services").Get("s")
		if got := s.Get("env_file").Items[0].Str("path"); got != "inc/a.env" {
			t.Errorf("%v: env_file %s", c, got)
		}
		if f, err := r.Reader.Read("inc/a.yaml"); err != nil || f.Rel != "inc/a.yaml" {
			t.Errorf("%v: %v %v", c, f, err)
		}
	}
}
