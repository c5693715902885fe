package canon

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// shellWords: a string is the list of its words, cut as mattn/go-shellwords cuts them, which Compose uses: quotes and
// backslashes as in a shell, $(…) and `…` one word and not run, and an end at the first ; & | < > outside quotes. What
// stands behind that end is lost in Compose too; here a warning says so.
func shellWords(w *walker, _ *shape.Field, n *tree.Node) *tree.Node {
	if !isScalar(n) {
		return n
	}
	if templated(n.Text) {
		at := strings.Index(n.Text, "{{")
		t := w.text(n)
		w.fault(t.span(at, at+2), "cannot split a command that holds a template into words").
			Helpf("write a list: [program, \"{{ … }}\"]")
		return w.unknown(n)
	}
	t := w.text(n)
	s := splitter{walker: w, t: &t, items: make([]*tree.Node, 0, 1+strings.Count(t.s, " "))}
	stop, ok := s.run()
	switch {
	case !ok:
		w.fault(n.At, "cannot split %q into words; a quote or a bracket is not closed", n.Text).
			Helpf("write a list: [program, argument]; for a shell: [sh, -c, %q]", n.Text)
		return w.unknown(n)
	case stop >= 0:
		rest := part{stop, len(t.s)}
		w.diags.Warn(diag.Type, w.at(), "Compose starts no shell, and leaves out what stands from %q on", t.s[stop:]).
			AtSpan(t.place(rest)).Helpf("write [sh, -c, %q] if a shell is meant, or quote the character", n.Text)
	}
	list := w.remake(n, tree.List)
	list.Items = s.items
	return list
}

// splitter is one pass over a command.
type splitter struct {
	*walker
	t     *text
	items []*tree.Node

	word         []byte
	started      bool // there is a word, if only an empty one in quotes
	from         int  // where it starts
	single       bool
	double       bool
	back, dollar bool // in `…`, in $(…)
	escaped      bool
}

// run cuts the text. stop is where it ended early, or -1; ok is false when something is left open.
func (s *splitter) run() (stop int, ok bool) {
	for i, r := range s.t.s {
		switch {
		case s.escaped:
			s.escaped = false
			s.put(i-1, r)
		case r == '\\' && !s.single:
			s.escaped = true
		case r == ' ' || r == '\t' || r == '\r' || r == '\n':
			if s.inside() {
				s.word = utf8.AppendRune(s.word, r)
			} else if s.started {
				s.end(i)
			}
		case r == '`' && !s.single && !s.double && !s.dollar:
			s.back = !s.back
			s.put(i, r)
		case r == ')' && !s.single && !s.double && !s.back:
			s.dollar = !s.dollar
			s.put(i, r)
		case r == '(' && !s.single && !s.double && !s.back:
			if s.dollar || !bytes.HasSuffix(s.word, []byte("$")) {
				return -1, false
			}
			s.dollar = true
			s.word = append(s.word, '(')
		case r == '"' && !s.single && !s.dollar:
			s.quote(i, &s.double)
		case r == '\'' && !s.double && !s.dollar:
			s.quote(i, &s.single)
		case strings.ContainsRune(";&|<>", r) && !s.inside():
			if r == '>' && len(s.word) > 0 && s.word[0] >= '0' && s.word[0] <= '9' {
				s.started = false // 2> is part of the redirection
			}
			s.end(i)
			return i, true
		default:
			s.put(i, r)
		}
	}
	s.end(len(s.t.s))
	return -1, !s.escaped && !s.inside()
}

func (s *splitter) inside() bool { return s.single || s.double || s.back || s.dollar }

// put adds a character that stands at i to the word.
func (s *splitter) put(i int, r rune) {
	if !s.started && len(s.word) == 0 && !s.inside() {
		s.from = i
	}
	s.started = true
	s.word = utf8.AppendRune(s.word, r)
}

func (s *splitter) quote(i int, open *bool) {
	if !s.started && len(s.word) == 0 && !*open {
		s.from = i
	}
	if *open {
		s.started = true
	}
	*open = !*open
}

// end puts the word away, if there is one.
func (s *splitter) end(to int) {
	if s.started {
		word := s.t.s[s.from:to]
		if string(s.word) != word { // quotes or backslashes
			word = string(s.word)
		}
		s.items = append(s.items, s.scalar(tree.String, word, s.t.span(s.from, to)))
	}
	s.started = false
	s.word = s.word[:0]
}

// commandShell: a string is a command for the shell of the image.
func commandShell(w *walker, _ *shape.Field, n *tree.Node) *tree.Node {
	if !isScalar(n) {
		return n
	}
	list := w.remake(n, tree.List)
	list.Items = []*tree.Node{w.scalar(tree.String, "CMD-SHELL", n.At), plain(n)}
	return list
}
