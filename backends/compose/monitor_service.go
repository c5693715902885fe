package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/runtime/spec"
)

// monitorServer is the service octo-monitor; nil where there is nothing to ask. It is apart from octo-config, which holds
// secrets of services, as it may hold the engine's socket. It starts behind the services that it asks and stops before
// them, so that it tells of no failure that is none; whether they come up or not, as nobody would tell of it else.
func (l *lowering) monitorServer() *doc.Value {
	a := l.asker
	if a == nil {
		return nil
	}
	from := a.plan.From
	l.taken(monitorName, "services", from)
	l.taken(monitorName, "configs", from)
	l.taken(monitorState, "volumes", from)
	if a.own {
		l.taken(monitorName, "networks", from)
	}
	put := l.keys.service.put
	v := l.sidecarRun(from, a.plan.Services, l.monitorFiles(), a.secrets)
	str := func(s string) *doc.Value { return doc.Str(escape(s)).From(from) }
	put(v, "hostname", str(monitorName)) // what messages call the machine
	volumes := list(from, 2).Add(volumeMount(monitorState, stateFolder, false, from))
	if l.holdsSocket() {
		at := l.in.Target.Path.Key("engine_socket")
		volumes.Add(doc.NewMap().From(at).Set("type", doc.Str("bind").From(at)).Set("source", doc.Str(escape(l.in.Target.EngineSocket)).From(at)).
			Set("target", doc.Str(engineSocket).From(at)).Set("read_only", doc.Boolean(true).From(at)).
			Set("bind", doc.NewMap().Set("create_host_path", doc.Boolean(false).From(at)).OnLine()))
	}
	put(v, "volumes", volumes)
	for _, s := range a.plan.Services {
		l.behind(v, s)
	}
	switch {
	case len(a.networks) == 0:
		put(v, "network_mode", str("none"))
	case !slices.Equal(a.networks, []string{"default"}):
		nets := mapping(from, len(a.networks))
		for _, name := range a.networks {
			nets.Set(name, doc.NewMap().From(from))
		}
		put(v, "networks", nets)
	}
	if port := l.in.Target.MetricsPort; port != 0 {
		put(v, "healthcheck", l.sidecarHealth(from, "probe", "http", "http://"+local+":"+strconv.Itoa(port)+"/healthz"))
	} else {
		put(v, "healthcheck", l.sidecarHealth(from, "status", "--state="+stateFolder))
	}
	v.Comment(l.monitorDoes())
	v.Gap = true
	return v
}

// behind lets octo-monitor start behind s, and stop before it.
func (l *lowering) behind(v *doc.Value, s *model.Service) {
	from := l.asker.plan.From
	d := doc.NewMap().Set("condition", doc.Str(model.Started).From(from)).OnLine().From(from)
	if lowest, ok := l.lowest("compose"); !ok || !lowest.before(requiredSince.compose) {
		l.need(requiredSince, from)
		d.Set("required", doc.Boolean(false).From(from))
	} else if len(s.Profiles) > 0 {
		return // that Compose refuses the project where the profile is not asked for
	}
	l.keys.service.at(v, "depends_on", func() *doc.Value { return mapping(from, 1) }).Set(s.Name, d)
}

// holdsSocket reports whether octo-monitor has the engine's socket.
func (l *lowering) holdsSocket() bool { return l.asker != nil && len(l.asker.entered) > 0 }

// monitorDoes is one line: whom it asks and whom it tells.
func (l *lowering) monitorDoes() string {
	names := keysOf(l.asker.plan.Services, func(s *model.Service) string { return s.Name })
	text := "asks the checks of " + strings.Join(names, ", ")
	if len(l.asker.plan.Notify) > 0 {
		text += "; tells " + strings.Join(keysOf(l.asker.plan.Notify, func(n spec.Notifier) string { return n.Name }), ", ")
	}
	return text
}

// monitorFiles is the config of octo-monitor: its spec.
func (l *lowering) monitorFiles() []configMount {
	if l.asker == nil {
		return nil
	}
	plan := l.asker.plan
	data, origins, err := plan.Print(l.in.Project.Name, l.status())
	if err != nil {
		l.ds.Error(diag.Internal, plan.From, "%v", err)
	}
	return []configMount{{key: monitorName, target: runFile, data: data, from: plan.From, origins: origins}}
}

// monitorNetwork adds the network of octo-monitor's own to those of the project.
func (l *lowering) monitorNetwork(v *doc.Value) *doc.Value {
	if l.asker == nil || !l.asker.own {
		return v
	}
	if v == nil {
		v = doc.NewMap()
	}
	from := l.asker.plan.From
	return v.Set(monitorName, doc.NewMap().From(from).Set("name", doc.Str(escape(l.in.Project.Name+"_"+monitorName)).From(from)))
}

// status is where octo-sidecar run serves its metrics, in the networks of its container.
func (l *lowering) status() string {
	if l.in.Target.MetricsPort == 0 {
		return ""
	}
	return ":" + strconv.Itoa(l.in.Target.MetricsPort)
}

// checkMetrics reports a port for metrics that nobody opens, or that somebody else has in the same container.
func (l *lowering) checkMetrics() {
	port, at := l.in.Target.MetricsPort, l.in.Target.Path.Key("metrics_port")
	switch {
	case port == 0:
	case !l.serves() && l.asker == nil:
		support.Emulate(&l.ds, l.in.Target, at, "delete the line, or name somebody who hears of failures, below notifications at the top level",
			"octo-sidecar does not run on this target: nobody serves metrics")
	case l.serves() && port == model.ServedPort:
		d := l.ds.Error(diag.PortClash, at, "cannot serve metrics on port %d: %s serves configs there", port, configName)
		d.Target = l.in.Target.Name
		d.Helpf("write another port")
	}
}
