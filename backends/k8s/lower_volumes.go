package k8s

import (
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// scratchSize is the size of an emptyDir that hardening asks for.
const scratchSize = 64 << 20

// spec is the pod's.
func (u *unit) spec() *corev1.PodSpec { return &u.template.Spec }

// c is the container that is made.
func (u *unit) c() *corev1.Container { return u.box }

// volume adds a volume to the pod under the name, or one that is free, and returns the name.
func (u *unit) volume(name string, v corev1.Volume) string {
	if u.main != nil && v.EmptyDir == nil { // what the service itself mounts need not be there twice
		if have := u.sameVolume(v.VolumeSource); have != "" {
			return have
		}
	}
	v.Name = u.freeName(name)
	u.volumes[v.Name] = owner{}
	u.spec().Volumes = append(u.spec().Volumes, v)
	return v.Name
}

// sameVolume is the name of a volume of the pod with this source; "" when there is none.
func (u *unit) sameVolume(v corev1.VolumeSource) string {
	for i := range u.spec().Volumes {
		if equality.Semantic.DeepEqual(u.spec().Volumes[i].VolumeSource, v) {
			return u.spec().Volumes[i].Name
		}
	}
	return ""
}

// freeName is name as a label, with a number when another volume of the pod has it.
func (u *unit) freeName(name string) string {
	name = label(name)
	for n := 2; ; n++ {
		if _, taken := u.volumes[name]; !taken {
			return name
		}
		name = strings.TrimRight(name, "0123456789-") + "-" + strconv.Itoa(n)
	}
}

// mountAt mounts a volume into the container. Two mounts of one folder are a mistake that Docker only finds at run
// time, the API server at once.
func (u *unit) mountAt(m corev1.VolumeMount, p tree.Path) {
	m.MountPath = path.Clean(m.MountPath)
	if !path.IsAbs(m.MountPath) {
		u.l.ds.Error(diag.Pattern, p, "cannot mount at %q; want an absolute path", m.MountPath)
		return
	}
	if strings.Contains(m.MountPath, ":") {
		u.l.refuse(p, "mount it elsewhere", "cannot mount at %q: a colon cannot stand in a mount path", m.MountPath)
		return
	}
	if u.mountedIn(m.MountPath) {
		u.l.ds.Error(diag.Duplicate, p, "%s is mounted twice", m.MountPath)
		return
	}
	u.markIn("volumeMounts "+strconv.Itoa(len(u.c().VolumeMounts)), p)
	u.c().VolumeMounts = append(u.c().VolumeMounts, m)
}

// mountedIn reports whether the container has a mount at dir.
func (u *unit) mountedIn(dir string) bool {
	return slices.ContainsFunc(u.c().VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == dir })
}

// mountsPath reports whether something is mounted at target already.
func (u *unit) mountsPath(target string) bool {
	return slices.ContainsFunc(u.s.Volumes, func(m model.Mount) bool { return path.Clean(m.Target) == target }) ||
		slices.ContainsFunc(u.s.Tmpfs, func(t string) bool { dir, _, _ := strings.Cut(t, ":"); return path.Clean(dir) == target })
}

// buildVolumes lowers volumes, tmpfs and shm_size.
func (u *unit) buildVolumes() {
	if u.readOnlyRoot() && u.hardened && !u.mountsPath("/tmp") {
		size := quantity(scratchSize)
		name := u.volume("tmp", corev1.Volume{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}}})
		u.c().VolumeMounts = append(u.c().VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/tmp"})
	}
	for i := range u.mounts {
		u.buildMount(&u.mounts[i])
	}
	for i, text := range u.s.Tmpfs {
		dir, options, _ := strings.Cut(text, ":")
		u.memory(dir, tmpfsSize(options), u.at("tmpfs").Index(i))
	}
	if u.s.ShmSize != nil {
		u.memory("/dev/shm", u.s.ShmSize, u.at("shm_size"))
	}
}

// memory mounts an emptyDir in memory.
func (u *unit) memory(dir string, size *model.Bytes, p tree.Path) {
	v := &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}
	if size != nil && *size > 0 {
		v.SizeLimit = ptr(quantity(*size))
	}
	name := u.volume(path.Base(path.Clean("/"+dir)), corev1.Volume{VolumeSource: corev1.VolumeSource{EmptyDir: v}})
	u.mountAt(corev1.VolumeMount{Name: name, MountPath: dir}, p)
}

