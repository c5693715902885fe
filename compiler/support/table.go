package support

import (
	"fmt"
	"slices"
	"strings"
)

// Counts is the number of rows of each level, by [Level].
func Counts(t *Table) [4]int {
	var n [4]int
	for i := range t.Rows {
		n[t.Rows[i].Level]++
	}
	return n
}

// Markdown is the page of a backend's table in the docs: what it supports, and how, in the order of the table.
func Markdown(t *Table) string {
	var b strings.Builder
	n := Counts(t)
	fmt.Fprintf(&b, "| field | %s | how |\n|---|---|---|\n", t.Backend)
	for i := range t.Rows {
		r := &t.Rows[i]
		how := escapeCell(r.How)
		if len(r.Free) > 0 {
			how = strings.TrimPrefix(how+"; nothing to do for `"+strings.Join(r.Free, "`, `")+"`", "; ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Field, r.Level, how)
	}
	fmt.Fprintf(&b, "\n%d exact, %d emulated, %d meaningless, %d unsupported. ", n[Exact], n[Emulated], n[Meaningless], n[Unsupported])
	b.WriteString("A row speaks for everything below it, unless a row for something below says otherwise.\n")
	return b.String()
}

// Lint says what is wrong with a table, held against the patterns of the schema's leaves
// (services.*.ports[].published): a pattern twice, a leaf without a row, a row without a leaf, a row that does not say
// how. Nil: nothing is wrong. It is for the tests of backends.
func Lint(t *Table, leaves []string) []string {
	var faults []string
	seen := map[string]bool{}
	for i := range t.Rows {
		r := &t.Rows[i]
		if seen[r.Field] {
			faults = append(faults, fmt.Sprintf("%s: two rows", r.Field))
		}
		seen[r.Field] = true
		if r.How == "" && (r.Level == Emulated || r.Level == Unsupported) {
			faults = append(faults, fmt.Sprintf("%s: %s, and the row does not say how or what to do instead", r.Field, r.Level))
		}
		if strings.Join(SplitPattern(r.Field), "") == "" || rejoin(r.Field) != r.Field {
			faults = append(faults, fmt.Sprintf("%s: not a pattern", r.Field))
		}
	}
	index, used := NewIndex(t), map[*Row]bool{}
	for _, leaf := range leaves {
		if !cover(index.root, SplitPattern(leaf), used) {
			faults = append(faults, fmt.Sprintf("%s: no row", leaf))
		}
	}
	for i := range t.Rows {
		if r := &t.Rows[i]; !used[r] {
			faults = append(faults, fmt.Sprintf("%s: no field of the schema", r.Field))
		}
	}
	return slices.Compact(faults)
}

// rejoin is a pattern taken apart and put together.
func rejoin(pattern string) string {
	out := ""
	for _, s := range SplitPattern(pattern) {
		if strings.ContainsAny(s, ".[]\" ") && s != "[]" {
			s = `["` + s + `"]`
		}
		out = join(out, s)
	}
	return out
}

// cover marks the rows that speak for the leaf, or for something on the way to it, and reports whether there is one.
// A star of the leaf stands for every key that a row names.
func cover(n *node, steps []string, used map[*Row]bool) bool {
	if n == nil {
		return false
	}
	found := n.row != nil
	if found {
		used[n.row] = true
	}
	if len(steps) == 0 {
		return found
	}
	switch step := steps[0]; {
	case step == "[]":
		return cover(n.item, steps[1:], used) || found
	case step == "*":
		below := cover(n.star, steps[1:], used)
		for _, c := range n.keys {
			cover(c, steps[1:], used)
		}
		return below || found
	default:
		return cover(n.child(step), steps[1:], used) || found
	}
}
