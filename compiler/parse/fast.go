package parse

import (
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// fast reads the YAML that nearly every config is written in: mappings and lists by indentation, scalars and flow
// collections that stand on one line, literal blocks, comments. It is several times as fast as the library, and makes
// exactly what the library's nodes are converted to: kinds, texts, places, findings (a fuzz test holds the two
// together). Of whatever else it meets, faults included, it makes nothing: ok is false, and the library has its turn.
func fast(f *source.File, t traits) (root *tree.Node, ds diag.List, ok bool) {
	r := reader{f: f, s: string(f.Data), ascii: t.ascii}
	if t.cr {
		r.s = strings.ReplaceAll(r.s, "\r\n", "\n")
	}
	if !r.advance() {
		return nil, nil, false
	}
	if !r.eof && r.s[r.at:r.end] == "---" && r.at == r.start && !r.advance() {
		return nil, nil, false
	}
	if r.eof {
		return nil, nil, false
	}
	root, ok = r.block(1)
	if !ok || !r.eof {
		return nil, nil, false
	}
	return root, r.ds, true
}

// reader stands on one line that has text, and moves on by whole lines.
type reader struct {
	slabs
	f     *source.File
	s     string // the text, lines end in LF
	ascii bool
	ds    diag.List

	line       int32 // from 1
	start, end int   // of the line, without its break
	at         int   // of the first character of the node that is to be read
	next       int   // start of the line below
	eof        bool

	pairs []tree.Field // entries of the mappings that are open
	list  []*tree.Node // items of the lists that are open
}

// maxWide is the longest line with characters beyond ASCII: columns are counted from its start each time.
const maxWide = 4096

// advance goes to the next line that is not blank and not a comment.
func (r *reader) advance() bool {
	for r.next < len(r.s) {
		r.start = r.next
		r.line++
		if n := strings.IndexByte(r.s[r.start:], '\n'); n >= 0 {
			r.end, r.next = r.start+n, r.start+n+1
		} else {
			r.end, r.next = len(r.s), len(r.s)
		}
		r.at = r.spaces(r.start)
		if r.at == r.end || r.s[r.at] == '#' {
			continue
		}
		return r.plausible()
	}
	r.eof = true
	return true
}

// plausible refuses lines that this reader does not understand anyway.
func (r *reader) plausible() bool {
	line := r.s[r.at:r.end]
	if strings.IndexByte(line, '\t') >= 0 || !r.ascii && r.end-r.start > maxWide {
		return false
	}
	if r.at > r.start || len(line) < 3 {
		return true
	}
	switch line[:3] {
	case "---":
		return line == "---" && r.line == 1
	case "...":
		return false
	}
	return true
}

// spaces is the place of the first character from i on that is no space.
func (r *reader) spaces(i int) int {
	for i < r.end && r.s[i] == ' ' {
		i++
	}
	return i
}

// ends reports whether nothing but a comment follows at i, which lies behind a value.
func (r *reader) ends(i int) bool {
	j := r.spaces(i)
	return j == r.end || j > i && r.s[j] == '#'
}

func (r *reader) indent() int { return r.at - r.start }

// dash reports whether an item of a list starts at i.
func (r *reader) dash(i int) bool {
	return r.s[i] == '-' && (i+1 == r.end || r.s[i+1] == ' ')
}

func (r *reader) span(i int) source.Span {
	col := i - r.start + 1
	if !r.ascii {
		col = utf8.RuneCountInString(r.s[r.start:i]) + 1
	}
	return source.Span{Pos: source.Pos{File: r.f, Line: r.line, Col: int32(col)}}
}

// block reads the mapping or the list that starts at r.at.
func (r *reader) block(depth int) (*tree.Node, bool) {
	if r.dash(r.at) {
		return r.sequence(depth, false)
	}
	return r.mapping(depth)
}

// mapping reads the entries that are indented like the one at r.at.
func (r *reader) mapping(depth int) (*tree.Node, bool) {
	if depth >= MaxDepth || r.made > MaxNodes {
		return nil, false
	}
	col, from := r.indent(), len(r.pairs)
	n := r.newNode()
	n.At = r.span(r.at)
	for {
		key, colon, ok := r.key(r.at)
		if !ok {
			return nil, false
		}
		keyAt := r.span(r.at)
		v, ok := r.entry(colon+1, col, depth+1)
		if !ok {
			return nil, false
		}
		r.pairs = append(r.pairs, tree.Field{Key: key, KeyAt: keyAt, Value: v})
		if r.eof || r.indent() < col {
			break
		}
		if r.indent() > col || r.dash(r.at) {
			return nil, false
		}
	}
	fields := r.newFields(len(r.pairs) - from)
	copy(fields, r.pairs[from:])
	r.pairs = r.pairs[:from]
	fill(&r.ds, n, fields)
	return n, true
}

// entry reads the value of an entry of a mapping at this column; the colon lies before i.
func (r *reader) entry(i, col, depth int) (*tree.Node, bool) {
	j := r.spaces(i)
	if j < r.end && r.s[j] != '#' {
		return r.inline(j, col, depth)
	}
	at := r.span(i)
	if !r.advance() {
		return nil, false
	}
	switch {
	case !r.eof && r.indent() > col:
		return r.block(depth)
	case !r.eof && r.indent() == col && r.dash(r.at):
		return r.sequence(depth, true)
	}
	return r.null(at), true
}

func (r *reader) null(at source.Span) *tree.Node {
	n := r.newNode()
	n.Kind, n.At = tree.Null, at
	return n
}

// sequence reads the items that are indented like the one at r.at. In a list that is not indented more than its key,
// flush, the next key ends it.
func (r *reader) sequence(depth int, flush bool) (*tree.Node, bool) {
	if depth >= MaxDepth || r.made > MaxNodes {
		return nil, false
	}
	col, from := r.indent(), len(r.list)
	n := r.newNode()
	n.Kind, n.At = tree.List, r.span(r.at)
	for {
		v, ok := r.item(col, depth+1)
		if !ok {
			return nil, false
		}
		r.list = append(r.list, v)
		if r.eof || r.indent() < col {
			break
		}
		if r.indent() > col {
			return nil, false
		}
		if !r.dash(r.at) {
			if flush {
				break
			}
			return nil, false
		}
	}
	n.Items = r.newItems(len(r.list) - from)
	copy(n.Items, r.list[from:])
	r.list = r.list[:from]
	return n, true
}

// item reads the item whose dash stands at r.at.
func (r *reader) item(col, depth int) (*tree.Node, bool) {
	i := r.at + 1
	j := r.spaces(i)
	if j == r.end || r.s[j] == '#' {
		at := r.span(i)
		if !r.advance() {
			return nil, false
		}
		if !r.eof && r.indent() > col {
			return r.block(depth)
		}
		return r.null(at), true
	}
	if r.dash(j) {
		r.at = j
		return r.sequence(depth, false)
	}
	if _, _, ok := r.key(j); ok {
		r.at = j
		return r.mapping(depth)
	}
	return r.inline(j, col, depth)
}

// maxKey is the longest key that is read here. YAML allows 1,024 characters before the colon.
const maxKey = 500

// key reads the key at i and finds its colon. ok is false where there is no key, or one that is out of the ordinary.
func (r *reader) key(i int) (text string, colon int, ok bool) {
	if c := r.s[i]; c == '"' || c == '\'' {
		end := i + 1
		for end < r.end && r.s[end] != c {
			if r.s[end] == '\\' {
				return "", 0, false
			}
			end++
		}
		if end == r.end {
			return "", 0, false
		}
		colon = r.spaces(end + 1)
		if colon-i > maxKey || !r.colon(colon) {
			return "", 0, false
		}
		return r.s[i+1 : end], colon, true
	}
	if !r.startsPlain(i) {
		return "", 0, false
	}
	limit := min(r.end, i+maxKey)
	for j := i; j < limit; j++ {
		switch r.s[j] {
		case ':':
			if r.colon(j) {
				text = strings.TrimRight(r.s[i:j], " ")
				return text, j, isName(text)
			}
		case '#':
			if r.s[j-1] == ' ' {
				return "", 0, false
			}
		}
	}
	return "", 0, false
}

// isName reports whether a key without quotes is a text, and no merge of mappings.
func isName(text string) bool { return text != "<<" && plainKind(text) == tree.String }

// colon reports whether a colon that ends a key stands at i.
func (r *reader) colon(i int) bool {
	return i < r.end && r.s[i] == ':' && (i+1 == r.end || r.s[i+1] == ' ')
}

// startsPlain reports whether the character at i may begin a scalar without quotes.
func (r *reader) startsPlain(i int) bool {
	switch r.s[i] {
	case '-':
		return i+1 < r.end && r.s[i+1] != ' '
	case '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' ':
		return false
	}
	return true
}

// inline reads the value that starts at i, behind its key or dash, whose column is col. That the next line is not
// indented more, and so goes on with the value, the caller finds out.
func (r *reader) inline(i, col, depth int) (*tree.Node, bool) {
	var n *tree.Node
	end, ok := i, false
	switch r.s[i] {
	case '|':
		return r.literal(i, col)
	case '"', '\'':
		n, end, ok = r.quoted(i)
	case '[', '{':
		n, end, ok = r.flow(i, depth)
	default:
		n, end, ok = r.plain(i)
	}
	if !ok || !r.ends(end) || !r.advance() {
		return nil, false
	}
	return n, true
}

// plain reads a scalar without quotes outside of flow collections.
func (r *reader) plain(i int) (*tree.Node, int, bool) {
	if !r.startsPlain(i) {
		return nil, 0, false
	}
	end := r.end
scan:
	for j := i; j < r.end; j++ {
		switch r.s[j] {
		case ':':
			if r.colon(j) {
				return nil, 0, false
			}
		case '#':
			if r.s[j-1] == ' ' {
				end = j
				break scan
			}
		}
	}
	for r.s[end-1] == ' ' {
		end--
	}
	return r.scalar(i, end), end, true
}

func (r *reader) scalar(i, end int) *tree.Node {
	n := r.newNode()
	n.Text, n.At = r.s[i:end], r.span(i)
	n.Kind = plainKind(n.Text)
	if n.Kind == tree.Bool {
		n.Text = boolText(n.Text)
	}
	return n
}
