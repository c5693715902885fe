package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/octocompose/octocompose/runtime/observe"
)

// askTime is how long octo-sidecar status waits for the one that runs.
const askTime = 5 * time.Second

func makeStatus(c *call) func(context.Context, []string) error {
	state := c.flags.String("state", "", "the folder of the one that runs; else $STATE_DIRECTORY")
	asJSON := c.flags.Bool("json", false, "print what it answers, as JSON")
	return func(ctx context.Context, words []string) error {
		if *state == "" {
			*state = c.env("STATE_DIRECTORY")
		}
		if *state == "" || len(words) > 0 {
			return errUsage{errors.New("want status --state=DIR [--json]")}
		}
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		data, err := observe.Ask(ctx, filepath.Join(*state, statusSocket))
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = c.stdout.Write(data)
			return err
		}
		return observe.Print(c.stdout, data)
	}
}
