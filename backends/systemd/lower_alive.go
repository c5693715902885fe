package systemd

import (
	"strconv"
	"time"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// nativeHealth holds the start until the checks pass. systemd expands ${MAINPID} only with braces inside of a word.
func (l *lowering) nativeHealth(s *service, sv *Section) {
	l.actions(s)
	if s.job {
		for i := range s.checks {
			l.emulate(s.checks[i].Path, "delete it", "nobody asks: the service runs to completion")
		}
		return
	}
	if h := s.Healthcheck; !h.Off() && len(s.checks) == 0 {
		l.refuse(s.Path.Key("healthcheck"), "write http:, tcp:, grpc: or test:", "only an image knows what is asked here, and this is a native program")
		return
	}
	if len(s.checks) == 0 {
		return
	}
	a := together(s.gate())
	l.sidecar = true
	words := append([]Word{lit(sidecar), lit("wait"), lit("--pid=${MAINPID}"), lit("--interval=1s"),
		lit("--timeout=" + decimal(int64(a.startTime()/time.Second)) + "s")}, texts(a.what()...)...)
	sv.Note("The start job lasts until the check passes, as Notify=healthy does for a container.")
	sv.Exec("ExecStartPost", "", a.at(s, ""), words...)
	if a.passes > 1 {
		l.emulate(a.at(s, "successes"), "", "one success ends the start of a native program")
	}
	if len(s.watched()) > 0 {
		l.alive(s)
		return
	}
	for i := range s.checks {
		c := &s.checks[i]
		switch {
		case c.Is() == model.Startup, l.asksOn(s, c):
		case c.Is() == model.Alive:
			l.emulate(c.Path, "write on_failure: restart", "nobody asks whether a native program is alive where nothing follows from it")
		default:
			l.emulate(c.Path, "write a check of level alive, which restarts the service", "the check is asked until the start has succeeded, and no more after that")
		}
	}
}

// aliveUnit is the unit that watches s, for its own Wants=.
func aliveUnit(s *service) string {
	if s.count > 1 {
		return s.unit + "-alive@%i.service"
	}
	return s.unit + "-alive.service"
}

// alive lowers the checks that restart a native service to a unit that runs beside it. It fails when they do; systemd
// then restarts the service, which starts it again.
func (l *lowering) alive(s *service) {
	a := together(s.watched())
	l.mix(s, &a, "while the service runs")
	file, of := s.unit+"-alive", s.unit
	if s.count > 1 {
		file, of = file+"@", of+"@%i"
	}
	u := l.unit(nativeDir+file+".service", s.From)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", l.names.project+": is "+s.Name+" alive?", tree.Root)
	us.Fixed("PartOf", l.target, tree.Root)
	us.Fixed("BindsTo", of+".service", tree.Root)
	us.Fixed("After", of+".service", tree.Root)
	us.Fixed("OnFailure", l.restartUnit("@"+of), a.at(s, ""))
	us.Fixed("StartLimitIntervalSec", "0", tree.Root)
	sv.Fixed("Type", "exec", tree.Root)
	words := []Word{lit(sidecar), lit("watch")}
	for _, f := range []struct {
		flag  string
		value time.Duration
	}{{"interval", a.every}, {"timeout", a.limit}, {"start-period", a.grace}} {
		if f.value > 0 {
			words = append(words, lit("--"+f.flag+"="+f.value.String()))
		}
	}
	words = append(words, lit("--failures="+strconv.Itoa(a.fails)))
	if a.passes > 1 {
		words = append(words, lit("--successes="+strconv.Itoa(a.passes)))
	}
	sv.Exec("ExecStart", "", a.at(s, ""), append(words, texts(a.what()...)...)...)
	sv.Fixed("Slice", l.slice, tree.Root)
	sv.Fixed("TasksMax", "64", tree.Root)
	l.besideProgram(s, &a, sv)
	l.hardening(sv, sandbox{umask: "0077", dynamic: true})
	l.watches = true
}

// besideProgram gives commands that are checks the environment and the configs of the program.
func (l *lowering) besideProgram(s *service, a *asked, sv *Section) {
	for i := range a.checks {
		if c := &a.checks[i]; len(c.Exec)+len(c.Plugin) > 0 {
			if len(s.Volumes)+len(s.Secrets) > 0 {
				l.emulate(c.Path, "check it with http, tcp or grpc", "the command runs beside the program, and sees neither its volumes nor its secrets")
			}
			l.nativeEnvironment(s, sv)
			l.nativeConfigs(s, sv)
			return
		}
	}
}

// restartUnit is the name of the unit that restarts others, with an ending of its instance.
func (l *lowering) restartUnit(instance string) string {
	return l.names.project + "-restart" + instance + ".service"
}

// restarter is the unit that restarts a service whose watcher has failed. It talks to systemd as root, and can do
// nothing else.
func (l *lowering) restarter() {
	u := l.unit(nativeDir+l.restartUnit("@"), l.p.Inputs)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", l.names.project+": restart %i", tree.Root)
	us.Fixed("StartLimitIntervalSec", "0", tree.Root)
	sv.Fixed("Type", "oneshot", tree.Root)
	sv.Exec("ExecStart", "", tree.Root, lit(systemctl), lit("--no-block"), lit("try-restart"), lit("%i.service"))
	sv.Fixed("Slice", l.slice, tree.Root)
	sv.Fixed("TasksMax", "64", tree.Root)
	l.hardening(sv, sandbox{umask: "0077"})
}
