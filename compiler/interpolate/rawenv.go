package interpolate

import (
	"strings"
	"unicode"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
)

// RawEnv reads a file of variables as docker run --env-file does, which is format: raw of the specification:
// NAME=value a line, and the value is all that stands behind the equals sign, with quotes, dollar signs and spaces. Blank
// lines and those that begin with # count for nothing. A name alone takes its value from env, or stays unset.
func RawEnv(f *source.File, env Env) ([]Pair, diag.List) {
	r := envReader{f: f, text: strings.TrimPrefix(string(f.Data), "\uFEFF"), env: env, set: map[string]string{}}
	for r.at < len(r.text) {
		end := len(r.text)
		if i := strings.IndexByte(r.text[r.at:], '\n'); i >= 0 {
			end = r.at + i
		}
		r.raw(r.at, end)
		r.at = end + 1
	}
	return r.pairs, r.ds
}

// raw reads the line from..end.
func (r *envReader) raw(from, end int) {
	line := strings.TrimSuffix(r.text[from:end], "\r")
	trimmed := strings.TrimLeftFunc(line, unicode.IsSpace)
	if trimmed == "" || trimmed[0] == '#' {
		return
	}
	start := from + len(line) - len(trimmed)
	name, value, found := strings.Cut(trimmed, "=")
	switch {
	case strings.ContainsFunc(name, unicode.IsSpace):
		r.fault(start, len(name), "cannot use a name with a space in it", "write NAME=value")
	case name == "":
		r.fault(start, 1, "cannot read a value without a name", "write NAME=value")
	case found:
		r.add(start, name, value)
	default:
		if v, ok := r.env.Lookup(name); ok {
			r.add(start, name, v)
		}
	}
}
