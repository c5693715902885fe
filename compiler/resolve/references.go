package resolve

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// references checks every name that a service uses for something else.
func (r *resolver) references() {
	kinds := r.kinds()
	services := r.root.Get("services")
	for _, s := range r.p.Services {
		r.dependencies(s)
		r.sharing(s)
		for i := range s.Networks {
			if name := s.Networks[i].Network; kinds.networks.lacks(name) {
				r.named(kinds.networks, name, s.Path.Key("networks"), -1)
			}
		}
		for i := range s.Volumes {
			if m := &s.Volumes[i]; m.Type == "volume" && kinds.volumes.lacks(m.Source) {
				r.named(kinds.volumes, m.Source, s.Path.Key("volumes"), i)
			}
		}
		for i := range s.Configs {
			if name := s.Configs[i].Source; kinds.configs.lacks(name) {
				r.named(kinds.configs, name, s.Path.Key("configs"), i)
			}
		}
		for i := range s.Secrets {
			if name := s.Secrets[i].Source; kinds.secrets.lacks(name) {
				r.named(kinds.secrets, name, s.Path.Key("secrets"), i)
			}
		}
		r.written(kinds, s, services.Get(s.Name))
	}
	for _, n := range r.p.Notifiers {
		for _, ref := range n.Secrets() {
			if kinds.secrets.lacks(ref.Name) {
				r.noSecret(kinds.secrets, ref)
			}
		}
	}
}

// noSecret reports a field that names a secret which is not there. What is written may be the value itself: it is not
// repeated.
func (r *resolver) noSecret(k *kind, ref model.SecretRef) {
	near := r.near(ref.Name, k.names)
	if r.mayBe(ref.Name, near) {
		return
	}
	d := r.found.Error(diag.UnknownRef, ref.Path, "no secret is called so; want the name of one below secrets")
	d.Quiet = near == ""
	if near != "" {
		d.See(tree.Of(k.section, near), "%s stands here", near).Helpf("did you mean %q?", near)
		return
	}
	d.Helpf("add to the top level: secrets: { NAME: { prompt: true } }, and write NAME here")
}

// dependencies checks what a service waits for.
func (r *resolver) dependencies(s *model.Service) {
	for i := range s.DependsOn {
		d := &s.DependsOn[i]
		other := r.p.Service(d.Service)
		if d.Implied != tree.Root { // the field that implies it is checked on its own
			continue
		}
		switch {
		case other == nil:
			r.noService(s, s.Path.Keys("depends_on", d.Service), d.Service).OnKey()
		case d.IsRequired() && r.active(s) && !r.active(other) && !r.o.Broken:
			at := r.asleep(s.Path.Keys("depends_on", d.Service), other).OnKey()
			at.Help += "; a dependency that may be missing says required: false"
		}
	}
}

// sharing checks links, volumes_from and the namespaces of other services.
func (r *resolver) sharing(s *model.Service) {
	check := func(name string, at func() tree.Path) {
		if name == "" {
			return
		}
		if other := r.p.Service(name); other == nil {
			r.noService(s, at(), name)
		} else if r.active(s) && !r.active(other) && !r.o.Broken {
			r.asleep(at(), other)
		}
	}
	for i, l := range s.Links {
		name, _, _ := strings.Cut(l, ":")
		check(name, func() tree.Path { return s.Path.Key("links").Index(i) })
	}
	for i, v := range s.VolumesFrom {
		if strings.HasPrefix(v, "container:") {
			continue
		}
		name, _, _ := strings.Cut(v, ":")
		check(name, func() tree.Path { return s.Path.Key("volumes_from").Index(i) })
	}
	for _, ns := range [...]struct{ key, value string }{
		{"network_mode", s.NetworkMode}, {"ipc", s.IPC}, {"pid", s.PID}, {"uts", s.UTS}, {"cgroup", s.Cgroup},
	} {
		if name, ok := strings.CutPrefix(ns.value, "service:"); ok {
			check(name, func() tree.Path { return s.Path.Key(ns.key) })
		}
	}
}

// noService reports a reference to a service that is not there, or is switched off.
func (r *resolver) noService(s *model.Service, p tree.Path, name string) *diag.Diagnostic {
	if r.disabled[name] {
		return r.found.Error(diag.UnknownService, p, "%s is switched off", name).
			See(tree.Of("services", name, "enabled"), "enabled: false stands here").
			Helpf("delete this or switch %s on; a dependency that may be missing says required: false", name)
	}
	near := r.near(name, r.serviceNames())
	found := &r.found
	if r.mayBe(name, near) {
		found = new(diag.List)
	}
	d := found.Error(diag.UnknownService, p, "no service is called %q", name)
	switch i := slices.IndexFunc(s.DependsOn, func(d model.Dependency) bool { return d.Service == near && d.Implied == tree.Root }); {
	case near == "" && len(r.serviceNames()) == 1:
		return d.Helpf("the only service is %s", s.Name)
	case near == "":
		if all := listed(r.serviceNames()); all != "" {
			return d.Helpf("the services are %s", all)
		}
		return d.Helpf("add it under services, or delete this")
	case near == s.Name:
		return d.Helpf("did you mean another service than this one?")
	case i >= 0:
		at := s.Path.Keys("depends_on", near)
		d.See(at, "%s stands here", at)
		if _, index, _ := p.Last(); index < 0 {
			return d.Helpf("did you mean %q? It is already a dependency: delete this line", near)
		}
	}
	return d.Helpf("did you mean %q?", near)
}

