package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/load"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/pin"
	"github.com/octocompose/octocompose/compiler/source"
)

const lockLong = `Fetch what the config includes over the network, and write octo.lock beside it: one line for each file, image and program,
with the commit or digest it was taken from and the hash of its content. octo compile reads what octo.lock has, and nothing
else; so commit it.

Lines that are there are kept: a tag that was moved, or bytes that are others now, are an error, until --update takes them.
With --images every image is pinned to its digest, and stays so from then on.

  octo lock                                  add what is missing, take away what nothing names
  octo lock --update                         resolve everything anew
  octo lock --update=https://github.com/acme/charts.git
  octo lock --check                          exit 3 when the lock does not fit the config, or the network does not fit the lock`

// lockFlags are the flags of lock.
type lockFlags struct {
	inputs
	update        []string
	images, check bool
	quiet         bool
}

func (a *app) lockCommand() *cobra.Command {
	var c lockFlags
	cmd := &cobra.Command{
		Use:   "lock [flags]",
		Short: "Fetch what the config includes, and pin it in octo.lock",
		Long:  lockLong,
		Args:  noFiles("lock"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.lock(cmd.Context(), &c) },
	}
	c.flags(a, cmd)
	f := cmd.Flags()
	f.StringArrayVar(&c.update, "update", nil, "resolve anew what begins with `ADDRESS`; without one, everything")
	f.Lookup("update").NoOptDefVal = "*"
	f.BoolVar(&c.images, "images", false, "pin every image to the digest that its tag has now")
	f.BoolVar(&c.check, "check", false, "write nothing; say what would change, and what no longer is what was locked; exit 3 if anything")
	c.fetching(cmd)
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print errors only")
	return cmd
}

// fetching adds the flags of commands that use the network.
func (in *inputs) fetching(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&in.allow, "allow", nil, "`HOST` at a private address that may be fetched from: HOST, HOST:PORT or 10.0.0.0/8; can be repeated")
}

// updates says which lines of the old lock do not count under --update.
func (c *lockFlags) updates() func(lock.Line) bool {
	if len(c.update) == 0 {
		return nil
	}
	return func(l lock.Line) bool {
		return slices.ContainsFunc(c.update, func(prefix string) bool { return prefix == "*" || strings.HasPrefix(l.Name, prefix) })
	}
}

func (a *app) lock(ctx context.Context, c *lockFlags) error {
	s, err := a.setup(&c.inputs)
	if err != nil {
		return err
	}
	if c.check && len(c.update) > 0 {
		return usage("", "--check and --update cannot stand together: one writes nothing")
	}
	n := a.network(s, c.quiet)
	defer n.Close()
	k, err := a.resolve(ctx, c, s, n, c.updates())
	if err != nil {
		return err
	}
	if c.check {
		return a.checkLock(ctx, c, s, n, k)
	}
	return a.writeLock(k, c.quiet)
}

// resolved is a lock, and that which it takes the place of.
type resolved struct {
	path     string     // of octo.lock
	old, new *lock.File // old is nil when there is none
	result   *compiler.Result
}

// resolve fetches what the config needs, and makes its lock.
func (a *app) resolve(ctx context.Context, c *lockFlags, s setup, n pin.Network, update func(lock.Line) bool) (*resolved, error) {
	o, err := a.options(&c.inputs)
	if err != nil {
		return nil, err
	}
	k, err := a.relock(ctx, o, s, n, update, c.images)
	if err != nil {
		return nil, err
	}
	if found := ofLoading(k.result.Diagnostics); found.Has(diag.Error) {
		if err := a.findings(found, "text", false); err != nil {
			return nil, err
		}
		fmt.Fprintf(a.stderr, "%s; %s was not changed\n", diag.Summary(found), lock.Name)
		return nil, silent(exitCode(found))
	}
	return k, nil
}

// relock is resolve without a word about findings: with one of [ofLoading] there is no new lock.
func (a *app) relock(ctx context.Context, o compiler.Options, s setup, n pin.Network, update func(lock.Line) bool, images bool) (*resolved, error) {
	var err error
	k := &resolved{}
	locking := &pin.Locking{Context: ctx, Network: n, Store: s.store, Mirrors: s.mirrors, Update: update}
	opened := false
	o.Remote = func(f *source.File) (load.Remote, diag.List) {
		if opened {
			return locking, nil
		}
		opened = true
		ds := s.found
		if f != nil {
			var found diag.List
			k.old, found = lock.Parse(f)
			locking.Old = k.old
			for _, d := range found { // what cannot be read is written anew
				d.Severity = diag.Warning
			}
			ds = append(ds, found...)
		}
		return locking, ds
	}
	o.AllowEmpty = true
	if k.result, err = compiler.Front(ctx, o); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if ofLoading(k.result.Diagnostics).Has(diag.Error) {
		return k, nil
	}
	k.path = filepath.Join(k.result.Dir, lock.Name)
	hadImages := len(k.old.Below(lock.Image, "")) > 0
	if err := locking.Pin(images || hadImages); err != nil {
		return nil, environment(err)
	}
	k.new = locking.Lock()
	return k, nil
}

