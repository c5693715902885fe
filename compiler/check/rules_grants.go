package check

import (
	"path"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// engineSockets are the last part of the path of a container engine's socket: whoever reaches one is root.
var engineSockets = []string{"docker.sock", "podman.sock", "containerd.sock", "crio.sock"}

// hostFolders are folders of the host that say, or decide, everything about it.
var hostFolders = []string{
	"/", "/boot", "/dev", "/etc", "/proc", "/root", "/run", "/sys", "/var", "/var/lib", "/var/lib/containers", "/var/lib/docker", "/var/run",
}

// mightyCapabilities are those that amount to root on the host. Source: capabilities(7).
var mightyCapabilities = []string{"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_PTRACE", "BPF", "DAC_READ_SEARCH"}

// hostNamespaces are fields that share what the host runs with the service, when they are "host".
var hostNamespaces = []struct {
	key, what string
	of        func(*model.Service) string
}{
	{"pid", "the service sees, and as root can end, every process of the host", func(s *model.Service) string { return s.PID }},
	{"ipc", "the service reaches the shared memory of every process of the host", func(s *model.Service) string { return s.IPC }},
	{"userns_mode", "root in the service is root on the host", func(s *model.Service) string { return s.UsernsMode }},
}

// grants warns of what amounts to control over the host. Real applications need it at times.
func grants(x *subject) {
	if x.s.Privileged {
		x.warn(x.p.Key("privileged"), "the service has every right on its host").
			Helpf("add what it needs with cap_add and devices")
	}
	if strings.EqualFold(x.n.Str("use_api_socket"), "true") {
		x.warn(x.p.Key("use_api_socket"), "who holds the socket of the engine is root on the host")
	}
	for i := range x.s.Volumes {
		grantedMount(x, i)
	}
	for _, ns := range hostNamespaces {
		if ns.of(x.s) == "host" {
			x.warn(x.p.Key(ns.key), "%s", ns.what)
		}
	}
	for i, name := range x.s.CapAdd {
		if slices.Contains(mightyCapabilities, strings.TrimPrefix(strings.ToUpper(name), "CAP_")) {
			x.warn(x.p.Key("cap_add").Index(i), "%s amounts to root on the host", name).
				Helpf("add the capability that the program needs, and no more")
		}
	}
	for i, opt := range x.s.SecurityOpt {
		if k, v, _ := strings.Cut(strings.Replace(opt, "=", ":", 1), ":"); v == "unconfined" || k == "label" && v == "disable" {
			x.warn(x.p.Key("security_opt").Index(i), "%s takes away a wall between the service and its host", opt)
		}
	}
}

func grantedMount(x *subject, i int) {
	m := &x.s.Volumes[i]
	if m.Type != "bind" && m.Type != "npipe" || m.Source == "" {
		return
	}
	at := func() tree.Path { return x.p.Key("volumes").Index(i) }
	switch from := path.Clean(m.Source); {
	case slices.Contains(engineSockets, path.Base(from)), strings.HasSuffix(m.Source, `docker_engine`):
		x.warn(at(), "who holds the socket of the engine is root on the host").
			Helpf("put a proxy before it that lets through the calls that the service needs; read-only does not help")
	case slices.Contains(hostFolders, from):
		d := x.warn(at(), "%s of the host is in the service", from)
		if m.ReadOnly {
			d.Helpf("mount the file or folder that it needs, and no more")
		} else {
			d.Helpf("mount the file or folder that it needs, and no more; or read_only: true")
		}
	}
}
