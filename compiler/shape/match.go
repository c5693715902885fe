package shape

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// matcher answers for a regular expression. Keys are matched for every entry of a mapping, and the engine needs
// about 200 ns for each; the forms that schemas use for keys are a loop of a few nanoseconds.
type matcher struct {
	re     *regexp.Regexp
	kind   matchKind
	prefix string
	class  *[256]bool // matchClass: the bytes that every byte of the string must be among
}

type matchKind uint8

const (
	matchRegexp matchKind = iota
	matchPrefix           // ^literal
	matchClass            // ^[class]+$, the class being ASCII
	matchText             // .+ or ^.+$
)

func newMatcher(re *regexp.Regexp) matcher {
	m := matcher{re: re}
	p, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return m
	}
	p = p.Simplify()
	if p.Op == syntax.OpPlus && p.Sub[0].Op == syntax.OpAnyCharNotNL {
		m.kind = matchText
		return m
	}
	if p.Op != syntax.OpConcat || p.Sub[0].Op != syntax.OpBeginText {
		return m
	}
	switch rest := p.Sub[1:]; {
	case len(rest) == 1 && rest[0].Op == syntax.OpLiteral && rest[0].Flags&syntax.FoldCase == 0:
		m.kind, m.prefix = matchPrefix, string(rest[0].Rune)
	case len(rest) == 2 && rest[0].Op == syntax.OpPlus && rest[1].Op == syntax.OpEndText:
		switch sub := rest[0].Sub[0]; sub.Op {
		case syntax.OpAnyCharNotNL:
			m.kind = matchText
		case syntax.OpCharClass:
			if sub.Rune[len(sub.Rune)-1] < 0x80 {
				m.kind, m.class = matchClass, classOf(sub.Rune)
			}
		}
	}
	return m
}

func classOf(ranges []rune) *[256]bool {
	var class [256]bool
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			class[r] = true
		}
	}
	return &class
}

func (m *matcher) matches(s string) bool {
	switch m.kind {
	case matchPrefix:
		return strings.HasPrefix(s, m.prefix)
	case matchClass:
		for i := range len(s) {
			if !m.class[s[i]] {
				return false
			}
		}
		return s != ""
	case matchText:
		// A line break is rare enough for the engine.
		if strings.IndexByte(s, '\n') < 0 {
			return s != ""
		}
	}
	return m.re.MatchString(s)
}

// matches reports whether the rule holds for key.
func (p *Pattern) matches(key string) bool {
	return p.match.matches(key) && !slices.Contains(p.Except, key)
}

// extension reports whether p is the rule for keys of the user's own.
func (p *Pattern) extension() bool { return strings.HasPrefix(p.Key.String(), "^x-") }
