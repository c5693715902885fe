package k8s

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// restrictedCap is the only capability that the restricted standard lets a container add.
const restrictedCap = "NET_BIND_SERVICE"

// allRestricted reports whether every pod of the output keeps to the restricted Pod Security Standard, patches
// included (Kubernetes: Pod Security Standards, Restricted and Baseline).
func (l *lowering) allRestricted() bool {
	for i := range l.objects {
		if t := podTemplate(l.objects[i].value); t != nil && !restrictedPod(&t.Spec) {
			return false
		}
	}
	return true
}

// podTemplate is the pod template of a workload, nil for other objects.
func podTemplate(object any) *corev1.PodTemplateSpec {
	switch o := object.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Template
	case *appsv1.StatefulSet:
		return &o.Spec.Template
	case *appsv1.DaemonSet:
		return &o.Spec.Template
	case *batchv1.Job:
		return &o.Spec.Template
	}
	return nil
}

// restrictedPod reports whether a pod keeps to the standard.
func restrictedPod(spec *corev1.PodSpec) bool {
	if spec.HostNetwork || spec.HostPID || spec.HostIPC {
		return false
	}
	pod := spec.SecurityContext
	if pod == nil {
		pod = &corev1.PodSecurityContext{}
	}
	if slices.ContainsFunc(pod.Sysctls, func(s corev1.Sysctl) bool { return !isSafeSysctl(s.Name) }) ||
		pod.RunAsUser != nil && *pod.RunAsUser == 0 || !plainLabels(pod.SELinuxOptions) || !confined(pod.AppArmorProfile) {
		return false
	}
	for i := range spec.Volumes {
		if !plainVolume(&spec.Volumes[i]) {
			return false
		}
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			if !restrictedContainer(pod, &list[i]) {
				return false
			}
		}
	}
	return true
}

// restrictedContainer reports whether a container keeps to the standard in a pod of this security.
func restrictedContainer(pod *corev1.PodSecurityContext, c *corev1.Container) bool {
	s := c.SecurityContext
	if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.Privileged != nil && *s.Privileged {
		return false
	}
	nonRoot, seccomp := pod.RunAsNonRoot, pod.SeccompProfile
	if s.RunAsNonRoot != nil {
		nonRoot = s.RunAsNonRoot
	}
	if s.SeccompProfile != nil {
		seccomp = s.SeccompProfile
	}
	if nonRoot == nil || !*nonRoot || s.RunAsUser != nil && *s.RunAsUser == 0 {
		return false
	}
	if seccomp == nil || seccomp.Type == corev1.SeccompProfileTypeUnconfined {
		return false
	}
	if s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL") ||
		slices.ContainsFunc(s.Capabilities.Add, func(c corev1.Capability) bool { return c != restrictedCap }) {
		return false
	}
	if s.ProcMount != nil && *s.ProcMount != corev1.DefaultProcMount || !plainLabels(s.SELinuxOptions) || !confined(s.AppArmorProfile) {
		return false
	}
	return !slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 })
}

// plainVolume reports whether the volume is of a type that the standard allows.
func plainVolume(v *corev1.Volume) bool {
	return v.ConfigMap != nil || v.CSI != nil || v.DownwardAPI != nil || v.EmptyDir != nil || v.Ephemeral != nil ||
		v.PersistentVolumeClaim != nil || v.Projected != nil || v.Secret != nil
}

// plainLabels reports whether SELinux options are those that the standard allows.
func plainLabels(o *corev1.SELinuxOptions) bool {
	return o == nil || o.User == "" && o.Role == "" &&
		slices.Contains([]string{"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}, o.Type)
}

func confined(p *corev1.AppArmorProfile) bool {
	return p == nil || p.Type != corev1.AppArmorProfileTypeUnconfined
}
