package k8s

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/runtime/spec"
)

// Where octo-sidecar finds what it serves, and what it leaves to its clients, in its container.
const (
	servedFolder = "/etc/octo"
	servedSpec   = "run.json"
	servedState  = "/var/lib/octo"
	servedCA     = "/run/octo/ca.pem" // the folder is mounted into the containers of the service too, read only
)

// The sizes of the volumes that the server of a config needs: the key of its authority, and the certificate.
const (
	servedStateSize = 1 << 20
	servedCASize    = 1 << 20
)

// servedStart is how long a server may take to start, and servedAsk how often it is asked meanwhile.
const (
	servedStart = time.Minute
	servedAsk   = time.Second
)

// sidecarsSince is the first Kubernetes with containers that run beside those of a pod from its start on: Container
// restartPolicy in initContainers, feature gate SidecarContainers, on by default since 1.29, without a gate since 1.33.
var sidecarsSince = [2]int{1, 29}

// planServed finds the pods in which octo-sidecar serves a config, and what stands against it: those of the service, and
// of its one-shots, which have its password too (hooks.init).
func (l *lowering) planServed() {
	if len(l.p.Served) == 0 {
		return
	}
	byPassword := make(map[string]*model.Served, len(l.p.Served))
	for _, s := range l.p.Served {
		byPassword[s.Password] = s
	}
	var first, onHost *unit
	for _, u := range l.units {
		for i := range u.s.Secrets {
			if ref := &u.s.Secrets[i]; u.served == nil && secretTarget(ref) == model.PasswordTarget {
				u.served = byPassword[ref.Source]
			}
		}
		if u.served == nil {
			continue
		}
		if first == nil {
			first = u
		}
		u.checkServedPort()
		u.checkMetricsPort()
		if u.s.NetworkMode == "host" {
			u.checkServedHost(onHost)
			onHost = u
		}
	}
	if first != nil {
		l.serves = true
		l.checkSidecars(first)
	}
}

// checkServedPort refuses a service that listens where octo-sidecar does: the containers of a pod share their ports.
func (u *unit) checkServedPort() {
	for i := range u.ports {
		p := &u.ports[i]
		if p.number != model.ServedPort || p.protocol != corev1.ProtocolTCP {
			continue
		}
		d := u.l.ds.Error(diag.PortClash, u.served.Path, "cannot serve the config of %s: it has the port %d, where octo-sidecar listens in its pod",
			u.s.Name, model.ServedPort)
		d.Target = u.l.t.Name
		d.See(p.path, "the port").Helpf("give the service another port, or deliver its config as a file")
		return
	}
}

// checkServedHost says what it means that the pod is on the network of its node, and refuses a second such pod; other is
// the first.
func (u *unit) checkServedHost(other *unit) {
	if other == nil {
		u.l.emulate(u.served.Path, "deliver it as a file where that cannot be promised",
			"%s is on the network of the node: nothing else there may listen on %s, and each program of the node can ask it",
			u.s.Name, servedAddress)
		return
	}
	d := u.l.ds.Error(diag.PortClash, u.served.Path, "cannot serve configs to %s and %s: both are on the network of the node, where only one can have the port %d",
		other.s.Name, u.s.Name, model.ServedPort)
	d.Target = u.l.t.Name
	d.See(other.at("network_mode"), "the other one").Helpf("take network_mode: host from one of them, or deliver its config as a file")
}

// checkSidecars refuses a target that must work on a Kubernetes without sidecar containers: it would take the server for
// an init container, and wait for its end.
func (l *lowering) checkSidecars(u *unit) {
	text, ok := model.Lookup(l.t.MinVersion, "kubernetes")
	if !ok || !older(text, sidecarsSince) {
		return
	}
	since := strconv.Itoa(sidecarsSince[0]) + "." + strconv.Itoa(sidecarsSince[1])
	d := l.ds.Error(diag.Unsupported, l.t.Path.Keys("min_version", "kubernetes"),
		"cannot serve the config of %s on Kubernetes %s: sidecar containers (initContainers with restartPolicy: Always) need %s or later",
		u.served.Service, text, since)
	d.Target = l.t.Name
	d.See(u.served.Path, "what is served").Helpf("write kubernetes: %q, or deliver the config as a file", since)
}

// older reports whether the version text is before v.
func older(text string, v [2]int) bool {
	major, minor, _ := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	a, err := strconv.Atoi(major)
	b, _ := strconv.Atoi(minor)
	return err == nil && (a < v[0] || a == v[0] && b < v[1])
}

// asksServed reports whether the container that is made gets the config: the service, and what runs before it with the
// password.
func (u *unit) asksServed() bool {
	return u.served != nil && slices.ContainsFunc(u.s.Secrets, func(r model.FileRef) bool {
		return r.Source == u.served.Password && secretTarget(&r) == model.PasswordTarget
	})
}

// buildServedEnv tells the container where its config is. What the container itself says goes first.
func (u *unit) buildServedEnv() {
	if !u.asksServed() {
		return
	}
	for _, e := range [...]corev1.EnvVar{
		{Name: u.served.Env, Value: u.served.URL(loopback)}, {Name: u.served.EnvUser(), Value: u.served.Service},
		{Name: u.served.EnvPassword(), Value: model.PasswordTarget}, {Name: u.served.EnvCA(), Value: servedCA},
	} {
		c := u.c()
		if slices.ContainsFunc(c.Env, func(have corev1.EnvVar) bool { return have.Name == e.Name }) {
			continue
		}
		u.markIn("env "+strconv.Itoa(len(c.Env)), u.served.Path)
		c.Env = append(c.Env, e)
	}
}

