package systemd

import (
	"strconv"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// podmanPids is the number of processes that Podman allows a container by itself (containers.conf(5), pids_limit).
const podmanPids = 2048

// limits writes the limits that Podman sets inside of the container. The others stand in [Service]: the container
// lies in the cgroup of its unit.
func (l *lowering) limits(s *service, c *Section) {
	if s.ShmSize != nil {
		c.Int("ShmSize", int64(*s.ShmSize), s.Path.Key("shm_size"))
	}
	for _, u := range s.Ulimits {
		c.Raw("Ulimit", u.Name+"="+ulimit(u), s.Path.Keys("ulimits", u.Name))
	}
	if p := s.Limits().Pids; p != nil && (*p > podmanPids || *p <= 0) {
		c.Int("PidsLimit", max(*p, -1), l.limitPath(s, "pids", "pids_limit"))
	}
	if s.OOMScoreAdj != nil {
		c.Words("PodmanArgs", s.Path.Key("oom_score_adj"), lit("--oom-score-adj="+strconv.Itoa(*s.OOMScoreAdj)))
	}
}

func ulimit(u model.Ulimit) string {
	if u.Single != nil {
		return decimal(*u.Single) + ":" + decimal(*u.Single)
	}
	return decimal(u.Soft) + ":" + decimal(u.Hard)
}

// limitPath is where a limit was written: below deploy, or with the older key.
func (l *lowering) limitPath(s *service, key, older string) tree.Path {
	if s.Deploy != nil && s.Deploy.Resources != nil && s.Deploy.Resources.Limits != nil {
		r := s.Deploy.Resources.Limits
		if key == "pids" && r.Pids != nil || key == "memory" && r.Memory != nil || key == "cpus" && r.CPUs != nil {
			return s.Path.Keys("deploy", "resources", "limits", key)
		}
	}
	return s.Path.Key(older)
}

// resources writes the limits of the unit's cgroup: systemd.resource-control(5).
func (l *lowering) resources(s *service, sv *Section) {
	limits := s.Limits()
	switch p := limits.Pids; {
	case p != nil && *p > 0:
		sv.Int("TasksMax", *p, l.limitPath(s, "pids", "pids_limit"))
	case p != nil:
		sv.Fixed("TasksMax", "infinity", l.limitPath(s, "pids", "pids_limit"))
	case s.Hardened() || s.native:
		sv.Int("TasksMax", 256, tree.Root)
	}
	if limits.Memory != nil {
		sv.Fixed("MemoryMax", limits.Memory.String(), l.limitPath(s, "memory", "mem_limit"))
		l.swap(s, int64(*limits.Memory), sv)
	} else if s.MemSwapLimit != nil && *s.MemSwapLimit > 0 {
		l.refuse(s.Path.Key("memswap_limit"), "write mem_limit too", "memory and swap together have no limit of their own in systemd")
	}
	if m := s.Reservations().Memory; m != nil {
		at := s.Path.Key("mem_reservation")
		if s.Deploy != nil && s.Deploy.Resources != nil && s.Deploy.Resources.Reservations != nil && s.Deploy.Resources.Reservations.Memory != nil {
			at = s.Path.Keys("deploy", "resources", "reservations", "memory")
		}
		sv.Fixed("MemoryLow", m.String(), at)
	}
	l.processors(s, limits, sv)
}

func (l *lowering) swap(s *service, memory int64, sv *Section) {
	if s.MemSwapLimit == nil || *s.MemSwapLimit == 0 {
		return
	}
	at := s.Path.Key("memswap_limit")
	switch swap := int64(*s.MemSwapLimit) - memory; {
	case *s.MemSwapLimit < 0:
		sv.Fixed("MemorySwapMax", "infinity", at)
	case swap < 0:
		l.refuse(at, "write as much as mem_limit, for no swap, or more", "memory and swap together are less than the memory alone")
	default:
		sv.Fixed("MemorySwapMax", model.Bytes(swap).String(), at)
	}
}

func (l *lowering) processors(s *service, limits model.Resource, sv *Section) {
	switch {
	case limits.CPUs != nil && *limits.CPUs > 0:
		sv.Fixed("CPUQuota", percent(int64(*limits.CPUs), 1e9), l.limitPath(s, "cpus", "cpus"))
	case s.CPUQuota != nil && *s.CPUQuota > 0:
		period := int64(100_000) // microseconds, the kernel's default
		if s.CPUPeriod != nil && *s.CPUPeriod > 0 {
			period = *s.CPUPeriod
			sv.Fixed("CPUQuotaPeriodSec", decimal(period)+"us", s.Path.Key("cpu_period"))
		}
		sv.Fixed("CPUQuota", percent(*s.CPUQuota, period), s.Path.Key("cpu_quota"))
	}
	if s.CPUShares != nil && *s.CPUShares > 0 {
		// The scale of cgroup v1, 2 to 262144 with 1024 in the middle, on that of v2, 1 to 10000 with 100. As runc does.
		shares := min(max(*s.CPUShares, 2), 262144)
		sv.Int("CPUWeight", 1+(shares-2)*9999/262142, s.Path.Key("cpu_shares"))
	}
	if s.CPUSet != "" {
		sv.Raw("AllowedCPUs", s.CPUSet, s.Path.Key("cpuset"))
	}
}

// percent is a/b in whole percent, rounded up: 0.5 processors are 50%.
func percent(a, b int64) string {
	return decimal((a*100+b-1)/b) + "%"
}

// logDrivers are how logging.driver is had: journald keeps and rotates what json-file and local would.
var logDrivers = []struct{ compose, podman string }{
	{"", "journald"}, {"journald", "journald"}, {"json-file", "journald"}, {"local", "journald"}, {"none", "none"},
	{"passthrough", "passthrough"}, {"k8s-file", "k8s-file"},
}

// rotation are options that journald's own settings take the place of (journald.conf(5)).
var rotation = []string{"max-size", "max-file", "compress", "mode", "max-buffer-size"}

// logging writes where the output goes. A one-shot writes to the journal itself: with the driver journald each of its
// lines would be there twice.
func (l *lowering) logging(s *service, c *Section) {
	driver, at := "", s.Path.Key("logging")
	if s.Logging != nil {
		driver = s.Logging.Driver
	}
	for _, d := range logDrivers {
		if d.compose != driver {
			continue
		}
		name := d.podman
		if s.job && name == "journald" {
			name = "passthrough"
		}
		if s.Logging == nil {
			at = tree.Root
		}
		c.Fixed("LogDriver", name, at)
		if s.Logging != nil {
			l.logOptions(s, name, c)
		}
		return
	}
	l.refuse(at.Key("driver"), "write journald, and forward the journal with systemd-journal-upload or a collector on the machine",
		"Podman has no log driver %q", driver)
}

func (l *lowering) logOptions(s *service, driver string, c *Section) {
	for _, o := range s.Logging.Options {
		at := s.Path.Keys("logging", "options", o.Key)
		switch {
		case driver == "k8s-file" && (o.Key == "path" || o.Key == "max-size"), o.Key == "tag" && driver == "journald":
			c.Plain("LogOpt", o.Key+"="+o.Value, at)
		case driver != "k8s-file" && contains(rotation, o.Key):
		default:
			l.refuse(at, "delete the line", "Podman's log driver %s has no option %q", driver, o.Key)
		}
	}
}

// deployPolicy is deploy.restart_policy, which goes over restart as in docker compose; nil where it is not written.
func deployPolicy(s *model.Service) *model.RestartPolicy {
	if s.Deploy == nil {
		return nil
	}
	return s.Deploy.RestartPolicy
}

// restartPolicy is Restart= and the number of times that it is tried; 0: for ever.
func restartPolicy(s *model.Service) (policy string, attempts int) {
	if p := deployPolicy(s); p != nil {
		if p.MaxAttempts != nil {
			attempts = *p.MaxAttempts
		}
		switch p.Condition {
		case "none":
			return "", 0
		case "on-failure":
			return "on-failure", attempts
		}
		return "always", attempts
	}
	name, times, _ := strings.Cut(s.Restart, ":")
	switch name {
	case "always", "unless-stopped":
		return "always", 0
	case "on-failure":
		attempts, _ = strconv.Atoi(times)
		return "on-failure", attempts
	}
	return "", 0
}

// attemptTime is how long a program that fails each time is thought to run. One that runs longer is started for ever.
const attemptTime = time.Minute

// restart writes when the service is started again.
func (l *lowering) restart(s *service, us, sv *Section) {
	policy, attempts := restartPolicy(s.Service)
	if policy == "" || s.of != nil { // its service is started again, and it with that
		return
	}
	at, delay, delayAt := s.Path.Key("restart"), model.Duration(5*time.Second), tree.Root
	deploy := deployPolicy(s.Service)
	if deploy != nil {
		at = s.Path.Keys("deploy", "restart_policy")
		if d := deploy.Delay; d != nil {
			delay, delayAt = *d, at.Key("delay")
		}
	}
	if s.job && policy == "always" {
		l.emulate(at, "write on-failure", "the service runs to completion, as others wait for that: it is started again only when it fails")
		policy = "on-failure"
	}
	sv.Fixed("Restart", policy, at)
	sv.Fixed("RestartSec", span(delay), delayAt)
	switch {
	case attempts == 0 && time.Duration(delay) <= 2*time.Second:
		// Else systemd gives up at the fifth start within 10 s.
		us.Fixed("StartLimitIntervalSec", "0", delayAt)
	case attempts > 0:
		// The first start counts, and so does each by hand: without an end of the time, the release after the last of
		// the attempts would find a unit that refuses to start.
		within, withinAt := time.Duration(attempts+1)*(time.Duration(delay)+attemptTime), at
		if deploy != nil && deploy.Window != nil && *deploy.Window > 0 {
			within, withinAt = time.Duration(*deploy.Window), at.Key("window")
		}
		us.Fixed("StartLimitIntervalSec", span(model.Duration(within)), withinAt)
		us.Int("StartLimitBurst", int64(attempts)+1, at)
	}
}
