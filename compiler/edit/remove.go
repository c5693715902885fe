package edit

import (
	"slices"
	"strings"
)

// deletions are the splices for the entries that go.
func (p *plan) deletions() {
	for _, h := range p.holders {
		gone := p.gone[h]
		slices.Sort(gone)
		if h.kind == flowMap || h.kind == flowList {
			p.takeFlow(h, gone)
		} else {
			p.takeBlock(h, gone)
		}
	}
}

// region is the lines of entry i of a block collection. shared: something stands before it on its first line, the dash
// of the list that it is in.
func (l *layout) region(h *part, i int) (start, end int, shared bool) {
	e := &h.entries[i]
	start = l.lines[l.lineOf(e.start)]
	shared = strings.TrimLeft(l.s[start:e.start], " ") != ""
	if shared {
		start = e.start
	}
	end = l.nextLine(max(e.value.end, e.after))
	// comment lines below that are indented more belong to it: left behind, they could become lines of a text above
	at, _ := slices.BinarySearchFunc(l.comments, end, func(c comment, at int) int { return c.start - at })
	for ; at < len(l.comments); at++ {
		c := l.comments[at].start
		if strings.TrimSpace(l.s[end:c]) != "" || l.column(c) <= h.indent {
			break
		}
		end = l.nextLine(c)
	}
	return start, end, shared
}

func (p *plan) takeBlock(h *part, gone []int) {
	l := p.l
	all := len(gone) == len(h.entries)
	nothing := "{}"
	if h.kind == blockList {
		nothing = "[]"
	}
	pad := strings.Repeat(" ", h.indent)
	for n, i := range gone {
		e := &h.entries[i]
		start, end, shared := l.region(h, i)
		kept := append(p.noteLines(e.start), l.commentsIn(e.start, end)...)
		var b strings.Builder
		for _, c := range kept {
			b.WriteString(pad + c + l.eol)
		}
		text := b.String()
		if !shared {
			if end == len(l.s) && !strings.HasSuffix(l.s, "\n") {
				text = strings.TrimSuffix(text, l.eol)
			}
			p.splice(start, end, text)
			continue
		}
		for start > 0 && isBlank(l.s[start-1]) {
			start--
		}
		switch {
		case all:
			p.splice(start, end, " "+nothing+l.eol+text)
		case text == "" && n+1 < len(gone) && gone[n+1] == i+1, text != "", l.lines[l.lineOf(h.entries[i+1].start)] != end:
			p.splice(start, end, l.eol+text)
		default: // the next entry takes its place
			p.splice(e.start, h.entries[i+1].start, "")
		}
	}
	if _, _, shared := l.region(h, 0); all && !shared && h != l.root {
		p.splice(h.open, h.open, " "+nothing)
	}
}

// takeFlow takes entries out of braces or brackets.
func (p *plan) takeFlow(h *part, gone []int) {
	l := p.l
	last := len(h.entries) - 1
	survivor := last
	for n := len(gone) - 1; n >= 0 && gone[n] == survivor; n-- {
		survivor--
	}
	if survivor >= 0 && survivor < last {
		from, to := h.entries[survivor].end(), h.entries[survivor+1].start
		if between := l.s[from:to]; !strings.Contains(between, "\n") {
			p.splice(from, to, "")
		}
	}
	above := 0 // where notes stand: above the first of entries that go one after the other
	for n, i := range gone {
		e := &h.entries[i]
		end := l.flowEnd(h, i)
		if first := l.lines[l.lineOf(e.start)]; i < last && strings.TrimSpace(l.s[first:e.start]) == "" {
			end = l.blanks(end)
		}
		line := l.lines[l.lineOf(e.start)]
		if n == 0 || gone[n-1] != i-1 {
			above = line
		}
		pad := l.indentAt(line)
		under := pad
		if at := l.lines[l.lineOf(end)]; i < last && strings.TrimLeft(l.s[at:end], " ") == "" {
			under = l.s[at:end]
		}
		var b strings.Builder
		for _, c := range l.commentsIn(e.start, end) {
			b.WriteString(c + l.eol + under)
		}
		text := b.String()
		if start := line; text == "" && strings.TrimSpace(l.s[start:e.start]) == "" && strings.TrimSpace(l.s[end:l.lineEnd(end)]) == "" && l.nextLine(end) < h.end {
			p.splice(start, l.nextLine(end), "") // the whole line
			p.addNotes(above, e)
			continue
		}
		if text != "" && !isSpace(l.s[e.start-1]) {
			text = " " + text // a comment begins behind a blank
		}
		p.splice(e.start, end, text)
		p.addNotes(above, e)
	}
}

// end is where an entry in brackets ends, without a comma.
func (e *entry) end() int { return max(e.value.end, e.keyEnd, e.after) }

// flowEnd is where what goes with entry i of h ends: at the next entry on the line, behind its comma, or behind a comma after the last one.
func (l *layout) flowEnd(h *part, i int) int {
	end := h.entries[i].end()
	if i < len(h.entries)-1 {
		next := h.entries[i+1].start
		if j := l.content(end); strings.Contains(l.s[j:next], "\n") && len(l.commentsIn(end, j)) == 0 {
			return j + 1 // the next one stands on a line of its own
		}
		return next
	}
	if j := l.content(end); j < len(l.s) && l.s[j] == ',' && len(l.commentsIn(end, j)) == 0 {
		return j + 1
	}
	return end
}

// indentAt are the spaces at the start of a line.
func (l *layout) indentAt(line int) string {
	end := line
	for end < len(l.s) && l.s[end] == ' ' {
		end++
	}
	return l.s[line:end]
}

// addNotes writes the note on e above the line that starts at above.
func (p *plan) addNotes(above int, e *entry) {
	for _, note := range p.noteLines(e.start) {
		p.splice(above, above, p.l.indentAt(above)+note+p.l.eol)
	}
}
