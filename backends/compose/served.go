package compose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

const (
	// configName is the service that serves configs over HTTPS, and what its volumes and configs begin with.
	configName  = "octo-config"
	configState = configName + "-state" // the volume with its authority: nobody else mounts it
	configCA    = configName + "-ca"    // the volume with what its clients trust
	// configCAFolder is where the latter is mounted, in the server and in its clients.
	configCAFolder = "/run/octo"
	configCAFile   = configCAFolder + "/ca.pem"
	// defaultSidecar is the image of octo-sidecar, when targets.T.sidecar names none. APPLY.md asks to pin it.
	defaultSidecar = "ghcr.io/octocompose/octo-sidecar:latest"
)

// server is octo-config, as far as its clients are known.
type server struct {
	// host is what clients call it.
	host string
	// of is what is served to a service, by the name of the service: one whose config it is, or a one-shot of hooks.init.
	of map[string]*model.Served
	// served and clients are what is really asked for, in the order in which the services are lowered; asks has both.
	served  []*model.Served
	clients []*model.Service
	asks    map[any]bool
	// networks are those of all clients, sorted.
	networks []string
	// secrets are the keys of those that the server reads, sorted.
	secrets []string
}

// newServer is the server of an application before a service was lowered; nil where nothing is served.
func newServer(in *model.Input) *server {
	if len(in.Project.Served) == 0 {
		return nil
	}
	s := &server{host: configName, of: map[string]*model.Served{}, asks: map[any]bool{}}
	for _, c := range in.Project.Served {
		s.of[c.Service] = c
	}
	services := in.Tree.Get("services")
	for _, x := range in.Project.Services {
		if c := s.of[initOf(x.Name)]; c != nil && s.of[x.Name] == nil && services.Get(x.Name).Derived {
			s.of[x.Name] = c
		}
		if s.of[x.Name] == nil {
			continue
		}
		// The octo-config of another project may be in a network that both share. The name is one of DNS, however
		// long the project's is, and has no "_", which some clients refuse in addresses.
		names, _ := reach(in, services.Get(x.Name), nil)
		for _, key := range names {
			if n := in.Project.Network(key); n != nil && n.External {
				s.host = configName + "-" + shortHash([]byte(in.Project.Name))[:8]
			}
		}
	}
	return s
}

// initOf is the service that a name of expand (SERVICE-init, SERVICE-init-2) belongs to.
func initOf(name string) string {
	i := strings.LastIndex(name, "-init")
	if i < 0 || strings.Trim(name[i+len("-init"):], "-0123456789") != "" {
		return ""
	}
	return name[:i]
}

// askConfig gives v, the output of a container of s, what it needs to ask octo-config. n says what its networks are.
func (l *lowering) askConfig(s *model.Service, n *tree.Node, v *doc.Value) {
	if l.server == nil || l.server.of[s.Name] == nil {
		return
	}
	c := l.server.of[s.Name]
	if !hasPassword(v) {
		return // a one-shot with secrets of its own
	}
	at, span := l.passwordMount(c)
	names, mode := reach(l.in, n, nil)
	if mode != "" {
		if s == l.in.Project.Service(c.Service) {
			d := l.ds.Error(diag.Unsupported, c.Path, "cannot serve a config to %q over HTTPS: with network_mode: %s it cannot find %s", s.Name, mode, configName).AtSpan(span)
			d.Target = l.in.Target.Name
			d.Helpf("give it a network, or let its config be a file: deliver: { file: … }")
		}
		return // a one-shot with a network of its own says that it wants none
	}
	l.notMounted(s, c, span)
	env := l.keys.service.at(v, "environment", func() *doc.Value { return mapping(at, 4) })
	for _, x := range [][2]string{
		{c.Env, c.URL(l.server.host)}, {c.EnvUser(), c.Service}, {c.EnvPassword(), model.PasswordTarget}, {c.EnvCA(), configCAFile},
	} {
		if get(env, x[0]) == nil { // else the one-shot says so
			env.Set(x[0], doc.Quoted(escape(x[1])).From(at))
		}
	}
	l.mountCA(v, at)
	l.waitFor(v, configName, model.Healthy, at)
	l.server.join(s, c, names)
	l.askInside(s, c, n, v, at)
}

// askInside gives the containers of pre_start in v, which Compose runs itself, what they do not take from the service: a
// list of their own stands in place of its.
func (l *lowering) askInside(s *model.Service, c *model.Served, n *tree.Node, v *doc.Value, at tree.Path) {
	items := get(v, "pre_start")
	if items == nil {
		return
	}
	for i, x := range items.Items {
		own := n.Get("pre_start").Items[i]
		if names, mode := reach(l.in, networked(own, n), nil); mode == "" {
			l.server.join(s, c, names)
		}
		if get(x, "volumes") != nil {
			l.mountCA(x, at)
		}
		if get(x, "secrets") != nil {
			get(x, "secrets").Add(secretMount(c.Password, model.PasswordTarget, at))
		}
	}
}

