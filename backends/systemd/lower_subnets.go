package systemd

import (
	"crypto/sha256"
	"net/netip"

	"github.com/octocompose/octocompose/compiler/model"
)

// subnet is a network whose addresses must be known: a native program runs on the host, where the names of containers
// mean nothing, so those that it talks to have fixed addresses, and it reads their names from a file. Of a network whose
// containers read their config from the host, the gateway must be known.
type subnet struct {
	prefix, pool netip.Prefix
	gateway      netip.Addr
	given        bool // by ipam
	why          string
	addresses    map[string]netip.Addr // by service
	monitored    map[string]string     // those that the monitor alone must know; of replicas, what stands before their numbers
	used         [128]bool             // last bytes that are taken, for those of monitored
}

// findSubnets fixes addresses on the networks of native services: below the half from which Podman hands them out.
func (l *lowering) findSubnets() {
	asked := l.servedNetworks()
	for _, n := range l.p.Networks {
		if n.External {
			continue
		}
		var natives []*service
		for _, name := range n.MemberNames {
			if s := l.byName[name]; s != nil && s.native {
				natives = append(natives, s)
			}
		}
		if len(natives) == 0 && !asked[n.Key] {
			continue
		}
		f := l.newSubnet(n)
		if f == nil {
			continue
		}
		f.addresses = map[string]netip.Addr{}
		if len(natives) > 0 {
			l.fixAddresses(n, f, natives)
		}
		switch {
		case len(f.addresses) > 0:
			l.fixed[n.Key] = f
		case asked[n.Key]:
			f.pool = f.prefix
			f.why = "Configs are served on the host: its address on this network, the first, must be known."
			l.fixed[n.Key] = f
		}
	}
}

// fixAddresses gives the containers on n that a native service may talk to their addresses.
func (l *lowering) fixAddresses(n *model.Network, f *subnet, natives []*service) {
	peers := l.peers(n, natives)
	next := f.gateway.Next()
	for _, name := range n.MemberNames {
		s := l.byName[name]
		if s == nil || s.native || s.job || s.count != 1 || peers != nil && !peers[name] {
			continue
		}
		if given := addressOn(s, n.Key); given != "" {
			if a, err := netip.ParseAddr(given); err == nil {
				f.addresses[name] = a
			}
			continue
		}
		if !f.given {
			f.addresses[name] = next
			next = next.Next()
		}
	}
	names := ""
	for i, s := range natives {
		if i > 0 {
			names += ", "
		}
		names += s.Name
	}
	f.why = names + " runs on the host and must know where the others are: they have fixed addresses below " + f.pool.Addr().String() + "."
}

// newSubnet is the network's own IPv4 subnet, or 10. and two bytes of a hash of its name.
func (l *lowering) newSubnet(n *model.Network) *subnet {
	if n.IPAM != nil {
		for _, c := range n.IPAM.Config {
			p, err := netip.ParsePrefix(c.Subnet)
			if err != nil || !p.Addr().Is4() {
				continue
			}
			f := &subnet{prefix: p.Masked(), pool: p.Masked(), given: true, gateway: p.Masked().Addr().Next()}
			if g, err := netip.ParseAddr(c.Gateway); err == nil {
				f.gateway = g
			}
			return f
		}
	}
	sum := sha256.Sum256([]byte(l.names.project + "/" + n.Key))
	base := netip.AddrFrom4([4]byte{10, sum[0], sum[1], 0})
	prefix := netip.PrefixFrom(base, 24)
	return &subnet{prefix: prefix, gateway: base.Next(), pool: upperHalf(prefix)}
}

// peers are those on n whom a native service may talk to: along depends_on alone, or, nil, all who share it.
func (l *lowering) peers(n *model.Network, natives []*service) map[string]bool {
	if n.Policy != alongDependencies {
		return nil
	}
	out := map[string]bool{}
	for _, native := range natives {
		for _, name := range l.neighbours(native) {
			out[name] = true
		}
	}
	return out
}

// addressOn is the address that the config gives s on a network.
func addressOn(s *service, network string) string {
	for i := range s.Networks {
		if s.Networks[i].Network == network {
			return s.Networks[i].IPv4Address
		}
	}
	return ""
}

// fixedAddress is the address that s has because a native service or the monitor must know it; of replicas, what stands
// before the number of each.
func (l *lowering) fixedAddress(s *service, network string) string {
	f := l.fixed[network]
	if f == nil {
		return ""
	}
	if a, ok := f.addresses[s.Name]; ok {
		return a.String()
	}
	return f.monitored[s.Name]
}
