package systemd

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
)

// shutOff writes what a native program may talk to: only to its networks where all of them are internal, and on a
// network with policy: dependencies only to those that it depends on or that depend on it. An address that is allowed
// goes over one that is denied (systemd.resource-control(5)).
func (l *lowering) shutOff(s *service, sv *Section) {
	at := s.Path.Key("networks")
	if allow := l.insideOnly(s); allow != "" {
		sv.Note("All networks of " + s.Name + " are internal.")
		sv.Fixed("IPAddressDeny", "any", at)
		sv.Fixed("IPAddressAllow", allow, at)
		return
	}
	for _, a := range s.Networks {
		n, f := l.p.Network(a.Network), l.fixed[a.Network]
		if n == nil || f == nil || n.Policy != alongDependencies {
			continue
		}
		allow, whole := l.partners(s, n, f)
		if whole {
			continue
		}
		at := n.Path.Key("policy")
		sv.Note("On the network " + n.Key + " only to those along depends_on.")
		sv.Fixed("IPAddressDeny", f.prefix.String(), at)
		if len(allow) > 0 {
			sv.Fixed("IPAddressAllow", strings.Join(allow, " "), at)
		}
	}
}

// insideOnly is what the program may talk to where all its networks are internal, else "".
func (l *lowering) insideOnly(s *service) string {
	allow := "localhost"
	if len(s.Networks) == 0 {
		return ""
	}
	for _, a := range s.Networks {
		n, f := l.p.Network(a.Network), l.fixed[a.Network]
		switch {
		case n == nil || !n.Internal:
			return ""
		case f == nil:
		case n.Policy == alongDependencies:
			partners, whole := l.partners(s, n, f)
			if whole {
				partners = []string{f.prefix.String()}
			}
			for _, p := range partners {
				allow += " " + p
			}
		default:
			allow += " " + f.prefix.String()
		}
	}
	return allow
}

// alongDependencies is the policy of a network on which only those talk of whom one depends on the other.
const alongDependencies = "dependencies"

// partners are the addresses of the containers on n that s depends on, and of those that depend on it. whole: one of
// them has no address that could be known.
func (l *lowering) partners(s *service, n *model.Network, f *subnet) (allow []string, whole bool) {
	for _, name := range l.neighbours(s) {
		on := l.byName[name]
		if on.native || !slices.ContainsFunc(on.Networks, func(a model.NetworkAttachment) bool { return a.Network == n.Key }) {
			continue
		}
		address, known := f.addresses[name]
		if !known {
			return nil, true
		}
		allow = append(allow, address.String())
	}
	return allow, false
}

// neighbours are the services that s depends on and those that depend on it, sorted. Who waits for the end of another
// does not talk to it.
func (l *lowering) neighbours(s *service) []string {
	var out []string
	for i := range s.waits {
		if w := &s.waits[i]; w.condition != model.Completed {
			out = append(out, w.on.Name)
		}
	}
	for _, d := range l.p.Dependants(s.Service) {
		for i := range d.DependsOn {
			if on := &d.DependsOn[i]; on.Service == s.Name && on.Condition != model.Completed && l.byName[d.Name] != nil {
				out = append(out, d.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// policy says what depends_on decides on a network here, and what not.
func (l *lowering) policy(n *model.Network) {
	if n.Policy != alongDependencies || len(n.MemberNames) < 2 {
		return
	}
	natives, open := 0, ""
	for _, name := range n.MemberNames {
		s := l.byName[name]
		if s == nil || !s.native {
			continue
		}
		natives++
		if f := l.fixed[n.Key]; f != nil && open == "" {
			if _, whole := l.partners(s, n, f); whole {
				open = s.Name
			}
		}
	}
	at, help := n.Path.Key("policy"), "put services that must not talk to each other on networks of their own"
	switch {
	case natives > 1 || natives == len(n.MemberNames):
		l.emulate(at, help, "native programs reach each other over the machine, and Podman lets all containers of one network talk to each other")
	case open != "":
		l.emulate(at, help, "Podman lets all services of one network talk to each other, whatever depends_on says, and %s has a partner without an address of its own", open)
	default:
		l.emulate(at, help, "Podman lets all containers of one network talk to each other, whatever depends_on says")
	}
}

// autoscale warns that the number of replicas is fixed.
func (l *lowering) autoscale(s *service) {
	if s.Autoscale != nil {
		l.emulate(s.Path.Key("autoscale"), "", "the number is fixed at %d: systemd starts a number, and no more by itself", s.count)
	}
}
