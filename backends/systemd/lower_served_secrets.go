package systemd

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// loadSecret has the unit of the config server load a secret, and returns where the server reads it; "" when that was
// reported.
func (l *lowering) loadSecret(key string, at tree.Path) string {
	return l.loadFor(&l.serving.secrets, l.configUnit(), key, at)
}

// loadFor has a unit of octo-sidecar run, without .service, load a secret, and returns where it reads it; "" when that was
// reported. list are the secrets of the unit. The path is one that a file may hold, where %d of a unit cannot stand: for
// system services, /run/credentials/UNIT (systemd.exec(5), LoadCredential=).
func (l *lowering) loadFor(list *[]*model.Secret, unit, key string, at tree.Path) string {
	secret := l.p.Secret(key)
	switch {
	case secret == nil:
		return "" // package resolve has reported it
	case secret.External:
		l.refuse(at, "write credential: or file: below secrets."+key, "octo-sidecar cannot read the secret %s of Podman", key)
		return ""
	}
	l.secrets[key] = true
	if !slices.Contains(*list, secret) {
		if l.sourceOf(secret) == "" {
			l.noSecret(secret, at)
			return ""
		}
		*list = append(*list, secret)
	}
	return "/run/credentials/" + unit + ".service/" + key
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

// vaultsBefore sorts the secrets of a unit, which comes after those that read them from Vault, and changes with where they lie.
func (l *lowering) vaultsBefore(list []*model.Secret, us *Section, config *configHash, at tree.Path) {
	slices.SortFunc(list, func(a, b *model.Secret) int { return strings.Compare(a.Key, b.Key) })
	for _, s := range list {
		if s.Vault != nil {
			us.Fixed("Wants", l.vaultUnit(s)+".service", at)
			us.Fixed("After", l.vaultUnit(s)+".service", at)
			config.add([]byte(strings.Join(s.Vault.Words(), "\n")))
		}
	}
}

// credentials loads the secrets of a unit.
func (l *lowering) credentials(list []*model.Secret, sv *Section, at tree.Path) {
	for _, s := range list {
		sv.Fields("LoadCredential", ":", at, s.Key, l.sourceOf(s))
	}
}

// keys are the names of secrets.
func keys(list []*model.Secret) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Key)
	}
	return out
}
