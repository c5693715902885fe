package interpolate

import (
	"fmt"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
)

// Fault is what is wrong with one variable in a text.
type Fault struct {
	Code     diag.Code // Interpolation, Required, Limit; Unset is a warning
	Off, Len int       // bytes in the text
	Message  string
	Help     string
}

// The limits on one scalar.
const (
	// MaxNested is how deep ${A:-${B:-…}} may go.
	MaxNested = 20
	// MaxText is the size of a text after the replacement, in bytes.
	MaxText = 1 << 20
	// maxWork is the number of bytes that may be looked at in search of closing braces.
	maxWork = 16 << 20
)

// Expand replaces the variables in s. Where there is a fault other than Unset the text is of no use.
func Expand(s string, env Env) (string, []Fault) {
	x := expander{env: env, braces: true}
	x.expand(s, 0, 0)
	return string(x.out), x.faults
}

type expander struct {
	env    Env
	out    []byte
	faults []Fault
	braces bool // step over {{ … }}
	work   int
	full   bool

	unknown bool // a value that was reported is missing
}

// expand appends the value of s, which starts at base in the whole text.
func (x *expander) expand(s string, base, depth int) {
	for i := 0; i < len(s) && !x.full; {
		next := strings.IndexAny(s[i:], "${")
		if next < 0 {
			x.add(s[i:])
			return
		}
		x.add(s[i : i+next])
		i += next
		if s[i] == '{' {
			n := x.template(s[i:])
			x.add(s[i : i+n])
			i += n
			continue
		}
		i += x.dollar(s[i:], base+i, depth)
	}
}

// template is the length of the {{ … }} at the start of s, or 1.
func (x *expander) template(s string) int {
	if !x.braces || !strings.HasPrefix(s, "{{") {
		return 1
	}
	x.work += len(s)
	if x.work > maxWork {
		return 1
	}
	if end := strings.Index(s, "}}"); end >= 0 {
		return end + 2
	}
	return 1
}

// dollar replaces what starts with the dollar sign at the start of s and returns its length.
func (x *expander) dollar(s string, at, depth int) int {
	if len(s) == 1 {
		x.add("$")
		return 1
	}
	switch c := s[1]; {
	case c == '$':
		x.add("$")
		return 2
	case c == '{':
		return x.braced(s, at, depth)
	case nameStart(c):
		n := 1 + nameLen(s[1:])
		x.plain(s[1:n], at, n)
		return n
	}
	x.add("$")
	return 1
}

