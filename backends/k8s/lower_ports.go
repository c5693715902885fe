package k8s

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// port is one port of the container.
type port struct {
	number   int32
	protocol corev1.Protocol
	name     string  // at most 15 bytes, as RFC 6335 has it
	app      *string // appProtocol
	path     tree.Path
	public   []public // where it is published beyond loopback
}

// public is one published port.
type public struct {
	number int32
	path   tree.Path
}

// maxPorts is how many ports one service may have: a Service is one object, and each port is an entry of it.
const maxPorts = 100

// collectPorts gathers the ports of the service: those it publishes, those it exposes, those its check asks.
func (u *unit) collectPorts() {
	for i := range u.s.Ports {
		u.publishedPort(&u.s.Ports[i], u.at("ports").Index(i))
	}
	for i, text := range u.s.Expose {
		u.exposedPorts(text, u.at("expose").Index(i))
	}
	u.checkedPorts()
	if len(u.ports) > maxPorts {
		u.l.refuse(u.at("ports"), "publish the ports that clients use",
			"cannot give %q %d ports; %d is the limit of one Service here", u.s.Name, len(u.ports), maxPorts)
		u.ports = u.ports[:maxPorts]
	}
	u.namePorts()
}

// port returns the port of this number, which it adds when it is new.
func (u *unit) port(number int, protocol corev1.Protocol, p tree.Path) *port {
	for i := range u.ports {
		if u.ports[i].number == int32(number) && u.ports[i].protocol == protocol {
			return &u.ports[i]
		}
	}
	u.ports = append(u.ports, port{number: int32(number), protocol: protocol, path: p})
	return &u.ports[len(u.ports)-1]
}

func (u *unit) publishedPort(m *model.Port, p tree.Path) {
	have := u.port(m.Target, protocol(m.Protocol), p)
	if m.AppProtocol != "" {
		have.app = ptr(m.AppProtocol)
	}
	if isPortName(m.Name) {
		have.name = m.Name
	}
	if isLoopback(m.HostIP) || u.s.NetworkMode == "host" {
		return
	}
	number := m.Target
	if first, _, isRange := strings.Cut(m.Published, "-"); m.Published != "" && m.Published != "0" {
		if n, err := strconv.Atoi(first); err == nil {
			number = n
		}
		if isRange {
			u.l.emulate(p.Key("published"), "", "a port out of %s is taken from a host's free ones; here it is %d", m.Published, number)
		}
	}
	have.public = append(have.public, public{int32(number), p})
}

// exposedPorts reads PORT, FROM-TO, each with an optional /protocol.
func (u *unit) exposedPorts(text string, p tree.Path) {
	ports, proto, _ := strings.Cut(text, "/")
	from, to, isRange := strings.Cut(ports, "-")
	lo, err := strconv.Atoi(from)
	hi := lo
	if err == nil && isRange {
		hi, err = strconv.Atoi(to)
	}
	if err != nil || lo < 1 || hi > 65535 || hi < lo {
		u.l.ds.Error(diag.Type, p, "cannot use %q as a port; want 1 to 65535, or a range", text)
		return
	}
	for n := lo; n <= hi && len(u.ports) <= maxPorts; n++ {
		u.port(n, protocol(proto), p)
	}
}

// checkedPorts adds the ports that the checks ask: of http, tcp and grpc, and localhost:PORT in a command.
func (u *unit) checkedPorts() {
	for i := range u.checks {
		c := &u.checks[i]
		switch {
		case c.HTTP != nil:
			have := u.port(c.HTTP.Port, corev1.ProtocolTCP, c.Path.Keys("http", "port"))
			if have.name == "" && u.nameFree("http") && c.HTTP.Scheme != "https" {
				have.name = "http"
			}
		case c.TCP != nil:
			u.port(c.TCP.Port, corev1.ProtocolTCP, c.Path.Keys("tcp", "port"))
		case c.GRPC != nil:
			have := u.port(c.GRPC.Port, corev1.ProtocolTCP, c.Path.Keys("grpc", "port"))
			if have.name == "" && u.nameFree("grpc") {
				have.name = "grpc"
			}
		default:
			for _, words := range [][]string{c.Exec, c.Plugin} {
				for _, text := range words {
					for _, n := range localPorts(text) {
						u.port(n, corev1.ProtocolTCP, c.Path)
					}
				}
			}
		}
	}
}

// localPorts are the ports in localhost:PORT and 127.0.0.1:PORT within text.
func localPorts(text string) []int {
	var out []int
	for _, host := range []string{"localhost:", "127.0.0.1:", "0.0.0.0:", "[::1]:"} {
		rest := text
		for {
			_, after, found := strings.Cut(rest, host)
			if !found {
				break
			}
			end := 0
			for end < len(after) && after[end] >= '0' && after[end] <= '9' {
				end++
			}
			if n, err := strconv.Atoi(after[:end]); err == nil && n >= 1 && n <= 65535 && !slices.Contains(out, n) {
				out = append(out, n)
			}
			rest = after
		}
	}
	return out
}

func (u *unit) nameFree(name string) bool {
	return !slices.ContainsFunc(u.ports, func(p port) bool { return p.name == name })
}

// namePorts names what has no name: by its protocol and number, http and grpc where that is known.
func (u *unit) namePorts() {
	for i := range u.ports {
		p := &u.ports[i]
		if p.name == "" && p.app != nil && (*p.app == "http" || *p.app == "https" || *p.app == "grpc") && u.nameFree(*p.app) {
			p.name = *p.app
		}
		if p.name == "" {
			p.name = strings.ToLower(string(p.protocol)) + "-" + strconv.Itoa(int(p.number))
		}
	}
}

// firstTCP is the number of the first TCP port, or 0.
func (u *unit) firstTCP() int32 {
	for i := range u.ports {
		if u.ports[i].protocol == corev1.ProtocolTCP {
			return u.ports[i].number
		}
	}
	return 0
}

func (u *unit) isPublic() bool {
	return slices.ContainsFunc(u.ports, func(p port) bool { return len(p.public) > 0 }) && u.l.publish() != "none"
}

// publish is how a published port is exposed.
func (l *lowering) publish() string {
	if l.t.Publish == "" {
		return "loadbalancer"
	}
	return l.t.Publish
}

func protocol(s string) corev1.Protocol {
	switch strings.ToLower(s) {
	case "udp":
		return corev1.ProtocolUDP
	case "sctp":
		return corev1.ProtocolSCTP
	}
	return corev1.ProtocolTCP
}

// isPortName reports whether s can name a port: RFC 6335, at most 15 letters, digits and dashes with a letter.
func isPortName(s string) bool {
	return len(s) <= 15 && isLabel(s) && !strings.Contains(s, "--")
}

func isLoopback(ip string) bool {
	a, err := netip.ParseAddr(strings.Trim(ip, "[]"))
	return err == nil && a.IsLoopback()
}

// portRef is how probes and Services refer to a port of the container: by its name.
func (u *unit) portRef(number int) intstr.IntOrString {
	for i := range u.ports {
		if u.ports[i].number == int32(number) && u.ports[i].protocol == corev1.ProtocolTCP {
			return intstr.FromString(u.ports[i].name)
		}
	}
	return intstr.FromInt32(int32(number))
}
