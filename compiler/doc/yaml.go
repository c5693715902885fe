package doc

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// width is where flow style ends: what would go beyond this column is printed as a block.
const width = 120

// maxKey is the longest key in bytes that readers take before a colon (YAML 1.2, 7.4.2 and 8.2.2); a longer one is
// written with "? ".
const maxKey = 1000

// YAML prints v as one YAML document that ends in a line break, and says which line came from which field of the
// config. Strings are quoted where some reader of YAML 1.1 or 1.2 could take them for something else.
func YAML(v *Value) ([]byte, []tree.Origin) { return AppendYAML(nil, v) }

// AppendYAML is [YAML] behind what is in b, which ends in a line break or is empty: a caller that prints many documents
// keeps one buffer. The lines of the origins count from the beginning of the document.
func AppendYAML(b []byte, v *Value) ([]byte, []tree.Origin) {
	p := printer{b: b, bol: len(b), line: 1}
	p.head(v.Head, 0)
	switch {
	case v.Kind == Map && len(v.Fields) > 0 && !v.Flow:
		p.fields(v, 0, false)
	case v.Kind == List && len(v.Items) > 0 && !v.Flow:
		p.items(v, 0, false)
	default:
		p.inline(v)
		p.tail(v.Tail)
		p.newline()
	}
	return p.b, p.origins
}

type printer struct {
	b       []byte
	line    int
	bol     int // where the current line begins in b
	origins []tree.Origin
}

func (p *printer) newline() {
	p.b = append(p.b, '\n')
	p.line++
	p.bol = len(p.b)
}

const spaces = "                                                                "

func (p *printer) indent(n int) {
	for ; n > len(spaces); n -= len(spaces) {
		p.b = append(p.b, spaces...)
	}
	p.b = append(p.b, spaces[:n]...)
}

// head prints a comment on lines of its own.
func (p *printer) head(text string, indent int) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.indent(indent)
		p.b = append(p.b, '#')
		if line != "" {
			p.b = append(p.b, ' ')
			p.b = append(p.b, clean(line)...)
		}
		p.newline()
	}
}

// tail prints a comment at the end of the line.
func (p *printer) tail(text string) {
	if text != "" {
		p.b = append(p.b, " # "...)
		p.b = append(p.b, clean(strings.ReplaceAll(text, "\n", " "))...)
	}
}

// clean takes out of a comment what would end it or what a terminal obeys.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if (r < 0x20 && r != '\t') || (r >= 0x7f && r <= 0x9f) || isTroublesome(r) {
			return '�'
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

func (p *printer) origin(v *Value) {
	if v.Origin.IsRoot() {
		return
	}
	p.origins = append(p.origins, tree.Origin{Line: p.line, From: v.Origin})
}

// fields prints the entries of a mapping in block style. first: the cursor stands behind "- ", where the first entry
// goes.
func (p *printer) fields(v *Value, indent int, first bool) {
	for i := range v.Fields {
		f := &v.Fields[i]
		if !first {
			if f.Value.Gap && len(p.b) > 0 {
				p.newline()
			}
			p.head(f.Value.Head, indent)
			p.indent(indent)
		}
		first = false
		p.origin(f.Value)
		if len(f.Key) > maxKey {
			p.b = append(p.b, "? "...)
			p.b = appendQuoted(p.b, f.Key)
			p.newline()
			p.indent(indent)
		} else {
			p.b = appendString(p.b, f.Key, false, false)
		}
		p.b = append(p.b, ':')
		p.value(f.Value, indent)
	}
}

// value prints what stands behind "key:", with the line break.
func (p *printer) value(v *Value, indent int) {
	switch {
	case v.Kind == String && isBlock(v.Text):
		p.b = append(p.b, ' ')
		p.block(v, indent+2)
		return
	case isCollection(v) && !p.fits(v, 1):
		p.tail(v.Tail)
		p.newline()
		if v.Kind == Map {
			p.fields(v, indent+2, false)
		} else {
			p.items(v, indent+2, false)
		}
		return
	}
	p.b = append(p.b, ' ')
	p.inline(v)
	p.tail(v.Tail)
	p.newline()
}

