package check

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

func ptr[T any](v T) *T { return &v }

// asText compares addresses and nodes by what they say.
var asText = cmp.Options{
	cmpopts.IgnoreUnexported(model.Project{}),
	cmp.Transformer("path", func(p tree.Path) string { return p.String() }),
	cmp.Transformer("node", func(n *tree.Node) string {
		if n == nil {
			return ""
		}
		return n.Kind.String() + " " + n.Text
	}),
}

const everything = `
name: shop
x-b: 2
x-a: 1
services:
  web:
    image: nginx
    build: {context: ., args: {B: b, A: , N: 1}, pull: true, platforms: [linux/amd64]}
    binary: {linux_arm64: {url: https://b, sha256: b}, linux_amd64: {url: https://a, path: bin/web}}
    command: []
    environment: {Z: "1", A: two, N: }
    env_file: [{path: .env, required: false}, {path: b.env}]
    ports: [{target: 80, published: "8080", protocol: tcp}]
    networks: {front: {aliases: [www], priority: 5, driver_opts: {k: v}}, back: }
    extra_hosts: {h: [1.1.1.1, 2.2.2.2]}
    volumes:
      - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0755}}
      - {type: bind, source: src, target: /s, bind: {create_host_path: false}}
    configs: [{source: c, mode: 288}]
    secrets: [{source: s, mode: "0440", uid: "5"}]
    depends_on: {db: {condition: service_healthy, restart: true, required: false}, api: {condition: service_started}}
    healthcheck: {test: [CMD, x], interval: 1m30s, retries: 3, timeout: 500ms}
    deploy:
      mode: replicated
      resources: {limits: {cpus: "0.50", memory: 1536M, pids: 10}, reservations: {devices: [{capabilities: [gpu], count: all}]}}
      restart_policy: {condition: any, max_attempts: 3, window: 2s}
      update_config: {max_failure_ratio: 0.5}
      placement: {preferences: [{spread: node.labels.zone}], max_replicas_per_node: 1}
    replicas: 3
    stop_grace_period: 1h2m
    init: false
    tty: true
    mem_limit: 1.5g
    memswap_limit: -1
    cpu_quota: 50ms
    cpu_shares: 1e3
    oom_score_adj: -500
    ulimits: {nproc: 65535, nofile: {soft: 20000, hard: 40000}}
    logging: {driver: json-file, options: {max-size: 10m}}
    x-k: {a: b}
  api: {image: b}
  db: {image: c}
networks: {front: {ipam: {config: [{subnet: 10.0.0.0/24, aux_addresses: {h: 10.0.0.9}}]}, internal: true}, back: }
volumes: {data: {size: 10Gi, x-v: 1}}
secrets: {s: {file: s.txt}}
configs: {c: {content: "hello"}}
models: {m: {model: ai/x, context_size: 4096}}
targets: {k8s: {namespace: shop, min_version: {kubernetes: "1.30"}, accept: [a]}, systemd: }
`

