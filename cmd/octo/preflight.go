package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/runtime/preflight"
)

type preflightFlags struct {
	inputs
	timeout time.Duration
	output  choice
}

const preflightLong = `Run the preflight checks of the services on this machine: ports that must be free, room on disks, the kernel, names and
URLs that must answer, commands. The commands of the config are run, as who octo is run by. With no SERVICE, those of all
services that would be started. Exit code 4 when a check fails.`

func (a *app) preflightCommand() *cobra.Command {
	var c preflightFlags
	cmd := &cobra.Command{
		Use:   "preflight [flags] [SERVICE...]",
		Short: "Check whether this machine can run the services",
		Long:  preflightLong,
		RunE:  func(cmd *cobra.Command, args []string) error { return a.preflight(cmd.Context(), &c, args) },
	}
	c.flags(a, cmd)
	cmd.Flags().DurationVar(&c.timeout, "timeout", 10*time.Second, "give up on a check after `TIME`")
	c.output = choice{value: "text", allowed: []string{"text", "json"}}
	cmd.Flags().VarP(&c.output, "output", "o", "`FORMAT`: text or json")
	return cmd
}

// verdict is what came out of one check.
type verdict struct {
	Service string `json:"service"`
	Check   string `json:"check"`
	Holds   bool   `json:"holds"`
	Seen    string `json:"seen,omitempty"`
	run     preflight.Func
}

func (a *app) preflight(ctx context.Context, c *preflightFlags, names []string) error {
	if c.timeout <= 0 {
		return usage("", "--timeout must be more than 0")
	}
	o, err := a.options(&c.inputs)
	if err != nil {
		return err
	}
	r, err := compiler.Front(ctx, o)
	if err != nil {
		return err
	}
	if err := a.mustLoad(r); err != nil {
		return err
	}
	list, err := checksOf(r.Project, names)
	if err != nil {
		return err
	}
	if err := runChecks(ctx, list, c.timeout); err != nil {
		return err
	}
	return a.printVerdicts(list, c.output.value == "json")
}

// checksOf are the checks of the services named, or of all that would be started.
func checksOf(p *model.Project, names []string) ([]verdict, error) {
	services := p.Services
	if len(names) > 0 {
		services = nil
		for _, name := range names {
			s := p.Service(name)
			if s == nil {
				return nil, noService(p, name)
			}
			services = append(services, s)
		}
	}
	var list []verdict
	for _, s := range services {
		if len(names) == 0 && !s.InProfile(p.Profiles) {
			continue
		}
		for i := range s.Preflight {
			words := s.Preflight[i].Words()
			run, err := preflight.Parse(words)
			if err != nil {
				return nil, fmt.Errorf("cannot read the check %s: %w", s.Preflight[i].Path, err)
			}
			list = append(list, verdict{Service: s.Name, Check: strings.Join(words, " "), run: run})
		}
	}
	return list, nil
}

func noService(p *model.Project, name string) error {
	known := make([]string, len(p.Services))
	for i, s := range p.Services {
		known[i] = s.Name
	}
	help := "the services are " + list(known, "and")
	if near := diag.Near(name, known); near != "" {
		help = "did you mean " + near + "?"
	}
	return usage(help, "preflight: no service is called %q", name)
}

// parallel is how many checks run at a time.
const parallel = 8

// runChecks fills in what comes out. They run side by side, as most of them wait.
func runChecks(ctx context.Context, list []verdict, timeout time.Duration) error {
	var wait sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range list {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			one, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			err := list[i].run(one)
			list[i].Holds = err == nil
			switch {
			case err == nil:
			case errors.Is(one.Err(), context.DeadlineExceeded):
				list[i].Seen = fmt.Sprintf("no answer within %s", timeout)
			default:
				list[i].Seen = err.Error()
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

// printVerdicts prints one line for each check, and fails when one of them does.
func (a *app) printVerdicts(list []verdict, asJSON bool) error {
	failed := 0
	for _, v := range list {
		if !v.Holds {
			failed++
		}
	}
	if asJSON {
		if list == nil {
			list = []verdict{}
		}
		text, err := json.MarshalIndent(list, "", "  ")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.stdout, "%s\n", text); err != nil {
			return err
		}
	} else {
		w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		for _, v := range list {
			result := "holds"
			if !v.Holds {
				result = "fails: " + v.Seen
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", v.Service, v.Check, result)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	switch {
	case len(list) == 0:
		fmt.Fprintln(a.stderr, "no service has a preflight check; write preflight: [{ port: 8080 }] in one")
	case failed > 0:
		return &failure{code: exitEnvironment, err: fmt.Errorf("%d of %s failed on this machine", failed, count(len(list), "check", "checks"))}
	}
	return nil
}
