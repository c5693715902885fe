package systemd

import (
	"strconv"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// preUnit is the name of the unit of the container i of pre_start.
func preUnit(s *service, i int) string { return s.unit + "-pre-" + strconv.Itoa(i+1) }

// preStart lowers the containers that run before each start of s, and returns the units of the last, which s waits for,
// without .service: none when there are none. Each is a one-shot that is inactive when it is done, so that every start of s, also by
// Restart=, runs it again; that it succeeded this time is said by a file in /run, as its state does not. It is no
// Requires=: after a failure Restart= would not try again.
func (l *lowering) preStart(s *service) (last []string) {
	for i, m := range s.PreStart {
		pre := &service{Service: m, unit: preUnit(s, i), count: 1, job: true, of: s, index: i, after: last, waits: s.waits, checks: m.AllChecks()}
		each := m.PerReplica && s.count > 1
		if each {
			pre.count = s.count
		} else if i > 0 && s.count > 1 && s.PreStart[i-1].PerReplica {
			pre.after = pre.after[:0:0] // it comes after those of all replicas
			for n := range s.count {
				pre.after = append(pre.after, preUnit(s, i-1)+"@"+strconv.Itoa(n+1))
			}
		}
		pre.units = instances(pre.unit, pre.count)
		before := len(l.units)
		if s.native && !l.ownImage(s, i) {
			pre.native = true
			if l.onlyNative(pre) {
				l.native(pre, s.program)
			}
		} else {
			l.container(pre)
		}
		for _, u := range l.units[before:] {
			s.config.add(u.effect())
		}
		if last = []string{pre.unit}; each {
			last[0] += "@%i"
		}
	}
	return last
}

// ownImage reports whether a container of pre_start names an image: else it runs what its service runs.
func (l *lowering) ownImage(s *service, i int) bool {
	item := l.itemOf(&service{Service: s.Service, index: i})
	return item.Get("image") != nil || item.Get("build") != nil
}

// effect is the text of a unit without what it changes nothing to change.
func (u *Unit) effect() []byte {
	var out []byte
	for _, s := range u.Sections {
		for i := range s.Options {
			if o := &s.Options[i]; s.Name != "Unit" || o.Name == "X-Octo-Config" {
				out = append(append(append(out, o.Name...), '='), o.Value...)
				out = append(out, '\n')
			}
		}
	}
	return out
}

// doneFile says that the last run of a container of pre_start succeeded.
func doneFile(unit string) Word { return lit("/run/" + unit + ".done") }

// beginPre takes away the sign of the last success, before anything else.
func (s *service) beginPre(sign string, sv *Section) {
	if s.of != nil {
		sv.Exec("ExecStartPre", sign, s.Path, lit(rm), lit("-f"), doneFile("%N"))
	}
}

// endPre leaves the sign of success.
func (s *service) endPre(sign string, sv *Section) {
	if s.of != nil {
		sv.Exec("ExecStartPost", sign, s.Path, lit(touch), doneFile("%N"))
	}
}

// awaitPre keeps a start from going on when what runs before it has failed.
func (s *service) awaitPre(units []string, sv *Section) {
	if len(units) == 0 {
		return
	}
	at := s.Path
	if s.of == nil {
		at = s.Path.Key("pre_start")
	}
	sv.Note("Made by the unit that runs before each start, when it has succeeded.")
	for _, unit := range units {
		sv.Exec("ExecStartPre", "", at, lit(test), lit("-e"), doneFile(unit))
	}
}

// inherits reports whether a list of a container of pre_start is the service's own.
func inherits[T any](s *service, list func(*model.Service) []T) bool {
	if s.of == nil {
		return false
	}
	a, b := list(s.Service), list(s.of.Service)
	return len(a) > 0 && len(b) > 0 && &a[0] == &b[0]
}

// place is the name of a generated file of a service, below etc/<project>.
func (s *service) place(name string) string {
	if s.of != nil {
		return s.Name + "/pre-" + strconv.Itoa(s.index+1) + "." + name
	}
	return s.Name + "/" + name
}

// itemOf is the node of a container of pre_start.
func (l *lowering) itemOf(s *service) *tree.Node {
	list := l.in.Tree.Get("services").Get(s.Name).Get("pre_start")
	if list == nil || s.index >= len(list.Items) {
		return nil
	}
	return list.Items[s.index]
}
