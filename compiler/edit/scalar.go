package edit

import (
	"fmt"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

func (p *plan) set(e Edit, s spot) *diag.Diagnostic {
	if d := p.shared(e.Path, s.part); d != nil {
		return d
	}
	if strings.HasPrefix(s.part.tag, "!!") {
		return p.refuse(e.Path, s.part.props, "delete the tag first", "cannot change a value with the tag %s", s.part.tag)
	}
	if s.part.kind == empty {
		text, ok := scalarText(e, 0, s.flow)
		if !ok {
			return p.refuse(e.Path, s.part.start, "", "cannot write %q as %s", e.text, e.kind)
		}
		if at := s.entry(); s.flow && !at.colon {
			text = ":" + " " + text
		} else {
			text = " " + text
		}
		p.splice(s.part.open, s.part.open, text)
		return nil
	}
	if s.part.kind != scalar {
		return p.refuse(e.Path, s.part.start, "replace it by hand", "cannot put a text in place of a %s", s.node.Kind)
	}
	if s.part.style == '|' || s.part.style == '>' {
		return p.setBlock(e, s.part)
	}
	text, ok := scalarText(e, s.part.style, s.flow)
	if !ok {
		return p.refuse(e.Path, s.part.start, "", "cannot write %q as %s", e.text, e.kind)
	}
	p.splice(s.part.start, s.part.end, text)
	return nil
}

// setBlock replaces a literal or folded text, and leaves the comment behind its | or >.
func (p *plan) setBlock(e Edit, old *part) *diag.Diagnostic {
	l := p.l
	header := old.start
	for header < len(l.s) && !isSpace(l.s[header]) {
		header++
	}
	body := min(l.lineEnd(header), old.end)
	pad := max(old.parent, 0) + 2
	for i := l.nextLine(header); i < old.end; i = l.nextLine(i) {
		if first := len(l.s[i:]) - len(strings.TrimLeft(l.s[i:], " ")); l.lineEnd(i) > i+first {
			pad = max(first, old.parent+1)
			break
		}
	}
	// a text that ends with empty lines would take in those below: it goes into quotes
	if one := strings.TrimSuffix(e.text, "\n"); e.kind == tree.String && one != "" && !strings.HasSuffix(one, "\n") {
		style := byte('|')
		if old.style == '>' && !strings.Contains(strings.TrimSuffix(e.text, "\n"), "\n") {
			style = '>'
		}
		head, lines := blockText(e.text, style, pad, l.eol)
		if reads("k: "+head+lines+"\n", tree.String, e.text, false) {
			if max(old.end, body) == len(l.s) {
				lines += l.eol // the last line break counts
			}
			p.splice(old.start, header, head)
			p.splice(body, max(old.end, body), lines)
			return nil
		}
	}
	text, ok := scalarText(e, 0, false)
	if !ok {
		return p.refuse(e.Path, old.start, "", "cannot write %q as %s", e.text, e.kind)
	}
	p.splice(old.start, header, text)
	p.splice(body, max(old.end, body), "")
	return nil
}

// blockText is text as a literal or, when it has one line, folded scalar: what stands behind the key, and the lines.
func blockText(text string, style byte, pad int, eol string) (head, lines string) {
	head = string(style)
	body := strings.TrimSuffix(text, "\n")
	if body == text {
		head += "-"
	}
	var b strings.Builder
	for _, line := range strings.Split(body, "\n") {
		b.WriteString(eol)
		if line != "" {
			b.WriteString(strings.Repeat(" ", pad) + line)
		}
	}
	return head, b.String()
}

// scalarText is how the new text of e is written: as the old one was where that reads back, else in quotes.
func scalarText(e Edit, style byte, flow bool) (string, bool) {
	if e.kind != tree.String {
		return e.text, reads(inContext(e.text, flow), e.kind, e.text, flow)
	}
	styles := []byte{0, '"'}
	switch style {
	case '\'':
		styles = []byte{'\'', '"'}
	case '"':
		styles = []byte{'"'}
	}
	for _, s := range styles {
		text := quote(e.text, s)
		if reads(inContext(text, flow), tree.String, e.text, flow) {
			return text, true
		}
	}
	return "", false
}

func inContext(text string, flow bool) string {
	if flow {
		return "{k: " + text + ", l: [0 , " + text + " , 0]}"
	}
	return "k: " + text + " # c"
}

// reads reports whether snippet, a mapping with the field k, is read with this value.
func reads(snippet string, k tree.Kind, text string, flow bool) bool {
	if k != tree.String && text == "" {
		return false
	}
	root, ds := parse.YAML(&source.File{Data: []byte(snippet)})
	v := root.Get("k")
	size := 1
	if flow {
		size = 2
		if l := root.Get("l"); l == nil || len(l.Items) != 3 || l.Items[1].Text != text || l.Items[1].Kind != k {
			return false
		}
	}
	return len(ds) == 0 && v != nil && v.Kind == k && v.Text == text && len(root.Fields) == size
}

// quote is text without quotes, or in those that style says.
func quote(text string, style byte) string {
	switch style {
	case 0:
		return text
	case '\'':
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// keyText is how a key is written; first is how the old one began.
func keyText(key string, first byte, flow bool) (string, bool) {
	styles := []byte{0, '"'}
	if first == '\'' || first == '"' {
		styles = []byte{first, '"'}
	}
	for _, s := range styles {
		text := quote(key, s)
		snippet := text + ": 0"
		if flow {
			snippet = "{" + text + ": 0}"
		}
		root, ds := parse.YAML(&source.File{Data: []byte(snippet)})
		if len(ds) == 0 && root.Kind == tree.Map && len(root.Fields) == 1 && root.Fields[0].Key == key && root.Fields[0].Value.Text == "0" {
			return text, true
		}
	}
	return "", false
}
