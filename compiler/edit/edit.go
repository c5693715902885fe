package edit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

type op uint8

const (
	opSet op = iota
	opRename
	opDelete
	opMove
)

// Edit is one change. Make it with [Set], [SetScalar], [Rename], [Delete] or [Move].
type Edit struct {
	op op
	// Path is what is changed, To where it goes.
	Path, To tree.Path
	text     string
	kind     tree.Kind
}

// Set gives the scalar, or the missing value, at p another text, which stays a text: it is put into quotes where it would
// read as a number without. It keeps the quotes that the scalar has where the text allows it.
func Set(p tree.Path, text string) Edit { return SetScalar(p, tree.String, text) }

// SetScalar is Set for a value of another kind: SetScalar(p, tree.Int, "3").
func SetScalar(p tree.Path, k tree.Kind, text string) Edit {
	return Edit{op: opSet, Path: p, text: text, kind: k}
}

// Rename gives the field at p another key in its mapping.
func Rename(p tree.Path, key string) Edit { return Edit{op: opRename, Path: p, text: key} }

// Delete takes out the field or the item at p. Its comments stay where they are, below a comment that says note, unless
// that is empty. Note may have several lines; it has no # itself.
func Delete(p tree.Path, note string) Edit { return Edit{op: opDelete, Path: p, text: note} }

// Move takes the field at p to another path, which must not exist; mappings above it that do not exist are made. It is
// put last into its mapping.
func Move(p, to tree.Path) Edit { return Edit{op: opMove, Path: p, To: to} }

var bom = []byte("\xEF\xBB\xBF")

// Apply makes the edits, all of them or none. All paths are those of f as it is. Two edits of one place, or one inside
// what another takes away, are an error. The findings are errors, each with its place; then the text is nil.
func Apply(f *source.File, edits ...Edit) ([]byte, diag.List) {
	w, ds := open(f)
	if len(ds) > 0 {
		return nil, ds
	}
	t := &trie{}
	for i := range edits {
		if d := t.add(w, &edits[i]); d != nil {
			return nil, append(ds, d)
		}
	}
	if ds = t.check(w, edits); len(ds) > 0 {
		return nil, ds
	}
	var moves, rest []Edit
	for _, e := range edits {
		if e.op == opMove && !e.To.Parent().Equal(e.Path.Parent()) {
			moves = append(moves, e)
			continue
		}
		if e.op == opMove {
			key, _, _ := e.To.Last()
			e = Rename(e.Path, key)
		}
		rest = append(rest, e)
	}
	for _, e := range moves { // each sees what the one before it made
		if w, ds = w.change([]Edit{e}); len(ds) > 0 {
			return nil, ds
		}
	}
	if len(rest) > 0 {
		if w, ds = w.change(rest); len(ds) > 0 {
			return nil, ds
		}
	}
	if bytes.HasPrefix(f.Data, bom) {
		return slices.Concat(bom, w.file.Data), nil
	}
	return w.file.Data, nil
}

// work is a text, its tree and its layout.
type work struct {
	file *source.File
	root *tree.Node
	l    *layout
}

func open(f *source.File) (*work, diag.List) {
	if bytes.HasPrefix(f.Data, bom) {
		f = &source.File{Name: f.Name, Rel: f.Rel, Data: f.Data[len(bom):]}
	}
	root, ds := parse.YAML(f)
	if root == nil || ds.Has(diag.Error) {
		return nil, ds
	}
	l, failed := scanLayout(f)
	w := &work{file: f, root: root, l: l}
	if failed == nil {
		failed = w.match(l.root, root)
	}
	if failed != nil {
		ds = nil
		ds.Error(diag.Conflict, tree.Root, "%s", failed.text).AtSpan(l.span(failed.at)).Help = failed.help
		return nil, ds
	}
	return w, nil
}

