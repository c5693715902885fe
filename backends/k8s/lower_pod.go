package k8s

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
)

// defaultGrace is how long Docker waits between the stop signal and the kill, in seconds. Kubernetes' default is 30.
const defaultGrace = 10

// build makes the pod template of the service.
func (u *unit) build() {
	if u.built {
		return
	}
	u.built = true
	u.volumes = registry{}
	u.template.Labels = u.podLabels()
	u.labelMembers()
	u.template.Spec.Containers = []corev1.Container{{Name: u.name}}
	u.annotate()
	u.buildIdentity()
	u.buildContainer()
	u.buildEnvironment()
	u.buildResources()
	u.buildProbes()
	u.buildSecurity()
	u.buildVolumes()
	u.buildSecrets()
	u.buildConfigs()
	u.files.finish(u)
	u.buildNames()
	u.buildPlacement()
	u.buildGates()
	u.spec().EnableServiceLinks = ptr(u.links)
	u.nameJob()
}

// version is the tag of the image, as the value of a label; "" when it says nothing.
func (u *unit) version() string {
	image, _, _ := strings.Cut(u.s.Image, "@")
	i := strings.LastIndexByte(image, ':')
	if i < 0 || strings.IndexByte(image[i:], '/') >= 0 || !isLabelValue(image[i+1:]) || image[i+1:] == "latest" {
		return ""
	}
	return image[i+1:]
}

func (u *unit) podLabels() map[string]string {
	labels := u.l.labelsOf(u.name)
	if v := u.version(); v != "" {
		labels["app.kubernetes.io/version"] = v
	}
	return labels
}

// annotate puts Compose's labels and annotations on the pod: labels of Kubernetes have a grammar that Compose's have
// not, and nothing selects by them.
func (u *unit) annotate() {
	set := func(pairs []model.Pair, key string) {
		for _, e := range pairs {
			if !isAnnotation(e.Key) {
				u.l.refuse(u.at(key).Key(e.Key), annotationRule, "cannot use %q as an annotation", e.Key)
				continue
			}
			if u.template.Annotations == nil {
				u.template.Annotations = map[string]string{}
			}
			u.template.Annotations[e.Key] = e.Value
			u.mark("metadata annotations "+e.Key, u.at(key).Key(e.Key))
		}
	}
	set(u.s.Labels, "labels")
	set(u.s.Annotations, "annotations")
	if u.s.Deploy != nil {
		for _, e := range u.s.Deploy.Labels {
			if isAnnotation(e.Key) {
				if u.template.Annotations == nil {
					u.template.Annotations = map[string]string{}
				}
				u.template.Annotations[e.Key] = e.Value
			}
		}
	}
}

const annotationRule = "want at most 63 letters, digits, dashes, dots and underscores, after an optional DNS name and a slash"

// isAnnotation reports whether s can be the key of an annotation: an optional DNS subdomain and a slash, then at most
// 63 bytes as in the value of a label.
func isAnnotation(s string) bool {
	prefix, name, both := strings.Cut(s, "/")
	if !both {
		return s != "" && isLabelValue(s)
	}
	return name != "" && isLabelValue(name) && prefix != "" && subdomain(prefix) == prefix
}

// buildIdentity lowers what says who the pod is and how it ends.
func (u *unit) buildIdentity() {
	spec, s := u.spec(), u.s
	spec.ServiceAccountName = u.name
	spec.AutomountServiceAccountToken = ptr(false)
	if u.l.t.PullSecret != "" {
		spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: u.l.t.PullSecret}}
		u.mark("spec imagePullSecrets", u.l.t.Path.Key("pull_secret"))
	}
	spec.TerminationGracePeriodSeconds = ptr(int64(defaultGrace))
	if s.StopGracePeriod != nil {
		spec.TerminationGracePeriodSeconds = ptr(s.StopGracePeriod.Seconds())
		u.mark("spec terminationGracePeriodSeconds", u.at("stop_grace_period"))
	}
	if s.Runtime != "" && s.Runtime != "runc" {
		spec.RuntimeClassName = ptr(subdomain(s.Runtime))
		u.mark("spec runtimeClassName", u.at("runtime"))
		u.l.todo.runtime(subdomain(s.Runtime))
		u.l.emulate(u.at("runtime"), "", "a runtime is a RuntimeClass on Kubernetes: the cluster needs one called %q", subdomain(s.Runtime))
	}
	u.buildNamespaces()
}

