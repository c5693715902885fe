package support

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// String is the cell of a report: "exact", "emulated: start gates", "meaningless: a loopback port in a cluster", "-"
// for what another field stands for, "unsupported, accepted at octo.yaml:27:23".
func (c Cell) String() string {
	switch {
	case c.Level == Exact:
		return "exact"
	case c.Level == Unsupported && !c.Accepted.IsZero():
		return "unsupported, accepted at " + c.Accepted.String()
	case c.Level == Unsupported:
		return "unsupported"
	case c.Level == Meaningless && c.How == "":
		return "-"
	}
	return c.Level.String() + ": " + c.How
}

// rest is the sentence about the fields that have no line.
func (s *Sheet) rest() string {
	every := "Every other field is"
	if len(s.Lines) == 0 {
		every = "Every field is"
	}
	text := every + " exact"
	switch n := len(s.Targets); n {
	case 0, 1:
	case 2:
		text += " on the two targets"
	case 3:
		text += " on the three targets"
	default:
		text += fmt.Sprintf(" on the %d targets", n)
	}
	text += "."
	for _, l := range s.Lines {
		for _, c := range l.Cells {
			if c.String() == "-" {
				return text + " \"-\": another field of the same service takes its place."
			}
		}
	}
	return text
}

// cells are the table: a header, then the lines, folded.
func (s *Sheet) cells() [][]string {
	rows := [][]string{append(append([]string{"field"}, s.Targets...), "written at")}
	for _, l := range s.folded() {
		row := []string{l.Field}
		for _, c := range l.Cells {
			row = append(row, c.String())
		}
		rows = append(rows, append(row, l.At.String()))
	}
	return rows
}

// Text prints the sheet for a person, as columns two spaces apart with long cells broken, and a sentence about the
// rest.
func (s *Sheet) Text(w io.Writer) error {
	var b strings.Builder
	if len(s.Lines) > 0 {
		writeTable(&b, s.cells())
		b.WriteByte('\n')
	}
	b.WriteString(s.rest() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown prints the sheet as a table for a pull request.
func (s *Sheet) Markdown(w io.Writer) error {
	var b strings.Builder
	if len(s.Lines) > 0 {
		rows := s.cells()
		for i, row := range rows {
			for j := range row {
				if row[j] = escapeCell(row[j]); i > 0 && j == 0 {
					row[j] = "`" + row[j] + "`"
				}
			}
			b.WriteString("| " + strings.Join(row, " | ") + " |\n")
			if i == 0 {
				b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString(s.rest() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

type jsonCell struct {
	Target     string `json:"target"`
	Level      string `json:"level"`
	How        string `json:"how,omitempty"`
	AcceptedAt string `json:"accepted_at,omitempty"`
}

type jsonLine struct {
	Field     string     `json:"field"`
	Count     int        `json:"count"`
	WrittenAt string     `json:"written_at,omitempty"`
	Targets   []jsonCell `json:"targets"`
}

// JSON prints the sheet as {"lines": […], "exact": N}: a line has field, count, written_at and, for each target, its
// level, how, and accepted_at.
func (s *Sheet) JSON(w io.Writer) error {
	out := struct {
		Lines []jsonLine `json:"lines"`
		Exact int        `json:"exact"`
	}{Lines: []jsonLine{}, Exact: s.Exact}
	for _, l := range s.Lines {
		line := jsonLine{Field: l.Field, Count: l.Count, WrittenAt: l.At.String()}
		for i, c := range l.Cells {
			line.Targets = append(line.Targets, jsonCell{s.Targets[i], c.Level.String(), c.How, c.Accepted.String()})
		}
		out.Lines = append(out.Lines, line)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// printable is s with control characters escaped.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}

// escapeCell is s as text of one cell of a Markdown table.
func escapeCell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "`", "'", "<", "&lt;").Replace(printable(strings.ReplaceAll(s, "\n", " ")))
}