func TestDecodeEverything(t *testing.T) {
	root := yaml(t, "octo.yaml", everything)
	p, ds := Project(nil, root, Options{Inputs: []string{"octo.yaml"}, Profiles: []string{"dev"}})
	if got := printed(t, ds, root); got != "" {
		t.Error(got)
	}
	web := &model.Service{
		Name: "web", Path: tree.Of("services", "web"), From: []string{"octo.yaml"}, Image: "nginx",
		Build: &model.Build{
			Context: ".", Args: []model.Pair{{Key: "A", Null: true}, {Key: "B", Value: "b"}, {Key: "N", Value: "1"}}, Pull: ptr(true), Platforms: []string{"linux/amd64"},
		},
		Binary:      []model.Binary{{Platform: "linux_amd64", URL: "https://a", InArchive: "bin/web"}, {Platform: "linux_arm64", URL: "https://b", SHA256: "b"}},
		Command:     []string{},
		Environment: []model.Pair{{Key: "A", Value: "two"}, {Key: "N", Null: true}, {Key: "Z", Value: "1"}},
		EnvFile:     []model.EnvFile{{Path: ".env", Required: ptr(false)}, {Path: "b.env"}},
		Ports:       []model.Port{{Target: 80, Published: "8080", Protocol: "tcp"}},
		Networks: []model.NetworkAttachment{
			{Network: "back"}, {Network: "front", Aliases: []string{"www"}, Priority: 5, DriverOpts: []model.Pair{{Key: "k", Value: "v"}}},
		},
		ExtraHosts: []model.Host{{Name: "h", Addresses: []string{"1.1.1.1", "2.2.2.2"}}},
		Volumes: []model.Mount{
			{Type: "tmpfs", Target: "/t", Tmpfs: &model.MountTmpfs{Size: ptr(model.Bytes(1 << 20)), Mode: ptr(model.Mode(0o755))}},
			{Type: "bind", Source: "src", Target: "/s", Bind: &model.MountBind{CreateHostPath: ptr(false)}},
		},
		Configs: []model.FileRef{{Source: "c", Mode: ptr(model.Mode(0o440))}},
		Secrets: []model.FileRef{{Source: "s", Mode: ptr(model.Mode(0o440)), UID: "5"}},
		DependsOn: []model.Dependency{
			{Service: "api", Condition: model.Started}, {Service: "db", Condition: model.Healthy, Restart: true, Required: ptr(false)},
		},
		Healthcheck: &model.Healthcheck{
			Test: []string{"CMD", "x"}, Interval: ptr(model.Duration(90e9)), Retries: ptr(3), Timeout: ptr(model.Duration(5e8)),
		},
		Deploy: &model.Deploy{
			Mode: "replicated",
			Resources: &model.Resources{
				Limits:       &model.Resource{CPUs: ptr(model.CPUs(5e8)), Memory: ptr(model.Bytes(3 << 29)), Pids: ptr(int64(10))},
				Reservations: &model.Resource{Devices: []model.DeviceRequest{{Capabilities: []string{"gpu"}, Count: "all"}}},
			},
			RestartPolicy: &model.RestartPolicy{Condition: "any", MaxAttempts: ptr(3), Window: ptr(model.Duration(2e9))},
			UpdateConfig:  &model.UpdateConfig{MaxFailureRatio: "0.5"},
			Placement:     &model.Placement{Preferences: []model.Preference{{Spread: "node.labels.zone"}}, MaxReplicasPerNode: ptr(1)},
		},
		Replicas: ptr(3), StopGracePeriod: ptr(model.Duration(3720e9)), Init: ptr(false), TTY: true,
		MemLimit: ptr(model.Bytes(3 << 29)), MemSwapLimit: ptr(model.Bytes(-1)), CPUQuota: ptr(int64(50000)), CPUShares: ptr(int64(1000)), OOMScoreAdj: ptr(-500),
		Ulimits:    []model.Ulimit{{Name: "nofile", Soft: 20000, Hard: 40000}, {Name: "nproc", Single: ptr(int64(65535))}},
		Logging:    &model.Logging{Driver: "json-file", Options: []model.Pair{{Key: "max-size", Value: "10m"}}},
		Extensions: []model.Extension{{Key: "x-k", Value: &tree.Node{Kind: tree.Map}}},
	}
	other := func(name, image string) *model.Service {
		return &model.Service{Name: name, Path: tree.Of("services", name), From: []string{"octo.yaml"}, Image: image, Networks: []model.NetworkAttachment{{Network: "default"}}}
	}
	from := []string{"octo.yaml"}
	want := &model.Project{
		Name: "shop", Services: []*model.Service{other("api", "b"), other("db", "c"), web},
		Networks: []*model.Network{
			{Key: "back", Path: tree.Of("networks", "back"), From: from, MemberNames: []string{"web"}},
			{Key: "default", Path: tree.Of("networks", "default"), Implicit: true, MemberNames: []string{"api", "db"}},
			{Key: "front", Path: tree.Of("networks", "front"), From: from, Internal: true, MemberNames: []string{"web"},
				IPAM: &model.IPAM{Config: []model.IPAMPool{{Subnet: "10.0.0.0/24", AuxAddresses: []model.Pair{{Key: "h", Value: "10.0.0.9"}}}}}},
		},
		Volumes: []*model.Volume{{Key: "data", Path: tree.Of("volumes", "data"), From: from, Size: ptr(model.Bytes(10 << 30)),
			Extensions: []model.Extension{{Key: "x-v", Value: &tree.Node{Kind: tree.Int, Text: "1"}}}}},
		Secrets: []*model.Secret{{Key: "s", Path: tree.Of("secrets", "s"), From: from, File: "s.txt"}},
		Configs: []*model.Config{{Key: "c", Path: tree.Of("configs", "c"), From: from, Content: ptr("hello")}},
		Models:  []*model.Model{{Key: "m", Path: tree.Of("models", "m"), Model: "ai/x", ContextSize: ptr(4096)}},
		Targets: []*model.Target{
			{Name: "k8s", Path: tree.Of("targets", "k8s"), Backend: "k8s", Namespace: "shop", MinVersion: []model.Pair{{Key: "kubernetes", Value: "1.30"}}, Accept: []string{"a"}},
			{Name: "systemd", Path: tree.Of("targets", "systemd"), Backend: "systemd"},
		},
		Inputs: []string{"octo.yaml"}, Profiles: []string{"dev"},
		Extensions: []model.Extension{{Key: "x-a", Value: &tree.Node{Kind: tree.Int, Text: "1"}}, {Key: "x-b", Value: &tree.Node{Kind: tree.Int, Text: "2"}}},
	}
	if diff := cmp.Diff(want, p, asText); diff != "" {
		t.Error(diff)
	}
	if p.Service("web") == nil || !p.Service("web").TTY || p.Network("front") == nil {
		t.Error("the project is not indexed")
	}
}

