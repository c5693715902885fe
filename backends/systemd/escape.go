package systemd

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How values are read, in this order (systemd.syntax(7), systemd.unit(5) "Specifiers", systemd.service(5) "Command
// lines", podman-systemd.unit(5)): a line ends at the line break, and goes on when it ends in a backslash; white space
// at both ends is cut; keys that hold words are split and unquoted, with C escapes; %x is a specifier; in ExecStart,
// $x is a variable. Quadlet reads its keys in the same way and writes them, quoted anew but neither % nor $ doubled,
// into an ExecStart.

// Why a value cannot stand in a unit.
var (
	errLineBreak = errors.New("it holds a line break, which this key cannot")
	errControl   = errors.New("it holds a control character, which this key cannot")
	errNUL       = errors.New("it holds a NUL")
	errUTF8      = errors.New("it is not UTF-8")
	errC1        = errors.New("it holds the character U+0080, which Podman's unit generator damages")
	errEdge      = errors.New("it starts or ends with white space, which is cut")
	errBackslash = errors.New("it ends in a backslash, which would join the next line to it")
	errQuote     = errors.New("it starts or ends with a quote, which is cut")
	errEmpty     = errors.New("it is empty, which means that the key is not set")
	errQuotes    = errors.New("it needs quotes and holds both kinds, which this key cannot")
	errComma     = errors.New("it holds a comma, which ends it")
	errColon     = errors.New("it holds a colon, which ends it")
	errSemicolon = errors.New("it is a semicolon, at which systemd ends a command")
	errRelative  = errors.New("systemd wants an absolute path")
	errAssign    = errors.New("it holds =, which ends a name")
)

// emptyVariable is a variable of the service manager that is set to nothing. Quadlet stops reading a command at an
// empty word, and writes ";" without quotes, where systemd takes it for the end of the command: ${…} in their place
// is an empty word, and nothing beside ";".
const emptyVariable = "${OCTO_EMPTY}"

// grammar says how a key that holds words is read.
type grammar uint8

const (
	wordsOfUnit    grammar = iota // by systemd, specifiers only: Environment=, BindPaths=
	wordsOfExec                   // by systemd, as a command: ExecStart=
	wordsOfQuadlet                // by Quadlet, and what it writes by systemd as a command: Exec=, PodmanArgs=
)

// appendWord writes s as one word.
func appendWord(dst []byte, s string, g grammar) ([]byte, error) {
	switch {
	case s == "" && g == wordsOfQuadlet:
		return append(dst, emptyVariable...), nil
	case s == "":
		return append(dst, `""`...), nil
	case s == ";" && g == wordsOfQuadlet:
		return append(append(dst, ';'), emptyVariable...), nil
	}
	quote, special, err := scanWord(s)
	if err != nil {
		return dst, err
	}
	if !quote && !special {
		return append(dst, s...), nil
	}
	if quote {
		dst = append(dst, '"')
	}
	for i := 0; i < len(s); i++ {
		dst = appendByte(dst, s[i], g)
	}
	if quote {
		dst = append(dst, '"')
	}
	return dst, nil
}

// scanWord says whether s needs quotes, and whether it holds what is doubled.
func scanWord(s string) (quote, special bool, err error) {
	quote = s == ";"
	for i, r := range s {
		switch {
		case r == 0:
			return false, false, errNUL
		case r == utf8.RuneError && !utf8.ValidString(s[i:]):
			return false, false, errUTF8
		case r == 0x80:
			return false, false, errC1
		case r == '%' || r == '$':
			special = true
		case r == '"' || r == '\'' || r == '\\' || r < 0x20 || r == 0x7f || unicode.IsSpace(r):
			quote = true
		}
	}
	return quote, special, nil
}

const hexDigits = "0123456789abcdef"

// appendByte writes one byte of a quoted word.
func appendByte(dst []byte, c byte, g grammar) []byte {
	switch c {
	case '%':
		return append(dst, '%', '%')
	case '$':
		if g != wordsOfUnit {
			dst = append(dst, '$')
		}
		return append(dst, '$')
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\t':
		return append(dst, '\\', 't')
	case '\r':
		return append(dst, '\\', 'r')
	}
	if c < 0x20 || c == 0x7f {
		return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, c)
}

// unfit says why no key that takes its value as it stands can hold s; nil: it can.
func unfit(s string) error {
	for i, r := range s {
		switch {
		case r == 0:
			return errNUL
		case r == '\n' || r == '\r':
			return errLineBreak
		case r < 0x20 && r != '\t', r == 0x7f, r == 0x80:
			return errControl
		case r == utf8.RuneError && !utf8.ValidString(s[i:]):
			return errUTF8
		}
	}
	return nil
}

// rawValue is s as the whole value of a key that is not split into words. The value goes on to a command line where
// command is set.
func rawValue(s string, command bool) (string, error) {
	if s == "" {
		return "", errEmpty
	}
	if err := unfit(s); err != nil {
		return "", err
	}
	switch first, last := s[0], s[len(s)-1]; {
	case s == ";" && command:
		return "", errSemicolon
	case strings.TrimSpace(s) != s:
		return "", errEdge
	case last == '\\':
		return "", errBackslash
	case first == '"' || last == '"':
		return "", errQuote
	}
	s = strings.ReplaceAll(s, "%", "%%")
	if command {
		s = strings.ReplaceAll(s, "$", "$$")
	}
	return s, nil
}

// plainWord is s as a word of a key that Quadlet splits without C escapes (AddDevice=, Sysctl=, LogOpt=, …): quotes
// keep white space together, and a backslash is a backslash.
func plainWord(s string) (string, error) {
	if s == "" {
		return "", errEmpty
	}
	if s == ";" {
		return "", errSemicolon
	}
	if err := unfit(s); err != nil {
		return "", err
	}
	quote := s[len(s)-1] == '\\' || strings.ContainsFunc(s, func(r rune) bool { return r == '"' || r == '\'' || unicode.IsSpace(r) })
	s = strings.ReplaceAll(strings.ReplaceAll(s, "%", "%%"), "$", "$$")
	switch {
	case !quote:
		return s, nil
	case !strings.Contains(s, `"`):
		return `"` + s + `"`, nil
	case !strings.Contains(s, "'"):
		return "'" + s + "'", nil
	}
	return "", errQuotes
}

// sanitize is s as part of a comment: without line breaks and other control characters.
func sanitize(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			return '?'
		}
		return r
	}, s)
}

// jsonArray is words as a JSON list on one line.
func jsonArray(words []string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(words) // strings cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}
