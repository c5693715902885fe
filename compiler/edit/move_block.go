package edit

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// moveIntoBlock writes the field as lines of its own, behind the last entry of its mapping or below its key.
func (p *plan) moveIntoBlock(e Edit, s spot, dest *part, missing []string, name string) *diag.Diagnostic {
	l := p.l
	if last := l.root.last(); (last.style == '|' || last.style == '>') && !strings.HasSuffix(l.s, "\n") {
		return p.refuse(e.Path, last.start, "end the file with a line break first", "cannot move this: the file ends in the middle of a text")
	}
	width := step(l.root)
	if width == 0 {
		width = 2
	}
	indent, at := 0, 0
	switch {
	case dest.kind == blockMap:
		indent = dest.indent
		_, at, _ = l.region(dest, len(dest.entries)-1)
	case dest == l.root:
		at = len(l.s)
	case dest.kind == empty || dest.kind == flowMap:
		owner, d := p.find(parentOf(e, missing))
		if d != nil {
			return d
		}
		if owner.flow || owner.holder.kind != blockMap {
			return p.refuse(e.Path, s.entry().start, "move it by hand", "cannot move this to %s: its mapping is empty", e.To)
		}
		indent = owner.holder.indent + width
		if dest.kind == flowMap {
			from := dest.start
			for from > 0 && isBlank(l.s[from-1]) {
				from--
			}
			p.splice(from, dest.end, "")
		}
		at = l.nextLine(max(dest.end, dest.open))
	default:
		return p.refuse(e.Path, s.entry().start, "move it by hand", "cannot move this to %s", e.To)
	}
	var b strings.Builder
	for _, k := range missing {
		text, ok := keyText(k, 'k', false)
		if !ok {
			return p.refuse(e.Path, s.entry().start, "", "cannot write %q as a key", k)
		}
		b.WriteString(strings.Repeat(" ", indent) + text + ":" + l.eol)
		indent += width
	}
	if s.flow && len(l.commentsIn(s.entry().start, s.entry().end())) > 0 {
		return p.refuse(e.Path, s.entry().start, "move it by hand", "cannot move a field in braces that holds comments")
	}
	b.WriteString(p.carried(s, name, indent, dest))
	text := b.String()
	if at == len(l.s) && at > 0 && l.s[at-1] != '\n' {
		if last := s.part.last(); last.style != '|' && last.style != '>' { // they count their last line break
			text = strings.TrimSuffix(text, l.eol)
		}
		if _, end, _ := l.region(s.holder, s.index); s.flow || end < at {
			text = l.eol + text
		}
	}
	p.splice(at, at, text)
	return nil
}

// parentOf is the path of the last mapping that is there on the way to e.To.
func parentOf(e Edit, missing []string) tree.Path {
	p := e.To.Parent()
	for range missing {
		p = p.Parent()
	}
	return p
}

// carried is the field at s as lines with this indentation for dest, with the comments that go along; it notes that they go.
func (p *plan) carried(s spot, name string, indent int, dest *part) string {
	l, e := p.l, s.entry()
	pad := strings.Repeat(" ", indent)
	if s.flow {
		p.remove(s, "")
		text := l.s[e.keyEnd:e.end()]
		if !e.colon {
			text = ":"
		}
		return pad + name + unfold(text, indent) + l.eol
	}
	start, end, shared := l.region(s.holder, s.index)
	var b strings.Builder
	top := start
	if !shared {
		top = l.commentsAbove(start, s.holder.indent)
	}
	for i := top; i < start; i = l.nextLine(i) {
		b.WriteString(pad + strings.TrimLeft(l.s[i:l.nextLine(i)], " "))
	}
	b.WriteString(pad + name)
	body := l.s[e.keyEnd:end]
	if !strings.HasSuffix(body, "\n") {
		body += l.eol
	}
	for n, line := range strings.SplitAfter(body, "\n") {
		if n > 0 {
			line = shift(line, indent-s.holder.indent)
		}
		b.WriteString(line)
	}
	p.cut(s, top, start, end, shared, dest == s.holder)
	return b.String()
}

// cut takes the lines of a field away, with its comments. refilled: its mapping gets another one.
func (p *plan) cut(s spot, top, start, end int, shared, refilled bool) {
	l, h := p.l, s.holder
	only := len(h.entries) == 1
	switch {
	case shared && only && refilled:
		p.splice(h.open, end, l.eol)
	case shared && only:
		p.splice(h.open, end, " {}"+l.eol)
	case shared && l.lines[l.lineOf(h.entries[s.index+1].start)] == end:
		p.splice(start, h.entries[s.index+1].start, "")
	case shared:
		for start > 0 && isBlank(l.s[start-1]) {
			start--
		}
		p.splice(start, end, l.eol)
	default:
		p.splice(top, end, "")
		if only && !refilled && h != l.root {
			p.splice(h.open, h.open, " {}")
		}
	}
}

// commentsAbove is the start of the comment lines that stand directly above the line that starts at i, with the same
// indentation. What stands at the very top of a file is about the file.
func (l *layout) commentsAbove(i, indent int) int {
	top := i
	for n := l.lineOf(i) - 1; n >= 0; n-- {
		line := l.lines[n]
		at := line + indent
		_, found := slices.BinarySearchFunc(l.comments, at, func(c comment, at int) int { return c.start - at })
		if !found || strings.TrimLeft(l.s[line:at], " ") != "" {
			return top
		}
		top = line
	}
	return i
}

// shift is a line with more or fewer spaces in front; one without a text stays as it is.
func shift(line string, by int) string {
	text := strings.TrimLeft(line, " ")
	if strings.TrimRight(text, "\r\n") == "" {
		return line
	}
	if by >= 0 {
		return strings.Repeat(" ", by) + line
	}
	return line[min(-by, len(line)-len(text)):]
}

// unfold is the rest of a field in braces, its later lines indented more than its key.
func unfold(text string, indent int) string {
	lines := strings.SplitAfter(text, "\n")
	for i := 1; i < len(lines); i++ {
		lines[i] = strings.Repeat(" ", indent+2) + strings.TrimLeft(lines[i], " \t")
	}
	return strings.Join(lines, "")
}

// last is the value that stands last in p.
func (p *part) last() *part {
	for len(p.entries) > 0 {
		p = p.entries[len(p.entries)-1].value
	}
	return p
}
