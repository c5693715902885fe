package template

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// fault is what is wrong in one scalar.
type fault struct {
	code    diag.Code
	off, n  int  // bytes in the text; n 0: not known yet
	unknown bool // a value is missing and nothing is said of it
	fatal   bool // the rest of the scalar is not looked at
	message string
	help    string
	related []related
}

type related struct {
	at      source.Span
	message string
}

func wrong(format string, args ...any) *fault {
	return &fault{code: Code, message: fmt.Sprintf(format, args...)}
}

func limit(format string, args ...any) *fault {
	return &fault{code: diag.Limit, fatal: true, message: fmt.Sprintf(format, args...)}
}

func (x *fault) helpf(format string, args ...any) *fault {
	x.help = fmt.Sprintf(format, args...)
	return x
}

// at gives x its place, unless it has one.
func (x *fault) at(s span) *fault {
	if x != nil && x.n == 0 {
		x.off, x.n = s.from, s.to-s.from
	}
	return x
}

// report makes a diagnostic of x, found in the scalar n at p.
func (r *renderer) report(x *fault, n *tree.Node, p tree.Path) {
	off, end := min(x.off, len(n.Text)), min(x.off+x.n, len(n.Text))
	d := r.ds.Error(x.code, p, "%s", x.message).AtSpan(place(n, off, end))
	d.Help = x.help
	for _, s := range x.related {
		d.SeeSpan(s.at, "%s", s.message)
	}
}

// place is where the bytes from..end of the text of n stand in the file: exactly where the scalar is written on one line
// or as a block behind "|", and the scalar as a whole elsewhere.
func place(n *tree.Node, from, end int) source.Span {
	if n.At.File == nil || end <= from {
		return n.At
	}
	head := n.Text[:from]
	part := n.Text[from:end]
	if i := strings.IndexByte(part, '\n'); i > 0 {
		part = part[:i]
	}
	width := utf8.RuneCountInString(part)
	first := []rune(n.At.File.Line(int(n.At.Line)))
	if c := int(n.At.Col) - 1; c < 0 || c >= len(first) || first[c] != '|' {
		return n.At.Sub(n.Text, utf8.RuneCountInString(head), width)
	}
	row := strings.Count(head, "\n")
	start := strings.LastIndexByte(head, '\n') + 1
	line, _, _ := strings.Cut(n.Text[start:], "\n")
	written := n.At.File.Line(int(n.At.Line) + 1 + row)
	indent, ok := strings.CutSuffix(written, line)
	if !ok || strings.Trim(indent, " ") != "" {
		return n.At
	}
	col := len(indent) + utf8.RuneCountInString(head[start:]) + 1
	at := source.Pos{File: n.At.File, Line: n.At.Line + 1 + int32(row), Col: int32(col)}
	return source.Span{Pos: at, Len: int32(width)}
}