// match holds the layout against the tree and gives each entry the key that the tree has at its place.
func (w *work) match(p *part, n *tree.Node) *fault {
	odd := &fault{p.start, "cannot find out how this is written", "make the change by hand"}
	switch {
	case p.kind == alias:
		return nil
	case p.kind == empty:
		if n.Kind != tree.Null && n.Text == "" && (p != w.l.root || len(n.Fields) > 0) && !(n.Kind == tree.String && p.tag != "") {
			return odd
		}
		return nil
	case w.l.offset(n.At.Pos) != p.start:
		return odd
	case p.kind == scalar:
		if !n.Kind.IsScalar() {
			return odd
		}
		return nil
	case p.kind == blockList || p.kind == flowList:
		if n.Kind != tree.List || len(n.Items) != len(p.entries) {
			return odd
		}
		for i := range p.entries {
			if f := w.match(p.entries[i].value, n.Items[i]); f != nil {
				return f
			}
		}
		return nil
	}
	return w.matchFields(p, n, odd)
}

func (w *work) matchFields(p *part, n *tree.Node, odd *fault) *fault {
	if n.Kind != tree.Map {
		return odd
	}
	at := make(map[int]int, len(n.Fields))
	for i := range n.Fields {
		at[w.l.offset(n.Fields[i].KeyAt.Pos)] = i
	}
	own, merges := 0, false
	for i := range p.entries {
		e := &p.entries[i]
		j, ok := at[e.start]
		if e.merge && !ok {
			merges = true
			continue
		}
		if !ok {
			return odd
		}
		own++
		e.key, e.merge = n.Fields[j].Key, false
		if f := w.match(e.value, n.Fields[j].Value); f != nil {
			return f
		}
	}
	if own != len(n.Fields) && !merges {
		return odd
	}
	return nil
}

// splice replaces a range of bytes.
type splice struct {
	start, end int
	text       string
}

// change makes edits that do not touch each other, and proves the result.
func (w *work) change(edits []Edit) (*work, diag.List) {
	p := &plan{work: w, gone: map[*part][]int{}, names: map[newName]tree.Path{}}
	for _, e := range edits {
		if d := p.add(e); d != nil {
			return nil, diag.List{d}
		}
	}
	p.deletions()
	slices.SortStableFunc(p.splices, func(a, b splice) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return a.end - b.end
	})
	var b strings.Builder
	last := 0
	for _, s := range p.splices {
		if s.start < last {
			return nil, w.wrong(edits[0], "two changes meet in one place")
		}
		b.WriteString(w.l.s[last:s.start])
		b.WriteString(s.text)
		last = s.end
	}
	b.WriteString(w.l.s[last:])
	return w.prove(edits, b.String())
}

// prove reads the new text and compares it with the same change of the tree, and its comments with those of the old one.
func (w *work) prove(edits []Edit, text string) (*work, diag.List) {
	next, ds := open(&source.File{Name: w.file.Name, Rel: w.file.Rel, Data: []byte(text)})
	if len(ds) > 0 {
		return nil, w.wrong(edits[0], "it would not be readable: "+ds[0].Message)
	}
	want := apply(w.root, edits)
	if !same(want, next.root) {
		return nil, w.wrong(edits[0], "the result would mean something else")
	}
	have := map[string]int{}
	for _, c := range next.l.comments {
		have[strings.TrimRight(next.l.s[c.start:c.end], " \t")]++
	}
	for _, c := range w.l.comments {
		have[strings.TrimRight(w.l.s[c.start:c.end], " \t")]--
	}
	for _, n := range have {
		if n < 0 {
			return nil, w.wrong(edits[0], "a comment would be lost")
		}
	}
	return next, nil
}

// wrong is what is said where the result is not what it has to be.
func (w *work) wrong(e Edit, cause string) diag.List {
	code, ds := diag.Internal, diag.List{}
	if w.l.keeps {
		code = diag.Conflict // an empty line below such a text is part of it: no bug, but nothing to guess at
	}
	ds.Error(code, e.Path, "cannot change the text here safely: %s", cause).Helpf("make the change by hand; nothing was changed")
	ds.Locate(w.root)
	return ds
}

func (w *work) refuse(p tree.Path, at int, help, format string, args ...any) *diag.Diagnostic {
	var ds diag.List
	d := ds.Error(diag.Conflict, p, format, args...).AtSpan(w.l.span(at))
	d.Help = help
	return d
}
