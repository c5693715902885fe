package emit

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestUnified(t *testing.T) {
	ten := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"
	for _, c := range []struct {
		name     string
		old, new []byte
		want     string
	}{
		{"same", []byte(ten), []byte(ten), ""},
		{"middle", []byte(ten), []byte(strings.Replace(ten, "5", "five", 1)),
			"--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
		{"two hunks", []byte(ten), []byte("one\n" + ten[2:18] + "ten\n"),
			"--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-10\n+ten\n"},
		{"hunks that meet", []byte(ten), []byte("1\n2\n4\n5\n6\n7\n8\n9\nx\n10\n"),
			"--- a\n+++ b\n@@ -1,10 +1,10 @@\n 1\n 2\n-3\n 4\n 5\n 6\n 7\n 8\n 9\n+x\n 10\n"},
		{"new", nil, []byte("a\n"), "--- /dev/null\n+++ b\n@@ -0,0 +1 @@\n+a\n"},
		{"gone", []byte("a\nb\n"), nil, "--- a\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"},
		{"line break at the end", []byte("a"), []byte("a\n"), "--- a\n+++ b\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{"binary", []byte("a\x00"), []byte("b"), "--- a\n+++ b\nBinary files differ\n"},
	} {
		if got := Unified("a", "b", c.old, c.new); got != c.want {
			t.Errorf("%s: want\n%s\ngot\n%s", c.name, c.want, got)
		}
	}
}

// text is n random lines of few words, so that much is alike.
func text(r *rand.Rand, n int) []byte {
	var b strings.Builder
	for range n {
		fmt.Fprintln(&b, r.IntN(6))
	}
	return []byte(b.String())
}

// What Unified prints, patch turns the old text into the new one with.
func TestUnifiedWithPatch(t *testing.T) {
	if _, err := exec.LookPath("patch"); err != nil {
		t.Skip("the program patch is not here")
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		old, new := text(r, r.IntN(40)), text(r, 1+r.IntN(40))
		dir := t.TempDir()
		put(t, dir+"/f", string(old))
		put(t, dir+"/d", Unified("f", "f", old, new))
		if out, err := exec.Command("patch", "-s", dir+"/f", dir+"/d").CombinedOutput(); err != nil {
			t.Fatalf("case %d: %v\n%s\n%s", i, err, out, Unified("f", "f", old, new))
		}
		got, _ := os.ReadFile(filepath.Join(dir, "f"))
		if string(got) != string(new) {
			t.Fatalf("case %d: want %q, got %q", i, new, got)
		}
	}
}

// The edits turn x into y, and without a limit there are no fewer.
func TestEdits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		x, y := lines(text(r, r.IntN(30))), lines(text(r, r.IntN(30)))
		var got []string
		at, count := 0, 0
		for _, e := range edits(x, y) {
			got = append(append(got, x[at:e.x0]...), y[e.y0:e.y1]...)
			at = e.x1
			count += e.x1 - e.x0 + e.y1 - e.y0
		}
		got = append(got, x[at:]...)
		if strings.Join(got, "") != strings.Join(y, "") {
			t.Fatalf("%q to %q: got %q", x, y, got)
		}
		if want := len(x) + len(y) - 2*common(x, y); count != want {
			t.Fatalf("%q to %q: want %d edits, got %d", x, y, want, count)
		}
	}
}

// common is the length of the longest common subsequence, the simple way.
func common(x, y []string) int {
	row := make([]int, len(y)+1)
	for i := range x {
		diagonal := 0
		for j := range y {
			above := row[j+1]
			if x[i] == y[j] {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(y)]
}

// Two long texts with nothing in common take bounded work.
func TestUnifiedOfStrangers(t *testing.T) {
	var a, b strings.Builder
	for i := range 50_000 {
		fmt.Fprintln(&a, "a", i)
		fmt.Fprintln(&b, "b", i)
	}
	got := Unified("a", "b", []byte(a.String()), []byte(b.String()))
	if n := strings.Count(got, "\n"); n != 100_003 {
		t.Errorf("want all lines once, got %d", n)
	}
}
