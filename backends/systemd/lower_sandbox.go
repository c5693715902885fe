package systemd

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// appendEnvLine writes KEY="value" as EnvironmentFile= reads it (systemd.exec(5)).
func appendEnvLine(dst []byte, key, value string) ([]byte, error) {
	if _, _, err := scanWord(value); err != nil {
		return dst, err
	}
	dst = append(append(dst, key...), '=', '"')
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\n' || c == '\r':
			return dst, errLineBreak
		case c < 0x20 && c != '\t' || c == 0x7f:
			return dst, errControl
		case c == '"' || c == '\\' || c == '`' || c == '$':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"', '\n'), nil
}

// nativeFiles puts volumes, configs and secrets where the program finds them in its image.
func (l *lowering) nativeFiles(s *service, sv *Section) {
	for i := range s.Volumes {
		m, at := &s.Volumes[i], s.Path.Key("volumes").Index(i)
		key := "BindPaths"
		if m.ReadOnly {
			key = "BindReadOnlyPaths"
		}
		switch {
		case m.Type == "bind":
			if from := l.hostFile(m.Source, at.Key("source")); from != "" {
				l.bindPath(sv, key, from, m.Target, at)
			}
		case m.Type == "tmpfs":
			sv.Words("TemporaryFileSystem", at, text(m.Target))
		case m.Source != "" && m.Type == "volume" && l.onlyUser(s, m.Source):
			dir := path.Join(l.names.project, "volumes", m.Source)
			sv.Fixed("StateDirectory", dir, at)
			l.bindPath(sv, key, "/var/lib/"+dir, m.Target, at)
		default:
			l.refuse(at, "use a bind mount, or run the image", "a native program can only have a volume that no container has")
		}
	}
	for i, t := range s.Tmpfs {
		sv.Words("TemporaryFileSystem", s.Path.Key("tmpfs").Index(i), text(t))
	}
	l.nativeConfigs(s, sv)
	l.nativeSecrets(s, sv)
	l.servedFiles(s, func(from, to string, at tree.Path) { l.bindPath(sv, "BindReadOnlyPaths", from, to, at) })
	l.nativeHosts(s, sv)
}

func (l *lowering) nativeConfigs(s *service, sv *Section) {
	for i := range s.Configs {
		ref, at := &s.Configs[i], s.Path.Key("configs").Index(i)
		if host, _, ok := l.configFile(s, ref, at); ok {
			target := "/" + strings.TrimPrefix(cmp.Or(ref.Target, ref.Source), "/")
			l.bindPath(sv, "BindReadOnlyPaths", host, target, at)
		}
	}
}

// onlyUser reports whether nothing but s, which is one process, mounts the volume.
func (l *lowering) onlyUser(s *service, volume string) bool {
	v := l.p.Volume(volume)
	return v != nil && !v.External && len(v.DriverOpts) == 0 && s.count == 1 && len(l.mounted[volume]) == 1
}

func (l *lowering) bindPath(sv *Section, key, from, to string, at tree.Path) {
	if strings.Contains(from, ":") || strings.Contains(to, ":") {
		sv.refuse(at, key, "", errColon)
		return
	}
	sv.Words(key, at, text(from+":"+to))
}

// nativeSecrets loads secrets as credentials, and shows them below /run/secrets, as in an image.
func (l *lowering) nativeSecrets(s *service, sv *Section) {
	first := true
	for i := range s.Secrets {
		ref, at := &s.Secrets[i], s.Path.Key("secrets").Index(i)
		secret := l.p.Secret(ref.Source)
		if secret == nil {
			continue // package resolve has reported it
		}
		l.secrets[secret.Key] = true
		switch {
		case l.storedAs(secret) != "" && !secret.External:
			sv.Fields("LoadCredential", ":", at, secret.Key, l.storedAs(secret))
		case secret.Vault != nil && !secret.External:
			s.readsVault(secret)
			sv.Fields("LoadCredential", ":", at, secret.Key, l.vaultFile(secret))
		case secret.File != "":
			file := l.file(secret.File, secret.Path.Key("file"))
			if file == "" {
				continue
			}
			sv.Fields("LoadCredential", ":", at, secret.Key, file)
		case secret.External:
			l.refuse(at, "write credential: or file: below secrets."+secret.Key, "a native program cannot read the secrets of Podman")
			continue
		default:
			l.noSecret(secret, at)
			continue
		}
		target := ref.Target
		if target == "" {
			target = ref.Source
		}
		if !strings.HasPrefix(target, "/") || target == model.PasswordTarget {
			target = path.Join("/run/secrets", strings.TrimPrefix(target, "/run/secrets/"))
			if first {
				sv.Note("What the same program sees in its image: the secret's path.")
				sv.Fixed("TemporaryFileSystem", "/run/secrets:ro", at)
				first = false
			}
		}
		if strings.ContainsAny(target, ":\"\\% \t\n") {
			sv.refuse(at, "BindReadOnlyPaths", target, errColon)
			continue
		}
		sv.Fixed("BindReadOnlyPaths", "%d/"+secret.Key+":"+target, at)
	}
}

