package check

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// imply writes out what Compose implies: the default network of services without any, and the dependencies that
// links, volumes_from and shared namespaces make. Source: loader/normalize.go of compose-go.
func (c *checker) imply() {
	c.implyNetworks()
	section := c.root.Get("services")
	for _, s := range c.project.Services {
		implyDependencies(s, section.Get(s.Name))
	}
	slices.SortFunc(c.project.Networks, func(a, b *model.Network) int { return strings.Compare(a.Key, b.Key) })
	c.members()
}

// defaultNetwork is the key of the network that services without networks share.
const defaultNetwork = "default"

func (c *checker) implyNetworks() {
	used := false
	section := c.root.Get("services")
	for _, s := range c.project.Services {
		n := section.Get(s.Name)
		switch {
		case isUnknown(n.Get("networks")) || isUnknown(n.Get("network_mode")):
			continue
		case s.NetworkMode == "" && n.Get("provider") == nil && len(s.Networks) == 0:
			s.Networks = []model.NetworkAttachment{{Network: defaultNetwork}}
		}
		used = used || slices.ContainsFunc(s.Networks, func(a model.NetworkAttachment) bool { return a.Network == defaultNetwork })
	}
	declared := slices.ContainsFunc(c.project.Networks, func(n *model.Network) bool { return n.Key == defaultNetwork })
	if used && !declared && !isUnknown(c.root.Get("networks")) {
		c.project.Networks = append(c.project.Networks, &model.Network{
			Key: defaultNetwork, Path: tree.Of("networks", defaultNetwork), Implicit: true,
		})
	}
}

// members fills MemberNames. Services are sorted, so the names are.
func (c *checker) members() {
	byKey := make(map[string]*model.Network, len(c.project.Networks))
	for _, n := range c.project.Networks {
		byKey[n.Key] = n
	}
	for _, s := range c.project.Services {
		for i := range s.Networks {
			if n := byKey[s.Networks[i].Network]; n != nil {
				n.MemberNames = append(n.MemberNames, s.Name)
			}
		}
	}
}

// isUnknown reports whether n stands for a value that could not be worked out.
func isUnknown(n *tree.Node) bool { return n != nil && n.Kind == tree.Unknown }

// namespaces are the fields in which service:NAME shares a namespace of another service.
var namespaces = []struct {
	key string
	of  func(*model.Service) string
}{
	{"network_mode", func(s *model.Service) string { return s.NetworkMode }},
	{"ipc", func(s *model.Service) string { return s.IPC }},
	{"pid", func(s *model.Service) string { return s.PID }},
	{"uts", func(s *model.Service) string { return s.UTS }},
	{"cgroup", func(s *model.Service) string { return s.Cgroup }},
}

// implyDependencies adds to DependsOn what other fields imply, unless the service is there already.
func implyDependencies(s *model.Service, n *tree.Node) {
	before := len(s.DependsOn)
	imply := func(name string, restart bool, by tree.Path) {
		if name == "" || slices.ContainsFunc(s.DependsOn, func(d model.Dependency) bool { return d.Service == name }) {
			return
		}
		s.DependsOn = append(s.DependsOn, model.Dependency{Service: name, Condition: model.Started, Restart: restart, Implied: by})
	}
	for i, l := range s.Links {
		name, _, _ := strings.Cut(l, ":")
		imply(name, true, s.Path.Key("links").Index(i))
	}
	for _, ns := range namespaces {
		if name, ok := strings.CutPrefix(ns.of(s), "service:"); ok {
			imply(name, true, s.Path.Key(ns.key))
		}
	}
	for i, v := range s.VolumesFrom {
		if !strings.HasPrefix(v, "container:") {
			name, _, _ := strings.Cut(v, ":")
			imply(name, false, s.Path.Key("volumes_from").Index(i))
		}
	}
	if len(s.DependsOn) > before {
		slices.SortFunc(s.DependsOn, func(a, b model.Dependency) int { return strings.Compare(a.Service, b.Service) })
	}
	for i := range s.DependsOn {
		d := &s.DependsOn[i]
		if d.Condition == "" && !isUnknown(n.Get("depends_on").Get(d.Service).Get("condition")) {
			d.Condition = model.Started
		}
	}
}
