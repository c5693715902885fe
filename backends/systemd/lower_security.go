package systemd

import (
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// security writes rights and user. What an image can notice is taken away only where the service is hardened: its user
// is a known number other than 0, or harden says so.
func (l *lowering) security(s *service, c *Section) {
	hardened := s.Hardened() && !s.Privileged
	harden := tree.Root
	if s.Harden != nil {
		harden = s.Path.Key("harden")
	}
	if s.Privileged {
		c.Words("PodmanArgs", s.Path.Key("privileged"), lit("--privileged"))
	}
	switch {
	case s.ReadOnly:
		c.Fixed("ReadOnly", "true", s.Path.Key("read_only"))
	case hardened && l.field(s, "read_only") == nil && (s.of == nil || l.field(s.of, "read_only") == nil):
		c.Fixed("ReadOnly", "true", harden)
	}
	newPrivileges, set := l.securityOptions(s, c)
	if !set && hardened {
		newPrivileges = false
		set = true
	}
	if set && !newPrivileges {
		c.Fixed("NoNewPrivileges", "true", harden)
	}
	if hardened && len(s.CapDrop) == 0 {
		c.Fixed("DropCapability", "all", harden)
	}
	for i, name := range s.CapDrop {
		c.Plain("DropCapability", name, s.Path.Key("cap_drop").Index(i))
	}
	for i, name := range s.CapAdd {
		c.Plain("AddCapability", name, s.Path.Key("cap_add").Index(i))
	}
	if s.User != "" {
		user, group, _ := strings.Cut(s.User, ":")
		at := s.Path.Key("user")
		c.Raw("User", user, at)
		if group != "" {
			c.Raw("Group", group, at)
		}
	}
	for i, g := range s.GroupAdd {
		c.Raw("GroupAdd", g, s.Path.Key("group_add").Index(i))
	}
	switch {
	case s.Init != nil:
		c.Fixed("RunInit", strconv.FormatBool(*s.Init), s.Path.Key("init"))
	case hardened:
		c.Fixed("RunInit", "true", harden)
	}
}

// securityOptions writes security_opt. It reports whether the options say something about new privileges, and what.
func (l *lowering) securityOptions(s *service, c *Section) (newPrivileges, set bool) {
	for i, opt := range s.SecurityOpt {
		at := s.Path.Key("security_opt").Index(i)
		key, value, _ := strings.Cut(opt, "=")
		if k, v, found := strings.Cut(opt, ":"); found && len(k) < len(key) {
			key, value = k, v // the older spelling: seccomp:unconfined
		}
		switch key {
		case "no-new-privileges":
			set, newPrivileges = true, value == "false"
		case "seccomp":
			if value != "unconfined" && value != "" {
				value = l.hostFile(value, at)
			}
			if value != "" {
				c.Raw("SeccompProfile", value, at)
			}
		case "apparmor", "label", "mask", "unmask", "proc-opts":
			c.Words("PodmanArgs", at, text("--security-opt="+key+"="+value))
		case "systempaths":
			c.Fixed("Unmask", "ALL", at)
		default:
			l.refuse(at, "delete the line, or write it as podman run --security-opt reads it below target.systemd", "Podman has no security option %q", key)
		}
	}
	return newPrivileges, set
}

// namespaces writes what the service shares with the host or with another.
func (l *lowering) namespaces(s *service, c *Section) {
	for _, n := range []struct {
		field, flag, value string
		shared             bool // may be shared with another service
	}{
		{"ipc", "--ipc=", s.IPC, true}, {"pid", "--pid=", s.PID, true}, {"uts", "--uts=", s.UTS, true},
		{"cgroup", "--cgroupns=", s.Cgroup, true},
	} {
		if n.value == "" {
			continue
		}
		at := s.Path.Key(n.field)
		value := n.value
		if name, ok := strings.CutPrefix(value, "service:"); ok && n.shared {
			on := l.byName[name]
			if on == nil {
				continue
			}
			if on.native || on.count > 1 {
				l.refuse(at, "run "+name+" as one container", "%s is not one container whose namespace could be shared", name)
				continue
			}
			value = "container:" + l.containerOf(on)
		}
		c.Words("PodmanArgs", at, text(n.flag+value))
	}
	if s.UsernsMode != "" {
		c.Raw("UserNS", s.UsernsMode, s.Path.Key("userns_mode"))
	}
	switch {
	case strings.HasPrefix(s.Runtime, "io.containerd."):
		l.refuse(s.Path.Key("runtime"), "write runtime: crun-wasm for WebAssembly, else the name of an OCI runtime that containers.conf knows",
			"Podman has no containerd, so no runtime %q", s.Runtime)
	case s.Runtime != "":
		c.Words("GlobalArgs", s.Path.Key("runtime"), text("--runtime="+s.Runtime))
	}
	if n := l.field(s, "umask"); n != nil {
		c.Words("PodmanArgs", s.Path.Key("umask"), text("--umask="+umask(n.Text)))
	}
	if s.TTY {
		c.Words("PodmanArgs", s.Path.Key("tty"), lit("--tty"))
	}
	if s.StdinOpen {
		c.Words("PodmanArgs", s.Path.Key("stdin_open"), lit("--interactive"))
	}
	for _, p := range s.Sysctls {
		c.Plain("Sysctl", p.Key+"="+p.Value, s.Path.Keys("sysctls", p.Key))
	}
}

// umask is a mask in octal, as podman-run(1) reads it.
func umask(s string) string {
	if n, err := strconv.ParseUint(s, 0, 32); err == nil {
		return octal(model.Mode(n))
	}
	return s
}

// containerOf is the name of the one container of a service.
func (l *lowering) containerOf(s *service) string {
	if s.ContainerName != "" {
		return s.ContainerName
	}
	return s.unit
}

// devices writes devices of the host, and what is asked for by what it can do: GPUs, through CDI.
func (l *lowering) devices(s *service, c *Section) {
	for i, d := range s.Devices {
		at := s.Path.Key("devices").Index(i)
		source := d.Source
		if !strings.Contains(source, "=") { // a name of CDI, vendor.com/class=name, has one
			if source = l.hostFile(d.Source, at); source == "" {
				continue
			}
		}
		if strings.Contains(source, ":") || strings.Contains(d.Target, ":") {
			c.refuse(at, "AddDevice", "", errColon)
			continue
		}
		parts := source
		if d.Target != "" && d.Target != d.Source || d.Permissions != "" && d.Permissions != "rwm" {
			target := d.Target
			if target == "" {
				target = source
			}
			parts += ":" + target
			if d.Permissions != "" {
				parts += ":" + d.Permissions
			}
		}
		c.Plain("AddDevice", parts, at)
	}
	if n := l.field(s, "device_cgroup_rules"); n != nil {
		for i, item := range n.Items {
			c.Words("PodmanArgs", s.Path.Key("device_cgroup_rules").Index(i), text("--device-cgroup-rule="+item.Text))
		}
	}
	at := s.Path.Keys("deploy", "resources", "reservations", "devices")
	for i, r := range s.Reservations().Devices {
		l.gpu(r, at.Index(i), c)
	}
	if n := l.field(s, "gpus"); n != nil {
		for i, item := range n.Items {
			l.gpu(request(item), s.Path.Key("gpus").Index(i), c)
		}
	}
}

// request reads an entry of gpus, which the model does not carry.
func request(n *tree.Node) model.DeviceRequest {
	r := model.DeviceRequest{Driver: n.Str("driver"), Count: n.Str("count"), Capabilities: []string{"gpu"}}
	if ids := n.Get("device_ids"); ids != nil {
		for _, id := range ids.Items {
			r.DeviceIDs = append(r.DeviceIDs, id.Text)
		}
	}
	return r
}

// cdiVendors are the names of CDI (Container Device Interface) kinds for GPUs by driver. NVIDIA's is the default, as
// in Docker.
var cdiVendors = []struct{ driver, kind string }{{"", "nvidia.com/gpu"}, {"nvidia", "nvidia.com/gpu"}, {"cdi", ""}, {"amd", "amd.com/gpu"}}

func (l *lowering) gpu(r model.DeviceRequest, at tree.Path, c *Section) {
	kind, known := "", false
	for _, v := range cdiVendors {
		if v.driver == r.Driver {
			kind, known = v.kind, true
		}
	}
	gpu := r.Driver == "cdi"
	for _, name := range r.Capabilities {
		gpu = gpu || name == "gpu" || name == "compute" || name == "utility"
	}
	if !known || !gpu {
		l.refuse(at, "write devices: [VENDOR/CLASS=NAME], the device's name of CDI", "Podman knows no devices by the driver %q", r.Driver)
		return
	}
	var ids []string
	switch n, err := strconv.Atoi(r.Count); {
	case len(r.DeviceIDs) > 0:
		ids = r.DeviceIDs
	case err == nil && n >= 0:
		for i := range min(n, 64) {
			ids = append(ids, strconv.Itoa(i))
		}
	default:
		ids = []string{"all"}
	}
	for _, id := range ids {
		if kind != "" {
			id = kind + "=" + id
		}
		c.Plain("AddDevice", id, at)
	}
}
