package k8s

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/monitor"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// monitorName is what octo-sidecar is called where it asks the checks of all services and tells who is to hear.
const monitorName = "octo-monitor"

// watch is octo-monitor: probes and restarts stay the kubelet's, which tells nobody.
type watch struct {
	*unit
	plan *monitor.Plan
	// reached are the services that it asks, or tells by http.
	reached map[*unit]bool
	secrets []string // keys of secrets that notifiers name, each once
}

// planMonitor finds out whether octo-monitor is needed, and what it asks and tells. It asks the Services: as a client
// sees a service, so replicas are one.
func (l *lowering) planMonitor() {
	w := &watch{reached: map[*unit]bool{}}
	w.plan = monitor.New(l.in, monitor.Site{
		Replicas: l.askedReplicas, Words: l.question, Running: l.running, Secret: func(ref model.SecretRef) string { return w.secret(l, ref) },
		Program: l.canTell, Host: l.hookHost, Alone: monitorName + " is alone in its pod",
	}, &l.ds)
	if w.plan == nil {
		return
	}
	if have, taken := l.services[monitorName]; taken {
		d := l.ds.Error(diag.NameClash, have.path, "%s is called %q on Kubernetes, and so is what asks the checks and tells", have.what, monitorName)
		d.Target = l.t.Name
		d.OnKey().See(w.plan.From, "what asks for it").Helpf("give it another name")
		return
	}
	l.services[monitorName] = owner{"what asks the checks and tells", w.plan.From}
	for _, s := range w.plan.Services {
		w.reached[l.unit[s.Name]] = true
	}
	for _, n := range l.p.Notifiers {
		l.checkNotifier(w, n)
	}
	user := strconv.Itoa(nobody)
	w.unit = &unit{
		pod: &pod{volumes: registry{}}, l: l, name: monitorName, workloadName: monitorName, kind: deployment, hardened: true,
		labels: l.labelsOf(monitorName), selects: l.selectorOf(monitorName),
		s: &model.Service{
			Name: monitorName, Path: w.plan.From, From: l.p.Inputs, User: user + ":" + user,
			Priority: lastPriority,
		},
	}
	for _, u := range l.units {
		if w.reached[u] {
			w.networks = append(w.networks, u.networks...)
		}
	}
	slices.SortFunc(w.networks, func(a, b *model.Network) int { return strings.Compare(a.Key, b.Key) })
	w.networks = slices.Compact(w.networks)
	l.watch = w
}

// lastPriority is below that of any service: what watches them comes last.
const lastPriority = -1 << 31

// askedReplicas is whether there is something to ask: a Job is not probed, and what the output has not is not asked.
func (l *lowering) askedReplicas(s *model.Service) int {
	if u := l.unit[s.Name]; u == nil || u.kind == job || u.most() == 0 {
		return 0
	}
	return 1
}

// question is how octo-monitor asks a check. A program runs in the container alone, and what is left of it outside is
// whether the pod is ready: a Service has no address behind it while none is.
func (l *lowering) question(s *model.Service, _ int, c *model.Check) (words []string, why monitor.Refusal) {
	u := l.unit[s.Name]
	if s.NetworkMode == "none" {
		return nil, monitor.Refusal{Why: s.Name + " is on no network", Help: "give it a network"}
	}
	if len(c.Exec)+len(c.Plugin) == 0 {
		if number := askedPort(c); !u.hasTCP(number) {
			return nil, monitor.Refusal{Why: "the Service of " + s.Name + " has no port " + strconv.Itoa(number), Help: "write expose: [" + strconv.Itoa(number) + "]"}
		}
		return c.Words(u.name), why
	}
	switch {
	case c.Is() == model.Alive:
		return nil, monitor.Refusal{Why: "a program in a container cannot be asked from outside", Help: "write http, tcp or grpc"}
	case !u.service:
		return nil, monitor.Refusal{
			Why:  "a program in a container cannot be asked from outside, and " + s.Name + " has no Service by which to see whether its pods are ready",
			Help: "write expose: [PORT], or http, tcp or grpc",
		}
	}
	if _, accepted := support.Accepts(l.t, tree.Of("notifications")); !accepted {
		l.emulate(c.Path, "write http, tcp or grpc, or accept it: targets."+l.t.Name+".accept: [notifications]",
			"octo-monitor cannot run this program: it sees whether a pod of %s is ready, by its Service", s.Name)
	}
	return u.answers(), why
}

