package source

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"unicode/utf8"
)

// File is the text of one input. It is immutable once made.
type File struct {
	// Name is what diagnostics print: a slash-separated path relative to the working directory
	// where the file lies below it, "-" for standard input.
	Name string
	// Rel is what outputs print: a slash-separated path relative to the project's folder, so that
	// an output does not depend on the working directory.
	Rel  string
	Data []byte
	// From is printed by outputs in place of Rel, where it is not "": of a file that was fetched, what it was fetched
	// from, without the version, so that a new version changes only what it changes.
	From string

	// starts holds the offset of each line; made when a line is first asked for, so that looking up a place does not
	// cost a pass over the file.
	starts atomic.Pointer[[]int32]
}

// Shown is how outputs name the file: From, else Rel.
func (f *File) Shown() string {
	if f.From != "" {
		return f.From
	}
	return f.Rel
}

// Line returns line n (from 1) without its line break, or "" when there is no such line.
func (f *File) Line(n int) string { return string(f.line(n)) }

func (f *File) line(n int) []byte {
	if f == nil || n < 1 {
		return nil
	}
	starts := f.starts.Load()
	if starts == nil {
		made := make([]int32, 1, 1+bytes.Count(f.Data, []byte{'\n'}))
		for i, c := range f.Data {
			if c == '\n' {
				made = append(made, int32(i+1))
			}
		}
		starts = &made
		f.starts.Store(starts)
	}
	if n > len(*starts) {
		return nil
	}
	rest := f.Data[(*starts)[n-1]:]
	if n < len(*starts) {
		rest = f.Data[(*starts)[n-1] : (*starts)[n]-1]
	}
	return bytes.TrimSuffix(rest, []byte{'\r'})
}

// Pos is a place in a file. Line and Col count from 1; Col counts runes. The zero Pos is no place.
type Pos struct {
	File      *File
	Line, Col int32
}

// IsZero reports whether p is no place at all.
func (p Pos) IsZero() bool { return p.File == nil }

// String is file:line:col, and "" for the zero Pos. A Pos without a line is the file as a whole.
func (p Pos) String() string {
	switch {
	case p.File == nil:
		return ""
	case p.Line == 0:
		return p.File.Name
	}
	return p.File.Name + ":" + strconv.Itoa(int(p.Line)) + ":" + strconv.Itoa(int(p.Col))
}

// Compare orders by file name, line and column.
func (p Pos) Compare(q Pos) int {
	if p.File != q.File {
		a, b := "", ""
		if p.File != nil {
			a = p.File.Name
		}
		if q.File != nil {
			b = q.File.Name
		}
		if a != b {
			if a < b {
				return -1
			}
			return 1
		}
	}
	if p.Line != q.Line {
		return int(p.Line - q.Line)
	}
	return int(p.Col - q.Col)
}

// Span is a place and its length in runes, on one line. Len 0 means "the token that starts here":
// the printer finds its end in the text.
type Span struct {
	Pos
	Len int32
}

// Sub is the span of n runes that starts off runes into the text of a scalar at s. It looks at the
// source to step over an opening quote; where the scalar is written in a way that does not map rune
// by rune onto its value (escapes, several lines, block scalars), it is s itself.
func (s Span) Sub(text string, off, n int) Span {
	if s.File == nil {
		return s
	}
	line := []rune(s.File.Line(int(s.Line)))
	at := int(s.Col) - 1
	if at < 0 || at >= len(line) {
		return s
	}
	if line[at] == '"' || line[at] == '\'' {
		at++
	}
	size := utf8.RuneCountInString(text)
	if at+size > len(line) || string(line[at:at+size]) != text {
		return s
	}
	return Span{Pos: Pos{File: s.File, Line: s.Line, Col: int32(at + 1 + off)}, Len: int32(n)}
}

// Inner is where text, the value of the scalar at s, begins in the source: past an opening quote. ok is false where
// the scalar is written in a way that does not map rune by rune onto its value (see [Span.Sub]). It allocates nothing.
func (s Span) Inner(text string) (inner Span, ok bool) {
	line := s.File.line(int(s.Line))
	col := s.Col
	for i := int32(1); i < col && len(line) > 0; i++ {
		_, n := utf8.DecodeRune(line)
		line = line[n:]
	}
	if len(line) > 0 && (line[0] == '"' || line[0] == '\'') {
		line, col = line[1:], col+1
	}
	if len(line) < len(text) || string(line[:len(text)]) != text {
		return s, false
	}
	return Span{Pos: Pos{File: s.File, Line: s.Line, Col: col}, Len: int32(utf8.RuneCountInString(text))}, true
}

// Width is the number of runes that s covers: Len, or the length of the token that starts at s.
func (s Span) Width() int {
	if s.Len > 0 {
		return int(s.Len)
	}
	if s.File == nil {
		return 1
	}
	line := []rune(s.File.Line(int(s.Line)))
	at := int(s.Col) - 1
	if at < 0 || at >= len(line) {
		return 1
	}
	return tokenWidth(line[at:])
}

// tokenWidth is the length of the YAML token at the start of line: a quoted string to its quote, an
// opening bracket alone, else up to what ends a plain scalar or key.
func tokenWidth(line []rune) int {
	switch q := line[0]; q {
	case '"', '\'':
		for i := 1; i < len(line); i++ {
			switch {
			case line[i] == '\\' && q == '"':
				i++
			case line[i] == q && q == '\'' && i+1 < len(line) && line[i+1] == q:
				i++
			case line[i] == q:
				return i + 1
			}
		}
	case '{', '[', '|', '>':
		return 1
	}
	if line[0] == '!' { // a tag ends at a space
		for i, r := range line {
			if r == ' ' {
				return i
			}
		}
	}
	end := len(line)
scan:
	for i, r := range line {
		next := rune(' ')
		if i+1 < len(line) {
			next = line[i+1]
		}
		switch {
		case r == ':' && (next == ' ' || next == ',' || next == '}' || next == ']'),
			r == ' ' && next == '#',
			r == ',' && next == ' ', r == '}', r == ']':
			end = i
			break scan
		}
	}
	for end > 1 && line[end-1] == ' ' {
		end--
	}
	return max(end, 1)
}
