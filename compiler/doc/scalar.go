package doc

import (
	"strings"
	"unicode/utf8"
)

// words are plain scalars that some YAML reader takes for something else than a string, in lower case: the
// booleans of YAML 1.1, and null.
const words = " true false yes no on off y n null "

// appendString appends s as a YAML string that every reader of YAML 1.1 and 1.2 reads back as s: plain where that is
// safe, else in double quotes. Within flow style a colon is quoted too: some readers stumble over it there.
func appendString(b []byte, s string, quote, flow bool) []byte {
	if !quote && isPlain(s) && !(flow && strings.IndexByte(s, ':') >= 0) {
		return append(b, s...)
	}
	return appendQuoted(b, s)
}

// isPlain reports whether s may stand without quotes. It says no in doubt.
func isPlain(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	c := s[0]
	switch {
	case c >= '0' && c <= '9':
		return isMeasure(s) || isAddress(s)
	case !isLetter(c) && c != '/' && c != '_' && c != '.':
		return false
	case c == '.' && !strings.HasPrefix(s, "./") && !strings.HasPrefix(s, "../"):
		return false // .5, .inf
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isLetter(c), c >= '0' && c <= '9':
		case strings.IndexByte("_-./+@=$%*()^~!|&<>;\\", c) >= 0:
		case c == ':':
			if i+1 == len(s) || s[i+1] == ' ' {
				return false
			}
		case c == ' ':
			if i+1 == len(s) || s[i+1] == '#' || s[i+1] == ' ' {
				return false
			}
		default:
			return false
		}
	}
	return len(s) > 5 || !strings.Contains(words, " "+strings.ToLower(s)+" ")
}

// isMeasure reports whether s is a number with a unit: 5s, 512M, 10Gi, 1h30m. No reader takes that for a number, as
// the last rune is a letter that ends no number and no exponent or base prefix can come before it.
func isMeasure(s string) bool {
	last := s[len(s)-1]
	if !isLetter(last) || (len(s) > 1 && s[0] == '0' && isLetter(s[1])) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !isLetter(c) && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// isAddress reports whether s is an IPv4 address, with an optional prefix length.
func isAddress(s string) bool {
	dots := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			dots++
		case c == '/':
			return dots == 3 && i+1 < len(s) && strings.Trim(s[i+1:], "0123456789") == ""
		case c < '0' || c > '9':
			return false
		}
	}
	return dots == 3 && s[len(s)-1] != '.'
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

const hex = "0123456789abcdef"

// appendQuoted appends s in double quotes, with the escapes that YAML and JSON share; text that is not UTF-8 has its
// bad bytes replaced.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r > 0x9f && !isTroublesome(r) && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\t':
			b = append(b, '\\', 't')
		case r == '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		}
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// isTroublesome reports whether some reader takes r for a line break or strips it, or a terminal obeys it.
func isTroublesome(r rune) bool {
	switch r {
	case 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff:
		return true
	}
	return r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// isBlock reports whether s may be printed as a literal block: it has several lines, starts with neither a space nor
// a line break, and holds only what a block keeps as it is.
func isBlock(s string) bool {
	if strings.IndexByte(s, '\n') < 0 || s[0] == ' ' || s[0] == '\t' || s[0] == '\n' || !utf8.ValidString(s) {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		if line != "" && strings.Trim(line, " \t") == "" {
			return false
		}
	}
	for _, r := range s {
		if (r < 0x20 && r != '\n' && r != '\t') || (r >= 0x7f && r <= 0x9f) || isTroublesome(r) {
			return false
		}
	}
	return true
}
