package check

import (
	"reflect"
	"slices"

	"github.com/octocompose/octocompose/compiler/model"
)

// ofImage are the fields that a container of pre_start takes from its service together with the image.
var ofImage = []string{"Image", "Build", "PullPolicy", "Platform", "Entrypoint", "User"}

// ofService are the fields that it takes in any case. Source: pre_start in the Compose specification.
var ofService = []string{
	"WorkingDir", "GroupAdd", "EnvFile", "Networks", "NetworkMode", "DNS", "DNSOpt", "DNSSearch", "ExtraHosts",
	"Volumes", "Tmpfs", "Configs", "Secrets", "ReadOnly", "CapAdd", "CapDrop", "SecurityOpt", "UsernsMode", "Runtime",
	"Harden", "Init", "Deploy", "CPUs", "MemLimit", "PidsLimit", "Ulimits", "Logging", "Profiles",
}

// inherit completes the containers of pre_start: what one does not say it takes from its service.
func (c *checker) inherit() {
	for _, s := range c.project.Services {
		for i, p := range s.PreStart {
			if p == nil { // reported
				p = &model.Service{Path: s.Path.Key("pre_start").Index(i)}
				s.PreStart[i] = p
			}
			p.Name, p.From = s.Name, s.From
			if p.Image == "" && p.Build == nil {
				take(p, s, ofImage)
			}
			take(p, s, ofService)
			p.Environment = pairsOver(s.Environment, p.Environment)
		}
	}
}

// take copies the fields that p has not.
func take(p, s *model.Service, fields []string) {
	to, from := reflect.ValueOf(p).Elem(), reflect.ValueOf(s).Elem()
	for _, name := range fields {
		if f := to.FieldByName(name); f.IsZero() {
			f.Set(from.FieldByName(name))
		}
	}
}

// pairsOver is low with the pairs of high over it, sorted by key.
func pairsOver(low, high []model.Pair) []model.Pair {
	out := slices.Clone(low)
	for _, p := range high {
		i := slices.IndexFunc(out, func(q model.Pair) bool { return q.Key == p.Key })
		if i < 0 {
			out = append(out, p)
			continue
		}
		out[i] = p
	}
	slices.SortFunc(out, func(a, b model.Pair) int {
		switch {
		case a.Key < b.Key:
			return -1
		case a.Key > b.Key:
			return 1
		}
		return 0
	})
	return out
}