// tmpfsSize reads size= out of the options of a tmpfs; the others have no place in Kubernetes.
func tmpfsSize(options string) *model.Bytes {
	for o := range strings.SplitSeq(options, ",") {
		if v, ok := strings.CutPrefix(o, "size="); ok {
			return parseSize(v)
		}
	}
	return nil
}

// parseSize reads a number of bytes with an optional k, m or g, as mount(8) does.
func parseSize(s string) *model.Bytes {
	digits := strings.TrimRight(strings.ToLower(s), "bkmgi")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return nil
	}
	shift := 0
	if unit := strings.ToLower(s[len(digits):]); unit != "" {
		shift = 10 * (strings.IndexByte("bkmg", unit[0]))
	}
	if shift < 0 || n > 1<<(62-shift) {
		return nil
	}
	return ptr(model.Bytes(n << shift))
}

// buildMount lowers one entry of volumes.
func (u *unit) buildMount(plan *mountPlan) {
	m := plan.mount
	switch plan.how {
	case asStore:
		u.buildStore(plan)
	case asFile:
		u.files.single(u, m.Source, m.Target, plan.path, nil)
	case asFolder:
		u.files.folder(u, plan)
	case asNode:
		name := u.volume(path.Base(m.Source), corev1.Volume{VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: m.Source},
		}})
		u.mountAt(corev1.VolumeMount{Name: name, MountPath: m.Target, ReadOnly: m.ReadOnly}, plan.path)
	case asScratch:
		name := u.volume(path.Base(m.Target), corev1.Volume{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
		u.mountAt(corev1.VolumeMount{Name: name, MountPath: m.Target}, plan.path)
	case asMemory:
		var size *model.Bytes
		if m.Tmpfs != nil {
			size = m.Tmpfs.Size
		}
		u.memory(m.Target, size, plan.path)
	case asImage:
		name := u.volume(path.Base(m.Target), corev1.Volume{VolumeSource: corev1.VolumeSource{
			Image: &corev1.ImageVolumeSource{Reference: m.Source},
		}})
		sub := ""
		if m.Image != nil {
			sub = m.Image.Subpath
		}
		u.mountAt(corev1.VolumeMount{Name: name, MountPath: m.Target, ReadOnly: true, SubPath: sub}, plan.path)
	}
}

// placed is the claim of a pod, with the name of its volume there.
type placed struct {
	store *store
	name  string
	made  bool
}

// placeClaims gives the claims of the pod the names of volumes before any other volume takes one.
func (u *unit) placeClaims() {
	u.anyMount(func(m *mountPlan) bool {
		if m.store != nil && !slices.ContainsFunc(u.placed, func(p placed) bool { return p.store == m.store }) {
			name := u.freeName(m.store.name)
			u.volumes[name] = owner{}
			u.placed = append(u.placed, placed{store: m.store, name: name})
		}
		return false
	})
}

// claimVolume is the volume of the claim, which is added when it is not there yet.
func (u *unit) claimVolume(s *store) string {
	i := slices.IndexFunc(u.placed, func(p placed) bool { return p.store == s })
	have := &u.placed[i]
	switch {
	case have.made:
	case u.holder().kind == statefulSet && s.own(u.holder()):
		c := u.l.claim(s)
		c.Name = have.name
		u.claims = append(u.claims, c)
	default:
		u.spec().Volumes = append(u.spec().Volumes, corev1.Volume{Name: have.name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: s.name},
		}})
	}
	have.made = true
	return have.name
}

// dataFolder is where on a claim of ours the data lies.
const dataFolder = "data"

// buildStore mounts a claim.
func (u *unit) buildStore(plan *mountPlan) {
	m, s := plan.mount, plan.store
	name := u.claimVolume(s)
	vm := corev1.VolumeMount{Name: name, MountPath: m.Target, ReadOnly: m.ReadOnly}
	at := "volumeMounts " + strconv.Itoa(len(u.c().VolumeMounts))
	switch {
	case m.Volume != nil && m.Volume.Subpath != "":
		vm.SubPath = m.Volume.Subpath
		if !s.external() {
			vm.SubPath = path.Join(dataFolder, vm.SubPath)
		}
	case !s.external():
		// mkfs leaves lost+found in the root of a disk, and a database refuses to begin in a folder that is not empty.
		vm.SubPath = dataFolder
		u.notes = append(u.notes, note{in: u.here, at: at, tail: "the root of a disk holds lost+found"})
	}
	u.mountAt(vm, plan.path)
}
