package systemd

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Words that each reader gives a meaning.
var hostile = []string{
	"", ";", " ", "\\", `"`, "'", `a"b'c\d`, "%", "%%", "%h/%n", "$", "$$", "$HOME", "${HOME}", "a$", "$(x)", "two words",
	"\ttab\t", "line\nfeed\r", "[Service]\nExecStart=+/bin/sh", "x\n[Install]", "#no comment", "; also none", "-x", "+/bin/sh",
	"!x", "@x", ":x", "ends in \\", "ends in two \\\\", "ä €  ", "\u0085", "\x01\x1f\x7f", `\x00`, `\n`, "a,b", "a=b=c",
	"${OCTO_EMPTY}", ";;", "; ;", "'; rm -rf /'", "\u2028",
}

var grammars = []struct {
	name string
	g    grammar
}{{"unit", wordsOfUnit}, {"exec", wordsOfExec}, {"quadlet", wordsOfQuadlet}}

// TestWords puts every hostile word between others, and reads them back.
func TestWords(t *testing.T) {
	for _, g := range grammars {
		for _, w := range hostile {
			roundTrip(t, g.g, g.name, []string{"first", w, "last"})
		}
		roundTrip(t, g.g, g.name, hostile)
	}
}

func roundTrip(t *testing.T, g grammar, name string, words []string) {
	t.Helper()
	var out []byte
	for i, w := range words {
		if i > 0 {
			out = append(out, ' ')
		}
		var err error
		if out, err = appendWord(out, w, g); err != nil {
			if !utf8.ValidString(w) || strings.ContainsAny(w, "\x00\u0080") {
				return
			}
			t.Errorf("%s: cannot write %q: %v", name, w, err)
			return
		}
	}
	got, err := through(g, string(out))
	if err != nil || !slices.Equal(got, words) {
		t.Errorf("%s: %q is written %s and read as %q, %v", name, words, out, got, err)
	}
}

// TestRaw: what rawValue lets through is read as it was; the rest it refuses.
func TestRaw(t *testing.T) {
	for _, s := range hostile {
		checkRaw(t, s)
	}
	for s, want := range map[string]error{
		"": errEmpty, "a\nb": errLineBreak, "a\x00": errNUL, " a": errEdge, "a\u00a0": errEdge, `a\`: errBackslash,
		`"a"`: errQuote, `say "a"`: errQuote, "a\x07": errControl, "\xff": errUTF8, ";": errSemicolon,
	} {
		if _, err := rawValue(s, true); err != want {
			t.Errorf("rawValue(%q) = %v; want %v", s, err, want)
		}
	}
}

func checkRaw(t *testing.T, s string) {
	t.Helper()
	out, err := rawValue(s, true)
	if err != nil {
		return
	}
	value, err := unitLine(out)
	if err != nil {
		t.Errorf("%q is written %q: %v", s, out, err)
		return
	}
	// Quadlet's Lookup, of 5.4 too: quotes at both ends are cut.
	value = strings.Trim(value, `"`)
	words, err := execStart(generated([]string{value}))
	if err != nil || len(words) != 1 || words[0] != s {
		t.Errorf("%q is written %q and read as %q, %v", s, out, words, err)
	}
}

// TestPlain: words of keys that Quadlet splits without C escapes.
func TestPlain(t *testing.T) {
	for _, s := range hostile {
		out, err := plainWord(s)
		if err != nil {
			continue
		}
		if _, err := unitLine(out); err != nil {
			t.Errorf("%q is written %q: %v", s, out, err)
			continue
		}
		body := out
		if q := out[0]; (q == '"' || q == '\'') && out[len(out)-1] == q {
			body = out[1 : len(out)-1]
			if strings.IndexByte(body, q) >= 0 {
				t.Errorf("%q is written %q, whose quotes do not hold", s, out)
			}
		} else if strings.ContainsAny(out, " \t\"'") {
			t.Errorf("%q is written %q, which is two words", s, out)
		}
		words, err := execStart(generated([]string{body}))
		if err != nil || len(words) != 1 || words[0] != s {
			t.Errorf("%q is written %q and read as %q, %v", s, out, words, err)
		}
	}
}

// TestEnvLine: a file for EnvironmentFile= takes one line for one variable.
func TestEnvLine(t *testing.T) {
	got, err := appendEnvLine(nil, "A", "a \"b\" `c` $d \\e # f")
	if want := "A=\"a \\\"b\\\" \\`c\\` \\$d \\\\e # f\"\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"a\nB=c", "a\x00", "a\x07"} {
		if got, err := appendEnvLine(nil, "A", bad); err == nil {
			t.Errorf("%q is written %q; want an error", bad, got)
		}
	}
}

// TestExecWantsAbsolute: a command cannot start with a sign that systemd gives a meaning.
func TestExecWantsAbsolute(t *testing.T) {
	for _, first := range []string{"+/bin/sh", "-x", "!x", "@x", ":x", "sh", ""} {
		refused := 0
		u := &Unit{fault: func(tree.Path, string, string, error) { refused++ }}
		u.Section("Service").Exec("ExecStart", "", tree.Root, text(first), text("x"))
		if refused != 1 || len(u.Section("Service").Options) != 0 {
			t.Errorf("a command that starts with %q was written", first)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, w := range hostile {
		f.Add(w, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, g := range grammars {
			roundTrip(t, g.g, g.name, []string{"first", a, b, "last"})
		}
		checkRaw(t, a)
	})
}

// FuzzUnit: a unit reads back as it was meant, and nothing beside it.
func FuzzUnit(f *testing.F) {
	for _, w := range hostile {
		f.Add("KEY", w)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		u := &Unit{Path: "x.container", Sources: []string{value}, fault: func(tree.Path, string, string, error) {}}
		c := u.Section("Container")
		c.Assign("Environment", key, value, tree.Root)
		c.Raw("HealthCmd", value, tree.Root)
		c.Plain("Sysctl", value, tree.Root)
		c.Words("Exec", tree.Root, texts(key, value)...)
		c.Fields("Volume", ":", tree.Root, key, value)
		u.Section("Service").Exec("ExecStartPre", "-", tree.Root, lit(mkdir), text(value))
		if err := verifyUnit(u, u.Print().Data); err != nil {
			t.Error(err)
		}
	})
}
