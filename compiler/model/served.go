package model

import (
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Served is the configuration of a service that octo-sidecar serves to it over HTTPS (services.X.config.deliver.url).
type Served struct {
	Service string
	// Env is the variable that holds the address. Beside it stand EnvUser, EnvPassword and EnvCA.
	Env string
	// Values are JSON: indented, keys sorted, one newline at the end. Where a secret belongs, its mark stands
	// ({{ secret.NAME }}).
	Values []byte
	// Marks are the secrets that belong there, sorted by name; all are in Project.Secrets.
	Marks []Mark
	// Password is the key of the secret that the service asks with; it is in Project.Secrets, and among the secrets of the
	// service, which finds it where PasswordTarget says.
	Password string
	// Path is services.X.config.deliver.url, and At where it stands: the tree that is lowered has no config any more.
	Path tree.Path
	At   source.Span
}

// Mark is a secret that belongs into a config when it is served.
type Mark struct {
	Name string
	At   []string // JSON pointers (RFC 6901) of the texts that hold its mark
}

// The names of the variables beside that of the address.
func (s *Served) EnvUser() string     { return s.Env + "_USER" }
func (s *Served) EnvPassword() string { return s.Env + "_PASSWORD_FILE" }
func (s *Served) EnvCA() string       { return s.Env + "_CA_FILE" }

// PasswordTarget is the path of the password in a container.
const PasswordTarget = "/run/secrets/config-password"

// ServedPort is where octo-sidecar listens: a port that no well-known program takes, since 8443 is that of many.
const ServedPort = 8627

// URL is the address of the config at a host: https://HOST:8627/v1/config/SERVICE.
func (s *Served) URL(host string) string {
	return "https://" + host + ":8627/v1/config/" + s.Service
}

// ServedOf is what is served to a service; nil when that is nothing.
func (p *Project) ServedOf(service string) *Served {
	for _, s := range p.Served {
		if s.Service == service {
			return s
		}
	}
	return nil
}
