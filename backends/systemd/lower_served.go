package systemd

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// Configs that are served over HTTPS: one unit PROJECT-config.service runs octo-sidecar on the host, and is a native
// program of the networks of those who ask it.

// Where a service finds the authority of the server: the folder, in its image and beside a program alike, and the file.
const (
	servedFolder = "/run/octo"
	servedCA     = servedFolder + "/ca.pem"
)

// configUnit is the unit of the config server, without .service. Its folders in /run and /var/lib are called so too.
func (l *lowering) configUnit() string { return l.names.project + "-config" }

// serving is what the project's config server needs to know.
type serving struct {
	by      map[string]*model.Served // by password
	clients []*service               // services, and containers of pre_start, that ask
	secrets []*model.Secret          // that the unit loads, sorted by key once it is made
}

// findServed fills l.serving.
func (l *lowering) findServed() {
	if len(l.p.Served) == 0 {
		return
	}
	l.serving.by = make(map[string]*model.Served, len(l.p.Served))
	for _, v := range l.p.Served {
		l.serving.by[v.Password] = v
	}
	for _, s := range l.services {
		if l.servedTo(s) != nil {
			l.serving.clients = append(l.serving.clients, s)
		}
		for i, m := range s.PreStart {
			pre := &service{Service: m, of: s, index: i, native: s.native && !l.ownImage(s, i)}
			if l.servedTo(pre) != nil {
				l.serving.clients = append(l.serving.clients, pre)
			}
		}
	}
}

// servedTo is what is served to s, or nil: to who has the password, as the service itself, its one-shots and those of its
// containers of pre_start that have no secrets of their own.
func (l *lowering) servedTo(s *service) *model.Served {
	for i := range s.Secrets {
		if r := &s.Secrets[i]; r.Target == model.PasswordTarget && l.serving.by[r.Source] != nil {
			return l.serving.by[r.Source]
		}
	}
	return nil
}

// servedVariables are where s finds its config, and what it needs to ask.
func (l *lowering) servedVariables(s *service) []variable {
	v := l.servedTo(s)
	if v == nil {
		return nil
	}
	host := l.wayTo(s).host
	if host == "" {
		return nil // reported
	}
	var out []variable
	for _, p := range []model.Pair{
		{Key: v.Env, Value: v.URL(host)}, {Key: v.EnvUser(), Value: v.Service},
		{Key: v.EnvPassword(), Value: model.PasswordTarget}, {Key: v.EnvCA(), Value: servedCA},
	} {
		// What runs before the service may say otherwise in an environment of its own.
		if !slices.ContainsFunc(s.Environment, func(own model.Pair) bool { return own.Key == p.Key }) {
			out = append(out, variable{p, v.Path})
		}
	}
	return out
}

// servedUnits are the units of the config server that s wants and comes after: as the server says itself that it works,
// its certificate is there when s starts.
func (l *lowering) servedUnits(s *service) []string {
	if l.servedTo(s) == nil {
		return nil
	}
	return []string{l.configUnit() + ".service"}
}

// servedFiles shows s the authority of the server. The folder is mounted, not the file, as that is replaced. No program
// but the server's own finds it where it lies: with DynamicUser=yes a folder that outlives its unit lies below
// /run/private, which only root enters (systemd.exec(5), RuntimeDirectory=).
func (l *lowering) servedFiles(s *service, mount func(from, to string, at tree.Path)) {
	v := l.servedTo(s)
	if v == nil {
		return
	}
	taken := func(target string) bool {
		target, _, _ = strings.Cut(target, ":")
		return strings.TrimSuffix(target, "/") == servedFolder || strings.HasPrefix(target, servedFolder+"/")
	}
	for i := range s.Volumes {
		if taken(s.Volumes[i].Target) {
			l.refuse(s.Path.Key("volumes").Index(i), "choose another target", "the config server's authority is mounted at %s", servedFolder)
			return
		}
	}
	for i, t := range s.Tmpfs {
		if taken(t) {
			l.refuse(s.Path.Key("tmpfs").Index(i), "choose another target", "the config server's authority is mounted at %s", servedFolder)
			return
		}
	}
	mount("/run/"+l.configUnit(), servedFolder, v.Path)
}