// buildNamespaces lowers the modes that give a pod a namespace of the node.
func (u *unit) buildNamespaces() {
	spec, s := u.spec(), u.s
	switch mode, arg, _ := strings.Cut(s.NetworkMode, ":"); mode {
	case "", "none", "bridge", "default":
	case "host":
		spec.HostNetwork = true
		spec.DNSPolicy = corev1.DNSClusterFirstWithHostNet
		u.mark("spec hostNetwork", u.at("network_mode"))
	case "service", "container":
		u.l.refuse(u.at("network_mode"), "give both services ports and let them call each other by name",
			"cannot put %s into the network of %s: each service is a pod with a network of its own", u.s.Name, arg)
	default:
		u.l.refuse(u.at("network_mode"), "want host, none or bridge", "cannot use the network mode %q", s.NetworkMode)
	}
	switch s.PID {
	case "":
	case "host":
		spec.HostPID = true
		u.mark("spec hostPID", u.at("pid"))
	default:
		u.l.refuse(u.at("pid"), "let them talk over the network", "cannot share processes with %q: each service is a pod of its own", s.PID)
	}
	switch s.IPC {
	case "", "private", "shareable", "none":
	case "host":
		spec.HostIPC = true
		u.mark("spec hostIPC", u.at("ipc"))
	default:
		u.l.refuse(u.at("ipc"), "let them talk over the network", "cannot share memory with %q: each service is a pod of its own", s.IPC)
	}
}

// buildContainer lowers the program and its ports.
func (u *unit) buildContainer() {
	c, s := u.c(), u.s
	c.Image = u.image()
	c.ImagePullPolicy = u.pullPolicy()
	if len(s.Entrypoint) > 0 {
		c.Command = u.texts(s.Entrypoint)
		u.mark(container+"command", u.at("entrypoint"))
	} else if s.Entrypoint != nil {
		u.l.refuse(u.at("entrypoint"), "write the whole program as entrypoint",
			"an empty entrypoint takes that of the image away, which Kubernetes cannot")
	}
	if len(s.Command) > 0 {
		c.Args = u.texts(s.Command)
		u.mark(container+"args", u.at("command"))
	}
	c.WorkingDir = s.WorkingDir
	if s.WorkingDir != "" {
		u.mark(container+"workingDir", u.at("working_dir"))
	}
	c.Stdin, c.TTY = s.StdinOpen, s.TTY
	for i := range u.ports {
		p := &u.ports[i]
		c.Ports = append(c.Ports, corev1.ContainerPort{Name: p.name, ContainerPort: p.number, Protocol: p.protocol})
	}
	u.buildStop()
}

// image is the image to run: the service's, or the name under which APPLY.md has it built.
func (u *unit) image() string {
	at := container + "image"
	if u.s.Image != "" {
		u.mark(at, u.at("image"))
		if u.s.Build != nil {
			u.l.todo.build(u, u.s.Image)
		}
		return u.s.Image
	}
	if u.s.Build == nil {
		d := u.l.ds.Error(diag.Unsupported, u.s.Path, "cannot run %s: it has no image, and Kubernetes runs nothing else", u.s.Name)
		d.Target = u.l.t.Name
		d.OnKey().Helpf("give it an image, or a build")
		return ""
	}
	name := strings.TrimRight(u.l.p.Name, "_-") + "-" + strings.ToLower(u.s.Name) + ":latest"
	if u.l.t.Registry != "" {
		name = strings.TrimSuffix(u.l.t.Registry, "/") + "/" + name
	}
	u.mark(at, u.at("build"))
	u.l.todo.build(u, name)
	return name
}