func nameStart(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func nameLen(s string) int {
	n := 0
	for n < len(s) && (nameStart(s[n]) || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
}

func (x *expander) plain(name string, at, n int) {
	if x.marked(name) {
		return
	}
	v, ok := x.lookup(name)
	if !ok && !x.unknown {
		x.faults = append(x.faults, Fault{diag.Unset, at, n, fmt.Sprintf("variable %q is not set; a blank takes its place", name),
			fmt.Sprintf("put %s=… into .env, or give a default: ${%s:-…}", name, name) + x.advice(name)})
	}
	x.add(v)
}

// braced replaces the ${…} at the start of s.
func (x *expander) braced(s string, at, depth int) int {
	name := s[2 : 2+nameLen(s[2:])]
	rest := s[2+len(name):]
	if name == "" {
		return x.invalid(s, at, "want a name after ${")
	}
	if strings.HasPrefix(rest, "}") {
		x.plain(name, at, len(name)+3)
		return len(name) + 3
	}
	verb := operator(rest)
	if verb == "" {
		if rest == "" {
			return x.invalid(s, at, `"}" is missing`)
		}
		return x.invalid(s, at, fmt.Sprintf("%q cannot follow the name", firstRune(rest)))
	}
	end := x.closing(s)
	switch {
	case x.full:
		return len(s)
	case end < 0:
		return x.invalid(s, at, `"}" is missing`)
	case depth == MaxNested:
		x.limit(at, end+1, fmt.Sprintf("cannot read variables nested more than %d deep", MaxNested))
		return end + 1
	}
	arg := 2 + len(name) + len(verb)
	x.apply(verb, name, s[arg:end], at, arg, end+1, depth)
	return end + 1
}

func (x *expander) lookup(name string) (string, bool) {
	v, ok := x.env.Lookup(name)
	if u, is := x.env.(Unknown); !ok && is && u.Unknown(name) {
		x.unknown = true
	}
	return v, ok
}

// marked appends the mark of a secret variable, whether it is set or not: what is said of a config does not depend on
// whether the secret is there.
func (x *expander) marked(name string) bool {
	m, is := x.env.(Marker)
	if !is {
		return false
	}
	mark, ok := m.Mark(name)
	if ok {
		x.add(mark)
	}
	return ok
}

// advice is the end of the help about a variable without a value.
func (x *expander) advice(name string) string {
	if a, is := x.env.(Advisor); is {
		return a.Advice(name)
	}
	return ""
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}

func operator(s string) string {
	n := 0
	if strings.HasPrefix(s, ":") {
		n = 1
	}
	if n < len(s) && strings.IndexByte("-+?", s[n]) >= 0 {
		return s[:n+1]
	}
	return ""
}

// apply appends what ${name verb arg} stands for. arg starts off bytes after the dollar sign, which is at at.
func (x *expander) apply(verb, name, arg string, at, off, n, depth int) {
	if verb[len(verb)-1] != '+' && x.marked(name) {
		return
	}
	v, ok := x.lookup(name)
	usable := ok && (verb[0] != ':' || v != "")
	switch verb[len(verb)-1] {
	case '-':
		if usable {
			x.add(v)
			return
		}
		x.expand(arg, at+off, depth+1)
	case '+':
		if usable {
			x.expand(arg, at+off, depth+1)
		}
	case '?':
		if usable || x.unknown {
			x.add(v)
			return
		}
		x.require(name, arg, at, n, depth)
	}
}

func (x *expander) require(name, arg string, at, n, depth int) {
	inner := expander{env: x.env, work: x.work}
	inner.expand(arg, 0, depth+1)
	message := fmt.Sprintf("variable %q has no value, and one is required here", name)
	if said := strings.TrimSpace(string(inner.out)); said != "" {
		message += ": " + said
	}
	x.faults = append(x.faults, Fault{diag.Required, at, n, message, fmt.Sprintf("put %s=… into .env", name) + x.advice(name)})
}

// closing is the place of the brace that closes the ${ at the start of s, or -1. It must stand on the same line.
// Every brace inside counts, so that a default may be {"a": {}}; the character after an opening brace is stepped
// over, and where braces do not match the last one of the line closes: both as in compose-go (template.go).
func (x *expander) closing(s string) int {
	line := s
	if end := strings.IndexByte(s, '\n'); end >= 0 {
		line = s[:end]
	}
	last := strings.LastIndexByte(line, '}')
	open := 0
	for i := 0; i <= last; i++ {
		if x.work++; x.work > maxWork {
			x.limit(0, 0, "cannot read so many braces in one text")
			return -1
		}
		switch line[i] {
		case '}':
			if open--; open == 0 {
				return i
			}
		case '{':
			open++
			i++
		}
	}
	return last
}

func (x *expander) limit(at, n int, message string) {
	if !x.full {
		x.full = true
		x.faults = append(x.faults, Fault{diag.Limit, at, n, message, "write the value out"})
	}
}

func (x *expander) invalid(s string, at int, why string) int {
	n := len(s)
	if end := strings.IndexAny(s, "}\n"); end >= 0 {
		n = end
		if s[end] == '}' {
			n++
		}
	}
	x.faults = append(x.faults, Fault{diag.Interpolation, at, n, fmt.Sprintf("cannot read %q as a variable: %s", s[:n], why),
		"write ${NAME} or ${NAME:-default}; for a dollar sign itself write $$"})
	return n
}

func (x *expander) add(s string) {
	if len(x.out)+len(s) > MaxText {
		x.limit(0, 0, fmt.Sprintf("cannot make a text of more than %d bytes out of variables", MaxText))
		return
	}
	x.out = append(x.out, s...)
}
