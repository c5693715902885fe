package load

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Question is what a person is asked about one variable that nothing sets.
type Question struct {
	Name        string
	Text        string // the question as the config words it; "" when it only says prompt: true
	Description string
	Kind        string // what the answer must read as: string, int, bool or number
	// Default is the value of an empty answer, when HasDefault. Of a secret variable it is not told.
	Default    string
	HasDefault bool
	Required   bool
	Secret     bool // the answer must not be shown
	// Again says why the answer before does not do; "" the first time.
	Again string
}

// maxAnswers is how often one variable is asked for until an answer reads as its type.
const maxAnswers = 10

// asks reports whether d is asked for now: it wants to be, nobody was asked yet, and its default is not one that the
// command line gave (--set).
func (l *loader) asks(d *declared) bool {
	return l.o.Ask != nil && d.prompt && !d.asked && (d.def == nil || d.def.At.File == nil || d.def.At.File.Rel != setFile)
}

// ask asks for the value of d, again after an answer that does not do. An empty answer takes the default, and without
// one leaves a variable unset that need not be set. An error of the asker ends the asking: d stays as it was.
func (l *loader) ask(d *declared) {
	d.asked = true
	q := Question{
		Name: d.name, Text: d.question, Description: d.description, Kind: d.kind, Required: d.required, Secret: d.secret,
		HasDefault: d.def != nil,
	}
	if d.def != nil && !d.secret {
		q.Default = d.def.Text
	}
	for range maxAnswers {
		text, err := l.o.Ask(q)
		if err != nil {
			return
		}
		if text == "" {
			if d.def != nil || !d.required {
				return
			}
			q.Again = "a value is required"
			continue
		}
		if q.Again = wrongAnswer(d, text); q.Again == "" {
			d.answer, d.answered = text, true
			return
		}
	}
	d.missing = true
	l.ds.Error(diag.Type, tree.Of("variables", d.name), "%d answers were none of use: %s", maxAnswers, q.Again).AtSpan(d.at).
		Helpf("add to .env: %s=…", d.name)
}

// wrongAnswer says why text is no answer, or "".
func wrongAnswer(d *declared, text string) string {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "cannot use control characters; want a line of text"
	}
	if want := wanted(d.kind, text); want != "" {
		return fmt.Sprintf("cannot use %s; want %s", shownValue(d, text), want)
	}
	return ""
}

// wanted is what a value of this type reads as, when text does not.
func wanted(kind, text string) string {
	switch kind {
	case "int":
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return "an integer"
		}
	case "number":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "a number"
		}
	case "bool":
		if text != "true" && text != "false" {
			return "true or false"
		}
	}
	return ""
}

// shownValue is a value for a message.
func shownValue(d *declared, text string) string {
	if d.secret {
		return "this value"
	}
	return strconv.Quote(text)
}