// nativeHosts gives the program the names of the containers on its networks.
func (l *lowering) nativeHosts(s *service, sv *Section) {
	var hosts, names []string
	for _, a := range s.Networks {
		f := l.fixed[a.Network]
		if f == nil {
			continue
		}
		for _, name := range l.p.Network(a.Network).MemberNames {
			if ip, ok := f.addresses[name]; ok && name != s.Name && !contains(names, name) {
				names = append(names, name)
				hosts = append(hosts, ip.String()+" "+name)
			}
		}
	}
	if len(hosts) == 0 {
		return
	}
	content := "127.0.0.1 localhost " + s.Name + "\n::1 localhost\n" + strings.Join(hosts, "\n") + "\n"
	s.config.add([]byte(content)) // without the header: the program does not see where a name was written
	data := []byte(header(s.From) + content)
	sv.Note("The names of the services, as in its image.")
	l.bindPath(sv, "BindReadOnlyPaths", l.generated(s.Name+"/hosts", fileOf(data)), "/etc/hosts", s.Path.Key("networks"))
}

// sandboxOptions are what every native unit of ours is shut off from (systemd.exec(5)). systemd-analyze security rates
// a unit with them 1.2.
var sandboxOptions = []struct{ name, value string }{
	{"CapabilityBoundingSet", ""}, {"NoNewPrivileges", "yes"}, {"LockPersonality", "yes"}, {"MemoryDenyWriteExecute", "yes"},
	{"PrivateDevices", "yes"}, {"PrivateTmp", "yes"}, {"PrivateUsers", "yes"}, {"ProcSubset", "pid"}, {"ProtectClock", "yes"},
	{"ProtectControlGroups", "yes"}, {"ProtectHome", "yes"}, {"ProtectHostname", "yes"}, {"ProtectKernelLogs", "yes"},
	{"ProtectKernelModules", "yes"}, {"ProtectKernelTunables", "yes"}, {"ProtectProc", "invisible"}, {"ProtectSystem", "strict"},
	{"RemoveIPC", "yes"}, {"RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"}, {"RestrictNamespaces", "yes"},
	{"RestrictRealtime", "yes"}, {"RestrictSUIDSGID", "yes"}, {"SystemCallArchitectures", "native"},
	{"SystemCallFilter", "@system-service"}, {"SystemCallFilter", "~@privileged @resources"},
}

// lowPort is the first port that a program without rights may open.
const lowPort = 1024

// sandbox says what a native unit needs beside the block that all have.
type sandbox struct {
	umask   string
	dynamic bool      // a user of its own, made at each start
	low     int       // a port below 1024 that it opens; 0: none
	build   bool      // it runs compilers
	looks   bool      // it must see what runs on the machine
	at      tree.Path // the field that the whole unit is for; the root: none
}

// hardening writes the sandbox, each relaxation with its reason.
func (l *lowering) hardening(sv *Section, o sandbox) {
	sv.Gap()
	sv.Note("Hardening")
	if o.dynamic {
		sv.Fixed("DynamicUser", "yes", o.at)
	}
	for _, opt := range sandboxOptions {
		switch {
		case o.low > 0 && opt.name == "CapabilityBoundingSet":
			if sv.note == "" {
				sv.Note("Port " + strconv.Itoa(o.low) + ". It rules out PrivateUsers=yes.")
			}
			sv.Fixed("AmbientCapabilities", "CAP_NET_BIND_SERVICE", o.at)
			sv.Fixed(opt.name, "CAP_NET_BIND_SERVICE", o.at)
		case o.low > 0 && opt.name == "PrivateUsers":
		case o.build && opt.name == "MemoryDenyWriteExecute":
			sv.Note("No MemoryDenyWriteExecute=yes and no ProcSubset=pid: compilers translate as they run, and count processors.")
		case o.build && opt.name == "ProcSubset":
		case o.looks && opt.name == "ProtectProc":
			sv.Note("It must see which old versions still run: those stay.")
			sv.Fixed(opt.name, "default", o.at)
		default:
			sv.Fixed(opt.name, opt.value, o.at)
		}
	}
	if o.build {
		sv.Note("What is forbidden fails, as in a container, and kills no tool that only tries.")
		sv.Fixed("SystemCallErrorNumber", "EPERM", o.at)
	}
	sv.Fixed("UMask", o.umask, o.at)
}

