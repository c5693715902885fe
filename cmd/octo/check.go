package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler/diag"
)

const checkLong = `Check the config for its targets: everything that octo compile does but writing. All mistakes are reported in one run,
each at its place and with what to do. Exit code 1 when there is an error, with --strict also when there is a warning.`

func (a *app) checkCommand() *cobra.Command {
	var c compileFlags
	cmd := &cobra.Command{
		Use:   "check [flags]",
		Short: "Report every mistake in the config, and write nothing",
		Long:  checkLong,
		Args:  noFiles("check"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withAnswers(cmd.Context(), &c, func() error { return a.check(cmd.Context(), &c) })
		},
	}
	c.flags(a, cmd)
	c.outputs(a, cmd)
	c.judging(cmd, "text", "json", "github")
	_ = cmd.Flags().MarkHidden("verbose")
	return cmd
}

func (a *app) check(ctx context.Context, c *compileFlags) error {
	r, err := a.runCompiler(ctx, c)
	if err != nil {
		return err
	}
	if r.Diagnostics.Has(diag.Error) {
		return a.refused(r, c)
	}
	if err := a.say(r.Diagnostics, c); err != nil {
		return err
	}
	if c.quiet || c.output.value != "text" {
		return nil
	}
	var names []string
	for _, t := range r.Targets {
		names = append(names, t.Target.Name)
	}
	text := count(len(r.Project.Services), "service", "services") + ", no errors for " + list(names, "and")
	if s := diag.Summary(r.Diagnostics); s != "" {
		text = s + "; " + text
	}
	fmt.Fprintln(a.stderr, text)
	return nil
}