// askStill lets v, the output of s, keep what it asks octo-config with when the patch words replaced a list that had it.
func (l *lowering) askStill(s *model.Service, words *tree.Node, v *doc.Value) {
	if l.server == nil || !l.server.asks[s] {
		return
	}
	c := l.server.of[s.Name]
	at, _ := l.passwordMount(c)
	if words.Get("volumes") != nil {
		l.mountCA(v, at)
	}
	if words.Get("secrets") != nil && !hasPassword(v) {
		l.keys.service.at(v, "secrets", func() *doc.Value { return list(at, 1) }).Add(secretMount(c.Password, model.PasswordTarget, at))
	}
}

// mountCA shows v what the server is known by.
func (l *lowering) mountCA(v *doc.Value, from tree.Path) {
	l.keys.service.at(v, "volumes", func() *doc.Value { return list(from, 1) }).Add(volumeMount(configCA, configCAFolder, true, from))
}

func volumeMount(volume, target string, readOnly bool, from tree.Path) *doc.Value {
	str := func(s string) *doc.Value { return doc.Str(escape(s)).From(from) }
	v := doc.NewMap().From(from).Set("type", str("volume")).Set("source", str(volume)).Set("target", str(target))
	if readOnly {
		v.Set("read_only", doc.Boolean(true).From(from))
	}
	return v
}

func secretMount(key, target string, from tree.Path) *doc.Value {
	return doc.NewMap().From(from).Set("source", doc.Str(escape(key)).From(from)).Set("target", doc.Str(escape(target)).From(from)).OnLine()
}

// hasPassword reports whether v mounts the password of a client.
func hasPassword(v *doc.Value) bool {
	mounts := get(v, "secrets")
	return mounts != nil && slices.ContainsFunc(mounts.Items, func(m *doc.Value) bool {
		target := get(m, "target")
		return target != nil && target.Text == model.PasswordTarget
	})
}

// join adds a client.
func (s *server) join(x *model.Service, c *model.Served, networks []string) {
	if !s.asks[x] {
		s.asks[x], s.clients = true, append(s.clients, x)
	}
	if !s.asks[c] {
		s.asks[c], s.served = true, append(s.served, c)
	}
	for _, name := range networks {
		if i, found := slices.BinarySearch(s.networks, name); !found {
			s.networks = slices.Insert(s.networks, i, name)
		}
	}
}

// passwordMount is where the password stands among the secrets of the service of c: everything that is made for c leads
// there, as the config itself is not in the tree any more.
func (l *lowering) passwordMount(c *model.Served) (tree.Path, source.Span) {
	p := tree.Of("services", c.Service, "secrets")
	if mounts := l.at(p); mounts != nil {
		for i, m := range mounts.Items {
			if m.Str("source") == c.Password && m.Str("target") == model.PasswordTarget {
				return p.Index(i), m.At
			}
		}
	}
	return tree.Of("services", c.Service), source.Span{}
}

// notMounted reports a mount of the service where the authority must lie.
func (l *lowering) notMounted(s *model.Service, c *model.Served, span source.Span) {
	if s != l.in.Project.Service(c.Service) {
		return
	}
	for i := range s.Volumes {
		at := s.Volumes[i].Target
		if strings.HasPrefix(at+"/", configCAFolder+"/") {
			l.ds.Error(diag.Conflict, tree.Of("services", s.Name, "volumes").Index(i),
				"cannot mount this at %q: the authority of %s, which serves the config of the service, lies in %s", at, configName, configCAFolder).
				SeeSpan(span, "the config is served").Helpf("mount it elsewhere")
		}
	}
}

// reach are the keys of the networks in which the service n can be reached by another container, sorted; or the
// network_mode with which it is in none. What target.compose says of networks holds.
func reach(in *model.Input, n *tree.Node, seen []*tree.Node) (networks []string, mode string) {
	own := n.Get("networks")
	var over *tree.Node
	if patch := n.Get("target").Get("compose"); patch != nil && patch.Kind == tree.Map {
		over = spelled(patch).Get("networks")
	}
	if mode := networkMode(n); mode != "" {
		name, shared := strings.CutPrefix(mode, "service:")
		other := in.Tree.Get("services").Get(name)
		if !shared || other == nil || slices.Contains(seen, other) {
			return nil, mode
		}
		return reach(in, other, append(seen, n))
	}
	names := map[string]bool{}
	if over == nil || over.Kind == tree.Map {
		for _, part := range []*tree.Node{own, over} {
			if part == nil {
				continue
			}
			for i := range part.Fields {
				names[part.Fields[i].Key] = part == own || part.Fields[i].Value.Kind != tree.Null
			}
		}
	}
	for name, is := range names {
		if is {
			networks = append(networks, name)
		}
	}
	if len(networks) == 0 {
		return []string{"default"}, ""
	}
	slices.Sort(networks)
	return networks, ""
}

// networkMode is the network_mode of the service n, "" for none.
func networkMode(n *tree.Node) string {
	if mode := patched(n, "network_mode"); mode != nil && mode.Kind == tree.String {
		return mode.Text
	}
	return ""
}

// patched is what the service n says of a key whose value is no mapping, with target.compose over it; nil for nothing.
func patched(n *tree.Node, key string) *tree.Node {
	if x := n.Get("target").Get("compose").Get(key); x != nil {
		return x
	}
	return n.Get(key)
}

// sidecarImage is the image of octo-sidecar where it runs by itself.
func (l *lowering) sidecarImage() string { return cmp.Or(l.in.Target.Sidecar, defaultSidecar) }
