package compose

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// configServer is the service that serves configs; nil where nobody asks.
func (l *lowering) configServer() *doc.Value {
	if !l.serves() {
		return nil
	}
	s := l.server
	from, _ := l.passwordMount(s.served[0])
	slices.SortFunc(s.served, func(a, b *model.Served) int { return strings.Compare(a.Service, b.Service) })
	l.noOther(from)
	put := l.keys.service.put
	v := l.sidecarRun(from, s.clients, l.configFiles(), s.secrets)
	put(v, "volumes", list(from, 2).Add(volumeMount(configState, stateFolder, false, from)).
		Add(volumeMount(configCA, configCAFolder, false, from)))
	l.attach(v, from)
	put(v, "healthcheck", l.sidecarHealth(from, "probe", "http", "https://"+local+":8627/healthz"))
	names := make([]string, len(s.served))
	for i, c := range s.served {
		names[i] = c.Service
	}
	v.Comment("serves the config of " + strings.Join(names, ", "))
	v.Gap = true
	return v
}

// serves reports whether there is a config that somebody asks for.
func (l *lowering) serves() bool { return l.server != nil && len(l.server.served) > 0 }

// sidecarRun is a container of octo-sidecar run for some services, with its files. It runs as root, to whom new volumes
// and the engine's socket belong, and without any right: the files that it reads must be open to others, or root's.
func (l *lowering) sidecarRun(from tree.Path, services []*model.Service, files []configMount, secrets []string) *doc.Value {
	put := l.keys.service.put
	v := doc.NewMap().From(from)
	put(v, "image", doc.Str(escape(l.sidecarImage())).From(from))
	put(v, "pull_policy", doc.Str(sidecarPull).From(from))
	if profiles := profilesOf(services); len(profiles) > 0 {
		put(v, "profiles", doc.Strs(profiles).From(from))
	}
	put(v, "command", l.argv(from, []string{"run", "--spec=" + runFile, "--state=" + stateFolder}))
	put(v, "labels", doc.NewMap().From(from).Set(configLabel, doc.Str(hashOf(files)).From(from).
		Comment("a changed config changes this line, and so recreates this container alone")))
	mounts := list(from, len(files))
	for _, f := range files {
		mounts.Add(doc.NewMap().From(f.from).Set("source", doc.Str(escape(f.key)).From(f.from)).
			Set("target", doc.Str(escape(f.target)).From(f.from)).OnLine())
	}
	put(v, "configs", mounts)
	if len(secrets) > 0 {
		x := list(from, len(secrets))
		for _, key := range secrets {
			x.Add(secretMount(key, secretFile(key), from))
		}
		put(v, "secrets", x)
	}
	put(v, "restart", doc.Str("unless-stopped").From(from))
	put(v, "user", doc.Quoted("0:0").From(from))
	l.confine(v, from)
	if l.needsRoot(secrets) {
		v.Fields = deleteKey(v.Fields, "read_only")
	}
	l.rotate(v, from)
	return v
}

// needsRoot reports whether who reads these secrets must have a root that can be written to: Compose writes the value of
// a variable into the container once it is made.
func (l *lowering) needsRoot(secrets []string) bool {
	return slices.ContainsFunc(secrets, func(key string) bool {
		c := l.in.Project.Secret(key)
		return c != nil && c.Environment != ""
	})
}

// attach puts the server into the networks of its clients.
func (l *lowering) attach(v *doc.Value, from tree.Path) {
	s := l.server
	if s.host == configName && slices.Equal(s.networks, []string{"default"}) {
		return
	}
	nets := mapping(from, len(s.networks))
	for _, name := range s.networks {
		x := doc.NewMap().From(from)
		if s.host != configName {
			x.Set("aliases", doc.NewList(doc.Str(escape(s.host)).From(from)).OnLine())
		}
		nets.Set(name, x)
	}
	l.keys.service.put(v, "networks", nets)
}

