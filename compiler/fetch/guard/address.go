package guard

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// special are addresses that no public server has, with their names, from the IANA registries of special-purpose
// addresses (RFC 6890), and what clouds serve metadata at outside of them. The first that fits gives the name.
var special = []struct{ prefix, name string }{
	{"169.254.0.0/16", "a link-local address, where clouds serve metadata"},
	{"168.63.129.16/32", "an address where a cloud serves metadata"},
	{"127.0.0.0/8", "a loopback address"},
	{"10.0.0.0/8", "a private address"},
	{"172.16.0.0/12", "a private address"},
	{"192.168.0.0/16", "a private address"},
	{"100.64.0.0/10", "an address behind a carrier's NAT"},
	{"0.0.0.0/8", "an unspecified address"},
	{"192.0.0.0/24", "a reserved address"},
	{"192.0.2.0/24", "an address for documentation"},
	{"198.18.0.0/15", "an address for benchmarks"},
	{"198.51.100.0/24", "an address for documentation"},
	{"203.0.113.0/24", "an address for documentation"},
	{"224.0.0.0/4", "a multicast address"},
	{"240.0.0.0/4", "a reserved address"},
	{"::1/128", "a loopback address"},
	{"::/96", "an unspecified address"},
	{"fe80::/10", "a link-local address"},
	{"fec0::/10", "a private address"},
	{"fc00::/7", "a private address"},
	{"ff00::/8", "a multicast address"},
	{"64:ff9b:1::/48", "an address of a local NAT64"},
	{"2001::/32", "a Teredo address"},
	{"2001:db8::/32", "an address for documentation"},
	{"100::/64", "a reserved address"},
}

// inner are IPv6 addresses that hold an IPv4 address, from this byte on: where packets for them go (RFC 6052, 3056).
var inner = []struct {
	prefix string
	from   int
}{
	{"64:ff9b::/96", 12},
	{"2002::/16", 2},
}

// refused is the name of what a is, "" where it is a public address.
func refused(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	for _, s := range special {
		if netip.MustParsePrefix(s.prefix).Contains(a) {
			return s.name
		}
	}
	for _, i := range inner {
		if netip.MustParsePrefix(i.prefix).Contains(a) {
			b := a.As16()
			return refused(netip.AddrFrom4([4]byte(b[i.from : i.from+4])))
		}
	}
	return ""
}

// allowed is who may lie at such an address.
type allowed struct {
	hosts []string // HOST or HOST:PORT, as split and joined by net
	nets  []netip.Prefix
}

func parseAllow(list []string) (allowed, error) {
	var a allowed
	for _, s := range list {
		entry := strings.ToLower(strings.TrimSpace(s))
		if p, err := netip.ParsePrefix(entry); err == nil {
			a.nets = append(a.nets, p.Masked())
			continue
		}
		host, port := entry, ""
		if h, p, err := net.SplitHostPort(entry); err == nil {
			host, port = h, p
		}
		host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
		n, err := strconv.Atoi(port)
		ip, ipErr := netip.ParseAddr(host)
		switch {
		case host == "" || strings.ContainsAny(host, "/*@ ") || strings.Contains(host, ":") && ipErr != nil || port != "" && (err != nil || n < 1 || n > 65535):
			return allowed{}, fmt.Errorf("cannot allow %q: want a host, HOST:PORT or a range such as 10.0.0.0/8", s)
		case port != "":
			a.hosts = append(a.hosts, net.JoinHostPort(host, port))
		case ipErr == nil:
			a.nets = append(a.nets, netip.PrefixFrom(ip, ip.BitLen()))
		default:
			a.hosts = append(a.hosts, host)
		}
	}
	return a, nil
}

// name reports whether a host is allowed by its name.
func (a allowed) name(host, port string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return slices.Contains(a.hosts, host) || slices.Contains(a.hosts, net.JoinHostPort(host, port))
}

// check is nil where addr, which host resolves to, may be dialled.
func (a allowed) check(host, port string, addr netip.Addr) error {
	what := refused(addr)
	if what == "" || a.name(host, port) || a.name(addr.Unmap().String(), port) ||
		slices.ContainsFunc(a.nets, func(p netip.Prefix) bool { return p.Contains(addr.Unmap().WithZone("")) }) {
		return nil
	}
	return &privateError{host: host, addr: addr.Unmap(), what: what}
}

// privateError is what a refused address gives.
type privateError struct {
	host string
	addr netip.Addr
	what string
}

func (e *privateError) Error() string {
	if e.host == e.addr.String() {
		return fmt.Sprintf("%s is %s", e.host, e.what)
	}
	return fmt.Sprintf("%s lies at %s, %s", e.host, e.addr, e.what)
}

func (e *privateError) Is(err error) bool { return err == ErrPrivate }
