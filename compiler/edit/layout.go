package edit

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/source"
)

// kind is how a value is written.
type kind uint8

const (
	empty kind = iota // nothing stands there: null
	scalar
	alias
	blockMap
	blockList
	flowMap
	flowList
)

// part is a value in the text.
type part struct {
	kind       kind
	style      byte // of a scalar: 0 without quotes, else " ' | >
	start, end int  // the value without its tag and anchor; a block collection ends where its last value does
	props      int  // where its tag or anchor starts; start when it has none
	open       int  // behind the colon or the dash, and behind the tag and the anchor: where {} can be written
	anchor     string
	tag        string
	name       string // of an alias
	indent     int    // of a block collection: the column of its keys or dashes, from 0
	parent     int    // of a block scalar: the column that its lines are indented more than
	entries    []entry
}

// entry is a field of a mapping, or an item of a list.
type entry struct {
	key    string
	merge  bool // the key is <<
	start  int  // of the key; of a dash; of an item in brackets
	keyEnd int  // behind the key or the dash
	after  int  // behind the colon or the dash: where the value may start
	colon  bool // of an entry in braces: it has a colon
	value  *part
}

// comment is a comment, without the line break.
type comment struct{ start, end int }

// layout is where everything stands in a text. A byte order mark is not part of the text.
type layout struct {
	f        *source.File
	s        string
	eol      string
	lines    []int // starts
	comments []comment
	aliases  map[string]int // the first use of each anchor
	root     *part
	keeps    bool // it has a text with +, which takes in the empty lines below it
	err      *fault
}

// fault is why a text cannot be edited: offset and words.
type fault struct {
	at         int
	text, help string
}

// scanLayout finds the parts of a text that package parse has accepted.
func scanLayout(f *source.File) (l *layout, failed *fault) {
	l = &layout{f: f, s: string(f.Data), eol: "\n", aliases: map[string]int{}, lines: []int{0}}
	if i := strings.IndexByte(l.s, '\n'); i > 0 && l.s[i-1] == '\r' {
		l.eol = "\r\n"
	}
	for i := range len(l.s) {
		if l.s[i] == '\n' {
			l.lines = append(l.lines, i+1)
		}
	}
	i := l.content(0)
	if strings.HasPrefix(l.s[min(i, len(l.s)):], "%") {
		return l, &fault{i, "cannot edit a file with a directive (%)", "delete the line that begins with %, and the --- below it"}
	}
	after := i
	if l.marker(i) && l.s[i] == '-' {
		after = i + 3
	}
	l.root, _ = l.block(after, -1, true, false)
	if l.err == nil {
		end := l.content(l.root.end)
		if end < len(l.s) && !l.marker(end) {
			l.fail(end, "cannot find out how this is written", "make the change by hand")
		}
		for end < len(l.s) && l.marker(end) {
			end = l.content(end + 3)
		}
		if l.err == nil && end < len(l.s) {
			l.fail(end, "cannot edit a file with a second document", "make the change by hand")
		}
	}
	return l, l.err
}

func (l *layout) fail(at int, text, help string) {
	if l.err == nil {
		l.err = &fault{at, text, help}
	}
}

// odd is fail with the advice that is left when nothing better is known.
func (l *layout) odd(at int, format string, args ...any) {
	l.fail(at, fmt.Sprintf(format, args...), "make the change by hand")
}

// lineOf is the number of the line of an offset, from 0.
func (l *layout) lineOf(i int) int {
	lo, hi := 0, len(l.lines)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; l.lines[mid] <= i {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// column is how many bytes stand before i on its line.
func (l *layout) column(i int) int { return i - l.lines[l.lineOf(i)] }

// lineEnd is the end of the line of i, before its line break.
func (l *layout) lineEnd(i int) int {
	j := strings.IndexByte(l.s[i:], '\n')
	if j < 0 {
		return len(l.s)
	}
	if j > 0 && l.s[i+j-1] == '\r' {
		j--
	}
	return i + j
}

// nextLine is the start of the line below that of i, or the end of the text.
func (l *layout) nextLine(i int) int {
	if n := l.lineOf(i) + 1; n < len(l.lines) {
		return l.lines[n]
	}
	return len(l.s)
}

// offset is the place of a position of the tree.
func (l *layout) offset(p source.Pos) int {
	if int(p.Line) < 1 || int(p.Line) > len(l.lines) {
		return len(l.s)
	}
	i := l.lines[p.Line-1]
	for col := p.Col; col > 1 && i < len(l.s); col-- {
		_, n := utf8.DecodeRuneInString(l.s[i:])
		i += n
	}
	return i
}

// span is the place of an offset.
func (l *layout) span(i int) source.Span {
	i = min(i, len(l.s))
	line := l.lineOf(i)
	col := utf8.RuneCountInString(l.s[l.lines[line]:i]) + 1
	return source.Span{Pos: source.Pos{File: l.f, Line: int32(line + 1), Col: int32(col)}}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isSpace(c byte) bool { return isBlank(c) || c == '\n' || c == '\r' }

// blanks skips blanks on the line.
func (l *layout) blanks(i int) int {
	for i < len(l.s) && isBlank(l.s[i]) {
		i++
	}
	return i
}

// spaced reports whether i is the end of a line or of the text, or a blank.
func (l *layout) spaced(i int) bool { return i >= len(l.s) || isSpace(l.s[i]) }

// content skips blanks, line breaks and comments, which it notes.
func (l *layout) content(i int) int {
	for i < len(l.s) {
		switch c := l.s[i]; {
		case isSpace(c):
			i++
		case c == '#' && (i == 0 || isSpace(l.s[i-1])):
			end := l.lineEnd(i)
			if n := len(l.comments); n == 0 || l.comments[n-1].start < i {
				l.comments = append(l.comments, comment{i, end})
			}
			i = end
		default:
			return i
		}
	}
	return i
}

// marker reports whether --- or ... stands at i, at the start of a line.
func (l *layout) marker(i int) bool {
	if i+3 > len(l.s) || i > 0 && l.s[i-1] != '\n' {
		return false
	}
	return (l.s[i:i+3] == "---" || l.s[i:i+3] == "...") && l.spaced(i+3)
}

// dash reports whether an item of a block list starts at i.
func (l *layout) dash(i int) bool { return i < len(l.s) && l.s[i] == '-' && l.spaced(i+1) }