// sidecarHealth asks octo-sidecar run by its own program. Clients, and up --wait, wait for it, so that it is asked often
// while it starts.
func (l *lowering) sidecarHealth(from tree.Path, words ...string) *doc.Value {
	str := func(s string) *doc.Value { return doc.Str(s).From(from) }
	h := doc.NewMap().From(from)
	put := l.keys.health.put
	put(h, "test", l.argv(from, append([]string{"CMD", "/octo-sidecar"}, words...)))
	put(h, "interval", str("5s"))
	put(h, "timeout", str("5s"))
	put(h, "retries", doc.Int(3).From(from))
	put(h, "start_period", str("30s"))
	if lowest, ok := l.lowest("engine"); ok && !lowest.before(startIntervalSince.engine) {
		l.need(startIntervalSince, from)
		put(h, "start_interval", str("1s"))
	}
	return h
}

// noOther reports what the sources call as the output calls something of the server, and other containers that its
// clients would find by its name.
func (l *lowering) noOther(from tree.Path) {
	l.taken(configName, "services", from)
	l.taken(configState, "volumes", from)
	l.taken(configCA, "volumes", from)
	l.taken(configName, "configs", from)
	for _, c := range l.server.served {
		l.taken(configOf(c), "configs", from)
	}
	clash := func(p tree.Path) {
		l.ds.Error(diag.NameClash, p, "cannot give a container the name %q: it is that of the server of configs", l.server.host).
			See(from, "a config is served").Helpf("write another name")
	}
	for _, s := range l.in.Project.Services {
		p := tree.Of("services", s.Name)
		if s.ContainerName == l.server.host {
			clash(p.Key("container_name"))
		}
		for _, a := range s.Networks {
			if i := slices.Index(a.Aliases, l.server.host); i >= 0 {
				clash(p.Keys("networks", a.Network, "aliases").Index(i))
			}
		}
	}
}

// sidecarConfigs adds the configs of octo-config and octo-monitor to those of the project. They are files, as the roots of
// both are read-only.
func (l *lowering) sidecarConfigs(v *doc.Value) *doc.Value {
	for _, f := range l.sidecarFiles() {
		if v == nil {
			v = doc.NewMap()
		}
		name := configFolder + f.key
		if l.files.Get(name) == nil {
			origins := f.origins
			if origins == nil {
				origins = []tree.Origin{{Line: 1, From: f.from}}
			}
			l.add(&l.files, artifact.File{Path: name, Mode: 0o644, Data: f.data, Origins: origins})
		}
		v.Set(f.key, doc.NewMap().From(f.from).Set("file", doc.Str("./"+escape(name)).From(f.from)))
	}
	return v
}

// sidecarFiles are the configs of octo-config and of octo-monitor.
func (l *lowering) sidecarFiles() []configMount {
	var out []configMount
	if l.serves() {
		out = l.configFiles()
	}
	return append(out, l.monitorFiles()...)
}

// stateVolumes adds the volumes of octo-config and octo-monitor.
func (l *lowering) stateVolumes(v *doc.Value) *doc.Value {
	add := func(name string, from tree.Path) {
		if v == nil {
			v = doc.NewMap()
		}
		v.Set(name, doc.NewMap().From(from).Set("name", doc.Str(escape(l.in.Project.Name+"_"+name)).From(from)))
	}
	if l.serves() {
		from, _ := l.passwordMount(l.server.served[0])
		add(configState, from)
		add(configCA, from)
	}
	if l.asker != nil {
		add(monitorState, l.asker.plan.From)
	}
	return v
}

// hashOf is a label's hash of files.
func hashOf(files []configMount) string {
	var all []byte
	for _, f := range files {
		all = append(all, f.data...)
	}
	return "sha256:" + shortHash(all)
}

// shortHash are the first 16 hexadecimal digits of the SHA-256 of data.
func shortHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])[:16]
}
