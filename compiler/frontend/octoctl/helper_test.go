package octoctl

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/frontend"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// disk is a set of files, by name; a URL is the name without https://.
type disk map[string]string

// chart is a disk that is being read.
type chart struct {
	t      testing.TB
	disk   disk
	files  map[string]*source.File
	roots  map[string]*tree.Node
	asked  []string // texts given to Include
	paths  []string // texts given to Path
	faults diag.List
}

func (c *chart) read(name string) (*source.File, *tree.Node) {
	if f := c.files[name]; f != nil {
		return f, c.roots[name]
	}
	text, ok := c.disk[name]
	if !ok {
		return nil, nil
	}
	f := &source.File{Name: name, Rel: name, Data: []byte(text)}
	root, ds := parse.YAML(f)
	c.faults = append(c.faults, ds...)
	c.files[name], c.roots[name] = f, root
	return f, root
}

func (c *chart) name(from *source.File, text string) string {
	text, _, _ = strings.Cut(text, "?")
	if rest, ok := strings.CutPrefix(text, "https://"); ok {
		return rest
	}
	return path.Join(path.Dir(from.Name), text)
}

// convert converts octo.yaml of a disk.
func convert(t testing.TB, d disk) (*tree.Node, diag.List, *chart) {
	t.Helper()
	c := &chart{t: t, disk: d, files: map[string]*source.File{}, roots: map[string]*tree.Node{}}
	f, root := c.read("octo.yaml")
	if root == nil {
		t.Fatalf("octo.yaml: %v", messages(c.faults))
	}
	in := &frontend.Input{File: f, Root: root, Include: func(from *source.File, p tree.Path, at *tree.Node, text string) (*source.File, *tree.Node) {
		c.asked = append(c.asked, text)
		f, root := c.read(c.name(from, text))
		if f == nil {
			c.faults.Error(diag.MissingFile, p, "cannot read %s", c.name(from, text)).AtSpan(at.At)
		}
		return f, root
	}, Path: func(from *source.File, p tree.Path, at *tree.Node, text string) string {
		c.paths = append(c.paths, text)
		return "./" + c.name(from, text)
	}}
	out, ds := FrontEnd{}.Convert(in)
	return out, append(c.faults, ds...), c
}

// messages are the findings, one a line, with help.
func messages(ds diag.List) string {
	var b strings.Builder
	for _, d := range slices.Clone(ds).Sort() {
		b.WriteString(d.Text())
		for _, r := range d.Related {
			fmt.Fprintf(&b, " (%s: %s)", r.At, r.Message)
		}
		if d.Help != "" {
			b.WriteString(" help: " + d.Help)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// show is a tree as flow YAML that reads back as the same tree.
func show(n *tree.Node) string {
	var b strings.Builder
	write(&b, n)
	return b.String()
}

func write(b *strings.Builder, n *tree.Node) {
	text := func(s string) {
		q, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		b.Write(q)
	}
	switch n.Kind {
	case tree.Unknown:
		b.WriteString("!unknown")
	case tree.Map:
		b.WriteByte('{')
		for i, f := range n.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			if strings.Trim(f.Key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-0123456789") == "" {
				b.WriteString(f.Key)
			} else {
				text(f.Key)
			}
			b.WriteString(": ")
			write(b, f.Value)
		}
		b.WriteByte('}')
	case tree.List:
		b.WriteByte('[')
		for i, it := range n.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			write(b, it)
		}
		b.WriteByte(']')
	case tree.Null:
		b.WriteString("null")
	case tree.String:
		text(n.Text)
	default:
		b.WriteString(n.Text)
	}
}

// part is what stands at a path, as show prints it; "-" where nothing does.
func part(t testing.TB, root *tree.Node, at string) string {
	t.Helper()
	p, err := tree.ParsePath(at)
	if err != nil {
		t.Fatal(err)
	}
	n, ok := tree.Get(root, p)
	if !ok {
		return "-"
	}
	return show(n)
}
