package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/upgrade"
)

func (u *upgrader) printPlan(plans []vendorPlan) error {
	switch u.output.value {
	case "json":
		return planJSON(u.stdout, plans)
	case "markdown":
		_, err := io.WriteString(u.stdout, planMarkdown(plans))
		return err
	}
	var b strings.Builder
	for i, p := range plans {
		if i > 0 {
			b.WriteString("\n")
		}
		p.text(&b, u)
	}
	_, err := io.WriteString(u.stdout, b.String())
	return err
}

// heading is a line about a vendor: "ADDRESS: 2 steps to v2.0.0".
func (p vendorPlan) heading() string {
	switch n := len(p.steps); {
	case p.found.Has(diag.Error):
		return "no upgrade"
	case n == 0:
		return "nothing newer"
	default:
		return count(n, "step", "steps") + " to " + p.steps[n-1].To
	}
}

func (p vendorPlan) text(b *strings.Builder, u *upgrader) {
	fmt.Fprintf(b, "%s: %s\n", p.address(), p.heading())
	for i, s := range p.steps {
		fmt.Fprintf(b, "\nstep %d: %s\n", i+1, s.title())
		for _, r := range s.facts() {
			fmt.Fprintf(b, "  %s: %s\n", r[0], r[1])
		}
		for _, r := range s.edits() {
			fmt.Fprintf(b, "  %s: %s\n", r[0], r[1])
		}
		words(b, "  ", "before you apply it", s.before())
		words(b, "  ", "once it runs", s.afterwards())
		b.WriteString("  output:\n")
		for line := range strings.Lines(s.output(false)) {
			b.WriteString("    " + line)
		}
		_ = diag.Text(b, s.found, diag.Style{Color: u.colors(u.stdout)})
	}
	if len(p.steps) > 0 {
		fmt.Fprintf(b, "\nocto upgrade --step takes step 1\n")
	}
}

// title is "v1.4.0 → v2.0.0, a new major version".
func (p *plannedStep) title() string {
	s := p.From + " → " + p.To
	if p.Major {
		s += ", a new major version"
	}
	return s
}

// facts are what there is to know of a step, as lines of two parts. Texts of the vendor are on one line.
func (p *plannedStep) facts() [][2]string {
	var out [][2]string
	if len(p.Passed) > 0 {
		out = append(out, [2]string{"passes over", strings.Join(p.Passed, ", ")})
	}
	if p.Stop {
		out = append(out, [2]string{"stop", "the vendor wants this step by itself"})
	}
	for _, v := range p.Irreversible {
		out = append(out, [2]string{"no way back", v + " changes data for good; only a backup leads back"})
	}
	for _, m := range p.Migrations {
		text := m.Version + " " + upgrade.OneLine(m.Description)
		if m.Automatic {
			text += "; it does so by itself"
		}
		if m.Duration != "" {
			text += "; it may take " + m.Duration
		}
		out = append(out, [2]string{"migration", text})
	}
	for _, n := range p.Notes {
		out = append(out, [2]string{"read", upgrade.OneLine(n)})
	}
	return out
}

// edits are what becomes of the user's files.
func (p *plannedStep) edits() [][2]string {
	var out [][2]string
	for _, f := range p.files {
		if f.moved > 0 {
			out = append(out, [2]string{f.name, count(f.moved, "include", "includes") + " " + p.FromRef + " → " + p.Ref})
		}
		for _, c := range f.changes {
			out = append(out, [2]string{f.name, upgrade.OneLine(c.String())})
		}
	}
	return out
}

// instruction is what the vendor tells a person to do: a command or words, of several lines.
type instruction struct{ version, about, text string }

func (p *plannedStep) before() []instruction {
	return p.instructions(func(m upgrade.Migration) string { return m.Before })
}

func (p *plannedStep) afterwards() []instruction {
	return p.instructions(func(m upgrade.Migration) string { return m.After })
}

func (p *plannedStep) instructions(of func(upgrade.Migration) string) []instruction {
	var out []instruction
	for _, m := range p.Migrations {
		if text := strings.TrimSpace(of(m)); text != "" {
			out = append(out, instruction{m.Version, upgrade.OneLine(m.Description), text})
		}
	}
	return out
}

// words prints instructions; their lines stay lines.
func words(b *strings.Builder, indent, what string, list []instruction) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "%s%s:\n", indent, what)
	for _, in := range list {
		fmt.Fprintf(b, "%s  %s: %s\n", indent, in.version, in.about)
		for line := range strings.Lines(in.text) {
			fmt.Fprintf(b, "%s    %s\n", indent, upgrade.OneLine(line))
		}
	}
}