// loadingCodes are the findings without which a lock cannot be made; whatever else is wrong, octo check tells.
var loadingCodes = []diag.Code{
	diag.Remote, diag.Lock, diag.Signature, diag.Include, diag.MissingFile, diag.Syntax, diag.DuplicateKey, diag.Limit, diag.AliasBudget, diag.Cycle,
	diag.Interpolation, diag.Template, diag.Exclusive,
}

func ofLoading(ds diag.List) diag.List {
	var out diag.List
	for _, d := range ds {
		if slices.Contains(loadingCodes, d.Code) {
			out = append(out, d)
		}
	}
	return out
}

// exitCode is that of findings: of the environment when all errors are about the network.
func exitCode(ds diag.List) int {
	for _, d := range ds {
		if d.Severity == diag.Error && d.Code != diag.Remote {
			return exitConfig
		}
	}
	return exitEnvironment
}

// environment is an error of the network or the disk, with its advice; several are one.
func environment(err error) error {
	f := &failure{code: exitEnvironment, err: err}
	var e *pin.Error
	if errors.As(err, &e) {
		f.help = e.Help
		if e.Code == diag.Lock {
			f.code = exitConfig
		}
	}
	return f
}

// writeLock brings octo.lock up to date.
func (a *app) writeLock(k *resolved, quiet bool) error {
	if k.old == nil && len(k.new.Lines()) == 0 {
		if !quiet {
			fmt.Fprintln(a.stderr, "the config names nothing that could be locked; octo lock --images pins its images")
		}
		return nil
	}
	data := k.new.Bytes()
	if have, err := os.ReadFile(k.path); err == nil && string(have) == string(data) {
		if !quiet {
			fmt.Fprintf(a.stderr, "%s is up to date: %s\n", show(k.path), count(len(k.new.Lines()), "line", "lines"))
		}
		return nil
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	if err := replaceFile(k.path, data); err != nil {
		return err
	}
	if !quiet {
		for _, l := range lockChanges(k.old, k.new) {
			fmt.Fprintln(a.stderr, l)
		}
		fmt.Fprintf(a.stderr, "wrote %s: %s\n", show(k.path), count(len(k.new.Lines()), "line", "lines"))
	}
	return nil
}

// lockChanges says what differs between two locks, a line each.
func lockChanges(from, to *lock.File) []string {
	var out []string
	for _, l := range to.Lines() {
		was, ok := from.Get(l.Kind, l.Name)
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("+ %s %s %s", l.Kind, l.Name, pinnedAs(l)))
		case was.Sum != l.Sum || was.Revision != l.Revision:
			out = append(out, fmt.Sprintf("~ %s %s %s, was %s", l.Kind, l.Name, pinnedAs(l), pinnedAs(was)))
		}
	}
	for _, l := range from.Lines() {
		if _, ok := to.Get(l.Kind, l.Name); !ok {
			out = append(out, fmt.Sprintf("- %s %s", l.Kind, l.Name))
		}
	}
	return out
}

// pinnedAs is a short name of what a line pins.
func pinnedAs(l lock.Line) string {
	v := l.Revision
	if v == "" {
		v = l.Sum
	}
	if i := strings.IndexByte(v, ':'); i >= 0 {
		return v[:min(len(v), i+13)]
	}
	return v[:min(len(v), 12)]
}

// checkLock says what octo lock would change, and what the network has that differs from what was locked.
func (a *app) checkLock(ctx context.Context, c *lockFlags, s setup, n pin.Network, k *resolved) error {
	changes := lockChanges(k.old, k.new)
	for _, l := range changes {
		fmt.Fprintln(a.stdout, l)
	}
	fresh := &lockFlags{inputs: c.inputs, images: c.images, quiet: true}
	now, err := a.resolve(ctx, fresh, s, n, func(lock.Line) bool { return true })
	if err != nil {
		return err
	}
	moved := 0
	for _, l := range now.new.Lines() {
		was, ok := k.new.Get(l.Kind, l.Name)
		if ok && (was.Sum != l.Sum || was.Revision != l.Revision) {
			moved++
			fmt.Fprintf(a.stdout, "! %s %s was %s and is %s now\n", l.Kind, l.Name, pinnedAs(was), pinnedAs(l))
		}
	}
	switch {
	case len(changes) > 0 && moved > 0:
		fmt.Fprintf(a.stderr, "%s does not fit the config, and %s moved since; run octo lock, and octo lock --update when that is meant\n", show(k.path), count(moved, "thing", "things"))
	case len(changes) > 0:
		fmt.Fprintf(a.stderr, "%s does not fit the config: run octo lock\n", show(k.path))
	case moved > 0:
		fmt.Fprintf(a.stderr, "%s moved since %s was written: ask the vendor when it is a tag; octo lock --update takes what is there now\n", count(moved, "thing", "things"), show(k.path))
	default:
		if !c.quiet {
			fmt.Fprintf(a.stderr, "%s fits: %s\n", show(k.path), count(len(k.new.Lines()), "line", "lines"))
		}
		return nil
	}
	return silent(exitDiffers)
}

// replaceFile writes a file beside its place and moves it there, so that nobody reads half of it.
func replaceFile(name string, data []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", show(name), pathCause(err))
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot write %s: %w", show(name), pathCause(err))
	}
	return nil
}
