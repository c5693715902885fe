package compose

import (
	"slices"
	"strconv"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// Where the server finds its files.
const (
	runFile      = "/etc/octo/run.json"
	valuesFolder = "/etc/octo/configs/"
	stateFolder  = "/var/lib/octo"
)

// secretFile is where the server finds a secret.
func secretFile(key string) string { return "/run/secrets/" + key }

// configOf is the key of the config that holds the values of a service.
func configOf(c *model.Served) string { return configName + "-" + c.Service }

// configMount is a config of the server.
type configMount struct {
	key, target string
	data        []byte
	from        tree.Path
	origins     []tree.Origin // of its lines; nil: all are from
}

// configFiles are the configs of the server: its spec, then the values of each service. It notes the secrets that the
// server reads.
func (l *lowering) configFiles() []configMount {
	s := l.server
	at, _ := l.passwordMount(s.served[0])
	serve := &spec.Serve{Listen: ":" + strconv.Itoa(model.ServedPort), Names: []string{s.host}, CA: configCAFile}
	out := []configMount{{key: configName, target: runFile, from: at}}
	for _, c := range s.served {
		from, _ := l.passwordMount(c)
		file := valuesFolder + c.Service + ".json"
		client := spec.Service{Name: c.Service, Config: file, Password: secretFile(c.Password)}
		s.reads(c.Password)
		for _, m := range c.Marks {
			client.Secrets = append(client.Secrets, spec.Secret{Name: m.Name, At: m.At, File: secretFile(m.Name)})
			s.reads(m.Name)
		}
		serve.Services = append(serve.Services, client)
		out = append(out, configMount{key: configOf(c), target: file, data: c.Values, from: from})
	}
	data, err := spec.Run{Project: l.in.Project.Name, Serve: serve, Status: l.status()}.Marshal()
	if err != nil {
		l.ds.Error(diag.Internal, at, "%v", err)
	}
	out[0].data = data
	return out
}

// reads notes a secret that the server reads.
func (s *server) reads(key string) {
	if i, found := slices.BinarySearch(s.secrets, key); !found {
		s.secrets = slices.Insert(s.secrets, i, key)
	}
}
