package compose

import (
	"path"
	"slices"
	"strconv"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// diskFolder is where the folders are mounted whose disks a preflight looks at.
const diskFolder = "/disk"

// preflight is the one-shot service that holds what must hold before s starts: in the image of octo-sidecar where the
// target names it and no program of the service is asked for, else in the image of the service, with octo-sidecar
// brought along. false: nothing is to be asked.
func (l *lowering) preflight(s *model.Service, p tree.Path, n *tree.Node) (oneShot, bool) {
	from := p.Key("preflight")
	var asks [][]string
	var disks []*doc.Value
	program := false
	for i := range s.Preflight {
		c := &s.Preflight[i]
		switch {
		case c.Port != nil:
			l.portIsOurs(s, c)
			continue
		case c.Disk != nil:
			at := c.Path.Keys("disk", "path")
			target := path.Join(diskFolder, path.Join("/", c.Disk.Folder))
			disks = append(disks, l.diskMount(s, c.Disk.Folder, target, at))
			asks = append(asks, []string{"disk", target, c.Disk.Free.Binary()})
		default:
			program = program || len(c.Command) > 0
			asks = append(asks, c.Words())
		}
	}
	if len(asks) == 0 {
		return oneShot{}, false
	}
	words := model.Ask(asks)
	var v *doc.Value
	if l.in.Target.Sidecar != "" && !program {
		v = l.ownPreflight(p, n, from, words, disks)
	} else {
		v = l.imagePreflight(s, p, n, from, words, disks, program)
	}
	v.Comment("what must hold before " + s.Name + " starts")
	return oneShot{s.Name + "-preflight", v}, true
}

// ownPreflight runs in the image of octo-sidecar.
func (l *lowering) ownPreflight(p tree.Path, n *tree.Node, from tree.Path, words []string, disks []*doc.Value) *doc.Value {
	put := l.keys.service.put
	v := l.shot(p, n, pick(n, networkKept))
	v.Origin = from
	put(v, "image", doc.Str(escape(l.in.Target.Sidecar)).From(l.in.Target.Path.Key("sidecar")))
	put(v, "pull_policy", doc.Str(sidecarPull).From(l.in.Target.Path.Key("sidecar")))
	put(v, "command", l.argv(from, append([]string{"preflight"}, words...)))
	l.mountDisks(v, disks, from)
	put(v, "restart", doc.Str("no").From(from))
	put(v, "user", doc.Quoted("65534:65534").From(from)) // nobody
	l.confine(v, from)
	l.rotate(v, from)
	return v
}

// imagePreflight runs in the image of the service. For a program of the service it has what the service has.
func (l *lowering) imagePreflight(
	s *model.Service, p tree.Path, n *tree.Node, from tree.Path, words []string, disks []*doc.Value, program bool,
) *doc.Value {
	keys := [][]string{imageKeys, networkKept}
	if program {
		keys = append(keys, programKeys)
	}
	kept := pick(n, keys...).Without("entrypoint")
	v := l.shot(p, n, kept)
	v.Origin = from
	put := l.keys.service.put
	put(v, "entrypoint", l.argv(from, []string{sidecarPath, "preflight"}))
	put(v, "command", l.argv(from, words))
	l.mountDisks(v, disks, from)
	put(v, "restart", doc.Str("no").From(from))
	l.carry(s, p, v, from)
	if program {
		l.askConfig(s, n, v)
	} else {
		bare := *s
		bare.Configs, bare.Secrets = nil, nil
		s = &bare
	}
	l.complete(s, kept, p, from, v)
	return v
}

// diskMount shows the folder of a disk to the preflight. A folder that is not there is a fault and is not made, as where
// a disk is not mounted it would be made on another one; unless the service lets Docker make it anyway.
func (l *lowering) diskMount(s *model.Service, folder, target string, from tree.Path) *doc.Value {
	made := slices.ContainsFunc(s.Volumes, func(m model.Mount) bool {
		return m.Type == "bind" && path.Clean(m.Source) == path.Clean(folder) &&
			(m.Bind == nil || m.Bind.CreateHostPath == nil || *m.Bind.CreateHostPath)
	})
	str := func(s string) *doc.Value { return doc.Str(escape(s)).From(from) }
	return doc.NewMap().From(from).Set("type", str("bind")).Set("source", str(l.onHost(folder))).Set("target", str(target)).
		Set("read_only", doc.Boolean(true).From(from)).
		Set("bind", doc.NewMap().Set("create_host_path", doc.Boolean(made).From(from)).OnLine())
}

func (l *lowering) mountDisks(v *doc.Value, disks []*doc.Value, from tree.Path) {
	if len(disks) == 0 {
		return
	}
	mounts := l.keys.service.at(v, "volumes", func() *doc.Value { return list(from, len(disks)) })
	for i, d := range disks {
		// two bounds of one folder are one mount
		if !slices.ContainsFunc(disks[:i], func(e *doc.Value) bool { return get(e, "target").Text == get(d, "target").Text }) {
			mounts.Add(d)
		}
	}
}

// portIsOurs refuses a preflight of a port that the service does not publish. Of one that it does, Docker itself says
// that it is taken; a check before would fail at the second up, when the service has it.
func (l *lowering) portIsOurs(s *model.Service, c *model.Preflight) {
	for _, p := range s.Ports {
		if p.Published == strconv.Itoa(*c.Port) {
			return
		}
	}
	support.Refuse(&l.ds, l.in.Target, c.Path.Key("port"), "publish it with ports, or look with ss --listening before docker compose up",
		"Docker looks at the ports that a service publishes, and %s does not publish %d", s.Name, *c.Port)
}
