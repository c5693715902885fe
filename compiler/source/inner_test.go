package source_test

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/source"
)

func TestLines(t *testing.T) {
	text := "a\r\n\nbä\nlast"
	f := &source.File{Data: []byte(text)}
	for n, want := range []string{"", "a", "", "bä", "last", "", ""} {
		if got := f.Line(n); got != want {
			t.Errorf("line %d is %q, want %q", n, got, want)
		}
	}
	if got := (&source.File{}).Line(1); got != "" {
		t.Errorf("line 1 of nothing is %q", got)
	}
	if got := (&source.File{Data: []byte("x\n")}).Line(2); got != "" {
		t.Errorf("the line behind the last break is %q", got)
	}
}

func TestInner(t *testing.T) {
	for _, c := range []struct {
		line, text string
		col        int32
		inner      int32 // 0: does not map
	}{
		{`k: 80:80`, "80:80", 4, 4},
		{`k: "80:80"`, "80:80", 4, 5},
		{`k: '80:80'`, "80:80", 4, 5},
		{`ä: "ö:x"`, "ö:x", 4, 5},
		{`k: "\x38"`, "8", 4, 0},
		{`k: 'it''s'`, "it's", 4, 0},
		{`k: ${X}`, "80", 4, 0},
		{`k: |`, "text", 4, 0},
		{`k: x`, "x", 9, 0},
	} {
		f := &source.File{Name: "a", Data: []byte("first\n" + c.line + "\n")}
		s := source.Span{Pos: source.Pos{File: f, Line: 2, Col: c.col}}
		inner, ok := s.Inner(c.text)
		if ok != (c.inner > 0) || ok && (inner.Col != c.inner || int(inner.Len) != len([]rune(c.text))) {
			t.Errorf("%s: %q stands at %d+%d, %t", c.line, c.text, inner.Col, inner.Len, ok)
		}
		if sub := s.Sub(c.text, 0, 1); ok && sub.Col != inner.Col {
			t.Errorf("%s: Sub says %d, Inner %d", c.line, sub.Col, inner.Col)
		}
	}
	long := &source.File{Data: []byte(strings.Repeat("x: 1\n", 100))}
	s := source.Span{Pos: source.Pos{File: long, Line: 99, Col: 4}}
	if n := testing.AllocsPerRun(100, func() { s.Inner("1") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
