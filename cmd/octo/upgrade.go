package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
)

const upgradeLong = `Show or take the steps from the versions that the config includes to newer ones: first to the latest version of the same
major, then of the next one, and so on; a step ends early where the vendor's versions.yaml wants a stop.

  octo upgrade                               what each step would change; writes nothing
  octo upgrade --step                        take the first: edit the include, write octo.lock, compile
  octo upgrade --step --to 1.4.0             take it to a version that is nearer
  octo upgrade --step https://github.com/acme/charts.git

ADDRESS is the beginning of the address of one include; --step needs it when several vendors have something newer. A step
edits your files in place, with their comments; when the result does not compile, nothing is written. Look at it with git
diff, do what is said before you apply it, apply, and take the next one. docs/upgrade.md tells more.`

// upgradeFlags are the flags of upgrade.
type upgradeFlags struct {
	inputs
	plan, step, pre bool
	to              string
	output          choice
}

func (a *app) upgradeCommand() *cobra.Command {
	var c upgradeFlags
	cmd := &cobra.Command{
		Use:   "upgrade [ADDRESS] [flags]",
		Short: "Show or take the steps to newer versions of what the config includes",
		Long:  upgradeLong,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("name one include, or its beginning", "upgrade: takes one ADDRESS, and there are %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.upgrade(cmd.Context(), &c, strings.Join(args, ""))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&c.plan, "plan", false, "show what each step changes, and write nothing; the default")
	f.BoolVar(&c.step, "step", false, "take the first step")
	f.StringVar(&c.to, "to", "", "end at `VERSION`; with --step it must be one step away")
	f.BoolVar(&c.pre, "pre", false, "go to pre-releases too, such as 2.0.0-rc.1")
	c.flags(a, cmd)
	c.outputs(a, cmd)
	c.fetching(cmd)
	c.output = choice{value: "text", allowed: []string{"text", "json", "markdown"}}
	f.VarP(&c.output, "output", "o", "`FORMAT` of the plan: text, json or markdown")
	return cmd
}

// upgrader is one run of upgrade.
type upgrader struct {
	*app
	*upgradeFlags
	options compiler.Options
	setup   setup
	network network
	vendors []*vendor
	// before is the config as it is.
	before *upgradeState
}

func (a *app) upgrade(ctx context.Context, c *upgradeFlags, address string) error {
	switch {
	case c.plan && c.step:
		return usage("", "--plan and --step cannot stand together: one writes nothing")
	case c.step && c.output.value != "text":
		return usage("", "-o, --output is the format of the plan, and --step prints none")
	case slices.Contains(c.files, "-"):
		return usage("name the file with -f", "upgrade: cannot edit standard input")
	}
	u := &upgrader{app: a, upgradeFlags: c}
	var err error
	if u.setup, err = a.setup(&c.inputs); err != nil {
		return err
	}
	if u.options, err = a.options(&c.inputs); err != nil {
		return err
	}
	u.network = a.network(u.setup, false)
	defer u.network.Close()
	if u.before, err = u.state(ctx, nil); err != nil {
		return err
	}
	if u.before.result == nil {
		return u.refuse(u.before.found)
	}
	if err := u.findVendors(); err != nil {
		return err
	}
	if err := u.choose(address); err != nil {
		return err
	}
	if len(u.vendors) == 0 {
		fmt.Fprintln(a.stderr, "the config includes nothing from elsewhere: there is nothing to upgrade")
		return u.printPlan(nil)
	}
	for _, v := range u.vendors {
		if err := u.route(ctx, v); err != nil {
			return err
		}
	}
	if c.step {
		return u.takeStep(ctx)
	}
	return u.showPlan(ctx)
}

// choose keeps the vendors whose address begins with address; "" is all.
func (u *upgrader) choose(address string) error {
	if address == "" || len(u.vendors) == 0 {
		return nil
	}
	var found []*vendor
	var names []string
	for _, v := range u.vendors {
		names = append(names, v.address())
		if v.called(address) {
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		return usage("there are "+list(names, "and"), "no include begins with %q", address)
	}
	u.vendors = found
	return nil
}

// refuse prints findings for which nothing is written.
func (u *upgrader) refuse(found diag.List) error {
	if err := u.findings(found, "text", false); err != nil {
		return err
	}
	fmt.Fprintf(u.stderr, "%s; nothing was written\n", diag.Summary(found))
	return silent(exitCode(found))
}
