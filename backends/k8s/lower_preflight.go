package k8s

import (
	"path"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
)

// buildPreflight lowers preflight to init containers, before the gates: one of octo-sidecar for what it can ask, one of
// the service's own image for each command. A pod whose preflight fails stays in Init, and is tried again.
func (u *unit) buildPreflight() {
	var asks [][]string
	var mounts []corev1.VolumeMount
	at := u.nextInit()
	for i := range u.s.Preflight {
		f := &u.s.Preflight[i]
		switch {
		case f.Disk != nil:
			m, ok := u.mountOf(f.Disk.Folder)
			if !ok {
				u.l.emulate(f.Path, "name a folder on a volume of the service, or give a volume a size",
					"nothing asks for room in %s: it is no volume of %s, and a pod has no disk of its own", f.Disk.Folder, u.s.Name)
				continue
			}
			// The folder itself may not be there yet: the disk is asked where it is mounted.
			asks = append(asks, []string{"disk", m.MountPath, f.Disk.Free.Binary()})
			mounts = addMount(mounts, m)
		case f.Port != nil && !u.spec().HostNetwork, len(f.Command) > 0:
			continue
		default:
			asks = append(asks, f.Words())
		}
		u.mark(at, f.Path)
	}
	if len(asks) > 0 {
		u.addSidecar("preflight", append([]string{"preflight"}, model.Ask(asks)...)...).VolumeMounts = mounts
	}
	for i := range u.s.Preflight {
		if f := &u.s.Preflight[i]; len(f.Command) > 0 {
			u.preflightCommand(f)
		}
	}
}

// preflightCommand runs the command in a container like that of the service.
func (u *unit) preflightCommand(f *model.Preflight) {
	like := *u.s
	like.Path, like.Entrypoint, like.Command = f.Path, f.Command, nil
	step := u.step(&like)
	step.mounts = u.mounts
	u.addStep(step, "preflight", f.Path.Key("command"))
}

// mountOf is the mount of the container on which a folder lies.
func (u *unit) mountOf(folder string) (found corev1.VolumeMount, ok bool) {
	for _, m := range u.c().VolumeMounts {
		if within(folder, m.MountPath) && len(m.MountPath) > len(found.MountPath) {
			found, ok = m, true
		}
	}
	found.ReadOnly = true
	return found, ok
}

// addMount adds m where its path is not taken.
func addMount(list []corev1.VolumeMount, m corev1.VolumeMount) []corev1.VolumeMount {
	for i := range list {
		if path.Clean(list[i].MountPath) == path.Clean(m.MountPath) {
			return list
		}
	}
	return append(list, m)
}
