package upgrade

import (
	"fmt"
	"strings"
	"unicode"
)

// row is one line of a summary: what it is about, and what it says.
type row struct{ what, text string }

// rows are the lines of both printers. name wraps each name, words each text of a vendor.
func (s *Summary) rows(name func(string) string, words func(string) string) []row {
	var out []row
	list := func(what string, names []string) {
		if len(names) == 0 {
			return
		}
		all := make([]string, len(names))
		for i, n := range names {
			all[i] = name(n)
		}
		out = append(out, row{what, strings.Join(all, ", ")})
	}
	for _, t := range s.Targets {
		list(t.Name+": restarts", t.Restarts)
		list(t.Name+": starts", t.Starts)
		list(t.Name+": is gone", t.Stopped)
		list(t.Name+": files changed", t.Changed)
		list(t.Name+": files added", t.Added)
		list(t.Name+": files removed", t.Removed)
	}
	for _, i := range s.Images {
		out = append(out, row{"image of " + i.Service, name(i.Old) + " → " + name(i.New)})
	}
	for _, v := range s.Required {
		text := name(v.Name)
		if v.Description != "" {
			text += ": " + words(v.Description)
		}
		out = append(out, row{"needs a value", text})
	}
	list("variables gone", s.Gone)
	return out
}

// Text is the summary for a terminal: one line for each kind of change, "nothing changes" for none.
func (s *Summary) Text() string {
	rows := s.rows(OneLine, OneLine)
	if len(rows) == 0 {
		return "nothing changes\n"
	}
	width := 0
	for _, r := range rows {
		width = max(width, len([]rune(r.what)))
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-*s  %s\n", width, r.what, r.text)
	}
	return b.String()
}

// Markdown is the summary as a table for a pull request.
func (s *Summary) Markdown() string {
	rows := s.rows(func(n string) string { return "`" + Cell(n) + "`" }, Cell)
	if len(rows) == 0 {
		return "Nothing changes.\n"
	}
	var b strings.Builder
	b.WriteString("| what | change |\n|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s |\n", Cell(r.what), r.text)
	}
	return b.String()
}

// OneLine is a text of a vendor's on one line, without what a terminal would act on.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(s))
	return s
}

// Cell is [OneLine] for a table of Markdown, where it can make no markup.
func Cell(s string) string {
	return strings.NewReplacer("|", `\|`, "`", "'", "<", "&lt;").Replace(OneLine(s))
}
