package parse

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// wording says what a message of the library means to somebody who writes a config.
type wording struct {
	theirs  string // how the library's message begins
	message string
	help    string
	back    string // point at the last of these before the place, as that is what was left open
	first   bool   // point at the first character of the line
}

var wordings = []wording{
	{theirs: "mapping values are not allowed in this context", message: `cannot read a key or a second ": " here`,
		help: "put a value that holds \": \" into quotes; indent a key like its neighbours"},
	{theirs: "did not find expected key", message: "cannot read this here; want a key of the mapping above",
		help: "indent a key like the other keys of its mapping; nothing may follow a closing quote or bracket"},
	{theirs: "could not find expected ':'", message: `cannot read this as a key: ":" is missing`,
		help: "write key: value, with a space after the colon; or \"- \" before an item of a list"},
	{theirs: "did not find expected ',' or ']'", message: `cannot find the end of this list`,
		help: `write a comma between items and "]" after the last`, back: "["},
	{theirs: "did not find expected ',' or '}'", message: `cannot find the end of this mapping`,
		help: `write a comma between entries and "}" after the last; a text that begins with "{", such as {{ … }}, needs quotes`, back: "{"},
	{theirs: "did not find expected '-' indicator", message: `cannot read this here; want an item of the list above`,
		help: `begin it with "- ", indented like the items above it, or indent it more to make it part of the item`, first: true},
	{theirs: "did not find expected node content", message: "cannot read this here; want a value",
		help: "write the value, or put a text that begins with a special character into quotes"},
	{theirs: "found unexpected end of stream", message: "cannot find the end of this quoted text",
		help: "close the quote; a quote inside '…' is written twice, inside \"…\" it is \\\"", back: `"'`},
	{theirs: "found unexpected document indicator", message: "cannot find the end of this quoted text",
		help: "close the quote before the next document", back: `"'`},
	{theirs: "found character that cannot start any token", message: "cannot begin a value with this character",
		help: "put the value into quotes"},
	{theirs: "found unknown escape character", message: `cannot read this escape`,
		help: `use '…', where a backslash is only a backslash, or write \\`},
	{theirs: "did not find expected hexdecimal number", message: `cannot read this escape`,
		help: `use '…', where a backslash is only a backslash, or write \\`},
	{theirs: "block sequence entries are not allowed in this context", message: `cannot begin a list with "-" on the line of its key`,
		help: `put each item on a line of its own below the key, or write [a, b]`},
	{theirs: "mapping keys are not allowed in this context", message: `cannot read "?" here`,
		help: "put a text that begins with \"?\" into quotes"},
	{theirs: "did not find expected alphabetic or numeric character", message: `cannot read a name after "*" or "&"`,
		help: `put a text that begins with "*" or "&" into quotes`, back: "*&"},
	{theirs: "did not find expected comment or line break", message: `cannot read a text on the line of "|" or ">"`,
		help: "begin the text on the next line, indented"},
	{theirs: "did not find expected whitespace", message: "cannot read this tag or anchor",
		help: "put a text that begins with \"!\", \"&\" or \"%\" into quotes"},
	{theirs: "found undefined tag handle", message: "cannot read this tag",
		help: "want !reset or !override; put a text that begins with \"!\" into quotes"},
	{theirs: "did not find expected <document start>", message: "cannot read this after the end of the document",
		help: "indent it as a part of the document; a file is one mapping or one list"},
	{theirs: "exceeded max depth", message: "cannot read so many levels of nesting", help: "flatten this part"},
}