// Values as people write them, one at a time.
func TestScalars(t *testing.T) {
	for _, c := range []struct {
		field, text string
		want        any
		bad         bool
	}{
		{"MemLimit", "512M", model.Bytes(512 << 20), false},
		{"MemLimit", "1024", model.Bytes(1024), false},
		{"MemLimit", "many", nil, true},
		{"MemLimit", "[1]", nil, true},
		{"StopGracePeriod", "1m30s", model.Duration(90e9), false},
		{"StopGracePeriod", "1w", model.Duration(7 * 24 * 3600e9), false},
		{"StopGracePeriod", "soon", nil, true},
		{"CPUs", "1.5", model.CPUs(15e8), false},
		{"CPUs", "1", model.CPUs(1e9), false},
		{"Replicas", "3", 3, false},
		{"Replicas", "0x10", 16, false},
		{"Replicas", "017", 15, false},
		{"Replicas", "2.0", 2, false},
		{"Replicas", "2.5", nil, true},
		{"Replicas", "true", nil, true},
		{"Replicas", "9999999999999999999", nil, true},
		{"Replicas", "", nil, false},
		{"Init", "true", true, false},
		{"Init", "FALSE", false, false},
		{"Init", "maybe", nil, true},
		{"User", "1000", "1000", false},
		{"User", "0o17", "0o17", false},
		{"User", "{a: b}", "", true},
		{"CapAdd", "[A, 1]", []string{"A", "1"}, false},
		{"CapAdd", "[A, [B]]", []string{"A", ""}, true},
		{"CapAdd", "A", []string(nil), true},
		{"CapAdd", "", []string(nil), false},
		{"Sysctls", "{b: 1, a: true}", []model.Pair{{Key: "a", Value: "true"}, {Key: "b", Value: "1"}}, false},
		{"Sysctls", "[a]", []model.Pair(nil), true},
		{"Logging", "text", nil, true},
	} {
		t.Run(c.field+" "+c.text, func(t *testing.T) {
			f, _ := reflect.TypeFor[model.Service]().FieldByName(c.field)
			root := yaml(t, "octo.yaml", fmt.Sprintf("services: {web: {image: a, %s: %s}}", parseTag(f.Tag.Get("octo")).name, c.text))
			p, ds := Project(nil, root, Options{})
			v := reflect.ValueOf(p.Services[0]).Elem().FieldByName(c.field)
			if v.Kind() == reflect.Pointer {
				if v.IsNil() != (c.want == nil) {
					t.Fatalf("%s: %s gives %v, want %v", c.field, c.text, v, c.want)
				}
				if v.IsNil() {
					v = reflect.Zero(v.Type().Elem())
					c.want = v.Interface()
				} else {
					v = v.Elem()
				}
			}
			if !reflect.DeepEqual(v.Interface(), c.want) {
				t.Errorf("%s: %s gives %v, want %v", c.field, c.text, v, c.want)
			}
			if ds.Has(diag.Error) != c.bad {
				t.Errorf("%s: %s: %s", c.field, c.text, printed(t, ds, root))
			}
		})
	}
}

