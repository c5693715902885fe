package guard

import (
	"net/netip"
	"strings"
	"testing"
)

// F1: every kind of address that is not public, also inside of another.
func TestRefused(t *testing.T) {
	for addr, want := range map[string]string{
		"169.254.169.254": "metadata", "168.63.129.16": "metadata", "127.0.0.1": "loopback", "127.255.0.9": "loopback", "10.1.2.3": "private", "172.16.0.1": "private",
		"172.31.255.255": "private", "192.168.1.1": "private", "100.64.0.1": "carrier", "100.100.100.200": "carrier", "0.0.0.0": "unspecified", "224.0.0.1": "multicast",
		"255.255.255.255": "reserved", "::": "unspecified", "::1": "loopback", "::ffff:127.0.0.1": "loopback", "::ffff:169.254.169.254": "metadata", "::7f00:1": "unspecified",
		"fe80::1%eth0": "link-local", "fd00:ec2::254": "private", "ff02::1": "multicast", "64:ff9b::a00:1": "private", "64:ff9b::7f00:1": "loopback", "64:ff9b:1::1": "NAT64",
		"2002:7f00:1::": "loopback", "2001:0:1::": "Teredo", "198.18.0.1": "benchmark",
		"8.8.8.8": "", "172.32.0.1": "", "100.128.0.1": "", "2606:4700::1111": "", "64:ff9b::808:808": "", "::ffff:8.8.8.8": "", "2002:808:808::1": "",
	} {
		if got := refused(netip.MustParseAddr(addr)); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s is %q; want %q", addr, got, want)
		}
	}
	for _, s := range special {
		if p := netip.MustParsePrefix(s.prefix); p != p.Masked() {
			t.Errorf("%s has bits of a host", p)
		}
	}
}

// A range allows what lies in it, however it is written; a name allows that name.
func TestAllow(t *testing.T) {
	a, err := parseAllow([]string{"10.0.0.0/8", "fd00::/8", "Git.Internal", "registry:5000", "[::1]:443", "192.168.0.7"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, port, addr string
		ok               bool
	}{
		{"x", "443", "10.1.1.1", true}, {"x", "443", "::ffff:10.1.1.1", true}, {"x", "443", "11.1.1.1", true}, {"x", "443", "172.16.0.1", false},
		{"git.internal", "443", "172.16.0.1", true}, {"git.internal.", "22", "172.16.0.1", true}, {"x.git.internal", "443", "172.16.0.1", false},
		{"registry", "5000", "172.16.0.1", true}, {"registry", "443", "172.16.0.1", false}, {"::1", "443", "::1", true}, {"::1", "80", "::1", false},
		{"x", "1", "192.168.0.7", true}, {"x", "1", "192.168.0.8", false}, {"x", "1", "fd12::1", true},
	} {
		if err := a.check(c.host, c.port, netip.MustParseAddr(c.addr)); (err == nil) != c.ok {
			t.Errorf("%s:%s at %s: %v", c.host, c.port, c.addr, err)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\tc ": "a; b c", "\x1b[31mred\u202e": `\u001b[31mred\u202e`, "see https://user:pa55@host/x": "see https://***@host/x",
		"\xff": `\ufffd`, strings.Repeat("x", 2000): strings.Repeat("x", cleanMax+1) + "…",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q is %q; want %q", in, got, want)
		}
	}
}
