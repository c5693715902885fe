package diag

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// declared are the codes of codes.go, read from its text, so that a new one cannot be forgotten.
func declared(t *testing.T) []Code {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []Code
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); !ok || id.Name != "Code" {
			return true
		}
		text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, Code(text))
		return true
	})
	if len(codes) < 30 {
		t.Fatalf("found %d codes in codes.go: the test reads it wrongly", len(codes))
	}
	return codes
}

func TestEveryCodeHasOnePage(t *testing.T) {
	seen := map[Code]int{}
	for _, p := range Pages() {
		seen[p.Code]++
	}
	codes := declared(t)
	for _, c := range codes {
		if seen[c] != 1 {
			t.Errorf("code %q has %d pages, want 1", c, seen[c])
		}
		delete(seen, c)
		if p, ok := PageOf(c); !ok || p.Code != c {
			t.Errorf("PageOf(%q) = %v, %v", c, p.Code, ok)
		}
	}
	for c := range seen {
		t.Errorf("page %q has no code", c)
	}
	if _, ok := PageOf("nonsense"); ok {
		t.Error("PageOf finds a page for a code that does not exist")
	}
}

// A page is read in a terminal and in the docs: one style for all.
func TestPagesAreWellFormed(t *testing.T) {
	for _, p := range Pages() {
		switch {
		case p.Title == "" || p.Text == "":
			t.Errorf("%s: title and text must not be empty", p.Code)
		case strings.HasSuffix(p.Title, ".") || strings.ToUpper(p.Title[:1]) == p.Title[:1]:
			t.Errorf("%s: the title %q must begin in lower case and end without a full stop", p.Code, p.Title)
		case !strings.HasSuffix(p.Text, "."):
			t.Errorf("%s: the text must end with a full stop", p.Code)
		case p.Bad == "" && p.Good != "":
			t.Errorf("%s: a good example without a bad one", p.Code)
		}
		for _, text := range []string{p.Title, p.Text, p.Bad, p.Good} {
			if strings.TrimSpace(text) != text {
				t.Errorf("%s: space at an end of %q", p.Code, text)
			}
		}
		for line := range strings.Lines(p.Text) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 120 {
				t.Errorf("%s: a line of %d columns: %s", p.Code, n, line)
			}
		}
	}
}
