package interpolate

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Pair is one variable of a .env file.
type Pair struct {
	Name, Value string
	At          source.Span // of the name
	// Reads are the variables that the value was made of, from this file or elsewhere.
	Reads []string
}

// DotEnv reads a .env file in Compose's syntax ("env_file format" of the specification, as compose-go reads
// it): NAME=value, NAME: value, export, comments, '…' as it stands, "…" over several lines with escapes, and
// variables in unquoted and double-quoted values, taken from env first and then from lines above. A name alone
// takes its value from env, or stays unset. The pairs come in the order of the file; a name that stands twice
// comes twice, and the later one holds.
func DotEnv(f *source.File, env Env) ([]Pair, diag.List) {
	return DotEnvAfter(f, env, map[string]string{})
}

// DotEnvAfter is DotEnv for a file that is read after others: set holds their values, which variables see as if they
// stood in lines above, and takes those of this file.
func DotEnvAfter(f *source.File, env Env, set map[string]string) ([]Pair, diag.List) {
	r := envReader{f: f, text: strings.TrimPrefix(string(f.Data), "\uFEFF"), env: env, set: set}
	for r.skip() {
		r.statement()
	}
	return r.pairs, r.ds
}

type envReader struct {
	f     *source.File
	text  string
	at    int
	env   Env
	set   map[string]string
	pairs []Pair
	reads []string // of the value that is being read
	ds    diag.List

	seenAt, seenLine int // a place, and its line from 0: places mostly come in order
}

// Lookup makes the reader the Env of its own values.
func (r *envReader) Lookup(name string) (string, bool) {
	r.reads = append(r.reads, name)
	if v, ok := r.env.Lookup(name); ok {
		return v, true
	}
	v, ok := r.set[name]
	return v, ok
}

// Mark is that of the env: what is made of a secret is one, on whichever line the secret stands.
func (r *envReader) Mark(name string) (string, bool) {
	if m, is := r.env.(Marker); is {
		return m.Mark(name)
	}
	return "", false
}

// Advice is that of the env.
func (r *envReader) Advice(name string) string {
	if a, is := r.env.(Advisor); is {
		return a.Advice(name)
	}
	return ""
}

// skip goes to the next statement, over blank lines and comments.
func (r *envReader) skip() bool {
	for r.at < len(r.text) {
		c, n := utf8.DecodeRuneInString(r.text[r.at:])
		switch {
		case unicode.IsSpace(c):
			r.at += n
		case c == '#':
			r.line()
		default:
			return true
		}
	}
	return false
}

// line goes to the end of the line.
func (r *envReader) line() {
	if end := strings.IndexByte(r.text[r.at:], '\n'); end >= 0 {
		r.at += end
		return
	}
	r.at = len(r.text)
}

// space is white space inside a line.
func space(c rune) bool {
	switch c {
	case '\t', '\v', '\f', '\r', ' ', 0x85, 0xA0:
		return true
	}
	return false
}

func (r *envReader) statement() {
	r.reads = nil
	if rest, ok := strings.CutPrefix(r.text[r.at:], "export"); ok && rest != "" && strings.IndexByte("\t\f\r\n ", rest[0]) >= 0 {
		r.at += len("export")
		r.at += len(r.text[r.at:]) - len(strings.TrimLeftFunc(r.text[r.at:], space))
	}
	start := r.at
	end := -1
	for i, c := range r.text[start:] {
		if c == '=' || c == ':' || c == '\n' {
			end = start + i
			break
		}
		if !space(c) && !unicode.IsLetter(c) && !unicode.IsNumber(c) && !strings.ContainsRune("_.-[]", c) {
			r.fault(start+i, len(string(c)), "cannot read "+strconv.Quote(string(c))+" in the name of a variable",
				"write NAME=value; begin a comment with #")
			r.line()
			return
		}
	}
	alone := end < 0 || r.text[end] == '\n'
	if end < 0 {
		end = len(r.text)
	}
	name := strings.TrimRightFunc(r.text[start:end], unicode.IsSpace)
	r.at = end
	switch {
	case strings.Contains(name, " "):
		r.fault(start, len(name), "cannot use a name with a space in it", "write NAME=value")
		r.line()
	case name == "" && !alone:
		r.fault(start, 1, "cannot read a value without a name", "write NAME=value")
		r.line()
	case alone:
		if v, ok := r.env.Lookup(name); ok && name != "" {
			r.add(start, name, v)
		}
	default:
		r.at++
		r.at += len(r.text[r.at:]) - len(strings.TrimLeftFunc(r.text[r.at:], space))
		r.value(start, name)
	}
}