// sandbox hardens the unit of a program, and lets it open the ports that the config names.
func (l *lowering) sandbox(s *service, sv *Section) {
	ports, low := l.nativePorts(s)
	l.hardening(sv, sandbox{umask: "0077", dynamic: true, low: low})
	l.shutOff(s, sv)
	if len(ports) > 0 {
		sv.Fixed("SocketBindDeny", "any", tree.Root)
		for _, p := range append(ports, s.preflightPorts()...) {
			sv.Fixed("SocketBindAllow", p.text, p.at)
		}
	}
}

// nativePorts are the ports that a program may open, and one of them that is below 1024.
func (l *lowering) nativePorts(s *service) (ports []boundPort, low int) {
	add := func(from int, text string, at tree.Path) {
		if from < lowPort && low == 0 {
			low = from
		}
		ports = append(ports, boundPort{text, at})
	}
	for i := range s.Ports {
		p, at := &s.Ports[i], s.Path.Key("ports").Index(i)
		if p.Published != "" && p.Published != strconv.Itoa(p.Target) {
			l.refuse(at, "publish the port that the program opens", "a native program opens its port %d on the host itself", p.Target)
			continue
		}
		if p.HostIP != "" {
			l.emulate(at.Key("host_ip"), "let the program listen there", "a native program chooses itself at which address it listens")
		}
		add(p.Target, bindRule(p.Protocol, strconv.Itoa(p.Target)), at)
	}
	for i, e := range s.Expose {
		n, protocol, _ := strings.Cut(e, "/")
		if first, _, _ := strings.Cut(n, "-"); plainName(n) {
			if number, err := strconv.Atoi(first); err == nil {
				add(number, bindRule(protocol, n), s.Path.Key("expose").Index(i))
			}
		}
	}
	return ports, low
}

func bindRule(protocol, port string) string {
	if protocol != "udp" {
		protocol = "tcp"
	}
	return protocol + ":" + port
}

// onlyNative refuses what only a container has.
func (l *lowering) onlyNative(s *service) bool {
	before := len(l.diags)
	refuse := func(key, why string) {
		l.refuse(s.Path.Key(key), "delete the line, or run an image", "a native program has no %s", why)
	}
	for _, f := range []struct {
		set      bool
		key, why string
	}{
		{s.NetworkMode != "" && s.NetworkMode != "host", "network_mode", "network of its own"},
		{len(s.Devices) > 0, "devices", "devices: its sandbox shows none"},
		{len(s.Links) > 0, "links", "links"},
		{len(s.VolumesFrom) > 0, "volumes_from", "volumes of other containers"},
		{len(s.CapAdd) > 0, "cap_add", "capabilities: its sandbox takes them all away"},
		{s.Privileged, "privileged", "privileges"},
		{len(s.SecurityOpt) > 0, "security_opt", "options of a container's security"},
		{len(s.Sysctls) > 0, "sysctls", "kernel settings of its own"},
		{s.IPC != "", "ipc", "IPC namespace of its own"},
		{s.PID != "", "pid", "PID namespace of its own"},
		{s.UTS != "", "uts", "UTS namespace of its own"},
		{s.UsernsMode != "", "userns_mode", "user namespace that could be chosen"},
		{s.Cgroup != "", "cgroup", "cgroup namespace"},
		{s.Runtime != "", "runtime", "container runtime"},
		{s.ShmSize != nil, "shm_size", "/dev/shm of its own"},
		{s.Hostname != "", "hostname", "host name of its own"},
		{s.Domainname != "", "domainname", "domain name of its own"},
		{s.MacAddress != "", "mac_address", "network card of its own"},
		{len(s.DNS) > 0, "dns", "name servers of its own"},
		{len(s.DNSSearch) > 0, "dns_search", "name servers of its own"},
		{len(s.DNSOpt) > 0, "dns_opt", "name servers of its own"},
		{len(s.ExtraHosts) > 0, "extra_hosts", "host names of its own"},
		{s.TTY, "tty", "terminal"},
		{s.StdinOpen, "stdin_open", "standard input"},
		{s.OOMScoreAdj != nil && *s.OOMScoreAdj < 0, "oom_score_adj", "right to a negative OOM score"},
		{s.ContainerName != "", "container_name", "container"},
		{len(s.GroupAdd) > 0, "group_add", "groups: its user is made for it at each start"},
	} {
		if f.set {
			refuse(f.key, f.why)
		}
	}
	return len(l.diags) == before || !l.diags[before:].Has(diag.Error)
}

// sysUser is the user of the project for a task. Names of users have at most 31 letters, and the first is one
// (sysusers.d(5)).
func sysUser(project, task string) string {
	name := project + "-" + task
	if name[0] >= '0' && name[0] <= '9' {
		name = "p" + name
	}
	if len(name) > 31 {
		sum := sha256.Sum256([]byte(project))
		name = name[:31-len(task)-10] + "-" + hex.EncodeToString(sum[:])[:8] + "-" + task
	}
	return name
}
