package diag

import (
	"testing"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// spot is a place in f.
func spot(f *source.File, line, col int32) source.Span {
	return source.Span{Pos: source.Pos{File: f, Line: line, Col: col}}
}

func TestLocate(t *testing.T) {
	f := &source.File{Name: "a.yaml"}
	image := &tree.Node{Kind: tree.String, Text: "nginx", At: spot(f, 3, 12)}
	item := &tree.Node{Kind: tree.String, Text: "80", At: spot(f, 4, 13)}
	web := tree.NewMap(spot(f, 3, 5), []tree.Field{
		{Key: "image", KeyAt: spot(f, 3, 5), Value: image},
		{Key: "ports", KeyAt: spot(f, 4, 5), Value: tree.NewList(spot(f, 4, 12), []*tree.Node{item})},
	})
	root := tree.NewMap(spot(f, 1, 1), []tree.Field{{Key: "services", KeyAt: spot(f, 1, 1),
		Value: tree.NewMap(spot(f, 2, 3), []tree.Field{{Key: "web", KeyAt: spot(f, 2, 3), Value: web}})}})
	p := tree.Of("services", "web")
	for _, c := range []struct {
		path tree.Path
		key  bool
		want string
	}{
		{p.Key("image"), false, "a.yaml:3:12"},
		{p.Key("image"), true, "a.yaml:3:5"},
		{p.Key("ports").Index(0), false, "a.yaml:4:13"},
		{p.Key("ports").Index(7), false, "a.yaml:4:5"}, // not there: the key of the list
		{p.Keys("deploy", "replicas"), false, "a.yaml:2:3"},
		{tree.Of("nothing"), false, "a.yaml:1:1"},
		{tree.Root, false, "a.yaml:1:1"},
	} {
		var l List
		d := l.Error(Type, c.path, "x").See(c.path, "here")
		d.Key = c.key
		l.Locate(root)
		if got := d.At.String(); got != c.want {
			t.Errorf("%s, key %v: at %s, want %s", c.path, c.key, got, c.want)
		}
		if d.Related[0].At.IsZero() {
			t.Errorf("%s: the related place is not found", c.path)
		}
	}
	var l List
	d := l.Error(Type, p, "x").AtSpan(spot(f, 9, 9))
	l.Locate(root)
	if d.At != spot(f, 9, 9) {
		t.Error("Locate moves a finding that knows its place")
	}
	l.Error(Type, p, "no tree")
	l.Locate(nil)
	if l[1].At.String() != "" {
		t.Error("a finding has a place in a tree that is not there")
	}
}

func TestSort(t *testing.T) {
	a, b := &source.File{Name: "a.yaml"}, &source.File{Name: "b.yaml"}
	var l List
	l.Error(Type, tree.Of("z"), "5").AtSpan(spot(b, 1, 1))
	l.Warn(Exposed, tree.Of("z"), "4").AtSpan(spot(a, 2, 3))
	l.Error(Type, tree.Of("z"), "3").AtSpan(spot(a, 2, 3))
	l.Error(Type, tree.Of("z"), "3").AtSpan(spot(a, 2, 3))  // the same again
	l.Error(Type, tree.Of("zz"), "3").AtSpan(spot(a, 2, 3)) // the same line of the config at another path: an anchor
	l.Error(Type, tree.Of("y"), "2").AtSpan(spot(a, 2, 3))
	l.Error(Type, tree.Of("z"), "1").AtSpan(spot(a, 1, 9))
	l.Error(Empty, tree.Root, "0")
	l = l.Sort()
	got := ""
	for _, d := range l {
		got += d.Message
	}
	if got != "012345" {
		t.Errorf("order %s, want 012345", got)
	}
	if l.Count(Error) != 5 || l.Count(Warning) != 1 || l.Has(Note) {
		t.Errorf("counts: %d errors, %d warnings", l.Count(Error), l.Count(Warning))
	}
}

func TestNear(t *testing.T) {
	names := []string{"replicas", "restart", "read_only", "ports", "db"}
	for _, c := range []struct{ word, want string }{
		{"replcas", "replicas"},
		{"REPLICAS", "replicas"}, // letters' case does not count
		{"prots", "ports"},       // a swap of neighbours counts once
		{"restrat", "restart"},
		{"dp", "db"},
		{"ports", ""}, // itself is no suggestion
		{"zzz", ""},
		{"", ""},
	} {
		if got := Near(c.word, names); got != c.want {
			t.Errorf("Near(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}
