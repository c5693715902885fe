package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/source"
)

// Style says how [Text] prints.
type Style struct {
	// Color marks the severity, the carets and "help" with ANSI escapes; nothing else changes.
	Color bool
}

const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	blue   = "\x1b[1;34m"
	green  = "\x1b[1;32m"
	reset  = "\x1b[0m"
)

// maxLine is the longest source line that is shown whole, in runes; of a longer one the part around the
// place is shown. It does not depend on the terminal.
const maxLine = 160

// Text prints l for a person: for each finding its first line, the source line with carets (unless it is Quiet),
// other places, help, and an empty line. What several targets say alike is one finding; of warnings with the same help
// the first lines stand below each other, and the help stands once.
func Text(w io.Writer, l List, s Style) error {
	var b strings.Builder
	quiet := quietLines(l)
	for _, block := range blocks(perTarget(l)) {
		writeText(&b, block, quiet, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quietLines are the lines that a Quiet finding points at: no other finding shows them either.
func quietLines(l List) map[source.Pos]bool {
	var lines map[source.Pos]bool
	for _, d := range l {
		if d.Quiet && d.At.Line > 0 {
			if lines == nil {
				lines = map[source.Pos]bool{}
			}
			lines[lineOf(d)] = true
		}
	}
	return lines
}

func lineOf(d *Diagnostic) source.Pos { return source.Pos{File: d.At.File, Line: d.At.Line} }

func writeText(b *strings.Builder, block []finding, quiet map[source.Pos]bool, s Style) {
	d := block[0]
	paint := func(color, text string) string {
		if !s.Color {
			return text
		}
		return color + text + reset
	}
	color := map[Severity]string{Error: red, Warning: yellow, Note: blue}[d.Severity]
	for _, f := range block {
		if at := f.At.String(); at != "" {
			b.WriteString(oneLine(at) + ": ")
		}
		fmt.Fprintf(b, "%s: %s [%s]\n", paint(color, f.Severity.String()), oneLine(f.subject()+f.Message), f.Code)
	}
	if text := d.source(); text != "" && len(block) == 1 && !quiet[lineOf(d.Diagnostic)] {
		line, col, width := window(text, int(d.At.Col)-1, d.At.Width())
		number := fmt.Sprint(d.At.Line)
		fmt.Fprintf(b, "  %s | %s\n", number, line)
		fmt.Fprintf(b, "  %s | %s%s\n", strings.Repeat(" ", len(number)), strings.Repeat(" ", col), paint(color, strings.Repeat("^", width)))
	}
	for _, r := range d.Related {
		if at := r.At.String(); at != "" {
			b.WriteString("  " + oneLine(at) + ": ")
		} else {
			b.WriteString("  ")
		}
		b.WriteString(oneLine(r.Message) + "\n")
	}
	if d.Help != "" {
		fmt.Fprintf(b, "  %s %s\n", paint(green, "help:"), strings.ReplaceAll(printable(d.Help), "\n", "\n        "))
	}
	b.WriteByte('\n')
}

// source is the line that d points at, "" when it must not be shown or when there is nothing on it.
func (d *Diagnostic) source() string {
	if d.At.Line == 0 || d.Quiet {
		return ""
	}
	line := d.At.File.Line(int(d.At.Line))
	if strings.TrimSpace(line) == "" {
		return ""
	}
	return line
}

// window is line ready to print, with the column (from 0) and the width of the carets in it.
func window(line string, col, width int) (string, int, int) {
	n := utf8.RuneCountInString(line)
	col = min(max(col, 0), n)
	width = max(min(width, n-col), 1)
	if n <= maxLine {
		return visible(line), col, width
	}
	start := max(0, col-maxLine/3)
	end := min(n, start+maxLine)
	width = max(min(width, end-col), 1)
	text, shift := visible(cutRunes(line, start, end)), 0
	if start > 0 {
		text, shift = "… "+text, 2
	}
	if end < n {
		text += " …"
	}
	return text, col - start + shift, width
}

// cutRunes is the part of s from rune from to rune to. A line may be the whole of a large file: it is not copied.
func cutRunes(s string, from, to int) string {
	n, start := 0, len(s)
	for i := range s {
		if n == from {
			start = i
		}
		if n == to {
			return s[start:i]
		}
		n++
	}
	return s[start:]
}

// visible is s with a sign in place of what cannot be seen or would steer the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// printable is s with control characters escaped, so that a config cannot write to the terminal. A line
// break stays: help may have several lines.
func printable(s string) string {
	clean := true
	for _, r := range s {
		if r != '\n' && !unicode.IsPrint(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "\\u%04x", r)
	}
	return b.String()
}

// oneLine is s as printable has it, without a line break.
func oneLine(s string) string { return strings.ReplaceAll(printable(s), "\n", `\u000a`) }

type jsonPlace struct {
	File    string `json:"file"`
	Line    int32  `json:"line,omitempty"`
	Column  int32  `json:"column,omitempty"`
	Length  int    `json:"length,omitempty"`
	Message string `json:"message,omitempty"`
}

type jsonDiagnostic struct {
	Severity string      `json:"severity"`
	Code     Code        `json:"code"`
	Target   string      `json:"target,omitempty"`
	Path     string      `json:"path,omitempty"`
	At       *jsonPlace  `json:"at,omitempty"`
	Message  string      `json:"message"`
	Help     string      `json:"help,omitempty"`
	Related  []jsonPlace `json:"related,omitempty"`
}

// JSON prints l as one array of objects with severity, code, target, path, at{file, line, column,
// length}, message, help and related. Lines and columns count from 1, columns and lengths in runes.
func JSON(w io.Writer, l List) error {
	out := make([]jsonDiagnostic, 0, len(l))
	for _, d := range l {
		j := jsonDiagnostic{Severity: d.Severity.String(), Code: d.Code, Target: d.Target, Path: d.Path.String(), Message: d.Message, Help: d.Help}
		if !d.At.IsZero() {
			j.At = &jsonPlace{File: d.At.File.Name, Line: d.At.Line, Column: d.At.Col}
			if d.At.Line > 0 {
				j.At.Length = d.At.Width()
			}
		}
		for _, r := range d.Related {
			p := jsonPlace{Line: r.At.Line, Column: r.At.Col, Message: r.Message}
			if r.At.File != nil {
				p.File = r.At.File.Name
			}
			j.Related = append(j.Related, p)
		}
		out = append(out, j)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// GitHub prints l as workflow commands, which GitHub shows on the lines of a pull request. Names are
// relative to dir, the working directory as seen from the root of the repository ("" when it is that). What several targets
// say alike is one annotation.
func GitHub(w io.Writer, l List, dir string) error {
	var b strings.Builder
	for _, d := range perTarget(l) {
		b.WriteString("::" + map[Severity]string{Error: "error", Warning: "warning", Note: "notice"}[d.Severity] + " ")
		if !d.At.IsZero() {
			fmt.Fprintf(&b, "file=%s,", githubProperty(oneLine(path.Join(dir, d.At.File.Name))))
			if d.At.Line > 0 {
				fmt.Fprintf(&b, "line=%d,col=%d,endColumn=%d,", d.At.Line, d.At.Col, int(d.At.Col)+d.At.Width())
			}
		}
		text := d.subject() + d.Message
		for _, r := range d.Related {
			text += "\n" + r.At.String() + ": " + r.Message
		}
		if d.Help != "" {
			text += "\nhelp: " + d.Help
		}
		fmt.Fprintf(&b, "title=%s::%s\n", githubProperty(string(d.Code)), githubData(printable(text)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
