package parse

import (
	"bytes"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// traits is what one pass over the bytes of a file finds out.
type traits struct {
	ascii  bool // no byte above 127: columns are bytes
	cr     bool // lines end in CR LF
	values int  // line breaks and commas: about as many values are in the file, or fewer
	nested bool // indentation or brackets nest so deep that the library would be slow
	deep   source.Span
}

var bom = []byte("\xEF\xBB\xBF")

// maxFaults is the number of broken bytes that are reported for one file.
const maxFaults = 10

// vet refuses what is not text: bytes that are not UTF-8, control characters, line breaks that YAML 1.1 and
// 1.2 disagree on, and what is too large. A byte order mark is taken off; the file that comes back is the one
// that nodes point into.
func vet(f *source.File) (*source.File, traits, diag.List) {
	var ds diag.List
	if len(f.Data) > source.MaxFile {
		at := source.Span{Pos: source.Pos{File: f}}
		ds.Error(diag.Limit, tree.Root, "cannot read a file of %d bytes; %d is the limit", len(f.Data), source.MaxFile).AtSpan(at).
			Helpf("split the file, and name the parts under include")
		return f, traits{}, ds
	}
	if bytes.HasPrefix(f.Data, bom) {
		f = &source.File{Name: f.Name, Rel: f.Rel, From: f.From, Data: f.Data[len(bom):]}
	}
	v := vetter{f: f, traits: traits{ascii: true}}
	v.run()
	return f, v.traits, v.ds
}

type vetter struct {
	f *source.File
	traits
	ds      diag.List
	line    int // from 1
	start   int // of the line
	indents []int
	flow    int
}

// nestLimit is how many levels the cheap count may find before the file is refused unread. It counts brackets
// in texts and indentation in block scalars too, so it lies well above MaxDepth.
const nestLimit = 10 * MaxDepth

func (v *vetter) run() {
	data := v.f.Data
	v.line = 1
	v.indent(0)
	for i := 0; i < len(data) && len(v.ds) < maxFaults; {
		switch c := data[i]; {
		case c == '\n':
			v.length(i)
			v.values++
			v.line, v.start = v.line+1, i+1
			v.indent(i + 1)
		case c >= 0x80:
			v.ascii = false
			i += v.wide(i)
			continue
		case c >= 0x20 && c != 0x7F:
			switch c {
			case ',':
				v.values++
			case '[', '{', ']', '}':
				v.bracket(c, i)
			}
		case c == '\r':
			v.cr = true
			if i+1 == len(data) || data[i+1] != '\n' {
				v.fault(i, "cannot read a carriage return without a line feed", "end lines with a line feed (LF), or with CR LF")
			}
		case c != '\t':
			v.fault(i, "cannot read a control character (byte %#02x) in a text file", `delete it, or write it as an escape in double quotes: "\x1b"`, c)
		}
		i++
	}
	v.length(len(data))
}

// wide looks at one character beyond ASCII and returns its length.
func (v *vetter) wide(i int) int {
	r, n := utf8.DecodeRune(v.f.Data[i:])
	switch {
	case r == utf8.RuneError && n == 1:
		v.fault(i, "cannot read byte %#02x: it is not UTF-8", "save the file as UTF-8", v.f.Data[i])
	case r == 0x85 || r == 0x2028 || r == 0x2029:
		v.fault(i, "cannot read the line separator %U: YAML versions disagree on it", `write it as an escape in double quotes: "\u2028"`, r)
	case r >= 0x80 && r < 0xA0:
		v.fault(i, "cannot read the control character %U in a text file", `delete it, or write it as an escape in double quotes`, r)
	case r == 0xFEFF, r == 0xFFFE, r == 0xFFFF:
		v.fault(i, "cannot read the character %U inside a file", "delete it; it cannot be seen in most editors", r)
	}
	return n
}

func (v *vetter) fault(i int, format, help string, args ...any) {
	at := source.Pos{File: v.f, Line: int32(v.line), Col: int32(utf8.RuneCount(v.f.Data[v.start:i]) + 1)}
	v.ds.Error(diag.Syntax, tree.Root, format, args...).AtSpan(source.Span{Pos: at, Len: 1}).Help = help
}

func (v *vetter) length(end int) {
	if end-v.start <= MaxScalar {
		return
	}
	at := source.Pos{File: v.f, Line: int32(v.line), Col: 1}
	v.ds.Error(diag.Limit, tree.Root, "cannot read a line of %d bytes; %d is the limit", end-v.start, MaxScalar).
		AtSpan(source.Span{Pos: at, Len: 1}).Helpf("put a long text into a file of its own and name the file")
}

// indent keeps the open levels of indentation, with the line that starts at i.
func (v *vetter) indent(i int) {
	at := i
	for at < len(v.f.Data) && v.f.Data[at] == ' ' {
		at++
	}
	if at == len(v.f.Data) || v.f.Data[at] == '\n' || v.f.Data[at] == '\r' || v.f.Data[at] == '#' {
		return
	}
	n := at - i
	for len(v.indents) > 0 && v.indents[len(v.indents)-1] >= n {
		v.indents = v.indents[:len(v.indents)-1]
	}
	v.indents = append(v.indents, n)
	if len(v.indents) > nestLimit {
		v.tooDeep(at)
	}
}

func (v *vetter) bracket(c byte, i int) {
	if c == ']' || c == '}' {
		v.flow = max(0, v.flow-1)
		return
	}
	v.flow++
	if v.flow > nestLimit {
		v.tooDeep(i)
	}
}

func (v *vetter) tooDeep(i int) {
	if v.nested {
		return
	}
	v.nested = true
	at := source.Pos{File: v.f, Line: int32(v.line), Col: int32(utf8.RuneCount(v.f.Data[v.start:i]) + 1)}
	v.deep = source.Span{Pos: at, Len: 1}
}
