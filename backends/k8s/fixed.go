package k8s

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// fixedAddress is an address that the config gives to a service. A cluster gives its own; where another service is told
// the address, it gets that of the Service in its place: Kubernetes puts it into the environment of a pod, and replaces
// $(NAME) in other values by it.
type fixedAddress struct {
	variable string // $(CLOUDFLARED_SERVICE_HOST); "" when the Service has no address
	unit     *unit
	path     tree.Path
	users    []string // services that are told the address
}

// planFixed collects ipv4_address and ipv6_address, and who is told them.
func (l *lowering) planFixed() {
	l.fixed = map[string]*fixedAddress{}
	var order []string
	for _, u := range l.units {
		for _, n := range u.s.Networks {
			p := u.at("networks").Key(n.Network)
			for _, a := range [...]struct{ address, key string }{{n.IPv4Address, "ipv4_address"}, {n.IPv6Address, "ipv6_address"}} {
				if a.address != "" && l.fixed[a.address] == nil {
					l.fixed[a.address] = u.fixed(p.Key(a.key))
					order = append(order, a.address)
				}
			}
		}
	}
	if len(order) == 0 {
		return
	}
	for _, u := range l.units {
		for _, e := range u.s.Environment {
			l.told(u, e.Value)
		}
		for _, list := range [][]string{u.s.Command, u.s.Entrypoint} {
			for _, s := range list {
				l.told(u, s)
			}
		}
	}
	for _, address := range order {
		l.reportFixed(address)
	}
}

func (u *unit) fixed(p tree.Path) *fixedAddress {
	f := &fixedAddress{unit: u, path: p}
	if u.service && !u.headless {
		f.variable = "$(" + strings.ToUpper(strings.ReplaceAll(u.name, "-", "_")) + "_SERVICE_HOST)"
	}
	return f
}

// told notes that u is told the addresses in text.
func (l *lowering) told(u *unit, text string) {
	addresses(text, func(word string, _ int) {
		if f := l.fixed[word]; f != nil && !slices.Contains(f.users, u.s.Name) {
			f.users = append(f.users, u.s.Name)
		}
	})
}

func (l *lowering) reportFixed(address string) {
	f := l.fixed[address]
	users := strings.Join(f.users, ", ")
	switch {
	case len(f.users) == 0:
		l.emulate(f.path, "", "a cluster gives addresses itself; nothing in the config names %s", address)
	case f.variable == "":
		l.refuse(f.path, "name the service instead: "+f.unit.name, "a cluster gives addresses itself, and %s is told %s", users, address)
	default:
		l.emulate(f.path, "name the service where the program takes a name",
			"a cluster gives addresses itself: in place of %s %s gets that of the Service %s", address, users, f.unit.name)
	}
}

// checkFixed reports a file that holds an address which is another one in a cluster.
func (l *lowering) checkFixed(text string, p tree.Path) {
	if len(l.fixed) == 0 {
		return
	}
	addresses(text, func(word string, _ int) {
		f := l.fixed[word]
		if f == nil {
			return
		}
		d := l.ds.Error(diag.Unsupported, p, "the file names the address %s, which %s does not have in a cluster", word, f.unit.s.Name)
		d.Target = l.t.Name
		d.See(f.path, "the address").Helpf("name the service instead: %s", f.unit.name)
	})
}

// withServices puts the addresses of Services in place of fixed ones; found says that it did.
func (l *lowering) withServices(s string) (out string, found bool) {
	at := 0
	var b strings.Builder
	addresses(s, func(word string, i int) {
		f := l.fixed[word]
		if f == nil || f.variable == "" {
			return
		}
		b.WriteString(s[at:i])
		b.WriteString(f.variable)
		at, found = i+len(word), true
	})
	if !found {
		return s, false
	}
	b.WriteString(s[at:])
	return b.String(), true
}

// addresses calls f for each word of text that can be an address, and where it begins: letters and digits with dots (IPv4), and with colons
// (IPv6), as long as they go.
func addresses(text string, f func(word string, at int)) {
	for i := 0; i < len(text); {
		if !isAlnum(text[i]) && text[i] != ':' {
			i++
			continue
		}
		end, colons := i, 0
		for end < len(text) && (isAlnum(text[end]) || text[end] == '.' || text[end] == ':') {
			if text[end] == ':' {
				colons++
			}
			end++
		}
		word, start := text[i:end], i
		if i = end; colons < 2 {
			word, _, _ = strings.Cut(word, ":") // a port behind it
		}
		f(strings.TrimRight(word, "."), start)
	}
}
