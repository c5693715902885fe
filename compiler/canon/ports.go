package canon

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// maxPorts is the number of ports that ranges may be written out to in one layer: as many as a machine has. Without
// it a file of 20 lines could ask for a million nodes.
const maxPorts = 65536

var protocols = []string{"tcp", "udp", "sctp"}

// ports: [[IP:]PUBLISHED:]TARGET[/PROTOCOL], with ranges of equal length, or a range of published ports for one
// target. As docker/go-connections/nat reads it, except that port 0 is refused.
func ports(w *walker, _ *shape.Field, n *tree.Node) *tree.Node {
	if n.Kind != tree.List {
		return n
	}
	var out []*tree.Node
	for i, it := range n.Items {
		if !isScalar(it) {
			if out != nil {
				out = append(out, it)
			}
			continue
		}
		if out == nil {
			out = append(make([]*tree.Node, 0, len(n.Items)), n.Items[:i]...)
		}
		w.item(i)
		out = w.port(out, it)
		w.up()
	}
	if out == nil {
		return n
	}
	return n.WithItems(out)
}

// portSpec is one short port, in parts.
type portSpec struct {
	text
	ip, published, target, protocol part
}

func (w *walker) port(out []*tree.Node, n *tree.Node) []*tree.Node {
	if n.Kind != tree.String && n.Kind != tree.Int {
		w.fault(n.At, "cannot use %q as a port; want 1 to 65535", n.Text)
		return append(out, w.unknown(n))
	}
	if n.Kind == tree.Int {
		n = decimal(n)
	}
	p := portSpec{text: w.text(n)}
	p.parts()
	ip := w.hostIP(&p)
	protocol := w.protocol(&p)
	target, low, high := w.portRange(&p, p.target)
	published, from, to := (*tree.Node)(nil), 0, 0
	if !p.published.empty() {
		published, from, to = w.portRange(&p, p.published)
	}
	if high == low || target.Kind == tree.Unknown || published != nil && published.Kind == tree.Unknown {
		// One port; of a range of published ports the engine picks one.
		return append(out, w.portNode(n, target, published, ip, protocol))
	}
	if published != nil && to-from != high-low {
		w.fault(p.at, "cannot publish %s at %s; want ranges of the same length", p.of(p.target), p.of(p.published)).
			Helpf("write %d-%d:%d-%d", from, from+high-low, low, high)
		return append(out, w.unknown(n))
	}
	if w.ports += high - low + 1; w.ports > maxPorts {
		w.diags.Error(diag.Limit, w.at(), "cannot write out more than %d ports in one file", maxPorts).AtSpan(n.At)
		return append(out, w.unknown(n))
	}
	for i := 0; i <= high-low; i++ {
		t := w.scalar(tree.Int, strconv.Itoa(low+i), target.At)
		var pub *tree.Node
		if published != nil {
			pub = w.scalar(tree.String, strconv.Itoa(from+i), published.At)
		}
		out = append(out, w.portNode(n, t, pub, ip, protocol))
	}
	return out
}

// parts cuts the text at its last two colons: an address may hold more.
func (p *portSpec) parts() {
	last, before := -1, -1
	for i, depth := 0, 0; i < len(p.s); i++ {
		switch {
		case strings.HasPrefix(p.s[i:], "{{"):
			depth, i = depth+1, i+1
		case depth > 0 && strings.HasPrefix(p.s[i:], "}}"):
			depth, i = depth-1, i+1
		case depth == 0 && p.s[i] == ':':
			last, before = i, last
		}
	}
	p.target = part{last + 1, len(p.s)}
	if last >= 0 {
		p.published = part{before + 1, last}
	}
	if before >= 0 {
		p.ip = part{0, before}
	}
	p.target, p.protocol, _ = p.cut(p.target, '/')
}

// hostIP is the address to publish at, nil when there is none.
func (w *walker) hostIP(p *portSpec) *tree.Node {
	if p.ip.empty() || p.templated(p.ip) {
		if p.ip.empty() {
			return nil
		}
		return w.scalarOf(&p.text, tree.String, p.ip)
	}
	s := p.ip
	if bare := p.of(s); len(bare) > 2 && bare[0] == '[' && bare[len(bare)-1] == ']' {
		s = part{s.from + 1, s.to - 1}
	} else if strings.Contains(bare, ":") {
		w.fault(p.place(p.ip), "cannot use %q as an address; want an IPv6 address in brackets", bare)
		return w.unknownAt(p.place(p.ip))
	}
	if a, err := netip.ParseAddr(p.of(s)); err != nil || a.Zone() != "" {
		w.fault(p.place(s), "cannot use %q as an address; want an IP address such as 127.0.0.1 or [::1]", p.of(s))
		return w.unknownAt(p.place(s))
	}
	return w.scalarOf(&p.text, tree.String, s)
}

