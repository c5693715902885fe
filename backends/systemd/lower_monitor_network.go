package systemd

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/monitor"
)

// place is where the host finds a container.
type place struct {
	host string // its address; of replicas, what stands before the number of each
	why  monitor.Refusal
}

// hostOf is where the monitor finds a replica of s: programs and containers of the host's network at the loopback address,
// the others at an address that is fixed.
func (l *lowering) hostOf(s *service, replica int) (string, monitor.Refusal) {
	on := s
	for range len(l.services) + 1 { // what leads in a circle is reported elsewhere
		kind, name, _ := strings.Cut(on.NetworkMode, ":")
		switch {
		case on.native || kind == "host":
			return "127.0.0.1", monitor.Refusal{}
		case kind == "":
			at := l.placeOf(on)
			if on.count > 1 && !at.why.Is() {
				return at.host + decimal(int64(replica)), at.why
			}
			return at.host, at.why
		case kind == "service" && l.byName[name] != nil:
			on = l.byName[name]
			continue
		}
		break
	}
	return "", monitor.Refusal{
		Why:  "with network_mode: " + on.NetworkMode + " no address is known at which " + s.Name + " would be found from the host",
		Help: "put the service on a network of the project",
	}
}

// placeOf is the place of a container on one of its networks, which is fixed when it is first asked for.
func (l *lowering) placeOf(s *service) place {
	at, found := l.monitoring.places[s.Name]
	if !found {
		at = l.newPlace(s)
		l.monitoring.places[s.Name] = at
	}
	return at
}

// newPlace takes the first network on which s can have an address that the host knows; one whose addresses are fixed already
// comes before the others, as those need not change then.
func (l *lowering) newPlace(s *service) place {
	for i := range s.Networks {
		if f := l.fixed[s.Networks[i].Network]; f != nil {
			if a, ok := f.addresses[s.Name]; ok {
				return place{host: a.String()}
			}
		}
	}
	refused := place{why: monitor.Refusal{
		Why:  s.Name + " has no network at which it would be found from the host",
		Help: "put it on a network of the project",
	}}
	first := true
	for _, known := range []bool{true, false} {
		for i := range s.Networks {
			n := l.p.Network(s.Networks[i].Network)
			if n == nil || (l.fixed[n.Key] != nil) != known {
				continue
			}
			at := l.placeOn(s, n)
			if !at.why.Is() {
				return at
			}
			if first {
				refused, first = at, false
			}
		}
	}
	return refused
}

// placeOn gives s an address on a network.
func (l *lowering) placeOn(s *service, n *model.Network) place {
	refuse := func(why, help string) place {
		found := "no address is known at which " + s.Name + " would be found from the host: the network " + n.Key + " "
		return place{why: monitor.Refusal{Why: found + why, Help: help}}
	}
	other := "put " + s.Name + " on a network of the project of the driver bridge, with an IPv4 subnet or without ipam"
	if n.External {
		return refuse("is external, so its addresses are not known", other)
	}
	if why := closedToHost(n); why != "" {
		return refuse(why, other)
	}
	f := l.fixed[n.Key]
	if f == nil {
		f = l.newSubnet(n)
	}
	if given := addressOn(s, n.Key); given != "" {
		a, err := netip.ParseAddr(given)
		if err != nil || !f.given || !f.prefix.Contains(a) || s.count > 1 {
			return refuse("has no subnet of the config that "+given+" is on",
				"write the subnet below networks."+n.Key+".ipam, or delete ipv4_address")
		}
		return place{host: given}
	}
	if f.given {
		return refuse("has a subnet of the config, of which Podman hands out the addresses",
			"write services."+s.Name+".networks."+n.Key+".ipv4_address")
	}
	host, ok := f.take(s)
	if !ok {
		return refuse("has no room for "+s.Name+" among its fixed addresses",
			"put it on another network, or run at most 9 replicas")
	}
	l.fixed[n.Key] = f
	return place{host: host}
}

// take gives s an address below the half from which Podman hands them out. It follows from the name of s, so that another
// service that comes or goes moves it only where the two meet.
func (f *subnet) take(s *service) (host string, ok bool) {
	if f.monitored == nil {
		f.monitor()
	}
	sum := sha256.Sum256([]byte(s.Name))
	wish := int(binary.BigEndian.Uint16(sum[:]))
	last := f.single(wish)
	if s.count > 1 {
		last = f.ten(wish, s.count)
	}
	if last == 0 {
		return "", false
	}
	base := f.prefix.Addr().As4()
	base[3] = byte(last)
	f.monitored[s.Name] = netip.AddrFrom4(base).String()
	return f.monitored[s.Name], true
}

// firstTen is where tens for replicas begin: 71 to 79, …, 121 to 127. Single addresses are below, while there is room.
const firstTen = 7

// single is a last byte that is free; 0: there is none.
func (f *subnet) single(wish int) int {
	const below = 10*firstTen + 1
	for i := range below {
		if b := (wish + i) % below; !f.used[b] {
			f.used[b] = true
			return b
		}
	}
	for b := below; b < len(f.used); b++ {
		if !f.used[b] {
			f.used[b] = true
			return b
		}
	}
	return 0
}

// ten is what stands before the numbers of replicas, which share a unit: in 10.1.2.7%i, 7; 0: there is none. All nine are
// set aside, so that more replicas move nobody.
func (f *subnet) ten(wish, count int) int {
	const tens = len(f.used)/10 - firstTen + 1
	for i := range len(f.used) / 10 {
		ten := firstTen + (wish+i)%tens
		if i >= tens {
			ten = firstTen + tens - 1 - i // those below
		}
		free := f.used[10*ten+1 : min(10*ten+10, len(f.used))]
		if len(free) < count || slices.Contains(free, true) {
			continue
		}
		for b := range free {
			free[b] = true
		}
		return ten
	}
	return 0
}

// monitor prepares a subnet of ours for the addresses of those that the monitor asks.
func (f *subnet) monitor() {
	f.monitored = map[string]string{}
	f.pool = upperHalf(f.prefix)
	f.used[0], f.used[1] = true, true // the network, and its gateway
	for _, a := range f.addresses {
		if b := a.AsSlice(); f.prefix.Contains(a) && int(b[3]) < len(f.used) {
			f.used[b[3]] = true
		}
	}
	why := " Those that the monitor on the host asks have fixed addresses below " + f.pool.Addr().String() + "."
	f.why = strings.TrimPrefix(f.why+why, " ")
}

// upperHalf is where Podman hands out addresses of a subnet of ours, which has 256.
func upperHalf(p netip.Prefix) netip.Prefix {
	bytes := p.Addr().As4()
	bytes[3] = 128
	return netip.PrefixFrom(netip.AddrFrom4(bytes), 25)
}
