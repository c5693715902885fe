package edit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/tree"
)

// writer writes random documents: nested mappings and lists, all styles of scalars, comments everywhere.
type writer struct {
	*rand.Rand
	b        strings.Builder
	comments []string
	keys     int
}

func (w *writer) comment() string {
	c := fmt.Sprintf("# c%d", len(w.comments))
	if w.IntN(6) == 0 {
		c += " 'it: [\t{\" x"
	}
	w.comments = append(w.comments, c)
	return c
}

// eol ends a line, maybe with a comment, and maybe with comment lines and blank ones below.
func (w *writer) eol(indent int) {
	if w.IntN(4) == 0 {
		w.b.WriteString(strings.Repeat(" ", 1+w.IntN(3)) + w.comment())
	}
	w.b.WriteString("\n")
	w.between(indent)
}

func (w *writer) between(indent int) {
	for w.IntN(5) == 0 {
		if w.IntN(3) == 0 {
			w.b.WriteString("\n")
			continue
		}
		w.b.WriteString(strings.Repeat(" ", indent) + w.comment() + "\n")
	}
}

func (w *writer) key() string {
	w.keys++
	return fmt.Sprintf([]string{"k%d", "k%d", "'k %d'", `"k\"%d"`, "é%d", "a.b%d"}[w.IntN(6)], w.keys)
}

var plains = []string{"x", "v1.2", "12", "true", "a b", "it's", "http://h/p#q", "~", "-x", "'a # b'", `"c\nd: #"`, "''", `"é"`, "'it''s'"}

func (w *writer) flow(depth int) string {
	if depth == 0 || w.IntN(2) == 0 {
		return plains[w.IntN(len(plains))]
	}
	var parts []string
	list := w.IntN(2) == 0
	for range w.IntN(4) {
		v := w.flow(depth - 1)
		if !list {
			v = w.key() + ": " + v
		}
		parts = append(parts, v)
	}
	sep := []string{", ", ",", " , "}[w.IntN(3)]
	if list {
		return "[" + strings.Join(parts, sep) + "]"
	}
	return "{" + strings.Join(parts, sep) + "}"
}

// value writes what stands behind a colon or a dash at this column, with its line break.
func (w *writer) value(col, depth int, dash bool) {
	in := strings.Repeat(" ", col+1+w.IntN(4))
	switch n := w.IntN(14); {
	case depth > 0 && n < 3:
		if dash && w.IntN(2) == 0 {
			w.b.WriteString(" ")
			w.mapping(col+2, depth-1, true)
			return
		}
		w.eol(len(in))
		w.mapping(len(in), depth-1, false)
	case depth > 0 && n < 5:
		if dash && w.IntN(2) == 0 {
			w.b.WriteString(" ")
			w.list(col+2, depth-1, true)
			return
		}
		if !dash && w.IntN(2) == 0 {
			in = in[:col]
		}
		w.eol(len(in))
		w.list(len(in), depth-1, false)
	case n == 5:
		w.b.WriteString([]string{" |", " >", " |-", " >-", " |+", " >+"}[w.IntN(6)])
		if w.IntN(3) == 0 {
			w.b.WriteString(" " + w.comment())
		}
		w.b.WriteString("\n" + in + "one # no comment\n\n" + in + "two: x\n" + strings.Repeat("\n", w.IntN(2)))
	case n == 6:
		w.b.WriteString(" one\n" + in + "two # \n")
	case n == 7:
		w.b.WriteString(" \"one\n\n" + in + "two # no\\\n" + in + "\"")
		w.eol(col)
	case n == 8:
		w.b.WriteString(" {" + w.key() + ": 1, " + w.comment() + "\n" + in + w.key() + ": [x,\n" + in + "y], " + w.comment() + "\n" + in + "}")
		w.eol(col)
	case n == 9:
		w.eol(col)
	default:
		w.b.WriteString(" " + w.flow(2))
		w.eol(col)
	}
}

