package shape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// said are the findings of l with their help.
func said(root *tree.Node, l diag.List) string {
	var b strings.Builder
	l.Locate(root)
	for _, d := range l {
		b.WriteString(d.Text())
		b.WriteByte('\n')
		for _, r := range d.Related {
			b.WriteString("  " + r.At.String() + ": " + r.Message + "\n")
		}
		if d.Help != "" {
			b.WriteString("  help: " + d.Help + "\n")
		}
	}
	return b.String()
}

// TestCheck is the wording of every kind of finding, and its place.
func TestCheck(t *testing.T) {
	root := compiled(t).Def("#Project")
	for _, c := range []struct {
		name, in, want string
		mode           Mode
	}{
		{"misspelt", "services:\n  api:\n    replcas: 3", `
octo.yaml:3:5: error: services.api.replcas: unknown key "replcas" [unknown-key]
  help: did you mean "replicas"?
`, Surface},
		{"of another level", "services:\n  api:\n    retries: 3", `
octo.yaml:3:5: error: services.api.retries: unknown key "retries" [unknown-key]
  help: retries stands below healthcheck
`, Surface},
		{"a service at the top", "web: { image: x }", `
octo.yaml:1:1: error: web: unknown key "web" [unknown-key]
  help: it looks like one of the services: write it below services:
`, Surface},
		{"few keys", "services: { a: { healthcheck: { tcp: { host: x } } } }", `
octo.yaml:1:40: error: services.a.healthcheck.tcp.host: unknown key "host" [unknown-key]
  help: the keys that stand here are port
`, Surface},
		{"many keys", "services: { a: { qqqqqqqq: 1 } }", `
octo.yaml:1:18: error: services.a.qqqqqqqq: unknown key "qqqqqqqq" [unknown-key]
  help: octo schema lists the keys that stand here; one of your own starts with x-
`, Surface},
		{"a name", "services: { 'a b': {} }", `
octo.yaml:1:13: error: services["a b"]: cannot use "a b" as a name; want letters, digits, dot, - and _ [pattern]
`, Surface},
		{"x-octo where nothing of ours stands", "services: { a: { build: { x-octo: {} } } }", `
octo.yaml:1:27: error: services.a.build.x-octo: unknown key "x-octo" [unknown-key]
  help: octo schema lists the keys that stand here; one of your own starts with x-
`, Surface},
		{"x-octo", "services: { a: { x-octo: { replcas: 1, replicas: x } } }", `
octo.yaml:1:28: error: services.a.x-octo.replcas: unknown key "replcas" [unknown-key]
  help: did you mean "replicas"?
octo.yaml:1:50: error: services.a.x-octo.replicas: cannot use "x"; want a whole number, 0 or more [type]
  help: "How many containers or processes run"
`, Surface},
		{"not yet", "jobs: {}\nworkflows: {}\nrevisions: { web: { machines: {} } }", `
octo.yaml:1:1: error: jobs: cannot use "jobs" yet: it is kept for programs that run to completion, by schedule or by hand [not-yet]
  help: delete it: this version would do nothing with it
octo.yaml:2:1: error: workflows: cannot use "workflows" yet: it is kept for jobs in an order, with the outputs of one as the inputs of the next [not-yet]
  help: delete it: this version would do nothing with it
octo.yaml:3:21: error: revisions.web.machines: cannot use "machines" yet: it is kept for versions for one machine [not-yet]
  help: delete it: this version would do nothing with it
`, Surface},
		{"where a secret lies", "secrets: { a: { vault: { path: /x, version: 0, address: example.com } }, b: { prompt: \"a\\nb\" }, c: { prompt: true } }\ntargets: { k8s: { secret_store: kind/x } }", `
octo.yaml:1:32: error: secrets.a.vault.path: cannot use "/x"; want MOUNT/PATH, such as secret/shop/db [pattern]
  help: "Where it is: MOUNT/PATH, as vault kv get takes it, without the data/ of the API"
octo.yaml:1:45: error: secrets.a.vault.version: cannot use 0; want a whole number, 1 or more [range]
  help: "The version"
octo.yaml:1:57: error: secrets.a.vault.address: cannot use "example.com"; want an address such as https://vault.example.com:8200 [pattern]
  help: "Where the server is, or the socket of an agent"
octo.yaml:1:87: error: secrets.b.prompt: cannot use "a\nb"; want true, or a question on one line [pattern]
  help: "Ask for it when the output is applied, by a command in APPLY.md; a text is the question"
octo.yaml:2:33: error: targets.k8s.secret_store: cannot use "kind/x"; want the name of a SecretStore, or cluster/NAME [pattern]
  help: "The SecretStore of the External Secrets Operator that reads secrets.X.vault; cluster/NAME is a ClusterSecretStore"
`, Surface},
		{"durations", "services: { a: { healthcheck: { interval: 5, timeout: 1x, start_period: 90 } } }", `
octo.yaml:1:43: error: services.a.healthcheck.interval: cannot use 5 as a duration; want a number with a unit [type]
  help: write 5s for five seconds
octo.yaml:1:55: error: services.a.healthcheck.timeout: cannot use "1x" as a duration; want a number with a unit [type]
  help: the units are w, d, h, m, s, ms, us and ns, as in 1m30s
octo.yaml:1:73: error: services.a.healthcheck.start_period: cannot use 90 as a duration; want a number with a unit [type]
  help: write 90s for 90 seconds
`, Surface},
		{"sizes", "services: { a: { mem_limit: 5x, shm_size: 1Gi, deploy: { resources: { limits: { memory: 1024 } } } } }\nvolumes: { v: { size: -1 } }", `
octo.yaml:1:29: error: services.a.mem_limit: cannot use "5x" as a size; want a number with b, k, m or g [type]
  help: 1k is 1024 bytes: 512m, 1.5g
octo.yaml:1:43: error: services.a.shm_size: cannot use "1Gi" as a size; want a number with b, k, m or g [type]
  help: Compose writes 1g
octo.yaml:1:89: error: services.a.deploy.resources.limits.memory: cannot use 1024 as a size; want a number with b, k, m or g [type]
  help: write "1024b" for 1024 bytes
octo.yaml:2:23: error: volumes.v.size: cannot use -1 as a size; want a number with Ki, Mi or Gi, or k, m or g [range]
  help: 512Mi and 512m are the same
`, Surface},
		{"ports", "services: { a: { ports: [{ target: 80x, published: 70000, protocol: tpc }] } }", `
octo.yaml:1:36: error: services.a.ports[0].target: cannot use "80x" as a port; want 1 to 65535 [type]
octo.yaml:1:52: error: services.a.ports[0].published: cannot use 70000 as a port; want 1 to 65535, or a range such as 8000-8010 [range]
octo.yaml:1:69: error: services.a.ports[0].protocol: cannot use "tpc"; want tcp, udp or sctp [enum]
  help: did you mean "tcp"?
`, Surface},
		{"other units", "services: { a: { cpus: many, cpu_rt_period: 1.5, umask: 9, configs: [{ mode: 99999 }], deploy: { update_config: { max_failure_ratio: 2 } } } }", `
octo.yaml:1:24: error: services.a.cpus: cannot use "many" as a number of processors; want a number, 0 or more [type]
  help: 0.5 is half of one
octo.yaml:1:45: error: services.a.cpu_rt_period: cannot use 1.5 as a length of time; want a number of microseconds, or a duration such as 400ms [type]
octo.yaml:1:78: error: services.a.configs[0].mode: cannot use 99999 as permission bits; want an octal number [range]
  help: write "0440" for a file that its owner and group can read
octo.yaml:1:134: error: services.a.deploy.update_config.max_failure_ratio: cannot use 2 as a share; want 0 to 1 [range]
  help: 0.1 is one in ten
`, Surface},
		{"kinds", "services: { a: { image: 5, cap_add: NET_ADMIN, command: { a: b }, environment: x, build: [a], labels: { a: [] } }, b: }", `
octo.yaml:1:25: error: services.a.image: cannot use 5; want a string [type]
  help: write "5"
octo.yaml:1:37: error: services.a.cap_add: cannot use "NET_ADMIN"; want a list [type]
  help: write [NET_ADMIN]
octo.yaml:1:57: error: services.a.command: cannot use a mapping; want a string or a list [type]
  help: write a list: each item starts with "- "
octo.yaml:1:80: error: services.a.environment: cannot use "x"; want a list or a mapping [type]
octo.yaml:1:90: error: services.a.build: cannot use a list; want a string or a mapping [type]
  help: write a mapping: KEY: VALUE, without "- " before it
octo.yaml:1:108: error: services.a.labels.a: cannot use a list; want a string, a number or a boolean [type]
octo.yaml:1:119: error: services.b: cannot use an empty value; want a mapping [type]
  help: indent what belongs to it more than the key itself, or delete the key
`, Surface},
		{"booleans", "services: { a: { tty: yes, init: 'OFF', privileged: maybe, read_only: 'true', enabled: yes } }", `
octo.yaml:1:23: warning: services.a.tty: "yes" is a string in YAML 1.2, and is taken as true [boolean]
  help: write true
octo.yaml:1:34: warning: services.a.init: "OFF" is a string in YAML 1.2, and is taken as false [boolean]
  help: write false
octo.yaml:1:53: error: services.a.privileged: cannot use "maybe"; want true or false [type]
  help: "Give the container nearly all rights on the host"
octo.yaml:1:88: error: services.a.enabled: cannot use "yes"; want true or false [type]
  help: write true
`, Surface},
		{"numbers", "services: { a: { replicas: 1e3, priority: 1_000, pids_limit: 1.5, scale: .inf, cpu_shares: '12', cpu_percent: '400' } }", `
octo.yaml:1:28: error: services.a.replicas: cannot use 1e3; want a whole number, 0 or more [type]
  help: write 1000
octo.yaml:1:43: error: services.a.priority: cannot use "1_000"; want a whole number [type]
  help: "Services with a higher number start first among those that could start together"
octo.yaml:1:62: error: services.a.pids_limit: cannot use 1.5; want a whole number [type]
  help: "How many processes and threads the container may have; -1: no limit"
octo.yaml:1:74: error: services.a.scale: cannot use .inf; want a whole number [type]
  help: "How many containers run"
octo.yaml:1:111: error: services.a.cpu_percent: cannot use "400"; want 0 to 100 [range]
  help: "The share of the processors that may be used, in percent (Windows)"
`, Surface},
		{"words", "services: { a: { restart: alway, pull_policy: neve, cgroup: nowhere } }\nname: _-_", `
octo.yaml:1:27: error: services.a.restart: cannot use "alway"; want no, always, unless-stopped, on-failure or on-failure:N [enum]
  help: did you mean "always"?
octo.yaml:1:47: error: services.a.pull_policy: cannot use "neve"; want always, never, missing, build, refresh, daily, weekly or every_12h [enum]
  help: did you mean "never"?
octo.yaml:1:61: error: services.a.cgroup: cannot use "nowhere"; want host or private [enum]
octo.yaml:2:7: error: name: cannot use "_-_"; want lower case letters, digits, - and _, with a letter or a digit first [pattern]
  help: "The name of the project, which the names of its containers, units and objects start with"
`, Surface},
		{"twice", "services: { a: { cap_add: [A, A], security_opt: [A, B, A] } }", `
octo.yaml:1:31: warning: services.a.cap_add[1]: "A" stands here twice; the second changes nothing [duplicate]
  octo.yaml:1:28: first here
  help: delete one of the two
octo.yaml:1:56: error: services.a.security_opt[2]: cannot use "A" twice in one list [duplicate]
  octo.yaml:1:50: first here
  help: delete one of the two
`, Surface},
		{"unknown values", "services: { a: { cap_add: [\"$A\", \"$A\"], image: '${I}', replicas: '${N}', tty: '{{ x }}', restart: $R, healthcheck: { interval: '${T}s' }, deploy: $D, cpus: '$$1' } }", `
octo.yaml:1:147: error: services.a.deploy: cannot use "$D"; want a mapping [type]
octo.yaml:1:157: error: services.a.cpus: cannot use "$$1" as a number of processors; want a number, 0 or more [type]
  help: 0.5 is half of one
`, Surface},
		{"reset", "services: { a: { image: !reset {}, ports: !reset null, replcas: !reset 1 } }", `
octo.yaml:1:56: error: services.a.replcas: unknown key "replcas" [unknown-key]
  help: did you mean "replicas"?
`, Surface},
		{"one file needs nothing", "services: { a: { depends_on: { b: {} }, healthcheck: { http: {} }, checks: { c: {} }, network_mode: host, networks: [x] } }", "", Surface},
		{"the whole does", "services: { a: { depends_on: { b: {} }, healthcheck: { http: {} }, checks: { c: {} }, network_mode: host, networks: [x] } }", `
octo.yaml:1:32: error: services.a.depends_on.b.condition: no value; want service_started, service_healthy or service_completed_successfully [required]
  help: add condition: when the other service counts as there: it was started, it is healthy, or it has ended with success
octo.yaml:1:56: error: services.a.healthcheck.http.port: no value; want 1 to 65535 [required]
  help: add port: the port of the container
octo.yaml:1:78: error: services.a.checks.c: one of http, tcp, grpc, exec or plugin is missing [required]
octo.yaml:1:87: error: services.a.network_mode: network_mode and networks rule each other out [exclusive]
  octo.yaml:1:107: networks stands here
  help: delete one of the two
`, Canonical},
		{"one of", "services: { a: { checks: { c: { tcp: { port: 1 }, exec: [x], failures: 0 } } } }", `
octo.yaml:1:72: error: services.a.checks.c.failures: cannot use 0; want a whole number, 1 or more [range]
  help: "How many failures in a row count"
octo.yaml:1:51: error: services.a.checks.c.exec: exec and tcp rule each other out [exclusive]
  octo.yaml:1:33: tcp stands here
  help: delete one of the two
`, Canonical},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := node(t, c.in)
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), said(n, root.Check(tree.Root, n, c.mode))); diff != "" {
				t.Errorf("%s\n(-want +got)\n%s", c.in, diff)
			}
		})
	}
}

