package diag

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// What several targets say alike is one finding, and what is to be done about several warnings is read once.
func TestFold(t *testing.T) {
	file := &source.File{Name: "octo.yaml", Data: []byte("a: 1\nb: 2\nc: 3\n")}
	at := func(line int32) source.Span {
		return source.Span{Pos: source.Pos{File: file, Line: line, Col: 1}, Len: 1}
	}
	var l List
	for _, target := range []string{"systemd", "k8s"} {
		l.Warn(Emulated, tree.Of("a"), "it is done otherwise").AtSpan(at(1)).Helpf("write x").Target = target
	}
	l.Warn(Emulated, tree.Of("a"), "it is left out").AtSpan(at(1)).Helpf("write y").Target = "compose"
	l.Warn(PlainSecret, tree.Of("b"), "a secret").AtSpan(at(2)).Helpf("hide it")
	l.Error(Type, tree.Of("b"), "a fault").AtSpan(at(2)).Helpf("mend it")
	l.Warn(PlainSecret, tree.Of("c"), "a secret").AtSpan(at(3)).Helpf("hide it")
	l.Error(Type, tree.Of("c"), "a fault").AtSpan(at(3)).Helpf("mend it")
	var b strings.Builder
	if err := Text(&b, l, Style{}); err != nil {
		t.Fatal(err)
	}
	want := `octo.yaml:1:1: warning: targets.systemd, targets.k8s: a: it is done otherwise [emulated]
  1 | a: 1
    | ^
  help: write x

octo.yaml:1:1: warning: targets.compose: a: it is left out [emulated]
  1 | a: 1
    | ^
  help: write y

octo.yaml:2:1: warning: b: a secret [plain-secret]
octo.yaml:3:1: warning: c: a secret [plain-secret]
  help: hide it

octo.yaml:2:1: error: b: a fault [type]
  2 | b: 2
    | ^
  help: mend it

octo.yaml:3:1: error: c: a fault [type]
  3 | c: 3
    | ^
  help: mend it

`
	if b.String() != want {
		t.Errorf("want\n%s\ngot\n%s", want, &b)
	}
	if got, want := Summary(l), "2 errors and 4 warnings in octo.yaml"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	b.Reset()
	if err := GitHub(&b, l, ""); err != nil || strings.Count(b.String(), "\n") != 6 {
		t.Errorf("want an annotation for each line and fault: %v\n%s", err, &b)
	}
	b.Reset()
	if err := JSON(&b, l); err != nil || strings.Count(b.String(), `"severity"`) != len(l) {
		t.Errorf("a program reads each target's finding: %v\n%s", err, &b)
	}
}

// A flag is no file, and an empty line shows nothing.
func TestSummaryOfFlags(t *testing.T) {
	l := List{}
	l.Error(MissingFile, tree.Root, "cannot read it").AtSpan(source.Span{Pos: source.Pos{File: &source.File{Name: "-f"}}})
	if got := Summary(l); got != "1 error" {
		t.Errorf("got %q", got)
	}
	var b strings.Builder
	empty := List{}
	empty.Error(Empty, tree.Root, "no services").AtSpan(source.Span{Pos: source.Pos{File: &source.File{Name: "octo.yaml"}, Line: 1, Col: 1}})
	if err := Text(&b, empty, Style{}); err != nil || b.String() != "octo.yaml:1:1: error: no services [empty]\n\n" {
		t.Errorf("%v %q", err, b.String())
	}
}
