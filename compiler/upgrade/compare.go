package upgrade

import (
	"bytes"
	"slices"
	"strings"
)

// Snapshot is what one version of a config makes, in plain values.
type Snapshot struct {
	Targets   []Target
	Variables []Variable // declared by the config
}

// Target is the output for one target.
type Target struct {
	Name     string
	Files    []File
	Services []Service
}

// File is a file of an output, by its path in the output.
type File struct {
	Path string
	Data []byte
}

// Service is what a target runs. Print is any text that changes exactly when the service has to be restarted.
type Service struct{ Name, Image, Print string }

// Variable is a declared variable. Required: it needs a value that the config does not give.
type Variable struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Required    bool   `json:"-"`
}

// Summary is how two snapshots differ. Everything is sorted by name.
type Summary struct {
	Targets  []TargetChange `json:"targets,omitempty"` // those with a difference
	Images   []ImageChange  `json:"images,omitempty"`
	Required []Variable     `json:"required,omitempty"` // those that need a value now and did not before
	Gone     []string       `json:"gone,omitempty"`     // variables that are no longer declared
}

// TargetChange is the difference of one target: paths of files, names of services.
type TargetChange struct {
	Name string `json:"name"`
	// Files.
	Added   []string `json:"added,omitempty"`
	Changed []string `json:"changed,omitempty"`
	Removed []string `json:"removed,omitempty"`
	// Services.
	Starts   []string `json:"starts,omitempty"`
	Restarts []string `json:"restarts,omitempty"`
	Stopped  []string `json:"stopped,omitempty"`
}

// ImageChange is another image of a service. Old and New differ; a service that comes or goes is none.
type ImageChange struct {
	Service string `json:"service"`
	Old     string `json:"old"`
	New     string `json:"new"`
}

// Compare says how new differs from old.
func Compare(old, new Snapshot) Summary {
	var s Summary
	names := map[string]bool{}
	for _, t := range append(slices.Clone(old.Targets), new.Targets...) {
		names[t.Name] = true
	}
	seen := map[ImageChange]bool{}
	for _, name := range sorted(names) {
		a, b := target(old.Targets, name), target(new.Targets, name)
		c := TargetChange{Name: name}
		c.Added, c.Changed, c.Removed = differences(byName(a.Files, func(f File) string { return f.Path }), byName(b.Files, func(f File) string { return f.Path }),
			func(x, y File) bool { return bytes.Equal(x.Data, y.Data) })
		before, after := byName(a.Services, serviceName), byName(b.Services, serviceName)
		c.Starts, c.Restarts, c.Stopped = differences(before, after, func(x, y Service) bool { return x.Print == y.Print && x.Image == y.Image })
		for _, service := range c.Restarts {
			i := ImageChange{service, before[service].Image, after[service].Image}
			if i.Old != i.New && !seen[i] {
				seen[i] = true
				s.Images = append(s.Images, i)
			}
		}
		if len(c.Added)+len(c.Changed)+len(c.Removed)+len(c.Starts)+len(c.Restarts)+len(c.Stopped) > 0 {
			s.Targets = append(s.Targets, c)
		}
	}
	slices.SortFunc(s.Images, func(a, b ImageChange) int {
		return strings.Compare(a.Service+"\x00"+a.Old+"\x00"+a.New, b.Service+"\x00"+b.Old+"\x00"+b.New)
	})
	s.variables(old.Variables, new.Variables)
	return s
}

func (s *Summary) variables(old, new []Variable) {
	name := func(v Variable) string { return v.Name }
	before, after := byName(old, name), byName(new, name)
	for _, v := range new {
		if v.Required && !before[v.Name].Required {
			s.Required = append(s.Required, v)
		}
	}
	slices.SortFunc(s.Required, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	_, _, s.Gone = differences(before, after, func(Variable, Variable) bool { return true })
}

func serviceName(s Service) string { return s.Name }

func target(list []Target, name string) Target {
	i := slices.IndexFunc(list, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return Target{Name: name}
	}
	return list[i]
}

func byName[T any](list []T, name func(T) string) map[string]T {
	m := make(map[string]T, len(list))
	for _, v := range list {
		m[name(v)] = v
	}
	return m
}

func sorted(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// differences are the sorted names that come, that are in both and not the same, and that go.
func differences[T any](old, new map[string]T, same func(a, b T) bool) (come, change, gone []string) {
	for name, v := range new {
		was, ok := old[name]
		switch {
		case !ok:
			come = append(come, name)
		case !same(was, v):
			change = append(change, name)
		}
	}
	for name := range old {
		if _, ok := new[name]; !ok {
			gone = append(gone, name)
		}
	}
	slices.Sort(come)
	slices.Sort(change)
	slices.Sort(gone)
	return come, change, gone
}
