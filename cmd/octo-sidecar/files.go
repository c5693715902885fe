package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"

	"golang.org/x/term"

	"github.com/octocompose/octocompose/runtime/fetch"
	"github.com/octocompose/octocompose/runtime/install"
	"github.com/octocompose/octocompose/runtime/spec"
	"github.com/octocompose/octocompose/runtime/trust"
)

// maxSpec is the most that a spec may have, in bytes.
const maxSpec = 1 << 20

func makeFetch(c *call) func(context.Context, []string) error {
	file := c.flags.String("spec", "", "the file that says what to fetch")
	return func(ctx context.Context, words []string) error {
		if *file == "" || len(words) > 0 {
			return errUsage{errors.New("want fetch --spec=FILE")}
		}
		trust.Fallback()
		data, err := read(*file)
		if err != nil {
			return fmt.Errorf("cannot read the spec: %w", err)
		}
		f, err := spec.ParseFetch(data)
		if err != nil {
			return fmt.Errorf("%s: %w", *file, err)
		}
		return fetch.Run(ctx, f, fetch.Options{
			Platform:  runtime.GOOS + "_" + runtime.GOARCH,
			Transport: fetch.Transport(http.ProxyFromEnvironment),
			Say:       c.say,
			Progress:  c.terminal(),
		})
	}
}

// terminal is standard error where that is a terminal, else nil. What is shown there is text, spaces and carriage returns,
// which a dumb terminal knows too (terminfo(5), dumb), and no colour: neither TERM nor NO_COLOR changes it.
func (c *call) terminal() io.Writer {
	if f, ok := c.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSpec+1))
	if err == nil && len(data) > maxSpec {
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxSpec)
	}
	return data, err
}

func makeInstall(*call) func(context.Context, []string) error {
	return func(_ context.Context, words []string) error {
		if len(words) != 1 || words[0] == "" {
			return errUsage{errors.New("want install DIR")}
		}
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("cannot find this program: %w", err)
		}
		return install.Copy(self, words[0])
	}
}
