package edit

import "strings"

// closing is the offset behind the quoted text at i, which may have several lines.
func (l *layout) closing(i int) int {
	q := l.s[i]
	for j := i + 1; j < len(l.s); j++ {
		switch {
		case l.s[j] == '\\' && q == '"':
			j++
		case l.s[j] == q && q == '\'' && j+1 < len(l.s) && l.s[j+1] == q:
			j++
		case l.s[j] == q:
			return j + 1
		}
	}
	return len(l.s) + 1
}

func (l *layout) quoted(p *part, i int) int {
	p.kind, p.style, p.end = scalar, l.s[i], l.closing(i)
	if p.end > len(l.s) {
		p.end = len(l.s)
		l.odd(i, "cannot find the closing quote")
	}
	return p.end
}

// plain reads the scalar without quotes at i, which may go on in lines that are indented more than parent.
func (l *layout) plain(p *part, i, parent int, flow bool) int {
	p.kind, p.end = scalar, i
	for {
		end, goesOn := l.plainLine(i, flow)
		if end == i {
			if p.end == p.start {
				l.odd(i, "cannot find out how this value is written")
			}
			return p.end
		}
		p.end = l.trim(i, end)
		if !goesOn {
			return p.end
		}
		at := end
		for at < len(l.s) && isSpace(l.s[at]) {
			at++
		}
		if at >= len(l.s) || l.s[at] == '#' || l.marker(at) || !flow && l.column(at) <= parent {
			return p.end
		}
		if flow && strings.IndexByte(",]}[{:", l.s[at]) >= 0 && !(l.s[at] == ':' && !l.spaced(at+1)) {
			return p.end
		}
		i = at
	}
}

// plainLine is the end of the part of a scalar without quotes that stands on the line of i. goesOn: nothing on the line
// ends it.
func (l *layout) plainLine(i int, flow bool) (end int, goesOn bool) {
	stop := l.lineEnd(i)
	for j := i; j < stop; j++ {
		switch c := l.s[j]; {
		case c == '#' && j > i && isBlank(l.s[j-1]):
			return j, false
		case c == ':' && (l.spaced(j+1) || flow && strings.IndexByte(",[]{}", l.s[j+1]) >= 0):
			if flow {
				return j, false
			}
		case flow && strings.IndexByte(",[]{}", c) >= 0:
			return j, false
		}
	}
	return stop, true
}

// blockScalar reads the literal or folded text whose | or > stands at i.
func (l *layout) blockScalar(p *part, i, parent int) int {
	p.kind, p.style, p.parent = scalar, l.s[i], parent
	indent, keep := 0, false
	j := i + 1
	for ; j < len(l.s) && !isSpace(l.s[j]); j++ {
		switch c := l.s[j]; {
		case c >= '1' && c <= '9':
			indent = max(parent, 0) + int(c-'0')
		case c == '+':
			keep, l.keeps = true, true
		}
	}
	p.end = j
	if at := l.blanks(j); at < len(l.s) && l.s[at] == '#' {
		l.comments = append(l.comments, comment{at, l.lineEnd(at)})
	}
	n := l.lineOf(i) + 1
	widest := 0
	for ; n < len(l.lines); n++ {
		start := l.lines[n]
		end := l.lineEnd(start)
		first := start
		for first < end && l.s[first] == ' ' {
			first++
		}
		if first == end {
			widest = max(widest, first-start)
			if keep && (start < len(l.s)) {
				p.end = end
			}
			continue
		}
		if indent == 0 {
			indent = max(widest, first-start, parent+1, 1)
			if first-start < indent {
				break
			}
		}
		if first-start < indent || indent == 0 || l.marker(start) {
			break
		}
		p.end = end
	}
	if n >= len(l.lines) {
		return len(l.s)
	}
	return l.lines[n]
}

// flow reads the mapping or list in brackets at i.
func (l *layout) flow(p *part, i int) int {
	if l.s[i] == '{' {
		p.kind = flowMap
	} else {
		p.kind = flowList
	}
	i = l.content(i + 1)
	for i < len(l.s) && l.s[i] != '}' && l.s[i] != ']' && l.err == nil {
		e := entry{start: i}
		if p.kind == flowMap {
			i = l.flowField(&e)
		} else {
			e.value = &part{start: i, end: i, props: i}
			i = l.flowValue(e.value, i)
			e.keyEnd, e.after = e.start, e.start
		}
		p.entries = append(p.entries, e)
		i = l.content(i)
		switch {
		case l.err != nil || i >= len(l.s) || l.s[i] == '}' || l.s[i] == ']':
		case l.s[i] == ',':
			i = l.content(i + 1)
		default:
			l.odd(i, "cannot find out how this is written")
		}
	}
	if i >= len(l.s) {
		l.odd(p.start, "cannot find the closing bracket")
		return len(l.s)
	}
	p.end = i + 1
	return p.end
}

// flowField reads an entry in braces.
func (l *layout) flowField(e *entry) int {
	key := &part{start: e.start, end: e.start, props: e.start}
	switch c := l.s[e.start]; {
	case c == '"' || c == '\'':
		l.quoted(key, e.start)
	case strings.IndexByte("*&!{[", c) >= 0 || c == '?' && l.spaced(e.start+1):
		l.odd(e.start, "cannot edit a file whose key has a tag or an anchor, is an alias, or is no text")
		return e.start
	default:
		l.plain(key, e.start, -1, true)
	}
	e.keyEnd, e.after = key.end, key.end
	l.name(e)
	e.value = &part{start: key.end, end: key.end, props: key.end, open: key.end}
	i := l.content(key.end)
	if i >= len(l.s) || l.s[i] != ':' {
		return key.end
	}
	e.colon, e.after = true, i+1
	*e.value = part{start: i + 1, end: i + 1, props: i + 1, open: i + 1}
	at := l.content(i + 1)
	if at < len(l.s) && strings.IndexByte(",}", l.s[at]) < 0 {
		*e.value = part{start: at, end: at, props: at}
		return l.flowValue(e.value, at)
	}
	return i + 1
}

// flowValue reads a value in brackets.
func (l *layout) flowValue(p *part, i int) int {
	i = l.properties(p, i)
	p.open = i
	at := l.content(i)
	if at >= len(l.s) || strings.IndexByte(",]}", l.s[at]) >= 0 {
		return i
	}
	p.start = at
	switch l.s[at] {
	case '"', '\'':
		i = l.quoted(p, at)
	case '*':
		i = l.alias(p, at)
	case '{', '[':
		i = l.flow(p, at)
	default:
		i = l.plain(p, at, -1, true)
	}
	if next := l.content(i); next < len(l.s) && l.s[next] == ':' {
		l.odd(at, "cannot edit a file with a pair in brackets ([a: b])")
	}
	return i
}
