package serve

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// appendJSON writes v without spaces. Numbers are written as they were read.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return fmt.Appendf(b, "%t", v)
	case json.Number:
		return append(b, v...)
	case string:
		return appendQuoted(b, v)
	case []any:
		b = append(b, '[')
		for i, x := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, x)
		}
		return append(b, ']')
	case object:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendQuoted(b, m.key), ':')
			b = appendJSON(b, m.value)
		}
		return append(b, '}')
	}
	panic(fmt.Sprintf("a value of the type %T", v)) // parseConfig makes no other
}

// escapes are the short ones that JSON (RFC 8259, 7), YAML (1.2.2, 5.7) and TOML (1.0, String) share.
var escapes = [...]byte{'\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r', '"': '"', '\\': '\\'}

// appendQuoted writes s in double quotes such that JSON, YAML and TOML read the same. What YAML holds for no character to
// print, or for a line break, is escaped.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i, r := range s {
		short := r < rune(len(escapes)) && escapes[r] != 0
		if !short && !hidden(r) {
			continue
		}
		b = append(b, s[done:i]...)
		if done = i + utf8.RuneLen(r); short {
			b = append(b, '\\', escapes[r])
		} else {
			b = fmt.Appendf(b, `\u%04X`, r)
		}
	}
	return append(append(b, s[done:]...), '"')
}

func hidden(r rune) bool {
	return r < ' ' || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff
}
