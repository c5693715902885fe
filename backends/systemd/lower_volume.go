package systemd

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// fileCopy is a file or folder of the project that must lie on the machine.
type fileCopy struct {
	from string // relative to the project's folder
	to   string // absolute, on the machine
	dir  bool
	// private: for root alone
	private bool
}

// findMounts notes which volumes s mounts.
func (l *lowering) findMounts(s *service) {
	for i := range s.Volumes {
		if m := &s.Volumes[i]; m.Type == "volume" && m.Source != "" {
			if users := l.mounted[m.Source]; len(users) == 0 || users[len(users)-1] != s {
				l.mounted[m.Source] = append(users, s)
			}
		}
	}
}

// noContainer reports whether there are services in the list, all of them native programs: what they share needs no
// object of Podman.
func (l *lowering) noContainer(list []*service) bool {
	for _, s := range list {
		if !s.native {
			return false
		}
	}
	return len(list) > 0
}

// volume lowers a volume of the project to a .volume unit. An external one is there already.
func (l *lowering) volume(v *model.Volume) {
	if v.External || v.PerReplica || l.noContainer(l.mounted[v.Key]) {
		return
	}
	sources := v.From
	if len(sources) == 0 {
		sources = l.p.Inputs
	}
	u := l.unit(quadletDir+l.names.project+"-"+v.Key+".volume", sources)
	us, vol := u.Section("Unit"), u.Section("Volume")
	us.Fixed("Description", l.names.project+": volume "+v.Key, tree.Root)
	us.Fixed("PartOf", l.target, tree.Root) // else it counts as made after APPLY.md's Remove, and is made anew without its options
	vol.Raw("VolumeName", l.resource(v.Key, v.Name), v.Path.Key("name"))
	if v.Driver != "" && v.Driver != "local" {
		vol.Raw("Driver", v.Driver, v.Path.Key("driver"))
	}
	l.volumeOptions(v, vol)
	l.pairs(vol, "Label", v.Path.Key("labels"), v.Labels)
}

// volumeOptions writes driver_opts. type, device and o are mount(8)'s, and Quadlet has keys for them.
func (l *lowering) volumeOptions(v *model.Volume, vol *Section) {
	device, _ := model.Lookup(v.DriverOpts, "device")
	local := v.Driver == "" || v.Driver == "local"
	for _, o := range v.DriverOpts {
		at := v.Path.Keys("driver_opts", o.Key)
		switch {
		case local && device != "" && o.Key == "device":
			if strings.HasPrefix(device, ".") {
				device = l.hostFile(device, at)
			}
			vol.Raw("Device", device, at)
		case local && device != "" && o.Key == "type":
			vol.Raw("Type", o.Value, at)
		case local && device != "" && o.Key == "o":
			vol.Raw("Options", o.Value, at)
		default:
			vol.Words("PodmanArgs", at, text("--opt="+o.Key+"="+o.Value))
		}
	}
}

// mounts writes volumes, tmpfs and volumes_from.
func (l *lowering) mounts(s *service, c, sv *Section) {
	var anonymous []string
	for i := range s.Volumes {
		m, at := &s.Volumes[i], s.Path.Key("volumes").Index(i)
		switch m.Type {
		case "bind":
			l.bind(s, m, at, c, sv)
		case "volume", "":
			l.volumeMount(s, m, at, c, &anonymous)
		case "tmpfs":
			l.tmpfs(m, at, c)
		case "image":
			l.imageMount(m, at, c)
		default:
			l.refuse(at, "use a bind mount or a volume", "Podman has no mounts of type %s", m.Type)
		}
	}
	for i, t := range s.Tmpfs {
		c.Raw("Tmpfs", t, s.Path.Key("tmpfs").Index(i))
	}
	for i, from := range s.VolumesFrom {
		l.volumesFrom(s, from, s.Path.Key("volumes_from").Index(i), c)
	}
}

func (l *lowering) volumesFrom(s *service, from string, at tree.Path, c *Section) {
	name, mode, _ := strings.Cut(from, ":")
	if name == "container" {
		name, mode, _ = strings.Cut(mode, ":")
	} else {
		on := l.byName[name]
		switch {
		case on == nil:
			return
		case on.native || on.count > 1:
			l.refuse(at, "name the volumes in both services", "%s is not one container", name)
			return
		}
		name = l.containerOf(on)
	}
	if mode != "" {
		name += ":" + mode
	}
	c.Words("PodmanArgs", at, text("--volumes-from="+name))
}

