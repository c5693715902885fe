package edit

import "strings"

// block reads the value that may start at i, behind a colon, a dash or the start of the document. It is indented more
// than parent; flush: or, being a list, as much. compact: a collection may start on the line of i, as behind a dash.
// It returns the offset from which the next thing is looked for.
func (l *layout) block(i, parent int, compact, flush bool) (*part, int) {
	p := &part{start: i, end: i, props: i}
	line := l.lineOf(i)
	i = l.properties(p, i)
	p.open = i
	at := l.content(i)
	if at >= len(l.s) || l.marker(at) || l.err != nil {
		return p, i
	}
	col := l.column(at)
	same := l.lineOf(at) == line
	if !same {
		if p.anchor+p.tag == "" { // properties may stand on the line below
			if col <= parent && !(flush && col == parent && l.dash(at)) {
				return p, i
			}
			if first := l.s[at]; first == '&' || first == '!' {
				if _, ok := l.keyColon(l.skipProperties(at)); ok {
					l.odd(at, "cannot edit a file whose key has a tag or an anchor")
					return p, i
				}
				line = l.lineOf(at)
				p.open = l.properties(p, at)
				at = l.content(p.open)
				col = l.column(at)
				same = l.lineOf(at) == line
			}
		}
		if !same && col <= parent && !(flush && col == parent && l.dash(at)) {
			return p, i
		}
	}
	if at >= len(l.s) {
		return p, i
	}
	if p.anchor+p.tag == "" {
		p.props = at
	}
	p.start = at
	return p, l.value(p, at, parent, compact || !same, same)
}

// value reads the value at i into p: a collection, where one may start here, or what flow and scalar read.
func (l *layout) value(p *part, i, parent int, collection, same bool) int {
	if l.dash(i) {
		if !collection || same && p.props != i {
			l.odd(i, "cannot find out how this list is written")
		}
		return l.list(p, i)
	}
	if l.s[i] == '?' && l.spaced(i+1) {
		l.fail(i, `cannot edit a file with a key after "?"`, "write it as key: value")
		return i
	}
	if _, ok := l.keyColon(i); ok && collection {
		if same && p.props != i {
			l.odd(i, "cannot edit a file whose key has a tag or an anchor")
			return i
		}
		return l.mapping(p, i)
	}
	switch c := l.s[i]; c {
	case '*':
		return l.alias(p, i)
	case '{', '[':
		return l.flow(p, i)
	case '|', '>':
		return l.blockScalar(p, i, parent)
	case '"', '\'':
		return l.quoted(p, i)
	}
	return l.plain(p, i, parent, false)
}

// properties reads the tag and the anchor at i.
func (l *layout) properties(p *part, i int) int {
	for {
		j := l.blanks(i)
		if j >= len(l.s) || l.s[j] != '&' && l.s[j] != '!' {
			return i
		}
		end := l.word(j)
		if p.anchor+p.tag == "" {
			p.props = j
		}
		if l.s[j] == '&' {
			p.anchor = l.s[j+1 : end]
		} else {
			p.tag = l.s[j:end]
		}
		p.start, p.end, i = end, end, end
	}
}

func (l *layout) skipProperties(i int) int {
	for i < len(l.s) && (l.s[i] == '&' || l.s[i] == '!') {
		i = l.blanks(l.word(i))
	}
	return i
}

// word is the end of the tag, anchor or alias at i.
func (l *layout) word(i int) int {
	for i < len(l.s) && !isSpace(l.s[i]) && strings.IndexByte(",[]{}", l.s[i]) < 0 {
		i++
	}
	return i
}

func (l *layout) alias(p *part, i int) int {
	end := l.word(i)
	p.kind, p.name, p.end = alias, l.s[i+1:end], end
	if _, ok := l.aliases[p.name]; !ok {
		l.aliases[p.name] = i
	}
	return end
}

// keyColon finds the colon behind the key at i, on its line.
func (l *layout) keyColon(i int) (int, bool) {
	if i >= len(l.s) {
		return 0, false
	}
	end := l.lineEnd(i)
	j := i
	switch c := l.s[i]; c {
	case '"', '\'':
		if j = l.closing(i); j > end {
			return 0, false
		}
		j = l.blanks(j)
		return j, j < end && l.s[j] == ':' && l.spaced(j+1)
	case '*': // an alias may be a key
		j = l.blanks(l.word(i))
		return j, j < end && l.s[j] == ':' && l.spaced(j+1)
	case '{', '[', '#', '|', '>', '&', '!', '%', '@', '`', ',', ']', '}':
		return 0, false
	}
	for ; j < end; j++ {
		switch l.s[j] {
		case ':':
			if l.spaced(j + 1) {
				return j, true
			}
		case '#':
			if j > i && isBlank(l.s[j-1]) {
				return 0, false
			}
		}
	}
	return 0, false
}

// mapping reads the block mapping whose first key stands at i.
func (l *layout) mapping(p *part, i int) int {
	p.kind, p.indent = blockMap, l.column(i)
	for {
		colon, ok := l.keyColon(i)
		if !ok || l.s[i] == '*' {
			l.odd(i, "cannot find the colon of this key")
			return i
		}
		e := entry{start: i, keyEnd: l.trim(i, colon), after: colon + 1, colon: true}
		l.name(&e)
		var next int
		e.value, next = l.block(colon+1, p.indent, false, true)
		if l.err != nil {
			return next
		}
		p.end = max(e.value.end, e.after)
		p.entries = append(p.entries, e)
		at := l.content(next)
		if at >= len(l.s) || l.marker(at) || l.column(at) < p.indent || l.lineOf(at) == l.lineOf(i) {
			return next
		}
		if l.column(at) > p.indent {
			l.odd(at, "cannot find out what this line belongs to")
			return next
		}
		i = at
	}
}

// list reads the block list whose first dash stands at i.
func (l *layout) list(p *part, i int) int {
	p.kind, p.indent = blockList, l.column(i)
	for {
		e := entry{start: i, keyEnd: i + 1, after: i + 1}
		var next int
		e.value, next = l.block(i+1, p.indent, true, false)
		if l.err != nil {
			return next
		}
		p.end = max(e.value.end, e.after)
		p.entries = append(p.entries, e)
		at := l.content(next)
		if at >= len(l.s) || l.marker(at) || l.column(at) != p.indent || !l.dash(at) {
			return next
		}
		i = at
	}
}

// trim is the end of the text from i to end without the blanks behind it.
func (l *layout) trim(i, end int) int {
	for end > i && isSpace(l.s[end-1]) {
		end--
	}
	return end
}

// name reads the key of e. Escapes are left as they are: the tree says what they mean.
func (l *layout) name(e *entry) {
	e.key = l.s[e.start:e.keyEnd]
	e.merge = e.key == "<<"
}
