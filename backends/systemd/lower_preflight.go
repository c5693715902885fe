package systemd

import (
	"strconv"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// preflight writes what must hold before a start. A condition that does not hold skips the start: the unit is neither
// active nor failed, and says why in the journal. sign is "+" where the sandbox would change the answer.
func (l *lowering) preflight(s *service, sign string, sv *Section) {
	for i := range s.Preflight {
		p := &s.Preflight[i]
		at := p.Path
		if s.native && (p.DNS != "" || p.URL != "") && l.insideOnly(s) != "" {
			// The filter of addresses is one of the unit's cgroup, which "+" does not leave.
			l.refuse(at, "ask it in a service that has a network which is not internal", "all networks of %s are internal, so its unit can ask nobody", s.Name)
			continue
		}
		words := l.preflightWords(p)
		if len(words) == 0 {
			continue
		}
		l.sidecar = true
		sv.Exec("ExecCondition", sign, at, append([]Word{lit(sidecar), lit("preflight")}, words...)...)
	}
}

// preflightWords are the words that octo-sidecar preflight reads; a folder is that of the machine.
func (l *lowering) preflightWords(p *model.Preflight) []Word {
	words := p.Words()
	if p.Disk != nil {
		words[1] = l.host(p.Disk.Folder)
	}
	if len(words) < 2 {
		return nil // reported
	}
	return texts(words...)
}

// preflightPorts lets the preflight of a native service try the ports that it asks about: the filter of ports is one of
// the unit's cgroup, which "+" does not leave.
func (s *service) preflightPorts() []boundPort {
	var out []boundPort
	for i := range s.Preflight {
		if p := &s.Preflight[i]; p.Port != nil {
			out = append(out, boundPort{bindRule("tcp", strconv.Itoa(*p.Port)), p.Path})
		}
	}
	return out
}

// boundPort is a rule of SocketBindAllow= with where it was written.
type boundPort struct {
	text string
	at   tree.Path
}
