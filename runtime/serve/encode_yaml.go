package serve

import (
	"encoding/json"
	"strings"
)

// maxKey is the longest key, in bytes, that is written before its colon; a longer one needs the sign for a key (YAML
// 1.2.2, 7.4.2: 1024 characters).
const maxKey = 1000

// appendYAML writes v in block style. Texts that a reader of YAML 1.1 or 1.2 could take for something else are quoted.
func appendYAML(b []byte, v any) []byte { return appendBlock(b, v, 0) }

// appendBlock writes v, which begins where the line stands, and whose further lines have indent spaces before them.
func appendBlock(b []byte, v any, indent int) []byte {
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			if i > 0 {
				b = appendSpaces(b, indent)
			}
			b = appendBlock(append(b, "- "...), x, indent+2)
		}
		if len(v) > 0 {
			return b
		}
	case object:
		for i, m := range v {
			if i > 0 {
				b = appendSpaces(b, indent)
			}
			b = appendMember(b, m, indent)
		}
		if len(v) > 0 {
			return b
		}
	}
	return append(appendScalar(b, v), '\n')
}

func appendMember(b []byte, m member, indent int) []byte {
	if key := appendText(nil, m.key); len(key) <= maxKey {
		b = append(b, key...)
	} else {
		b = append(append(append(b, "? "...), key...), '\n')
		b = appendSpaces(b, indent)
	}
	b = append(b, ':')
	if isBlock(m.value) {
		b = appendSpaces(append(b, '\n'), indent+2)
	} else {
		b = append(b, ' ')
	}
	return appendBlock(b, m.value, indent+2)
}

func isBlock(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) > 0
	case object:
		return len(v) > 0
	}
	return false
}

func appendSpaces(b []byte, n int) []byte {
	for range n {
		b = append(b, ' ')
	}
	return b
}

// appendScalar writes what stands on one line; it is an empty list or object where it is one.
func appendScalar(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(b, v)
	case json.Number:
		return appendNumber(b, string(v))
	}
	return appendJSON(b, v)
}

// appendNumber writes a number as it was written. Only one with an exponent gets a dot and a sign where it has none: YAML
// 1.1 holds 1e5 for a text, and 1.0e+5 is a number to all.
func appendNumber(b []byte, n string) []byte {
	i := strings.IndexAny(n, "eE")
	if i < 0 {
		return append(b, n...)
	}
	b = append(b, n[:i]...)
	if !strings.Contains(n[:i], ".") {
		b = append(b, ".0"...)
	}
	b = append(b, n[i])
	if c := n[i+1]; c != '+' && c != '-' {
		b = append(b, '+')
	}
	return append(b, n[i+1:]...)
}

// words are texts that YAML 1.1 or 1.2 takes for something else, in lower case.
var words = [...]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

// appendText writes a text: plain where it begins with a letter, _ or / and goes on with those, digits, dots, hyphens and
// spaces, which nothing else begins with; in quotes otherwise.
func appendText(b []byte, s string) []byte {
	if isPlain(s) {
		return append(b, s...)
	}
	return appendQuoted(b, s)
}

func isPlain(s string) bool {
	if s == "" || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '/':
		case i > 0 && (c >= '0' && c <= '9' || c == '.' || c == '-' || c == ' '):
		default:
			return false
		}
	}
	for _, w := range words {
		if strings.EqualFold(w, s) {
			return false
		}
	}
	return true
}
