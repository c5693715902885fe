package k8s

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// defaultSize is the size of a claim for which nobody names one.
const defaultSize = 1 << 30

// store is a place that keeps data: a named volume, or what takes the place of a folder of the host.
type store struct {
	key    string // as written: the volume, or the folder
	name   string // of the claim
	volume *model.Volume
	path   tree.Path
	users  []*unit
}

// storeList holds the stores in the order in which they are met, which is that of the services.
type storeList struct {
	byKey map[string]*store
	list  []*store
}

// volume is the store of a named volume; u uses it.
func (l *storeList) volume(v *model.Volume, u *unit) *store {
	name := v.Name
	if name == "" {
		name = v.Key
	}
	return l.get("volume "+v.Key, u, func() *store {
		return &store{key: v.Key, name: subdomain(name), volume: v, path: v.Path}
	})
}

// folder is the store that stands for a folder of the host; services that mount the same folder share it.
func (l *storeList) folder(src string, p tree.Path, u *unit) *store {
	return l.get("folder "+path.Clean(src), u, func() *store {
		return &store{key: src, name: label(u.name + "-" + path.Base(path.Clean(src))), path: p}
	})
}

func (l *storeList) get(key string, u *unit, make func() *store) *store {
	s := l.byKey[key]
	if s == nil {
		s = make()
		if l.byKey == nil {
			l.byKey = map[string]*store{}
		}
		l.byKey[key] = s
		l.list = append(l.list, s)
	}
	if !slices.Contains(s.users, u) {
		s.users = append(s.users, u)
	}
	return s
}

// external reports whether the claim is somebody else's.
func (s *store) external() bool { return s.volume != nil && s.volume.External }

// many reports whether pods on several nodes may mount the claim at once.
func (s *store) many() bool { return s.volume != nil && s.volume.Access == "rwx" }

// own reports whether u, and only u, has the store: its claim hangs from the StatefulSet.
func (s *store) own(u *unit) bool {
	switch {
	case s.external() || s.many():
		return false
	case s.volume != nil && s.volume.PerReplica:
		return true
	}
	return len(s.users) == 1 && u.most() <= 1
}

// ownsStore reports whether u is a StatefulSet: it has a store of its own.
func (u *unit) ownsStore() bool {
	return u.anyMount(func(m *mountPlan) bool { return m.store != nil && m.store.own(u) })
}

// anyMount reports whether f holds for a mount of the service or of a container before it.
func (u *unit) anyMount(f func(*mountPlan) bool) bool {
	for i := range u.mounts {
		if f(&u.mounts[i]) {
			return true
		}
	}
	return slices.ContainsFunc(u.steps, func(s *unit) bool { return s.anyMount(f) })
}

// tellApart gives folders of the host that end alike the names of their whole paths; the one with the shortest path
// keeps the short name.
func (l *storeList) tellApart() {
	short := map[string]*store{}
	for _, s := range l.list {
		if s.volume != nil {
			continue
		}
		if other := short[s.name]; other == nil || len(s.key) < len(other.key) || len(s.key) == len(other.key) && s.key < other.key {
			short[s.name] = s
		}
	}
	for _, s := range l.list {
		if s.volume == nil && short[s.name] != s {
			s.name = label(s.users[0].name + "-" + strings.Trim(path.Clean(s.key), "./~"))
		}
	}
}

// settleStores checks who shares which claim, and names claims.
func (l *lowering) settleStores() {
	l.stores.tellApart()
	names := registry{}
	for _, s := range l.stores.list {
		names.claim(l, s.name, owner{"volume " + quote(s.key), s.path})
		if s.many() || s.external() || (s.volume != nil && s.volume.PerReplica) {
			continue
		}
		for _, u := range s.users {
			if u.most() > 1 || u.s.Everywhere() {
				d := l.ds.Error(diag.Unsupported, s.path, "%s has %s, and all of them mount %q, a claim for one node", u.s.Name, pods(u), s.key)
				d.Target = l.t.Name
				d.OnKey().See(u.at("replicas"), "so many replicas").Helpf(
					"write access: rwx where the cluster has such storage, or per_replica: true to give each its own")
				break
			}
		}
		if len(s.users) > 1 {
			l.emulate(s.path, "write access: rwx where the cluster has such storage",
				"%s share %q, a claim for one node: their pods all run on that node", userNames(s), s.key)
		}
	}
}

func pods(u *unit) string {
	if u.s.Everywhere() {
		return "a pod on each node"
	}
	return "several replicas"
}

func userNames(s *store) string {
	names := make([]string, len(s.users))
	for i, u := range s.users {
		names[i] = u.s.Name
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// claim is the object for a store.
func (l *lowering) claim(s *store) corev1.PersistentVolumeClaim {
	c := corev1.PersistentVolumeClaim{TypeMeta: typeMeta(corev1.SchemeGroupVersion, "PersistentVolumeClaim")}
	c.Name = s.name
	mode := corev1.ReadWriteOnce
	if s.many() {
		mode = corev1.ReadWriteMany
	}
	if s.volume != nil {
		for _, e := range s.volume.Labels {
			if !isAnnotation(e.Key) {
				l.refuse(s.path.Key("labels").Key(e.Key), annotationRule, "cannot use %q as an annotation", e.Key)
				continue
			}
			if c.Annotations == nil {
				c.Annotations = map[string]string{}
			}
			c.Annotations[e.Key] = e.Value
		}
	}
	c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{mode}
	if l.t.StorageClass != "" {
		c.Spec.StorageClassName = ptr(l.t.StorageClass)
	}
	c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: quantity(l.sizeOf(s))}
	return c
}

// sizeOf is the size of the claim. Where nobody names one it is a guess about somebody's disk, and said aloud.
func (l *lowering) sizeOf(s *store) model.Bytes {
	switch {
	case s.volume != nil && s.volume.Size != nil:
		return *s.volume.Size
	case l.t.VolumeSize != nil:
		return *l.t.VolumeSize
	}
	if s.volume != nil {
		l.emulate(s.path, "write size: 10Gi, or targets."+l.t.Name+".volume_size for all",
			"a claim needs a size, and none is written: it gets %s", model.Bytes(defaultSize).Binary())
	}
	return defaultSize
}

// claims adds the claims that no StatefulSet has.
func (l *lowering) claims() {
	for _, s := range l.stores.list {
		if s.external() {
			l.todo.claims = append(l.todo.claims, s.name)
			continue
		}
		if slices.ContainsFunc(s.users, func(u *unit) bool { return u.kind == statefulSet && s.own(u) }) {
			continue
		}
		c := l.claim(s)
		c.Namespace = l.t.Namespace
		c.Labels = l.labelsOf(label(s.name))
		notes := []note{{origin: s.path}, {at: "spec accessModes", tail: "of " + userNames(s)}}
		from := l.p.Inputs
		if s.volume != nil {
			from = s.volume.From
			if s.volume.Size != nil {
				notes = append(notes, note{at: "spec resources requests storage", origin: s.path.Key("size")})
			}
		}
		l.sharedClaims++
		l.add(object{file: "volumes/" + s.name + ".yaml", users: s.users, value: &c, notes: notes, from: from})
	}
}

// quantity is an amount of bytes in the spelling of Kubernetes.
func quantity(b model.Bytes) resource.Quantity {
	return *resource.NewQuantity(int64(b), resource.BinarySI)
}