// items prints the items of a list in block style. first: the cursor stands behind "- " of an outer item.
func (p *printer) items(v *Value, indent int, first bool) {
	for _, it := range v.Items {
		if !first {
			p.head(it.Head, indent)
			p.indent(indent)
		}
		first = false
		p.origin(it)
		p.b = append(p.b, "- "...)
		switch {
		case it.Kind == String && isBlock(it.Text):
			p.block(it, indent+2)
		case isCollection(it) && !p.fits(it, 0):
			if it.Kind == Map {
				if h := it.Fields[0].Value.Head; h != "" { // a comment cannot stand behind "- "
					p.b = append(p.b, "# "...)
					p.b = append(p.b, clean(strings.ReplaceAll(h, "\n", " "))...)
					p.newline()
					p.indent(indent + 2)
				}
				p.fields(it, indent+2, true)
			} else {
				p.items(it, indent+2, true)
			}
		default:
			p.inline(it)
			p.tail(it.Tail)
			p.newline()
		}
	}
}

// block prints a literal block; indent is that of its lines.
func (p *printer) block(v *Value, indent int) {
	text := v.Text
	p.b = append(p.b, '|')
	switch {
	case !strings.HasSuffix(text, "\n"):
		p.b = append(p.b, '-')
		text += "\n"
	case strings.HasSuffix(text, "\n\n"):
		p.b = append(p.b, '+')
	}
	p.tail(v.Tail)
	p.newline()
	for line := range strings.Lines(text) {
		if line != "\n" {
			p.indent(indent)
			p.b = append(p.b, line[:len(line)-1]...)
		}
		p.newline()
	}
}

func isCollection(v *Value) bool {
	return (v.Kind == Map && len(v.Fields) > 0) || (v.Kind == List && len(v.Items) > 0)
}

// fits reports whether a collection asks for flow style, holds no comment and ends before the width when it is
// printed extra columns behind the cursor. What it tried out is taken back.
func (p *printer) fits(v *Value, extra int) bool {
	if !v.Flow || hasComment(v) {
		return false
	}
	mark, bol := len(p.b), p.bol
	room := width - (mark - bol) - extra
	if room < 0 {
		room = 0
	}
	p.flow(v, false)
	ok := len(p.b)-mark <= room
	p.b = p.b[:mark]
	return ok
}

func hasComment(v *Value) bool {
	for _, it := range v.Items {
		if it.Head != "" || it.Tail != "" || hasComment(it) {
			return true
		}
	}
	for i := range v.Fields {
		if x := v.Fields[i].Value; x.Head != "" || x.Tail != "" || hasComment(x) {
			return true
		}
	}
	return false
}

// inline prints a scalar, an empty collection or a collection in flow style.
func (p *printer) inline(v *Value) {
	p.origins = appendOrigins(p.origins, v, p.line)
	p.flow(v, false)
}

// appendOrigins adds the origins of what lies below v: it is all on one line.
func appendOrigins(out []tree.Origin, v *Value, line int) []tree.Origin {
	for _, it := range v.Items {
		if !it.Origin.IsRoot() {
			out = append(out, tree.Origin{Line: line, From: it.Origin})
		}
		out = appendOrigins(out, it, line)
	}
	for i := range v.Fields {
		if x := v.Fields[i].Value; x != nil {
			if !x.Origin.IsRoot() {
				out = append(out, tree.Origin{Line: line, From: x.Origin})
			}
			out = appendOrigins(out, x, line)
		}
	}
	return out
}

// flow prints v on the current line. flow: it stands within brackets.
func (p *printer) flow(v *Value, flow bool) {
	switch v.Kind {
	case Null:
		p.b = append(p.b, "null"...)
	case Bool, Lit:
		p.b = append(p.b, v.Text...)
	case String:
		p.b = appendString(p.b, v.Text, v.Quote, flow)
	case List:
		p.b = append(p.b, '[')
		for i, it := range v.Items {
			if i > 0 {
				p.b = append(p.b, ", "...)
			}
			p.flow(it, true)
		}
		p.b = append(p.b, ']')
	case Map:
		if len(v.Fields) == 0 {
			p.b = append(p.b, "{}"...)
			return
		}
		p.b = append(p.b, "{ "...)
		for i := range v.Fields {
			if i > 0 {
				p.b = append(p.b, ", "...)
			}
			if len(v.Fields[i].Key) > maxKey {
				p.b = append(p.b, "? "...)
			}
			p.b = appendString(p.b, v.Fields[i].Key, false, true)
			p.b = append(p.b, ": "...)
			p.flow(v.Fields[i].Value, true)
		}
		p.b = append(p.b, " }"...)
	}
}
