package k8s

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/tree"
)

// knownUsers are the names that mean the same number in every image.
var knownUsers = []struct {
	name   string
	number int64
}{{"root", 0}, {"nobody", 65534}}

// userIDs are the numbers of the service's user and group, nil when the image decides.
func (u *unit) userIDs() (uid, gid *int64) {
	if n, g, ok := u.s.NumericUser(); ok {
		if g >= 0 {
			gid = &g
		}
		return &n, gid
	}
	name, group, _ := strings.Cut(u.s.User, ":")
	for _, k := range knownUsers {
		if k.name == name && (group == "" || group == name) {
			return ptr(k.number), nil
		}
	}
	return nil, nil
}

// group is the group of the files that the pod mounts.
func (u *unit) group() *int64 {
	uid, gid := u.userIDs()
	if gid != nil {
		return gid
	}
	if uid != nil && *uid != 0 {
		return uid
	}
	return nil
}

// readOnlyRoot reports whether the container cannot write to the image's files.
func (u *unit) readOnlyRoot() bool { return u.s.ReadOnly || u.hardened }

// buildSecurity lowers who the program is and what it may. A hardened service keeps to the restricted Pod Security
// Standard; another one has what Compose would give it, and nothing is taken away.
func (u *unit) buildSecurity() {
	pod, c := &corev1.PodSecurityContext{}, &corev1.SecurityContext{}
	u.spec().SecurityContext, u.c().SecurityContext = pod, c
	u.buildUser(pod)
	if !u.s.Privileged {
		// Docker's own default too; Kubernetes has none.
		pod.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	}
	u.buildRights(pod, c)
	for i, g := range u.s.GroupAdd {
		n, err := strconv.ParseInt(g, 10, 64)
		if err != nil {
			u.l.refuse(u.at("group_add").Index(i), "write its number", "cannot look up the group %q: only the image knows it", g)
			continue
		}
		pod.SupplementalGroups = append(pod.SupplementalGroups, n)
		u.mark("spec securityContext supplementalGroups", u.at("group_add"))
	}
	u.buildSysctls(pod)
	if *c == (corev1.SecurityContext{}) {
		u.c().SecurityContext = nil
	}
	if u.s.Privileged && len(pod.Sysctls)+len(pod.SupplementalGroups) == 0 && pod.RunAsUser == nil && pod.SeccompProfile == nil {
		u.spec().SecurityContext = nil
	}
}

// buildRights lowers what the program of a container may. What only a pod can say goes to pod.
func (u *unit) buildRights(pod *corev1.PodSecurityContext, c *corev1.SecurityContext) {
	if u.hardened {
		c.AllowPrivilegeEscalation = ptr(false)
		c.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
	}
	if u.readOnlyRoot() {
		c.ReadOnlyRootFilesystem = ptr(true)
		u.markIf(u.s.ReadOnly, "securityContext readOnlyRootFilesystem", "read_only")
	}
	u.buildCapabilities(c)
	if u.s.Privileged {
		c.Privileged = ptr(true)
		c.AllowPrivilegeEscalation = nil
		u.markIn("securityContext privileged", u.at("privileged"))
	}
	for i, o := range u.s.SecurityOpt {
		u.securityOption(pod, c, o, u.at("security_opt").Index(i))
	}
}

// buildUser lowers user.
func (u *unit) buildUser(pod *corev1.PodSecurityContext) {
	uid, gid, ok := u.checkedUser()
	if !ok {
		return
	}
	if u.hardened {
		pod.RunAsNonRoot = ptr(true)
	}
	if uid != nil {
		pod.RunAsUser, pod.RunAsGroup = uid, gid
		u.mark("spec securityContext runAsUser", u.at("user"))
	}
	g := u.group()
	if g == nil && uid == nil && u.mountsClaim() {
		// A new claim belongs to root. Docker gives a new volume to whom the image's folder belongs; here whoever the
		// image runs as may write by this group.
		g = ptr(int64(claimGroup))
	}
	if g != nil {
		pod.FSGroup = g
		pod.FSGroupChangePolicy = ptr(corev1.FSGroupChangeOnRootMismatch)
	}
}

// checkedUser is [unit.userIDs], with a word about a user that only the image knows: then it is not ok.
func (u *unit) checkedUser() (uid, gid *int64, ok bool) {
	uid, gid = u.userIDs()
	if uid == nil && u.s.User != "" {
		u.l.refuse(u.at("user"), "write its number; docker run --rm IMAGE id "+strings.SplitN(u.s.User, ":", 2)[0]+" prints it",
			"cannot look up the user %q: only the image knows it, and Kubernetes wants a number", u.s.User)
		return nil, nil, false
	}
	return uid, gid, true
}

// claimGroup is the group of claims when nobody says as whom the image runs: nogroup, which every image knows.
const claimGroup = 65534