// output is what changes in the output, or why that is not known.
func (p *plannedStep) output(markdown bool) string {
	text := ""
	if p.unknown != "" {
		text = "not known: " + p.unknown + "\n"
		if markdown {
			text = upgrade.Cell(text) + "\n\n"
		}
		if p.summary == nil || len(p.summary.Required)+len(p.summary.Gone) == 0 {
			return text
		}
	}
	if markdown {
		return text + p.summary.Markdown()
	}
	return text + p.summary.Text()
}

// planMarkdown is the plan for a pull request. What comes from the vendor makes no markup.
func planMarkdown(plans []vendorPlan) string {
	var b strings.Builder
	code := func(s string) string { return "`" + upgrade.Cell(s) + "`" }
	for i, p := range plans {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "## %s: %s\n", code(p.address()), p.heading())
		for _, d := range p.found {
			fmt.Fprintf(&b, "\n%s\n", upgrade.Cell(d.Text()))
		}
		for j, s := range p.steps {
			fmt.Fprintf(&b, "\n### Step %d: %s\n\n", j+1, s.title())
			for _, r := range s.facts() {
				fmt.Fprintf(&b, "- **%s**: %s\n", r[0], upgrade.Cell(r[1]))
			}
			for _, r := range s.edits() {
				fmt.Fprintf(&b, "- %s: %s\n", code(r[0]), upgrade.Cell(r[1]))
			}
			for _, d := range s.found {
				fmt.Fprintf(&b, "- **%s**: %s\n", d.Severity, upgrade.Cell(d.Text()))
			}
			markdownWords(&b, "Before you apply it", s.before())
			markdownWords(&b, "Once it runs", s.afterwards())
			b.WriteString("\n" + s.output(true))
		}
	}
	return b.String()
}

// markdownWords prints instructions as indented code, which no line of it can end.
func markdownWords(b *strings.Builder, what string, list []instruction) {
	for _, in := range list {
		fmt.Fprintf(b, "\n%s (%s: %s):\n\n", what, in.version, upgrade.Cell(in.about))
		for line := range strings.Lines(in.text) {
			fmt.Fprintf(b, "    %s\n", upgrade.OneLine(line))
		}
	}
}

// The plan for programs. Lists are never null.
type (
	jsonVendor struct {
		Address string     `json:"address"`
		Version string     `json:"version"`
		Error   string     `json:"error,omitempty"`
		Steps   []jsonStep `json:"steps"`
	}
	jsonStep struct {
		From         string              `json:"from"`
		To           string              `json:"to"`
		Ref          string              `json:"ref"`
		Major        bool                `json:"major"`
		Stop         bool                `json:"stop"`
		Passed       []string            `json:"passed"`
		Irreversible []string            `json:"irreversible"`
		Migrations   []upgrade.Migration `json:"migrations"`
		Notes        []string            `json:"notes"`
		Rewrites     []jsonRewrite       `json:"rewrites"`
		Findings     []string            `json:"findings"`
		Unknown      string              `json:"unknown,omitempty"`
		Output       *upgrade.Summary    `json:"output,omitempty"`
	}
	jsonRewrite struct {
		File string `json:"file"`
		From string `json:"from"`
		To   string `json:"to,omitempty"`
	}
)

func planJSON(w io.Writer, plans []vendorPlan) error {
	out := []jsonVendor{}
	for _, p := range plans {
		v := jsonVendor{Address: p.name(), Version: p.includes[0].Ref, Steps: []jsonStep{}}
		for _, d := range p.found {
			if d.Severity == diag.Error {
				v.Error = d.Text()
			}
		}
		for _, s := range p.steps {
			j := jsonStep{From: s.From, To: s.To, Ref: s.Ref, Major: s.Major, Stop: s.Stop, Passed: some(s.Passed), Irreversible: some(s.Irreversible),
				Migrations: some(s.Migrations), Notes: some(s.Notes), Rewrites: []jsonRewrite{}, Findings: []string{}, Unknown: s.unknown, Output: s.summary}
			for _, f := range s.files {
				for _, c := range f.changes {
					j.Rewrites = append(j.Rewrites, jsonRewrite{f.name, c.From, c.To})
				}
			}
			for _, d := range s.found {
				j.Findings = append(j.Findings, d.Text())
			}
			v.Steps = append(v.Steps, j)
		}
		out = append(out, v)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// some is a list that is not nil.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
