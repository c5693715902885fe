package systemd

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Where octo-sidecar run serves /metrics and /status: at loopback addresses, as it asks for no password. The config server
// has the first, and so does the monitor where there is none: with notifications no service that is there changes.

// metricsPath is targets.T.metrics_port.
func (l *lowering) metricsPath() tree.Path { return l.t.Path.Key("metrics_port") }

// serveStatus is the address of the config server's; "": there is none.
func (l *lowering) serveStatus() string { return l.metricsOn("127.0.0.1") }

// monitorStatus is that of the monitor's.
func (l *lowering) monitorStatus() string {
	if len(l.serving.clients) > 0 {
		return l.metricsOn("127.0.0.2")
	}
	return l.metricsOn("127.0.0.1")
}

func (l *lowering) metricsOn(host string) string {
	if l.t.MetricsPort == 0 {
		return ""
	}
	return host + ":" + decimal(int64(l.t.MetricsPort))
}

// lowMetrics is the port where a unit needs a right to open it, else 0.
func (l *lowering) lowMetrics() int {
	if l.t.MetricsPort < lowPort {
		return l.t.MetricsPort
	}
	return 0
}

// bindMetrics lets a unit open the port.
func (l *lowering) bindMetrics(sv *Section) {
	if l.t.MetricsPort != 0 {
		sv.Fixed("SocketBindAllow", bindRule("tcp", decimal(int64(l.t.MetricsPort))), l.metricsPath())
	}
}

// metrics reports a port that nobody opens, and one that somebody else does.
func (l *lowering) metrics() {
	port := l.t.MetricsPort
	served := len(l.serving.clients) > 0
	switch {
	case port == 0:
		return
	case !served && l.monitoring.plan == nil:
		l.emulate(l.metricsPath(),
			"delete the line; octo-sidecar runs for notifications, and for config.deliver.url",
			"nothing listens there: octo-sidecar does not run on this target")
		return
	case served && port == model.ServedPort:
		d := l.diags.Error(diag.PortClash, l.metricsPath(), "cannot serve /metrics at port %d: the config server listens there", port)
		d.Target = l.t.Name
		d.See(l.p.Served[0].Path, "which this asks for").Helpf("write another port")
		return
	}
	second := served && l.monitoring.plan != nil
	inTheWay := func(a netip.Addr) bool {
		return overlaps(a, false) || second && a.Unmap() == netip.AddrFrom4([4]byte{127, 0, 0, 2})
	}
	l.portTaken(port, inTheWay, func(at tree.Path, name string) {
		d := l.diags.Error(diag.PortClash, at,
			"cannot open port %d/tcp of the host for %s: octo-sidecar serves /metrics there", port, name)
		d.Target = l.t.Name
		d.See(l.metricsPath(), "which this asks for").Helpf("use another port of the host")
	})
}

// portTaken reports services that open a port of the host, over TCP, at an address that is in the way.
func (l *lowering) portTaken(port int, inTheWay func(netip.Addr) bool, taken func(at tree.Path, name string)) {
	want := decimal(int64(port))
	for _, s := range l.services {
		onHost := s.native || s.NetworkMode == "host"
		for i := range s.Ports {
			p := &s.Ports[i]
			open := p.Published
			if onHost {
				open = decimal(int64(p.Target))
			}
			if open != want || p.Protocol == "udp" || p.Protocol == "sctp" {
				continue
			}
			if a, err := netip.ParseAddr(strings.Trim(p.HostIP, "[]")); err == nil && !onHost && !inTheWay(a) {
				continue
			}
			taken(s.Path.Key("ports").Index(i), s.Name)
		}
		if !onHost {
			continue
		}
		if i := slices.IndexFunc(s.Expose, func(e string) bool {
			number, protocol, _ := strings.Cut(e, "/")
			return number == want && protocol != "udp"
		}); i >= 0 {
			taken(s.Path.Key("expose").Index(i), s.Name)
		}
	}
}
