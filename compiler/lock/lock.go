package lock

import (
	"bytes"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/store"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Name is what a lock is called, beside the first config.
const Name = "octo.lock"

// header is the first line that is no comment.
const header = "octo-lock 1"

const comment = `# What the includes, images and programs of this config were resolved to. Written by octo lock; commit it.
`

// Kind is what a line pins.
type Kind string

// The kinds.
const (
	Binary    Kind = "binary" // a program that is downloaded, by its URL
	Inclusion Kind = "file"   // a file of an include, by its address
	Image     Kind = "image"  // an image with its tag, by its full name
)

// Line is one pinned thing.
type Line struct {
	Kind     Kind
	Name     string // one word
	Revision string // "" where there is none
	Sum      string // sha256:…
	At       source.Span
}

// File is a lock.
type File struct {
	lines  []Line // sorted by kind and name
	byName map[key]int
}

type key struct {
	kind Kind
	name string
}

// New is a lock of these lines. Of two with one name the later counts.
func New(lines []Line) *File {
	f := &File{byName: make(map[key]int, len(lines))}
	for _, l := range lines {
		if i, ok := f.byName[key{l.Kind, l.Name}]; ok {
			f.lines[i] = l
			continue
		}
		f.byName[key{l.Kind, l.Name}] = len(f.lines)
		f.lines = append(f.lines, l)
	}
	slices.SortFunc(f.lines, compare)
	for i, l := range f.lines {
		f.byName[key{l.Kind, l.Name}] = i
	}
	return f
}

func compare(a, b Line) int {
	if c := strings.Compare(string(a.Kind), string(b.Kind)); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// Lines are all lines, sorted by kind and name.
func (f *File) Lines() []Line {
	if f == nil {
		return nil
	}
	return f.lines
}

// Get is the line of that kind and name.
func (f *File) Get(k Kind, name string) (Line, bool) {
	if f == nil {
		return Line{}, false
	}
	i, ok := f.byName[key{k, name}]
	if !ok {
		return Line{}, false
	}
	return f.lines[i], true
}

// Below are the lines of that kind whose names begin with prefix.
func (f *File) Below(k Kind, prefix string) []Line {
	if f == nil {
		return nil
	}
	i, _ := slices.BinarySearchFunc(f.lines, Line{Kind: k, Name: prefix}, compare)
	n := i
	for n < len(f.lines) && f.lines[n].Kind == k && strings.HasPrefix(f.lines[n].Name, prefix) {
		n++
	}
	return f.lines[i:n]
}

// Bytes is the text of the lock: the same for the same lines.
func (f *File) Bytes() []byte {
	var b bytes.Buffer
	b.WriteString(comment)
	b.WriteString(header + "\n")
	for _, l := range f.Lines() {
		revision := l.Revision
		if revision == "" {
			revision = "-"
		}
		b.WriteString(string(l.Kind) + " " + l.Name + " " + revision + " " + l.Sum + "\n")
	}
	return b.Bytes()
}

// Parse reads a lock. What is wrong with it is reported at its line; the lines that are sound are in the file.
func Parse(src *source.File) (*File, diag.List) {
	p := parser{src: src, seen: map[key]source.Span{}}
	n := 0
	for text := range strings.Lines(string(src.Data)) {
		n++
		text = strings.TrimRight(text, "\r\n")
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		p.line(text, source.Span{Pos: source.Pos{File: src, Line: int32(n), Col: 1}})
		if len(p.ds) >= maxFaults {
			break
		}
	}
	if !p.headed && len(p.ds) == 0 {
		p.wrong(source.Span{Pos: source.Pos{File: src, Line: 1, Col: 1}}, "there is no line %q", header)
	}
	return New(p.lines), p.ds
}

// maxFaults is how many mistakes of one lock are told: a file of something else has one on each line.
const maxFaults = 10

type parser struct {
	src    *source.File
	headed bool
	lines  []Line
	seen   map[key]source.Span
	ds     diag.List
}

const again = "octo lock writes it anew"

func (p *parser) wrong(at source.Span, format string, args ...any) *diag.Diagnostic {
	return p.ds.Error(diag.Lock, tree.Root, "cannot read the lock: "+format, args...).AtSpan(at).Helpf(again)
}

func (p *parser) line(text string, at source.Span) {
	for _, mark := range []string{"<<<<<<<", "=======", ">>>>>>>", "|||||||"} {
		if strings.HasPrefix(text, mark) {
			p.wrong(at, "it holds a conflict of a merge").Helpf("keep the lines of both sides, without the marks, and run octo lock")
			return
		}
	}
	if !p.headed {
		p.headed = true
		if text != header {
			if strings.HasPrefix(text, "octo-lock ") {
				p.wrong(at, "it says %q, and this octo knows %q", text, header).Helpf("use the octo that wrote it, or a newer one")
				return
			}
			p.wrong(at, "want the line %q first", header)
		}
		if text == header || strings.HasPrefix(text, "octo-lock") {
			return
		}
	}
	words := strings.Split(text, " ")
	if len(words) != 4 {
		p.wrong(at, "want KIND NAME REVISION SHA256, with one blank between them")
		return
	}
	l := Line{Kind: Kind(words[0]), Name: words[1], Revision: words[2], Sum: words[3], At: at}
	switch {
	case l.Kind != Binary && l.Kind != Inclusion && l.Kind != Image:
		p.wrong(at, "no kind is called %q; want binary, file or image", l.Kind)
		return
	case !store.IsSum(l.Sum):
		p.wrong(at, "%q is no hash; want sha256: and 64 hexadecimal digits", l.Sum)
		return
	case l.Name == "" || l.Revision == "":
		p.wrong(at, "want KIND NAME REVISION SHA256, with one blank between them")
		return
	}
	if l.Revision == "-" {
		l.Revision = ""
	}
	k := key{l.Kind, l.Name}
	if first, ok := p.seen[k]; ok {
		p.wrong(at, "%s %s stands in it twice", l.Kind, l.Name).SeeSpan(first, "first here")
		return
	}
	p.seen[k] = at
	p.lines = append(p.lines, l)
}