// mountsClaim reports whether the pod mounts a claim that is made for it.
func (u *unit) mountsClaim() bool {
	return u.anyMount(func(m *mountPlan) bool { return m.how == asStore && !m.store.external() })
}

// buildCapabilities lowers cap_add and cap_drop.
func (u *unit) buildCapabilities(c *corev1.SecurityContext) {
	list := func(names []string) (out []corev1.Capability) {
		for _, n := range names {
			out = append(out, corev1.Capability(strings.TrimPrefix(strings.ToUpper(n), "CAP_")))
		}
		return out
	}
	add, drop := list(u.s.CapAdd), list(u.s.CapDrop)
	if len(add)+len(drop) == 0 {
		return
	}
	if c.Capabilities == nil {
		c.Capabilities = &corev1.Capabilities{Drop: drop}
	}
	c.Capabilities.Add = add
	u.markIf(len(add) > 0, "securityContext capabilities add", "cap_add")
	u.markIf(len(drop) > 0, "securityContext capabilities drop", "cap_drop")
}

// securityOption lowers one item of security_opt: NAME, NAME:VALUE or NAME=VALUE.
func (u *unit) securityOption(pod *corev1.PodSecurityContext, c *corev1.SecurityContext, o string, p tree.Path) {
	i := strings.IndexAny(o, ":=")
	name, value := o, ""
	if i >= 0 {
		name, value = o[:i], o[i+1:]
	}
	switch {
	case name == "no-new-privileges":
		if value != "false" && !u.s.Privileged {
			c.AllowPrivilegeEscalation = ptr(false)
			u.markIn("securityContext allowPrivilegeEscalation", p)
		}
	case name == "seccomp" && value == "unconfined":
		pod.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
		u.mark("spec securityContext seccompProfile", p)
	case name == "apparmor" && value != "":
		profile := &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: &value}
		switch value {
		case "unconfined":
			profile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
		case "docker-default":
			profile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault}
		}
		c.AppArmorProfile = profile
		u.markIn("securityContext appArmorProfile", p)
	case name == "label":
		u.seLinux(c, value, p)
	case name == "systempaths" && value == "unconfined":
		c.ProcMount = ptr(corev1.UnmaskedProcMount)
		u.markIn("securityContext procMount", p)
	default:
		u.l.refuse(p, "no-new-privileges, seccomp=unconfined, apparmor=, label= and systempaths=unconfined are known",
			"cannot use the security option %q", o)
	}
}

// seLinux lowers label:type:T and its relatives.
func (u *unit) seLinux(c *corev1.SecurityContext, value string, p tree.Path) {
	if c.SELinuxOptions == nil {
		c.SELinuxOptions = &corev1.SELinuxOptions{}
	}
	part, v, _ := strings.Cut(value, ":")
	switch part {
	case "disable":
		c.SELinuxOptions.Type = "spc_t" // the type that container tools use for a process that is not confined
	case "user":
		c.SELinuxOptions.User = v
	case "role":
		c.SELinuxOptions.Role = v
	case "type":
		c.SELinuxOptions.Type = v
	case "level":
		c.SELinuxOptions.Level = v
	default:
		u.l.refuse(p, "want user:, role:, type:, level: or disable", "cannot use the SELinux label %q", value)
	}
}

// lowPorts lets a program that is not root listen below 1024. Docker sets it in every container; of Kubernetes' safe
// sysctls it is one.
const lowPorts = "net.ipv4.ip_unprivileged_port_start"

// buildSysctls lowers sysctls.
func (u *unit) buildSysctls(pod *corev1.PodSecurityContext) {
	low := false
	if uid, _ := u.userIDs(); uid != nil && *uid != 0 && !u.spec().HostNetwork {
		for i := range u.ports {
			low = low || u.ports[i].number < 1024
		}
	}
	for _, e := range u.s.Sysctls {
		low = low && e.Key != lowPorts
		pod.Sysctls = append(pod.Sysctls, corev1.Sysctl{Name: e.Key, Value: e.Value})
		u.mark("spec securityContext sysctls", u.at("sysctls"))
		if !isSafeSysctl(e.Key) {
			u.l.emulate(u.at("sysctls").Key(e.Key), "ask who runs the cluster", "the kubelet must allow it: --allowed-unsafe-sysctls=%s", e.Key)
		}
	}
	if low {
		pod.Sysctls = append(pod.Sysctls, corev1.Sysctl{Name: lowPorts, Value: "0"})
	}
}

// safeSysctls are those that the kubelet allows without being asked (Kubernetes: Using sysctls, safe set).
var safeSysctls = []string{
	"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", lowPorts,
	"net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
	"net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
}

func isSafeSysctl(name string) bool {
	for _, s := range safeSysctls {
		if s == name {
			return true
		}
	}
	return false
}
