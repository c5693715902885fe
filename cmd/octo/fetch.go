package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/pin"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
)

const fetchLong = `Fetch every file that octo.lock has and this machine has not, so that octo compile finds it: on a new machine, in CI. What
arrives must be what octo.lock says; it is never changed. Images and programs are fetched where they run, not here.`

// fetchers is how many repositories, artifacts and hosts are asked at once.
const fetchers = 8

func (a *app) fetchCommand() *cobra.Command {
	var in inputs
	var quiet bool
	cmd := &cobra.Command{
		Use:   "fetch [flags]",
		Short: "Fetch what octo.lock has",
		Long:  fetchLong,
		Args:  noFiles("fetch"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.fetch(cmd.Context(), &in, quiet) },
	}
	f := cmd.Flags()
	f.StringArrayVarP(&in.files, "file", "f", nil, "fetch for the config `FILE`, beside which octo.lock lies (default: in the working directory)")
	f.StringArrayVar(&in.mirrors, "mirror", nil, "`PREFIX=DIR`: what begins with PREFIX, such as https://github.com/acme/, is in DIR, and is not fetched; can be repeated")
	in.fetching(cmd)
	f.BoolVarP(&quiet, "quiet", "q", false, "print errors only")
	return cmd
}

func (a *app) fetch(ctx context.Context, in *inputs, quiet bool) error {
	s, err := a.setup(in)
	if err != nil {
		return err
	}
	dir := "."
	if len(in.files) > 0 && in.files[0] != "-" {
		dir = filepath.Dir(in.files[0])
	}
	name := filepath.ToSlash(filepath.Join(dir, lock.Name))
	f, err := source.Disk{}.Read(name)
	if err != nil {
		return &failure{code: exitConfig, err: err, help: "octo lock writes it, and fetches at the same time"}
	}
	l, ds := lock.Parse(f)
	if ds = append(s.found, ds...); ds.Has(diag.Error) {
		if err := a.findings(ds, "text", false); err != nil {
			return err
		}
		return silent(exitConfig)
	}
	n := a.network(s, quiet)
	defer n.Close()
	have, fetched, err := a.fetchLines(ctx, l, s, n)
	if err != nil {
		return err
	}
	if !quiet {
		fmt.Fprintf(a.stderr, "%s fetched, %d there already\n", count(fetched, "file", "files"), have)
	}
	return nil
}

// fetchLines fetches what is missing, a repository, artifact or host at a time, several at once. All errors are told.
func (a *app) fetchLines(ctx context.Context, l *lock.File, s setup, n pin.Network) (have, fetched int, err error) {
	groups := map[string][]lock.Line{}
	var order []string
	for _, line := range l.Below(lock.Inclusion, "") {
		if _, err := s.store.Get(line.Sum); err == nil {
			have++
			continue
		}
		at, err := remote.Parse(line.Name)
		if err != nil {
			return 0, 0, &failure{code: exitConfig, err: fmt.Errorf("%s: %w", line.At, err), help: "octo lock writes the lock anew"}
		}
		origin := at.Origin().String() + " " + line.Revision
		if groups[origin] == nil {
			order = append(order, origin)
		}
		groups[origin] = append(groups[origin], line)
	}
	var (
		wg   sync.WaitGroup
		free = make(chan struct{}, fetchers)
		errs = make([]error, len(order))
	)
	for i, origin := range order {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			one := &pin.Locking{Context: ctx, Network: n, Old: l, Store: s.store, Mirrors: s.mirrors}
			for _, line := range groups[origin] {
				at, _ := remote.Parse(line.Name)
				if _, err := one.Read(at); err != nil {
					errs[i] = errors.Join(errs[i], err)
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, 0, environment(err)
	}
	for _, origin := range order {
		fetched += len(groups[origin])
	}
	return have, fetched, nil
}
