package support

import (
	"fmt"
	"strings"
	"testing"
)

// Fields of one parent of which the same is said are one line for people, and stay apart for programs.
func TestFold(t *testing.T) {
	how := Cell{Level: Emulated, How: "it gets 1Gi"}
	s := &Sheet{Targets: []string{"k8s"}, Lines: []Line{
		{Field: "volumes.a", Count: 1, Cells: []Cell{how}},
		{Field: "volumes.b", Count: 1, Cells: []Cell{how}},
		{Field: "volumes.c", Count: 1, Cells: []Cell{{Level: Emulated, How: "another"}}},
		{Field: "configs.a", Count: 1, Cells: []Cell{how}},
		{Field: `volumes["x.y"].a`, Count: 1, Cells: []Cell{how}},
		{Field: "secrets", Count: 1, Cells: []Cell{how}},
		{Field: "networks", Count: 1, Cells: []Cell{how}},
	}}
	var got []string
	for _, l := range s.folded() {
		got = append(got, fmt.Sprint(l.Field, " ", l.Count))
	}
	want := `volumes.{a,b} 2; volumes.c 1; configs.a 1; volumes["x.y"].a 1; secrets 1; networks 1`
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("want %s, got %s", want, text)
	}
	var b strings.Builder
	if err := s.JSON(&b); err != nil || !strings.Contains(b.String(), `"field": "volumes.b"`) {
		t.Errorf("the fields are folded for programs too: %v\n%s", err, &b)
	}
}

func TestBraces(t *testing.T) {
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprint("volume-", i))
	}
	if got, want := braces(names, 40), "volume-0,volume-1,volume-2 and 27 more"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestWrap(t *testing.T) {
	got := wrap("emulated: " + strings.Repeat("word ", 20) + strings.Repeat("x", 60) + " end")
	for i, l := range got {
		if len(l) > maxCell && !strings.Contains(l, "xxx") || i > 0 && !strings.HasPrefix(l, "  ") {
			t.Errorf("line %d: %q", i, l)
		}
	}
	if join := strings.Join(strings.Fields(strings.Join(got, " ")), " "); !strings.HasSuffix(join, strings.Repeat("x", 60)+" end") {
		t.Errorf("words are lost: %q", join)
	}
}