func (w *walker) protocol(p *portSpec) *tree.Node {
	if p.protocol.empty() {
		return w.scalar(tree.String, "tcp", p.at)
	}
	name := p.of(p.protocol)
	if templated(name) {
		return w.scalarOf(&p.text, tree.String, p.protocol)
	}
	lower := strings.ToLower(name)
	for _, known := range protocols {
		if lower == known {
			return w.scalar(tree.String, known, p.place(p.protocol))
		}
	}
	d := w.fault(p.place(p.protocol), "cannot use %q as a protocol; want tcp, udp or sctp", name)
	if near := diag.Near(lower, protocols); near != "" {
		d.Helpf("did you mean %q?", near)
	}
	return w.unknownAt(p.place(p.protocol))
}

// portRange reads a port or a range of ports. The node is for a single port, or for a range that stays one: an integer
// for the target, a string for what is published. low and high are 0 where they cannot be known.
func (w *walker) portRange(p *portSpec, s part) (n *tree.Node, low, high int) {
	kind := tree.String
	if s == p.target {
		kind = tree.Int
	}
	if p.templated(s) {
		return w.scalarOf(&p.text, tree.String, s), 0, 0
	}
	a, b, isRange := p.cut(s, '-')
	low, ok := w.portNumber(p, a)
	if !isRange || !ok {
		if !ok {
			return w.unknownAt(p.place(a)), 0, 0
		}
		return w.scalar(kind, number(p.of(a), low), p.place(a)), low, low
	}
	high, ok = w.portNumber(p, b)
	if !ok {
		return w.unknownAt(p.place(b)), 0, 0
	}
	if high < low {
		w.fault(p.place(s), "cannot use %q as a range of ports; want the lower one first", p.of(s)).Helpf("write %d-%d", high, low)
		return w.unknownAt(p.place(s)), 0, 0
	}
	if low == high {
		return w.scalar(kind, number(p.of(a), low), p.place(s)), low, low
	}
	return w.scalar(tree.String, p.of(s), p.place(s)), low, high
}

func (w *walker) portNumber(p *portSpec, s part) (int, bool) {
	n, ok := shape.ParsePort(p.of(s))
	if ok {
		return n, true
	}
	at := p.place(s)
	if s.empty() {
		w.fault(p.at, "cannot use %q as a port; a number is missing", p.s)
		return 0, false
	}
	d := w.fault(at, "cannot use %q as a port; want 1 to 65535", p.of(s))
	digits := strings.TrimFunc(p.of(s), func(r rune) bool { return r < '0' || r > '9' })
	if _, ok := shape.ParsePort(digits); ok {
		d.Helpf("write %q", p.s[:s.from]+digits+p.s[s.to:])
	} else if p.of(s) == "0" && s == p.published {
		d.Helpf("leave it out, and the engine picks a free port: %q", strings.TrimPrefix(p.s[s.to:], ":"))
	}
	return 0, false
}

// number is the decimal text of n: s itself unless it has zeros in front.
func number(s string, n int) string {
	if s[0] != '0' {
		return s
	}
	return strconv.Itoa(n)
}

func (w *walker) portNode(n, target, published, ip, protocol *tree.Node) *tree.Node {
	fields := make([]tree.Field, 0, 5)
	add := func(key string, v *tree.Node) {
		if v != nil {
			fields = append(fields, tree.Field{Key: key, KeyAt: n.At, Value: v})
		}
	}
	add("target", target)
	add("published", published)
	add("host_ip", ip)
	add("protocol", protocol)
	add("mode", w.scalar(tree.String, "ingress", n.At))
	return w.mapOf(n, fields)
}

// longPorts completes the long syntax: the protocol is tcp and the mode ingress unless it says so.
func longPorts(w *walker, n *tree.Node) *tree.Node {
	if n.Kind != tree.List {
		return n
	}
	return n.Each(w.longPort)
}

func (w *walker) longPort(n *tree.Node) *tree.Node {
	if n.Kind != tree.Map || n.Mark == tree.Reset {
		return n
	}
	fields := n.Fields[:len(n.Fields):len(n.Fields)]
	if n.Find("protocol") < 0 {
		fields = append(fields, tree.Field{Key: "protocol", KeyAt: n.At, Value: w.scalar(tree.String, "tcp", n.At)})
	}
	if n.Find("mode") < 0 {
		fields = append(fields, tree.Field{Key: "mode", KeyAt: n.At, Value: w.scalar(tree.String, "ingress", n.At)})
	}
	if len(fields) == len(n.Fields) {
		return n
	}
	return n.WithFields(fields)
}
