package lock_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/source"
)

var sum = "sha256:" + strings.Repeat("0a", 32)

const text = `# What the includes, images and programs of this config were resolved to. Written by octo lock; commit it.
octo-lock 1
binary https://example.com/api - SUM
file https://example.com/core.yaml - SUM
file https://git.example.com/x.git#v1:a.yaml 0123456789012345678901234567890123456789 SUM
file https://git.example.com/x.git#v1:b/c.yaml 0123456789012345678901234567890123456789 SUM
image docker.io/library/postgres:16 - SUM
`

func file(s string) *source.File {
	return &source.File{Name: "octo.lock", Data: []byte(strings.ReplaceAll(s, "SUM", sum))}
}

func TestRoundTrip(t *testing.T) {
	f, ds := lock.Parse(file(text))
	if len(ds) > 0 || !bytes.Equal(f.Bytes(), file(text).Data) {
		t.Fatalf("%v\n%s", ds, f.Bytes())
	}
	lines := slices.Clone(f.Lines())
	slices.Reverse(lines)
	if again := lock.New(append(lines, lines[0])); !bytes.Equal(again.Bytes(), f.Bytes()) {
		t.Errorf("the order of lines shows:\n%s", again.Bytes())
	}
	crlf, ds := lock.Parse(file(strings.ReplaceAll(text, "\n", "\r\n")))
	if len(ds) > 0 || !bytes.Equal(crlf.Bytes(), f.Bytes()) {
		t.Errorf("with carriage returns: %v", ds)
	}
}

func TestGet(t *testing.T) {
	f, _ := lock.Parse(file(text))
	if l, ok := f.Get(lock.Image, "docker.io/library/postgres:16"); !ok || l.Sum != sum || l.Revision != "" || l.At.Line != 7 {
		t.Errorf("%+v, %v", l, ok)
	}
	if l := f.Below(lock.Inclusion, "https://git.example.com/x.git#v1:"); len(l) != 2 || l[1].Name != "https://git.example.com/x.git#v1:b/c.yaml" {
		t.Errorf("%v", l)
	}
	var none *lock.File
	if _, ok := none.Get(lock.Image, "x"); ok || none.Lines() != nil || none.Below(lock.Image, "") != nil {
		t.Error("a lock that is not there has lines")
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":       {"", "1:1: cannot read the lock: there is no line \"octo-lock 1\""},
		"other file":  {"services:\n", "1:1: cannot read the lock: want the line \"octo-lock 1\" first"},
		"newer":       {"octo-lock 2\nfile x - SUM\n", "1:1: cannot read the lock: it says \"octo-lock 2\", and this octo knows \"octo-lock 1\""},
		"conflict":    {"octo-lock 1\n<<<<<<< main\nfile x - SUM\n", "2:1: cannot read the lock: it holds a conflict of a merge"},
		"words":       {"octo-lock 1\nfile x SUM\n", "2:1: cannot read the lock: want KIND NAME REVISION SHA256"},
		"blanks":      {"octo-lock 1\nfile  - SUM\n", "2:1: cannot read the lock: want KIND NAME REVISION SHA256"},
		"hash":        {"octo-lock 1\nfile x - sha256:00\n", "2:1: cannot read the lock: \"sha256:00\" is no hash"},
		"kind":        {"octo-lock 1\nthing x - SUM\n", "2:1: cannot read the lock: no kind is called \"thing\""},
		"twice":       {"octo-lock 1\nfile x - SUM\nfile x - SUM\n", "3:1: cannot read the lock: file x stands in it twice"},
		"a long file": {strings.Repeat("x\n", 1000), "1:1: cannot read the lock: want the line"},
	} {
		_, ds := lock.Parse(file(c.text))
		if len(ds) == 0 || len(ds) > 10 || !strings.HasPrefix(ds[0].At.Pos.String()+": "+ds[0].Message, "octo.lock:"+c.want) || ds[0].Help == "" {
			t.Errorf("%s: %d findings: %+v", name, len(ds), ds)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(strings.ReplaceAll(text, "SUM", sum))
	f.Fuzz(func(t *testing.T, s string) {
		l, ds := lock.Parse(&source.File{Name: "octo.lock", Data: []byte(s)})
		if len(ds) > 0 {
			return
		}
		again, ds := lock.Parse(&source.File{Name: "octo.lock", Data: l.Bytes()})
		if len(ds) > 0 || !bytes.Equal(again.Bytes(), l.Bytes()) {
			t.Fatalf("%v\n%s", ds, l.Bytes())
		}
	})
}
