package systemd

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// networkDrivers are the drivers of netavark, Podman's network stack (podman-network-create(1)).
var networkDrivers = []string{"bridge", "macvlan", "ipvlan"}

// networkOptions are the options that netavark knows (podman-network-create(1), --opt).
var networkOptions = []string{
	"bclim", "com.docker.network.bridge.name", "com.docker.network.driver.mtu", "isolate", "metric", "mode", "mtu",
	"no_default_route", "parent", "vlan", "vrf",
}

// network lowers a network of the project to a .network unit. An external one is there already.
func (l *lowering) network(n *model.Network) {
	l.policy(n)
	if n.External || l.onlyPrograms(n) {
		return
	}
	sources := n.From
	if len(sources) == 0 {
		sources = l.p.Inputs
	}
	u := l.unit(quadletDir+l.names.project+"-"+n.Key+".network", sources)
	us, net := u.Section("Unit"), u.Section("Network")
	us.Fixed("Description", l.names.project+": network "+n.Key, tree.Root)
	us.Fixed("PartOf", l.target, tree.Root)
	net.Raw("NetworkName", l.resource(n.Key, n.Name), n.Path.Key("name"))
	if n.Driver != "" && n.Driver != "bridge" && n.Driver != "default" {
		at := n.Path.Key("driver")
		if slices.Contains(networkDrivers, n.Driver) {
			net.Raw("Driver", n.Driver, at)
		} else {
			l.refuse(at, "write bridge, macvlan or ipvlan; or leave the line out", "Podman has no network driver %q", n.Driver)
		}
	}
	if n.Internal {
		net.Fixed("Internal", "true", n.Path.Key("internal"))
	}
	if n.EnableIPv6 != nil && *n.EnableIPv6 {
		net.Fixed("IPv6", "true", n.Path.Key("enable_ipv6"))
	}
	if n.EnableIPv4 != nil && !*n.EnableIPv4 {
		l.refuse(n.Path.Key("enable_ipv4"), "give it one subnet, of IPv6", "Podman has no switch against IPv4")
	}
	l.ipam(n, net)
	for _, o := range n.DriverOpts {
		at := n.Path.Keys("driver_opts", o.Key)
		if slices.Contains(networkOptions, o.Key) {
			net.Assign("Options", o.Key, o.Value, at)
		} else {
			l.refuse(at, "its options are "+strings.Join(networkOptions, ", "), "Podman's networks have no option %q", o.Key)
		}
	}
	l.pairs(net, "Label", n.Path.Key("labels"), n.Labels)
}

// onlyPrograms reports whether all members of the network run on the host.
func (l *lowering) onlyPrograms(n *model.Network) bool {
	for _, name := range n.MemberNames {
		if s := l.byName[name]; s == nil || !s.native {
			return false
		}
	}
	return len(n.MemberNames) > 0
}

// ipam writes the subnets. Quadlet matches gateways and ranges to subnets by their order, so subnets that have both
// come first.
func (l *lowering) ipam(n *model.Network, net *Section) {
	if f := l.fixed[n.Key]; f != nil && !f.given {
		net.Note(f.why)
		net.Fixed("Subnet", f.prefix.String(), tree.Root)
		if f.pool != f.prefix {
			net.Fixed("IPRange", f.pool.String(), tree.Root)
		}
		return
	}
	if n.IPAM == nil {
		return
	}
	at := n.Path.Key("ipam")
	switch n.IPAM.Driver {
	case "", "default":
	case "host-local", "dhcp", "none":
		net.Raw("IPAMDriver", n.IPAM.Driver, at.Key("driver"))
	default:
		l.refuse(at.Key("driver"), "leave the line out", "Podman has no address driver %q", n.IPAM.Driver)
	}
	order := make([]int, len(n.IPAM.Config))
	for i := range order {
		order[i] = i
	}
	rank := func(i int) int {
		c, r := n.IPAM.Config[i], 0
		if c.Gateway == "" {
			r++
		}
		if c.IPRange == "" {
			r++
		}
		return r
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(a) - rank(b) })
	gateways, ranges := true, true
	for _, i := range order {
		c, at := n.IPAM.Config[i], at.Key("config").Index(i)
		if c.Subnet == "" {
			if c.Gateway != "" || c.IPRange != "" {
				l.refuse(at, "write the subnet too", "Podman cannot use a gateway or a range without its subnet")
			}
			continue
		}
		if c.Gateway != "" && !gateways || c.IPRange != "" && !ranges {
			l.refuse(at, "write gateway and ip_range for each subnet, or for none", "Quadlet would give the gateway or range to another subnet")
			continue
		}
		gateways, ranges = gateways && c.Gateway != "", ranges && c.IPRange != ""
		net.Raw("Subnet", c.Subnet, at.Key("subnet"))
		if c.Gateway != "" {
			net.Raw("Gateway", c.Gateway, at.Key("gateway"))
		}
		if c.IPRange != "" {
			net.Raw("IPRange", c.IPRange, at.Key("ip_range"))
		}
	}
}

