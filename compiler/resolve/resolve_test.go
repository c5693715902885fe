package resolve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/check"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// yaml reads a tree that is canonical already.
func yaml(t testing.TB, name, text string) (*tree.Node, *source.File) {
	t.Helper()
	f := &source.File{Name: name, Rel: name, Data: []byte(text)}
	n, ds := parse.YAML(f)
	if len(ds) > 0 {
		t.Fatalf("the input of the test is not YAML: %s", ds[0].Text())
	}
	return n, f
}

// run resolves a config of one file, and prints what is found.
func run(t testing.TB, text string, o Options, profiles ...string) (*model.Project, string) {
	t.Helper()
	root, _ := yaml(t, "octo.yaml", text)
	p, _ := check.Project(nil, root, check.Options{Profiles: profiles})
	return p, printed(t, Project(p, root, o), root)
}

func printed(t testing.TB, ds diag.List, root *tree.Node) string {
	t.Helper()
	ds.Locate(root)
	var b strings.Builder
	for _, d := range ds.Sort() {
		b.WriteString(d.Text() + "\n")
		for _, r := range d.Related {
			b.WriteString("  " + r.At.String() + ": " + r.Message + "\n")
		}
		if d.Help != "" {
			b.WriteString("  help: " + d.Help + "\n")
		}
	}
	return b.String()
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name, in string
		o        Options
		profiles []string
		want     string
	}{
		{name: "all is there", in: `
services:
  web: {image: a, depends_on: {db: {condition: service_healthy}}, networks: {back: }, volumes: [{type: volume, source: data, target: /d}, {type: volume, target: /anonymous}, {type: bind, source: ./x, target: /x}], secrets: [{source: s}], configs: [{source: c}], links: ["db:base"], models: {llm: }}
  db: {image: b, healthcheck: {test: [CMD, x]}, networks: {back: }}
networks: {back: }
volumes: {data: }
secrets: {s: {file: f}}
configs: {c: {file: f}}
models: {llm: {model: m}}
`},
		{name: "a misspelt service, which is a dependency already", in: `
services:
  api:
    image: a
    depends_on:
      db: {condition: service_started}
      databse: {condition: service_healthy}
  db: {image: b}
  cache: {image: c}
`, want: `octo.yaml:7:7: error: services.api.depends_on.databse: no service is called "databse" [unknown-service]
  octo.yaml:6:7: services.api.depends_on.db stands here
  help: did you mean "db"? It is already a dependency: delete this line
`},
		{name: "other services: near, not near, many", in: `
services:
  api: {image: a, depends_on: {cahce: {condition: service_started}}, network_mode: "service:q"}
  cache: {image: c, links: [zzzz], volumes_from: ["container:any", "apo:ro"], pid: "service:zz"}
`, want: `octo.yaml:3:32: error: services.api.depends_on.cahce: no service is called "cahce" [unknown-service]
  help: did you mean "cache"?
octo.yaml:3:84: error: services.api.network_mode: no service is called "q" [unknown-service]
  help: the services are api and cache
octo.yaml:4:29: error: services.cache.links[0]: no service is called "zzzz" [unknown-service]
  help: the services are api and cache
octo.yaml:4:68: error: services.cache.volumes_from[1]: no service is called "apo" [unknown-service]
  help: did you mean "api"?
octo.yaml:4:84: error: services.cache.pid: no service is called "zz" [unknown-service]
  help: the services are api and cache
`},
		{name: "not required is still a name", in: `
services:
  api: {image: a, depends_on: {nobody: {condition: service_started, required: false}}}
`, want: `octo.yaml:3:32: error: services.api.depends_on.nobody: no service is called "nobody" [unknown-service]
  help: the only service is api
`},
		{name: "switched off", in: `
services:
  api: {image: a, depends_on: {db: {condition: service_healthy}, cache: {condition: service_started, required: false}}}
  db: {image: b, enabled: false}
  cache: {image: c, enabled: false}
`, want: `octo.yaml:3:32: error: services.api.depends_on.db: db is switched off [unknown-service]
  octo.yaml:4:18: enabled: false stands here
  help: delete this or switch db on; a dependency that may be missing says required: false
`},
		{name: "a profile that nobody asks for", in: `
services:
  api: {image: a, depends_on: {db: {condition: service_started}, seed: {condition: service_started, required: false}}}
  db: {image: b, profiles: [dev, test]}
  seed: {image: b, profiles: [dev]}
  tool: {image: b, profiles: [dev], links: [db]}
  linked: {image: b, links: [db, seed]}
`, want: `octo.yaml:3:32: error: services.api.depends_on.db: db is started by --profile dev or --profile test alone [unknown-service]
  octo.yaml:4:18: the profiles of db stand here
  help: compile with --profile dev or give this service the same profiles; a dependency that may be missing says required: false
octo.yaml:7:30: error: services.linked.links[0]: db is started by --profile dev or --profile test alone [unknown-service]
  octo.yaml:4:18: the profiles of db stand here
  help: compile with --profile dev or give this service the same profiles
octo.yaml:7:34: error: services.linked.links[1]: seed is started by --profile dev alone [unknown-service]
  octo.yaml:5:20: the profiles of seed stand here
  help: compile with --profile dev or give this service the same profiles
`},
		{name: "a profile that is asked for", profiles: []string{"dev"}, in: `
services:
  api: {image: a, depends_on: {db: {condition: service_started}}}
  db: {image: b, profiles: [dev]}
`},
		{name: "networks, volumes, configs, secrets, models", in: `
services:
  web:
    image: a
    networks: {bck: , front: }
    volumes:
      - {type: volume, source: dat, target: /d}
      - {type: volume, source: other, target: /e}
    configs: [{source: app}]
    secrets: [{source: pass}]
    models: {llm: }
    build: {context: ., secrets: [{source: token}], additional_contexts: {base: "service:db", q: "service:bd", u: "https://x"}}
  db: {image: postgres}
networks: {back: }
volumes: {data: }
`, want: `octo.yaml:5:16: error: services.web.networks.bck: no network is called "bck" [unknown-ref]
  octo.yaml:14:12: back stands here
  help: did you mean "back"?
octo.yaml:5:23: error: services.web.networks.front: no network is called "front" [unknown-ref]
  help: add to the top level: networks: { front: {} }
octo.yaml:7:32: error: services.web.volumes[0].source: no volume is called "dat" [unknown-ref]
  octo.yaml:15:11: data stands here
  help: did you mean "data"?
octo.yaml:8:32: error: services.web.volumes[1].source: no volume is called "other" [unknown-ref]
  help: add to the top level: volumes: { other: {} }; or, for a folder beside this file, write ./other
octo.yaml:9:24: error: services.web.configs[0].source: no config is called "app" [unknown-ref]
  help: add to the top level: configs: { app: { file: ./PATH } }
octo.yaml:10:24: error: services.web.secrets[0].source: no secret is called "pass" [unknown-ref]
  help: add to the top level: secrets: { pass: { file: ./PATH } }
octo.yaml:11:14: error: services.web.models.llm: no model is called "llm" [unknown-ref]
  help: add to the top level: models: { llm: { model: NAME } }
octo.yaml:12:44: error: services.web.build.secrets[0].source: no secret is called "token" [unknown-ref]
  help: add to the top level: secrets: { token: { file: ./PATH } }
octo.yaml:12:81: error: services.web.build.additional_contexts.base: db is not built here, so there is no image to build from [unknown-service]
  octo.yaml:13:3: db stands here
  help: write docker-image://postgres
octo.yaml:12:98: error: services.web.build.additional_contexts.q: no service is called "bd" [unknown-service]
  help: did you mean "db"?
`},
		{name: "a file is broken: what is missing may be there", o: Options{Broken: true}, in: `
services:
  web: {image: a, depends_on: {db: {condition: service_healthy}, api: {condition: service_healthy}}, networks: {x: }}
  api: {image: a}
`},
		{name: "a file is broken: what is nearly the name of something is a mistake all the same", o: Options{Broken: true}, in: `
services:
  web: {image: a, depends_on: {aip: {condition: service_started}}, networks: {bcak: , other: }, links: [zzz]}
  api: {image: a}
networks: {back: }
`, want: `octo.yaml:3:32: error: services.web.depends_on.aip: no service is called "aip" [unknown-service]
  help: did you mean "api"?
octo.yaml:3:79: error: services.web.networks.bcak: no network is called "bcak" [unknown-ref]
  octo.yaml:5:12: back stands here
  help: did you mean "back"?
`},
		{name: "unless the broken file knows the name", o: Options{Broken: true, Files: []*source.File{{Data: []byte("services:\n\taip: {}")}}}, in: `
services:
  web: {image: a, depends_on: {aip: {condition: service_started}}}
  api: {image: a}
`},
		{name: "two that wait for each other", in: `
services:
  api: {image: a, depends_on: {db: {condition: service_started}}}
  db: {image: b, depends_on: {api: {condition: service_started}}}
`, want: `octo.yaml:4:31: error: services.db.depends_on.api: db waits for api, and api waits for db: neither would start [cycle]
  octo.yaml:3:32: api waits for db
  help: delete one of the two
`},
		{name: "itself, and through links and namespaces", in: `
services:
  a: {image: a, depends_on: {a: {condition: service_started}}}
  b: {image: a, links: [c]}
  c: {image: a, network_mode: "service:d"}
  d: {image: a, volumes_from: [b]}
  e: {image: a, depends_on: {b: {condition: service_started}}}
`, want: `octo.yaml:3:30: error: services.a.depends_on.a: a waits for itself: it would never start [cycle]
  help: delete this
octo.yaml:6:32: error: services.d.volumes_from[0]: d waits for b, b waits for c, and c waits for d: none of them would start [cycle]
  octo.yaml:4:25: b waits for c
  octo.yaml:5:17: c waits for d
  help: delete one of the three
`},
		{name: "healthy without a check", in: `
services:
  a:
    image: a
    depends_on:
      none: {condition: service_healthy}
      off: {condition: service_healthy}
      timing: {condition: service_healthy}
      good: {condition: service_healthy}
      checked: {condition: service_healthy}
  none: {image: a}
  off: {image: a, healthcheck: {test: [NONE]}}
  timing: {image: a, healthcheck: {interval: 5s}}
  good: {image: a, healthcheck: {tcp: {port: 1}}}
  checked: {image: a, checks: {ready: {tcp: {port: 1}}}}
`, want: `octo.yaml:6:25: warning: services.a.depends_on.none.condition: none has no healthcheck, so it is healthy only if its image brings one [required]
  octo.yaml:11:3: none stands here
  help: add a healthcheck to services.none, or write condition: service_started
octo.yaml:7:24: error: services.a.depends_on.off.condition: off is never healthy: its check is switched off [required]
  octo.yaml:12:19: the check of off stands here
  help: write condition: service_started, or give off a check
octo.yaml:8:27: warning: services.a.depends_on.timing.condition: timing has no healthcheck, so it is healthy only if its image brings one [required]
  octo.yaml:13:3: timing stands here
  help: add a healthcheck to services.timing, or write condition: service_started
`},
		{name: "ports of the host", in: `
services:
  a: {image: a, ports: [{target: 80, published: "8080"}, {target: 81, published: "8080"}, {target: 82, published: "8080", protocol: udp}]}
  b: {image: a, ports: [{target: 80, published: "8080", host_ip: 127.0.0.1}]}
  c: {image: a, ports: [{target: 80, published: "9000", host_ip: 127.0.0.1}, {target: 80, published: "9000", host_ip: 127.0.0.2}, {target: 80, published: "9000", host_ip: "::ffff:127.0.0.1"}]}
  d: {image: a, ports: [{target: 80, published: "9000", host_ip: "::"}, {target: 80, published: 7000-7010}, {target: 80, published: 7000-7010}, {target: 80}]}
  e: {image: a, profiles: [x], ports: [{target: 80, published: "8080"}]}
  f: {image: a, network_mode: host, ports: [{target: 80, published: "8080"}]}
`, want: `octo.yaml:3:58: error: services.a.ports[1]: cannot publish port 8080/tcp of the host on every address: the same service publishes it already [port-clash]
  octo.yaml:3:25: a publishes it here
  help: publish another port, or bind the two to different addresses
octo.yaml:4:25: error: services.b.ports[0]: cannot publish port 8080/tcp of the host on 127.0.0.1: a publishes it already [port-clash]
  octo.yaml:3:25: a publishes it here
  help: publish another port, or bind the two to different addresses
octo.yaml:5:131: error: services.c.ports[2]: cannot publish port 9000/tcp of the host on 127.0.0.1: the same service publishes it already [port-clash]
  octo.yaml:5:25: c publishes it here
  help: publish another port, or bind the two to different addresses
octo.yaml:6:25: error: services.d.ports[0]: cannot publish port 9000/tcp of the host on every address: c publishes it already [port-clash]
  octo.yaml:5:25: c publishes it here
  help: publish another port, or bind the two to different addresses
`},
		{name: "the later place is reported, not the later name", in: `
services:
  z: {image: a, ports: [{target: 80, published: "1"}], container_name: n}
  b: {image: a, ports: [{target: 1}, {target: 2, published: bad}, {target: 3, published: 5-6}, {target: 80, published: "1"}], container_name: n}
  a: {image: a, networks: {n: {ipv6_address: "::9"}, o: {ipv4_address: 1.2.3.4}}}
  c: {image: a, networks: {o: {ipv4_address: 1.2.3.4}}, profiles: [x], container_name: n}
  d: {image: a, networks: {o: {ipv4_address: 1.2.3.4}}}
networks: {n: , o: }
`, want: `octo.yaml:4:96: error: services.b.ports[3]: cannot publish port 1/tcp of the host on every address: z publishes it already [port-clash]
  octo.yaml:3:25: z publishes it here
  help: publish another port, or bind the two to different addresses
octo.yaml:4:143: error: services.b.container_name: cannot use "n" for a second container: z has that name [name-clash]
  octo.yaml:3:56: z takes it here
  help: delete container_name: other services reach this one as "b"
octo.yaml:7:46: error: services.d.networks.o.ipv4_address: cannot use 1.2.3.4: a has it [duplicate]
  octo.yaml:5:58: a takes it here
  help: use another address of o
`},
		{name: "replicas", in: `
services:
  a: {image: a, replicas: 3, ports: [{target: 80, published: "8080"}]}
  b: {image: a, replicas: 3, ports: [{target: 80, published: 9000-9001}]}
  c: {image: a, replicas: 3, ports: [{target: 80, published: 9100-9102}, {target: 81}]}
`, want: `octo.yaml:3:38: error: services.a.ports[0]: 3 replicas cannot share port 8080 of a host [port-clash]
  octo.yaml:3:17: the number of replicas stands here
  help: publish a range, such as 8080-8082, or put a proxy before them
octo.yaml:4:38: error: services.b.ports[0]: 3 replicas cannot share the 2 ports 9000-9001 of a host [port-clash]
  octo.yaml:4:17: the number of replicas stands here
  help: publish a range, such as 9000-9002, or put a proxy before them
`},
		{name: "replicas in a cluster", o: Options{Cluster: true}, in: `
services:
  a: {image: a, replicas: 3, ports: [{target: 80, published: "8080"}]}
`},
		{name: "fixed addresses", in: `
services:
  a: {image: a, networks: {n: {ipv4_address: 10.0.0.5, ipv6_address: "fd00::5"}}}
  b: {image: a, networks: {n: {ipv4_address: 10.0.0.5}}}
  c: {image: a, networks: {n: {ipv4_address: 10.1.0.5}}}
  d: {image: a, networks: {n: {ipv4_address: here}}}
  e: {image: a, replicas: 2, networks: {n: {ipv4_address: 10.0.0.6}}}
  f: {image: a, networks: {n: {ipv4_address: "fd00::6"}}}
networks:
  n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}
`, want: `octo.yaml:4:46: error: services.b.networks.n.ipv4_address: cannot use 10.0.0.5: a has it [duplicate]
  octo.yaml:3:32: a takes it here
  help: use another address of n
octo.yaml:5:46: error: services.c.networks.n.ipv4_address: cannot use 10.1.0.5: it is not in 10.0.0.0/24, the subnet of n [range]
  octo.yaml:10:7: the subnet stands here
octo.yaml:6:46: error: services.d.networks.n.ipv4_address: cannot use "here" as an IPv4 address [type]
octo.yaml:7:59: error: services.e.networks.n.ipv4_address: cannot give one address to 2 replicas [exclusive]
  help: delete it
octo.yaml:8:46: error: services.f.networks.n.ipv4_address: cannot use "fd00::6" as an IPv4 address [type]
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := run(t, c.in, c.o, c.profiles...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The edge in the highest layer is reported, whatever the name of its file, and as the one that is most likely wrong.
func TestCycleAcrossLayers(t *testing.T) {
	low, lowFile := yaml(t, "z-core.yaml", "services:\n  api: {image: a, depends_on: {db: {condition: service_started}}}\n  db: {image: b}\n")
	high, highFile := yaml(t, "octo.yaml", "services:\n  db: {depends_on: {api: {condition: service_started}}}\n")
	services := low.Get("services")
	dep := high.Get("services").Get("db").Fields[0]
	db := services.Get("db").Set("depends_on", dep.KeyAt, dep.Value)
	root := low.Set("services", low.At, services.Set("db", low.At, db))
	p, _ := check.Project(nil, root, check.Options{})
	got := printed(t, Project(p, root, Options{Layers: []*source.File{lowFile, highFile}}), root)
	want := `octo.yaml:2:21: error: services.db.depends_on.api: db waits for api, and api waits for db: neither would start [cycle]
  z-core.yaml:2:32: api waits for db
  help: delete one of the two; api needs db, so most likely this one
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = printed(t, Project(p, root, Options{Layers: []*source.File{highFile, lowFile}}), root)
	if !strings.HasPrefix(got, "z-core.yaml:2:32: error: services.api.depends_on.db: api waits for db") || !strings.Contains(got, "db needs api, so most likely this one") {
		t.Errorf("with the layers the other way round: %s", got)
	}
}

func TestSteps(t *testing.T) {
	p, found := run(t, `
services:
  web: {image: a, depends_on: {api: {condition: service_started}, cache: {condition: service_started}}}
  api: {image: a, depends_on: {db: {condition: service_started}, migrate: {condition: service_completed_successfully}}}
  migrate: {image: a, depends_on: {db: {condition: service_started}}}
  cache: {image: a}
  db: {image: a}
  alone: {image: a}
`, Options{})
	want := [][]string{{"alone", "cache", "db"}, {"migrate"}, {"api"}, {"web"}}
	if diff := cmp.Diff(want, p.Steps); diff != "" || found != "" {
		t.Error(diff, found)
	}
	p, _ = run(t, `
services:
  a: {image: a, depends_on: {b: {condition: service_started}}}
  b: {image: a, depends_on: {a: {condition: service_started}}}
  c: {image: a, depends_on: {a: {condition: service_started}}}
  d: {image: a}
`, Options{})
	if diff := cmp.Diff([][]string{{"d"}, {"a", "b", "c"}}, p.Steps); diff != "" {
		t.Error(diff)
	}
}

// A long ring is told by its first services.
func TestLongRings(t *testing.T) {
	for n, want := range map[int]string{
		3: "octo.yaml:1:1: error: services.s000002.depends_on.s000000: s000002 waits for s000000, s000000 waits for s000001, and s000001 waits for s000002: none of them would start [cycle]|2|delete one of the three",
		7: "octo.yaml:1:1: error: services.s000006.depends_on.s000000: s000006 waits for s000000, s000000 waits for s000001, s000001 waits for s000002, s000002 waits for s000003, s000003 waits for s000004, s000004 waits for s000005, and s000005 waits for s000006: none of them would start [cycle]|6|delete one of the 7",
		9: "octo.yaml:1:1: error: services.s000008.depends_on.s000000: s000008 waits for s000000, s000000 waits for s000001, s000001 waits for s000002, s000002 waits for s000003, s000003 waits for s000004, s000004 waits for s000005, … (9 services in all), and s000007 waits for s000008: none of them would start [cycle]|6|delete one of the 9",
	} {
		p, root := chain(n, true)
		ds := Project(p, root, Options{})
		if len(ds) != 1 {
			t.Fatalf("%d findings", len(ds))
		}
		ds[0].AtSpan(source.Span{Pos: source.Pos{File: root.At.File, Line: 1, Col: 1}})
		if got := fmt.Sprintf("%s|%d|%s", ds[0].Text(), len(ds[0].Related), ds[0].Help); got != want {
			t.Errorf("ring of %d:\n%s\nwant\n%s", n, got, want)
		}
	}
}

// Rings that share services are told one by one, up to a limit, and the rest in one sentence.
func TestManyRings(t *testing.T) {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range 30 {
		fmt.Fprintf(&b, "  s%02d: {image: a, depends_on: {", i)
		for j := range 30 {
			if i != j {
				fmt.Fprintf(&b, "s%02d: {condition: service_started}, ", j)
			}
		}
		b.WriteString("}}\n")
	}
	_, got := run(t, b.String(), Options{})
	if n := strings.Count(got, "[cycle]"); n != maxRings+1 {
		t.Errorf("%d findings, want %d", n, maxRings+1)
	}
}

// chain is a project of n services, each waiting for the next; with close the last waits for the first.
func chain(n int, close bool) (*model.Project, *tree.Node) {
	f := &source.File{Name: "octo.yaml"}
	at := func(line int) source.Span { return source.Span{Pos: source.Pos{File: f, Line: int32(line), Col: 1}} }
	var fields []tree.Field
	for i := range n {
		service := []tree.Field{{Key: "image", KeyAt: at(i), Value: tree.NewScalar(at(i), tree.String, "a")}}
		if i+1 < n || close {
			dep := tree.NewMap(at(i), []tree.Field{{Key: fmt.Sprintf("s%06d", (i+1)%n), KeyAt: at(i), Value: tree.NewMap(at(i), nil)}})
			service = append(service, tree.Field{Key: "depends_on", KeyAt: at(i), Value: dep})
		}
		fields = append(fields, tree.Field{Key: fmt.Sprintf("s%06d", i), KeyAt: at(i), Value: tree.NewMap(at(i), service)})
	}
	root := tree.NewMap(at(0), []tree.Field{{Key: "services", KeyAt: at(0), Value: tree.NewMap(at(0), fields)}})
	p, _ := check.Project(nil, root, check.Options{})
	return p, root
}

// A chain of 10,000 costs ten times one of 1,000, in allocations and in the bytes that they take; so does a ring, of
// which one finding comes out.
func TestLongChains(t *testing.T) {
	for _, closed := range []bool{false, true} {
		cost := func(n int) float64 {
			p, root := chain(n, closed)
			return testing.AllocsPerRun(3, func() {
				p.Steps = nil
				found := Project(p, root, Options{})
				if closed != (len(found) == 1) || len(found) > 1 {
					t.Fatalf("%d services, ring %v: %d findings", n, closed, len(found))
				}
				if want := map[bool]int{false: n, true: 1}[closed]; len(p.Steps) != want {
					t.Fatalf("%d steps, want %d", len(p.Steps), want)
				}
			})
		}
		if small, large := cost(1000), cost(10000); large > 11*small {
			t.Errorf("ring %v: %.0f allocations for 1,000 services, %.0f for 10,000", closed, small, large)
		}
	}
}

func TestAbbreviation(t *testing.T) {
	for _, c := range []struct {
		word  string
		names []string
		want  string
	}{
		{"databse", []string{"api", "db"}, "db"},
		{"pg", []string{"api", "pgsql-main"}, "pgsql-main"},
		{"database", []string{"db", "dbs"}, ""}, // not one
		{"x", []string{"xylophone"}, ""},        // a letter is not enough
		{"database", []string{"tb"}, ""},
	} {
		if got := abbreviation(c.word, c.names); got != c.want {
			t.Errorf("abbreviation(%q, %q) = %q, want %q", c.word, c.names, got, c.want)
		}
	}
}

// Whatever is in the tree, resolving does not panic, and every finding has a place in it.
func FuzzProject(f *testing.F) {
	f.Add("services: {a: {depends_on: {a: }, links: [b, ':'], ports: [{published: 1-2}], networks: {n: {ipv4_address: x}}}}\nnetworks: {n: {ipam: {config: [{subnet: q}]}}}")
	f.Add("services: {a: {network_mode: 'service:', volumes_from: ['']}, b: {enabled: false}}\ntargets: {k8s: {accept: ['[', '']}}")
	f.Fuzz(func(t *testing.T, text string) {
		root, _ := parse.YAML(&source.File{Name: "octo.yaml", Data: []byte(text)})
		if root == nil {
			return
		}
		p, _ := check.Project(nil, root, check.Options{})
		ds := Project(p, root, Options{})
		ds.Locate(root)
		for _, d := range ds {
			if d.At.IsZero() && !d.Path.IsRoot() {
				t.Errorf("no place for %s", d.Text())
			}
		}
	})
}

func BenchmarkProject(b *testing.B) {
	p, root := chain(1000, false)
	b.ReportAllocs()
	for b.Loop() {
		p.Steps = nil
		Project(p, root, Options{})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/service")
}