// asleep reports a reference to a service that no profile of this run starts. Compose refuses it too.
func (r *resolver) asleep(p tree.Path, other *model.Service) *diag.Diagnostic {
	return r.found.Error(diag.UnknownService, p, "%s is started by --profile %s alone", other.Name, strings.Join(other.Profiles, " or --profile ")).
		See(other.Path.Key("profiles"), "the profiles of %s stand here", other.Name).
		Helpf("compile with --profile %s or give this service the same profiles", other.Profiles[0])
}

// kind is one kind of thing that services name.
type kind struct {
	one, section string
	has          map[string]bool
	names        []string
	unknown      bool // the section could not be worked out
}

type kindSet struct{ networks, volumes, secrets, configs, models *kind }

func (r *resolver) kinds() kindSet {
	k := func(one, section string, names []string) *kind {
		out := &kind{one: one, section: section, names: names, has: make(map[string]bool, len(names))}
		for _, n := range names {
			out.has[n] = true
		}
		n := r.root.Get(section)
		out.unknown = n != nil && n.Kind != tree.Map && n.Kind != tree.Null
		return out
	}
	return kindSet{
		networks: k("network", "networks", namesOf(r.p.Networks, func(n *model.Network) string { return n.Key })),
		volumes:  k("volume", "volumes", namesOf(r.p.Volumes, func(n *model.Volume) string { return n.Key })),
		secrets:  k("secret", "secrets", namesOf(r.p.Secrets, func(n *model.Secret) string { return n.Key })),
		configs:  k("config", "configs", namesOf(r.p.Configs, func(n *model.Config) string { return n.Key })),
		models:   k("model", "models", namesOf(r.p.Models, func(n *model.Model) string { return n.Key })),
	}
}

// lacks reports whether a name is known not to be there.
func (k *kind) lacks(name string) bool { return name != "" && !k.has[name] && !k.unknown }

// named reports a name that is not there: the source of item i of the list at p, or a key of the mapping at p.
func (r *resolver) named(k *kind, name string, p tree.Path, i int) {
	near := r.near(name, k.names)
	if r.mayBe(name, near) {
		return
	}
	var d *diag.Diagnostic
	if i >= 0 {
		d = r.found.Error(diag.UnknownRef, p.Index(i).Key("source"), "no %s is called %q", k.one, name)
	} else {
		d = r.found.Error(diag.UnknownRef, p.Key(name), "no %s is called %q", k.one, name).OnKey()
	}
	if near != "" {
		d.See(tree.Of(k.section, near), "%s stands here", near).Helpf("did you mean %q?", near)
		return
	}
	switch k.one {
	case "volume":
		d.Helpf("add to the top level: volumes: { %s: {} }; or, for a folder beside this file, write ./%s", name, name)
	case "network":
		d.Helpf("add to the top level: networks: { %s: {} }", name)
	case "model":
		d.Helpf("add to the top level: models: { %s: { model: NAME } }", name)
	default:
		d.Helpf("add to the top level: %s: { %s: { file: ./PATH } }", k.section, name)
	}
}

// written checks the names in fields that only the tree has.
func (r *resolver) written(k kindSet, s *model.Service, n *tree.Node) {
	if models := n.Get("models"); models != nil && models.Kind == tree.Map {
		for i := range models.Fields {
			if name := models.Fields[i].Key; k.models.lacks(name) {
				r.named(k.models, name, s.Path.Key("models"), -1)
			}
		}
	}
	build := n.Get("build")
	if build == nil {
		return
	}
	if secrets := build.Get("secrets"); secrets != nil {
		for i, it := range secrets.Items {
			if name := it.Str("source"); k.secrets.lacks(name) {
				r.named(k.secrets, name, s.Path.Keys("build", "secrets"), i)
			}
		}
	}
	contexts := build.Get("additional_contexts")
	if contexts == nil {
		return
	}
	for i := range contexts.Fields {
		v := contexts.Fields[i].Value
		if v == nil || !v.Kind.IsScalar() {
			continue
		}
		name, ok := strings.CutPrefix(v.Text, "service:")
		if !ok {
			continue
		}
		p := s.Path.Keys("build", "additional_contexts", contexts.Fields[i].Key)
		if other := r.p.Service(name); other == nil {
			r.noService(s, p, name)
		} else if other.Build == nil && !r.o.Broken {
			r.found.Error(diag.UnknownService, p, "%s is not built here, so there is no image to build from", name).
				See(other.Path, "%s stands here", name).Helpf("write docker-image://%s", other.Image)
		}
	}
}
