package compose

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/octocompose/octocompose/compiler/diag"
	"go.yaml.in/yaml/v3"
)

// lowered is compose.yaml for one file, as a reader of YAML sees it, and what is said about it.
func lowered(t *testing.T, text string) (map[string]any, diag.List) {
	t.Helper()
	in, set, ds := compile(t, text)
	if !ds.Has(diag.Error) {
		if err := New().Verify(in, set); err != nil {
			t.Error(err)
		}
	}
	var out map[string]any
	if err := yaml.Unmarshal(set.Get(composeFile).Data, &out); err != nil {
		t.Fatal(err)
	}
	return out, ds
}

// at is what stands at a path of names in m, nil for nothing.
func at(m any, path ...string) any {
	for _, key := range path {
		mapping, _ := m.(map[string]any)
		m = mapping[key]
	}
	return m
}

// TestChecks: the checks of a service are the one that Docker has.
func TestChecks(t *testing.T) {
	const bin = "/octo/octo-sidecar"
	tests := []struct{ name, service, targets, want string }{
		{"Docker's own stays as it is", "healthcheck: { test: [CMD, a], interval: 5s }", "", "{test: [CMD, a], interval: 5s}"},
		{"a shell's too", "healthcheck: { test: exit 0 }", "", `{test: [CMD-SHELL, exit 0]}`},
		{"off is off", "healthcheck: { disable: true }", "", "{disable: true}"},
		{"http", "healthcheck: { http: { port: 80 }, timeout: 2s, start_period: 1m30s, retries: 5 }", "",
			"{test: [CMD, " + bin + ", probe, http, 'http://127.0.0.1:80/'], timeout: 2s, retries: 5, start_period: 1m30s}"},
		{"the probe has the time that Docker gives it", "healthcheck: { http: { port: 80, scheme: https, path: /a, host: b.c }, timeout: 10s }", "",
			"{test: [CMD, " + bin + ", probe, --timeout=10s, http, --host=b.c, 'https://127.0.0.1:80/a'], timeout: 10s}"},
		{"and where nobody says, 30 s", "healthcheck: { tcp: { port: 80 } }", "",
			"{test: [CMD, " + bin + ", probe, --timeout=30s, tcp, '127.0.0.1:80']}"},
		{"grpc", "checks: { a: { grpc: { port: 80, service: s.v1 }, timeout: 2s } }", "", "{test: [CMD, " + bin + ", probe, grpc, '127.0.0.1:80', s.v1], timeout: 2s}"},
		{"plugin", "checks: { a: { plugin: [/p, -x], timeout: 2s } }", "", "{test: [CMD, " + bin + ", probe, plugin, /p, -x], timeout: 2s}"},
		{"a program needs no probe", "checks: { a: { exec: [/p, $$x], interval: 7s, timeout: 3s, failures: 4, start_period: 9s } }", "",
			"{test: [CMD, /p, $$x], interval: 7s, timeout: 3s, retries: 4, start_period: 9s}"},
		{"what the start may take does not count", "checks: { a: { exec: [/p], level: startup, interval: 2s, failures: 10, start_period: 5s } }", "",
			"{test: [CMD, /p], interval: 2s, retries: 10, start_period: 25s}"},
		{"two are asked as often as the busiest, and noticed as soon as the strictest",
			"checks: { a: { exec: [/p], interval: 10s, failures: 5, timeout: 3s }, b: { tcp: { port: 1 }, interval: 20s, failures: 2, timeout: 2s, start_period: 4s } }", "",
			"{test: [CMD, " + bin + `, probe, --timeout=3s, all, '[["exec","/p"],["tcp","127.0.0.1:1"]]'], interval: 10s, timeout: 3s, retries: 4, start_period: 4s}`},
		{"one of the start does not say how often", "healthcheck: { test: exit 0, interval: 5s }\n    checks: { s: { exec: [/p], level: startup, interval: 1s, failures: 60 } }", "",
			"{test: [CMD, " + bin + `, probe, --timeout=30s, all, '[["exec","/bin/sh","-c","exit 0"],["exec","/p"]]'], interval: 5s, timeout: 30s, retries: 3, start_period: 1m}`},
		{"unless the engine can", "checks: { r: { exec: [/r], interval: 5s }, s: { exec: [/p], level: startup, interval: 1s, failures: 60 } }", "min_version: { engine: '25' }",
			"{test: [CMD, " + bin + `, probe, --timeout=30s, all, '[["exec","/r"],["exec","/p"]]'], interval: 5s, timeout: 30s, retries: 3, start_period: 1m, start_interval: 1s}`},
		{"alive alone is noticed", "checks: { l: { exec: [/l], level: alive } }", "accept: [services.a.checks.l]", "{test: [CMD, /l]}"},
		{"alive is left out", "checks: { l: { exec: [/l], level: alive, on_failure: restart }, r: { exec: [/r] } }", "accept: [services.a.checks.l]", "{test: [CMD, /r]}"},
		{"alive without its restart is one of them", "checks: { l: { exec: [/l], level: alive, on_failure: restart }, r: { exec: [/r] } }", "accept: [services.a.checks.l.on_failure]",
			"{test: [CMD, " + bin + `, probe, --timeout=30s, all, '[["exec","/l"],["exec","/r"]]'], interval: 30s, timeout: 30s, retries: 3, start_period: 0s}`},
		{"alive that does nothing is one of them", "checks: { l: { exec: [/l], level: alive, on_failure: none } }", "", "{test: [CMD, /l]}"},
		{"a named one stands for one that is off", "healthcheck: { disable: true }\n    checks: { r: { exec: [/r] } }", "", "{test: [CMD, /r]}"},
		{"and for the image's with alive", "healthcheck: { interval: 5s }\n    checks: { l: { exec: [/l], level: alive } }", "accept: [services.a.checks]", "{interval: 5s}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, ds := lowered(t, "services:\n  a:\n    image: a\n    "+test.service+"\ntargets: { compose: { "+test.targets+" } }\n")
			if ds.Has(diag.Error) {
				t.Fatal(messages(ds))
			}
			var want any
			if err := yaml.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, at(out, "services", "a", "healthcheck")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			mounted := strings.Contains(fmt.Sprint(at(out, "services", "a", "volumes")), bin)
			if uses := strings.Contains(test.want, bin); uses != mounted {
				t.Errorf("octo-sidecar is mounted: %t", mounted)
			}
		})
	}
}