// TestCheckDialect is the wording of what only schemas of vendors use: discriminated alternatives, lengths, and mappings
// that stand for themselves.
func TestCheckDialect(t *testing.T) {
	root := dialectSchema(t).Def("#Config")
	for _, c := range []struct{ name, in, want string }{
		{"alternatives", "{ url: 'https://a', name: a, probes: [{ type: htp }, { type: 1 }, {}, { type: http, port: 0, command: [a] }] }", `
octo.yaml:1:47: error: config.probes[0].type: cannot use "htp"; want http or exec [enum]
  help: did you mean "http"?
octo.yaml:1:62: error: config.probes[1].type: cannot use 1; want http or exec [type]
octo.yaml:1:67: error: config.probes[2].type: no value; want http or exec [required]
octo.yaml:1:91: error: config.probes[3].port: cannot use 0; want 1 to 65535 [range]
octo.yaml:1:94: error: config.probes[3].command: unknown key "command" [unknown-key]
  help: the keys that stand here are type, port and path
`},
		{"lengths", "{ url: 'https://a', name: '', db: { host: abcde }, some: [] }", `
octo.yaml:1:27: error: config.name: cannot use an empty string; want at least 1 character [range]
octo.yaml:1:43: error: config.db.host: cannot use "abcde"; want at most 4 characters [range]
octo.yaml:1:58: error: config.some: cannot use a list of 0; want at least 1 item [range]
`},
		{"nothing", "{}", `
octo.yaml:1:1: error: config.url: no value; want text that matches ^https:// [required]
octo.yaml:1:1: error: config.name: no value; want a string that is not empty [required]
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := node(t, c.in)
			whole := tree.NewMap(n.At, []tree.Field{{Key: "config", KeyAt: n.At, Value: n}})
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), said(whole, root.Check(tree.Of("config"), n, Canonical))); diff != "" {
				t.Errorf("%s\n(-want +got)\n%s", c.in, diff)
			}
		})
	}
}
