package systemd

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/tree"
)

// wantsLine is the number of units on one line of Wants=.
const wantsLine = 8

// frame lowers the project itself: a target that wants every unit, a slice that holds their processes, and the user
// who fetches and builds programs.
func (l *lowering) frame() {
	u := l.unit(nativeDir+l.target, l.p.Inputs)
	us := u.Section("Unit")
	us.Fixed("Description", l.names.project, tree.Root)
	for _, s := range l.services {
		if !l.wanted(s) {
			continue
		}
		units := s.units
		if s.native && len(s.watched()) > 0 && !s.job {
			units = append(slices.Clone(units), instances(s.unit+"-alive", s.count)...)
		}
		for rest := units; len(rest) > 0; {
			n := min(len(rest), wantsLine)
			us.Fixed("Wants", strings.Join(rest[:n], " "), s.Path)
			rest = rest[n:]
		}
	}
	if l.servesWanted() {
		us.Fixed("Wants", l.configUnit()+".service", l.p.Served[0].Path)
	}
	if l.monitoring.plan != nil {
		us.Fixed("Wants", l.monitorUnit()+".service", l.monitoring.plan.From)
	}
	u.Section("Install").Fixed("WantedBy", "multi-user.target", tree.Root)

	slice := l.unit(nativeDir+l.slice, l.p.Inputs)
	slice.Section("Unit").Fixed("Description", l.names.project+": all its processes", tree.Root)

	if l.watches {
		l.restarter()
	}
	if users := l.users(); len(users) > 0 {
		data := header(l.p.Inputs)
		for _, u := range users {
			data += "u " + sysUser(l.names.project, u.task) + " - \"" + l.names.project + " " + u.does + "\"\n"
		}
		l.files = append(l.files, artifact.File{Path: "etc/sysusers.d/" + l.names.project + ".conf", Mode: 0o644, Data: []byte(data)})
	}
}

// user is one that the project has on the machine, for a task.
type user struct{ task, does string }

// Tasks that have a user of their own.
const (
	fetchTask   = "fetch"
	monitorTask = "monitor"
)

// users are those of the project. Other units have one that systemd makes at each start.
func (l *lowering) users() []user {
	var out []user
	if l.programs {
		out = append(out, user{fetchTask, "fetches programs"})
	}
	if l.monitoring.bus {
		out = append(out, user{monitorTask, "asks checks"})
	}
	return out
}

// wanted reports whether the target starts the service. One of a profile that was not asked for is installed, and
// started by hand or by a service that depends on it.
func (l *lowering) wanted(s *service) bool {
	return s.count > 0 && s.InProfile(l.p.Profiles)
}

func fileOf(data []byte) artifact.File { return artifact.File{Data: data} }