// TestScale: what says how many, in a key of octo's own, is a key of deploy.
func TestScale(t *testing.T) {
	for _, test := range []struct{ service, key, want string }{
		{"replicas: 3", "replicas", "3"},
		{"autoscale: { min: 2, max: 5 }", "replicas", "2"},
		{"autoscale: { max: 5 }", "replicas", "<nil>"},
		{"autoscale: { min: 2, max: 5 }, replicas: 4", "replicas", "4"},
		{"placement: { mode: every }", "mode", "global"},
		{"placement: { mode: replicated }", "mode", "<nil>"},
	} {
		out, ds := lowered(t, "services: { a: { image: a, "+test.service+" } }")
		if got := fmt.Sprint(at(out, "services", "a", "deploy", test.key)); got != test.want || ds.Has(diag.Error) {
			t.Errorf("%s: deploy.%s is %s, want %s; %s", test.service, test.key, got, test.want, messages(ds))
		}
	}
	if _, ds := lowered(t, "services: { a: { image: a, autoscale: { max: 5 } } }"); ds.Count(diag.Warning) != 1 {
		t.Errorf("want one warning that the number is fixed, got %s", messages(ds))
	}
}

// TestLogs: a log is bounded where nobody says what becomes of it.
func TestLogs(t *testing.T) {
	const bounded = "map[driver:json-file options:map[max-file:3 max-size:10m]]"
	for service, want := range map[string]string{
		"image: a":                            bounded,
		"build: .":                            bounded,
		"image: a, logging: { driver: none }": "map[driver:none]",
		"image: a, logging: {}":               "map[]",
		"provider: { type: x }":               "<nil>",
		"image: a, target: { compose: { logging: null } }": "<nil>",
	} {
		out, _ := lowered(t, "services: { a: { "+service+" } }")
		if got := fmt.Sprint(at(out, "services", "a", "logging")); got != want {
			t.Errorf("%s: got %s, want %s", service, got, want)
		}
	}
}

// TestPriority: the lower starts after the higher, whether that comes up or not.
func TestPriority(t *testing.T) {
	out, ds := lowered(t, `
services:
  a: { image: a, priority: -1 }
  b: { image: b, depends_on: { c: { condition: service_healthy } } }
  c: { image: c, priority: 2, healthcheck: { test: exit 0 } }
  d: { image: d, priority: 1 }
`)
	want := map[string]string{
		"a": "map[b:map[condition:service_started required:false]]",
		"b": "map[c:map[condition:service_healthy required:true] d:map[condition:service_started required:false]]",
		"c": "<nil>",
		"d": "map[c:map[condition:service_started required:false]]",
	}
	for name, waits := range want {
		if got := fmt.Sprint(at(out, "services", name, "depends_on")); got != waits || len(ds) > 0 {
			t.Errorf("%s: got %s, want %s; %s", name, got, waits, messages(ds))
		}
	}
}

