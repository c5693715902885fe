package compose

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// addition is something that the output holds though nobody wrote it.
type addition struct {
	field  string // in the output
	reason string
	// asked: only harden: true adds it, as an image may need it whoever its user is.
	asked bool
	add   func(l *lowering, n *tree.Node, v *doc.Value, p tree.Path)
}

// additions are made to a service that may be hardened: its user is a known number other than 0, or harden: true.
// What the sources say about a field always holds.
func additions() []addition {
	return []addition{
		{field: "init", add: addInit,
			reason: "a program that is not made to be process 1 leaves zombies behind and may ignore SIGTERM"},
		{field: "cap_drop", add: addCapDrop,
			reason: "a process that is not root has no use for capabilities, and a bug in it would"},
		{field: "security_opt", add: addNoPrivileges,
			reason: "a setuid program in the image would undo the user that the sources chose"},
		{field: "read_only", asked: true, add: addReadOnly,
			reason: "a program that was taken over cannot change its own files"},
		{field: "tmpfs", add: addTmp,
			reason: "a program with a read-only root still needs /tmp"},
		{field: "pids_limit", asked: true, add: addPids,
			reason: "a fork bomb ends at 256 processes; beside other limits it is deploy.resources.limits.pids"},
	}
}

// added are the fields of all additions, for the report.
func added() string {
	var fields []string
	for _, a := range additions() {
		fields = append(fields, a.field)
	}
	return strings.Join(fields, ", ")
}

// harden makes the additions to v, the output of a service.
// n is what its sources say, and at the field that allows it.
func (l *lowering) harden(s *model.Service, n *tree.Node, at tree.Path, v *doc.Value) {
	if !s.Hardened() || get(v, "image") == nil && get(v, "build") == nil {
		return
	}
	asked := s.Harden != nil && *s.Harden
	for _, a := range additions() {
		if !a.asked || asked {
			a.add(l, n, v, at)
		}
	}
}

func addInit(l *lowering, n *tree.Node, v *doc.Value, p tree.Path) {
	if n.Get("init") == nil {
		l.keys.service.put(v, "init", doc.Boolean(true).From(p))
	}
}

func addCapDrop(l *lowering, n *tree.Node, v *doc.Value, p tree.Path) {
	if n.Get("cap_drop") == nil && !isTrue(n.Get("privileged")) {
		l.keys.service.put(v, "cap_drop", doc.NewList(doc.Str("ALL").From(p)).OnLine())
	}
}

func addNoPrivileges(l *lowering, n *tree.Node, v *doc.Value, p tree.Path) {
	if opts := n.Get("security_opt"); opts != nil {
		for _, it := range opts.Items {
			if strings.HasPrefix(it.Text, "no-new-privileges") {
				return
			}
		}
	}
	list := l.keys.service.at(v, "security_opt", func() *doc.Value { return doc.NewList().OnLine() })
	list.Add(doc.Str("no-new-privileges:true").From(p))
}

func addReadOnly(l *lowering, n *tree.Node, v *doc.Value, p tree.Path) {
	if n.Get("read_only") == nil {
		l.keys.service.put(v, "read_only", doc.Boolean(true).From(p))
	}
}

// addTmp gives a read-only service a /tmp, unless something is mounted there.
func addTmp(l *lowering, n *tree.Node, v *doc.Value, p tree.Path) {
	if ro := get(v, "read_only"); ro == nil || ro.Text != "true" {
		return
	}
	if list := n.Get("tmpfs"); list != nil {
		if slices.ContainsFunc(list.Items, func(it *tree.Node) bool { return isTmp(it.Text) }) {
			return
		}
	}
	if list := n.Get("volumes"); list != nil {
		if slices.ContainsFunc(list.Items, func(it *tree.Node) bool { return isTmp(it.Str("target")) }) {
			return
		}
	}
	list := l.keys.service.at(v, "tmpfs", func() *doc.Value { return doc.NewList().OnLine() })
	list.Add(doc.Str("/tmp").From(p))
}

func isTmp(target string) bool {
	path, _, _ := strings.Cut(target, ":")
	return strings.TrimRight(path, "/") == "/tmp"
}

// addPids bounds the processes where the other limits stand: Compose refuses a project in which pids_limit and
// deploy.resources.limits differ.
func addPids(l *lowering, n *tree.Node, v *doc.Value, p tree.Path) {
	pids := doc.Int(256).From(p)
	if n.Get("pids_limit") != nil {
		return
	}
	if d := get(v, "deploy"); d != nil {
		if r := get(d, "resources"); r != nil {
			if limits := get(r, "limits"); limits != nil {
				if get(limits, "pids") == nil {
					limits.Set("pids", pids)
				}
				return
			}
		}
	}
	l.keys.service.put(v, "pids_limit", pids)
}

// The bounds of a container's log: 30 MB. Docker keeps all that a container ever said, and a full disk stops everything
// else on the machine.
const (
	logDriver = "json-file"
	logSize   = "10m"
	logFiles  = "3"
)

// rotate bounds the log of a service that names no logging. It touches nothing that the image can notice. The driver must
// be named with the options: another one, which the machine's Docker may have as its default, refuses them.
func (l *lowering) rotate(v *doc.Value, from tree.Path) {
	if get(v, "logging") != nil || get(v, "image") == nil && get(v, "build") == nil {
		return
	}
	str := func(s string) *doc.Value { return doc.Str(s).From(from) }
	l.keys.service.put(v, "logging", doc.NewMap().From(from).Set("driver", str(logDriver)).
		Set("options", doc.NewMap().From(from).Set("max-size", str(logSize)).Set("max-file", str(logFiles))).OnLine())
	l.rotated = true
}

// confine takes everything from a container of octo-sidecar alone, which we know to need nothing.
func (l *lowering) confine(v *doc.Value, from tree.Path) {
	put := l.keys.service.put
	put(v, "read_only", doc.Boolean(true).From(from))
	put(v, "cap_drop", doc.NewList(doc.Str("ALL").From(from)).OnLine())
	put(v, "security_opt", doc.NewList(doc.Str("no-new-privileges:true").From(from)).OnLine())
}
