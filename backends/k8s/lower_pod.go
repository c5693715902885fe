package k8s

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

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
	u.template.Spec.Containers = make([]corev1.Container, 1)
	u.box, u.here = &u.template.Spec.Containers[0], container
	u.box.Name = u.name
	u.placeClaims()
	u.annotate()
	u.buildIdentity()
	u.buildContainer()
	u.buildPorts()
	u.buildHooks()
	u.buildEnvironment()
	u.buildResources()
	u.buildProbes()
	u.buildSecurity()
	u.buildMounts()
	u.buildNames()
	u.buildPlacement()
	u.buildInstall()
	u.buildServed()
	u.buildPreflight()
	u.buildGates()
	u.buildSteps()
	u.files.finish(u)
	u.spec().EnableServiceLinks = ptr(u.links)
	u.nameJob()
}

// buildMounts lowers all that the container finds on its disk.
func (u *unit) buildMounts() {
	u.buildVolumes()
	u.buildSecrets()
	u.buildConfigs()
	u.buildServedMount()
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
		u.markIn("command", u.at("entrypoint"))
	} else if s.Entrypoint != nil {
		u.l.refuse(u.at("entrypoint"), "write the whole program as entrypoint",
			"an empty entrypoint takes that of the image away, which Kubernetes cannot")
	}
	if len(s.Command) > 0 {
		c.Args = u.texts(s.Command)
		u.markIn("args", u.at("command"))
	}
	c.WorkingDir = s.WorkingDir
	if s.WorkingDir != "" {
		u.markIn("workingDir", u.at("working_dir"))
	}
}

// buildPorts lowers the ports and the terminal, which only the service itself has.
func (u *unit) buildPorts() {
	c := u.c()
	c.Stdin, c.TTY = u.s.StdinOpen, u.s.TTY
	for i := range u.ports {
		p := &u.ports[i]
		c.Ports = append(c.Ports, corev1.ContainerPort{Name: p.name, ContainerPort: p.number, Protocol: p.protocol})
	}
}

// image is the image to run: the service's, or the name under which APPLY.md has it built.
func (u *unit) image() string {
	if u.s.Image != "" {
		u.markIn("image", u.at("image"))
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
	u.markIn("image", u.at("build"))
	u.l.todo.build(u, name)
	return name
}

// pullPolicy is empty where Kubernetes' own rule will do: Always for the tag latest, else IfNotPresent.
func (u *unit) pullPolicy() corev1.PullPolicy {
	policy := u.s.PullPolicy
	if policy != "" {
		u.markIn("imagePullPolicy", u.at("pull_policy"))
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
