package systemd

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// systemctl asks whether a dependency is active. Two units are two lines: is-active of two succeeds when one is.
const (
	systemctl = "/usr/bin/systemctl"
	mkdir     = "/usr/bin/mkdir"
	touch     = "/usr/bin/touch"
	test      = "/usr/bin/test"
	podman    = "/usr/bin/podman"
)

// findWaits fills s.waits with what s depends on, and notes the names that s gives others by its links.
func (l *lowering) findWaits(s *service) {
	if n := len(s.DependsOn); n > 0 {
		s.waits = make([]wait, 0, n)
	}
	for _, d := range s.DependsOn {
		on := l.byName[d.Service]
		if on == nil || on == s {
			continue // not there and not required: else package resolve has reported it
		}
		at := d.Implied
		if at.IsRoot() {
			at = s.Path.Keys("depends_on", d.Service)
		}
		s.waits = append(s.waits, wait{on: on, condition: d.Condition, required: d.IsRequired(), restart: d.Restart, at: at})
	}
	for _, link := range s.Links {
		if name, alias, _ := strings.Cut(link, ":"); alias != "" && alias != name {
			l.links[name] = append(l.links[name], alias)
		}
	}
}

// isHealthGate reports whether the start of s lasts until its check passes. So it is when others wait for that, and
// when nobody waits for the bare start: systemctl start then says whether the service works.
func (l *lowering) isHealthGate(s *service) bool {
	gate, image := s.checked()
	if !gate && !image {
		return false
	}
	if s.native {
		return true // by ExecStartPost=
	}
	for _, m := range l.p.Dependants(s.Service) {
		for _, d := range m.DependsOn {
			if d.Service != s.Name {
				continue
			}
			switch d.Condition {
			case model.Healthy:
				return true
			case model.Started:
				gate = false
			}
		}
	}
	return gate
}

// restarts reports whether systemd starts the service again whatever it ended with.
func (s *service) restarts() bool {
	name, _ := restartPolicy(s.Service)
	return name == "always"
}

// depends writes the start order: Wants= and After= into [Unit], gates into [Service]. sign stands before the gates:
// "+" where the sandbox of the unit would keep systemctl from asking. more are units that this one
// wants and comes after.
func (l *lowering) depends(s *service, us, sv *Section, sign string, more ...string) {
	var partOf, wants, after strings.Builder
	partOf.WriteString(l.target)
	for _, pre := range s.after {
		more = append(more, pre+".service")
	}
	more = append(more, l.vaultUnits(s.Service)...)
	more = append(more, l.servedUnits(s)...)
	for _, u := range more {
		join(&wants, u)
		join(&after, u)
	}
	at := s.Path.Key("depends_on")
	if len(s.waits) == 1 {
		at = s.waits[0].at
	}
	for _, w := range s.waits {
		for _, u := range w.on.units {
			join(&after, u)
			if w.required {
				join(&wants, u)
			}
			if w.restart {
				join(&partOf, u)
			}
		}
	}
	for _, name := range s.Preceded {
		if on := l.byName[name]; on != nil {
			for _, u := range on.units {
				join(&after, u)
			}
		}
	}
	us.Fixed("PartOf", partOf.String(), tree.Root)
	if s.native && s.of == nil && len(s.watched()) > 0 && !s.job {
		join(&wants, aliveUnit(s))
	}
	if wants.Len() > 0 {
		us.Fixed("Wants", wants.String(), at)
	}
	if after.Len() > 0 {
		us.Fixed("After", after.String(), at)
	}
	s.beginPre(sign, sv)
	for _, w := range s.waits {
		if !l.gated(s, w) {
			continue
		}
		for _, u := range w.on.units {
			sv.Exec("ExecStartPre", sign, w.at, lit(systemctl), lit("is-active"), lit("--quiet"), lit(u))
		}
	}
	s.awaitPre(s.after, sv)
}

// gated reports whether s must not start while the dependency is not active. service_started asks for no more than
// that the start was tried, which After= sees to; there a gate is a help only where both sides are started again until
// it opens, and would do harm where the dependency may have ended well.
func (l *lowering) gated(s *service, w wait) bool {
	switch {
	case !w.required || w.on.count == 0:
		return false
	case w.condition == model.Started || w.condition == "":
		return !w.on.job && w.on.restarts() && s.restarts()
	}
	return true
}

func join(b *strings.Builder, word string) {
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(word)
}