// syntax is the diagnostic for an error of the library, which knows the line only roughly and no column.
func syntax(f *source.File, err error) *diag.Diagnostic {
	problem := strip(err)
	i, line := locate(f, err, problem)
	var ds diag.List
	if tab, ok := tabNear(f.Data, i); ok {
		return ds.Error(diag.Syntax, tree.Root, "a tab cannot indent YAML; use spaces").AtSpan(spanAt(f, tab, 1)).
			Helpf("write two spaces for each level; most editors do so when .editorconfig says indent_style = space")
	}
	if name, ok := strings.CutPrefix(problem, "unknown anchor '"); ok {
		name, _, _ = strings.Cut(name, "'")
		if at := bytes.LastIndex(f.Data[:min(i+1, len(f.Data))], []byte("*"+name)); at >= 0 {
			i = at
		}
		return ds.Error(diag.Syntax, tree.Root, "no anchor is called %q", name).AtSpan(spanAt(f, i, 1+utf8.RuneCountInString(name))).
			Helpf("write &%s before the value that this stands for, earlier in the file; put a text that begins with \"*\" into quotes", name)
	}
	if at, ok := bareTemplate(f.Data, i); ok {
		return ds.Error(diag.Syntax, tree.Root, "cannot read {{ … }} without quotes: YAML takes { for the begin of a mapping").AtSpan(spanAt(f, at, 2)).
			Helpf(`put the whole value into quotes: "{{ … }}"`)
	}
	for _, w := range wordings {
		if !strings.HasPrefix(problem, w.theirs) {
			continue
		}
		if w.back != "" {
			if at := bytes.LastIndexAny(f.Data[:min(i+1, len(f.Data))], w.back); at >= 0 {
				i = at
			}
		}
		if w.first {
			i = bytes.LastIndexByte(f.Data[:i], '\n') + 1
			for i+1 < len(f.Data) && f.Data[i] == ' ' {
				i++
			}
		}
		d := ds.Error(diag.Syntax, tree.Root, "%s", w.message).AtSpan(spanAt(f, i, 1))
		d.Help = w.help
		if at, ok := openQuote(f.Data, i); ok && w.theirs == "did not find expected key" {
			d.SeeSpan(spanAt(f, at, 1), "the quoted text before it begins here; is its closing quote missing on this line?")
		}
		if prev, ok := unfinished(f.Data, i); ok && w.theirs == wordings[0].theirs {
			d.SeeSpan(spanAt(f, prev, 0), `is ": " missing on this line?`)
		}
		return d
	}
	at := spanAt(f, i, 1)
	if line > 0 {
		at = source.Span{Pos: source.Pos{File: f, Line: int32(line), Col: 1}}
	}
	return ds.Error(diag.Syntax, tree.Root, "cannot read this as YAML: %s", problem).AtSpan(at).Helpf("see the YAML page: octo explain syntax")
}

// bareTemplate is the place of a value that begins with {{ on the line of i, or on the one before it, where the library may
// notice it only then.
func bareTemplate(data []byte, i int) (int, bool) {
	end := min(i+1, len(data))
	start := bytes.LastIndexByte(data[:end], '\n') + 1
	if start == end && start > 0 {
		start = bytes.LastIndexByte(data[:start-1], '\n') + 1
	}
	if stop := bytes.IndexByte(data[end:], '\n'); stop >= 0 {
		end += stop
	} else {
		end = len(data)
	}
	for _, begin := range []string{": {{", "- {{"} {
		if at := bytes.Index(data[start:end], []byte(begin)); at >= 0 {
			return start + at + 2, true
		}
	}
	return 0, false
}

// strip is the problem alone: "yaml: line 3: did not find expected key" without its beginning.
func strip(err error) string {
	s := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(s, "line "); ok {
		if _, after, ok := strings.Cut(rest, ": "); ok {
			return after
		}
	}
	return s
}

// locateMax is the largest file in which the place of an error is looked for by parsing parts of it.
const locateMax = 512 << 10

