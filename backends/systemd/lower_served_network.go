package systemd

import (
	"net/netip"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// configHost is what containers call the host as the place of the config server.
const configHost = "octo-config"

// way is how a service reaches the config server.
type way struct {
	host    string // in the address; "": it cannot
	network string // whose gateway is the server; "": it is at the loopback address

	at         tree.Path // why it cannot
	help, said string
}

// wayTo finds the way of s. A container reaches the host by the gateway of one of its networks. One in the network of
// another container uses the address, as the names are the other's: Podman refuses AddHost= there.
func (l *lowering) wayTo(s *service) way {
	on := s
	for range len(l.services) + 1 { // what leads in a circle is reported elsewhere
		kind, name, _ := strings.Cut(on.NetworkMode, ":")
		switch {
		case on.native || kind == "host":
			return way{host: "127.0.0.1"}
		case kind == "":
			w := l.wayByNetwork(s, on)
			if on != s {
				w.at = s.Path.Key("network_mode")
			}
			if f := l.fixed[w.network]; f != nil && on != s {
				w.host = f.gateway.String()
			}
			return w
		case kind == "service" && l.byName[name] != nil:
			on = l.byName[name]
			continue
		}
		break
	}
	w := way{at: s.Path.Key("network_mode"), help: "put the service on a network of the project"}
	w.said = "with network_mode: " + on.NetworkMode + " no address is known at which " + s.Name + " would find the config server on the host"
	return w
}

// wayByNetwork takes the first network of on, in the order of the config, by which s can reach the host.
func (l *lowering) wayByNetwork(s, on *service) way {
	w := way{at: s.Path.Key("networks"), help: "put " + on.Name + " on a network of the project of the driver bridge, with an IPv4 subnet or without ipam"}
	for i := range on.Networks {
		key := on.Networks[i].Network
		n := l.p.Network(key)
		if n == nil {
			continue // package resolve has reported it
		}
		why := closedToHost(n)
		if why == "" {
			return way{host: configHost, network: key}
		}
		if w.said == "" {
			w.said = s.Name + " cannot reach the config server, which runs on the host: the network " + key + " " + why
		}
	}
	if w.said == "" {
		w.said = s.Name + " cannot reach the config server, which runs on the host: it has no network"
	}
	return w
}

// closedToHost says why the containers of a network cannot reach the host at an address that is known now; "": they can.
// An internal network is open: it has a gateway for its name server.
func closedToHost(n *model.Network) string {
	option := func(key string) string {
		v, _ := model.Lookup(n.DriverOpts, key)
		return v
	}
	switch {
	case n.External:
		return "is external, so its gateway is not known"
	case n.Driver != "" && n.Driver != "bridge" && n.Driver != "default":
		return "is of the driver " + n.Driver + ", which keeps containers away from their host"
	case option("mode") == "unmanaged":
		return "is unmanaged: Podman gives its bridge no address"
	case option("vrf") != "":
		return "is in a VRF of its own"
	case n.IPAM == nil:
		return ""
	case n.IPAM.Driver == "none" || n.IPAM.Driver == "dhcp":
		return "has addresses that Podman does not choose"
	}
	others := false
	for _, c := range n.IPAM.Config {
		p, err := netip.ParsePrefix(c.Subnet)
		if err == nil && p.Addr().Is4() {
			return ""
		}
		others = others || c.Subnet != ""
	}
	if others {
		return "has no IPv4 subnet"
	}
	return ""
}

// servedNetworks are the networks whose gateways must be known.
func (l *lowering) servedNetworks() map[string]bool {
	out := map[string]bool{}
	for _, s := range l.serving.clients {
		if w := l.wayTo(s); w.network != "" {
			out[w.network] = true
		}
	}
	return out
}

// servedHost gives a container the name of the host.
func (l *lowering) servedHost(s *service, c *Section) {
	v := l.servedTo(s)
	if v == nil {
		return
	}
	w := l.wayTo(s)
	f := l.fixed[w.network]
	if w.host != configHost || f == nil {
		return
	}
	for _, h := range s.ExtraHosts {
		if h.Name == configHost {
			l.refuse(s.Path.Keys("extra_hosts", h.Name), "delete the line", "the name leads to the config server")
			return
		}
	}
	c.Fixed("AddHost", configHost+":"+f.gateway.String(), v.Path)
}

// ways are where those who ask come from.
type ways struct {
	gateways []string // the server's addresses on their networks
	prefixes []string // those networks
}

// servedWays reports who cannot reach the server. Both lists are in the order of the networks.
func (l *lowering) servedWays() ways {
	for _, s := range l.serving.clients {
		if w := l.wayTo(s); w.host == "" {
			l.refuse(w.at, w.help, "%s", w.said)
		}
	}
	var out ways
	asked := l.servedNetworks()
	for _, n := range l.p.Networks {
		if f := l.fixed[n.Key]; f != nil && asked[n.Key] {
			out.gateways = append(out.gateways, f.gateway.String())
			out.prefixes = append(out.prefixes, f.prefix.String())
		}
	}
	if s := l.byName[configHost]; s != nil && len(out.gateways) > 0 {
		d := l.diags.Error(diag.NameClash, s.Path, "containers find the config server by the name %s", configHost).OnKey()
		d.Target = l.t.Name
		d.Helpf("give the service another name")
	}
	return out
}

// servedPortFree reports services that open the port of the config server on the host.
func (l *lowering) servedPortFree(first tree.Path) {
	taken := func(at tree.Path, name string) {
		d := l.diags.Error(diag.PortClash, at, "cannot open port %d/tcp of the host for %s: the config server listens there", model.ServedPort, name)
		d.Target = l.t.Name
		d.See(first, "which this asks for").Helpf("use another port of the host")
	}
	everywhere := len(l.servedNetworks()) > 0
	l.portTaken(model.ServedPort, func(a netip.Addr) bool { return overlaps(a, everywhere) }, taken)
}

// overlaps reports whether the server, which listens at 127.0.0.1 or on all addresses of IPv4, is in the way of a port
// at a. What listens on all addresses of IPv6 has those of IPv4 too.
func overlaps(a netip.Addr, everywhere bool) bool {
	a = a.Unmap()
	switch {
	case a.IsUnspecified():
		return true
	case everywhere:
		return a.Is4()
	}
	return a == netip.AddrFrom4([4]byte{127, 0, 0, 1})
}
