package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a config: the size of its file in bytes, and how deep it may nest.
const (
	maxConfig = 16 << 20
	maxDepth  = 200
)

// A value is one of JSON: nil, bool, string, json.Number (as it was written), []any, or object.
type object []member

// member is one key of an object; objects keep the order of the file.
type member struct {
	key   string
	value any
}

// parseConfig reads the JSON of a config. Errors say where, and show nothing of what stands there but one character.
func parseConfig(data []byte) (any, error) {
	if len(data) > maxConfig {
		return nil, fmt.Errorf("it has more than %d bytes", maxConfig)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil { // checks the whole, which reading tokens does not
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("it is no JSON: %s: %w", position(data, s.Offset), err)
		}
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return parseValue(dec, nil)
}

// position is an offset as line and column, from 1.
func position(data []byte, offset int64) string {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'))
}

func parseValue(dec *json.Decoder, at []string) (any, error) {
	if len(at) > maxDepth {
		return nil, fmt.Errorf("it nests deeper than %d", maxDepth)
	}
	t, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	switch t {
	case json.Delim('{'):
		return parseObject(dec, at)
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := parseValue(dec, append(at, strconv.Itoa(len(list))))
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, err
	}
	return t, nil
}

func parseObject(dec *json.Decoder, at []string) (any, error) {
	o, seen := object{}, map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("it is no JSON: %w", err)
		}
		key, _ := t.(string)
		if seen[key] {
			return nil, fmt.Errorf("the key %s stands twice", pointer(append(at, key)))
		}
		seen[key] = true
		v, err := parseValue(dec, append(at, key))
		if err != nil {
			return nil, err
		}
		o = append(o, member{key, v})
	}
	_, err := dec.Token()
	return o, err
}

// pointer is a path as a JSON pointer (RFC 6901).
func pointer(at []string) string {
	var b strings.Builder
	for _, p := range at {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
	}
	return b.String()
}

// split is a JSON pointer as a path. An escape that there is not is an error.
func split(p string) ([]string, error) {
	if !strings.HasPrefix(p, "/") {
		return nil, fmt.Errorf("%q is no JSON pointer; want one that begins with /", p)
	}
	parts := strings.Split(p[1:], "/")
	for i, s := range parts {
		if rest := strings.NewReplacer("~0", "", "~1", "").Replace(s); strings.Contains(rest, "~") {
			return nil, fmt.Errorf("%q is no JSON pointer; ~ is written ~0", p)
		}
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return parts, nil
}