// buildServedMount mounts the certificate of the server's authority into the container.
func (u *unit) buildServedMount() {
	if !u.asksServed() {
		return
	}
	if u.toTrust == "" {
		u.toTrust = u.servedVolume("octo-ca", corev1.EmptyDirVolumeSource{SizeLimit: ptr(quantity(servedCASize))})
	}
	if dir := path.Dir(servedCA); u.mountedIn(dir) {
		d := u.l.ds.Error(diag.Conflict, u.served.Path, "cannot serve the config of %s: the certificate of the server belongs to %s, where something else is mounted",
			u.served.Service, dir)
		d.Target = u.l.t.Name
		d.Helpf("mount it elsewhere, or deliver the config as a file")
		return
	}
	u.mountAt(corev1.VolumeMount{Name: u.toTrust, MountPath: path.Dir(servedCA), ReadOnly: true}, u.served.Path)
}

func (u *unit) servedVolume(name string, v corev1.EmptyDirVolumeSource) string {
	u.mark("spec volumes "+strconv.Itoa(len(u.spec().Volumes)), u.served.Path)
	return u.volume(name, corev1.Volume{VolumeSource: corev1.VolumeSource{EmptyDir: &v}})
}

// buildServed adds the sidecar container that serves the config of the service: before the init containers that may ask
// for it, which the kubelet starts once the startup probe has been answered.
func (u *unit) buildServed() {
	if !u.asksServed() {
		return
	}
	marked := marked(u.served)
	secrets := u.servedSecrets(marked)
	files, ok := u.servedFiles(marked)
	if !ok {
		return
	}
	state := u.servedVolume("octo-state", corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: ptr(quantity(servedStateSize))})
	mounts := []corev1.VolumeMount{
		{Name: files, MountPath: servedFolder, ReadOnly: true},
		{Name: secrets, MountPath: path.Dir(model.PasswordTarget), ReadOnly: true},
		{Name: u.toTrust, MountPath: path.Dir(servedCA)},
		{Name: state, MountPath: servedState},
	}
	u.mark(u.nextInit(), u.served.Path)
	c := u.addSidecar("octo-config", "run", "--spec="+path.Join(servedFolder, servedSpec), "--state="+servedState)
	c.RestartPolicy = ptr(corev1.ContainerRestartPolicyAlways)
	c.Resources = servedResources()
	c.VolumeMounts = mounts
	c.StartupProbe = &corev1.Probe{
		ProbeHandler:  exec("/octo-sidecar", "probe", "http", "https://"+servedAddress+"/healthz"),
		PeriodSeconds: seconds(servedAsk), TimeoutSeconds: 5, FailureThreshold: int32(servedStart / servedAsk),
	}
	if u.spec().HostNetwork {
		// For the scheduler, which puts no two pods with one port on one node (of sidecar containers since 1.33.6 and 1.34).
		c.Ports = []corev1.ContainerPort{{Name: "octo-config", ContainerPort: model.ServedPort, Protocol: corev1.ProtocolTCP}}
	}
	if u.l.t.MetricsPort != 0 {
		c.Ports = append(c.Ports, u.l.metricsPort())
	}
}

// servedAddress is where the server listens: the containers of a pod share its loopback, and nobody else is on it.
const servedAddress = loopback + ":8627"

// servedFiles puts the spec and the config into the ConfigMap of the service, and returns the volume of both.
func (u *unit) servedFiles(marked []spec.Secret) (volume string, ok bool) {
	s := u.served
	config := "configs/" + s.Service + ".json"
	run := spec.Run{Project: u.l.p.Name, Status: u.servedStatus(), Serve: &spec.Serve{
		Listen: servedAddress, Names: []string{loopback, "localhost"}, CA: servedCA,
		Services: []spec.Service{{
			Name: s.Service, Config: path.Join(servedFolder, config), Password: model.PasswordTarget, Secrets: marked,
		}},
	}}
	data, err := run.Marshal()
	if err != nil {
		u.l.ds.Error(diag.Pattern, s.Path, "cannot serve the config of %q: %v", s.Service, err).Target = u.l.t.Name
		return "", false
	}
	u.l.checkFixed(string(s.Values), s.Path)
	v := &corev1.ConfigMapVolumeSource{Items: []corev1.KeyToPath{
		{Key: u.files.add(u, "octo-"+servedSpec, data, s.Path), Path: servedSpec},
		{Key: u.files.add(u, "octo-config.json", s.Values, s.Path), Path: config},
	}}
	u.files.waiting = append(u.files.waiting, v)
	u.mark("spec volumes "+strconv.Itoa(len(u.spec().Volumes)), s.Path)
	return u.volume("octo-config", corev1.Volume{VolumeSource: corev1.VolumeSource{ConfigMap: v}}), true
}

// servedResources are what the server of one config takes.
func servedResources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: milli(10), corev1.ResourceMemory: quantity(32 << 20)},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: quantity(64 << 20)},
	}
}