// slowStart is how long the first pod of a service may take to be ready that has no check.
const slowStart = 5 * time.Minute

// running asks whether a pod of s is there, by the TCP ports of its Service.
func (l *lowering) running(s *model.Service, _ int) monitor.Running {
	u := l.unit[s.Name]
	if words := u.answers(); u.service && words[0] == "tcp" && s.NetworkMode != "none" {
		return monitor.Running{Words: words, Grace: slowStart, Failures: model.CheckFailures}
	}
	return monitor.Running{}
}

// askedPort is the port that a check asks; 0 for a program.
func askedPort(c *model.Check) int {
	switch {
	case c.HTTP != nil:
		return c.HTTP.Port
	case c.TCP != nil:
		return c.TCP.Port
	case c.GRPC != nil:
		return c.GRPC.Port
	}
	return 0
}

// hasTCP reports whether the Service of u has the port.
func (u *unit) hasTCP(number int) bool {
	return u.service && slices.ContainsFunc(u.ports, func(p port) bool { return int(p.number) == number && p.protocol == corev1.ProtocolTCP })
}

// answers asks whether a pod of u is ready, as the words of octo-sidecar: by any of its TCP ports, or else by its name.
func (u *unit) answers() []string {
	words := []string{"tcp"}
	for i := range u.ports {
		if p := &u.ports[i]; p.protocol == corev1.ProtocolTCP {
			words = append(words, u.name+":"+strconv.Itoa(int(p.number)))
		}
	}
	if len(words) > 1 {
		return words
	}
	return []string{"dns", u.name}
}

// canTell refuses a program where nobody says that the image of octo-sidecar has it.
func (l *lowering) canTell(n *model.Notifier) (why monitor.Refusal) {
	if l.t.Sidecar == "" {
		return monitor.Refusal{
			Why:  "the image of octo-sidecar has no other program",
			Help: "write smtp or webhook, or name an image that has octo-sidecar and the program: targets." + l.t.Name + ".sidecar",
		}
	}
	l.emulate(n.Path.Key("exec"), "", "it runs in the pod of %s: %q must be in the image %s", monitorName, n.Exec[0], l.t.Sidecar)
	return why
}

// hookHost is the name by which octo-monitor finds a service that is told by http.
func (l *lowering) hookHost(s *model.Service) (host string, why monitor.Refusal) {
	u := l.unit[s.Name]
	switch {
	case u == nil:
		return "", monitor.Refusal{Why: "only a profile starts it", Help: "compile with --profile " + s.Profiles[0]}
	case u.kind == job:
		return "", monitor.Refusal{Why: "it runs to its end", Help: "name a service that stays"}
	case s.NetworkMode == "none":
		return "", monitor.Refusal{Why: "it is on no network", Help: "give it a network"}
	}
	return u.name, why
}

// checkNotifier refuses a port that the Service of who is told by http does not have, and notes that service.
func (l *lowering) checkNotifier(w *watch, n *model.Notifier) {
	if n.Webhook == nil {
		return
	}
	at := n.Path.Keys("webhook", "url")
	to, err := url.Parse(n.Webhook.URL)
	if n.Webhook.URL == "" || err != nil {
		return
	}
	u := l.unit[to.Hostname()]
	if to.Scheme != "http" || u == nil {
		return
	}
	w.reached[u] = true
	number, err := strconv.Atoi(to.Port())
	if err != nil {
		number = 80
	}
	if !u.headless && !u.hasTCP(number) { // a headless Service is the pods themselves, whose ports are all there
		l.refuse(at, "write expose: ["+strconv.Itoa(number)+"] for "+u.s.Name, "cannot reach %s: its Service has no port %d", u.s.Name, number)
	}
}

// secret is the file of a secret in the pod of octo-monitor.
func (w *watch) secret(l *lowering, ref model.SecretRef) string {
	if l.p.Secret(ref.Name) == nil {
		return "" // reported
	}
	if !slices.Contains(w.secrets, ref.Name) {
		w.secrets = append(w.secrets, ref.Name)
	}
	return secretsFolder + "/" + fileKey(ref.Name)
}
