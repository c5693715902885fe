package support

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxCell = 46 // columns of a cell in text; what is longer goes on in the next line
	maxFold = 60 // columns of a folded name
)

// folded are the lines for people: fields of one parent about which every target says the same are one line,
// volumes.{cache,data}.
func (s *Sheet) folded() []Line {
	out := make([]Line, 0, len(s.Lines))
	names := make([][]string, 0, len(s.Lines)) // last steps of out
	index := map[string]int{}
	for _, l := range s.Lines {
		parent, name := lastStep(l.Field)
		key := parent
		for _, c := range l.Cells {
			key += "\x00" + c.String()
		}
		i, ok := index[key]
		if !ok || parent == "" {
			index[key] = len(out)
			out, names = append(out, l), append(names, []string{name})
			continue
		}
		names[i] = append(names[i], name)
		f := &out[i]
		f.Count += l.Count
		if l.At.Pos.Compare(f.At.Pos) < 0 {
			f.At = l.At
		}
	}
	for i := range out {
		if parent, _ := lastStep(out[i].Field); len(names[i]) > 1 {
			out[i].Field = parent + ".{" + braces(names[i], maxFold-len(parent)) + "}"
		}
	}
	return out
}

// lastStep cuts a path or a pattern before its last name; a path with a quoted key is not cut.
func lastStep(field string) (parent, name string) {
	i := strings.LastIndexByte(field, '.')
	if i < 0 || strings.ContainsAny(field, `"{`) {
		return "", field
	}
	return field[:i], field[i+1:]
}

// braces are names up to a width; the rest is a number.
func braces(names []string, width int) string {
	text := strings.Join(names, ",")
	if len(text) <= width {
		return text
	}
	n := 1
	for n < len(names)-1 && len(strings.Join(names[:n+1], ",")) <= width-len(" and 99 more") {
		n++
	}
	return strings.Join(names[:n], ",") + fmt.Sprintf(" and %d more", len(names)-n)
}

// wrap breaks text between words into lines of at most maxCell columns; a longer word keeps its line. What follows the
// first line stands in by two.
func wrap(text string) []string {
	var lines []string
	line := ""
	for _, w := range strings.Split(text, " ") {
		switch {
		case line == "":
			line = w
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > maxCell:
			lines = append(lines, line)
			line = "  " + w
		default:
			line += " " + w
		}
	}
	return append(lines, line)
}

// writeTable prints rows as columns two spaces apart. The first and the last column, names and places, are never broken.
func writeTable(b *strings.Builder, rows [][]string) {
	cells := make([][][]string, len(rows))
	widths := make([]int, len(rows[0]))
	for i, row := range rows {
		for j, text := range row {
			lines := []string{printable(text)}
			if j > 0 && j < len(row)-1 {
				lines = wrap(lines[0])
			}
			cells[i] = append(cells[i], lines)
			for _, l := range lines {
				widths[j] = max(widths[j], utf8.RuneCountInString(l))
			}
		}
	}
	for _, row := range cells {
		height := len(slices.MaxFunc(row, func(x, y []string) int { return len(x) - len(y) }))
		for h := range height {
			line := ""
			for j, lines := range row {
				text := ""
				if h < len(lines) {
					text = lines[h]
				}
				line += text + strings.Repeat(" ", widths[j]-utf8.RuneCountInString(text)+2)
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
}
