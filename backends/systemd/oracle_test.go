package systemd

import (
	"fmt"
	"strings"
	"unicode"
)

// What follows reads values as systemd and Podman say that they do, written from their manuals: systemd.syntax(7)
// "Quoting", systemd.service(5) "Command lines", systemd.unit(5) "Specifiers", podman-systemd.unit(5), and checked
// against both programs in real_test.go. It shares nothing with the escapers.

// reader says what is particular to a reader of words: Podman's generator stops at an empty word, and systemd ends a
// command at a semicolon that stands alone.
type reader struct{ stopsAtEmpty, endsAtSemicolon bool }

// splitWords splits a value into words, with quotes and C escapes.
func splitWords(s string, r reader) ([]string, error) {
	var words []string
	i := 0
	for {
		for i < len(s) && strings.IndexByte(" \t\n\r", s[i]) >= 0 {
			i++
		}
		if i == len(s) {
			return words, nil
		}
		if r.endsAtSemicolon && s[i] == ';' && (i+1 == len(s) || strings.IndexByte(" \t\n\r", s[i+1]) >= 0) {
			return nil, fmt.Errorf("the command ends in %q", s)
		}
		var word strings.Builder
		quote := byte(0)
	scan:
		for i < len(s) {
			c := s[i]
			switch {
			case c == '\\':
				n, err := unescape(s[i+1:], &word)
				if err != nil {
					return nil, err
				}
				i += 1 + n
				continue
			case quote != 0 && c == quote:
				quote = 0
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote == 0 && strings.IndexByte(" \t\n\r", c) >= 0:
				break scan
			default:
				word.WriteByte(c)
			}
			i++
		}
		if quote != 0 {
			return nil, fmt.Errorf("a quote is not closed in %q", s)
		}
		if word.Len() == 0 && r.stopsAtEmpty {
			return words, nil
		}
		words = append(words, word.String())
	}
}

// unescape reads what follows a backslash, and returns its length.
func unescape(s string, out *strings.Builder) (int, error) {
	if s == "" {
		return 0, fmt.Errorf("a backslash at the end")
	}
	if i := strings.IndexByte(`abfnrtv\"'s`, s[0]); i >= 0 {
		out.WriteByte("\a\b\f\n\r\t\v\\\"' "[i])
		return 1, nil
	}
	if s[0] == 'x' && len(s) > 2 {
		var b byte
		if _, err := fmt.Sscanf(s[1:3], "%02x", &b); err == nil && b != 0 {
			out.WriteByte(b)
			return 3, nil
		}
	}
	return 0, fmt.Errorf("an unknown escape %q", s)
}

// specifiers expands %%; any other is a leak.
func specifiers(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i++; i == len(s) || s[i] != '%' {
				return "", fmt.Errorf("a specifier in %q", s)
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), nil
}

// variables expands $$ and the empty variable; any other is a leak.
func variables(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' {
			b.WriteByte(s[i])
			continue
		}
		switch rest := s[i:]; {
		case strings.HasPrefix(rest, "$$"):
			b.WriteByte('$')
			i++
		case strings.HasPrefix(rest, emptyVariable):
			i += len(emptyVariable) - 1
		default:
			return "", fmt.Errorf("a variable in %q", s)
		}
	}
	return b.String(), nil
}

// unitLine is what is left of a value when its line has been read: the end of the line, white space, a continuation.
func unitLine(s string) (string, error) {
	if strings.ContainsAny(s, "\n\r\x00") {
		return "", fmt.Errorf("a line break in %q", s)
	}
	if strings.HasSuffix(strings.TrimSpace(s), `\`) {
		return "", fmt.Errorf("%q goes on on the next line", s)
	}
	return strings.TrimSpace(s), nil
}

// generated is how Podman's generator writes words into ExecStart=: quoted where white space, controls, quotes or
// backslashes ask for it, empty words as nothing.
func generated(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		needs := false
		var b strings.Builder
		for _, r := range w {
			switch {
			case r > 128:
				b.WriteRune(r)
				continue
			case r == '\n':
				b.WriteString(`\n`)
			case r == '\t':
				b.WriteString(`\t`)
			case r == '\r':
				b.WriteString(`\r`)
			case r == '\\' || r == '"':
				b.WriteString(`\` + string(r))
			case r != ' ' && (unicode.IsControl(r) || unicode.IsSpace(r)):
				fmt.Fprintf(&b, `\x%.2x`, r)
			default:
				b.WriteRune(r)
				needs = needs || r == ' ' || r == '\''
				continue
			}
			needs = true
		}
		if out[i] = w; needs {
			out[i] = `"` + b.String() + `"`
		}
	}
	return strings.Join(out, " ")
}

// execStart reads a command line as systemd does.
func execStart(s string) ([]string, error) {
	words, err := splitWords(s, reader{endsAtSemicolon: true})
	if err != nil {
		return nil, err
	}
	for i := range words {
		if words[i], err = specifiers(words[i]); err == nil {
			words[i], err = variables(words[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return words, nil
}

// through reads a value of a key as its readers do, one after the other.
func through(g grammar, value string) ([]string, error) {
	value, err := unitLine(value)
	if err != nil {
		return nil, err
	}
	switch g {
	case wordsOfUnit:
		words, err := splitWords(value, reader{})
		for i := range words {
			if err == nil {
				words[i], err = specifiers(words[i])
			}
		}
		return words, err
	case wordsOfExec:
		return execStart(value)
	}
	words, err := splitWords(value, reader{stopsAtEmpty: true})
	if err != nil {
		return nil, err
	}
	return execStart(generated(words))
}
