package template

import (
	"strings"
)

// span is a part of a text, in bytes.
type span struct{ from, to int }

// action is one {{ … }} of a text, found as text/template's lexer does: }} in a string or a comment does not end it.
type action struct {
	span
	word string // the first word: if, end, define, or a name; "" when it starts with something else
	open bool   // it does not end
}

// actions are the {{ … }} of text.
func actions(text string) []action {
	var out []action
	for i := 0; ; {
		j := strings.Index(text[i:], "{{")
		if j < 0 {
			return out
		}
		a := action{span: span{from: i + j}}
		inner := a.from + 2
		if rest := text[inner:]; len(rest) > 1 && rest[0] == '-' && isSpace(rest[1]) {
			inner += 2
		}
		end := actionEnd(text, inner)
		a.to, a.open = end, end < 0
		if a.open {
			a.to = len(text)
		}
		body := strings.TrimLeft(text[inner:a.to], " \t\r\n")
		n := 0
		for n < len(body) && isWord(body[n]) {
			n++
		}
		a.word = body[:n]
		out = append(out, a)
		i = a.to
	}
}

// actionEnd is the place behind the }} of the action whose inside starts at i, or -1.
func actionEnd(text string, i int) int {
	if strings.HasPrefix(text[i:], "/*") {
		end := strings.Index(text[i:], "*/")
		if end < 0 {
			return -1
		}
		i += end + 2
	}
	for i < len(text) {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "}}"):
			return i + 2
		case c == '"' || c == '\'' || c == '`':
			n := quotedEnd(text[i:], c)
			if n < 0 {
				return -1
			}
			i += n
		default:
			i++
		}
	}
	return -1
}

// quotedEnd is the length of the quoted text at the start of s, or -1.
func quotedEnd(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i + 1
		case s[i] == '\n' && quote != '`':
			return -1
		case s[i] == '\\' && quote != '`':
			i++
		}
	}
	return -1
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// operand is the path or the name around the byte at i: the parser gives places inside of paths.
func operand(text string, i int) span {
	i = min(max(i, 0), len(text))
	part := func(c byte) bool { return isWord(c) || c == '.' || c == '$' }
	s := span{i, i}
	for s.from > 0 && part(text[s.from-1]) {
		s.from--
	}
	for s.to < len(text) && part(text[s.to]) {
		s.to++
	}
	return s
}
