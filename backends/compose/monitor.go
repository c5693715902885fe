package compose

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/monitor"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

const (
	// monitorName is the service that asks checks and tells of them, and what its volume, config and network begin with.
	monitorName  = "octo-monitor"
	monitorState = monitorName + "-state"
	// engineSocket is where it finds the engine's socket.
	engineSocket = "/run/octo/engine.sock"
	// maxLabel is the length of a label of DNS (RFC 1035, 2.3.4): a longer name is never found.
	maxLabel = 63
)

// asker is octo-monitor.
type asker struct {
	plan *monitor.Plan
	// networks are those in which it asks, tells and is asked for metrics, sorted; own: one of them is its own.
	networks []string
	own      bool
	// entered are the services that it asks inside of their containers, each with the first check that needs it.
	entered map[*model.Service]tree.Path
	// secrets are the keys of those that its notifiers name, sorted.
	secrets []string
}

// askChecks finds out what octo-monitor asks and tells, before any service is lowered: those that it enters carry
// octo-sidecar.
func (l *lowering) askChecks() {
	a := &asker{entered: map[*model.Service]tree.Path{}}
	site := monitor.Site{
		Replicas: l.replicas,
		Words: func(s *model.Service, replica int, c *model.Check) ([]string, monitor.Refusal) {
			return l.wordsOf(a, s, replica, c)
		},
		Sleeps: func(s *model.Service, c *model.Check) bool { // inside, where a container that is not there is no answer
			return l.in.Target.EngineSocket != "" && (l.restarts(s, c) || len(c.Exec)+len(c.Plugin) > 0)
		},
		Running: func(s *model.Service, replica int) monitor.Running { return l.answers(a, s, replica) },
		Secret: func(ref model.SecretRef) string {
			a.secrets = insert(a.secrets, ref.Name)
			return secretFile(ref.Name)
		},
		Program: l.program, Alone: "in the container of " + monitorName + " that is the container itself",
	}
	if l.in.Target.EngineSocket != "" { // else health.go refuses what restarts
		site.Restart = func(s *model.Service, replica int, _ *model.Check) (r *spec.Restart, why monitor.Refusal) {
			return &spec.Restart{Container: l.containerOf(s, replica), Socket: engineSocket}, why
		}
	}
	if a.plan = monitor.New(l.in, site, &l.ds); a.plan == nil {
		return
	}
	outside := l.tells(a)
	if l.in.Target.MetricsPort != 0 {
		for _, s := range a.plan.Services {
			_, networks, _ := l.findable(s, 1)
			a.join(networks)
		}
	}
	// Without a network of which it is known that it leads outside it has one of its own.
	if a.own = outside && !slices.ContainsFunc(a.networks, l.leadsOut) || l.in.Target.MetricsPort != 0 && len(a.networks) == 0; a.own {
		a.join([]string{monitorName})
	}
	l.asker = a
}

func (a *asker) join(networks []string) {
	for _, name := range networks {
		a.networks = insert(a.networks, name)
	}
}

// insert is the sorted list with x, once.
func insert(list []string, x string) []string {
	if i, found := slices.BinarySearch(list, x); !found {
		return slices.Insert(list, i, x)
	}
	return list
}

// inside is the check for which octo-monitor enters the containers of s; not ok: it does not.
func (l *lowering) inside(s *model.Service) (at tree.Path, ok bool) {
	if l.asker == nil {
		return tree.Root, false
	}
	at, ok = l.asker.entered[s]
	return at, ok
}

// restarts reports whether octo-monitor restarts s when c fails.
func (l *lowering) restarts(s *model.Service, c *model.Check) bool {
	return l.in.Target.EngineSocket != "" && c.Acts() == "restart" && c.Is() != model.Startup && !l.in.Project.IsJob(s)
}

// nameSocket is what to do where octo-monitor would need the engine's socket.
func (l *lowering) nameSocket() string {
	return "name the engine's socket: targets." + l.in.Target.Name + ".engine_socket: /var/run/docker.sock"
}

// wordsOf are the words that ask c of a replica: from the network, as other containers see it; or inside of its container,
// where c is a program there, restarts the container, which a fault of the network must not do, or cannot be reached.
func (l *lowering) wordsOf(a *asker, s *model.Service, replica int, c *model.Check) ([]string, monitor.Refusal) {
	n := l.node(s)
	if n.Get("provider") != nil {
		return nil, monitor.Refusal{Why: "its provider runs " + s.Name + ", and there is no container", Help: "write image or build in place of provider"}
	}
	host, networks, why := l.findable(s, replica)
	help := "give it a network, or "
	if len(c.Exec) > 0 || len(c.Plugin) > 0 {
		why, help = "its program is in the container of "+s.Name, "ask by http, tcp or grpc, or "
	}
	_, entered := a.entered[s]
	// A check that restarts waits for those of the start, which are asked last: they are asked as it is.
	within := l.restarts(s, c) || entered && c.Is() == model.Startup
	switch {
	case why == "" && !within:
		a.join(networks)
		return c.Words(host), monitor.Refusal{}
	case l.in.Target.EngineSocket == "":
		return nil, monitor.Refusal{Why: why, Help: help + l.nameSocket()}
	}
	if !entered {
		a.entered[s] = c.Path
	}
	words := append([]string{"container", engineSocket, l.containerOf(s, replica), sidecarPath, "probe"}, timeoutFlag(c.Limit())...)
	return append(words, c.Words(local)...), monitor.Refusal{}
}

