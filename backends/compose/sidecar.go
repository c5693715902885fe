package compose

import (
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

const (
	// sidecarHost is where octo-sidecar lies on a machine.
	sidecarHost = "/usr/local/bin/octo-sidecar"
	// sidecarFolder is where it is mounted in a container.
	sidecarFolder = "/octo"
	sidecarPath   = sidecarFolder + "/octo-sidecar"
	// sidecarName is the service that brings it, and the volume that it is brought in, where the target names its image.
	sidecarName = "octo-sidecar"
	// sidecarPull keeps docker compose pull from asking a registry for an image that is there: on a machine without a
	// network it was loaded from a file.
	sidecarPull = "missing"
)

// carry mounts octo-sidecar into v, the output of s: from the machine, or where the target names its image from a
// volume that a one-shot service fills before.
func (l *lowering) carry(s *model.Service, p tree.Path, v *doc.Value, from tree.Path) {
	l.free(s, p)
	mounts := l.keys.service.at(v, "volumes", func() *doc.Value { return list(from, 1) })
	set := func(key string, x *doc.Value) doc.Field { return doc.Field{Key: key, Value: x.From(from)} }
	m := mapping(from, 5)
	if l.in.Target.Sidecar == "" {
		l.hosted = true
		m.Fields = append(m.Fields, set("type", doc.Str("bind")), set("source", doc.Str(sidecarHost)),
			set("target", doc.Str(sidecarPath)), set("read_only", doc.Boolean(true)),
			set("bind", doc.NewMap().Set("create_host_path", doc.Boolean(false).From(from)).OnLine()))
	} else {
		if len(l.carried) == 0 || l.carried[len(l.carried)-1] != s {
			l.carried = append(l.carried, s)
		}
		m.Fields = append(m.Fields, set("type", doc.Str("volume")), set("source", doc.Str(sidecarName)),
			set("target", doc.Str(sidecarFolder)), set("read_only", doc.Boolean(true)))
		l.waitFor(v, sidecarName, model.Completed, from)
	}
	mounts.Add(m)
}

// usesSidecar reports whether the healthcheck of v runs octo-sidecar.
func usesSidecar(v *doc.Value) bool {
	h := get(v, "healthcheck")
	if h == nil {
		return false
	}
	test := get(h, "test")
	return test != nil && len(test.Items) > 1 && test.Items[1].Text == sidecarPath
}

// free reports a mount of the service that lies where octo-sidecar must lie.
func (l *lowering) free(s *model.Service, p tree.Path) {
	for i := range s.Volumes {
		at := path.Clean(s.Volumes[i].Target)
		if at == sidecarFolder || strings.HasPrefix(at, sidecarFolder+"/") {
			l.ds.Error(diag.Conflict, p.Key("volumes").Index(i), "cannot mount this at %q: octo-sidecar, which the checks of the service need, lies in %s",
				at, sidecarFolder).Helpf("mount it elsewhere")
		}
	}
}

// waitFor lets v, a service of the output, wait for another one.
func (l *lowering) waitFor(v *doc.Value, name, condition string, from tree.Path) {
	waits := l.keys.service.at(v, "depends_on", func() *doc.Value { return mapping(from, 1) })
	if get(waits, name) != nil {
		return
	}
	d := doc.NewMap().Set("condition", doc.Str(condition).From(from)).OnLine().From(from)
	if lowest, ok := l.lowest("compose"); !ok || !lowest.before(requiredSince.compose) {
		d.Set("required", doc.Boolean(true).From(from))
	}
	waits.Set(name, d)
}

// installer is the one-shot service that fills the volume with octo-sidecar; nil where nobody needs it. It runs as root,
// to whom a new volume belongs, and without any right.
func (l *lowering) installer() *doc.Value {
	if len(l.carried) == 0 {
		return nil
	}
	from := l.in.Target.Path.Key("sidecar")
	str := func(s string) *doc.Value { return doc.Str(s).From(from) }
	v := doc.NewMap().From(from).Set("image", str(escape(l.in.Target.Sidecar)))
	v.Set("pull_policy", str(sidecarPull))
	if profiles := profilesOf(l.carried); len(profiles) > 0 {
		v.Set("profiles", doc.Strs(profiles).From(from))
	}
	v.Set("command", l.argv(from, []string{"install", sidecarFolder}))
	v.Set("volumes", list(from, 1).Add(doc.NewMap().From(from).Set("type", str("volume")).
		Set("source", str(sidecarName)).Set("target", str(sidecarFolder))))
	v.Set("network_mode", str("none"))
	v.Set("restart", str("no"))
	v.Set("user", doc.Quoted("0:0").From(from))
	l.confine(v, from)
	l.rotate(v, from)
	v.Comment("brings " + sidecarPath)
	v.Gap = true
	l.taken(sidecarName, "services", from)
	l.taken(sidecarName, "volumes", from)
	return v
}

// profilesOf are the profiles of what services need, as the output writes them; none where one of them always starts.
func profilesOf(services []*model.Service) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range services {
		if len(s.Profiles) == 0 {
			return nil
		}
		for _, name := range s.Profiles {
			if !seen[name] {
				seen[name] = true
				out = append(out, escape(name))
			}
		}
	}
	return out
}

// taken reports a name that the sources use and the output needs for something of its own.
func (l *lowering) taken(name, section string, from tree.Path) {
	fields := l.in.Tree.Get(section)
	if i := fields.Find(name); i >= 0 {
		what := strings.TrimSuffix(section, "s")
		l.ds.Error(diag.NameClash, from, "cannot add the %s %q: there is one of this name", what, name).
			See(tree.Of(section, name), "it stands here").Helpf("give the %s another name", what)
	}
}

// sidecarVolume adds the volume that octo-sidecar is brought in.
func (l *lowering) sidecarVolume(v *doc.Value) *doc.Value {
	if len(l.carried) == 0 {
		return v
	}
	from := l.in.Target.Path.Key("sidecar")
	if v == nil {
		v = doc.NewMap()
	}
	return v.Set(sidecarName, doc.NewMap().From(from).
		Set("name", doc.Str(escape(l.in.Project.Name+"_"+sidecarName)).From(from)))
}