// locate is the place in the data of the character at which the library sees the problem. It is the end of the
// shortest beginning of the file that has the same problem: first in whole lines, then in characters. For a
// large file it is the start of the line that the library names, and line is not 0.
func locate(f *source.File, err error, problem string) (at, line int) {
	data := f.Data
	if len(data) > locateMax {
		line = lineOf(err)
		starts := lineStarts(data)
		return starts[min(max(line, 1), len(starts))-1], max(line, 1)
	}
	fails := func(n int) bool {
		var doc yaml.Node
		dec := yaml.NewDecoder(bytes.NewReader(data[:n]))
		for {
			_, err := nextInto(dec, &doc)
			if err != nil {
				return strip(err) == problem
			}
		}
	}
	ends := append(lineStarts(data)[1:], len(data))
	lo, hi := 0, len(ends)-1 // the end at hi fails
	for lo < hi {
		mid := (lo + hi) / 2
		if fails(ends[mid]) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	start := 0
	if lo > 0 {
		start = ends[lo-1]
	}
	a, b := start+1, ends[lo]
	for a < b {
		mid := (a + b) / 2
		if fails(mid) {
			b = mid
		} else {
			a = mid + 1
		}
	}
	at = max(start, a-1)
	for at > start && at < len(data) && !utf8.RuneStart(data[at]) {
		at--
	}
	return min(at, len(data)), 0
}

func nextInto(dec *yaml.Decoder, doc *yaml.Node) (*yaml.Node, error) {
	*doc = yaml.Node{}
	return next(dec)
}

// lineOf is the line that the library's message names, 0 when it names none.
func lineOf(err error) int {
	_, rest, ok := strings.Cut(err.Error(), "line ")
	n := 0
	for i := 0; ok && i < len(rest) && rest[i] >= '0' && rest[i] <= '9' && n < 1<<26; i++ {
		n = n*10 + int(rest[i]-'0')
	}
	return n
}

// tabNear finds a tab in the indentation of the line at i, or of the first line below it that has text.
func tabNear(data []byte, i int) (int, bool) {
	start := bytes.LastIndexByte(data[:min(i, len(data))], '\n') + 1
	for start < len(data) {
		at := start
		for at < len(data) && (data[at] == ' ' || data[at] == '-' && at+1 < len(data) && (data[at+1] == ' ' || data[at+1] == '\t')) {
			at++
		}
		if at < len(data) && data[at] == '\t' {
			return at, true
		}
		if at < len(data) && data[at] != '\n' && data[at] != '\r' && data[at] != '#' {
			return 0, false
		}
		next := bytes.IndexByte(data[start:], '\n')
		if next < 0 {
			return 0, false
		}
		start += next + 1
	}
	return 0, false
}

// openQuote finds the quote that opened a text of several lines that ends before i on the line of i: most often one that
// was not closed on its own line.
func openQuote(data []byte, i int) (int, bool) {
	start := bytes.LastIndexByte(data[:min(i, len(data))], '\n') + 1
	for _, q := range []byte{'"', '\''} {
		if bytes.Count(data[start:min(i, len(data))], []byte{q})%2 == 0 {
			continue // what it holds before i is closed on this line
		}
		above := bytes.LastIndexByte(data[:start], q)
		if above < 0 {
			continue
		}
		line := bytes.LastIndexByte(data[:above], '\n') + 1
		if bytes.Count(data[line:above+1], []byte{q})%2 == 1 {
			return above, true
		}
	}
	return 0, false
}

// unfinished finds the line above i when it looks like a key whose colon was forgotten.
func unfinished(data []byte, i int) (int, bool) {
	end := bytes.LastIndexByte(data[:min(i, len(data))], '\n')
	for end > 0 {
		start := bytes.LastIndexByte(data[:end], '\n') + 1
		text := bytes.TrimSpace(data[start:end])
		if len(text) > 0 && text[0] != '#' {
			if bytes.Contains(text, []byte(": ")) || bytes.HasSuffix(text, []byte(":")) {
				return 0, false
			}
			return start + bytes.Index(data[start:end], text[:1]), true
		}
		end = start - 1
	}
	return 0, false
}

func spanAt(f *source.File, i, n int) source.Span {
	i = min(i, len(f.Data))
	line := bytes.Count(f.Data[:i], []byte{'\n'}) + 1
	start := bytes.LastIndexByte(f.Data[:i], '\n') + 1
	col := utf8.RuneCount(f.Data[start:i]) + 1
	return source.Span{Pos: source.Pos{File: f, Line: int32(line), Col: int32(col)}, Len: int32(n)}
}