// slowStart is how long a service may take to open a port that it has no check for.
const slowStart = 5 * time.Minute

// answers asks whether a replica of s has one of its ports open, which is what can be seen of one without a check.
func (l *lowering) answers(a *asker, s *model.Service, replica int) monitor.Running {
	host, networks, why := l.findable(s, replica)
	ports := s.TCPPorts()
	if why != "" || len(ports) == 0 || l.node(s).Get("provider") != nil {
		return monitor.Running{}
	}
	a.join(networks)
	words := []string{"tcp"}
	for _, p := range ports {
		words = append(words, host+":"+strconv.Itoa(p))
	}
	return monitor.Running{Words: words, Grace: slowStart, Failures: model.CheckFailures}
}

// findable is what other containers call a replica of s, and the networks in which they do; or why none can.
func (l *lowering) findable(s *model.Service, replica int) (host string, networks []string, why string) {
	n := l.node(s)
	networks, mode := reach(l.in, n, nil)
	if mode != "" {
		return "", nil, "with network_mode: " + mode + " " + monitorName + " cannot reach it"
	}
	for { // reach has found the end
		name, shared := strings.CutPrefix(networkMode(n), "service:")
		if !shared {
			break
		}
		s, replica = l.in.Project.Service(name), 1
		if s == nil {
			return "", nil, "it shares the network of " + name + ", which does not run"
		}
		n = l.node(s)
	}
	host = l.containerOf(s, replica)
	if len(host) > maxLabel {
		return "", nil, "DNS knows no name of more than 63 characters, and its container is " + host
	}
	return host, networks, ""
}

// node is what the config says of s.
func (l *lowering) node(s *model.Service) *tree.Node { return l.in.Tree.Get("services").Get(s.Name) }

// containerOf is the name that Compose gives to a container of s, which Docker's DNS knows in its networks: container_name,
// else PROJECT-SERVICE-NUMBER.
func (l *lowering) containerOf(s *model.Service, replica int) string {
	if name := patched(l.node(s), "container_name"); name != nil && name.Kind == tree.String && name.Text != "" {
		return name.Text
	}
	return l.in.Project.Name + "-" + s.Name + "-" + strconv.Itoa(replica)
}

// replicas is how many containers of s run.
func (l *lowering) replicas(s *model.Service) int {
	if x := l.node(s).Get("target").Get("compose").Get("deploy").Get("replicas"); x != nil && x.Kind == tree.Int {
		if n, ok := integer(x.Text); ok {
			return int(n)
		}
	}
	return s.Count()
}

// program says why octo-monitor cannot run the program of a notifier.
func (l *lowering) program(n *model.Notifier) (why monitor.Refusal) {
	if l.in.Target.Sidecar == "" {
		return monitor.Refusal{Why: monitorName + " is a container, in which there is no program but octo-sidecar",
			Help: "name an image of octo-sidecar that has the program: targets." + l.in.Target.Name + ".sidecar: IMAGE; or write a webhook"}
	}
	support.Emulate(&l.ds, l.in.Target, n.Path.Key("exec"), "", "it runs in the container of %s: the image %s must have %s", monitorName, l.in.Target.Sidecar, n.Exec[0])
	return why
}

// tells puts octo-monitor into the networks of services that its notifiers speak to, and takes out of the plan who cannot
// be told. It reports whether somebody is told outside of the application.
func (l *lowering) tells(a *asker) (outside bool) {
	a.plan.Notify = slices.DeleteFunc(a.plan.Notify, func(x spec.Notifier) bool {
		i := slices.IndexFunc(l.in.Project.Notifiers, func(n *model.Notifier) bool { return n.Name == x.Name })
		host, at := l.in.Project.Notifiers[i].To()
		s := l.in.Project.Service(host)
		if s == nil {
			outside = true
			return false
		}
		networks, mode := reach(l.in, l.node(s), nil)
		if mode == "" {
			mode = networkMode(l.node(s)) // of another service, whose name it would be
		}
		if mode != "" {
			support.Refuse(&l.ds, l.in.Target, at, "give it a network", "cannot reach %s: with network_mode: %s it has no name", s.Name, mode)
			return true
		}
		a.join(networks)
		return false
	})
	return outside
}

// leadsOut reports whether a network is known to lead outside.
func (l *lowering) leadsOut(key string) bool {
	n := l.in.Project.Network(key)
	return n == nil || !n.Internal && !n.External
}
