package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/interpolate"
	"github.com/octocompose/octocompose/compiler/load"
	"github.com/octocompose/octocompose/compiler/source"
)

// script is an asker whose answers are typed ahead.
func script(typed string, hidden ...string) (*asker, *strings.Builder) {
	var out strings.Builder
	return &asker{in: strings.NewReader(typed), out: &out, hidden: func() (string, error) {
		if len(hidden) == 0 {
			return "", io.EOF
		}
		text := hidden[0]
		hidden = hidden[1:]
		return text, nil
	}}, &out
}

// What is asked, and what is said of the answers in the end.
func TestAsker(t *testing.T) {
	k, out := script("example.com\r\nmany\n80\n\n", "canary")
	for _, q := range []load.Question{
		{Name: "DOMAIN", Text: "Which\x1b[2J domain?", Description: "Public\nhost name", Kind: "string", Required: true},
		{Name: "PORT", Kind: "int", Default: "81", HasDefault: true},
		{Name: "PORT", Kind: "int", Default: "81", HasDefault: true, Again: `cannot use "many"; want an integer`},
		{Name: "TLS", Kind: "bool"},
		{Name: "TOKEN", Text: "The token?", Kind: "string", Secret: true, HasDefault: true},
	} {
		if _, err := k.ask(q); err != nil {
			t.Fatal(err)
		}
	}
	want := "Which\uFFFD[2J domain? Public host name\nDOMAIN (string): PORT (integer) [81]:   cannot use \"many\"; want an integer\n" +
		"PORT (integer) [81]: TLS (true or false, may be empty): The token?\nTOKEN (string, not shown, empty for the default): "
	if out.String() != want {
		t.Errorf("got\n%q\nwant\n%q", out, want)
	}
	var said strings.Builder
	k.advise(&said, ".env")
	want = "not to be asked again, add to .env:\n  DOMAIN=example.com\n  PORT=80\n" +
		"the answer for TOKEN is not shown; to keep it, add TOKEN=… to .env, which only you should be able to read\n"
	if said.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &said, want)
	}
}

// The end of the input is a usage error that names all that was not answered; a terminal that fails is not one.
func TestAskerEnds(t *testing.T) {
	k, _ := script("")
	for _, name := range []string{"A", "B"} {
		if _, err := k.ask(load.Question{Name: name}); err == nil {
			t.Fatal("no error")
		}
	}
	var f *failure
	if err := k.ended(); !errors.As(err, &f) || f.code != exitUsage || !strings.Contains(err.Error(), "A and B") {
		t.Errorf("%v", err)
	}
	k, _ = script("")
	k.hidden = func() (string, error) { return "", errors.New("broken") }
	_, _ = k.ask(load.Question{Name: "A", Secret: true})
	if err := k.ended(); err == nil || errors.As(err, &f) && f == err || !strings.Contains(err.Error(), "broken") {
		t.Errorf("%v", err)
	}
	k, _ = script("")
	k.hidden = func() (string, error) { return "", errInterrupted }
	_, _ = k.ask(load.Question{Name: "A", Secret: true})
	if err := k.ended(); !errors.As(err, &f) || f.code != exitInterrupted {
		t.Errorf("%v", err)
	}
	k, _ = script(strings.Repeat("x", maxAnswer+1))
	if _, err := k.ask(load.Question{Name: "A"}); err == nil {
		t.Error("an answer without end was taken")
	}
}

// A secret is typed into a terminal that does nothing of its own.
func TestRawLine(t *testing.T) {
	for _, c := range []struct {
		typed, want string
		err         error
	}{
		{"abc\rd", "abc", nil},
		{"abc\n", "abc", nil},
		{"xx\x15aä\x7fbc\b\b\x7f\b\bd\r", "d", nil},
		{"\x04", "", io.EOF},
		{"ab\x04", "ab", nil},
		{"ab\x03", "", errInterrupted},
		{"ab", "", io.EOF},
		{strings.Repeat("x", maxAnswer+1), "", errLong},
	} {
		if got, err := rawLine(strings.NewReader(c.typed)); got != c.want || err != c.err {
			t.Errorf("%.20q: %q, %v", c.typed, got, err)
		}
	}
}

// The line that is advised reads as what was answered.
func TestDotEnvValue(t *testing.T) {
	for _, s := range []string{"plain", "a b", "#x", "$HOME ${X}", `it's`, `"q"`, `a\`, `\'`, `\"`, `\n`, `\$x'`, "ä ö", "a=b", "x #y", "'", ""} {
		f := &source.File{Name: ".env", Data: []byte("K=" + dotEnvValue(s) + "\n")}
		pairs, ds := interpolate.DotEnv(f, interpolate.Map{})
		if len(ds) > 0 || len(pairs) != 1 || pairs[0].Value != s {
			t.Errorf("%q: %s reads as %v", s, f.Data, pairs)
		}
	}
}
