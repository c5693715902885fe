package check

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// What Compose implies is written out as loader/normalize.go of compose-go does.
func TestImply(t *testing.T) {
	root := yaml(t, "octo.yaml", `
services:
  plain: {image: a}
  empty: {image: a, networks: {}}
  own: {image: a, networks: {back: }}
  both: {image: a, networks: {default: {aliases: [x]}, back: }}
  host: {image: a, network_mode: host}
  prov: {provider: {type: x}}
  links:
    image: a
    links: ["plain:alias", own]
    depends_on: {own: {condition: service_healthy}, host: }
    ipc: service:empty
    pid: service:plain
    uts: host
    volumes_from: ["both:ro", "container:elsewhere"]
networks: {back: }
`)
	p, _ := Project(nil, root, Options{})
	nets := func(name string) string {
		out := ""
		for _, n := range p.Service(name).Networks {
			out += n.Network + " "
		}
		return out
	}
	for name, want := range map[string]string{
		"plain": "default ", "empty": "default ", "own": "back ", "both": "back default ", "host": "", "prov": "", "links": "default ",
	} {
		if got := nets(name); got != want {
			t.Errorf("%s is on %q, want %q", name, got, want)
		}
	}
	if d := p.Network("default"); d == nil || !d.Implicit || d.Path.String() != "networks.default" {
		t.Errorf("the default network: %+v", d)
	} else if diff := cmp.Diff([]string{"both", "empty", "links", "plain"}, d.MemberNames); diff != "" {
		t.Error(diff)
	}
	links := tree.Of("services", "links")
	want := []model.Dependency{
		{Service: "both", Condition: model.Started, Implied: links.Key("volumes_from").Index(0)},
		{Service: "empty", Condition: model.Started, Restart: true, Implied: links.Key("ipc")},
		{Service: "host", Condition: model.Started},
		{Service: "own", Condition: model.Healthy},
		{Service: "plain", Condition: model.Started, Restart: true, Implied: links.Key("links").Index(0)},
	}
	if diff := cmp.Diff(want, p.Service("links").DependsOn, asText); diff != "" {
		t.Error(diff)
	}
	if got := p.Dependants(p.Service("own")); len(got) != 1 || got[0].Name != "links" {
		t.Errorf("dependants of own: %v", got)
	}

	p, _ = Project(nil, yaml(t, "octo.yaml", "services: {a: {image: a, network_mode: host}}\nnetworks: {unused: }"), Options{})
	if len(p.Networks) != 1 || p.Network("default") != nil {
		t.Errorf("a default network that nobody uses: %v", p.Networks)
	}
	p, _ = Project(nil, yaml(t, "octo.yaml", "services: {a: {image: a}}\nnetworks: {default: {driver: x}}"), Options{})
	if d := p.Network("default"); d == nil || d.Implicit || d.Driver != "x" {
		t.Errorf("a default network that is written: %+v", d)
	}
}

// enabled: false takes a service out, and out of what others can do without.
func TestEnabled(t *testing.T) {
	root := yaml(t, "octo.yaml", `
services:
  web: {image: a, depends_on: {off: {condition: service_started, required: false}, gone: {condition: service_started}, on: {condition: service_started}}}
  off: {enabled: false}
  gone: {image: a, enabled: FALSE, replicas: 2, container_name: xx}
  on: {image: a, enabled: true}
`)
	p, ds := Project(compiled(t), root, Options{})
	if got := printed(t, ds, root); got != "" {
		t.Errorf("a service that is off is checked: %s", got)
	}
	var deps []string
	for _, d := range p.Service("web").DependsOn {
		deps = append(deps, d.Service)
	}
	if diff := cmp.Diff([]string{"gone", "on"}, deps); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"gone", "off"}, p.Disabled); diff != "" || len(p.Services) != 2 || p.Service("off") != nil {
		t.Error(diff, p.Services)
	}
}

// From names each file that says something, of what is there and of what was overridden, lowest layer first.
func TestFrom(t *testing.T) {
	core := yaml(t, "vendor/core.yaml", "services: {web: {image: a, environment: {A: 1}}, db: {image: b}}\nvolumes: {v: {name: x}}")
	octo := yaml(t, "octo.yaml", "services: {web: {environment: {A: 2}}}")
	top := yaml(t, "a-top.yaml", "services: {web: {ports: [{target: 80}]}}")
	web := core.Get("services").Get("web")
	env := web.Get("environment")
	high := octo.Get("services").Get("web").Get("environment").Get("A")
	env = env.Set("A", source.Span{}, high.Over(env.Get("A")))
	ports := top.Get("services").Get("web").Fields[0]
	web = web.Set("environment", source.Span{}, env).Set("ports", ports.KeyAt, ports.Value)
	root := core.Set("services", source.Span{}, core.Get("services").Set("web", source.Span{}, web))
	layers := []*source.File{core.At.File, octo.At.File, top.At.File}

	p, _ := Project(nil, root, Options{Layers: layers})
	if diff := cmp.Diff([]string{"vendor/core.yaml", "octo.yaml", "a-top.yaml"}, p.Service("web").From); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"vendor/core.yaml"}, p.Service("db").From); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"vendor/core.yaml"}, p.Volumes[0].From); diff != "" {
		t.Error(diff)
	}
	// The image alone replaced one of the core: the core is still where the service comes from.
	replaced := yaml(t, "octo.yaml", "services: {db: {image: c}}").Get("services").Get("db")
	db := replaced.Over(core.Get("services").Get("db"))
	p, _ = Project(nil, core.Set("services", source.Span{}, core.Get("services").Set("db", source.Span{}, db)), Options{})
	if diff := cmp.Diff([]string{"vendor/core.yaml", "octo.yaml"}, p.Service("db").From); diff != "" {
		t.Error(diff)
	}
	// The schema's defaults are nobody's file.
	def := tree.NewScalar(source.Span{Pos: source.Pos{File: &source.File{Rel: "schema/service.cue"}, Line: 1, Col: 1}}, tree.String, "no")
	withDefault := root.Set("services", source.Span{}, root.Get("services").Set("web", source.Span{}, web.Set("restart", source.Span{}, def)))
	for _, o := range []Options{{}, {Layers: layers}} {
		p, _ = Project(nil, withDefault, o)
		for _, name := range p.Service("web").From {
			if name == "schema/service.cue" {
				t.Errorf("the schema counts as a source: %q", p.Service("web").From)
			}
		}
	}
}