// What does not fit is reported where it stands, once, also when nobody checked the shape; an unknown value is not.
func TestMisfits(t *testing.T) {
	root := yaml(t, "octo.yaml", "services:\n  web: {image: [a], replicas: x, ports: {a: b}, deploy: 3, environment: {A: [b]}}\nvolumes: [v]\n")
	_, ds := Project(nil, root, Options{})
	want := `octo.yaml:2:16: error: services.web.image: cannot use a list as a string [type]
octo.yaml:2:31: error: services.web.replicas: cannot use "x" as an integer [type]
octo.yaml:2:41: error: services.web.ports: cannot use a mapping as a list [type]
octo.yaml:2:57: error: services.web.deploy: cannot use "3" as a mapping [type]
octo.yaml:2:77: error: services.web.environment.A: cannot use a list as a string [type]
octo.yaml:3:10: error: volumes: cannot use a list as a mapping [type]
`
	if diff := cmp.Diff(want, printed(t, ds, root)); diff != "" {
		t.Error(diff)
	}
	unknown := &tree.Node{Kind: tree.Unknown}
	service := root.Get("services").Get("web")
	for i := range service.Fields {
		service = service.Set(service.Fields[i].Key, source.Span{}, unknown)
	}
	_, ds = Project(nil, root.Set("services", source.Span{}, tree.NewMap(source.Span{}, []tree.Field{{Key: "web", Value: service}})).Set("volumes", source.Span{}, unknown), Options{})
	if len(ds) > 0 {
		t.Errorf("unknown values are reported: %s", ds[0].Text())
	}
}

// What stages before have reported is not reported again, nor what only follows from it.
func TestReportedBefore(t *testing.T) {
	root := yaml(t, "octo.yaml", "services:\n  web: {imgae: a, replicas: x, deploy: 3}\n  api: {}\n")
	var before diag.List
	web := tree.Of("services", "web")
	before.Error(diag.UnknownKey, web.Key("imgae"), "unknown key")
	before.Error(diag.Type, web.Key("replicas"), "not a number")
	before.Error(diag.Type, web.Key("deploy"), "not a mapping")
	_, ds := Project(nil, root, Options{Reported: before})
	want := "octo.yaml:3:3: error: services.api: no image, no build and no binary; want one of them [required]\n" +
		"  help: add to services.api: image: NAME:TAG; or build: with the folder of its Dockerfile\n"
	if diff := cmp.Diff(want, printed(t, ds, root)); diff != "" {
		t.Error(diff)
	}
}

// Whatever the tree is, decoding and the rules do not panic, and every finding has a place in it.
func FuzzProject(f *testing.F) {
	f.Add(everything)
	f.Add("services: {web: {deploy: {resources: {limits: [1]}}, checks: {a: 1}, ports: [1, [2]], volumes: [{}, 1], ulimits: {a: [1]}}}")
	f.Add("services: [a]\nnetworks: 1\nsecrets: {a: , b: 1, c: []}\nvolumes: {v: {external: true, driver: x}}\n")
	f.Add("[]")
	s := compiled(f)
	f.Fuzz(func(t *testing.T, text string) {
		root, _ := parse.YAML(&source.File{Name: "octo.yaml", Data: []byte(text)})
		if root == nil {
			return
		}
		for _, schema := range []bool{false, true} {
			with := s
			if !schema {
				with = nil
			}
			p, ds := Project(with, root, Options{})
			if p == nil {
				t.Fatal("no project")
			}
			ds.Locate(root)
			for _, d := range ds {
				if d.At.IsZero() && !d.Path.IsRoot() {
					t.Errorf("no place for %s", d.Text())
				}
			}
		}
	})
}

func TestNoTree(t *testing.T) {
	p, ds := Project(compiled(t), nil, Options{Name: "x", AllowEmpty: true})
	if p == nil || p.Name != "x" || len(ds) > 0 {
		t.Errorf("%v, %v", p, ds)
	}
	if p.Service("x") != nil {
		t.Error("a service of nothing")
	}
}

