package systemd

import (
	"path"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Names of units are <project>-<service>, and what Quadlet makes of the other kinds: <project>-<network>-network,
// <project>-<volume>-volume, <project>-<service>-build. They meet in one name space, in which case does not count,
// as an output tree is also checked out where file names have no case.

// Where files lie on the machine, below the target's tree.
const (
	quadletDir = "etc/containers/systemd/"
	nativeDir  = "etc/systemd/system/"
)

// names holds what the names of a project start with.
type names struct {
	project string
	slice   string // with .slice
	target  string // with .target
	etc     string // etc/<project>: relative, the place of generated files
	root    string // /srv/<project>: absolute, the place of the project's own files
}

// specialUnits are targets and slices of systemd's own (systemd.special(7)) that a project could be called like.
// Ours are then octo-<project>.
var specialUnits = []string{
	"basic", "bluetooth", "cryptsetup", "default", "emergency", "exit", "factory-reset", "final", "first-boot-complete",
	"getty", "getty-pre", "graphical", "halt", "hibernate", "hybrid-sleep", "initrd", "integritysetup", "kbrequest", "kexec",
	"local-fs", "local-fs-pre", "machine", "machines", "multi-user", "network", "network-online", "network-pre",
	"nss-lookup", "nss-user-lookup", "paths", "poweroff", "printer", "reboot", "remote-fs", "remote-fs-pre", "rescue",
	"rpcbind", "shutdown", "sigpwr", "sleep", "slices", "smartcard", "sockets", "soft-reboot", "sound", "storage-target-mode",
	"suspend", "swap", "sysinit", "system", "system-update", "time-set", "time-sync", "timers", "umount", "usb-gadget",
	"user", "veritysetup",
}

// takenProjects are names of projects whose services would be taken for units of systemd and Podman, such as
// systemd-journald.service.
var takenProjects = []string{"podman", "systemd"}

func newNames(p *model.Project, t *model.Target) names {
	n := names{project: p.Name, target: p.Name + ".target", etc: "etc/" + p.Name, root: t.Root}
	if n.root == "" {
		n.root = "/srv/" + p.Name
	}
	// A dash in the name of a slice leads to its parent, so it may neither end the name nor stand twice
	// (systemd.slice(5)).
	slice := p.Name
	if strings.Contains(slice, "--") || strings.HasSuffix(slice, "-") {
		slice = strings.ReplaceAll(slice, "-", "_")
	}
	n.slice = slice + ".slice"
	if contains(specialUnits, p.Name) {
		n.target, n.slice = "octo-"+n.target, "octo-"+n.slice
	}
	return n
}

// host is the path on the machine of a path of the config. Paths relative to the project's folder lie below root.
func (n *names) host(p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(n.root, p)
}

// resource is the name of a network or volume on the platform.
func (n *names) resource(key, name string) string {
	if name != "" {
		return name
	}
	return n.project + "-" + key
}

// instances are the names of the .service units of a service.
func instances(unit string, count int) []string {
	if count <= 1 {
		return []string{unit + ".service"}
	}
	out := make([]string, count)
	for i := range out {
		out[i] = unit + "@" + strconv.Itoa(i+1) + ".service"
	}
	return out
}

// claims finds names that two things of the project would share.
type claims struct {
	taken map[string]tree.Path
	diags *diag.List
	t     *model.Target
}

// take claims name for what stands at p. It reports whether the name was free.
func (c *claims) take(name string, p tree.Path) bool {
	key := strings.ToLower(name)
	first, clash := c.taken[key]
	if !clash {
		c.taken[key] = p
		return true
	}
	d := c.diags.Error(diag.NameClash, p, "this and %s would both be %q in systemd", first, name).OnKey()
	d.Target = c.t.Name
	d.See(first, "the other one").Helpf("rename one of the two")
	return false
}

// plainName reports whether s is made of the signs that names of services have; only such names go into units
// unescaped.
func plainName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return s != ""
}

// imageName is the full name of an image as Docker reads it: Podman does not look for short names at Docker Hub unless
// it is told to, and never should for a unit that runs as root.
func imageName(s string) string {
	name := s
	first, _, found := strings.Cut(name, "/")
	switch {
	case !found:
		name = "docker.io/library/" + name
	case first != "localhost" && !strings.ContainsAny(first, ".:"):
		name = "docker.io/" + name
	}
	// Quadlet takes a name that ends so for another unit of its own.
	if strings.HasSuffix(name, ".build") || strings.HasSuffix(name, ".image") {
		name += ":latest"
	}
	return name
}
