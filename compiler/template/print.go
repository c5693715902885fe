package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

func printed(f *frame, args []value) (value, *fault) {
	return f.concat(args, func(i int) bool { return args[i-1].n.Kind != tree.String && args[i].n.Kind != tree.String }, "print", "")
}

func printedLine(f *frame, args []value) (value, *fault) {
	return f.concat(args, func(int) bool { return true }, "println", "\n")
}

// concat is the texts of args, with a space before those that space names.
func (f *frame) concat(args []value, space func(i int) bool, name, end string) (value, *fault) {
	var b strings.Builder
	for i, v := range args {
		s, x := f.str(name, v)
		if x != nil {
			return value{}, x
		}
		if i > 0 && space(i) {
			b.WriteByte(' ')
		}
		if b.Len()+len(s) > f.r.o.MaxText {
			return value{}, f.room(b.Len() + len(s))
		}
		b.WriteString(s)
	}
	return value{n: text(b.String() + end)}, nil
}

// printedf is printf. The format is read here, so that widths are bounded and a verb that does not fit is an error.
func printedf(f *frame, args []value) (value, *fault) {
	format, x := f.str("printf", args[0])
	if x != nil {
		return value{}, x
	}
	args = args[1:]
	var b strings.Builder
	used := 0
	for format != "" {
		lit, rest, found := strings.Cut(format, "%")
		b.WriteString(lit)
		if !found {
			break
		}
		n, bad := directive(rest)
		if bad != "" {
			return value{}, wrong("cannot read the format %q: %s", short("%"+rest), bad).
				helpf("want %%s %%v %%q %%d %%x %%X %%o %%b %%e %%f %%g %%t or %%%%, widths up to %d", MaxWidth)
		}
		spec := rest[:n]
		format = rest[n:]
		if spec == "%" {
			b.WriteByte('%')
			continue
		}
		if used == len(args) {
			return value{}, wrong("cannot fill %q: an argument is missing", "%"+spec).helpf("give a value for each verb of the format")
		}
		s, x := f.formatted(spec, args[used])
		if x != nil {
			return value{}, x
		}
		used++
		b.WriteString(s)
		if x := f.room(b.Len()); x != nil && b.Len() > f.r.o.MaxText {
			return value{}, x
		}
	}
	if used < len(args) {
		return value{}, wrong("cannot place %d of the arguments of printf", len(args)-used).helpf("give the format a verb for each")
	}
	return value{n: text(b.String())}, nil
}

// directive is the length of what stands behind a % up to its verb, or why it cannot be used.
func directive(s string) (n int, bad string) {
	i := 0
	for i < len(s) && strings.IndexByte("+-# 0", s[i]) >= 0 {
		i++
	}
	if i > 8 {
		return 0, "too many flags"
	}
	for part := range 2 {
		if part == 1 {
			if i == len(s) || s[i] != '.' {
				break
			}
			i++
		}
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		if w, err := strconv.Atoi("0" + s[from:i]); err != nil || w > MaxWidth {
			return 0, "its width is too large"
		}
	}
	if i == len(s) {
		return 0, "the verb is missing"
	}
	if s[i] == '%' && i > 0 || strings.IndexByte("svqdxXobefgEGt%", s[i]) < 0 {
		return 0, "there is no such verb"
	}
	return i + 1, ""
}

// formatted is one value as spec, such as "-10s", says.
func (f *frame) formatted(spec string, v value) (string, *fault) {
	s, x := f.str("printf", v)
	if x != nil {
		return "", x
	}
	verb := spec[len(spec)-1]
	num, isNum := numeric(v.n)
	bad := typed("cannot print %s as %q%s", kind(v.n.Kind), "%"+spec, v.called()).helpf("%%v and %%s print every scalar")
	switch {
	case strings.IndexByte("svq", verb) >= 0:
		if x := f.room(4 * len(s)); verb == 'q' && x != nil {
			return "", x
		}
		return fmt.Sprintf("%"+spec, s), nil
	case strings.IndexByte("dxXob", verb) >= 0 && isNum && num.i != nil:
		return fmt.Sprintf("%"+spec, num.i), nil
	case strings.IndexByte("xX", verb) >= 0 && v.n.Kind == tree.String:
		if x := f.room(6 * len(s)); x != nil {
			return "", x
		}
		return fmt.Sprintf("%"+spec, s), nil
	case strings.IndexByte("efgEG", verb) >= 0 && isNum:
		return fmt.Sprintf("%"+spec, num.float()), nil
	case verb == 't':
		if is, ok := logical(v.n); ok {
			return fmt.Sprintf("%"+spec, is), nil
		}
	}
	return "", bad
}

// jsonString is s as a string of JSON.
func jsonString(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

func toJSON(f *frame, args []value) (value, *fault) {
	var b strings.Builder
	if x := f.json(&b, args[0]); x != nil {
		return value{}, x
	}
	return value{n: text(b.String())}, nil
}

// json writes v, with the templates in it rendered.
func (f *frame) json(b *strings.Builder, v value) *fault {
	if x := f.step(0); x != nil {
		return x
	}
	if b.Len() > f.r.o.MaxText {
		return f.room(b.Len())
	}
	if x := f.now(v); x != nil {
		return x
	}
	switch v.n.Kind {
	case tree.Unknown:
		return &fault{unknown: true}
	case tree.Null:
		b.WriteString("null")
	case tree.Bool:
		b.WriteString(strings.ToLower(v.n.Text))
	case tree.Int, tree.Float:
		return f.jsonNumber(b, v)
	case tree.String:
		if x := f.room(len(v.n.Text)); x != nil {
			return x
		}
		b.WriteString(jsonString(v.n.Text))
	case tree.List:
		b.WriteByte('[')
		for i := range v.n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			it, x := f.item(v, i)
			if x == nil {
				x = f.json(b, it)
			}
			if x != nil {
				return x
			}
		}
		b.WriteByte(']')
	case tree.Map:
		b.WriteByte('{')
		for i, key := range sortedKeys(v.n) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(jsonString(key) + ":")
			in, x := f.field(v, key)
			if x == nil {
				x = f.json(b, in)
			}
			if x != nil {
				return x
			}
		}
		b.WriteByte('}')
	}
	return nil
}

// jsonNumber writes a number as it is written where JSON has that spelling, and else its value.
func (f *frame) jsonNumber(b *strings.Builder, v value) *fault {
	num, ok := numeric(v.n)
	switch {
	case json.Valid([]byte(v.n.Text)):
		b.WriteString(v.n.Text)
	case ok && num.i != nil:
		b.WriteString(num.i.String())
	case ok && num.f-num.f == 0:
		b.WriteString(strconv.FormatFloat(num.f, 'g', -1, 64))
	default:
		return typed("cannot write %q as JSON%s", short(v.n.Text), v.called()).helpf("JSON has no such number; write it as a string")
	}
	return nil
}
