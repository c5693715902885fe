package serve

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// formatError is why a config has no form in a format.
type formatError struct{ text string }

func (e *formatError) Error() string { return e.text }

// appendTOML writes v as TOML 1.0. What TOML cannot say is an error that names the key: null, a number that it has no
// place for, a document that is no object. In a table, plain keys stand before tables, as TOML wants it.
func appendTOML(b []byte, v any) ([]byte, error) {
	root, ok := v.(object)
	if !ok {
		return nil, &formatError{"the config is no object, which TOML wants; ask for JSON or YAML"}
	}
	w := tomlWriter{b: b}
	w.table(root, nil)
	return w.b, w.err
}

type tomlWriter struct {
	b   []byte
	err error // the first
}

func (w *tomlWriter) fail(at []string, why string) {
	if w.err == nil {
		w.err = &formatError{fmt.Sprintf("%s %s; ask for JSON or YAML", pointer(at), why)}
	}
}

// table writes what stands below a header: the keys, then the tables.
func (w *tomlWriter) table(o object, at []string) {
	for _, m := range o {
		if isTable(m.value) || isTables(m.value) {
			continue
		}
		w.key(m.key)
		w.b = append(w.b, " = "...)
		w.value(m.value, append(at, m.key))
		w.b = append(w.b, '\n')
	}
	for _, m := range o {
		here := append(at, m.key)
		switch {
		case isTable(m.value):
			w.header("[", here, "]")
			w.table(m.value.(object), here)
		case isTables(m.value):
			for _, x := range m.value.([]any) {
				w.header("[[", here, "]]")
				w.table(x.(object), here)
			}
		}
	}
}

func isTable(v any) bool {
	_, ok := v.(object)
	return ok
}

// isTables tells whether v is a list of objects alone, at least one.
func isTables(v any) bool {
	list, ok := v.([]any)
	for _, x := range list {
		ok = ok && isTable(x)
	}
	return ok && len(list) > 0
}

func (w *tomlWriter) header(open string, at []string, end string) {
	if len(w.b) > 0 {
		w.b = append(w.b, '\n')
	}
	w.b = append(w.b, open...)
	for i, p := range at {
		if i > 0 {
			w.b = append(w.b, '.')
		}
		w.key(p)
	}
	w.b = append(append(w.b, end...), '\n')
}

// key writes a bare key, or one in quotes.
func (w *tomlWriter) key(k string) {
	bare := k != "" && strings.IndexFunc(k, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}) < 0
	if bare {
		w.b = append(w.b, k...)
	} else {
		w.b = appendQuoted(w.b, k)
	}
}

// value writes v on one line.
func (w *tomlWriter) value(v any, at []string) {
	switch v := v.(type) {
	case nil:
		w.fail(at, "is null, which TOML cannot say")
	case json.Number:
		w.number(string(v), at)
	case []any:
		w.b = append(w.b, '[')
		for i, x := range v {
			if i > 0 {
				w.b = append(w.b, ", "...)
			}
			w.value(x, append(at, strconv.Itoa(i)))
		}
		w.b = append(w.b, ']')
	case object:
		w.b = append(w.b, '{')
		for i, m := range v {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.b = append(w.b, ' ')
			w.key(m.key)
			w.b = append(w.b, " = "...)
			w.value(m.value, append(at, m.key))
		}
		w.b = append(w.b, " }"...)
	default:
		w.b = appendJSON(w.b, v) // texts and booleans are written alike
	}
}

// number writes a number as it was written: the grammar of JSON is a part of that of TOML.
func (w *tomlWriter) number(n string, at []string) {
	var err error
	if strings.ContainsAny(n, ".eE") {
		_, err = strconv.ParseFloat(n, 64)
	} else {
		_, err = strconv.ParseInt(n, 10, 64)
	}
	if err != nil {
		w.fail(at, "is a number that does not fit into the 64 bits of TOML")
	}
	w.b = append(w.b, n...)
}
