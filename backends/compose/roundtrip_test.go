package compose

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"go.yaml.in/yaml/v3"
)

// difference is where what compose-go loads from the output may differ from what it loads from the sources.
type difference struct {
	what, why string
	// same makes the two equal where they differ in nothing but this.
	same func(theirs, ours *types.Project)
}

// differences is the whole list.
var differences = []difference{
	{"where the file lies", "the output lies in a folder of its own; its paths lead to the same places",
		func(theirs, ours *types.Project) {
			for _, p := range []*types.Project{theirs, ours} {
				p.WorkingDir, p.ComposeFiles = "", nil
			}
		}},
	{"scale is deploy.replicas", "octo has one field for the two, and Compose takes either",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				for _, s := range []*types.ServiceConfig{a, b} {
					if s.Scale != nil || s.Deploy != nil && s.Deploy.Replicas != nil {
						n := s.GetScale()
						s.Scale = &n
					}
					if s.Deploy != nil {
						s.Deploy.Replicas = nil
					}
					if s.Deploy != nil && reflect.DeepEqual(*s.Deploy, types.DeployConfig{}) {
						s.Deploy = nil
					}
				}
			})
		}},
	{"an attachment to a network, a use of a model, or options of a mount without content are there or not", "Compose treats nothing and an empty mapping alike",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				for _, s := range []*types.ServiceConfig{a, b} {
					evenOut(&s.ContainerSpec)
					for i := range s.PreStart {
						evenOut(&s.PreStart[i].ContainerSpec)
					}
				}
			})
		}},
	{"what a service with a numeric user is hardened with", "additions.go has the reason of each",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				if !(&model.Service{User: a.User, Privileged: a.Privileged}).Hardened() {
					return
				}
				if a.Init == nil && b.Init != nil && *b.Init {
					b.Init = nil
				}
				if a.CapDrop == nil && slices.Equal(b.CapDrop, []string{"ALL"}) {
					b.CapDrop = nil
				}
				b.SecurityOpt = withoutAdded(a.SecurityOpt, b.SecurityOpt, "no-new-privileges:true")
				if a.ReadOnly {
					b.Tmpfs = withoutAdded(a.Tmpfs, b.Tmpfs, "/tmp")
				}
			})
		}},
	{"a service that names no logging has a bounded log", "Docker keeps all that a container ever said, and a full disk stops the machine",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				bounded := &types.LoggingConfig{Driver: logDriver, Options: types.Options{"max-size": logSize, "max-file": logFiles}}
				if a.Logging == nil && reflect.DeepEqual(b.Logging, bounded) {
					b.Logging = nil
				}
				for i := range min(len(a.PreStart), len(b.PreStart)) { // which take it from their service
					if x := &b.PreStart[i]; a.PreStart[i].Logging == nil && reflect.DeepEqual(x.Logging, bounded) {
						x.Logging = nil
					}
				}
			})
		}},
	{"the root of a service with develop is writable in compose.dev.yaml", "sync copies files into the running container",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				if a.Develop != nil && a.ReadOnly && !b.ReadOnly {
					b.ReadOnly = true
				}
			})
		}},
	{"a service with configs has a label with their hash", "Compose does not recreate a container when a config changed",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				if len(a.Configs) > 0 {
					delete(b.Labels, configLabel)
				}
			})
		}},
	{"the content of a config that a read-only service mounts is a file", "Compose cannot write it into such a container",
		func(theirs, ours *types.Project) {
			for key, a := range theirs.Configs {
				b := ours.Configs[key]
				if a.Content == "" || !strings.HasSuffix(filepath.ToSlash(b.File), "/"+configFolder+key) {
					continue
				}
				if data, err := os.ReadFile(b.File); err == nil {
					b.File, b.Content = "", string(data)
					ours.Configs[key] = b
				}
			}
		}},
	{"a variable of a hook without a value may have one", "octo takes it from .env there as everywhere, compose-go leaves it to nobody",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				for i := range min(len(a.PostStart), len(b.PostStart)) {
					fillIn(a.PostStart[i].Environment, b.PostStart[i].Environment)
				}
				for i := range min(len(a.PreStop), len(b.PreStop)) {
					fillIn(a.PreStop[i].Environment, b.PreStop[i].Environment)
				}
				if a.Develop == nil || b.Develop == nil {
					return
				}
				for i := range min(len(a.Develop.Watch), len(b.Develop.Watch)) {
					fillIn(a.Develop.Watch[i].Exec.Environment, b.Develop.Watch[i].Exec.Environment)
				}
			})
		}},
	{"the order of the ssh keys of a build", "compose-go reads them from a Go map, in any order",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				for _, s := range []*types.ServiceConfig{a, b} {
					if s.Build != nil {
						slices.SortFunc(s.Build.SSH, func(x, y types.SSHKey) int { return strings.Compare(x.ID, y.ID) })
					}
				}
			})
		}},
	{"the spelling of a number without quotes in environment", "Compose's YAML reader writes it anew (1.10 becomes 1.1), octo keeps what the author wrote",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				for key, x := range a.Environment {
					y := b.Environment[key]
					if x == nil || y == nil || *x == *y {
						continue
					}
					var n, m any
					if yaml.Unmarshal([]byte(*x), &n) == nil && yaml.Unmarshal([]byte(*y), &m) == nil && fmt.Sprint(n) == fmt.Sprint(m) {
						b.Environment[key] = x
					}
				}
			})
		}},
	{"consistency from the short syntax of a mount", "compose-go drops cached and its like there, and keeps them in the long syntax",
		func(theirs, ours *types.Project) {
			eachService(theirs, ours, func(a, b *types.ServiceConfig) {
				for i := range min(len(a.Volumes), len(b.Volumes)) {
					if a.Volumes[i].Consistency == "" && slices.Contains([]string{"cached", "delegated", "consistent"}, b.Volumes[i].Consistency) {
						b.Volumes[i].Consistency = ""
					}
				}
			})
		}},
}

