package k8s

import (
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
)

// octoFolder is where the binary of octo-sidecar lies in a container that it is brought to.
const octoFolder = "/octo"

// nobody is the user of containers of ours where the pod names none: the sidecar is a static binary, any user will do.
const nobody = 65532

// sidecar is the image of octo-sidecar.
func (l *lowering) sidecar() string {
	if l.t.Sidecar != "" {
		return l.t.Sidecar
	}
	return DefaultSidecar
}

// runSidecar are, for APPLY.md, those in which octo-sidecar runs.
func (l *lowering) runSidecar() string {
	switch {
	case l.serves && l.watch != nil:
		return "The gates, the servers of configs and " + monitorName
	case l.serves:
		return "The gates and the servers of configs"
	case l.watch != nil:
		return "The gates and " + monitorName
	}
	return "The gates"
}

// addSidecar adds an init container that runs octo-sidecar. It keeps to the restricted Pod Security Standard whatever
// the service does.
func (u *unit) addSidecar(name string, args ...string) *corev1.Container {
	spec := u.spec()
	spec.InitContainers = append(spec.InitContainers, corev1.Container{
		Name: u.initName(name), Image: u.l.sidecar(), Args: literals(args), Resources: gateResources(), SecurityContext: u.ownSecurity(),
	})
	u.l.todo.sidecar = true
	return &spec.InitContainers[len(spec.InitContainers)-1]
}

// nextInit are the steps to the init container that is added next.
func (u *unit) nextInit() string {
	return "spec initContainers " + strconv.Itoa(len(u.spec().InitContainers))
}

// initName is name, or name with a number when another container of the pod is called so.
func (u *unit) initName(name string) string {
	base := name
	for n := 2; ; n++ {
		taken := name == u.name || slices.ContainsFunc(u.spec().InitContainers, func(c corev1.Container) bool { return c.Name == name })
		if !taken {
			return name
		}
		name = base + "-" + strconv.Itoa(n)
	}
}

// ownSecurity is the security of a container of ours. What the pod says already is left to it.
func (u *unit) ownSecurity() *corev1.SecurityContext {
	c := &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr(false), ReadOnlyRootFilesystem: ptr(true),
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	pod := u.spec().SecurityContext
	if pod == nil {
		pod = &corev1.PodSecurityContext{}
	}
	if pod.RunAsUser == nil || *pod.RunAsUser == 0 {
		c.RunAsUser, c.RunAsGroup = ptr(int64(nobody)), ptr(int64(nobody))
	}
	if pod.RunAsNonRoot == nil || !*pod.RunAsNonRoot {
		c.RunAsNonRoot = ptr(true)
	}
	if pod.SeccompProfile == nil || pod.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		c.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	}
	return c
}

// gateResources are what a container of ours takes: it sleeps and asks.
func gateResources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: milli(10), corev1.ResourceMemory: quantity(16 << 20)},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: quantity(32 << 20)},
	}
}

// bring puts octo-sidecar into the container, for probes that Kubernetes has not.
func (u *unit) bring() {
	if u.brought {
		return
	}
	u.brought = true
	size := quantity(scratchSize)
	name := u.volume("octo", corev1.Volume{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}}})
	u.toInstall = name
	u.mountAt(corev1.VolumeMount{Name: name, MountPath: octoFolder, ReadOnly: true}, u.s.Path)
}

// buildInstall adds the init container that copies octo-sidecar into the pod, when a probe needs it.
func (u *unit) buildInstall() {
	if !u.brought {
		return
	}
	c := u.addSidecar("install-octo", "install", octoFolder)
	c.VolumeMounts = []corev1.VolumeMount{{Name: u.toInstall, MountPath: octoFolder}}
}

// loopback is where octo-sidecar asks the program beside it.
const loopback = "127.0.0.1"

// handler is what the probe of the checks does. Kubernetes has http, tcp, grpc and a program; a plugin, and several
// checks of one level, are asked by octo-sidecar in the container.
func (u *unit) handler(checks []*model.Check, limit time.Duration) corev1.ProbeHandler {
	c := checks[0]
	if len(checks) > 1 {
		all := make([][]string, len(checks))
		for i, c := range checks {
			all[i] = c.Words(loopback)
		}
		return u.sidecarProbe(limit, model.Ask(all)...)
	}
	switch {
	case c.HTTP != nil:
		get := &corev1.HTTPGetAction{Port: u.portRef(c.HTTP.Port), Path: c.HTTP.Path}
		if get.Path == "" {
			get.Path = "/"
		}
		if c.HTTP.Scheme == "https" {
			get.Scheme = corev1.URISchemeHTTPS
		}
		if c.HTTP.Host != "" {
			get.HTTPHeaders = []corev1.HTTPHeader{{Name: "Host", Value: c.HTTP.Host}}
		}
		return corev1.ProbeHandler{HTTPGet: get}
	case c.TCP != nil:
		return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: u.portRef(c.TCP.Port)}}
	case c.GRPC != nil:
		call := &corev1.GRPCAction{Port: int32(c.GRPC.Port)}
		if c.GRPC.Service != "" {
			call.Service = ptr(c.GRPC.Service)
		}
		return corev1.ProbeHandler{GRPC: call}
	case len(c.Plugin) > 0:
		return u.sidecarProbe(limit, c.Words(loopback)...)
	}
	return exec(u.texts(c.Exec)...)
}

// sidecarProbe is a probe by octo-sidecar in the container.
func (u *unit) sidecarProbe(limit time.Duration, words ...string) corev1.ProbeHandler {
	u.bring()
	command := []string{octoFolder + "/octo-sidecar", "probe", "--timeout=" + limit.String()}
	return exec(append(command, u.texts(words)...)...)
}