func (w *writer) mapping(col, depth int, first bool) {
	for i := range 1 + w.IntN(4) {
		if i > 0 || !first {
			w.b.WriteString(strings.Repeat(" ", col))
		}
		w.b.WriteString(w.key() + ":")
		w.value(col, depth, false)
	}
}

func (w *writer) list(col, depth int, first bool) {
	for i := range 1 + w.IntN(3) {
		if i > 0 || !first {
			w.b.WriteString(strings.Repeat(" ", col))
		}
		w.b.WriteString("-")
		w.value(col, depth, true)
	}
}

func (w *writer) document() string {
	w.between(0)
	if w.IntN(6) == 0 {
		w.b.WriteString("---\n")
	}
	w.mapping(0, 3, false)
	s := w.b.String()
	switch w.IntN(6) {
	case 0:
		s = "\xEF\xBB\xBF" + strings.ReplaceAll(s, "\n", "\r\n")
	case 1:
		s = strings.TrimSuffix(s, "\n")
	}
	return s
}

var texts = []string{"z", "2.0.0", "2.0", "true", "", "a: b", "a # b", "it's", "x\ny", "x\n", " lead", "\ttab", "é{", "[", "-", "{{ x }}", "\n\n"}

// edits are random edits of root: of places anywhere, and not always possible ones.
func (w *writer) edits(root *tree.Node) []Edit {
	var all, maps []tree.Path
	tree.Walk(tree.Root, root, func(p tree.Path, n *tree.Node) bool {
		if !p.IsRoot() {
			all = append(all, p)
		}
		if n.Kind == tree.Map || n.Kind == tree.Null {
			maps = append(maps, p)
		}
		return true
	})
	var out []Edit
	for range 1 + w.IntN(4) {
		p := all[w.IntN(len(all))]
		switch w.IntN(4) {
		case 0:
			out = append(out, Set(p, texts[w.IntN(len(texts))]))
		case 1:
			out = append(out, Rename(p, []string{"new", "5", "a: b", "x y", "é"}[w.IntN(5)]))
		case 2:
			out = append(out, Delete(p, []string{"", "gone", "two\nlines"}[w.IntN(3)]))
		case 3:
			if len(maps) == 0 {
				continue
			}
			to := maps[w.IntN(len(maps))]
			for range w.IntN(3) {
				to = to.Key(fmt.Sprintf("m%d", w.IntN(3)))
			}
			out = append(out, Move(p, to.Key(fmt.Sprintf("n%d", w.IntN(9)))))
		}
	}
	return out
}

// check makes random edits of a random document. What is done must mean what the same edits mean for the tree, keep every
// comment, and leave every line alone that does not touch a place of an edit. It reports what happened.
func check(t *testing.T, seed uint64) string {
	w := &writer{Rand: rand.New(rand.NewPCG(seed, 1))}
	text := w.document()
	root, ds := parse.YAML(file(text))
	if root == nil || ds.Has(diag.Error) {
		t.Fatalf("seed %d: the writer is wrong: %s\n%s", seed, ds[0].Text(), text)
	}
	list := w.edits(root)
	got, found := Apply(file(text), list...)
	if len(found) > 0 {
		if found[0].Code == diag.Internal {
			t.Errorf("seed %d: %s\n%v\n%s", seed, found[0].Text(), describe(list), text)
			return "bug"
		}
		return found[0].Message[:12]
	}
	after, ds := parse.YAML(file(string(got)))
	if len(ds) > 0 || !same(apply(root, list), after) {
		t.Errorf("seed %d: the result means something else\n%v\n%s\n---\n%s", seed, describe(list), text, got)
	}
	for _, c := range w.comments {
		if !strings.Contains(string(got), c) {
			t.Errorf("seed %d: the comment %s is gone\n%s\n---\n%s", seed, c, text, got)
		}
	}
	untouched(t, seed, text, string(got), root, list)
	return "done"
}

