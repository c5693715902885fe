package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/fetch"
	"github.com/octocompose/octocompose/compiler/pin"
	"github.com/octocompose/octocompose/compiler/remote"
)

// network fetches for the commands that may.
type network struct{ *fetch.Client }

// network is the network under the settings s. Close it.
func (a *app) network(s setup, quiet bool) network {
	c := &fetch.Client{Temp: filepath.Join(s.cache, "fetching"), Allow: s.allow, Version: thisBuild().Version, Env: a.env}
	if out, ok := terminal(a.stderr); ok && !quiet {
		c.Progress = (&progress{out: out}).show
	}
	return network{c}
}

// At is [fetch.Client.At] as package pin takes it.
func (n network) At(ctx context.Context, a remote.Address, revision string) (pin.Snapshot, error) {
	s, err := n.Client.At(ctx, a, revision)
	if err != nil {
		return nil, advised(err)
	}
	return snapshot{s}, nil
}

// Image is [fetch.Client.Image].
func (n network) Image(ctx context.Context, name string) (string, error) {
	digest, err := n.Client.Image(ctx, name)
	return digest, advised(err)
}

// Text is [fetch.Client.Text].
func (n network) Text(ctx context.Context, url string, max int64) ([]byte, error) {
	data, err := n.Client.Text(ctx, url, max)
	return data, advised(err)
}

// Versions is [fetch.Client.Versions].
func (n network) Versions(ctx context.Context, a remote.Address) ([]string, error) {
	list, err := n.Client.Versions(ctx, a)
	return list, advised(err)
}

type snapshot struct{ *fetch.Snapshot }

// Read is [fetch.Snapshot.Read].
func (s snapshot) Read(ctx context.Context, path string) ([]byte, error) {
	data, err := s.Snapshot.Read(ctx, path)
	return data, advised(err)
}

// advised is an error of a fetch as a finding can show it: with what to do, and with the code of what was locked where it
// is no longer there.
func advised(err error) error {
	var e *fetch.Error
	if !errors.As(err, &e) {
		return err
	}
	code := diag.Remote
	if errors.Is(err, fetch.ErrMoved) || errors.Is(err, fetch.ErrDigest) {
		code = diag.Lock
	}
	return &pin.Error{Code: code, Message: err.Error(), Help: e.Help, Err: err}
}

// progress is one line on a terminal that says what is being fetched.
type progress struct {
	mu  sync.Mutex
	out io.Writer
}

const clearLine = "\r\x1b[K"

func (p *progress) show(e fetch.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Done {
		fmt.Fprint(p.out, clearLine)
		return
	}
	text := "fetching " + e.Address
	if len(text) > 100 {
		text = text[:99] + "…"
	}
	if e.Total > 0 {
		text += fmt.Sprintf(" %d %%", e.Bytes*100/e.Total)
	}
	fmt.Fprint(p.out, clearLine+strings.Map(printable, text))
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}
