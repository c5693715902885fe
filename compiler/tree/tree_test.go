package tree

import (
	"fmt"
	"testing"

	"github.com/octocompose/octocompose/compiler/source"
)

func at(line, col int32) source.Span {
	return source.Span{Pos: source.Pos{File: file, Line: line, Col: col}}
}

var file = &source.File{Name: "octo.yaml", Data: []byte("services:\n  web:\n    ports: [80]\n")}

func sample() *Node {
	ports := NewList(at(3, 12), []*Node{{Kind: Int, Text: "80", At: at(3, 13)}})
	web := NewMap(at(3, 5), []Field{{"ports", at(3, 5), ports}})
	return NewMap(at(1, 1), []Field{{"services", at(1, 1), NewMap(at(2, 3), []Field{{"web", at(2, 3), web}})}})
}

func TestPathRoundTrip(t *testing.T) {
	for _, p := range []Path{Root, Of("services", "web"), Of("services", "web", "ports").Index(0).Key("target"), Of("a.b", "", "c d", `q"`, "*"), Root.Index(3).Index(4), Of("x").Key("[0]")} {
		q, err := ParsePath(p.String())
		if err != nil || !p.Equal(q) {
			t.Errorf("%s: read back as %s, %v", p, q, err)
		}
	}
	for _, bad := range []string{".", "a.", "a..b", "a[", "a[x]", `a["x`, "a[-1]", "a[0]b"} {
		if p, err := ParsePath(bad); err == nil {
			t.Errorf("%q is read as %s; want an error", bad, p)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add(`services.web.labels["com.example"][0]`)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		if q, err := ParsePath(p.String()); err != nil || !p.Equal(q) {
			t.Errorf("%q: %s is read back as %s, %v", s, p, q, err)
		}
	})
}

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		path  string
		at    string
		exact bool
	}{
		{"services.web.ports[0]", "octo.yaml:3:13", true},
		{"services.web.ports", "octo.yaml:3:5", true},
		{"services.web.image", "octo.yaml:2:3", false},
		{"services.web.ports[7].target", "octo.yaml:3:5", false},
		{"networks.x", "octo.yaml:1:1", false},
	} {
		p, err := ParsePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		_, span, exact := Nearest(sample(), p)
		if span.String() != c.at || exact != c.exact {
			t.Errorf("%s: at %s exact %v, want %s %v", c.path, span, exact, c.at, c.exact)
		}
	}
}

// A large mapping has an index; with or without it the answers are the same, and Set and Without leave the old one.
func TestFind(t *testing.T) {
	for _, size := range []int{3, indexFrom - 1, indexFrom, 100} {
		var fields []Field
		for i := range size {
			fields = append(fields, Field{Key: fmt.Sprint("k", i), Value: NewScalar(at(1, 1), Int, fmt.Sprint(i))})
		}
		n := NewMap(at(1, 1), fields)
		m := n.Set("new", at(1, 1), NewScalar(at(1, 1), Int, "x")).Without("k1")
		for i := range size {
			key := fmt.Sprint("k", i)
			if n.Str(key) != fmt.Sprint(i) {
				t.Errorf("size %d: %s is %q", size, key, n.Str(key))
			}
			if (m.Get(key) == nil) != (i == 1) {
				t.Errorf("size %d: after Without(k1), %s is %v", size, key, m.Get(key))
			}
		}
		if n.Get("new") != nil || m.Str("new") != "x" || n.Get("none") != nil {
			t.Errorf("size %d: Set changed the old mapping, or was lost", size)
		}
	}
}

func TestHasPrefix(t *testing.T) {
	p := Of("a", "b").Index(1).Key("c")
	if !p.HasPrefix(Of("a")) || !p.HasPrefix(p) || !p.HasPrefix(Root) || p.HasPrefix(Of("b")) || Of("a").HasPrefix(p) {
		t.Error("prefixes are wrong")
	}
}

// Each shares what does not change, and the node itself when nothing does.
func TestEach(t *testing.T) {
	root := sample()
	same := root.Each(func(n *Node) *Node { return n })
	if same != root {
		t.Error("Each copies a node that does not change")
	}
	list := NewList(at(1, 1), []*Node{{Kind: Int, Text: "1"}, {Kind: Int, Text: "2"}})
	other := list.Each(func(n *Node) *Node {
		if n.Text == "2" {
			return NewScalar(at(1, 1), Int, "3")
		}
		return n
	})
	if list.Items[1].Text != "2" || other.Items[1].Text != "3" || other.Items[0] != list.Items[0] {
		t.Errorf("got %v of %v", other.Items, list.Items)
	}
	m := root.Each(func(*Node) *Node { return NewScalar(at(1, 1), Null, "") })
	if m.Get("services").Kind != Null || root.Get("services").Kind != Map {
		t.Error("Each changes its receiver, or does not change the copy")
	}
}
