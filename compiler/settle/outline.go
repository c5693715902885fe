package settle

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// outline is where the fields of a schema stand, as far as its lines show: a field is found that begins a line, below the
// line that its mapping begins on. Shapes themselves keep no places.
type outline struct {
	file  *source.File
	lines []outlineLine
}

// outlineLine is a line that begins with a label.
type outlineLine struct {
	label     string
	depth     int // of brackets, where the line begins
	line, col int32
}

var (
	// quoted are the strings of CUE on one line, plain and raw.
	quoted = regexp.MustCompile(`#+"[^"]*"#+|"(\\.|[^"\\])*"`)
	// labels are the beginnings of a field: name, name?, name!, "name", #Name.
	labels = regexp.MustCompile(`^(#?[\pL_$][\pL\pN_$]*|"(?:\\.|[^"\\])*")[?!]?\s*:`)
)

func newOutline(f *source.File) *outline {
	o := &outline{file: f}
	depth, n := 0, int32(0)
	for line := range strings.Lines(string(f.Data)) {
		n++
		text := strings.TrimLeft(line, " \t")
		if m := labels.FindStringSubmatch(text); m != nil {
			col := utf8.RuneCountInString(line[:len(line)-len(text)]) + 1
			o.lines = append(o.lines, outlineLine{strings.Trim(m[1], `"`), depth, n, int32(col)})
		}
		code, _, _ := strings.Cut(quoted.ReplaceAllString(text, `""`), "//")
		for _, c := range code {
			switch c {
			case '{', '[', '(':
				depth++
			case '}', ']', ')':
				depth--
			}
		}
	}
	return o
}

// find is the line of the field that steps lead to from the definition def on, or of the last one on the way that is
// found.
func (o *outline) find(def string, steps []tree.Step) source.Span {
	at := o.below(-1, 0, def)
	if at < 0 {
		return source.Span{Pos: source.Pos{File: o.file}}
	}
	for _, s := range steps {
		if s.Index >= 0 {
			break
		}
		next := o.below(at, o.lines[at].depth+1, s.Key)
		if next < 0 {
			break
		}
		at = next
	}
	l := o.lines[at]
	return source.Span{Pos: source.Pos{File: o.file, Line: l.line, Col: l.col}}
}

// below is the line with a label at a depth, of those that belong to the line at; -1 when there is none.
func (o *outline) below(at, depth int, label string) int {
	for i := at + 1; i < len(o.lines); i++ {
		switch l := &o.lines[i]; {
		case l.depth < depth:
			return -1
		case l.depth == depth && l.label == label:
			return i
		}
	}
	return -1
}
