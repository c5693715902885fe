package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func span(text string, col int32) Span {
	return Span{Pos: Pos{File: &File{Name: "f", Data: []byte(text)}, Line: 1, Col: col}}
}

func TestWidth(t *testing.T) {
	for _, c := range []struct {
		line string
		col  int32
		want int
	}{
		{"replcas: 3", 1, 7}, {"a: warning, b", 4, 7}, {"a: { b: 400 } }", 9, 3}, {`a: "x y" # c`, 4, 5}, {`a: "x\"y"`, 4, 6},
		{"a: 'it''s'", 4, 7}, {"  - vendor/core.yaml  # x", 5, 16}, {"a: x # y", 4, 1}, {"k: [a, b]", 4, 1}, {"- a:b", 3, 3}, {"héé: 1", 1, 3}, {"x", 9, 1},
		{"ports: !override [80]", 8, 9},
	} {
		if got := span(c.line, c.col).Width(); got != c.want {
			t.Errorf("%q at %d: got %d, want %d", c.line, c.col, got, c.want)
		}
	}
}

func TestSub(t *testing.T) {
	for _, c := range []struct {
		line, text string
		col        int32
		off, n     int
		want       string
	}{
		{`p: ["127.0.0.1:80x:8080"]`, "127.0.0.1:80x:8080", 5, 10, 3, "f:1:16"},
		{`p: 80x:8080`, "80x:8080", 4, 0, 3, "f:1:4"},
		{`p: "a\tb"`, "a\tb", 4, 2, 1, "f:1:4"}, // an escape: the whole scalar
	} {
		s := span(c.line, c.col).Sub(c.text, c.off, c.n)
		if s.String() != c.want {
			t.Errorf("%q: got %s, want %s", c.line, s, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	f := &File{Data: []byte("one\r\ntwo\n\nfour")}
	for i, want := range []string{"", "one", "two", "", "four", ""} {
		if got := f.Line(i); got != want {
			t.Errorf("line %d: got %q, want %q", i, got, want)
		}
	}
}

// The folder in memory and the folder on disk answer alike.
func TestReaders(t *testing.T) {
	dir := t.TempDir()
	files := Mem{"a.yaml": "A", "sub/b.yaml": "BB", "sub/deep/c": ""}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for kind, r := range map[string]Reader{"disk": Disk{Dir: dir}, "mem": files} {
		if f, err := r.Read("sub/../a.yaml"); err != nil || string(f.Data) != "A" || f.Name != "a.yaml" {
			t.Errorf("%s: read %v, %v", kind, f, err)
		}
		if _, err := r.Read("sub"); err == nil || !strings.Contains(err.Error(), "it is a folder") {
			t.Errorf("%s: a folder reads as %v", kind, err)
		}
		if _, err := r.Read("none"); err == nil || !os.IsNotExist(errorsUnwrapAll(err)) {
			t.Errorf("%s: a missing file reads as %v", kind, err)
		}
		if i := r.Stat("sub/b.yaml"); i.Kind != Regular || i.Size != 2 {
			t.Errorf("%s: sub/b.yaml is %v", kind, i)
		}
		if r.Stat("sub").Kind != Dir || r.Stat("none").Kind != Missing {
			t.Errorf("%s: kinds are wrong", kind)
		}
		if got := strings.Join(r.List("sub"), " "); got != "b.yaml deep" {
			t.Errorf("%s: lists %q", kind, got)
		}
	}
}

func errorsUnwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}
