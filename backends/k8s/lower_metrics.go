package k8s

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// metricsName is what the port of /metrics and /status is called, in pods and Services.
const metricsName = "octo-metrics"

// firstFreePort is the first port that a program needs no right for (net.ipv4.ip_unprivileged_port_start).
const firstFreePort = 1024

func (l *lowering) metricsPath() tree.Path { return l.t.Path.Key("metrics_port") }

// metricsPort is the port of a container in which octo-sidecar runs.
func (l *lowering) metricsPort() corev1.ContainerPort {
	return corev1.ContainerPort{Name: metricsName, ContainerPort: int32(l.t.MetricsPort), Protocol: corev1.ProtocolTCP}
}

// planMetrics says what stands against targets.T.metrics_port.
func (l *lowering) planMetrics() {
	number := l.t.MetricsPort
	switch {
	case number == 0:
	case l.watch == nil && !l.serves:
		l.emulate(l.metricsPath(), "delete the line", "nothing answers at %d: octo-sidecar does not run on this target", number)
	case number < firstFreePort:
		d := l.ds.Error(diag.Unsupported, l.metricsPath(),
			"cannot serve metrics at %d: octo-sidecar is not root, and needs a port of %d or more", number, firstFreePort)
		d.Target = l.t.Name
		d.Helpf("write 9100, or another port from %d on", firstFreePort)
	case l.serves && number == model.ServedPort:
		d := l.ds.Error(diag.PortClash, l.metricsPath(), "cannot serve metrics at %d: octo-sidecar serves configs there", number)
		d.Target = l.t.Name
		d.Helpf("give it another port")
	}
}

// checkMetricsPort refuses a service that listens where the metrics of its config server are: the containers of a pod
// share their ports.
func (u *unit) checkMetricsPort() {
	for i := range u.ports {
		p := &u.ports[i]
		if int(p.number) != u.l.t.MetricsPort || p.protocol != corev1.ProtocolTCP {
			continue
		}
		d := u.l.ds.Error(diag.PortClash, u.l.metricsPath(), "cannot serve metrics at %d: %s has the port, and octo-sidecar serves its config in its pod",
			u.l.t.MetricsPort, u.s.Name)
		d.Target = u.l.t.Name
		d.See(p.path, "the port").Helpf("give one of the two another port")
		return
	}
}

// servedStatus is where the server of a config has its metrics; "": nowhere. On the network of a node they stay on its
// loopback, as there is no password.
func (u *unit) servedStatus() string {
	n := u.l.t.MetricsPort
	if n == 0 {
		return ""
	}
	host := ""
	if u.s.NetworkMode == "host" {
		host = loopback
		u.l.emulate(u.l.metricsPath(), "", "%s is on the network of the node: the metrics of its config are at %s of the node alone",
			u.s.Name, host+":"+strconv.Itoa(n))
	}
	return host + ":" + strconv.Itoa(n)
}
