package k8s

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/diag"
)

// serviceObjects adds the Services of u: under its own name, under each alias, and one for what is published.
func (l *lowering) serviceObjects(u *unit) {
	file := u.name + "/service.yaml"
	if u.service {
		l.add(object{file: file, unit: u, value: u.inner(u.name), notes: u.portNotes(), from: u.s.From})
		for _, a := range u.aliases {
			l.add(object{
				file: file, unit: u, value: u.inner(a.name), from: u.s.From,
				notes: []note{{at: "metadata name", tail: "another name of " + u.name, origin: a.path}},
			})
		}
	}
	if u.isPublic() {
		l.outer(u, file)
	}
}

// inner is a Service for the other services. Its ports are those of the container, so that web:8080 is the same
// address on every target.
func (u *unit) inner(name string) *corev1.Service {
	s := &corev1.Service{
		TypeMeta: typeMeta(corev1.SchemeGroupVersion, "Service"), ObjectMeta: u.meta(name),
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Selector: u.selects},
	}
	if u.headless {
		s.Spec.ClusterIP = corev1.ClusterIPNone
	}
	s.Spec.Ports = make([]corev1.ServicePort, len(u.ports))
	for i, p := range u.ports {
		s.Spec.Ports[i] = corev1.ServicePort{
			Name: p.name, Port: p.number, TargetPort: intstr.FromString(p.name), Protocol: p.protocol, AppProtocol: p.app,
		}
	}
	return s
}

// portNotes are the comments and origins of the Service under the service's own name.
func (u *unit) portNotes() []note {
	notes := make([]note, 0, len(u.ports)+1)
	switch {
	case u.headless && u.kind == statefulSet:
		notes = append(notes, note{at: "spec clusterIP", tail: "a StatefulSet wants a headless Service; clients find the pods by it"})
	case u.headless && len(u.ports) == 0:
		notes = append(notes, note{at: "spec clusterIP", tail: "no port is known: the name is the address of the pod, once it is ready"})
	case u.headless:
		notes = append(notes, note{at: "spec clusterIP", tail: "no TCP port: the name answers once a pod is ready, and a gate can ask for it"})
	}
	for i, p := range u.ports {
		notes = append(notes, note{at: "spec ports " + strconv.Itoa(i), origin: p.path})
	}
	return notes
}

// outer adds the Service for clients outside of the cluster: the published ports, and only those.
func (l *lowering) outer(u *unit, file string) {
	name := u.name + "-public"
	if !l.services.claim(l, name, owner{"what service " + quote(u.s.Name) + " publishes", u.at("ports")}) {
		return
	}
	s := &corev1.Service{
		TypeMeta: typeMeta(corev1.SchemeGroupVersion, "Service"), ObjectMeta: u.meta(name),
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: u.selects},
	}
	notes := []note{{at: "spec type", tail: "targets." + l.t.Name + ".publish", origin: u.at("ports")}}
	nodePort := l.publish() == "nodeport"
	if nodePort {
		s.Spec.Type = corev1.ServiceTypeNodePort
	}
	for _, p := range u.ports {
		for _, out := range p.public {
			sp := corev1.ServicePort{
				Name: publicName(p, out.number), Port: out.number, TargetPort: intstr.FromString(p.name), Protocol: p.protocol,
				AppProtocol: p.app,
			}
			if nodePort {
				if sp.NodePort = out.number; out.number < 30000 || out.number > 32767 {
					sp.NodePort = 0
					l.emulate(out.path, "publish a port from 30000 to 32767, or take publish: loadbalancer",
						"a node port is one of 30000 to 32767: the cluster chooses one for %d", out.number)
				}
			}
			if hasPort(s.Spec.Ports, sp) {
				continue // the same port on two addresses of a host
			}
			notes = append(notes, note{at: "spec ports " + strconv.Itoa(len(s.Spec.Ports)), origin: out.path})
			s.Spec.Ports = append(s.Spec.Ports, sp)
		}
	}
	l.todo.public = append(l.todo.public, u)
	l.add(object{file: file, unit: u, value: s, notes: notes, from: u.s.From})
}

// publicName is the port's own name, where the numbers are the same; else one with the published number.
func publicName(p port, number int32) string {
	if p.number == number {
		return p.name
	}
	return "pub-" + strings.ToLower(string(p.protocol)) + "-" + strconv.Itoa(int(number))
}

func hasPort(list []corev1.ServicePort, p corev1.ServicePort) bool {
	for _, have := range list {
		if have.Port == p.Port && have.Protocol == p.Protocol {
			return true
		}
	}
	return false
}

// account adds the service account: each service has its own, and none a token.
func (l *lowering) account(u *unit) {
	l.add(object{
		file: u.name + "/serviceaccount.yaml", unit: u, from: u.s.From,
		value: &corev1.ServiceAccount{
			TypeMeta: typeMeta(corev1.SchemeGroupVersion, "ServiceAccount"), ObjectMeta: u.meta(u.name),
			AutomountServiceAccountToken: ptr(false),
		},
	})
}

// namespace adds the namespace, when the target names one. It enforces the restricted standard only when every
// service keeps to it.
func (l *lowering) namespace() {
	if l.t.Namespace == "" {
		return
	}
	ns := &corev1.Namespace{TypeMeta: typeMeta(corev1.SchemeGroupVersion, "Namespace")}
	ns.Name = l.t.Namespace
	ns.Labels = map[string]string{"app.kubernetes.io/managed-by": "octo"}
	if l.allRestricted() {
		for _, mode := range []string{"enforce", "warn", "audit"} {
			ns.Labels["pod-security.kubernetes.io/"+mode] = "restricted"
		}
	}
	if !isLabel(l.t.Namespace) {
		l.ds.Error(diag.Pattern, l.t.Path.Key("namespace"), "cannot use %q as a namespace; want a DNS label", l.t.Namespace)
	}
	l.add(object{
		file: "namespace.yaml", value: ns, from: l.p.Inputs,
		notes: []note{{at: "metadata name", origin: l.t.Path.Key("namespace")}},
	})
}
