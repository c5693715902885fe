package parse

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// quoted reads the quoted scalar at i, which must end on the line.
func (r *reader) quoted(i int) (*tree.Node, int, bool) {
	text, end, ok := "", 0, false
	if r.s[i] == '"' {
		text, end, ok = r.double(i)
	} else {
		text, end, ok = r.single(i)
	}
	if !ok {
		return nil, 0, false
	}
	n := r.newNode()
	n.Kind, n.Quoted, n.Text, n.At = tree.String, true, text, r.span(i)
	return n, end, true
}

func (r *reader) single(i int) (string, int, bool) {
	twice := false
	for j := i + 1; j < r.end; j++ {
		if r.s[j] != '\'' {
			continue
		}
		if j+1 < r.end && r.s[j+1] == '\'' {
			twice = true
			j++
			continue
		}
		text := r.s[i+1 : j]
		if twice {
			text = strings.ReplaceAll(text, "''", "'")
		}
		return text, j + 1, true
	}
	return "", 0, false
}

// escapes are those that are resolved here: the letter and what it stands for.
const escapes = "n\nt\tr\r\"\"\\\\//"

func (r *reader) double(i int) (string, int, bool) {
	var b []byte
	from := i + 1
	for j := from; j < r.end; j++ {
		switch r.s[j] {
		case '"':
			if b == nil {
				return r.s[from:j], j + 1, true
			}
			return string(append(b, r.s[from:j]...)), j + 1, true
		case '\\':
			if j+1 == r.end {
				return "", 0, false
			}
			k := 0
			for k < len(escapes) && escapes[k] != r.s[j+1] {
				k += 2
			}
			if k == len(escapes) {
				return "", 0, false
			}
			if b == nil {
				b = make([]byte, 0, r.end-i)
			}
			b = append(append(b, r.s[from:j]...), escapes[k+1])
			j++
			from = j + 1
		}
	}
	return "", 0, false
}

// flow reads the flow collection at i, which must end on the line.
func (r *reader) flow(i, depth int) (*tree.Node, int, bool) {
	if depth >= MaxDepth || r.made > MaxNodes {
		return nil, 0, false
	}
	if r.s[i] == '[' {
		return r.flowList(i, depth)
	}
	return r.flowMap(i, depth)
}

func (r *reader) flowList(i, depth int) (*tree.Node, int, bool) {
	n := r.newNode()
	n.Kind, n.At = tree.List, r.span(i)
	from := len(r.list)
	j := r.spaces(i + 1)
	for j < r.end && r.s[j] != ']' {
		v, end, ok := r.flowValue(j, depth+1)
		if !ok {
			return nil, 0, false
		}
		r.list = append(r.list, v)
		if j, ok = r.separator(end, ']'); !ok {
			return nil, 0, false
		}
	}
	if j >= r.end {
		return nil, 0, false
	}
	n.Items = r.newItems(len(r.list) - from)
	copy(n.Items, r.list[from:])
	r.list = r.list[:from]
	return n, j + 1, true
}

func (r *reader) flowMap(i, depth int) (*tree.Node, int, bool) {
	n := r.newNode()
	n.At = r.span(i)
	from := len(r.pairs)
	j := r.spaces(i + 1)
	for j < r.end && r.s[j] != '}' {
		key, colon, ok := r.flowKey(j)
		if !ok {
			return nil, 0, false
		}
		keyAt := r.span(j)
		v, end, ok := r.flowValue(r.spaces(colon+1), depth+1)
		if !ok {
			return nil, 0, false
		}
		r.pairs = append(r.pairs, tree.Field{Key: key, KeyAt: keyAt, Value: v})
		if j, ok = r.separator(end, '}'); !ok {
			return nil, 0, false
		}
	}
	if j >= r.end {
		return nil, 0, false
	}
	fields := r.newFields(len(r.pairs) - from)
	copy(fields, r.pairs[from:])
	r.pairs = r.pairs[:from]
	fill(&r.ds, n, fields)
	return n, j + 1, true
}

// separator steps over a comma, or stays on the closing bracket.
func (r *reader) separator(i int, closing byte) (int, bool) {
	i = r.spaces(i)
	if i == r.end {
		return 0, false
	}
	if r.s[i] == closing {
		return i, true
	}
	if r.s[i] != ',' {
		return 0, false
	}
	i = r.spaces(i + 1)
	return i, i < r.end && r.s[i] != closing
}