// many is a project of n services of 40 leaves each.
func many(t testing.TB, n int) *tree.Node {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range n {
		fmt.Fprintf(&b, `  s%05d:
    image: ghcr.io/example/a:1
    command: [serve, --port, "80"]
    environment: {A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, G: 7, H: 8, I: 9, J: 10}
    ports: [{target: 80, published: "%d", protocol: tcp, mode: ingress}, {target: 81, protocol: tcp, mode: ingress}]
    volumes: [{type: volume, source: data, target: /data}]
    healthcheck: {test: [CMD, /bin/x], interval: 5s, timeout: 2s, retries: 3}
    depends_on: {s%05d: {condition: service_healthy, required: true}}
    labels: {a: b, c: d, e: f}
    restart: unless-stopped
    deploy: {resources: {limits: {cpus: "0.50", memory: 256M}, reservations: {cpus: "0.10", memory: 128M}}}
    networks: {back: }
    stop_grace_period: 20s
`, i, 1+i%65000, max(i-1, 0))
	}
	b.WriteString("networks: {back: }\nvolumes: {data: }\n")
	return yaml(t, "octo.yaml", b.String())
}

// What one service costs does not grow with the number of services.
func TestAllocationIsFlat(t *testing.T) {
	cost := func(n int) float64 {
		root := many(t, n)
		return testing.AllocsPerRun(3, func() { Project(nil, root, Options{}) }) / float64(n)
	}
	small, large := cost(100), cost(2000)
	if large > small || large > 80 {
		t.Errorf("%.1f allocations a service of 100, %.1f of 2,000", small, large)
	}
}

func BenchmarkProject(b *testing.B) {
	root := many(b, 1000)
	b.ResetTimer()
	b.ReportAllocs()
	for b.Loop() {
		Project(nil, root, Options{})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/service")
}

// grow makes a tree from bytes: each chooses a kind, a size, a key of the schema or a text.
func grow(data *[]byte, keys []string, depth int) *tree.Node {
	next := func() int {
		if len(*data) == 0 {
			return 0
		}
		b := (*data)[0]
		*data = (*data)[1:]
		return int(b)
	}
	texts := []string{"", "a", "80", "-1", "1e400", "true", "5s", "512M", "service:a", "a:b", "/", "0777", "\x00", "10.0.0.1", "NONE", "x-a", "*"}
	kind := tree.Kind(next() % 8)
	if depth == 0 && kind > tree.String {
		kind = tree.String
	}
	switch kind {
	case tree.List:
		var items []*tree.Node
		for range next() % 4 {
			items = append(items, grow(data, keys, depth-1))
		}
		return tree.NewList(source.Span{}, items)
	case tree.Map:
		var fields []tree.Field
		seen := map[string]bool{}
		for range next() % 6 {
			key := keys[(next()*256+next())%len(keys)]
			if !seen[key] {
				seen[key] = true
				fields = append(fields, tree.Field{Key: key, Value: grow(data, keys, depth-1)})
			}
		}
		return tree.NewMap(source.Span{}, fields)
	}
	return &tree.Node{Kind: kind, Text: texts[next()%len(texts)], Derived: next()%2 == 0}
}

// Trees that no parser makes: any kind at any place, with the keys of the schema.
func FuzzTree(f *testing.F) {
	d := newDecoder()
	d.plan(reflect.TypeFor[model.Project]())
	keys := []string{"a", "b", "x-a", "provider", "checks", "develop", "watch", "enabled", "models", "additional_contexts", "secrets", "external"}
	var types []reflect.Type
	for typ := range d.plans {
		types = append(types, typ)
	}
	slices.SortFunc(types, func(a, b reflect.Type) int { return strings.Compare(a.Name(), b.Name()) })
	for _, typ := range types {
		for i := range typ.NumField() {
			if name := parseTag(typ.Field(i).Tag.Get("octo")).name; name != "" && name != "-" {
				keys = append(keys, name)
			}
		}
	}
	f.Add([]byte("some bytes to begin with, which need not be many"))
	s := compiled(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var fields []tree.Field
		for _, section := range []string{"services", "networks", "volumes", "secrets", "configs", "models", "targets"} {
			entry := []tree.Field{{Key: "a", Value: grow(&data, keys, 6)}, {Key: "b", Value: grow(&data, keys, 6)}}
			fields = append(fields, tree.Field{Key: section, Value: tree.NewMap(source.Span{}, entry)})
		}
		root := tree.NewMap(source.Span{}, fields)
		Project(nil, root, Options{})
		Project(s, root, Options{Profiles: []string{"a"}})
		Project(nil, grow(&data, keys, 4), Options{})
	})
}
