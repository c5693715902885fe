package k8s

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
)

// The defaults of Docker's HEALTHCHECK.
const (
	defaultInterval = 30 * time.Second
	defaultTimeout  = 30 * time.Second
	defaultRetries  = 3
	defaultStart    = 5 * time.Second // start_interval
)

// startBudget is the least time that a start may take. Docker restarts nothing that is unhealthy; a start probe that
// fails does, and a database that is killed while it makes its files has lost them.
const startBudget = 5 * time.Minute

// buildProbes lowers the health check: ready when it passes. While it starts it is asked at the start interval; it is
// not restarted later, as Docker does not either.
func (u *unit) buildProbes() {
	h := u.s.Healthcheck
	if h.Off() {
		return
	}
	p := u.at("healthcheck")
	if u.kind == job {
		u.l.emulate(p, "", "%s runs to its end on Kubernetes and is not probed", u.s.Name)
		return
	}
	handler, ok := u.handler(h)
	if !ok {
		return
	}
	interval, timeout := orElse(h.Interval, defaultInterval), orElse(h.Timeout, defaultTimeout)
	retries := defaultRetries
	if h.Retries != nil && *h.Retries > 0 {
		retries = *h.Retries
	}
	period := min(interval, orElse(h.StartInterval, defaultStart))
	budget := max(orElse(h.StartPeriod, 0)+time.Duration(retries)*interval, startBudget)
	start := &corev1.Probe{
		ProbeHandler: handler, PeriodSeconds: seconds(period), TimeoutSeconds: seconds(timeout),
		FailureThreshold: int32((budget + period - 1) / period),
	}
	if start.PeriodSeconds > int32(period/time.Second) { // rounded up to whole seconds
		start.FailureThreshold = int32((budget + time.Second - 1) / (time.Duration(start.PeriodSeconds) * time.Second))
	}
	ready := &corev1.Probe{
		ProbeHandler: handler, PeriodSeconds: seconds(interval), TimeoutSeconds: seconds(timeout), FailureThreshold: int32(retries),
	}
	u.c().StartupProbe, u.c().ReadinessProbe = start, ready
	if budget == startBudget {
		u.notes = append(u.notes, note{at: container + "startupProbe failureThreshold", tail: "5 min, then it is restarted; Docker never does that"})
	}
	u.mark(container+"startupProbe", p)
	u.mark(container+"readinessProbe", p)
	u.markIf(h.StartPeriod != nil, container+"startupProbe failureThreshold", "healthcheck", "start_period")
	u.markIf(h.Interval != nil, container+"readinessProbe periodSeconds", "healthcheck", "interval")
	u.markIf(h.Timeout != nil, container+"readinessProbe timeoutSeconds", "healthcheck", "timeout")
	u.markIf(h.Retries != nil, container+"readinessProbe failureThreshold", "healthcheck", "retries")
}

// markIf marks when the field was written.
func (u *unit) markIf(written bool, at string, keys ...string) {
	if written {
		u.mark(at, u.s.Path.Keys(keys...))
	}
}

// handler is what the probe does.
func (u *unit) handler(h *model.Healthcheck) (corev1.ProbeHandler, bool) {
	switch {
	case h.HTTP != nil:
		get := &corev1.HTTPGetAction{Port: u.intOr(h.HTTP.Port), Path: h.HTTP.Path}
		if get.Path == "" {
			get.Path = "/"
		}
		if h.HTTP.Scheme == "https" {
			get.Scheme = corev1.URISchemeHTTPS
		}
		if h.HTTP.Host != "" {
			get.HTTPHeaders = []corev1.HTTPHeader{{Name: "Host", Value: h.HTTP.Host}}
		}
		return corev1.ProbeHandler{HTTPGet: get}, true
	case h.TCP != nil:
		return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: u.intOr(h.TCP.Port)}}, true
	case h.GRPC != nil:
		call := &corev1.GRPCAction{Port: int32(h.GRPC.Port)}
		if h.GRPC.Service != "" {
			call.Service = ptr(h.GRPC.Service)
		}
		return corev1.ProbeHandler{GRPC: call}, true
	case len(h.Test) > 1 && h.Test[0] == "CMD":
		return exec(u.texts(h.Test[1:])...), true
	case len(h.Test) > 1 && h.Test[0] == "CMD-SHELL":
		return exec("/bin/sh", "-c", u.text(strings.Join(h.Test[1:], " "))), true
	case len(h.Test) == 0:
		u.l.emulate(u.at("healthcheck"), "write its test here",
			"the check of the image is not known to Kubernetes: %s is ready as soon as it runs", u.s.Name)
		return corev1.ProbeHandler{}, false
	}
	u.l.refuse(u.at("healthcheck").Key("test"), "begin with CMD or CMD-SHELL", "cannot use this test")
	return corev1.ProbeHandler{}, false
}

func exec(command ...string) corev1.ProbeHandler {
	return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}
}

func orElse(d *model.Duration, or time.Duration) time.Duration {
	if d == nil || *d <= 0 {
		return or
	}
	return time.Duration(*d)
}

// seconds is d in whole seconds, at least one.
func seconds(d time.Duration) int32 { return int32(max(model.Duration(d).Seconds(), 1)) }
