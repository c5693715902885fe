package support

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Column is one target of a report.
type Column struct {
	Target *model.Target
	Table  *Table
	// Root is the tree that the target was made from, where it has one of its own.
	Root *tree.Node
	// Found is what the lowering said about single values: findings with the codes emulated, unsupported and accepted.
	Found diag.List
}

// Cell is what one target does with one field.
type Cell struct {
	Level Level
	How   string
	// Accepted is where targets.T.accept names an unsupported field; the zero Span: nowhere.
	Accepted source.Span
}

// Line is one field, or a group of fields for which the same rows speak, that is not exact on every target.
type Line struct {
	// Field is the path of the field, or for a group the pattern of its deepest row.
	Field string
	// At is where the field, or the first of the group, is written.
	At    source.Span
	Count int // of the group
	Cells []Cell
}

// Sheet is a report: which fields of a project are not exact on which target.
type Sheet struct {
	Targets []string
	Lines   []Line // sorted by field
	Exact   int    // fields that are exact on every target
}

// Report holds the fields that a project uses against the tables of targets. Fields that are exact on every target
// are counted only. Fields for which the same rows speak are one line.
func Report(root *tree.Node, columns []Column) *Sheet {
	for i := range columns {
		root = union(root, columns[i].Root)
	}
	r := reporter{root: root, columns: columns, groups: map[string]*group{}}
	sheet := &Sheet{}
	at := make([]*node, len(columns))
	for i, c := range columns {
		sheet.Targets = append(sheet.Targets, c.Target.Name)
		index := NewIndex(c.Table)
		r.indexes = append(r.indexes, index)
		at[i] = index.root
	}
	if root != nil {
		r.walk(tree.Root, root, at, make([]*Row, len(columns)))
	}
	for i, c := range columns {
		for _, d := range c.Found {
			r.override(i, d)
		}
	}
	for _, key := range r.order {
		if g := r.groups[key]; !exactAll(g.cells) {
			sheet.Lines = append(sheet.Lines, g.line(root))
		}
	}
	slices.SortStableFunc(sheet.Lines, func(a, b Line) int { return strings.Compare(a.Field, b.Field) })
	sheet.Exact = r.exact
	return sheet
}

// reporter walks the tree along the tries of all targets at once.
type reporter struct {
	root    *tree.Node
	columns []Column
	indexes []*Index
	groups  map[string]*group
	order   []string
	exact   int
}

// group is the fields for which the same rows speak, in order.
type group struct {
	pattern string
	paths   []tree.Path
	seen    map[string]bool
	cells   []Cell
}

func (g *group) line(root *tree.Node) Line {
	l := Line{Field: g.paths[0].String(), Count: len(g.paths), Cells: g.cells}
	if len(g.paths) > 1 {
		l.Field = g.pattern
	}
	for i, p := range g.paths {
		if _, at, _ := tree.Nearest(root, p); i == 0 || at.Pos.Compare(l.At.Pos) < 0 {
			l.At = at
		}
	}
	return l
}

func exactAll(cells []Cell) bool {
	return !slices.ContainsFunc(cells, func(c Cell) bool { return c.Level != Exact })
}

// walk goes down to where no table has a row that is deeper.
func (r *reporter) walk(p tree.Path, n *tree.Node, at []*node, above []*Row) {
	if asksNothing(n) {
		return
	}
	rows, leaf := make([]*Row, len(at)), true
	for i, a := range at {
		rows[i] = above[i]
		if a != nil {
			if a.row != nil {
				rows[i] = a.row
			}
			leaf = leaf && a.leaf()
		}
	}
	if leaf || n.Kind.IsScalar() {
		r.note(p, n, rows)
		return
	}
	next := make([]*node, len(at))
	for i := range n.Fields {
		key, star := n.Fields[i].Key, false
		for j, a := range at {
			next[j] = a.child(key)
			star = star || a != nil && a.star != nil
		}
		if star || !strings.HasPrefix(key, "x-") {
			r.walk(p.Key(key), n.Fields[i].Value, next, rows)
		}
	}
	for i, it := range n.Items {
		for j, a := range at {
			next[j] = a.items()
		}
		r.walk(p.Index(i), it, next, rows)
	}
}