// flowKey is key inside a flow mapping.
func (r *reader) flowKey(i int) (string, int, bool) {
	if r.s[i] == '"' || r.s[i] == '\'' {
		text, colon, ok := r.key(i)
		return text, colon, ok && colon+1 < r.end
	}
	end, ok := r.flowPlain(i)
	if !ok || !r.colon(end) || end+1 == r.end || end-i > maxKey {
		return "", 0, false
	}
	text := strings.TrimRight(r.s[i:end], " ")
	return text, end, isName(text)
}

func (r *reader) flowValue(i, depth int) (*tree.Node, int, bool) {
	if i >= r.end {
		return nil, 0, false
	}
	switch r.s[i] {
	case '"', '\'':
		return r.quoted(i)
	case '[', '{':
		return r.flow(i, depth)
	}
	end, ok := r.flowPlain(i)
	if !ok || r.s[end] == ':' {
		return nil, 0, false
	}
	last := end
	for r.s[last-1] == ' ' {
		last--
	}
	return r.scalar(i, last), end, true
}

// flowPlain finds the end of the scalar without quotes at i: a comma, a closing bracket, or a colon that ends a key.
func (r *reader) flowPlain(i int) (int, bool) {
	if !r.startsPlain(i) {
		return 0, false
	}
	for j := i; j < r.end; j++ {
		switch r.s[j] {
		case ',', ']', '}':
			return j, true
		case '[', '{', '?':
			return 0, false
		case ':':
			if r.colon(j) {
				return j, true
			}
		case '#':
			if r.s[j-1] == ' ' {
				return 0, false
			}
		}
	}
	return 0, false
}

// literal reads the block scalar whose | stands at i, and goes to the line behind it. Its text is indented more than
// col. Explicit indentation, |+, tabs and blank lines with more spaces than the text are left to the library.
func (r *reader) literal(i, col int) (*tree.Node, bool) {
	n := r.newNode()
	n.Kind, n.Quoted, n.At = tree.String, true, r.span(i)
	j := i + 1
	strip := j < r.end && r.s[j] == '-'
	if strip {
		j++
	}
	if !r.ends(j) {
		return nil, false
	}
	from, lines := r.next, int32(0)
	indent, last := 0, 0 // last: the end of the last line with text
	at := from
	for at < len(r.s) {
		end := strings.IndexByte(r.s[at:], '\n')
		if end < 0 {
			return nil, false
		}
		end += at
		first := at
		for first < end && r.s[first] == ' ' {
			first++
		}
		switch {
		case first == end && (indent == 0 && first > at || indent > 0 && first-at > indent):
			return nil, false
		case first == end:
		case indent == 0 && (first-at <= col || r.s[first] == '\t'):
			return nil, false
		case r.s[first] == '\t' && first-at < indent:
			return nil, false
		case indent > 0 && first-at < indent:
			return r.finishLiteral(n, from, at, last, lines, indent, strip)
		default:
			if indent == 0 {
				indent = first - at
			}
			last = end
		}
		lines++
		at = end + 1
	}
	if indent == 0 {
		return nil, false
	}
	return r.finishLiteral(n, from, at, last, lines, indent, strip)
}

// finishLiteral joins the lines from from to last and goes on at at, which lies this many lines below.
func (r *reader) finishLiteral(n *tree.Node, from, at, last int, lines int32, indent int, strip bool) (*tree.Node, bool) {
	var b strings.Builder
	b.Grow(min(last-from, MaxScalar) + 1)
	size := 0
	for i := from; i <= last; {
		end := i + strings.IndexByte(r.s[i:], '\n')
		text := r.s[min(i+indent, end):end]
		if size += len(text) + 1; size <= MaxScalar+1 {
			b.WriteString(text)
			if end < last || !strip {
				b.WriteByte('\n')
			}
		}
		i = end + 1
	}
	if strip {
		size--
	}
	if size > MaxScalar {
		r.ds = append(r.ds, longScalar(n.At, size))
		*n = tree.Node{At: n.At}
	} else {
		n.Text = b.String()
	}
	r.line += lines
	r.next = at
	return n, r.advance()
}
