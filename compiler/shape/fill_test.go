package shape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/tree"
)

// TestFill: defaults stand behind what was written, know their place in the schema, and leave the rest alone.
func TestFill(t *testing.T) {
	root := compiled(t).Def("#Project")
	n := node(t, `
services:
  a:
    image: x
    env_file: [{ path: e }]
    depends_on: { b: { condition: service_started } }
    checks: { c: { tcp: { port: 1 }, level: alive } }
  b: { image: y }
networks: { n: null }
`)
	got := root.Fill(n)
	want := node(t, `
services:
  a:
    image: x
    env_file: [{ path: e, required: true }]
    depends_on: { b: { condition: service_started, required: true } }
    checks: { c: { tcp: { port: 1 }, level: alive, interval: 30s, timeout: 30s, start_period: 0s, failures: 3, successes: 1 } }
  b: { image: y }
networks: { n: null }
`)
	if diff := cmp.Diff(goOf(want), goOf(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.Get("services").Get("b") != n.Get("services").Get("b") || got.Get("networks") != n.Get("networks") {
		t.Error("what needs no default was copied")
	}
	d := got.Get("services").Get("a").Get("env_file").Items[0].Get("required")
	if !d.Derived || d.At.File == nil || d.At.File.Name != "files.cue" || !strings.Contains(d.At.File.Line(int(d.At.Line)), "@default(true)") {
		t.Errorf("the default is at %s, derived %t", d.At, d.Derived)
	}
	if e := n.Get("services").Get("a").Get("env_file").Items[0]; e.Get("required") != nil {
		t.Error("the input was changed")
	}
	if again := root.Fill(got); again != got {
		t.Error("a filled tree was filled again")
	}
	if root.Check(tree.Root, got, Canonical) != nil {
		t.Error("defaults do not fit")
	}
}

// TestLeaves: the leaves are those of the canonical tree.
func TestLeaves(t *testing.T) {
	s := compiled(t)
	leaves := map[string]Leaf{}
	for _, l := range s.Leaves("#Project") {
		if _, ok := leaves[l.Path]; ok {
			t.Errorf("%s twice", l.Path)
		}
		if l.Field == nil || l.Shape == nil {
			t.Errorf("%s has no field or shape", l.Path)
		}
		leaves[l.Path] = l
	}
	for _, p := range strings.Fields(`name services.*.image services.*.command services.*.environment.* services.*.ports[].published
		services.*.volumes[].bind.create_host_path services.*.env_file[].path services.*.build.context services.*.ulimits.* services.*.ulimits.*.soft
		services.*.extra_hosts.* services.*.healthcheck.test services.*.replicas services.*.depends_on.*.condition services.*.cap_add
		services.*.gpus[].count services.*.deploy.resources.limits.cpus services.*.target.k8s services.*.storage_opt
		networks.*.external networks.*.ipam.config[].aux_addresses.* secrets.*.credential secrets.*.vault.path secrets.*.sops.key secrets.*.prompt targets.*.accept services.*.networks.*.aliases
		services.*.logging.options.* services.*.provider.options.* services.*.pre_start[].image`) {
		if _, ok := leaves[p]; !ok {
			t.Errorf("%s is missing", p)
		}
	}
	for p := range leaves {
		for _, never := range []string{"x-", "services.*.scale", "deploy.replicas", "extends", "include[", "jobs", "external.name", "services.*.build.context."} {
			if strings.Contains(p, never) {
				t.Errorf("%s is not a leaf of the canonical tree", p)
			}
		}
	}
	if n := leaves["services.*.ports[].published"].Field.Name; n != "published" {
		t.Errorf("the field of services.*.ports[].published is %q", n)
	}
	if s.Leaves("#Nothing") != nil {
		t.Error("a definition that is not there has leaves")
	}
	var paths []string
	for _, l := range dialectSchema(t).Leaves("#Config") {
		paths = append(paths, l.Path)
	}
	want := "listen url level free ratio under name flag db.host db.port db.deep.a db.deep.b probes[].type probes[].port probes[].path " +
		"probes[].command probes[].note some tags any map.* open.a"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestReference: the page names each definition once, and each field.
func TestReference(t *testing.T) {
	s := compiled(t)
	page := string(Reference(s))
	for _, want := range []string{
		"# The keys of a config\n", "\n## Project\n", "\n## Service\n", "\n## Target\n",
		"| `image` | string |  | The image to run: [REGISTRY/]NAME[:TAG][@DIGEST]. |\n",
		"| `resources.limits.cpus` | cpus |  | Processors: 0.5 is half of one. |\n",
		"| `required` | boolean | `true` | Without it, the other service may be missing: there is only a warning. |\n",
		"| `condition` | `service_started`, `service_healthy` or `service_completed_successfully` |  | When the other service counts as there: it was started, it is healthy, or it has ended with success. Required. |\n",
		"| `jobs` | not yet |  | Kept for programs that run to completion, by schedule or by hand. |\n",
		"| `checks` | mapping of NAME to [Check](#check) |",
	} {
		if strings.Count(page, want) == 0 {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, name := range s.Order {
		if n := strings.Count(page, "\n## "+name[1:]+"\n"); n > 1 {
			t.Errorf("%s stands there %d times", name, n)
		}
	}
	entries := s.Describe("#TCPCheck")
	if len(entries) != 1 || entries[0].Key != "port" || entries[0].Type != "port" || entries[0].Doc != "The port of the container." {
		t.Errorf("#TCPCheck is described as %+v", entries)
	}
}

// serviceText is a service of 14 lines, as most are.
const serviceText = `image: ghcr.io/example/api:1.2.3
command: [serve, --port, "8080"]
restart: unless-stopped
environment:
  DB_HOST: db
  DB_PORT: 5432
  LOG_LEVEL: info
ports: ["8080:8080"]
volumes: ["data:/data"]
depends_on:
  db: { condition: service_healthy }
networks: [back]
mem_limit: 512m
stop_grace_period: 20s
`

func BenchmarkCheckService(b *testing.B) {
	s := compiled(b).Def("#Service")
	n := node(b, serviceText)
	for _, mode := range []Mode{Surface, Canonical} {
		b.Run([]string{"Surface", "Canonical"}[mode], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if l := s.Check(tree.Root, n, mode); l != nil {
					b.Fatal(texted(l))
				}
			}
		})
	}
}

// TestCheckAllocates holds the way through a sound tree to at most the checker itself.
func TestCheckAllocates(t *testing.T) {
	s := compiled(t).Def("#Service")
	n := node(t, serviceText)
	for _, mode := range []Mode{Surface, Canonical} {
		if got := testing.AllocsPerRun(100, func() { s.Check(tree.Root, n, mode) }); got > 1 {
			t.Errorf("a service costs %v allocations", got)
		}
	}
}
