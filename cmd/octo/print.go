package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/octocompose/octocompose/compiler/diag"
)

const (
	green = "\x1b[1;32m"
	red   = "\x1b[1;31m"
	reset = "\x1b[0m"
)

// colors reports whether what goes to w is colored: by --color; under auto, when w is a terminal and neither NO_COLOR
// (no-color.org) nor a dumb terminal says otherwise.
func (a *app) colors(w io.Writer) bool {
	switch a.color.value {
	case "always":
		return true
	case "never":
		return false
	}
	if v, _ := a.env("NO_COLOR"); v != "" {
		return false
	}
	if v, _ := a.env("TERM"); v == "dumb" {
		return false
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (a *app) paint(w io.Writer, color, text string) string {
	if !a.colors(w) {
		return text
	}
	return color + text + reset
}

// findings prints diagnostics in a format. Text goes to stderr; json and github, which are read by programs, to stdout,
// unless that is taken by other data.
func (a *app) findings(l diag.List, format string, stdoutTaken bool) error {
	out := a.stdout
	if stdoutTaken {
		out = a.stderr
	}
	switch format {
	case "json":
		return diag.JSON(out, l)
	case "github":
		return diag.GitHub(out, l, a.inRepository())
	}
	return diag.Text(a.stderr, l, diag.Style{Color: a.colors(a.stderr)})
}

// inRepository is the working directory as seen from the root of the repository, "" when it is that or there is none.
func (a *app) inRepository() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	top, ok := a.env("GITHUB_WORKSPACE")
	if !ok || top == "" {
		top = dir
		for {
			if _, err := os.Stat(filepath.Join(top, ".git")); err == nil {
				break
			}
			if filepath.Dir(top) == top {
				return ""
			}
			top = filepath.Dir(top)
		}
	}
	rel, err := filepath.Rel(top, dir)
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
		return ""
	}
	return filepath.ToSlash(rel)
}

// errorsOnly is l without warnings and notes.
func errorsOnly(l diag.List) diag.List {
	var out diag.List
	for _, d := range l {
		if d.Severity == diag.Error {
			out = append(out, d)
		}
	}
	return out
}

// columns prints rows as columns two spaces apart, each line after indent.
func columns(w io.Writer, indent string, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := indent
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-len([]rune(cell))+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
