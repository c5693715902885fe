package k8s

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// fileMap is the ConfigMap of one service: all small files that it mounts. Its name holds a hash of them, so that a new
// file is a new object, a rollout, and the old one is there to go back to.
type fileMap struct {
	entries []fileEntry
	size    int
	over    bool // too large, and reported
	waiting []*corev1.ConfigMapVolumeSource
	singles *corev1.ConfigMapVolumeSource // of the files that are mounted one by one
	volume  string                        // its name in the pod
}

type fileEntry struct {
	key    string
	data   []byte
	origin tree.Path
}

// add keeps the file under a key like its name and returns the key.
func (f *fileMap) add(u *unit, name string, data []byte, p tree.Path) string {
	base := fileKey(name)
	key := base
	for n := 2; ; n++ {
		i := slices.IndexFunc(f.entries, func(e fileEntry) bool { return e.key == key })
		if i < 0 {
			break
		}
		if string(f.entries[i].data) == string(data) {
			return key
		}
		key = base + "." + strconv.Itoa(n)
	}
	if f.size += len(key) + len(data); f.size > maxFiles && !f.over {
		f.over = true
		u.l.refuse(p, "put the large ones into an image", "the files of %s are larger than 1 MiB together, the limit of a ConfigMap", u.s.Name)
	}
	f.entries = append(f.entries, fileEntry{key, data, p})
	return key
}

// fileKey makes a key of ConfigMap.data of a path: letters, digits, -_. and at most 253 bytes.
func fileKey(name string) string {
	b := []byte(strings.TrimPrefix(name, "/"))
	for i, c := range b {
		switch {
		case c == '/':
			b[i] = '.'
		case !isAlnum(c) && c != '-' && c != '_' && c != '.':
			b[i] = '_'
		}
	}
	if len(b) > 200 {
		b = append(b[:190:190], shortHash([]byte(name))...)
	}
	if key := string(b); key != "" && key != "." && !strings.HasPrefix(key, "..") {
		return key
	}
	return "_" + string(b)
}

// single mounts one file of the project at target.
func (f *fileMap) single(u *unit, file, target string, p tree.Path, mode *model.Mode) {
	got, err := u.l.in.Files.Read(file)
	if err != nil {
		d := u.l.ds.Error(diag.MissingFile, p, "%v", err)
		d.Target = u.l.t.Name
		return
	}
	if mode == nil {
		mode = modeOf(got.Data)
	}
	f.mount(u, path.Base(file), got.Data, target, p, mode)
}

// mount mounts data as the file target. A mount with subPath never changes under a running pod, and need not: a new
// content is a new ConfigMap.
func (f *fileMap) mount(u *unit, name string, data []byte, target string, p tree.Path, mode *model.Mode) {
	u.l.checkFixed(string(data), p)
	key := f.add(u, name, data, p)
	if f.singles == nil {
		f.singles = &corev1.ConfigMapVolumeSource{}
		f.waiting = append(f.waiting, f.singles)
		f.volume = u.volume("config", corev1.Volume{VolumeSource: corev1.VolumeSource{ConfigMap: f.singles}})
	}
	item := corev1.KeyToPath{Key: key, Path: key}
	if mode != nil {
		item.Mode = ptr(int32(*mode))
	}
	if !slices.ContainsFunc(f.singles.Items, func(k corev1.KeyToPath) bool { return k.Key == key }) {
		f.singles.Items = append(f.singles.Items, item)
	}
	u.mountAt(corev1.VolumeMount{Name: f.volume, MountPath: target, SubPath: key, ReadOnly: true}, p)
}

// folder mounts a folder of the project.
func (f *fileMap) folder(u *unit, plan *mountPlan) {
	dir := plan.mount.Source
	v := &corev1.ConfigMapVolumeSource{}
	for _, rel := range plan.paths {
		got, err := u.l.in.Files.Read(path.Join(dir, rel))
		if err != nil {
			d := u.l.ds.Error(diag.MissingFile, plan.path, "%v", err)
			d.Target = u.l.t.Name
			return
		}
		u.l.checkFixed(string(got.Data), plan.path)
		item := corev1.KeyToPath{Key: f.add(u, path.Join(path.Base(path.Clean(dir)), rel), got.Data, plan.path), Path: rel}
		if mode := modeOf(got.Data); mode != nil {
			item.Mode = ptr(int32(*mode))
		}
		v.Items = append(v.Items, item)
	}
	f.waiting = append(f.waiting, v)
	name := u.volume(path.Base(path.Clean(dir)), corev1.Volume{VolumeSource: corev1.VolumeSource{ConfigMap: v}})
	u.mountAt(corev1.VolumeMount{Name: name, MountPath: plan.mount.Target, ReadOnly: true}, plan.path)
}

// modeOf is 0755 for a script: the mode of a file does not travel with its text, and a script that is mounted is
// there to be run. Nil for all else: Kubernetes' 0644.
func modeOf(data []byte) *model.Mode {
	if strings.HasPrefix(string(data[:min(2, len(data))]), "#!") {
		return ptr(model.Mode(0o755))
	}
	return nil
}

// finish names the ConfigMap after its content and adds it.
func (f *fileMap) finish(u *unit) {
	if len(f.entries) == 0 {
		return
	}
	entries := slices.Clone(f.entries)
	slices.SortFunc(entries, func(a, b fileEntry) int { return cmp.Compare(a.key, b.key) })
	cm := &corev1.ConfigMap{TypeMeta: typeMeta(corev1.SchemeGroupVersion, "ConfigMap"), Immutable: ptr(true)}
	var sum []byte
	var notes []note
	for _, e := range entries {
		sum = append(strconv.AppendInt(append(append(sum, e.key...), 0), int64(len(e.data)), 10), e.data...)
		if utf8.Valid(e.data) && isPrintable(string(e.data)) {
			if cm.Data == nil {
				cm.Data = map[string]string{}
			}
			cm.Data[e.key] = string(e.data)
			notes = append(notes, note{at: "data " + e.key, origin: e.origin})
			continue
		}
		if cm.BinaryData == nil {
			cm.BinaryData = map[string][]byte{}
		}
		cm.BinaryData[e.key] = e.data
		notes = append(notes, note{at: "binaryData " + e.key, origin: e.origin})
	}
	name := u.name + "-" + shortHash(append(sum, u.patchText("configmap")...))
	cm.ObjectMeta = u.meta(name)
	for _, v := range f.waiting {
		v.Name = name
	}
	if f.singles != nil && !slices.ContainsFunc(f.singles.Items, func(k corev1.KeyToPath) bool { return k.Mode != nil }) {
		f.singles.Items = nil // all keys under their own names: what a ConfigMap is without a list
	}
	u.l.add(object{file: u.name + "/configmap.yaml", unit: u, value: cm, notes: notes, from: u.s.From})
}
