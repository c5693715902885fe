package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const manLong = `Write a manual page for octo and one for each of its commands to DIR. The pages hold no date and no version, so that
the same octo writes the same bytes.`

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages",
		Long:  manLong,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("octo man /usr/local/share/man/man1", "man: wants one folder to write to")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("cannot make %s: %w", dir, pathCause(err))
			}
			root := cmd.Root()
			pages := append([]*cobra.Command{root}, root.Commands()...)
			n := 0
			for _, c := range pages {
				if c != root && !c.IsAvailableCommand() {
					continue
				}
				name := filepath.Join(dir, manName(c)+".1")
				if err := os.WriteFile(name, manPage(c), 0o644); err != nil {
					return fmt.Errorf("cannot write %s: %w", filepath.ToSlash(name), pathCause(err))
				}
				n++
			}
			fmt.Fprintf(a.stderr, "%s; written to %s\n", count(n, "page", "pages"), filepath.ToSlash(dir))
			return nil
		},
	}
}

func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage is the page of a command, in the macros of man(7).
func manPage(c *cobra.Command) []byte {
	var b bytes.Buffer
	name := manName(c)
	fmt.Fprintf(&b, ".TH %s 1 \"\" octo \"User Commands\"\n", strings.ToUpper(roff(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(c.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(c.UseLine()))
	long := c.Long
	if long == "" {
		long = c.Short + "."
	}
	b.WriteString(".SH DESCRIPTION\n")
	manText(&b, long)
	manFlags(&b, "OPTIONS", c.NonInheritedFlags())
	if c.HasParent() {
		manFlags(&b, "OPTIONS OF EVERY COMMAND", c.InheritedFlags())
	}
	if !c.HasParent() {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roff(manName(sub)), roff(sub.Short))
			}
		}
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range [][2]string{
		{"0", "done"}, {"1", "errors in the config"}, {"2", "a wrong flag or argument"},
		{"3", "differences were found (--check), or outputs were edited"},
		{"4", "the environment failed"}, {"130", "interrupted; the outputs are old or new"},
	} {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", e[0], roff(e[1]))
	}
	if c.HasParent() {
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", roff(c.Root().Name()))
	}
	return b.Bytes()
}

// manText prints paragraphs; indented lines stay as they are.
func manText(b *bytes.Buffer, text string) {
	literal := false
	for line := range strings.SplitSeq(text, "\n") {
		switch indented := strings.HasPrefix(line, "  "); {
		case indented && !literal:
			b.WriteString(".PP\n.nf\n")
			literal = true
		case !indented && literal:
			b.WriteString(".fi\n")
			literal = false
		}
		if line == "" {
			if !literal {
				b.WriteString(".PP\n")
			}
			continue
		}
		b.WriteString(roff(line) + "\n")
	}
	if literal {
		b.WriteString(".fi\n")
	}
}

func manFlags(b *bytes.Buffer, title string, flags *pflag.FlagSet) {
	flags.SortFlags = false
	first := true
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		if first {
			fmt.Fprintf(b, ".SH %s\n", title)
			first = false
		}
		value, text := pflag.UnquoteUsage(f)
		if value != "" {
			value = " " + value
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(flagName(f)+value), roff(text))
	})
}

// roff is text for troff: its escape character, hyphens that are to be copied, and a dot or quote that would begin a
// request.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
