package k8s

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// memberPrefix begins the labels that say on which networks a pod is: policies select by them, so that a network of
// many services needs one rule and not one for each pair.
const memberPrefix = "network.octocompose.dev/"

// needPolicies reports whether the networks say who may not talk to whom: one is internal or goes by dependencies, or
// two services share none. It also gives the pods their labels, so it runs before the workloads are made.
func (l *lowering) needPolicies() bool {
	members := 0
	count := map[*model.Network]int{}
	for _, u := range l.units {
		if u.s.NetworkMode == "none" {
			return true
		}
		if len(u.networks) > 0 {
			members++ // not so on the host's network
		}
		for _, n := range u.networks {
			if n.Internal || n.Policy == "dependencies" {
				return true
			}
			count[n]++
		}
	}
	for _, n := range count {
		if n == members {
			return false // one network has every service
		}
	}
	return members > 1
}

// joinNetworks finds the networks of every service: without a word it is on the default one.
func (l *lowering) joinNetworks() {
	implicit := l.p.Network("default")
	if implicit == nil {
		implicit = &model.Network{Key: "default", Path: tree.Of("networks", "default"), Implicit: true}
	}
	for _, u := range l.units {
		for _, a := range u.s.Networks {
			if n := l.p.Network(a.Network); n != nil {
				u.networks = append(u.networks, n)
			}
		}
		if len(u.s.Networks) == 0 && u.s.NetworkMode == "" {
			u.networks = append(u.networks, implicit)
		}
		slices.SortFunc(u.networks, func(a, b *model.Network) int { return strings.Compare(a.Key, b.Key) })
	}
}

// labelMembers puts the labels of the networks on the pod.
func (u *unit) labelMembers() {
	if !u.l.policies {
		return
	}
	for _, n := range u.networks {
		if n.Policy != "dependencies" {
			u.template.Labels[memberPrefix+label(n.Key)] = "true"
			u.mark("metadata labels "+memberPrefix+label(n.Key), u.at("networks").Key(n.Key))
		}
	}
}

// networkPolicies adds a policy for each service, when the networks say something.
func (l *lowering) networkPolicies() {
	if !l.policies {
		return
	}
	for _, u := range l.units {
		if u.spec().HostNetwork {
			continue // no policy reaches it
		}
		l.networkPolicy(u)
	}
	if l.watch != nil {
		l.monitorPolicy()
	}
}

func (l *lowering) networkPolicy(u *unit) {
	np := &networkingv1.NetworkPolicy{
		TypeMeta: typeMeta(networkingv1.SchemeGroupVersion, "NetworkPolicy"), ObjectMeta: u.meta(u.name),
	}
	np.Spec.PodSelector = metav1.LabelSelector{MatchLabels: u.selects}
	np.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	b := policyBuilder{l: l, u: u, np: np}
	from := u.s.From
	closed := true // no network leads out
	for _, n := range u.networks {
		from = merged(from, n.From)
		closed = closed && n.Internal
		if n.Policy == "dependencies" {
			b.fromDependants(n)
		} else {
			b.fromMembers(n)
		}
	}
	b.fromMonitor()
	b.fromOutside()
	if closed {
		np.Spec.PolicyTypes = append(np.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		b.out()
	}
	l.add(object{file: u.name + "/networkpolicy.yaml", unit: u, value: np, notes: b.notes, from: from})
}

type policyBuilder struct {
	l     *lowering
	u     *unit
	np    *networkingv1.NetworkPolicy
	notes []note
}

func (b *policyBuilder) ingress(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, tail string, p tree.Path) {
	at := "spec ingress " + strconv.Itoa(len(b.np.Spec.Ingress))
	b.notes = append(b.notes, note{at: at, origin: p}, note{at: at + fieldOf(peers, " from", " ports"), tail: tail})
	b.np.Spec.Ingress = append(b.np.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: peers, Ports: ports})
}

