package k8s_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/backends/k8s"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
)

// TestLowerIsPure: the same input makes the same bytes, in one process and from one input.
func TestLowerIsPure(t *testing.T) {
	in := input(project(shop()), nil, nil)
	first, _ := k8s.New().Lower(in)
	for range 5 {
		again, _ := k8s.New().Lower(in)
		if len(again.Files()) != len(first.Files()) {
			t.Fatal("other files")
		}
		for i, f := range again.Files() {
			if want := first.Files()[i]; f.Path != want.Path || !bytes.Equal(f.Data, want.Data) {
				t.Fatalf("%s differs", f.Path)
			}
		}
	}
}

// TestOrigins: a line of the output leads to the field that it came from.
func TestOrigins(t *testing.T) {
	set, _ := lowerOK(t, input(project(shop()), nil, nil))
	for _, c := range []struct{ file, line, from string }{
		{"api/deployment.yaml", "replicas: 3", "services.api.replicas"},
		{"api/deployment.yaml", "image: ghcr.io/example/shop-api", "services.api.image"},
		{"api/deployment.yaml", "terminationGracePeriodSeconds: 20", "services.api.stop_grace_period"},
		{"api/deployment.yaml", "- name: wait-db", "services.api.depends_on.db"},
		{"api/service.yaml", "port: 8080", "services.api.expose[0]"},
		{"migrate/job.yaml", "SHOP_DB_HOST", "services.migrate.environment.SHOP_DB_HOST"},
		{"db/statefulset.yaml", "storage: 10Gi", "volumes.db-data.size"},
		{"db/statefulset.yaml", "mountPath: /var/lib/shop-db", "services.db.volumes[0]"},
		{"db/networkpolicy.yaml", "- from: # api", "services.api.depends_on.db"},
	} {
		f := set.Get(c.file)
		lines := strings.Split(string(f.Data), "\n")
		found := ""
		for _, o := range f.Origins {
			if strings.Contains(lines[o.Line-1], c.line) {
				found += o.From.String() + " "
			}
		}
		if !strings.Contains(" "+found, " "+c.from+" ") {
			t.Errorf("%s: %q leads to %q, want %q", c.file, c.line, found, c.from)
		}
	}
}

// TestNoSecretValues: what a secret holds is in no file.
func TestNoSecretValues(t *testing.T) {
	p := project(&model.Project{
		Secrets: []*model.Secret{{Key: "s", File: "s.txt"}},
	}, map[string]*model.Service{"web": {
		Image: "x", Secrets: []model.FileRef{{Source: "s"}}, EnvFile: []model.EnvFile{{Path: "e.env"}},
	}})
	set, _ := lowerOK(t, input(p, source.Mem{"s.txt": "CANARY", "e.env": "A=CANARY"}, nil))
	for _, f := range set.Files() {
		if bytes.Contains(f.Data, []byte("CANARY")) {
			t.Errorf("%s holds the value of a secret", f.Path)
		}
	}
}

// TestVerifyMissesNothing: a tree that is not what was meant is refused.
func TestVerifyMissesNothing(t *testing.T) {
	in := input(project(shop()), nil, nil)
	set, _ := k8s.New().Lower(in)
	for i := range set.Files() {
		f := &set.Files()[i]
		if !strings.HasSuffix(f.Path, "deployment.yaml") {
			continue
		}
		good := f.Data
		for _, change := range [][2]string{{"replicas: ", "replicas: 1"}, {"revisionHistoryLimit: 3", "revisionHistoryLimit: 4"}, {"spec:\n", "spec:\n  typo: 1\n"}} {
			f.Data = bytes.Replace(good, []byte(change[0]), []byte(change[1]), 1)
			if err := k8s.New().Verify(in, set); err == nil {
				t.Errorf("%s: %q for %q was not seen", f.Path, change[1], change[0])
			}
		}
		f.Data = good
	}
	if err := k8s.New().Verify(in, set); err != nil {
		t.Error(err)
	}
}

// TestProfiles: a service of a profile is there when the profile is named.
func TestProfiles(t *testing.T) {
	for profiles, want := range map[string]bool{"": false, "debug": true, "*": true, "other": false} {
		p := project(&model.Project{}, map[string]*model.Service{
			"web": {Image: "x"}, "debug": {Image: "y", Profiles: []string{"debug"}},
		})
		p.Profiles = []string{profiles}
		set, _ := lowerOK(t, input(p, nil, nil))
		if got := set.Get("debug/deployment.yaml") != nil; got != want {
			t.Errorf("--profile %q: %v", profiles, got)
		}
	}
}

// TestLimitOfConfigMap: files are counted together, and one byte too many is an error.
func TestLimitOfConfigMap(t *testing.T) {
	for size, want := range map[int]bool{400 << 10: false, 600 << 10: true} {
		p := project(&model.Project{}, map[string]*model.Service{"web": {Image: "x", Volumes: []model.Mount{
			{Type: "bind", Source: "a.txt", Target: "/a", ReadOnly: true}, {Type: "bind", Source: "b.txt", Target: "/b", ReadOnly: true},
		}}})
		files := source.Mem{"a.txt": strings.Repeat("a", size), "b.txt": strings.Repeat("b", size)}
		_, ds := k8s.New().Lower(input(p, files, nil))
		if got := ds.Has(diag.Error); got != want {
			t.Errorf("%d bytes each: error is %v: %v", size, got, texts(ds))
		}
	}
}

// TestAccepted: what the target accepts is left out with a warning, and the rest compiles.
func TestAccepted(t *testing.T) {
	p := project(&model.Project{}, map[string]*model.Service{"web": {Image: "x", User: "postgres"}})
	set, ds := lowerOK(t, input(p, nil, func(t *model.Target) { t.Accept = []string{"services.*.user"} }))
	if len(ds) != 1 || ds[0].Code != diag.Accepted {
		t.Errorf("findings: %v", texts(ds))
	}
	if bytes.Contains(set.Get("web/deployment.yaml").Data, []byte("runAsUser")) {
		t.Error("it is not left out")
	}
}