// configServer lowers the configs that are served to files, a spec for octo-sidecar run, and its unit.
func (l *lowering) configServer() {
	if len(l.serving.clients) == 0 {
		return
	}
	at := l.p.Served[0].Path
	l.servedPortFree(at)
	ways := l.servedWays()
	serve := &spec.Serve{Listen: "127.0.0.1:" + decimal(model.ServedPort), CA: "/run/" + l.configUnit() + "/ca.pem", Names: []string{"127.0.0.1"}}
	if len(ways.gateways) > 0 {
		serve.Listen = "0.0.0.0:" + decimal(model.ServedPort)
		serve.Names = append(append(serve.Names, ways.gateways...), configHost)
	}
	for _, v := range l.p.Served {
		if l.byName[v.Service] != nil {
			serve.Services = append(serve.Services, l.servedService(v))
		}
	}
	if l.diags.Has(diag.Error) {
		return
	}
	run := spec.Run{Project: l.names.project, Serve: serve, Status: l.serveStatus()}
	data, err := run.Marshal()
	if err != nil {
		l.refuse(at, "write another value", "%s", err)
		return
	}
	file := l.generated("config/run.json", artifact.File{Data: data, Origins: []tree.Origin{{Line: 1, From: at}}})
	l.configServerUnit(file, data, ways, at)
}

// servedService is one client in the spec. Its config lies in a file of its own, which no hash is over: the server reads
// it again by itself.
func (l *lowering) servedService(v *model.Served) spec.Service {
	out := spec.Service{Name: v.Service, Password: l.loadSecret(v.Password, v.Path)}
	out.Config = l.generated("config/configs/"+v.Service+".json", artifact.File{Data: v.Values, Origins: []tree.Origin{{Line: 1, From: v.Path}}})
	for _, m := range v.Marks {
		if file := l.loadSecret(m.Name, v.Path); file != "" {
			out.Secrets = append(out.Secrets, spec.Secret{Name: m.Name, At: m.At, File: file})
		}
	}
	return out
}

// configServerUnit is the unit. The names of its folders are those of the unit.
func (l *lowering) configServerUnit(file string, data []byte, ways ways, at tree.Path) {
	name := l.configUnit()
	u := l.unit(nativeDir+name+".service", l.p.Inputs)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", l.names.project+": configs over HTTPS", at)
	us.Fixed("PartOf", l.target, at)
	var config configHash
	config.add(data)
	l.vaultsBefore(l.serving.secrets, us, &config, at)
	us.Fixed("StartLimitIntervalSec", "0", at)
	us.Fixed("X-Octo-Config", config.String(), at)

	sv.Fixed("Type", "notify", at)
	sv.Exec("ExecStart", "", at, lit(sidecar), lit("run"), text("--spec="+file))
	sv.Fixed("WatchdogSec", "30s", at)
	sv.Fixed("Restart", "on-failure", at)
	sv.Fixed("RestartSec", "1s", at)
	sv.Note("The authority of the certificate, with its key.")
	sv.Fixed("StateDirectory", name, at)
	sv.Fixed("StateDirectoryMode", "0700", at)
	sv.Note("The authority, for those who ask. It stays, as they have the folder mounted.")
	sv.Fixed("RuntimeDirectory", name, at)
	sv.Fixed("RuntimeDirectoryMode", "0755", at)
	sv.Fixed("RuntimeDirectoryPreserve", "yes", at)
	l.credentials(l.serving.secrets, sv, at)
	sv.Fixed("Slice", l.slice, at)
	sv.Fixed("TasksMax", "64", at)
	sv.Fixed("MemoryMax", "128M", at)
	l.hardening(sv, sandbox{umask: "0077", dynamic: true, low: l.lowMetrics(), at: at})
	sv.Note("Those who ask, and nobody else.")
	sv.Fixed("IPAddressDeny", "any", at)
	sv.Fixed("IPAddressAllow", strings.Join(append([]string{"localhost"}, ways.prefixes...), " "), at)
	sv.Fixed("SocketBindDeny", "any", at)
	sv.Fixed("SocketBindAllow", bindRule("tcp", decimal(model.ServedPort)), at)
	l.bindMetrics(sv)
	l.sidecar = true
}

// servesWanted reports whether the target starts a service that asks the config server.
func (l *lowering) servesWanted() bool {
	return slices.ContainsFunc(l.serving.clients, func(s *service) bool { return s.of == nil && l.wanted(s) })
}
