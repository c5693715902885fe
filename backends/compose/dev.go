package compose

import (
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// developSince is the first Compose that has develop.
var developSince = since{compose: version{2, 22}}

// dev notes what the machine of a developer needs of s beside v, its output: the rules of docker compose watch, and a
// root that they can write to, as sync copies files into the running container. compose.yaml holds none of it: what
// runs for real neither watches nor is written to.
func (l *lowering) dev(s *model.Service, p tree.Path, n *tree.Node, v *doc.Value) {
	rules := n.Get("develop")
	if rules == nil || rules.Kind != tree.Map || len(rules.Fields) == 0 {
		return
	}
	at := p.Key("develop")
	l.need(developSince, at)
	x := doc.NewMap().From(p)
	if ro := get(v, "read_only"); ro != nil && ro.Text == "true" {
		x.Set("read_only", doc.Boolean(false).From(at).Remark("sync writes into the container"))
	}
	x.Set("develop", l.keys.develop.lower(l, at, rules))
	x.Gap = len(l.devs) > 0
	l.devs = append(l.devs, doc.Field{Key: s.Name, Value: x})
}

// development is compose.dev.yaml, which goes over compose.yaml; nil where no service has develop.
func (l *lowering) development() *doc.Value {
	if len(l.devs) == 0 {
		return nil
	}
	all := doc.NewMap()
	all.Fields = l.devs
	return doc.NewMap().Set("services", all.Comment(l.title()))
}
