package systemd

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// container lowers a service that has an image to a Quadlet .container unit.
func (l *lowering) container(s *service) {
	if s.of == nil {
		s.after = l.preStart(s)
	}
	file, description, name := s.unit, l.names.project+": "+s.title(), s.unit
	if s.count > 1 {
		file, description, name = file+"@", description+", replica %i", name+"-%i"
	}
	u := l.unit(quadletDir+file+".container", s.From)
	us, c, sv := u.Section("Unit"), u.Section("Container"), u.Section("Service")
	us.Fixed("Description", description, tree.Root)
	l.serviceType(s, sv)
	l.preflight(s, "", sv)
	l.depends(s, us, sv, "")

	l.image(s, c)
	l.containerName(s, c, name)
	l.command(s, c)
	l.attachments(s, c)
	l.ports(s, c)
	l.mounts(s, c, sv)
	l.configs(s, c, sv)
	l.environment(s, c, sv)
	l.secretMounts(s, c, sv)
	l.servedFiles(s, func(from, to string, at tree.Path) { c.Fields("Volume", ":", at, from, to, "ro") })
	l.metadata(s, c)
	l.health(s, c, sv)
	l.stop(s, c)
	l.security(s, c)
	l.namespaces(s, c)
	l.devices(s, c)
	l.limits(s, c)
	l.logging(s, c)

	l.hooks(s, sv)
	s.endPre("", sv)
	l.restart(s, us, sv)
	l.timeouts(s, sv)
	sv.Fixed("Slice", l.slice, tree.Root)
	l.resources(s, sv)
	if c.uses(emptyVariable) {
		sv.Note("Nothing: what stands for an empty word in Exec=.")
		sv.Fixed("Environment", "OCTO_EMPTY=", s.Path.Key("command"))
	}
	if h := s.config.String(); h != "" {
		us.Fixed("X-Octo-Config", h, tree.Root)
	}
	l.patch(s, u)
	if s.Build != nil && !s.sharesBuild() {
		l.build(s)
	}
}

// title is what stands behind the project in a description.
func (s *service) title() string {
	if s.of != nil {
		return "before each start of " + s.Name
	}
	return s.Name
}

// sharesBuild reports whether a container of pre_start runs the image that is built for its service.
func (s *service) sharesBuild() bool { return s.of != nil && s.Build == s.of.Build }

// serviceType makes a service that runs to completion a one-shot. The others have the type that Quadlet sets: notify.
func (l *lowering) serviceType(s *service, sv *Section) {
	switch {
	case !s.job:
		return
	case s.of != nil:
		sv.Fixed("Type", "oneshot", tree.Root)
		return
	}
	sv.Note("Stays active when done: After=" + s.units[0] + " means \"after " + s.Name + " has completed\".")
	sv.Fixed("Type", "oneshot", tree.Root)
	sv.Fixed("RemainAfterExit", "yes", tree.Root)
}

// pullPolicies are the values of Pull= (podman-run(1), --pull).
var pullPolicies = []struct{ compose, podman string }{
	{"always", "always"}, {"never", "never"}, {"missing", ""}, {"if_not_present", ""}, {"build", ""},
	{"refresh", "newer"}, {"daily", "newer"}, {"weekly", "newer"}, {"newer", "newer"},
}

func (l *lowering) image(s *service, c *Section) {
	switch {
	case s.sharesBuild() && s.Build != nil:
		c.Fixed("Image", s.of.unit+".build", s.Path)
	case s.Build != nil:
		c.Fixed("Image", s.unit+".build", s.Path.Key("build"))
	default:
		full := imageName(s.Image)
		if unit := l.built[full]; unit != "" {
			c.Fixed("Image", unit, s.Path.Key("image"))
			break
		}
		c.Raw("Image", full, s.Path.Key("image"))
		l.pull(s, c)
	}
	if s.Platform != "" {
		c.Words("PodmanArgs", s.Path.Key("platform"), text("--platform="+s.Platform))
	}
}

func (l *lowering) pull(s *service, c *Section) {
	if s.PullPolicy == "" {
		return
	}
	at := s.Path.Key("pull_policy")
	for _, p := range pullPolicies {
		if p.compose == s.PullPolicy {
			if p.podman != "" {
				c.Fixed("Pull", p.podman, at)
			}
			return
		}
	}
	if strings.HasPrefix(s.PullPolicy, "every_") {
		c.Fixed("Pull", "newer", at)
		return
	}
	l.refuse(at, "write always, missing or never", "Podman has no pull policy %q", s.PullPolicy)
}

func (l *lowering) containerName(s *service, c *Section, name string) {
	switch {
	case s.ContainerName == "":
		c.Fixed("ContainerName", name, tree.Root)
	case s.count > 1:
		l.refuse(s.Path.Key("container_name"), "delete the line: the containers are "+s.unit+"-1, "+s.unit+"-2, …",
			"%d replicas cannot have one name", s.count)
	default:
		c.Raw("ContainerName", s.ContainerName, s.Path.Key("container_name"))
	}
}

// command writes Entrypoint= and Exec=. Podman, as Docker, leaves out the command of the image where the entry point
// is another.
func (l *lowering) command(s *service, c *Section) {
	at := s.Path.Key("entrypoint")
	switch {
	case s.Entrypoint == nil:
	case len(s.Entrypoint) == 0:
		c.Words("PodmanArgs", at, lit("--entrypoint="))
	case len(s.Entrypoint) == 1 && !strings.HasPrefix(s.Entrypoint[0], "["):
		c.Raw("Entrypoint", s.Entrypoint[0], at)
	default:
		c.Raw("Entrypoint", jsonArray(s.Entrypoint), at)
	}
	at = s.Path.Key("command")
	switch {
	case len(s.Command) > 0:
		c.Words("Exec", at, texts(s.Command...)...)
	case s.Command != nil && s.Entrypoint == nil:
		l.refuse(at, "write the entrypoint too", "Podman cannot take the command of an image away and keep its entry point")
	}
	if s.WorkingDir != "" {
		c.Raw("WorkingDir", s.WorkingDir, s.Path.Key("working_dir"))
	}
}

// metadata writes labels and annotations.
func (l *lowering) metadata(s *service, c *Section) {
	l.pairs(c, "Label", s.Path.Key("labels"), s.Labels)
	l.pairs(c, "Annotation", s.Path.Key("annotations"), s.Annotations)
	if n := l.field(s, "label_file"); n != nil {
		for i, item := range n.Items {
			at := s.Path.Key("label_file").Index(i)
			c.Words("PodmanArgs", at, text("--label-file="+l.hostFile(item.Text, at)))
		}
	}
}

func (l *lowering) pairs(c *Section, key string, at tree.Path, pairs []model.Pair) {
	for _, p := range pairs {
		c.Assign(key, p.Key, p.Value, at.Key(p.Key))
	}
}

// stop writes how the container is stopped. Podman's own time is 10 s, as Docker's.
func (l *lowering) stop(s *service, c *Section) {
	if s.StopSignal != "" {
		c.Raw("StopSignal", s.StopSignal, s.Path.Key("stop_signal"))
	}
	if s.StopGracePeriod != nil {
		c.Int("StopTimeout", s.StopGracePeriod.Seconds(), s.Path.Key("stop_grace_period"))
	}
}