// untouched holds the lines of all values that no edit names, or that none of those above them is named, against the
// result: each is still there, in its order, except where a move puts lines elsewhere.
func untouched(t *testing.T, seed uint64, before, after string, root *tree.Node, list []Edit) {
	before, after = strings.TrimPrefix(before, string(bom)), strings.TrimPrefix(after, string(bom))
	lines := strings.SplitAfter(before, "\n")
	touched := make([]bool, len(lines)+1)
	for _, e := range list {
		for _, p := range []tree.Path{e.Path, e.To.Parent(), e.Path.Parent()} {
			n, at, _ := tree.Nearest(root, p)
			touched[at.Line] = true
			touched[n.At.Line] = true
			if _, i, _ := p.Last(); i >= 0 { // the dash may stand on a line above
				for l := int(at.Line) - 1; l > 0 && at.Col > 1; l-- {
					touched[l] = true
					if text := strings.TrimSpace(lines[l-1]); text != "" && text[0] == '-' {
						break
					}
				}
			}
			text := []rune(n.At.File.Line(int(n.At.Line)))
			braces := int(n.At.Col) <= len(text) && text[n.At.Col-1] == '{'
			if p.Equal(e.Path) || braces { // the whole value goes or is replaced: all lines up to the next place
				for i := int(at.Line); i < int(at.Line)+extent(root, p, len(lines)); i++ {
					touched[min(i, len(lines))] = true
				}
			}
		}
	}
	have := strings.SplitAfter(after, "\n")
	for i, line := range lines {
		if touched[i+1] || touched[i] || strings.HasPrefix(strings.TrimSpace(line), "#") || i == len(lines)-1 {
			continue
		}
		j := slices.Index(have, line)
		if j < 0 { // behind its dash, a mapping lost its last field
			j = slices.IndexFunc(have, func(h string) bool {
				return h == strings.Replace(line, "-", "- {}", 1) || h == strings.Replace(line, "-", "- []", 1)
			})
		}
		if j < 0 && strings.TrimSpace(line) != "" && strings.TrimSpace(line) != "}" {
			t.Errorf("seed %d: line %d is not as it was: %q\n%v\n%s\n---\n%s", seed, i+1, line, describe(list), before, after)
			return
		}
		if j >= 0 {
			have[j] = "\x00"
		}
	}
}

// extent is the number of lines from p to the next value that is not in it.
func extent(root *tree.Node, p tree.Path, last int) int {
	_, at, _ := tree.Nearest(root, p)
	end, inside := int32(last+1), false
	tree.Walk(tree.Root, root, func(q tree.Path, n *tree.Node) bool {
		_, start, _ := tree.Nearest(root, q)
		if q.HasPrefix(p) {
			inside = true
		} else if inside && start.Line > at.Line && start.Line < end {
			end = start.Line
		}
		return true
	})
	return int(end - at.Line)
}

func describe(list []Edit) string {
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, "%s %s %q %s\n", []string{"set", "rename", "delete", "move"}[e.op], e.Path, e.text, e.To)
	}
	return b.String()
}

func TestRandom(t *testing.T) {
	outcomes := map[string]int{}
	for seed := range uint64(8000) {
		outcomes[check(t, seed)]++
		if t.Failed() {
			break
		}
	}
	if outcomes["done"] < 1500 {
		t.Errorf("too few edits could be made: %v", outcomes)
	}
	t.Log(outcomes)
}

// It never panics, and what it returns can be read, whatever the text.
func FuzzApply(f *testing.F) {
	for i, c := range cases {
		f.Add(c.in, uint64(i))
	}
	for seed := range uint64(20) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 1))}
		f.Add(w.document(), seed)
	}
	f.Add("- &a [*b, {c: d}]\n? x\n: y\n<<: *a\n", uint64(1))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		root, _ := parse.YAML(file(text))
		if root == nil || len(root.Fields)+len(root.Items) == 0 {
			return
		}
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 1))}
		list := w.edits(root)
		got, ds := Apply(file(text), list...)
		if len(ds) > 0 != (got == nil) && len(list) > 0 {
			t.Errorf("%q: both a text and a refusal, or neither", text)
		}
		if got != nil {
			if _, ds := parse.YAML(file(string(got))); ds.Has(diag.Error) {
				t.Errorf("%q: becomes %q", text, got)
			}
		}
	})
}
