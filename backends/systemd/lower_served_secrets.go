package systemd

import (
	"slices"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// loadSecret has the unit of the config server load a secret, and returns where the server reads it; "" when that was
// reported. The path is one that a file may hold, where %d of a unit cannot stand: for system services,
// /run/credentials/UNIT (systemd.exec(5), LoadCredential=).
func (l *lowering) loadSecret(key string, at tree.Path) string {
	secret := l.p.Secret(key)
	switch {
	case secret.External:
		l.refuse(at, "write credential: or file: below secrets."+key, "octo-sidecar cannot read the secret %s of Podman", key)
		return ""
	}
	l.secrets[key] = true
	if !slices.Contains(l.serving.secrets, secret) {
		if l.sourceOf(secret) == "" {
			l.noSecret(secret, at)
			return ""
		}
		l.serving.secrets = append(l.serving.secrets, secret)
	}
	return "/run/credentials/" + l.configUnit() + ".service/" + key
}

// sourceOf is what LoadCredential= reads a secret from: the name of one below /etc/credstore, or a file; "": nothing.
func (l *lowering) sourceOf(s *model.Secret) string {
	switch {
	case l.storedAs(s) != "":
		return l.storedAs(s)
	case s.Vault != nil:
		return l.vaultFile(s)
	case s.File != "":
		return l.file(s.File, s.Path.Key("file"))
	}
	return ""
}

// servedKeys are the secrets that the config server reads.
func (l *lowering) servedKeys() []string {
	var out []string
	for _, s := range l.serving.secrets {
		out = append(out, s.Key)
	}
	return out
}
