package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/octocompose/octocompose/runtime/secret"
	"github.com/octocompose/octocompose/runtime/trust"
)

func makeSecret(c *call) func(context.Context, []string) error {
	var r secret.Reference
	var f secret.Files
	c.flags.SetInterspersed(true) // the flags stand behind the word
	c.flags.StringVar(&r.Path, "path", "", "where it lies: MOUNT/PATH")
	c.flags.StringVar(&r.Key, "key", "", "the field")
	c.flags.StringVar(&r.Mount, "mount", "", "the mount of the engine, where its name has a slash")
	c.flags.IntVar(&r.Version, "version", 0, "the version; 0 is the newest")
	c.flags.StringVar(&r.Address, "address", "", "the server, or unix:///SOCKET of an agent; else VAULT_ADDR")
	c.flags.StringVar(&f.Token, "token-file", "", "the file of a token")
	c.flags.StringVar(&f.RoleID, "role-id-file", "", "the file of the role id of an AppRole")
	c.flags.StringVar(&f.SecretID, "secret-id-file", "", "the file of its secret id")
	out := c.flags.String("out", "", "the file to write; else stdout")
	timeout := c.flags.Duration("timeout", 30*time.Second, "give up after this time")
	return func(ctx context.Context, words []string) error {
		if len(words) != 1 || words[0] != "vault" || r.Path == "" || r.Key == "" || r.Version < 0 {
			return errUsage{errors.New("want secret vault --path=MOUNT/PATH --key=FIELD")}
		}
		if *timeout <= 0 {
			return errUsage{errTimes}
		}
		trust.Fallback()
		login, err := secret.FindLogin(f, c.env)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		value, err := secret.Vault(ctx, r, login, c.say)
		if err != nil {
			return err
		}
		if *out != "" {
			return secret.Write(*out, value)
		}
		if _, err := c.stdout.Write(value); err != nil {
			return fmt.Errorf("cannot write to stdout: %w", err)
		}
		return nil
	}
}