// evenOut writes nothing and an empty mapping in one way.
func evenOut(s *types.ContainerSpec) {
	for k, n := range s.Networks {
		if n == nil {
			s.Networks[k] = &types.ServiceNetworkConfig{}
		}
	}
	for k, m := range s.Models {
		if m == nil {
			s.Models[k] = &types.ServiceModelConfig{}
		}
	}
	for i := range s.Volumes {
		if v := &s.Volumes[i]; v.Volume != nil && reflect.DeepEqual(*v.Volume, types.ServiceVolumeVolume{}) {
			v.Volume = nil
		}
	}
}

// fillIn gives the variables of a without a value those of b.
func fillIn(a, b types.MappingWithEquals) {
	for key, x := range a {
		if x == nil {
			a[key] = b[key]
		}
	}
}

// withoutAdded is b without its last item, where that is added and a does not have it.
func withoutAdded(a, b []string, added string) []string {
	if n := len(b); n == len(a)+1 && b[n-1] == added {
		if n == 1 {
			return nil
		}
		return b[:n-1]
	}
	return b
}

// eachService calls f for each service that both have.
func eachService(theirs, ours *types.Project, f func(a, b *types.ServiceConfig)) {
	for name, a := range theirs.Services {
		b, ok := ours.Services[name]
		if !ok {
			continue
		}
		f(&a, &b)
		theirs.Services[name], ours.Services[name] = a, b
	}
}

// refusedSources begins the error for what is no Compose project in the first place.
const refusedSources = "compose-go refuses the sources"

// output compiles files in dir and writes what comes out into a folder of its own, whose compose.yaml it returns,
// with the version of Compose that it says it needs.
func output(t testing.TB, dir string, files []string) (file string, need version, err error) {
	t.Helper()
	in, ds := front(t, dir, slices.Clone(files))
	switch {
	case ds.Has(diag.Error) && stricter(ds):
		return "", version{}, fmt.Errorf("%s, and so would Docker: %s", refusedSources, messages(ds))
	case ds.Has(diag.Error):
		return "", version{}, fmt.Errorf("our front end refuses the sources:\n%s", messages(ds))
	}
	out := filepath.Join(t.TempDir(), "compose")
	rel, err := filepath.Rel(out, dir)
	if err != nil {
		return "", version{}, err
	}
	in.ToProject = filepath.ToSlash(rel)
	if in.Target.MinVersion == nil { // so that pre_start stays what it is in the sources
		t := *in.Target
		t.MinVersion = []model.Pair{{Key: "compose", Value: "5.3"}}
		in.Target = &t
	}
	b := New()
	set, ds := b.Lower(in)
	if ds.Has(diag.Error) && strings.Contains(messages(ds), "to a read-only service") {
		return "", version{}, fmt.Errorf("%s, and so would Compose when it makes the container: %s", refusedSources, messages(ds))
	}
	if ds.Has(diag.Error) {
		return "", version{}, fmt.Errorf("the backend refuses the sources:\n%s", messages(ds))
	}
	if err := b.Verify(in, set); err != nil {
		return "", version{}, err
	}
	for _, f := range set.Files() {
		write(t, filepath.Join(out, f.Path), f.Data)
	}
	l := b.lowering(in)
	l.project()
	return filepath.Join(out, composeFile), l.compose, nil
}

// roundTrip compares what compose-go loads from files in dir with what it loads from our output. It returns the
// difference, "" for none.
func roundTrip(t testing.TB, dir string, files []string) (string, error) {
	t.Helper()
	theirs, err := theirLoad(dir, dir, slices.Clone(files)...)
	if err != nil {
		return "", fmt.Errorf("%s: %w", refusedSources, err)
	}
	file, _, err := output(t, dir, files)
	if err != nil {
		return "", err
	}
	made := []string{composeFile}
	if exists(filepath.Join(filepath.Dir(file), devFile)) {
		made = append(made, devFile)
	}
	ours, err := theirLoad(filepath.Dir(file), dir, made...)
	if err != nil {
		return "", fmt.Errorf("compose-go refuses the output: %w", err)
	}
	for _, d := range differences {
		d.same(theirs, ours)
	}
	return cmp.Diff(theirs, ours, cmpopts.EquateEmpty(), cmp.Exporter(func(reflect.Type) bool { return true })), nil
}

// stricter reports whether all errors are of what compose-go lets through and Docker then refuses.
func stricter(ds diag.List) bool {
	for _, d := range ds {
		if d.Severity == diag.Error && d.Code != diag.PortClash && d.Code != diag.Exclusive {
			return false
		}
	}
	return true
}

// TestRoundTrip holds each case of the corpus: what compose-go loads from the output is what it loads from the
// sources, but for the listed differences.
func TestRoundTrip(t *testing.T) {
	for _, file := range cases(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			dir := unpack(t, file)
			diff, err := roundTrip(t, dir, sources(dir))
			switch {
			case err != nil:
				t.Error(err)
			case diff != "":
				t.Errorf("(-sources +output)\n%s", diff)
			}
		})
	}
}