// Sockets of Docker, and what takes their place: Podman answers the same calls.
var dockerSockets = []string{"/var/run/docker.sock", "/run/docker.sock"}

const podmanSocket = "/run/podman/podman.sock"

func (l *lowering) bind(s *service, m *model.Mount, at tree.Path, c, sv *Section) {
	from := l.hostFile(m.Source, at.Key("source"))
	if from == "" {
		return
	}
	for _, d := range dockerSockets {
		if from == d {
			l.emulate(at.Key("source"), "systemctl enable --now podman.socket, as APPLY.md says", "the service gets Podman's socket %s: there is no Docker here", podmanSocket)
			from = podmanSocket
			l.socket = true
		}
	}
	var options []string
	if m.ReadOnly {
		options = append(options, "ro")
	}
	if b := m.Bind; b != nil {
		if b.SELinux != "" {
			options = append(options, b.SELinux)
		}
		if b.Propagation != "" {
			options = append(options, b.Propagation)
		}
		switch b.Recursive {
		case "disabled":
			options = append(options, "bind")
		case "writable", "readonly":
			l.refuse(at.Keys("bind", "recursive"), "write enabled or disabled", "Podman cannot make the mounts below %s", b.Recursive)
		}
	}
	if l.createsPath(m, from) {
		// "-": where a file lies there, it stays, as in Compose.
		sv.Exec("ExecStartPre", "-", at, lit(mkdir), lit("-p"), text(from))
	}
	c.Fields("Volume", ":", at, from, m.Target, strings.Join(options, ","))
}

// createsPath reports whether the folder of a bind mount is made when it is not there, as Compose does: unless
// APPLY.md copies something there, or create_host_path is off.
func (l *lowering) createsPath(m *model.Mount, from string) bool {
	if m.Bind != nil && m.Bind.CreateHostPath != nil && !*m.Bind.CreateHostPath || from == podmanSocket {
		return false
	}
	return path.IsAbs(m.Source) || l.in.Files == nil || l.in.Files.Stat(m.Source).Kind == source.Missing
}

// hostFile is the path on the machine of a file or folder that a service uses. Where it lies beside the config, it is
// copied there. "" when the path cannot be known.
func (l *lowering) hostFile(p string, at tree.Path) string { return l.place(p, at, false) }

// file is the path on the machine of a file that only root reads there: an env_file, a secret.
func (l *lowering) file(p string, at tree.Path) string { return l.place(p, at, true) }

// envFile is the path on the machine of an env_file. One that need not be there is copied only where it is.
func (l *lowering) envFile(f *model.EnvFile, at tree.Path) string {
	if f.Required != nil && !*f.Required && (l.in.Files == nil || l.in.Files.Stat(f.Path).Kind == source.Missing) {
		return l.host(f.Path)
	}
	return l.file(f.Path, at)
}

func (l *lowering) place(p string, at tree.Path, private bool) string {
	if p == "~" || strings.HasPrefix(p, "~/") {
		l.refuse(at, "write an absolute path", "%q is a folder of the person who runs the command, and units belong to nobody", p)
		return ""
	}
	to := l.host(p)
	if path.IsAbs(p) || l.in.Files == nil {
		return to
	}
	kind := l.in.Files.Stat(p).Kind
	if private || kind == source.Regular || kind == source.Dir {
		l.copy(fileCopy{from: path.Clean(p), to: to, dir: kind == source.Dir, private: private})
	}
	return to
}

func (l *lowering) copy(f fileCopy) {
	if !l.copied[f.to] {
		l.copied[f.to] = true
		l.copies = append(l.copies, f)
	}
}

