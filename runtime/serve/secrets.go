package serve

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/runtime/spec"
)

// maxSecret is the most that a secret may have, in bytes.
const maxSecret = 1 << 20

// hole is a text of a config in which secrets stand.
type hole struct {
	at    []string
	names []string
}

// holes are where secrets belong, one for each text, in the order in which they are declared. What does not fit to the
// config is an error.
func holes(root any, secrets []spec.Secret) ([]hole, error) {
	var out []hole
	index := map[string]int{}
	for _, x := range secrets {
		for _, p := range x.At {
			at, err := split(p)
			if err != nil {
				return nil, fmt.Errorf("the secret %s: %w", x.Name, err)
			}
			text, ok := find(root, at).(string)
			if !ok {
				return nil, fmt.Errorf("the secret %s: there is no text at %s", x.Name, p)
			}
			if !strings.Contains(text, spec.SecretMark(x.Name)) {
				return nil, fmt.Errorf("the secret %s: the text at %s does not hold %q", x.Name, p, spec.SecretMark(x.Name))
			}
			key := pointer(at)
			i, ok := index[key]
			if !ok {
				i = len(out)
				index[key] = i
				out = append(out, hole{at: at})
			}
			out[i].names = append(out[i].names, x.Name)
		}
	}
	if stray := stray(root, nil, func(p string) []string {
		if i, ok := index[p]; ok {
			return out[i].names
		}
		return nil
	}); stray != "" {
		return nil, fmt.Errorf("the text at %s holds the mark of a secret that the spec does not put there", stray)
	}
	return out, nil
}

// mark is what spec.SecretMark writes.
var mark = regexp.MustCompile(`\{\{ secret\.[A-Za-z0-9][A-Za-z0-9._-]* \}\}`)

// stray is where a mark stands that names no secret of that text, as it does when the config is of another release than the spec: it
// must not reach a service as text. "": nowhere.
func stray(v any, at []string, names func(at string) []string) string {
	switch v := v.(type) {
	case string:
		for _, m := range mark.FindAllString(v, -1) {
			if !slices.ContainsFunc(names(pointer(at)), func(n string) bool { return spec.SecretMark(n) == m }) {
				return pointer(at)
			}
		}
	case []any:
		for i, x := range v {
			if p := stray(x, append(at, strconv.Itoa(i)), names); p != "" {
				return p
			}
		}
	case object:
		for _, m := range v {
			if p := stray(m.value, append(at, m.key), names); p != "" {
				return p
			}
		}
	}
	return ""
}

// find is the value at a path; an error where there is none.
func find(v any, at []string) any {
	for _, p := range at {
		switch x := v.(type) {
		case object:
			i := x.index(p)
			if i < 0 {
				return errNothing
			}
			v = x[i].value
		case []any:
			i, ok := element(x, p)
			if !ok {
				return errNothing
			}
			v = x[i]
		default:
			return errNothing
		}
	}
	return v
}

var errNothing = errors.New("nothing stands there")

func (o object) index(key string) int {
	for i, m := range o {
		if m.key == key {
			return i
		}
	}
	return -1
}

// element is an index of a list as a JSON pointer writes it: digits without a leading 0.
func element(list []any, p string) (int, bool) {
	i, err := strconv.Atoi(p)
	return i, err == nil && i >= 0 && i < len(list) && strconv.Itoa(i) == p
}

// fill is root with secrets in its holes; root stays as it is, and shares what has no hole. All marks of a text are
// replaced at once: one in a value is text.
func fill(root any, hs []hole, values map[string]string) any {
	for _, h := range hs {
		var pairs []string
		for _, n := range h.names {
			pairs = append(pairs, spec.SecretMark(n), values[n])
		}
		root = with(root, h.at, strings.NewReplacer(pairs...))
	}
	return root
}

func with(v any, at []string, r *strings.Replacer) any {
	if len(at) == 0 {
		return r.Replace(v.(string))
	}
	switch x := v.(type) {
	case object:
		x = append(object(nil), x...)
		i := x.index(at[0])
		x[i].value = with(x[i].value, at[1:], r)
		return x
	case []any:
		x = append([]any(nil), x...)
		i, _ := element(x, at[0])
		x[i] = with(x[i], at[1:], r)
		return x
	}
	return v
}

// word is the content of a file without the line break at its end.
func word(data []byte) []byte {
	data, cut := bytes.CutSuffix(data, []byte("\n"))
	if cut {
		data = bytes.TrimSuffix(data, []byte("\r"))
	}
	return data
}

// checkValue says why a value cannot stand in a text of JSON, and shows nothing of it.
func checkValue(v string) error {
	switch {
	case len(v) > maxSecret:
		return fmt.Errorf("it has more than %d bytes", maxSecret)
	case !utf8.ValidString(v):
		return errors.New("it is no text in UTF-8")
	}
	return nil
}
