package k8s

import (
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// kind is what runs a service.
type kind uint8

const (
	deployment kind = iota
	statefulSet
	daemonSet
	job
)

// String is the kind as kubectl takes it.
func (k kind) String() string { return [...]string{"deployment", "statefulset", "daemonset", "job"}[k] }

// pod is what the containers of one pod share.
type pod struct {
	template corev1.PodTemplateSpec
	claims   []corev1.PersistentVolumeClaim // of a StatefulSet
	notes    []note                         // by steps below the pod template
	files    fileMap
	volumes  registry
	waitsFor []string // names of Jobs that a gate asks the API for
	links    bool     // it reads addresses of Services from its environment
	// brought: octo-sidecar lies in it, in the volume toInstall.
	brought   bool
	toInstall string
	// served is the config that octo-sidecar serves in it, the certificate of its authority in the volume toTrust.
	served  *model.Served
	toTrust string
	placed  []placed // its claims
}

// unit is one service on its way to objects, or a container that runs before it in the same pod (main is set).
type unit struct {
	*pod
	l        *lowering
	s        *model.Service
	name     string // DNS label: of the workload, its Service, its account
	kind     kind
	labels   map[string]string // of all that belongs to it
	selects  map[string]string // find its pods
	hardened bool

	ports   []port
	service bool // it has a Service
	// headless: the Service has no address of its own; the name is the pods that are ready.
	headless bool
	aliases  []alias
	mounts   []mountPlan
	networks []*model.Network // sorted by key

	main   *unit             // whose pod it runs in; nil for a service
	steps  []*unit           // containers that run before it
	checks []model.Check     // of the service
	patch  *tree.Node        // target.k8s, by kind
	box    *corev1.Container // the container that is made
	here   string            // the steps to it below the pod template
	built  bool
	// workloadName is the name of the workload: of a Job with a hash.
	workloadName string
}

// alias is another name of a service in the cluster.
type alias struct {
	name string
	path tree.Path
}

// container is the path to the service's container below the pod template.
const container = "spec containers 0 "

// holder is the service whose pod u runs in.
func (u *unit) holder() *unit {
	if u.main != nil {
		return u.main
	}
	return u
}

// markIn says which field of the config leads to a field of the container.
func (u *unit) markIn(at string, p tree.Path) {
	u.notes = append(u.notes, note{in: u.here, at: at, origin: p})
}

// mark says which field of the config leads to a field of the pod template.
func (u *unit) mark(at string, p tree.Path) { u.notes = append(u.notes, note{at: at, origin: p}) }

// at is the path of a field of the service; of a container before it that of the service's when it has the value from
// there.
func (u *unit) at(key string) tree.Path {
	if u.main != nil && !u.wrote(key) {
		return u.main.s.Path.Key(key)
	}
	return u.s.Path.Key(key)
}

// choose decides what runs the service.
func (u *unit) choose() {
	once := u.l.p.IsJob(u.s) || u.runsOnce()
	switch every := u.s.Everywhere(); {
	case u.s.Deploy != nil && u.s.Deploy.Mode == "global-job", once && every:
		u.l.refuse(u.everywhere(), "write replicated-job", "Kubernetes has no Job that runs once on each node")
		u.kind = job
	case once:
		u.kind = job
	case every:
		u.kind = daemonSet
	case u.ownsStore():
		u.kind = statefulSet
	}
	u.checkScale()
	u.workloadName = u.name
	if u.kind == statefulSet {
		u.headless = true
	}
}

// runsOnce reports whether the service is a program that ends, though nobody waits for its end: it says that it is not to
// be started again, and nothing speaks for one that stays, as a port, a check or more than one replica would.
func (u *unit) runsOnce() bool {
	s := u.s
	policy := s.Deploy != nil && s.Deploy.RestartPolicy != nil
	never := s.Restart == "no" && !policy || policy && s.Deploy.RestartPolicy.Condition == "none"
	return never && len(u.ports) == 0 && s.Healthcheck.Off() && len(s.Checks) == 0 && !s.Everywhere() && u.most() == 1 &&
		len(u.l.p.Dependants(s)) == 0
}

// everywhere is the field that asks for a pod on each node.
func (u *unit) everywhere() tree.Path {
	if m := u.s.Machines; m != nil && m.Mode == "every" {
		return u.s.Path.Keys("placement", "mode")
	}
	return u.s.Path.Keys("deploy", "mode")
}

// most is the greatest number of pods that run at once.
func (u *unit) most() int {
	if a := u.s.Autoscale; a != nil {
		return max(a.Max, u.s.Count())
	}
	return u.s.Count()
}

// planServices decides who has a Service: who has a port, and who has none but is named by another service.
func (l *lowering) planServices() {
	named := l.mentions()
	for _, u := range l.units {
		tcp := u.firstTCP() != 0
		switch {
		case len(u.ports) > 0:
			u.service = true
		case u.kind != job && named[u.s.Name]:
			u.service = true
		case u.kind == statefulSet:
			u.service = true // it asks for one
		}
		// Without a TCP port a gate can only ask for the name, and the name of a Service with an address of its own
		// answers always.
		if u.service && !tcp {
			u.headless = true
		}
	}
	l.planAliases()
	l.planFixed()
}

// mentions are the services that another one names: in depends_on and links, or as a word of its environment, command,
// entry point or check; and those that are told by http.
func (l *lowering) mentions() map[string]bool {
	portless := map[string]bool{}
	for _, u := range l.units {
		if len(u.ports) == 0 {
			portless[u.s.Name] = true
		}
	}
	named := map[string]bool{}
	if len(portless) == 0 {
		return named
	}
	for _, n := range l.p.Notifiers {
		if n.Webhook == nil {
			continue
		}
		if to, err := url.Parse(n.Webhook.URL); err == nil && to.Scheme == "http" {
			named[to.Hostname()] = true
		}
	}
	for _, u := range l.units {
		see := func(text string) {
			words(text, func(w string) {
				if portless[w] && w != u.s.Name {
					named[w] = true
				}
			})
		}
		for _, d := range u.s.DependsOn {
			named[d.Service] = true
		}
		for _, link := range u.s.Links {
			name, _, _ := strings.Cut(link, ":")
			named[name] = true
		}
		for _, e := range u.s.Environment {
			see(e.Value)
		}
		for _, list := range [][]string{u.s.Command, u.s.Entrypoint} {
			for _, text := range list {
				see(text)
			}
		}
		for i := range u.checks {
			for _, text := range u.checks[i].Exec {
				see(text)
			}
			for _, text := range u.checks[i].Plugin {
				see(text)
			}
		}
	}
	return named
}

// words calls f for each run of letters, digits, dashes and underscores in text.
func words(text string, f func(string)) {
	start := -1
	for i := 0; i <= len(text); i++ {
		in := i < len(text) && (isAlnum(text[i]) || text[i] == '-' || text[i] == '_')
		switch {
		case in && start < 0:
			start = i
		case !in && start >= 0:
			f(text[start:i])
			start = -1
		}
	}
}

// planAliases collects the other names of services: container_name, aliases on networks, aliases in links. Each becomes
// a Service of its own. A project of one service needs none: nobody is there to call.
func (l *lowering) planAliases() {
	if len(l.units) < 2 {
		return
	}
	for _, u := range l.units {
		if u.s.ContainerName != "" {
			u.addAlias(u.s.ContainerName, u.at("container_name"))
		}
		for _, n := range u.s.Networks {
			for i, a := range n.Aliases {
				u.addAlias(a, u.at("networks").Key(n.Network).Key("aliases").Index(i))
			}
		}
		for i, link := range u.s.Links {
			name, other, _ := strings.Cut(link, ":")
			if to := l.unit[name]; to != nil && other != "" {
				to.addAlias(other, u.at("links").Index(i))
			}
		}
	}
}

// addAlias gives the service another name. The name of a Job is in nobody's DNS.
func (u *unit) addAlias(name string, p tree.Path) {
	have := label(name)
	if have == u.name || u.kind == job {
		return
	}
	for _, a := range u.aliases {
		if a.name == have {
			return
		}
	}
	if have != name {
		u.l.emulate(p, "", "%q is no name in DNS; on Kubernetes it is %q", name, have)
	}
	if u.l.services.claim(u.l, have, owner{"another name of service " + quote(u.s.Name), p}) {
		u.aliases = append(u.aliases, alias{have, p})
		u.service = true
		u.headless = u.headless || u.firstTCP() == 0
	}
}
