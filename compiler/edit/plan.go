package edit

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// plan collects what a set of edits does to the text.
type plan struct {
	*work
	splices []splice
	gone    map[*part][]int // the entries that go, by their mapping or list
	holders []*part         // the keys of gone, in the order in which they came
	notes   map[int]string  // by the start of the entry
	names   map[newName]tree.Path
}

// newName is a key that an edit brings into a mapping.
type newName struct {
	holder *part
	key    string
}

func (p *plan) splice(start, end int, text string) {
	p.splices = append(p.splices, splice{start, end, text})
}

// spot is where a path leads.
type spot struct {
	node   *tree.Node
	part   *part
	holder *part // what holds it; nil for the root
	index  int   // in holder.entries
	flow   bool  // holder stands in brackets
}

func (s *spot) entry() *entry { return &s.holder.entries[s.index] }

// find is where path leads, or why it cannot be edited there.
func (w *work) find(path tree.Path) (spot, *diag.Diagnostic) {
	s := spot{node: w.root, part: w.l.root, index: -1}
	for _, step := range path.Steps() {
		if d := w.shared(path, s.part); d != nil {
			return s, d
		}
		i := step.Index
		if i < 0 {
			i = slices.IndexFunc(s.part.entries, func(e entry) bool { return !e.merge && e.key == step.Key })
			if s.node.Kind != tree.Map {
				i = -1
			}
		} else if s.node.Kind != tree.List || i >= len(s.part.entries) {
			i = -1
		}
		if i < 0 {
			if s.node.Kind == tree.Map && s.node.Find(step.Key) >= 0 {
				return s, w.refuse(path, s.part.start, "write the field into this mapping, with its new value",
					"cannot change %q here: it comes from another mapping by <<", step.Key)
			}
			return s, w.refuse(path, s.part.start, "", "cannot change what is not there")
		}
		s.holder, s.index, s.flow = s.part, i, s.part.kind == flowMap || s.part.kind == flowList
		s.part = s.holder.entries[i].value
		if step.Index >= 0 {
			s.node = s.node.Items[i]
		} else {
			s.node = s.node.Get(step.Key)
		}
	}
	if s.holder == nil {
		return s, w.refuse(path, 0, "", "cannot change the whole file")
	}
	return s, nil
}

// shared reports that what p holds stands elsewhere too.
func (w *work) shared(path tree.Path, p *part) *diag.Diagnostic {
	if p.kind == alias {
		return w.refuse(path, p.start, "change the value at its anchor, or write it out here", "cannot change a value that stands for another one: *%s", p.name)
	}
	if p.anchor == "" {
		return nil
	}
	use, ok := w.l.aliases[p.anchor]
	if !ok {
		return nil
	}
	return w.refuse(path, p.start, "change it by hand, if all places should change; else write one of them out", "cannot change a value that is used elsewhere too: &%s", p.anchor).
		SeeSpan(w.l.span(use), "it is used here")
}

// sharedBelow is shared for p and everything in it.
func (w *work) sharedBelow(path tree.Path, p *part) *diag.Diagnostic {
	if p.anchor != "" {
		if d := w.shared(path, p); d != nil {
			return d
		}
	}
	for i := range p.entries {
		if d := w.sharedBelow(path, p.entries[i].value); d != nil {
			return d
		}
	}
	return nil
}

func (p *plan) add(e Edit) *diag.Diagnostic {
	s, d := p.find(e.Path)
	if d != nil {
		return d
	}
	switch e.op {
	case opSet:
		return p.set(e, s)
	case opRename:
		return p.rename(e, s)
	case opMove:
		if d := p.sharedBelow(e.Path, s.part); d != nil {
			return d
		}
		return p.move(e, s)
	}
	if d := p.sharedBelow(e.Path, s.part); d != nil {
		return d
	}
	p.remove(s, e.text)
	return nil
}

// remove notes that an entry goes.
func (p *plan) remove(s spot, note string) {
	if _, ok := p.gone[s.holder]; !ok {
		p.holders = append(p.holders, s.holder)
	}
	p.gone[s.holder] = append(p.gone[s.holder], s.index)
	if note != "" {
		if p.notes == nil {
			p.notes = map[int]string{}
		}
		p.notes[s.entry().start] = note
	}
}

// noteLines are the lines of the note on the entry that starts at i, each with its #.
func (p *plan) noteLines(i int) []string {
	note := p.notes[i]
	if note == "" {
		return nil
	}
	var out []string
	for _, line := range strings.Split(note, "\n") {
		out = append(out, strings.TrimRight("# "+strings.Map(printable, line), " "))
	}
	return out
}

// printable takes out what a comment must not hold.
func printable(r rune) rune {
	if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0xfffd && r <= 0xffff || r == 0xfeff {
		return ' '
	}
	return r
}

// commentsIn are the comments between two offsets.
func (l *layout) commentsIn(start, end int) []string {
	i, _ := slices.BinarySearchFunc(l.comments, start, func(c comment, at int) int { return c.start - at })
	var out []string
	for ; i < len(l.comments) && l.comments[i].start < end; i++ {
		out = append(out, strings.TrimRight(l.s[l.comments[i].start:l.comments[i].end], " \t"))
	}
	return out
}

func (p *plan) rename(e Edit, s spot) *diag.Diagnostic {
	at := s.entry()
	if s.holder.kind == blockList || s.holder.kind == flowList {
		return p.refuse(e.Path, at.start, "", "cannot rename an item of a list")
	}
	for _, other := range s.holder.entries {
		if other.key == e.text && !other.merge && other.start != at.start {
			return p.refuse(e.Path, at.start, "join the two by hand, and delete one", "cannot rename this to %q: that is there already", e.text).
				SeeSpan(p.l.span(other.start), "it stands here")
		}
	}
	n := newName{s.holder, e.text}
	if other, twice := p.names[n]; twice {
		return p.overlap(e.Path, other)
	}
	p.names[n] = e.Path
	text, ok := keyText(e.text, p.l.s[at.start], s.flow)
	if !ok {
		return p.refuse(e.Path, at.start, "", "cannot write %q as a key", e.text)
	}
	p.splice(at.start, at.keyEnd, text)
	return nil
}