// attachments writes Network= for each network of a service, with its names and addresses on it.
func (l *lowering) attachments(s *service, c *Section) {
	if s.NetworkMode != "" {
		l.networkMode(s, c)
	} else {
		order := make([]int, len(s.Networks))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return s.Networks[b].Priority - s.Networks[a].Priority })
		for _, i := range order {
			l.attachment(s, &s.Networks[i], c)
		}
	}
	l.resolver(s, c)
	l.hosts(s, c)
}

func (l *lowering) attachment(s *service, a *model.NetworkAttachment, c *Section) {
	at := s.Path.Keys("networks", a.Network)
	name := l.names.project + "-" + a.Network + ".network"
	if n := l.p.Network(a.Network); n != nil && n.External {
		if name = l.resource(a.Network, n.Name); n.Name == "" {
			name = a.Network
		}
		if strings.HasSuffix(name, ".network") || strings.HasSuffix(name, ".container") {
			l.refuse(n.Path, "give the network another name", "Quadlet takes a name that ends so for a unit of its own")
			return
		}
	}
	mac := a.MacAddress
	if mac == "" && s.MacAddress != "" && len(s.Networks) == 1 {
		mac = s.MacAddress
	}
	options := make([]string, 0, 8)
	names := [][]string{a.Aliases, l.links[s.Name]}
	switch {
	case s.of != nil:
		// It is not the service: its names and addresses lead to what is there already.
		names = names[:1]
		if inherits(s, networksOf) {
			mac = s.MacAddress // its own: that of the service is not handed down
			a, names = &model.NetworkAttachment{Network: a.Network, InterfaceName: a.InterfaceName}, nil
		}
	case a.UseServiceNameAlias == nil || *a.UseServiceNameAlias:
		options = append(options, "alias="+s.Name)
	}
	seen := []string{s.Name}
	for _, list := range names {
		for _, alias := range list {
			if !slices.Contains(seen, alias) {
				seen = append(seen, alias)
				options = append(options, "alias="+alias)
			}
		}
	}
	ip := a.IPv4Address
	var replica string
	if ip == "" && s.of == nil {
		if ip = l.fixedAddress(s, a.Network); s.count > 1 && ip != "" {
			ip, replica = "", "ip="+ip+"%i"
		}
	}
	for _, o := range []struct{ key, value, field string }{
		{"ip", ip, "ipv4_address"}, {"ip6", a.IPv6Address, "ipv6_address"}, {"mac", mac, "mac_address"}, {"interface_name", a.InterfaceName, "interface_name"},
	} {
		if o.value == "" {
			continue
		}
		if s.count > 1 && o.key != "interface_name" {
			l.refuse(at.Key(o.field), "delete the line, or run one replica", "%d replicas cannot have one address", s.count)
			continue
		}
		options = append(options, o.key+"="+o.value)
	}
	if slices.ContainsFunc(options, func(o string) bool { return strings.Contains(o, ",") }) {
		l.refuse(at, "use a name without a comma", "Podman reads a comma as the end of a name or address")
		return
	}
	if len(options) > 0 {
		name += ":" + strings.Join(options, ",")
	}
	switch {
	case replica == "":
		c.Raw("Network", name, at)
	case len(options) > 0:
		c.Instance("Network", name+","+replica, at)
	default:
		c.Instance("Network", name+":"+replica, at)
	}
}

func networksOf(s *model.Service) []model.NetworkAttachment { return s.Networks }

