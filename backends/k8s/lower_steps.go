package k8s

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// planSteps makes a unit of each container of pre_start: it is lowered by the same code as the service's own, into the
// same pod.
func (u *unit) planSteps() {
	for _, item := range u.s.PreStart {
		step := u.step(item)
		if same(item.Volumes, u.s.Volumes) {
			step.mounts = u.mounts
		} else {
			step.planMounts()
		}
		u.steps = append(u.steps, step)
	}
}

// step is a container that runs before the service in its pod.
func (u *unit) step(s *model.Service) *unit {
	return &unit{
		pod: u.pod, l: u.l, s: s, name: u.name, labels: u.labels, selects: u.selects, main: u, hardened: s.Hardened(),
	}
}

// same reports whether b is the very list a, taken over from the service.
func same[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// buildSteps adds the containers of pre_start as init containers: the kubelet runs one after the other, and starts the
// service only when each has ended well.
func (u *unit) buildSteps() {
	for i, step := range u.steps {
		if !step.s.PerReplica && !step.wrote("per_replica") && u.most() > 1 {
			u.l.emulate(step.s.Path, "write per_replica: true, or hooks.init for what runs once",
				"Kubernetes runs it before each replica of %s", u.s.Name)
		}
		name := "pre-start"
		if i > 0 {
			name += "-" + strconv.Itoa(i+1)
		}
		u.addStep(step, name, step.s.Path)
	}
}

// addStep builds the container of a step and adds it to the init containers. What is to be said of a value that it has
// from its service has the path of the service's ([unit.at]), and so is one finding.
func (u *unit) addStep(step *unit, name string, p tree.Path) {
	step.here = u.nextInit() + " "
	step.box = &corev1.Container{Name: u.initName(name)}
	u.mark(u.nextInit(), p)
	step.buildContainer()
	step.buildEnvironment()
	step.buildResources()
	step.buildStepSecurity()
	step.buildMounts()
	u.spec().InitContainers = append(u.spec().InitContainers, *step.box)
}

// wrote reports whether the step itself says something under the keys, one below the other.
func (u *unit) wrote(keys ...string) bool {
	n, _ := tree.Get(u.l.in.Tree, u.s.Path)
	for _, key := range keys {
		n = n.Get(key)
	}
	return n != nil
}

// buildStepSecurity lowers who the program of a step is and what it may, as far as it is not what the pod says for all
// of its containers.
func (u *unit) buildStepSecurity() {
	pod, scratch := u.spec().SecurityContext, &corev1.PodSecurityContext{}
	if pod == nil {
		pod = &corev1.PodSecurityContext{}
	}
	c := &corev1.SecurityContext{}
	u.c().SecurityContext = c
	if !u.s.Privileged {
		scratch.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	}
	u.buildRights(scratch, c)
	if seccomp := scratch.SeccompProfile; seccomp != nil && (pod.SeccompProfile == nil || pod.SeccompProfile.Type != seccomp.Type) {
		c.SeccompProfile = seccomp
	}
	if pod.RunAsNonRoot != nil && *pod.RunAsNonRoot != u.hardened || pod.RunAsNonRoot == nil && u.hardened {
		c.RunAsNonRoot = ptr(u.hardened)
	}
	uid, gid, ok := u.checkedUser()
	switch {
	case !ok:
	case uid == nil && pod.RunAsUser != nil:
		u.l.emulate(u.s.Path, "write user",
			"it runs as the user %d of %s: which user its own image has is not known", *pod.RunAsUser, u.main.s.Name)
	case uid != nil && (pod.RunAsUser == nil || *pod.RunAsUser != *uid):
		c.RunAsUser = uid
		u.markIn("securityContext runAsUser", u.at("user"))
	}
	if gid != nil && (pod.RunAsGroup == nil || *pod.RunAsGroup != *gid) {
		c.RunAsGroup = gid
	} else if gid == nil && uid != nil && pod.RunAsGroup != nil && c.RunAsUser != nil {
		c.RunAsGroup = ptr(int64(0)) // what a user without a group has
	}
	if *c == (corev1.SecurityContext{}) {
		u.c().SecurityContext = nil
	}
}
