package k8s

import (
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// maxFiles is what the files of one service may hold together, in bytes: the limit of a ConfigMap (1 MiB, core/v1
// ConfigMap.data) less room for its names.
const maxFiles = 1<<20 - 16<<10

// maxEntries bounds how many files of a folder are looked at before it counts as too large.
const maxEntries = 500

// how is what becomes of one mount.
type how uint8

const (
	asNothing how = iota // the image's own folder, or reported
	asStore              // a claim
	asFile               // one file of the service's ConfigMap
	asFolder             // a folder of it
	asNode               // a folder of the node
	asScratch            // emptyDir
	asMemory             // emptyDir in memory
	asImage              // the content of an image
)

// mountPlan is one entry of volumes, sorted out.
type mountPlan struct {
	how   how
	mount *model.Mount
	path  tree.Path
	store *store
	paths []string // files below a folder, relative to it
}

// planMounts sorts out the volumes of the service.
func (u *unit) planMounts() {
	u.mounts = make([]mountPlan, 0, len(u.s.Volumes))
	for i := range u.s.Volumes {
		u.planMount(&u.s.Volumes[i], u.at("volumes").Index(i))
	}
	for i, text := range u.s.VolumesFrom {
		u.planFrom(text, u.at("volumes_from").Index(i))
	}
}

// planMount sorts out one mount.
func (u *unit) planMount(m *model.Mount, p tree.Path) {
	plan := mountPlan{mount: m, path: p}
	switch m.Type {
	case "bind":
		u.planBind(&plan)
	case "tmpfs":
		plan.how = asMemory
	case "image":
		plan.how = asImage
	case "npipe", "cluster":
		u.l.refuse(plan.path.Key("type"), "mount a named volume", "there is no mount of type %s on Kubernetes", m.Type)
	default:
		u.planVolume(&plan)
	}
	u.mounts = append(u.mounts, plan)
}

// planFrom plans the mounts of another service: SERVICE or SERVICE:ro. What the service mounts itself at the same place
// goes over them.
func (u *unit) planFrom(text string, p tree.Path) {
	name, mode, _ := strings.Cut(text, ":")
	other := u.l.p.Service(name)
	if other == nil {
		u.l.refuse(p, "name a service of this config", "cannot take over the mounts of %q: a cluster has no such container", text)
		return
	}
	for i := range other.Volumes {
		m := other.Volumes[i]
		if u.mountsPath(path.Clean(m.Target)) {
			continue
		}
		if m.Type == "volume" && m.Source == "" {
			u.l.refuse(p, "give it a name and mount it in both", "cannot share the unnamed volume %s of %s", m.Target, name)
			continue
		}
		m.ReadOnly = m.ReadOnly || mode == "ro"
		u.planMount(&m, p)
	}
	if len(other.VolumesFrom) > 0 {
		u.l.refuse(p, "name the service that has the volumes", "cannot take over what %s itself takes from %s", name, other.VolumesFrom[0])
	}
}

// planVolume plans a named or an anonymous volume.
func (u *unit) planVolume(plan *mountPlan) {
	m := plan.mount
	if m.Source != "" {
		if v := u.l.p.Volume(m.Source); v != nil {
			plan.how, plan.store = asStore, u.l.stores.volume(v, u.holder())
		}
		return
	}
	if u.hidesCopy(m.Target) {
		return // it only keeps the image's folder visible below a mount that is not made here
	}
	if u.readOnlyRoot() || (m.Volume != nil && m.Volume.NoCopy) {
		plan.how = asScratch
		return
	}
	u.l.emulate(plan.path, "give it a name to keep the data",
		"an unnamed volume is the image's own folder %s here: what is written there ends with the container", m.Target)
}

// hidesCopy reports whether target lies below a bind mount in whose place the image's own copy is used.
func (u *unit) hidesCopy(target string) bool {
	for i := range u.s.Volumes {
		if m := &u.s.Volumes[i]; m.Type == "bind" && u.inImage(m.Source) && within(target, m.Target) {
			return true
		}
	}
	return false
}

// inImage reports whether src is a folder of the build context: the image has it.
func (u *unit) inImage(src string) bool {
	return u.s.Build != nil && !isOutside(src) && within(src, u.s.Build.Context) && u.l.in.Files.Stat(src).Kind == source.Dir
}

// isOutside reports whether a path of the host is not written relative to the project's folder.
func isOutside(src string) bool {
	return path.IsAbs(src) || strings.HasPrefix(src, "~") || isDrive(src)
}

// planBind plans the mount of a path of the host.
func (u *unit) planBind(plan *mountPlan) {
	src := plan.mount.Source
	if isOutside(src) {
		u.planOutside(plan, src)
		return
	}
	info := u.l.in.Files.Stat(src)
	switch info.Kind {
	case source.Missing:
		u.planMissing(plan, src)
	case source.Regular:
		if info.Size > maxFiles {
			u.tooLarge(plan, src)
			return
		}
		plan.how = asFile
	case source.Dir:
		u.planFolder(plan, src)
	default:
		u.l.refuse(plan.path.Key("source"), "reach it over the network",
			"%s is a socket or a device of this machine; no node of a cluster has it", src)
	}
}

// planFolder plans the mount of a folder of the project.
func (u *unit) planFolder(plan *mountPlan, src string) {
	if u.inImage(src) {
		u.l.emulate(plan.path, "copy it in the Dockerfile; for work with live files take docker compose",
			"%s lies in the build context of %s: the image has its own copy, which is used at %s", src, u.s.Name, plan.mount.Target)
		return
	}
	files, ok := u.l.walk(src)
	switch {
	case !ok:
		u.tooLarge(plan, src)
	case len(files) == 0:
		plan.how, plan.store = asStore, u.folderStore(plan, src)
	default:
		plan.how, plan.paths = asFolder, files
		if !plan.mount.ReadOnly {
			u.l.emulate(plan.path, "write :ro behind it; for data that the service writes take a named volume",
				"%s is a copy on Kubernetes: what the service writes to %s is refused", src, plan.mount.Target)
		}
	}
}

// tooLarge reports what does not fit a ConfigMap.
func (u *unit) tooLarge(plan *mountPlan, src string) {
	u.l.refuse(plan.path, "put it into an image, or into a named volume that is filled once",
		"cannot deliver %s: it is larger than 1 MiB, the limit of a ConfigMap", src)
}

// planMissing plans the mount of what is not there: Docker makes a folder of it, which the service fills.
func (u *unit) planMissing(plan *mountPlan, src string) {
	must := plan.mount.Bind != nil && plan.mount.Bind.CreateHostPath != nil && !*plan.mount.Bind.CreateHostPath
	if must || path.Ext(strings.TrimRight(src, "/")) != "" {
		d := u.l.ds.Error(diag.MissingFile, plan.path.Key("source"), "cannot mount %s: it is not there", src)
		d.Target = u.l.t.Name
		d.Helpf("make it, or delete the line")
		return
	}
	plan.how, plan.store = asStore, u.folderStore(plan, src)
}

// nodePaths are folders that any Linux machine has, of which a container means the machine's own: a node's are as good.
var nodePaths = []string{
	"/lib/modules", "/usr/lib/modules", "/usr/src", "/boot", "/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo",
}

// hostPaths are what no pod should see of a node, with the reason.
var hostPaths = []struct{ path, why string }{
	{"/run", "sockets and state of this machine's services are no part of a cluster"},
	{"/var/run", "sockets and state of this machine's services are no part of a cluster"},
	{"/var/lib/docker", "a node has no Docker engine"},
	{"/proc", "the processes of a node are not the application's"},
	{"/sys", "the devices of a node are not the application's"},
	{"/dev", "a device belongs to one node"},
}

// planOutside plans the mount of a path outside of the project. What lies there on the machine that compiles says
// nothing about the cluster, so it is not looked at.
func (u *unit) planOutside(plan *mountPlan, src string) {
	clean := strings.TrimRight(src, "/")
	at := plan.path.Key("source")
	switch {
	case path.Base(clean) == "docker.sock":
		u.l.refuse(at, "what it does with Docker, an operator does on Kubernetes: look for one, or run this service with compose",
			"%s is the Docker engine of this machine; a cluster has none", src)
		return
	case clean == "":
		u.l.refuse(at, "mount the folder that the service needs", "cannot mount the root of a node")
		return
	case path.Ext(clean) == ".sock":
		u.l.refuse(at, "reach it over the network", "%s is a socket of this machine; no node of a cluster has it", src)
		return
	}
	for _, h := range hostPaths {
		if within(clean, h.path) {
			u.l.refuse(at, "run what needs it on the machine itself", "cannot mount %s: %s", src, h.why)
			return
		}
	}
	for _, n := range nodePaths {
		if within(clean, n) {
			plan.how = asNode
			u.l.emulate(at, "", "%s is that of the node on which the pod runs", src)
			return
		}
	}
	if ext := path.Ext(clean); ext != "" && !strings.HasSuffix(src, "/") && ext != ".d" {
		u.l.refuse(at, "put it beside the config and mount it from there", "cannot deliver %s: it lies outside of the project", src)
		return
	}
	plan.how, plan.store = asStore, u.folderStore(plan, src)
}

// folderStore is the claim that stands for a folder of the host.
func (u *unit) folderStore(plan *mountPlan, src string) *store {
	u.l.emulate(plan.path, "write a named volume instead; APPLY.md says how to copy what the folder holds",
		"%s is a folder of this machine: on Kubernetes a claim takes its place, empty at first", src)
	s := u.l.stores.folder(src, plan.path, u.holder())
	return s
}

// walk lists the files below a folder, relative to it and sorted; not ok when they are more than a ConfigMap holds.
func (l *lowering) walk(dir string) (files []string, ok bool) {
	var size int64
	var visit func(rel string, depth int) bool
	visit = func(rel string, depth int) bool {
		for _, name := range l.in.Files.List(path.Join(dir, rel)) {
			at := path.Join(rel, name)
			switch info := l.in.Files.Stat(path.Join(dir, at)); info.Kind {
			case source.Dir:
				if depth > 20 || !visit(at, depth+1) {
					return false
				}
			case source.Regular:
				files, size = append(files, at), size+info.Size
			}
			if size > maxFiles || len(files) > maxEntries {
				return false
			}
		}
		return true
	}
	ok = visit("", 0)
	return files, ok
}

// within reports whether p is dir or lies below it; both are relative to the project's folder, or absolute.
func within(p, dir string) bool {
	p, dir = path.Clean(p), path.Clean(dir)
	switch {
	case strings.Contains(dir, "://"):
		return false
	case dir == ".":
		return !path.IsAbs(p) && p != ".." && !strings.HasPrefix(p, "../")
	}
	return p == dir || strings.HasPrefix(p, dir+"/")
}

// isDrive reports whether p is a path of Windows.
func isDrive(p string) bool {
	return len(p) > 2 && isAlnum(p[0]) && p[1] == ':' && (p[2] == '\\' || p[2] == '/')
}
