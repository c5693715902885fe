package systemd

import (
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Unit is one file in the syntax of systemd.syntax(7). It knows nothing of the product.
type Unit struct {
	Path     string   // in the target's tree
	Sources  []string // the files that it was made from
	Sections []*Section

	fault func(at tree.Path, key, value string, err error)
}

// Section is one section of a unit. Options keep their order; a key may stand several times.
type Section struct {
	Name    string
	Options []Option

	unit *Unit
	note string
	gap  bool
}

// Option is one line. Value is as it is printed: escaped.
type Option struct {
	Name, Value string
	Comment     string // the line above, without "#"
	Gap         bool   // an empty line above
	Origin      tree.Path
}

// Section returns the section of this name, which is made at the end of the unit when it is not there.
func (u *Unit) Section(name string) *Section {
	for _, s := range u.Sections {
		if s.Name == name {
			return s
		}
	}
	s := &Section{Name: name, unit: u}
	u.Sections = append(u.Sections, s)
	return s
}

// quadlet reports whether Podman reads the section and makes words of a command of its keys.
func (s *Section) quadlet() bool {
	switch s.Name {
	case "Container", "Volume", "Network", "Build":
		return true
	}
	return false
}

// Note is the comment of the next option.
func (s *Section) Note(text string) { s.note = text }

// Gap puts an empty line before the next option.
func (s *Section) Gap() { s.gap = true }

func (s *Section) add(name, value string, at tree.Path) {
	s.Options = append(s.Options, Option{Name: name, Value: value, Comment: s.note, Gap: s.gap, Origin: at})
	s.note, s.gap = "", false
}

// refuse reports a value that the key cannot hold; the option is left out.
func (s *Section) refuse(at tree.Path, key, value string, err error) {
	s.note, s.gap = "", false
	s.unit.fault(at, key, value, err)
}

// Fixed sets a value that the compiler made: numbers, names of units, specifiers. It is printed as it is.
func (s *Section) Fixed(name, value string, at tree.Path) { s.add(name, value, at) }

// Int sets a number.
func (s *Section) Int(name string, n int64, at tree.Path) { s.add(name, strconv.FormatInt(n, 10), at) }

// Raw sets a value that reaches to the end of the line.
func (s *Section) Raw(name, value string, at tree.Path) {
	v, err := rawValue(value, s.quadlet())
	if err != nil {
		s.refuse(at, name, value, err)
		return
	}
	s.add(name, v, at)
}

// Instance is [Section.Raw] of a value that the number of the instance ends: %i of a template.
func (s *Section) Instance(name, value string, at tree.Path) {
	v, err := rawValue(strings.TrimSuffix(value, "%i"), s.quadlet())
	if err != nil {
		s.refuse(at, name, value, err)
		return
	}
	s.add(name, v+"%i", at)
}

// Fields sets parts that a sign separates, none of which may hold it: Volume=a:b:ro, Secret=a,type=mount. An empty
// part at the end is left out.
func (s *Section) Fields(name, sep string, at tree.Path, parts ...string) {
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	for _, p := range parts {
		if strings.Contains(p, sep) {
			err := errColon
			if sep == "," {
				err = errComma
			}
			s.refuse(at, name, p, err)
			return
		}
	}
	s.Raw(name, strings.Join(parts, sep), at)
}

// Plain adds one word of a key that Quadlet splits without C escapes.
func (s *Section) Plain(name, value string, at tree.Path) {
	v, err := plainWord(value)
	if err != nil {
		s.refuse(at, name, value, err)
		return
	}
	s.add(name, v, at)
}

// Assign adds KEY=VALUE as one word: Environment=, Label=.
func (s *Section) Assign(name, key, value string, at tree.Path) {
	switch {
	case key == "":
		s.refuse(at, name, "="+value, errEmpty)
		return
	case strings.Contains(key, "="):
		s.refuse(at, name, key, errAssign)
		return
	}
	s.Words(name, at, text(key+"="+value))
}

// Word is a word of a command.
type Word struct {
	text     string
	verbatim bool
}

// text is a word that the config wrote; it is escaped.
func text(s string) Word { return Word{text: s} }

// lit is a word of ours, printed as it is, so that it may hold specifiers: %d.
func lit(s string) Word { return Word{text: s, verbatim: true} }

// texts are words that the config wrote.
func texts(words ...string) []Word {
	out := make([]Word, len(words))
	for i, w := range words {
		out[i] = text(w)
	}
	return out
}

// Words sets a key that is split into words.
func (s *Section) Words(name string, at tree.Path, words ...Word) {
	g := wordsOfUnit
	if s.quadlet() {
		g = wordsOfQuadlet
	}
	s.words(name, "", at, g, words)
}

// Exec adds a command line. The program must be an absolute path: so it can never start with one of the signs that
// systemd gives a meaning (- + ! @ :), which only prefix sets.
func (s *Section) Exec(name, prefix string, at tree.Path, words ...Word) {
	if len(words) == 0 || !strings.HasPrefix(words[0].text, "/") {
		program := ""
		if len(words) > 0 {
			program = words[0].text
		}
		s.refuse(at, name, program, errRelative)
		return
	}
	s.words(name, prefix, at, wordsOfExec, words)
}

func (s *Section) words(name, prefix string, at tree.Path, g grammar, words []Word) {
	var buf [128]byte
	out := append(buf[:0], prefix...)
	for i, w := range words {
		if i > 0 {
			out = append(out, ' ')
		}
		if w.verbatim {
			out = append(out, w.text...)
			continue
		}
		var err error
		if out, err = appendWord(out, w.text, g); err != nil {
			s.refuse(at, name, w.text, err)
			return
		}
	}
	s.add(name, string(out), at)
}

// uses reports whether a value of the section holds text.
func (s *Section) uses(text string) bool {
	for i := range s.Options {
		if strings.Contains(s.Options[i].Value, text) {
			return true
		}
	}
	return false
}
