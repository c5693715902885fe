package edit

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// move takes the field at s away and writes it at e.To.
func (p *plan) move(e Edit, s spot) *diag.Diagnostic {
	key, index, ok := e.To.Last()
	if !ok || index >= 0 || s.holder.kind == blockList || s.holder.kind == flowList {
		return p.refuse(e.Path, s.entry().start, "", "cannot move this: only a field of a mapping can move, to a path that ends with a key")
	}
	if e.To.HasPrefix(e.Path) {
		return p.refuse(e.Path, s.entry().start, "", "cannot move a field into itself")
	}
	dest, missing, d := p.target(e)
	if d != nil {
		return d
	}
	name, fits := p.l.s[s.entry().start:s.entry().keyEnd], true
	if s.entry().key != key {
		name, fits = keyText(key, p.l.s[s.entry().start], dest.kind == flowMap)
	}
	if !fits {
		return p.refuse(e.Path, s.entry().start, "", "cannot write %q as a key", key)
	}
	if dest.kind == flowMap && (len(dest.entries) > 0 || p.inFlow(e, missing)) {
		return p.moveIntoFlow(e, s, dest, missing, name)
	}
	return p.moveIntoBlock(e, s, dest, missing, name)
}

// target is the last mapping on the way to e.To that is there, and the keys that are not, without the last.
func (p *plan) target(e Edit) (dest *part, missing []string, d *diag.Diagnostic) {
	steps := e.To.Steps()
	path, node := tree.Root, p.root
	for i, step := range steps {
		at, there := path, node
		if step.Index >= 0 {
			path = path.Index(step.Index)
		} else {
			path = path.Key(step.Key)
		}
		next, ok := tree.Get(p.root, path)
		switch {
		case ok && i == len(steps)-1:
			return nil, nil, p.exists(e, path)
		case ok:
			node = next
			continue
		case step.Index >= 0 || there.Kind != tree.Map && there.Kind != tree.Null:
			return nil, nil, p.refuse(e.Path, p.l.offset(there.At.Pos), "move it by hand", "cannot move this to %s: %s is no mapping", e.To, at)
		}
		for _, s := range steps[i : len(steps)-1] {
			if s.Index >= 0 {
				return nil, nil, p.refuse(e.Path, p.l.offset(there.At.Pos), "", "cannot make the list on the way to %s", e.To)
			}
			missing = append(missing, s.Key)
		}
		if at.IsRoot() {
			return p.l.root, missing, nil
		}
		s, d := p.find(at)
		if d == nil {
			d = p.shared(e.Path, s.part)
		}
		return s.part, missing, d
	}
	return nil, nil, p.refuse(e.Path, 0, "", "cannot move a field to the root")
}

func (p *plan) exists(e Edit, path tree.Path) *diag.Diagnostic {
	var ds diag.List
	d := ds.Error(diag.Conflict, e.Path, "cannot move this to %s: that is there already", e.To).OnKey().See(path, "it stands here").
		Helpf("join the two by hand, and delete one")
	ds.Locate(p.root)
	return d
}

// inFlow reports whether the last mapping that is there on the way to e.To stands inside of brackets.
func (p *plan) inFlow(e Edit, missing []string) bool {
	s, d := p.find(parentOf(e, missing))
	return d == nil && s.flow
}

// moveIntoFlow writes the field into braces, on one line.
func (p *plan) moveIntoFlow(e Edit, s spot, dest *part, missing []string, name string) *diag.Diagnostic {
	v := s.part
	text := p.l.s[v.props:v.end]
	if strings.Contains(text, "\n") || v.kind == blockMap || v.kind == blockList || v.style == '|' || v.style == '>' {
		return p.refuse(e.Path, s.entry().start, "move it by hand, or write the mapping it goes to without braces", "cannot move several lines into braces, to %s", e.To).
			SeeSpan(p.l.span(dest.start), "the braces are here")
	}
	if v.kind == empty && v.props == v.open {
		text = ""
	}
	open, end := "", ""
	for _, k := range missing {
		name, ok := keyText(k, 'k', true)
		if !ok {
			return p.refuse(e.Path, s.entry().start, "", "cannot write %q as a key", k)
		}
		open, end = open+name+": { ", " }"+end
	}
	field := open + name + ": " + text + end
	if n := len(dest.entries); n > 0 {
		at, comma := dest.entries[n-1].end(), ", "
		if dest == s.holder && s.index == n-1 { // what it would stand behind goes
			at = p.l.flowEnd(dest, n-1)
			if n == 1 || strings.Contains(p.l.s[dest.entries[n-2].end():dest.entries[n-1].start], "\n") {
				comma = ""
			}
		}
		p.splice(at, at, comma+field)
	} else {
		p.splice(dest.start+1, dest.start+1, field)
	}
	p.remove(s, "")
	return nil
}

// step is the number of spaces that one more level has in this file: those of the first nested mapping, else 2.
func step(p *part) int {
	for i := range p.entries {
		v := p.entries[i].value
		if p.kind == blockMap && v.kind == blockMap && v.indent > p.indent {
			return v.indent - p.indent
		}
		if v.kind == blockMap {
			if n := step(v); n > 0 {
				return n
			}
		}
	}
	return 0
}
