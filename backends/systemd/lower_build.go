package systemd

import (
	"path"
	"regexp"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// isURL matches a context that Podman fetches itself: an address, or the short form of a git repository.
var isURL = regexp.MustCompile(`^([a-z][a-z0-9+.-]*://|git@|github\.com/)`)

// build lowers build to a .build unit. The image is built once a boot, before the first container that needs it, and
// whenever the unit is restarted; layers that did not change come from the cache.
func (l *lowering) build(s *service) {
	b, at := s.Build, s.Path.Key("build")
	u := l.unit(quadletDir+s.unit+".build", s.From)
	us, bs, sv := u.Section("Unit"), u.Section("Build"), u.Section("Service")
	us.Fixed("Description", l.names.project+": image of "+s.Name, tree.Root)

	tag := "localhost/" + s.unit + ":latest"
	if l.t.Registry != "" {
		tag = strings.TrimSuffix(l.t.Registry, "/") + "/" + s.unit + ":latest"
	}
	if s.Image != "" {
		tag = imageName(s.Image)
	}
	bs.Raw("ImageTag", tag, s.Path.Key("image"))
	for i, t := range b.Tags {
		bs.Raw("ImageTag", imageName(t), at.Key("tags").Index(i))
	}
	var config configHash
	l.buildContext(s, bs, &config)
	if b.Target != "" {
		bs.Raw("Target", b.Target, at.Key("target"))
	}
	if b.Network != "" {
		bs.Raw("Network", b.Network, at.Key("network"))
	}
	if b.Pull != nil && *b.Pull {
		bs.Fixed("Pull", "always", at.Key("pull"))
	}
	l.pairs(bs, "Label", at.Key("labels"), b.Labels)
	var unset []tree.Path
	for _, a := range b.Args {
		if a.Null {
			unset = append(unset, at.Keys("args", a.Key))
			continue
		}
		bs.Words("PodmanArgs", at.Keys("args", a.Key), text("--build-arg="+a.Key+"="+a.Value))
	}
	support.Unset(&l.diags, l.t, unset)
	for i, p := range b.Platforms {
		if len(b.Platforms) > 1 {
			l.refuse(at.Key("platforms"), "name the one platform of the machine", "one machine runs one platform of an image")
			break
		}
		bs.Words("PodmanArgs", at.Key("platforms").Index(i), text("--platform="+p))
	}
	if s.Platform != "" && len(b.Platforms) == 0 {
		bs.Words("PodmanArgs", s.Path.Key("platform"), text("--platform="+s.Platform))
	}
	l.buildExtras(s, bs)
	sv.Fixed("RemainAfterExit", "yes", tree.Root)
	sv.Fixed("TimeoutStartSec", "infinity", tree.Root)
	sv.Fixed("Slice", l.slice, tree.Root)
	if h := config.String(); h != "" {
		us.Fixed("X-Octo-Config", h, tree.Root)
	}
}

// buildContext writes where the sources and the Dockerfile are.
func (l *lowering) buildContext(s *service, bs *Section, config *configHash) {
	b, at := s.Build, s.Path.Key("build")
	context := b.Context
	remote := isURL.MatchString(context)
	if context == "" {
		context = "."
	}
	if !remote {
		if context = l.hostFile(context, at.Key("context")); context == "" {
			return
		}
	}
	bs.Raw("SetWorkingDirectory", context, at.Key("context"))
	switch {
	case b.DockerfileInline != "":
		data := []byte(b.DockerfileInline)
		config.add(data)
		origin := at.Key("dockerfile_inline")
		bs.Raw("File", l.generated(s.Name+"/Dockerfile", artifact.File{Data: data, Origins: []tree.Origin{{Line: 1, From: origin}}}), origin)
	case remote && b.Dockerfile == "":
	case remote || path.IsAbs(b.Dockerfile):
		bs.Raw("File", b.Dockerfile, at.Key("dockerfile"))
	case b.Dockerfile != "":
		bs.Raw("File", path.Join(context, b.Dockerfile), at.Key("dockerfile"))
	default:
		bs.Raw("File", path.Join(context, "Dockerfile"), at)
	}
}

// buildFlags are options of build that podman-build(1) has and the model does not carry, by the kind of their value.
var buildFlags = []struct {
	key, flag string
	kind      tree.Kind
}{
	{"no_cache", "--no-cache", tree.Bool},
	{"shm_size", "--shm-size=", tree.String},
	{"cache_from", "--cache-from=", tree.List},
	{"cache_to", "--cache-to=", tree.List},
	{"isolation", "--isolation=", tree.String},
	{"ssh", "--ssh=", tree.Map},
	{"extra_hosts", "--add-host=", tree.Map},
	{"ulimits", "--ulimit=", tree.Map},
	{"additional_contexts", "--build-context=", tree.Map},
}

func (l *lowering) buildExtras(s *service, bs *Section) {
	n := l.field(s, "build")
	for _, f := range buildFlags {
		v := n.Get(f.key)
		if v == nil || v.Kind == tree.Null || v.Kind == tree.Unknown {
			continue
		}
		at := s.Path.Keys("build", f.key)
		switch f.kind {
		case tree.Bool:
			if v.Text == "true" {
				bs.Words("PodmanArgs", at, lit(f.flag))
			}
		case tree.String:
			bs.Words("PodmanArgs", at, text(f.flag+strings.ToLower(v.Text)))
		case tree.List:
			for i, it := range v.Items {
				bs.Words("PodmanArgs", at.Index(i), text(f.flag+it.Text))
			}
		case tree.Map:
			for i := range v.Fields {
				l.buildPair(bs, f.key, f.flag, &v.Fields[i], at.Key(v.Fields[i].Key))
			}
		}
	}
}

// buildPair writes one entry of an option that is a mapping.
func (l *lowering) buildPair(bs *Section, key, flag string, f *tree.Field, at tree.Path) {
	add := func(value string) { bs.Words("PodmanArgs", at, text(flag+value)) }
	switch {
	case key == "extra_hosts":
		for _, a := range f.Value.Items {
			add(f.Key + ":" + a.Text)
		}
	case key == "ulimits" && f.Value.Kind == tree.Map:
		add(f.Key + "=" + f.Value.Str("soft") + ":" + f.Value.Str("hard"))
	case key == "additional_contexts" && strings.HasPrefix(f.Value.Text, "service:"):
		l.refuse(at, "write docker-image://NAME", "Podman's builds cannot take another service as a context")
	case key == "additional_contexts" && !isURL.MatchString(f.Value.Text) && !strings.HasPrefix(f.Value.Text, "docker-image:"):
		if dir := l.hostFile(f.Value.Text, at); dir != "" {
			add(f.Key + "=" + dir)
		}
	case f.Value.Kind == tree.Null:
		add(f.Key)
	default:
		add(f.Key + "=" + f.Value.Text)
	}
}
