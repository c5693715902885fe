package canon

import (
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// text is the text of a scalar together with where it stands, so that its parts have places.
type text struct {
	s     string
	at    source.Span // of the whole scalar
	inner source.Span // where s itself begins
	maps  bool        // s stands in the source as it is
	ascii bool
}

func (w *walker) text(n *tree.Node) text {
	t := text{s: n.Text, at: n.At}
	if n.At.File != nil {
		t.inner, t.maps = n.At.Inner(n.Text)
		t.ascii = int(t.inner.Len) == len(n.Text)
	}
	return t
}

// span is the place of the bytes from..to of the text; the whole scalar where it does not map onto the source.
func (t *text) span(from, to int) source.Span {
	if !t.maps || from == to {
		return t.at
	}
	off, n := from, to-from
	if !t.ascii {
		off, n = utf8.RuneCountInString(t.s[:from]), utf8.RuneCountInString(t.s[from:to])
	}
	s := t.inner
	s.Col += int32(off)
	s.Len = int32(n)
	return s
}

// part is a range of bytes of a text.
type part struct{ from, to int }

func (p part) empty() bool { return p.from == p.to }

func (t *text) of(p part) string         { return t.s[p.from:p.to] }
func (t *text) place(p part) source.Span { return t.span(p.from, p.to) }
func (t *text) templated(p part) bool    { return templated(t.s[p.from:p.to]) }
func templated(s string) bool            { return strings.Contains(s, "{{") }

// split cuts the text at sep, as strings.Split does, but not inside {{ … }}; at most len(out) parts are stored. It
// returns their number, which is larger when there are more.
func (t *text) split(p part, sep byte, out []part) int {
	n, depth, from := 0, 0, p.from
	for i := p.from; i <= p.to; i++ {
		switch {
		case i == p.to || depth == 0 && t.s[i] == sep:
			if n < len(out) {
				out[n] = part{from, i}
			}
			n, from = n+1, i+1
		case t.s[i] == '{' && i+1 < p.to && t.s[i+1] == '{':
			depth++
			i++
		case t.s[i] == '}' && depth > 0 && i+1 < p.to && t.s[i+1] == '}':
			depth--
			i++
		}
	}
	return n
}

// cut is strings.Cut of a part at the first sep that stands outside {{ … }}.
func (t *text) cut(p part, sep byte) (before, after part, found bool) {
	var two [1]part
	if t.split(p, sep, two[:]) == 1 {
		return p, part{p.to, p.to}, false
	}
	return two[0], part{two[0].to + 1, p.to}, true
}

// scalarOf is a scalar node for a part of the text.
func (w *walker) scalarOf(t *text, k tree.Kind, p part) *tree.Node {
	return w.scalar(k, t.of(p), t.place(p))
}
