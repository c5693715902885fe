package resolve

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// claim is who claims a place.
type claim struct {
	service *model.Service
	path    tree.Path
}

// hostPort is one port of the host; ip "" is every address.
type hostPort struct {
	protocol, ip string
	port         int
}

// hostPorts reports ports of the host that are published twice. A range of host ports for one port of the container is
// a choice, not a claim; but it must be as large as the number of replicas.
func (r *resolver) hostPorts() {
	claims := map[hostPort]claim{} // with the ip that was asked for
	some := map[hostPort]claim{}   // with ip "": the first that asks for the port on some address
	for _, s := range r.p.Services {
		if s.NetworkMode != "" || !r.active(s) {
			continue
		}
		for i := range s.Ports {
			port := &s.Ports[i]
			if port.Published == "" {
				continue
			}
			low, high, ok := shape.ParsePorts(port.Published)
			if !ok {
				continue
			}
			mine := claim{s, s.Path.Key("ports").Index(i)}
			if size, need := high-low+1, s.Count(); size < need && !r.o.Cluster {
				r.tooFew(mine, port.Published, size, need)
			}
			if low != high {
				continue
			}
			key := hostPort{protocol: port.Protocol, port: low}
			if key.protocol == "" {
				key.protocol = "tcp"
			}
			first, taken := some[key]
			everywhere := key
			key.ip = hostAddress(port.HostIP)
			if key.ip != "" && taken { // only the same address, or every address, is in the way
				if first, taken = claims[key]; !taken {
					first, taken = claims[everywhere]
				}
			}
			if taken {
				r.taken(first, mine, key)
				continue
			}
			claims[key] = mine
			if _, there := some[everywhere]; !there {
				some[everywhere] = mine
			}
		}
	}
}

// hostAddress is the address of a host in one spelling, "" for all of them.
func hostAddress(text string) string {
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	switch {
	case text == "" || err == nil && ip.IsUnspecified():
		return ""
	case err != nil:
		return text
	}
	return ip.Unmap().String()
}

func (r *resolver) tooFew(c claim, published string, size, need int) {
	text := fmt.Sprintf("%d replicas cannot share port %s of a host", need, published)
	if size > 1 {
		text = fmt.Sprintf("%d replicas cannot share the %d ports %s of a host", need, size, published)
	}
	low, _, _ := shape.ParsePorts(published)
	d := r.found.Error(diag.PortClash, c.path, "%s", text)
	if _, ok := tree.Get(r.root, c.service.Path.Key("replicas")); ok {
		d.See(c.service.Path.Key("replicas"), "the number of replicas stands here")
	}
	if high := low + need - 1; high <= 65535 {
		d.Helpf("publish a range, such as %d-%d, or put a proxy before them", low, high)
	}
}

// broken reports whether a part of the port at p was reported already.
func (r *resolver) broken(p tree.Path) bool {
	n, _ := tree.Get(r.root, p)
	if n == nil || n.Kind == tree.Unknown {
		return true
	}
	for i := range n.Fields {
		if n.Fields[i].Value.Kind == tree.Unknown {
			return true
		}
	}
	return false
}

// taken reports a port that is published twice, at the place that was written later.
func (r *resolver) taken(a, b claim, key hostPort) {
	if r.broken(a.path) || r.broken(b.path) {
		return // what it would be without the fault is not known
	}
	if r.later(r.place(a.path), r.place(b.path)) {
		a, b = b, a
	}
	where := "every address"
	if key.ip != "" {
		where = key.ip
	}
	who := a.service.Name + " publishes it already"
	if a.service == b.service {
		who = "the same service publishes it already"
	}
	r.found.Error(diag.PortClash, b.path, "cannot publish port %d/%s of the host on %s: %s", key.port, key.protocol, where, who).
		See(a.path, "%s publishes it here", a.service.Name).
		Helpf("publish another port, or bind the two to different addresses")
}

// containerNames reports names of containers that two services claim.
func (r *resolver) containerNames() {
	claims := map[string]claim{}
	for _, s := range r.p.Services {
		if s.ContainerName == "" || !r.active(s) {
			continue
		}
		a, b := claims[s.ContainerName], claim{s, s.Path.Key("container_name")}
		if a.service == nil {
			claims[s.ContainerName] = b
			continue
		}
		if r.later(r.place(a.path), r.place(b.path)) {
			a, b = b, a
		}
		r.found.Error(diag.NameClash, b.path, "cannot use %q for a second container: %s has that name", s.ContainerName, a.service.Name).
			See(a.path, "%s takes it here", a.service.Name).Helpf("delete container_name: other services reach this one as %q", b.service.Name)
	}
}

// network is what is known of one network's addresses.
type network struct {
	pools  []netip.Prefix
	claims map[netip.Addr]claim
}

// addresses checks fixed addresses: they are addresses, lie in a subnet of their network, and belong to one.
func (r *resolver) addresses() {
	var nets map[string]*network
	for _, s := range r.p.Services {
		for i := range s.Networks {
			a := &s.Networks[i]
			for _, fixed := range [...]struct{ key, text string }{{"ipv4_address", a.IPv4Address}, {"ipv6_address", a.IPv6Address}} {
				if fixed.text == "" {
					continue
				}
				if nets == nil {
					nets = map[string]*network{}
				}
				if nets[a.Network] == nil {
					nets[a.Network] = newNetwork(r.p.Network(a.Network))
				}
				r.address(nets[a.Network], a.Network, claim{s, s.Path.Keys("networks", a.Network, fixed.key)}, fixed.key, fixed.text)
			}
		}
	}
}

func newNetwork(n *model.Network) *network {
	out := &network{claims: map[netip.Addr]claim{}}
	if n == nil || n.IPAM == nil {
		return out
	}
	for i := range n.IPAM.Config {
		if p, err := netip.ParsePrefix(n.IPAM.Config[i].Subnet); err == nil {
			out.pools = append(out.pools, p.Masked())
		}
	}
	return out
}

func (r *resolver) address(n *network, name string, c claim, key, text string) {
	ip, err := netip.ParseAddr(text)
	version := strings.TrimSuffix(key, "_address")
	if err != nil || ip.Is4() != (version == "ipv4") {
		r.found.Error(diag.Type, c.path, "cannot use %q as an %s address", text, strings.Replace(version, "ipv", "IPv", 1))
		return
	}
	var same []string
	inside := false
	for _, p := range n.pools {
		if p.Addr().Is4() == ip.Is4() {
			same = append(same, p.String())
			inside = inside || p.Contains(ip)
		}
	}
	if len(same) > 0 && !inside {
		r.found.Error(diag.Range, c.path, "cannot use %s: it is not in %s, the subnet of %s", text, strings.Join(same, " or "), name).
			See(tree.Of("networks", name, "ipam"), "the subnet stands here")
		return
	}
	if c.service.Count() > 1 {
		r.found.Error(diag.Exclusive, c.path, "cannot give one address to %d replicas", c.service.Count()).Helpf("delete it")
		return
	}
	other, taken := n.claims[ip]
	if !taken {
		n.claims[ip] = c
		return
	}
	if !r.active(other.service) || !r.active(c.service) {
		return
	}
	if r.later(r.place(other.path), r.place(c.path)) {
		other, c = c, other
	}
	r.found.Error(diag.Duplicate, c.path, "cannot use %s: %s has it", text, other.service.Name).
		See(other.path, "%s takes it here", other.service.Name).Helpf("use another address of %s", name)
}
