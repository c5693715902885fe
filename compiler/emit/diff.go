package emit

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	diffContext = 3    // lines around a change
	diffEffort  = 1000 // edits up to which the shortest script is looked for; its cost grows with their square
)

// Unified is the difference of two texts in the form of diff -u, "" when there is none. A text that is nil is no file.
func Unified(oldName, newName string, old, new []byte) string {
	if bytes.Equal(old, new) && (old == nil) == (new == nil) {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", orDevNull(oldName, old), orDevNull(newName, new))
	if bytes.IndexByte(old, 0) >= 0 || bytes.IndexByte(new, 0) >= 0 {
		b.WriteString("Binary files differ\n")
		return b.String()
	}
	x, y := lines(old), lines(new)
	writeHunks(&b, x, y, edits(x, y))
	return b.String()
}

func orDevNull(name string, data []byte) string {
	if data == nil {
		return "/dev/null"
	}
	return name
}

// lines are the lines of data with their line breaks.
func lines(data []byte) []string {
	all := strings.SplitAfter(string(data), "\n")
	if last := len(all) - 1; all[last] == "" {
		all = all[:last]
	}
	return all
}

// edit says that x[x0:x1] becomes y[y0:y1].
type edit struct{ x0, x1, y0, y1 int }

// edits is how x becomes y, in order and without two that touch: what both begin and end with is set aside, the rest is
// the shortest script, or, where that would take too long, one edit.
func edits(x, y []string) []edit {
	lead := 0
	for lead < len(x) && lead < len(y) && x[lead] == y[lead] {
		lead++
	}
	endX, endY := len(x), len(y)
	for endX > lead && endY > lead && x[endX-1] == y[endY-1] {
		endX, endY = endX-1, endY-1
	}
	if lead == endX && lead == endY {
		return nil
	}
	var out []edit
	for _, e := range shortest(x[lead:endX], y[lead:endY]) {
		out = append(out, edit{e.x0 + lead, e.x1 + lead, e.y0 + lead, e.y1 + lead})
	}
	return out
}

// shortest is Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986): the furthest that d edits reach on each
// diagonal, and the way back through what was kept of each d.
func shortest(x, y []string) []edit {
	n, m := len(x), len(y)
	limit := min(n+m, diffEffort)
	reach := make([]int, 2*limit+3) // by diagonal, from -limit-1
	var trace [][]int
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int(nil), reach[limit+1-d:limit+2+d]...))
		for k := -d; k <= d; k += 2 {
			at := reach[limit+1+k-1] + 1
			if k == -d || k != d && reach[limit+1+k-1] < reach[limit+1+k+1] {
				at = reach[limit+1+k+1]
			}
			for at < n && at-k < m && x[at] == y[at-k] {
				at++
			}
			reach[limit+1+k] = at
			if at >= n && at-k >= m {
				return back(trace, n, m)
			}
		}
	}
	return []edit{{0, n, 0, m}}
}

// back walks from the end of both texts to the start. trace[d] holds the diagonals -d to d as they were before d was
// tried.
func back(trace [][]int, n, m int) []edit {
	var out []edit
	x, y := n, m
	for d := len(trace) - 1; d > 0; d-- {
		k := x - y
		at := func(k int) int {
			if k < -d || k > d {
				return -1
			}
			return trace[d][k+d]
		}
		var fromX, fromY int
		if k == -d || k != d && at(k-1) < at(k+1) {
			fromX = at(k + 1)
			fromY = fromX - (k + 1)
			out = join(out, edit{fromX, fromX, fromY, fromY + 1})
		} else {
			fromX = at(k - 1)
			fromY = fromX - (k - 1)
			out = join(out, edit{fromX, fromX + 1, fromY, fromY})
		}
		x, y = fromX, fromY
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// join adds e, which comes before the last of out, and makes the two one where they touch.
func join(out []edit, e edit) []edit {
	if n := len(out); n > 0 && out[n-1].x0 == e.x1 && out[n-1].y0 == e.y1 {
		out[n-1].x0, out[n-1].y0 = e.x0, e.y0
		return out
	}
	return append(out, e)
}

// writeHunks prints the edits with the lines around them; those whose surroundings meet share a hunk.
func writeHunks(b *strings.Builder, x, y []string, all []edit) {
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].x0-all[j-1].x1 <= 2*diffContext {
			j++
		}
		first, last := all[i], all[j-1]
		lead := min(diffContext, first.x0)
		tail := min(diffContext, len(x)-last.x1)
		fmt.Fprintf(b, "@@ -%s +%s @@\n", extent(first.x0-lead, last.x1+tail), extent(first.y0-lead, last.y1+tail))
		at := first.x0 - lead
		for _, e := range all[i:j] {
			writeLines(b, ' ', x[at:e.x0])
			writeLines(b, '-', x[e.x0:e.x1])
			writeLines(b, '+', y[e.y0:e.y1])
			at = e.x1
		}
		writeLines(b, ' ', x[at:at+tail])
		i = j
	}
}

// extent is first line and number of lines; of no lines, the line before.
func extent(from, to int) string {
	switch n := to - from; n {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	default:
		return fmt.Sprintf("%d,%d", from+1, n)
	}
}

func writeLines(b *strings.Builder, mark byte, all []string) {
	for _, l := range all {
		b.WriteByte(mark)
		b.WriteString(l)
		if !strings.HasSuffix(l, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}