// pullPolicy is empty where Kubernetes' own rule will do: Always for the tag latest, else IfNotPresent.
func (u *unit) pullPolicy() corev1.PullPolicy {
	policy := u.s.PullPolicy
	if policy != "" {
		u.mark(container+"imagePullPolicy", u.at("pull_policy"))
	}
	switch {
	case policy == "always", policy == "daily", policy == "weekly", strings.HasPrefix(policy, "every_"), policy == "refresh":
		return corev1.PullAlways
	case policy == "never":
		return corev1.PullNever
	case policy != "", u.s.Image == "" && u.l.t.Registry == "":
		return corev1.PullIfNotPresent // an image without a registry comes to the nodes by another way
	}
	return ""
}

// stopLoop sends a signal to the program and waits for its end. The kubelet goes on when it is over: with SIGTERM,
// when the image has no shell.
func stopLoop(signal string) []string {
	return []string{"/bin/sh", "-c", "kill -" + signal + " 1; while kill -0 1; do sleep 1; done"}
}

// buildStop lowers stop_signal. Kubernetes has a field for it behind a feature gate, and drops it where the gate is
// shut; a hook works everywhere.
func (u *unit) buildStop() {
	signal := strings.TrimPrefix(strings.ToUpper(u.s.StopSignal), "SIG")
	if signal == "" || signal == "TERM" || signal == "15" {
		return
	}
	for i := 0; i < len(signal); i++ {
		if c := signal[i]; !isAlnum(c) && c != '+' && c != '-' {
			u.l.refuse(u.at("stop_signal"), "want a name such as SIGINT", "cannot use %q as a signal", u.s.StopSignal)
			return
		}
	}
	u.c().Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: stopLoop(signal)}}}
	u.mark(container+"lifecycle", u.at("stop_signal"))
	u.l.emulate(u.at("stop_signal"), "write STOPSIGNAL in the Dockerfile, which Kubernetes follows",
		"Kubernetes sends the signal of the image: a hook sends SIG%s before, with the shell of the image", signal)
}

// buildNames lowers what the pod is called and how it finds others.
func (u *unit) buildNames() {
	spec, s := u.spec(), u.s
	if s.Hostname != "" {
		host := label(s.Hostname)
		if s.Hostname != host && s.Domainname == "" {
			if first, domain, ok := strings.Cut(s.Hostname, "."); ok && isLabel(first) {
				u.l.emulate(u.at("hostname"), "", "the name of a pod has no domain: it is %q, without %q", first, domain)
				host = first
			} else {
				u.l.emulate(u.at("hostname"), "", "%q is no name in DNS; on Kubernetes it is %q", s.Hostname, host)
			}
		}
		spec.Hostname = host
		u.mark("spec hostname", u.at("hostname"))
	}
	for _, h := range s.ExtraHosts {
		for _, address := range h.Addresses {
			if address == "host-gateway" {
				u.l.refuse(u.at("extra_hosts").Key(h.Name), "write the address of the machine", "a pod has no host whose address stands for %q", address)
				continue
			}
			u.addHost(strings.Trim(address, "[]"), h.Name)
		}
		u.mark("spec hostAliases", u.at("extra_hosts"))
	}
	if len(s.DNS)+len(s.DNSSearch)+len(s.DNSOpt) == 0 {
		return
	}
	spec.DNSConfig = &corev1.PodDNSConfig{Nameservers: s.DNS, Searches: s.DNSSearch}
	for _, o := range s.DNSOpt {
		name, value, has := strings.Cut(o, ":")
		option := corev1.PodDNSConfigOption{Name: name}
		if has {
			option.Value = ptr(value)
		}
		spec.DNSConfig.Options = append(spec.DNSConfig.Options, option)
	}
	u.mark("spec dnsConfig", u.at("dns"))
}

// addHost gives address another name in the pod's /etc/hosts.
func (u *unit) addHost(address, name string) {
	spec := u.spec()
	for i := range spec.HostAliases {
		if spec.HostAliases[i].IP == address {
			spec.HostAliases[i].Hostnames = append(spec.HostAliases[i].Hostnames, name)
			return
		}
	}
	spec.HostAliases = append(spec.HostAliases, corev1.HostAlias{IP: address, Hostnames: []string{name}})
}

// intOr is a port as a probe takes it.
func (u *unit) intOr(number int) intstr.IntOrString { return u.portRef(number) }
