package check

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// secrets: where a secret lies in a vault or in a file of sops must be a place there.
func (c *checker) secrets() {
	for _, s := range c.project.Secrets {
		if v := s.Vault; v != nil && v.Path != "" {
			at := s.Path.Keys("vault", "path")
			parts := strings.Split(v.Full(), "/")
			switch {
			case slices.Contains(parts, ".") || slices.Contains(parts, ".."):
				c.error(diag.Pattern, at, "cannot use %q as a path of Vault; it has a part that is . or ..", v.Full()).
					Helpf("want MOUNT/PATH, as vault kv get takes it: secret/shop/db")
			case len(parts) < 2:
				c.error(diag.Pattern, at, "cannot use %q as a path of Vault; want MOUNT/PATH", v.Path).
					Helpf("the first part is the mount of the KV engine: secret/%s", v.Path)
			}
		}
		if strings.EqualFold(s.Prompt, "false") {
			c.error(diag.Enum, s.Path.Key("prompt"), "cannot use false; want true, or the question").
				Helpf("delete the line, or take what a layer below says away with prompt: !reset null")
		}
		if n := c.root.Get("secrets").Get(s.Key).Get("generate"); n != nil && n.Kind == tree.Bool && !s.Generate {
			c.error(diag.Enum, s.Path.Key("generate"), "cannot use false; want true").
				Helpf("delete the line, and say where the secret comes from")
		}
		if s.Sops != nil {
			if _, err := s.Sops.Extract(); err != nil {
				c.error(diag.Pattern, s.Path.Keys("sops", "key"), "%s", err).
					Helpf("want keys with dots between them, as in db.password, or [\"db\"][\"password\"] where a key has a dot")
			}
		}
	}
}