// networkMode writes what takes the place of networks.
func (l *lowering) networkMode(s *service, c *Section) {
	at := s.Path.Key("network_mode")
	kind, name, _ := strings.Cut(s.NetworkMode, ":")
	switch kind {
	case "host", "none":
		c.Fixed("Network", kind, at)
	case "bridge", "default":
		l.emulate(at, "", "the service is on Podman's own network %q", "podman")
		c.Fixed("Network", "podman", at)
	case "container":
		c.Raw("Network", s.NetworkMode, at)
	case "service":
		on := l.byName[name]
		switch {
		case on == nil:
		case on.native:
			l.refuse(at, "write host: a native program is in the network of the host", "%s is a native program and has no network of its own", name)
		case on.count > 1:
			l.refuse(at, "run one replica of "+name, "%s has %d replicas, each with a network of its own", name, on.count)
		case on.ContainerName != "" || plainName(on.unit):
			c.Fixed("Network", on.unit+".container", at)
		}
	default:
		l.refuse(at, "write host, none, service:NAME or container:NAME", "Podman has no network mode %q", s.NetworkMode)
	}
}

// resolver writes names and how they are looked up.
func (l *lowering) resolver(s *service, c *Section) {
	host := s.Hostname
	at := s.Path.Key("hostname")
	if s.Domainname != "" {
		if host == "" {
			host, at = s.Name, s.Path.Key("domainname")
		}
		host += "." + s.Domainname
	}
	if host != "" {
		c.Raw("HostName", host, at)
	}
	for _, f := range []struct {
		key, field string
		values     []string
	}{{"DNS", "dns", s.DNS}, {"DNSSearch", "dns_search", s.DNSSearch}, {"DNSOption", "dns_opt", s.DNSOpt}} {
		for i, v := range f.values {
			c.Raw(f.key, v, s.Path.Key(f.field).Index(i))
		}
	}
	if s.MacAddress != "" && len(s.Networks) != 1 {
		c.Words("PodmanArgs", s.Path.Key("mac_address"), text("--mac-address="+s.MacAddress))
	}
}

// hosts writes extra_hosts, and the names of native services that s waits for, which run on the host.
func (l *lowering) hosts(s *service, c *Section) {
	for _, h := range s.ExtraHosts {
		at := s.Path.Keys("extra_hosts", h.Name)
		for _, a := range h.Addresses {
			if strings.Contains(h.Name, ":") {
				l.refuse(at, "write a host name", "a colon ends the name")
				break
			}
			c.Raw("AddHost", h.Name+":"+a, at)
		}
	}
	for _, w := range s.waits {
		if !w.on.native || s.NetworkMode != "" {
			continue
		}
		address := "host-gateway"
		for _, a := range s.Networks {
			if f := l.fixed[a.Network]; f != nil {
				address = f.gateway.String()
				break
			}
		}
		c.Fixed("AddHost", w.on.Name+":"+address, w.at)
	}
	l.servedHost(s, c)
}

// portRange is the number of ports in "8000-8010"; 1 for one port.
func portRange(s string) int {
	from, to, isRange := strings.Cut(s, "-")
	a, err1 := strconv.Atoi(from)
	if !isRange {
		return 1
	}
	b, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || b < a {
		return 0
	}
	return b - a + 1
}

// ports writes PublishPort=.
func (l *lowering) ports(s *service, c *Section) {
	for i := range s.Ports {
		p, at := &s.Ports[i], s.Path.Key("ports").Index(i)
		switch {
		case s.NetworkMode == "host":
			l.emulate(at, "delete it, or network_mode", "nothing is published: the service is in the network of the host")
			continue
		case s.NetworkMode != "" && s.NetworkMode != "bridge" && s.NetworkMode != "default":
			l.refuse(at, "publish it where the network is", "a service with network_mode: %s has no network of its own to publish from", s.NetworkMode)
			continue
		case s.count > 1 && p.Published != "":
			l.refuse(at.Key("published"), "publish it from one service before the replicas, or leave the host's port out: systemd then chooses one for each",
				"%d replicas cannot all have port %s of the host", s.count, p.Published)
			continue
		case portRange(p.Published) != 1:
			l.refuse(at.Key("published"), "write one port", "Podman cannot choose a port from the range %s", p.Published)
			continue
		}
		var b strings.Builder
		if ip := p.HostIP; ip != "" {
			if a, err := netip.ParseAddr(ip); err == nil && a.Is6() {
				ip = "[" + ip + "]"
			}
			b.WriteString(ip)
			b.WriteByte(':')
		}
		if p.Published != "" || p.HostIP != "" {
			b.WriteString(p.Published)
			b.WriteByte(':')
		}
		b.WriteString(strconv.Itoa(p.Target))
		if p.Protocol != "" && p.Protocol != "tcp" {
			b.WriteByte('/')
			b.WriteString(p.Protocol)
		}
		c.Raw("PublishPort", b.String(), at)
	}
}
