package systemd

import (
	"path"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/monitor"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Notifications: one unit PROJECT-monitor.service runs octo-sidecar on the host, apart from the config server, whose
// secrets it has no use for. It asks the checks that systemd and Podman ask too, and tells who is named; it restarts
// nothing, as those do.

// monitorUnit is the unit of the monitor, without .service. Its folder in /var/lib is called so too.
func (l *lowering) monitorUnit() string { return l.names.project + "-monitor" }

// monitoring is what the project's monitor needs to know.
type monitoring struct {
	plan    *monitor.Plan    // nil: there is none
	places  map[string]place // of containers, by service
	secrets []*model.Secret  // that the unit loads, sorted by key once it is made
	runs    bool             // it starts programs: checks or notifiers
	bus     bool             // it asks systemd over the system bus
	asked   map[string]bool  // checks, as SERVICE/CHECK
}

// findMonitor fills l.monitoring. Whoever is asked gets an address in l.fixed.
func (l *lowering) findMonitor() {
	l.monitoring.places = map[string]place{}
	l.monitoring.plan = monitor.New(l.in, monitor.Site{
		Replicas: func(s *model.Service) int { return l.toldApart(l.byName[s.Name]) },
		Words:    l.monitorWords,
		Running:  l.unitRuns,
		Secret: func(ref model.SecretRef) string {
			return l.loadFor(&l.monitoring.secrets, l.monitorUnit(), ref.Name, ref.Path)
		},
		Program: l.notifierProgram,
		Host:    func(s *model.Service) (string, monitor.Refusal) { return l.webhookHost(l.byName[s.Name]) },
	}, &l.diags)
	if l.monitoring.plan == nil {
		return
	}
	l.monitoring.asked = make(map[string]bool, len(l.monitoring.plan.Checks))
	for i := range l.monitoring.plan.Checks {
		c := &l.monitoring.plan.Checks[i]
		l.monitoring.asked[c.Service+"/"+c.Name] = true
	}
}

// toldApart is how many replicas of s have addresses of their own. The others are one, as those who ask them see them.
func (l *lowering) toldApart(s *service) int {
	if s.native || s.NetworkMode != "" {
		return min(s.count, 1)
	}
	return s.count
}

// monitorWords are how the monitor asks a check of a replica.
func (l *lowering) monitorWords(m *model.Service, replica int, c *model.Check) ([]string, monitor.Refusal) {
	s := l.byName[m.Name]
	if program := slices.Concat(c.Exec, c.Plugin); len(program) > 0 {
		if !s.native {
			return nil, monitor.Refusal{
				Why:  "the monitor is a program of the machine, and starts none in a container",
				Help: "check it with http, tcp or grpc",
			}
		}
		if why := onPath(program[0]); why.Is() {
			return nil, why
		}
		l.emulate(c.Path, "check it with http, tcp or grpc",
			"the monitor runs this command too, in a sandbox of its own: without the environment, the volumes and the secrets of %s", s.Name)
		l.monitoring.runs = true
		return c.Words("127.0.0.1"), monitor.Refusal{}
	}
	host, why := l.hostOf(s, replica)
	if why.Is() {
		return nil, why
	}
	return c.Words(host), monitor.Refusal{}
}

// unitRuns asks systemd whether the unit of a replica runs; of replicas that are asked as one, all units. It says at once, as
// the answer is no guess.
func (l *lowering) unitRuns(m *model.Service, replica int) monitor.Running {
	s := l.byName[m.Name]
	l.monitoring.bus = true
	units := s.units
	if l.toldApart(s) > 1 {
		units = units[replica-1 : replica]
	}
	list := make([][]string, len(units))
	for i, u := range units {
		list[i] = []string{"unit", u}
	}
	return monitor.Running{Words: model.Ask(list), Failures: 1}
}

// notifierProgram refuses a program that the monitor would look for in a folder that it is not in.
func (l *lowering) notifierProgram(n *model.Notifier) monitor.Refusal {
	l.monitoring.runs = true
	return onPath(n.Exec[0])
}

// onPath refuses a path that is relative to a folder: the monitor's is the root.
func onPath(program string) monitor.Refusal {
	if strings.Contains(program, "/") && !path.IsAbs(program) {
		return monitor.Refusal{
			Why:  "the monitor runs in no folder of the project, so " + program + " leads nowhere",
			Help: "write the absolute path of the program on the machine",
		}
	}
	return monitor.Refusal{}
}

// webhookHost is where the monitor reaches a service that is told.
func (l *lowering) webhookHost(s *service) (string, monitor.Refusal) {
	if l.toldApart(s) > 1 {
		return "", monitor.Refusal{
			Why:  "it has " + decimal(int64(s.count)) + " replicas, each with an address of its own",
			Help: "run one replica, or tell another service",
		}
	}
	return l.hostOf(s, 1)
}

// asksOn reports whether the monitor asks a check of a native service for as long as that runs.
func (l *lowering) asksOn(s *service, c *model.Check) bool {
	return l.monitoring.asked[s.Name+"/"+c.Name]
}

// monitor lowers notifications to a spec for octo-sidecar run, and its unit.
func (l *lowering) monitor() {
	plan := l.monitoring.plan
	if plan == nil {
		return
	}
	data, origins, err := plan.Print(l.names.project, l.monitorStatus())
	if err != nil {
		l.refuse(plan.From, "write another value", "%s", err)
		return
	}
	file := l.generated("monitor/run.json", artifact.File{Data: data, Origins: origins})
	name, at := l.monitorUnit(), plan.From
	u := l.unit(nativeDir+name+".service", l.p.Inputs)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", l.names.project+": asks checks, and tells who is named", at)
	us.Fixed("PartOf", l.target, at)
	us.Fixed("Wants", "network-online.target", at)
	us.Fixed("After", "network-online.target", at)
	us.Note("After those that it asks, and so it is stopped before them: a start or a stop of all is no failure.")
	for rest := l.askedUnits(); len(rest) > 0; {
		n := min(len(rest), wantsLine)
		us.Fixed("After", strings.Join(rest[:n], " "), at)
		rest = rest[n:]
	}
	var config configHash
	config.add(data)
	l.vaultsBefore(l.monitoring.secrets, us, &config, at)
	us.Fixed("StartLimitIntervalSec", "0", at)
	us.Fixed("X-Octo-Config", config.String(), at)
	l.monitorService(file, sv, at)
}

// monitorService is how the unit runs. It may ask any address: those of mail servers and webhooks are known to the name
// server alone.
func (l *lowering) monitorService(file string, sv *Section, at tree.Path) {
	sv.Fixed("Type", "notify", at)
	sv.Exec("ExecStart", "", at, lit(sidecar), lit("run"), text("--spec="+file))
	sv.Fixed("WatchdogSec", "30s", at)
	sv.Fixed("Restart", "on-failure", at)
	sv.Fixed("RestartSec", "1s", at)
	sv.Fixed("StateDirectory", l.monitorUnit(), at)
	sv.Fixed("StateDirectoryMode", "0700", at)
	l.credentials(l.monitoring.secrets, sv, at)
	sv.Fixed("Slice", l.slice, at)
	tasks, memory := "64", "128M"
	if l.monitoring.runs {
		sv.Note("With the programs that it starts.")
		tasks, memory = "256", "256M"
	}
	sv.Fixed("TasksMax", tasks, at)
	sv.Fixed("MemoryMax", memory, at)
	if l.monitoring.bus {
		sv.Note("The system bus lets in who has a name, and a dynamic user has none where libnss-systemd is not installed.")
		sv.Fixed("User", sysUser(l.names.project, monitorTask), at)
	}
	l.hardening(sv, sandbox{umask: "0077", dynamic: !l.monitoring.bus, low: l.lowMetrics(), at: at})
	sv.Fixed("SocketBindDeny", "any", at)
	l.bindMetrics(sv)
	l.sidecar = true
}

// askedUnits are the units of the services that the monitor asks.
func (l *lowering) askedUnits() []string {
	var out []string
	for _, m := range l.monitoring.plan.Services {
		out = append(out, l.byName[m.Name].units...)
	}
	return out
}