func (b *policyBuilder) egress(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, tail string, p tree.Path) {
	at := "spec egress " + strconv.Itoa(len(b.np.Spec.Egress))
	b.notes = append(b.notes, note{at: at, origin: p}, note{at: at + fieldOf(peers, " to", " ports"), tail: tail})
	b.np.Spec.Egress = append(b.np.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: peers, Ports: ports})
}

func fieldOf(peers []networkingv1.NetworkPolicyPeer, with, without string) string {
	if len(peers) > 0 {
		return with
	}
	return without
}

// members are the pods on a network.
func (l *lowering) members(n *model.Network) []networkingv1.NetworkPolicyPeer {
	return []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{
		"app.kubernetes.io/instance": l.instance(), memberPrefix + label(n.Key): "true",
	}}}}
}

func (l *lowering) podsOf(u *unit) []networkingv1.NetworkPolicyPeer {
	return []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: u.selects}}}
}

// fromMembers lets in who shares the network, as in Compose.
func (b *policyBuilder) fromMembers(n *model.Network) {
	b.ingress(b.l.members(n), nil, "who is on "+n.Key, n.Path)
}

// fromDependants lets in who depends on the service and shares the network.
func (b *policyBuilder) fromDependants(n *model.Network) {
	if b.u.kind == job {
		return // they ask the API how it went, not the Job
	}
	for _, d := range b.l.p.Dependants(b.u.s) {
		if from := b.l.unit[d.Name]; from != nil && slices.Contains(from.networks, n) {
			b.ingress(b.l.podsOf(from), b.u.policyPorts(), from.name, d.Path.Key("depends_on").Key(b.u.s.Name))
		}
	}
}

// policyPorts are the ports of the service; nil, which is all, when none is known.
func (u *unit) policyPorts() []networkingv1.NetworkPolicyPort {
	var out []networkingv1.NetworkPolicyPort
	for _, p := range u.ports {
		out = append(out, policyPort(p.number, p.protocol))
	}
	return out
}

func policyPort(n int32, protocol corev1.Protocol) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Port: ptr(intstr.FromInt32(n)), Protocol: &protocol}
}

// fromOutside lets anyone in to what is published.
func (b *policyBuilder) fromOutside() {
	if !b.u.isPublic() {
		return
	}
	var ports []networkingv1.NetworkPolicyPort
	for _, p := range b.u.ports {
		if len(p.public) > 0 {
			ports = append(ports, policyPort(p.number, p.protocol))
		}
	}
	b.ingress(nil, ports, "published: from anywhere", b.u.at("ports"))
}

// out lists what a service on internal networks alone may reach: names, its networks or dependencies, and the API when
// a gate asks for a Job.
func (b *policyBuilder) out() {
	if b.u.s.NetworkMode == "none" {
		return
	}
	dns := []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{
		"kubernetes.io/metadata.name": "kube-system",
	}}}}
	reaches := false
	rest := func() {
		if !reaches {
			b.egress(dns, []networkingv1.NetworkPolicyPort{policyPort(53, corev1.ProtocolUDP), policyPort(53, corev1.ProtocolTCP)}, "names", tree.Root)
			reaches = true
		}
	}
	for _, n := range b.u.networks {
		if n.Policy != "dependencies" {
			rest()
			b.egress(b.l.members(n), nil, "who is on "+n.Key, n.Path)
			continue
		}
		for _, d := range b.u.s.DependsOn {
			if to := b.l.unit[d.Service]; to != nil && slices.Contains(to.networks, n) && to.kind != job {
				rest()
				b.egress(b.l.podsOf(to), to.policyPorts(), to.name, b.u.at("depends_on").Key(d.Service))
			}
		}
	}
	if len(b.u.waitsFor) > 0 {
		rest()
		b.egress(nil, []networkingv1.NetworkPolicyPort{policyPort(443, corev1.ProtocolTCP), policyPort(6443, corev1.ProtocolTCP)},
			"the gate asks the Kubernetes API, which no selector can name", tree.Root)
	}
}