// note puts a field into its group: of the same rows that are not exact, cut to the depth of the deepest of them.
func (r *reporter) note(p tree.Path, n *tree.Node, rows []*Row) {
	cells := make([]Cell, len(rows))
	var key strings.Builder
	depth, pattern := 0, ""
	for i, row := range rows {
		if own := r.own(i, p, n); own != nil {
			cells[i] = cellOf(row, own)
		}
		if cells[i].Level == Exact {
			key.WriteString("\x00")
			continue
		}
		if cells[i].Level == Unsupported {
			if item, ok := Accepts(r.columns[i].Target, p); ok {
				cells[i].Accepted = r.acceptedAt(i, item)
			}
		}
		field := patternOf(p)
		if row != nil {
			field = row.Field
		}
		key.WriteString(field + "\x01" + cells[i].Accepted.String() + "\x00")
		if d := len(SplitPattern(field)); d > depth {
			depth, pattern = d, field
		}
	}
	if depth == 0 {
		r.exact++
		return
	}
	r.put(key.String(), pattern, cut(p, depth), cells)
}

func cellOf(row *Row, n *tree.Node) Cell {
	switch {
	case row == nil:
		return Cell{Level: Unsupported, How: "the table has no row"}
	case row.Level == Exact || n.Kind.IsScalar() && row.free(n.Text):
		return Cell{}
	case row.Level == Meaningless && n.Derived: // a default of a short form: nobody asked for it
		return Cell{}
	}
	return Cell{Level: row.Level, How: row.How}
}

func (r *reporter) acceptedAt(column, item int) source.Span {
	p := r.columns[column].Target.Path.Key("accept").Index(item)
	_, at, _ := tree.Nearest(r.root, p)
	return at
}

func (r *reporter) put(key, pattern string, p tree.Path, cells []Cell) {
	g := r.groups[key]
	if g == nil {
		g = &group{pattern: pattern, cells: cells, seen: map[string]bool{}}
		r.groups[key] = g
		r.order = append(r.order, key)
	}
	if text := p.String(); !g.seen[text] {
		g.seen[text] = true
		g.paths = append(g.paths, p)
	}
}

// cut is p to the given depth.
func cut(p tree.Path, depth int) tree.Path {
	for n := len(p.Steps()); n > depth; n-- {
		p = p.Parent()
	}
	return p
}

// override takes in what a lowering said about one value. What the table says at the same place already stands.
func (r *reporter) override(column int, d *diag.Diagnostic) {
	cell, p := Cell{How: d.Message}, d.Path
	switch d.Code {
	case diag.Emulated:
		cell.Level = Emulated
	case diag.Unsupported:
		cell = Cell{Level: Unsupported}
	case diag.Accepted:
		if len(d.Related) == 0 {
			return
		}
		_, at, _ := tree.Nearest(r.root, d.Path)
		p, cell = d.Related[0].Path, Cell{Level: Unsupported, Accepted: at}
	default:
		return
	}
	text := p.String()
	cells := make([]Cell, len(r.columns))
	for _, key := range r.order {
		g := r.groups[key]
		switch {
		case !g.seen[text]:
			continue
		case g.cells[column].Level != Exact:
			return
		case len(g.paths) == 1:
			g.cells[column] = cell
			return
		}
		g.paths = slices.DeleteFunc(g.paths, func(q tree.Path) bool { return q.Equal(p) })
		delete(g.seen, text)
		copy(cells, g.cells)
		cells[column] = cell
		r.put("\x02"+text, text, p, cells)
		return
	}
	n, _, _ := tree.Nearest(r.root, p)
	for i, index := range r.indexes {
		own := r.own(i, p, n)
		if row := index.Row(p); row != nil && own != nil {
			cells[i] = cellOf(row, own)
		}
	}
	cells[column] = cell
	r.put("\x02"+text, text, p, cells)
}