// TestPreStart: the containers of pre_start are services, unless the target's Compose has pre_start.
func TestPreStart(t *testing.T) {
	const text = `
services:
  a:
    image: a
    user: "7"
    entrypoint: [/e]
    container_name: one
    ports: ["80:80"]
    volumes: [vol:/v]
    profiles: [p]
    networks: { n: { ipv4_address: 10.9.0.5, aliases: [x] } }
    deploy: { replicas: 1, resources: { limits: { memory: 64M } } }
    pre_start:
      - { command: [one], volumes: [other:/o] }
      - { image: b, command: [two] }
networks: { n: { ipam: { config: [{ subnet: 10.9.0.0/24 }] } } }
volumes: { vol: {}, other: {} }
`
	out, ds := lowered(t, text)
	if len(ds) > 0 {
		t.Fatal(messages(ds))
	}
	one, two := at(out, "services", "a-pre-1"), at(out, "services", "a-pre-2")
	for key, want := range map[string]string{
		"image": "a", "entrypoint": "[/e]", "command": "[one]", "user": "7", "profiles": "[p]", "restart": "no", "networks": "map[n:map[]]",
		"container_name": "<nil>", "ports": "<nil>", "deploy": "map[resources:map[limits:map[memory:64M]]]", "cap_drop": "[ALL]",
		"volumes": "[map[source:other target:/o type:volume]]",
	} {
		if got := fmt.Sprint(at(one, key)); got != want {
			t.Errorf("a-pre-1.%s: got %s, want %s", key, got, want)
		}
	}
	if at(two, "image") != "b" || at(two, "entrypoint") != nil || at(two, "user") != nil || !strings.Contains(fmt.Sprint(at(two, "depends_on")), "a-pre-1") {
		t.Errorf("another image has its own entrypoint and user: %v", two)
	}
	out, _ = lowered(t, text+"targets: { compose: { min_version: { compose: '5.3' } } }\n")
	if at(out, "services", "a-pre-1") != nil || at(out, "services", "a", "pre_start") == nil {
		t.Errorf("Compose 5.3 has pre_start: %v", out)
	}
}

// TestPatch: what stands in target.compose goes over all that is compiled.
func TestPatch(t *testing.T) {
	for _, test := range []struct{ name, service, patch, want string }{
		{"a scalar", "restart: always", "{ restart: 'no' }", "{restart: 'no'}"},
		{"a list replaces", "cap_add: [A]", "{ cap_add: [B] }", "{cap_add: [B]}"},
		{"mappings are deep", "deploy: { resources: { limits: { cpus: '1', memory: 1G } } }", "{ deploy: { resources: { limits: { cpus: '2' } } } }",
			"{deploy: {resources: {limits: {cpus: '2', memory: 1G}}}}"},
		{"null takes away", "environment: { A: a, B: b }", "{ environment: { A: null } }", "{environment: {B: b}}"},
		{"of octo's additions too", "user: '7'", "{ cap_drop: null, security_opt: null, init: null }", "{user: '7'}"},
		{"lists of pairs", "environment: { A: a, B: b }", "{ environment: [A=x, B] }", "{environment: {A: x}}"},
		{"lists of names", "", "{ networks: [default] }", "{networks: {default: {}}}"},
		{"paths lead to the project", "", "{ env_file: a.env, build: ./b }", "{env_file: [../../a.env], build: {context: ../../b}}"},
		{"a dollar stays one", "", "{ command: 'a $$b' }", "{command: 'a $$b'}"},
		{"short ports and secrets", "secrets: [s]", "{ ports: ['80:80'], secrets: [s] }", "{ports: ['80:80'], secrets: [s]}"},
		{"a key of nobody", "", "{ x-a: { b: [1] } }", "{x-a: {b: [1]}}"},
		{"a test of its own", "healthcheck: { test: [CMD, a], interval: 1s }", "{ healthcheck: { test: b } }", "{healthcheck: {test: b, interval: 1s}}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, ds := lowered(t, "services:\n  a:\n    image: a\n    logging: {}\n    "+test.service+"\n    target: { compose: "+test.patch+" }\nsecrets: { s: { file: ./s } }\n")
			if len(ds) > 0 {
				t.Error(messages(ds))
			}
			var want map[string]any
			if err := yaml.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			got := at(out, "services", "a").(map[string]any)
			delete(got, "image")
			delete(got, "logging")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