func (l *lowering) volumeMount(s *service, m *model.Mount, at tree.Path, c *Section, anonymous *[]string) {
	var options []string
	if m.ReadOnly {
		options = append(options, "ro")
	}
	if m.Volume != nil && m.Volume.NoCopy {
		options = append(options, "nocopy")
	}
	from := ""
	switch v := l.p.Volume(m.Source); {
	case m.Source == "":
		// Compose keeps what is in an unnamed volume from one start to the next; Podman does for named ones only.
		owner := s
		if inherits(s, volumesOf) {
			owner = s.of
		}
		from = owner.unit + strings.ReplaceAll(path.Clean("/"+m.Target), "/", "-")
		for n := 2; contains(*anonymous, from); n++ {
			from = owner.unit + strings.ReplaceAll(path.Clean("/"+m.Target), "/", "-") + "-" + strconv.Itoa(n)
		}
		*anonymous = append(*anonymous, from)
		if owner.count > 1 && s.count == 1 {
			l.refusePerReplica(s, m.Target)
			return
		}
		if s.count > 1 {
			c.Note("One for each replica.")
			l.instanceVolume(s, c, at, from, m.Target, options)
			return
		}
	case v == nil:
		return // package check has reported it
	case v.External:
		if from = v.Name; from == "" {
			from = v.Key
		}
		if strings.HasSuffix(from, ".volume") {
			l.refuse(v.Path, "give the volume another name", "Quadlet takes a name that ends so for a unit of its own")
			return
		}
	case v.PerReplica:
		from = l.resource(v.Key, v.Name)
		if s.of != nil && s.of.count > 1 && s.count == 1 {
			l.refusePerReplica(s, m.Target)
			return
		}
		if s.count > 1 {
			l.instanceVolume(s, c, at, from, m.Target, options)
			return
		}
	default:
		from = l.names.project + "-" + v.Key + ".volume"
	}
	if m.Source == "" || l.p.Volume(m.Source).PerReplica {
		l.noteVolume(from, 0)
	}
	c.Fields("Volume", ":", at, from, m.Target, strings.Join(options, ","))
}

func volumesOf(s *model.Service) []model.Mount { return s.Volumes }

// refusePerReplica is about a container of pre_start that runs once where each replica has a volume of its own.
func (l *lowering) refusePerReplica(s *service, target string) {
	l.refuse(s.Path, "write per_replica: true", "the container runs once for %d replicas, each of which has a volume of its own at %s", s.of.count, target)
}

// noteVolume notes a volume that Podman makes when it is first mounted; with replicas, one for each.
func (l *lowering) noteVolume(name string, replicas int) {
	names := []string{name}
	if replicas > 0 {
		names = names[:0]
		for i := range replicas {
			names = append(names, name+"-"+decimal(int64(i+1)))
		}
	}
	if !slices.ContainsFunc(l.unnamed, func(have []string) bool { return slices.Equal(have, names) }) {
		l.unnamed = append(l.unnamed, names)
	}
}

// instanceVolume mounts a volume of one instance of a template. The specifier is put in after the rest is escaped.
func (l *lowering) instanceVolume(s *service, c *Section, at tree.Path, name, target string, options []string) {
	l.noteVolume(name, s.count)
	before := len(c.Options)
	c.Fields("Volume", ":", at, name, target, strings.Join(options, ","))
	if len(c.Options) > before {
		o := &c.Options[before]
		head, rest, _ := strings.Cut(o.Value, ":")
		o.Value = head + "-%i:" + rest
	}
}

func (l *lowering) tmpfs(m *model.Mount, at tree.Path, c *Section) {
	var options []string
	if m.ReadOnly {
		options = append(options, "ro")
	}
	if t := m.Tmpfs; t != nil {
		if t.Size != nil {
			options = append(options, "size="+strconv.FormatInt(int64(*t.Size), 10))
		}
		if t.Mode != nil {
			options = append(options, "mode="+octal(*t.Mode))
		}
	}
	c.Fields("Tmpfs", ":", at, m.Target, strings.Join(options, ","))
}

func (l *lowering) imageMount(m *model.Mount, at tree.Path, c *Section) {
	parts := []string{"type=image", "source=" + imageName(m.Source), "destination=" + m.Target}
	if m.Image != nil && m.Image.Subpath != "" {
		parts = append(parts, "subpath="+m.Image.Subpath)
	}
	if !m.ReadOnly {
		parts = append(parts, "rw=true")
	}
	for _, p := range parts {
		if strings.ContainsAny(p, `,"`) {
			c.refuse(at, "Mount", p, errComma)
			return
		}
	}
	c.Words("Mount", at, text(strings.Join(parts, ",")))
}

// octal is a file mode as tools read it: 0440.
func octal(m model.Mode) string { return "0" + strconv.FormatUint(uint64(m), 8) }

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