func (r *envReader) add(start int, name, value string) {
	r.set[name] = value
	r.pairs = append(r.pairs, Pair{Name: name, Value: value, At: r.span(start, len(name)), Reads: r.reads})
	r.reads = nil
}

func (r *envReader) value(start int, name string) {
	from := r.at
	if from < len(r.text) && (r.text[from] == '"' || r.text[from] == '\'') {
		r.quoted(start, name)
		return
	}
	r.line()
	text, _, _ := strings.Cut(r.text[from:r.at], " #")
	text = strings.TrimRightFunc(text, unicode.IsSpace)
	value, faults := expandPlain(text, r)
	if r.report(faults, from, true) {
		r.add(start, name, value)
	}
}

// quoted reads a value in quotes, which may run over several lines.
func (r *envReader) quoted(start int, name string) {
	from := r.at
	quote := r.text[from]
	var b strings.Builder
	for i := from + 1; i < len(r.text); i++ {
		c := r.text[i]
		switch {
		case c == '\\' && i+1 < len(r.text) && r.text[i+1] == quote:
			b.WriteByte(quote)
			i++
		case c == '\\' && i+1 < len(r.text):
			b.WriteString(r.text[i : i+2])
			i++
		case c == quote:
			r.at = i + 1
			r.finish(start, from, name, b.String(), quote)
			return
		default:
			b.WriteByte(c)
		}
	}
	r.fault(from, 1, "cannot find the end of this quoted value", "close the quote; write a quote inside as \\"+string(quote))
	r.line()
}

func (r *envReader) finish(start, from int, name, value string, quote byte) {
	if quote == '"' {
		var faults []Fault
		value, faults = expandPlain(unescape(value), r)
		if !r.report(faults, from, false) {
			return
		}
	}
	r.add(start, name, value)
}

// expandPlain is Expand for a text in which {{ means nothing.
func expandPlain(s string, env Env) (string, []Fault) {
	x := expander{env: env}
	x.expand(s, 0, 0)
	return string(x.out), x.faults
}

// unescape resolves the escapes of a double-quoted value: \a \b \f \n \r \t \v \\ \" and \0 with three octal
// digits. \$ becomes $$, which Expand makes a dollar sign. Others stay as they are.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		switch c := s[i+1]; {
		case c == '$':
			b.WriteString("$$")
			i++
		case c == '0':
			n := i + 2
			for n < len(s) && n < i+5 && s[n] >= '0' && s[n] <= '9' {
				n++
			}
			b.WriteString(unquote(`\` + s[i+2:n]))
			i = n - 1
		case strings.IndexByte(`abfnrtv"\`, c) >= 0:
			b.WriteString(unquote(s[i : i+2]))
			i++
		default:
			b.WriteByte('\\')
		}
	}
	return b.String()
}

func unquote(s string) string {
	c, _, _, err := strconv.UnquoteChar(s, '"')
	if err != nil {
		return s
	}
	return string(c)
}

// report adds the faults of a value that starts at from and says whether the value is sound. exact: the text of
// the value stands in the file as it is, so that a fault has its own place.
func (r *envReader) report(faults []Fault, from int, exact bool) bool {
	sound := true
	for _, f := range faults {
		at := r.span(from, 1)
		if exact {
			at = r.span(from+f.Off, f.Len)
		}
		if f.Code == diag.Unset {
			r.ds.Warn(f.Code, tree.Root, "%s", f.Message).AtSpan(at).Help = f.Help
			continue
		}
		sound = false
		r.ds.Error(f.Code, tree.Root, "%s", f.Message).AtSpan(at).Help = f.Help
	}
	return sound
}

func (r *envReader) fault(off, n int, message, help string) {
	r.ds.Error(diag.Syntax, tree.Root, "%s", message).AtSpan(r.span(off, n)).Help = help
}

// span is the place of n bytes at off.
func (r *envReader) span(off, n int) source.Span {
	n = min(n, len(r.text)-off)
	start := strings.LastIndexByte(r.text[:off], '\n') + 1
	if off < r.seenAt {
		r.seenAt, r.seenLine = 0, 0
	}
	r.seenLine += strings.Count(r.text[r.seenAt:off], "\n")
	r.seenAt = off
	pos := source.Pos{File: r.f, Line: int32(r.seenLine + 1), Col: int32(utf8.RuneCountInString(r.text[start:off]) + 1)}
	if start == 0 && len(r.text) < len(r.f.Data) {
		pos.Col++ // the byte order mark is a rune of the first line
	}
	return source.Span{Pos: pos, Len: int32(utf8.RuneCountInString(r.text[off : off+n]))}
}
