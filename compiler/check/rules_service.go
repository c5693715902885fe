package check

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// limitPairs are limits with an older spelling, with the model's two values of each.
var limitPairs = []struct {
	old, in, key string
	differ       func(*model.Service, *model.Resource) bool
}{
	{"cpus", "limits", "cpus", func(s *model.Service, r *model.Resource) bool { return differ(s.CPUs, r.CPUs) }},
	{"mem_limit", "limits", "memory", func(s *model.Service, r *model.Resource) bool { return differ(s.MemLimit, r.Memory) }},
	{"pids_limit", "limits", "pids", func(s *model.Service, r *model.Resource) bool { return differ(s.PidsLimit, r.Pids) }},
	{"mem_reservation", "reservations", "memory", func(s *model.Service, r *model.Resource) bool { return differ(s.MemReservation, r.Memory) }},
}

func differ[T comparable](a, b *T) bool { return a != nil && b != nil && *a != *b }

// olderLimits: a limit in its older spelling and in deploy.resources is one limit. Source: checkConsistency in
// loader/validate.go of compose-go.
func olderLimits(x *subject) {
	if x.s.Deploy == nil || x.s.Deploy.Resources == nil {
		return
	}
	for i := range limitPairs {
		l := &limitPairs[i]
		r := x.s.Deploy.Resources.Limits
		if l.in == "reservations" {
			r = x.s.Deploy.Resources.Reservations
		}
		if r == nil || !l.differ(x.s, r) {
			continue
		}
		other := x.p.Keys("deploy", "resources", l.in, l.key)
		x.error(x.p.Key(l.old), "%s and deploy.resources.%s.%s are one field, and they differ", l.old, l.in, l.key).
			See(other, "the other value stands here").Helpf("delete one of the two")
	}
}

// buildPlatform: what is run is among what is built. Source: checkConsistency in loader/validate.go of compose-go.
func buildPlatform(x *subject) {
	b := x.s.Build
	if b == nil || len(b.Platforms) == 0 || x.s.Platform == "" || slices.Contains(b.Platforms, x.s.Platform) {
		return
	}
	x.error(x.p.Key("platform"), "cannot run on %q: build.platforms does not list it", x.s.Platform).
		See(x.p.Keys("build", "platforms"), "the list stands here").Helpf("add it to the list, or delete the line")
}

// healthTest: the first word of a list says what the rest is.
func healthTest(x *subject) {
	h := x.s.Healthcheck
	if h == nil || len(h.Test) == 0 || slices.Contains([]string{"CMD", "CMD-SHELL", "NONE", ""}, h.Test[0]) {
		return
	}
	x.error(x.p.Keys("healthcheck", "test").Index(0), "cannot use %q as the first word of a check; want CMD, CMD-SHELL or NONE", h.Test[0]).
		Helpf("write [CMD, %s, …] to run a program, or one string for the shell", h.Test[0])
}

// profiles: names of profiles. Source: "profiles" in the Compose specification: [a-zA-Z0-9][a-zA-Z0-9_.-]+.
func profiles(x *subject) {
	for i, name := range x.s.Profiles {
		if name == "" || isAlphanumeric(name[0]) && strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 || !isWord(byte(r)) }) < 0 {
			continue
		}
		x.error(x.p.Key("profiles").Index(i), "cannot use %q as the name of a profile", name).
			Helpf("want letters a to z, digits, \".\", \"_\" and \"-\", with a letter or digit first")
	}
}

// fixedName: a container_name exists once.
func fixedName(x *subject) {
	if x.s.ContainerName == "" || x.s.Count() < 2 {
		return
	}
	x.error(x.p.Key("container_name"), "cannot use one container_name for %d replicas", x.s.Count()).OnKey().
		See(x.p.Key("replicas"), "the number stands here").Helpf("delete container_name: other services reach this one as %q", x.s.Name)
}

// checkTimes: a check of octo's own starts once a second at most, and ends before the next. (A Compose healthcheck may
// do otherwise.)
func checkTimes(x *subject) {
	checks := x.n.Get("checks")
	if checks == nil || checks.Kind != tree.Map {
		return
	}
	for i := range checks.Fields {
		name, n := checks.Fields[i].Key, checks.Fields[i].Value
		p := x.p.Keys("checks", name)
		interval, set := shape.ParseDuration(n.Str("interval"))
		timeout, limited := shape.ParseDuration(n.Str("timeout"))
		if set && interval < minInterval {
			x.error(p.Key("interval"), "cannot check every %s; want 1s at least", n.Str("interval"))
			continue
		}
		if set && limited && timeout >= interval {
			x.error(p.Key("timeout"), "cannot wait %s for a check that runs every %s; want less", n.Str("timeout"), n.Str("interval")).
				See(p.Key("interval"), "the interval stands here")
		}
	}
}

// watchTargets: what is copied has somewhere to go. Source: checkConsistency in loader/validate.go of compose-go.
func watchTargets(x *subject) {
	watch := x.n.Get("develop").Get("watch")
	if watch == nil {
		return
	}
	for i, it := range watch.Items {
		action := it.Str("action")
		if action == "" || action == "rebuild" || action == "restart" || has(it, "target") {
			continue
		}
		x.error(x.p.Keys("develop", "watch").Index(i), "no target; want the folder in the container that %s copies to", action)
	}
}
