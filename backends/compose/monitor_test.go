package compose

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/runtime/spec"
)

// Parts of configs in one line.
const (
	hears   = "notifications: { ops: { webhook: { url: 'https://chat.example.com/hook' } } }\n"
	socket  = "targets: { compose: { engine_socket: /run/docker.sock } }\n"
	ready80 = "checks: { r: { tcp: { port: 80 } } }"
	alive80 = "checks: { l: { tcp: { port: 80 }, level: alive } }"
)

// watched is the spec of octo-monitor for one file, and compose.yaml.
func watched(t *testing.T, text string) (spec.Run, map[string]any, diag.List) {
	t.Helper()
	in, set, ds := compile(t, "name: shop\n"+text)
	if ds.Has(diag.Error) {
		t.Fatal(messages(ds))
	}
	if err := New().Verify(in, set); err != nil {
		t.Error(err)
	}
	out, _ := lowered(t, "name: shop\n"+text)
	file := set.Get("configs/octo-monitor")
	if file == nil {
		t.Fatalf("there is no octo-monitor; %s", messages(ds))
	}
	run, err := spec.ParseRun(file.Data)
	if err != nil {
		t.Fatal(err)
	}
	return run, out, ds
}

// asks are the checks of a spec, each as its service and its words.
func asks(run spec.Run) string {
	var out []string
	for _, c := range run.Checks {
		what := c.Service + " " + strings.Join(c.What, " ")
		if c.OnFailure != nil {
			what += " restarts " + c.OnFailure.Restart.Container
		}
		out = append(out, what)
	}
	return strings.Join(out, "; ")
}

// TestMonitorAsks: where each check is asked, and in which networks octo-monitor is for that.
func TestMonitorAsks(t *testing.T) {
	const in = "container /run/octo/engine.sock "
	const probe = " /octo/octo-sidecar probe --timeout=30s "
	for _, test := range []struct{ name, text, want, networks string }{
		{"in the network", "services: { a: { image: a, " + ready80 + " } }\n" + hears, "a tcp shop-a-1:80", "<nil>"},
		{"in the network, though there is the socket", "services: { a: { image: a, " + ready80 + " } }\n" + hears + socket, "a tcp shop-a-1:80", "<nil>"},
		{"each replica", "services: { a: { image: a, replicas: 2, networks: [m, n], " + ready80 + " } }\nnetworks: { m: {}, n: {} }\n" + hears,
			"a-1 tcp shop-a-1:80; a-2 tcp shop-a-2:80", "map[m:map[] n:map[]]"},
		{"as many as a patch says", "services: { a: { image: a, " + ready80 + ", target: { compose: { deploy: { replicas: 2 } } } } }\n" + hears, "a-1 tcp shop-a-1:80; a-2 tcp shop-a-2:80", "<nil>"},
		{"by its name", "services: { a: { image: a, container_name: one, " + ready80 + " } }\n" + hears, "a tcp one:80", "<nil>"},
		{"by the name of a patch", "services: { a: { image: a, container_name: one, " + ready80 + ", target: { compose: { container_name: two } } } }\n" + hears, "a tcp two:80", "<nil>"},
		{"without the name that a patch takes", "services: { a: { image: a, container_name: one, " + ready80 + ", target: { compose: { container_name: null } } } }\n" + hears, "a tcp shop-a-1:80", "<nil>"},
		{"in the network of another", "services: { a: { image: a, network_mode: 'service:b', " + ready80 + " }, b: { image: b, networks: [n], " + ready80 + " } }\nnetworks: { n: {} }\n" + hears,
			"a tcp shop-b-1:80; b tcp shop-b-1:80", "map[n:map[]]"},
		{"a way outside", "services: { a: { image: a, networks: [n], " + ready80 + " } }\nnetworks: { n: { internal: true } }\n" + hears, "a tcp shop-a-1:80", "map[n:map[] octo-monitor:map[]]"},
		{"nobody outside", "services: { a: { image: a, networks: [n], " + ready80 + " } }\nnetworks: { n: { internal: true } }\nnotifications: { b: { webhook: { url: 'http://a/x' } } }\n", "a tcp shop-a-1:80", "map[n:map[]]"},
		{"in the network of who is told", "services: { a: { image: a, networks: [n], " + ready80 + " }, m: { image: m, networks: [o], healthcheck: { disable: true } } }\nnetworks: { n: {}, o: {} }\n" +
			"notifications: { b: { smtp: { server: 'm:25', from: a@b.c, to: d@e.f } } }\n", "a tcp shop-a-1:80", "map[n:map[] o:map[]]"},
		{"a program", "services: { a: { image: a, networks: [n], checks: { r: { exec: [/p, $$x] } } } }\nnetworks: { n: {} }\n" + hears + socket, "a " + in + "shop-a-1" + probe + "exec /p $x", "map[octo-monitor:map[]]"},
		{"a plugin", "services: { a: { image: a, checks: { r: { plugin: [/p] } } } }\n" + hears + socket, "a " + in + "shop-a-1" + probe + "plugin /p", "map[octo-monitor:map[]]"},
		{"what no network leads to", "services: { a: { image: a, network_mode: host, " + ready80 + " } }\n" + hears + socket, "a " + in + "shop-a-1" + probe + "tcp 127.0.0.1:80", "map[octo-monitor:map[]]"},
		{"a name that is too long", "services: { a: { image: a, container_name: " + strings.Repeat("a", 64) + ", " + ready80 + " } }\n" + hears + socket,
			"a " + in + strings.Repeat("a", 64) + probe + "tcp 127.0.0.1:80", "map[octo-monitor:map[]]"},
		{"no check, and ports", "services: { a: { image: a, networks: [n], ports: ['81:80', '82:80', '53:53/udp'], expose: ['90-92', '99/udp'] } }\nnetworks: { n: {} }\n" + hears, "a tcp shop-a-1:80 shop-a-1:90", "map[n:map[]]"},
		{"a program, and a port", "services: { a: { image: a, expose: ['90'], checks: { r: { exec: [/p] } } } }\n" + hears, "a tcp shop-a-1:90", "<nil>"},
		{"what restarts", "services: { a: { image: a, " + alive80 + " } }\n" + socket, "a " + in + "shop-a-1" + probe + "tcp 127.0.0.1:80 restarts shop-a-1", "<nil>"},
		{"and what it waits for", "services: { a: { image: a, checks: { l: { tcp: { port: 80 }, level: alive }, s: { tcp: { port: 81 }, level: startup } } } }\n" + socket,
			"a " + in + "shop-a-1" + probe + "tcp 127.0.0.1:80 restarts shop-a-1; a " + in + "shop-a-1" + probe + "tcp 127.0.0.1:81", "<nil>"},
		{"ready restarts", "services: { a: { image: a, checks: { r: { tcp: { port: 80 }, on_failure: restart, timeout: 2s } } } }\n" + socket, "a " + in + "shop-a-1 /octo/octo-sidecar probe tcp 127.0.0.1:80 restarts shop-a-1", "<nil>"},
		{"what may be left out is told of", "services: { a: { image: a, " + alive80 + " } }\n" + hears + "targets: { compose: { accept: [services.a.checks.l] } }\n", "a tcp shop-a-1:80", "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			run, out, _ := watched(t, test.text)
			if got := asks(run); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			service := at(out, "services", monitorName)
			if got := fmt.Sprint(at(service, "networks")); got != test.networks {
				t.Errorf("it is in %s, want %s", got, test.networks)
			}
			enters := strings.Contains(test.want, in)
			if has := strings.Contains(fmt.Sprint(at(service, "volumes")), "/run/docker.sock"); has != enters {
				t.Errorf("it has the socket: %t, and needs it: %t", has, enters)
			}
			if carries := strings.Contains(fmt.Sprint(at(out, "services", "a", "volumes")), "/octo/octo-sidecar"); enters && !carries {
				t.Error("there is no octo-sidecar in a")
			}
			if at(out, "networks", monitorName) == nil == strings.Contains(test.networks, monitorName) {
				t.Errorf("got networks %v", at(out, "networks"))
			}
			if alone := at(service, "network_mode") == "none"; alone != (!strings.Contains(test.text, "notifications") && enters) {
				t.Errorf("it is in no network: %t", alone)
			}
		})
	}
}

// TestMonitorHealth: what octo-monitor does beside Docker, and what in its place.
func TestMonitorHealth(t *testing.T) {
	const bin = "/octo/octo-sidecar probe --timeout=30s "
	for _, test := range []struct{ name, checks, rest, want string }{
		{"alive is octo-monitor's", "checks: { l: { tcp: { port: 80 }, level: alive } }", socket, "<nil>"},
		{"of two, Docker has the other", "checks: { l: { tcp: { port: 80 }, level: alive }, r: { exec: [/r] } }", socket, "[CMD /r]"},
		{"alive beside the image's own", "healthcheck: { interval: 5s }\n    checks: { l: { tcp: { port: 80 }, level: alive } }", socket, "<nil>"},
		{"ready is both's", "checks: { r: { tcp: { port: 80 }, on_failure: restart } }", socket, "[CMD " + bin + "tcp 127.0.0.1:80]"},
		{"notify is none to Docker", "checks: { r: { tcp: { port: 80 }, on_failure: notify } }", hears, "[CMD " + bin + "tcp 127.0.0.1:80]"},
		{"alive that notifies", "checks: { r: { tcp: { port: 80 }, level: alive, on_failure: notify } }", hears, "[CMD " + bin + "tcp 127.0.0.1:80]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, out, ds := watched(t, "services:\n  a:\n    image: a\n    "+test.checks+"\n"+test.rest)
			if got := fmt.Sprint(at(out, "services", "a", "healthcheck", "test")); got != test.want || len(ds) > 0 {
				t.Errorf("got %s, want %s; %s", got, test.want, messages(ds))
			}
		})
	}
}

// TestMonitorRefused: what octo-monitor cannot do, with a place and advice.
func TestMonitorRefused(t *testing.T) {
	const named = "name the engine's socket: targets.compose.engine_socket"
	const sidecar = "targets: { compose: { engine_socket: /s, sidecar: x } }\n"
	hears := func(who string) string { return "notifications: { ops: { " + who + " } }\n" }
	hook := hears("webhook: { url: 'https://chat.example.com/hook' }")
	for _, test := range []struct{ name, service, rest, message, help string }{
		{"a program, without the socket", "checks: { r: { exec: [/p], on_failure: notify } }", hook, "services.a.checks.r.on_failure: cannot tell anybody when this fails: its program is in the container of a", "ask by http, tcp or grpc, or " + named},
		{"a plugin", "checks: { r: { plugin: [/p], on_failure: notify } }", hook, "its program is in the container", named},
		{"host", "network_mode: host\n    checks: { r: { tcp: { port: 80 }, on_failure: notify } }", hook, "with network_mode: host octo-monitor cannot reach it", "give it a network, or " + named},
		{"none", "network_mode: none\n    checks: { r: { tcp: { port: 80 }, on_failure: notify } }", hook, "with network_mode: none", named},
		{"bridge", "network_mode: bridge\n    checks: { r: { tcp: { port: 80 }, on_failure: notify } }", hook, "with network_mode: bridge", named},
		{"a name that is too long", "container_name: " + strings.Repeat("a", 64) + "\n    checks: { r: { tcp: { port: 80 }, on_failure: notify } }", hook, "more than 63 characters", named},
		{"a provider", "provider: { type: x }\n    checks: { r: { tcp: { port: 80 }, on_failure: notify } }", hook + "targets: { compose: { engine_socket: /s } }", "its provider runs a", "write image or build"},
		{"restart, without the socket", "checks: { l: { tcp: { port: 80 }, level: alive } }", hook, "services.a.checks.l: Docker shows an unhealthy container, and does not restart it", named},
		{"restart of what starts", "checks: { l: { tcp: { port: 80 }, level: startup, on_failure: restart } }", socket, "services.a.checks.l.on_failure: Docker shows", "level alive"},
		{"restart of a job", "checks: { l: { tcp: { port: 80 }, level: alive } }\n  b: { image: b, depends_on: { a: { condition: service_completed_successfully } } }", socket, "octo-monitor does not ask a, which runs to its end", "let the program end"},
		{"this machine by mail", ready80, hears("smtp: { server: 'localhost:25', tls: none, from: a@b.c, to: d@e.f }"), "notifications.ops.smtp.server: cannot reach localhost: in the container of octo-monitor", "a service of this application"},
		{"this machine by a webhook", ready80, hears("webhook: { url: 'http://127.0.0.1:80/x' }"), "notifications.ops.webhook.url: cannot reach 127.0.0.1", "a service of this application"},
		{"a service without a network", ready80 + "\n  b: { image: b, network_mode: host, healthcheck: { disable: true } }", hears("webhook: { url: 'http://b:80/x' }"), "notifications.ops.webhook.url: cannot reach b: with network_mode: host", "give it a network"},
		{"a service without a name", ready80 + "\n  b: { image: b, network_mode: 'service:a', healthcheck: { disable: true } }", hears("webhook: { url: 'https://b:80/x' }"), "cannot reach b: with network_mode: service:a", "give it a network"},
		{"a program of the machine", ready80, hears("exec: [/p]"), "notifications.ops.exec: cannot run this program: octo-monitor is a container", "targets.compose.sidecar"},
		{"the service", ready80 + "\n  octo-monitor: { image: b, healthcheck: { disable: true } }", hook, `notifications: cannot add the service "octo-monitor": there is one of this name`, "another name"},
		{"the volume", ready80 + "\n    volumes: [octo-monitor-state:/x]", hook + "volumes: { octo-monitor-state: {} }", `cannot add the volume "octo-monitor-state"`, "another name"},
		{"the config", ready80 + "\n    configs: [octo-monitor]", hook + "configs: { octo-monitor: { content: x } }", `cannot add the config "octo-monitor"`, "another name"},
		{"the network", ready80 + "\n    networks: [octo-monitor]", hook + "networks: { octo-monitor: { internal: true } }", `cannot add the network "octo-monitor"`, "another name"},
		{"no room", "volumes: ['vol:/octo/x']\n    checks: { r: { exec: [/p] } }", hook + sidecar + "volumes: { vol: {} }", `services.a.volumes[0]: cannot mount this at "/octo/x"`, "elsewhere"},
		{"metrics where configs are", served1, "targets: { compose: { metrics_port: 8627 } }", "targets.compose: cannot serve metrics on port 8627: octo-config serves configs there", "another port"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, ds := compile(t, "services:\n  a:\n    image: a\n    "+test.service+"\n"+test.rest+"\n")
			i := slices.IndexFunc(ds, func(d *diag.Diagnostic) bool { return d.Severity == diag.Error })
			if ds.Count(diag.Error) != 1 || !strings.Contains(ds[i].Text(), test.message) || !strings.Contains(ds[i].Help, test.help) {
				t.Fatalf("want one error %q with help %q; got\n%s", test.message, test.help, messages(ds))
			}
			if ds[i].At.IsZero() {
				t.Errorf("no place: %s", ds[i].Text())
			}
		})
	}
}

// TestMonitorWarns: what nobody is told of, and what is done in another way.
func TestMonitorWarns(t *testing.T) {
	for _, test := range []struct{ name, text, message string }{
		{"a program", "services: { a: { image: a, " + ready80 + " }, b: { image: b, checks: { r: { exec: [/p] } } } }\n" + hears, "services.b.checks.r: nobody is told when this fails: its program is in the container of b"},
		{"a program of the image", "services: { a: { image: a, " + ready80 + " } }\nnotifications: { ops: { exec: [/p] } }\ntargets: { compose: { sidecar: s } }\n", "notifications.ops.exec: it runs in the container of octo-monitor: the image s must have /p"},
		{"metrics of nobody", "services: { a: { image: a } }\ntargets: { compose: { metrics_port: 9100 } }\n", "targets.compose: octo-sidecar does not run on this target"},
		{"whom nobody can be told", "services: { a: { image: a, " + ready80 + " } }\nnotifications: { ops: { webhook: { url: 'http://localhost/x' } } }\ntargets: { compose: { accept: [notifications.ops] } }\n", "as you accept: cannot reach localhost"},
	} {
		_, _, ds := compile(t, test.text)
		if ds.Has(diag.Error) || ds.Count(diag.Warning) != 1 || !strings.Contains(ds[0].Text(), test.message) || ds[0].At.IsZero() {
			t.Errorf("%s: want %q, got %s", test.name, test.message, messages(ds))
		}
	}
	run, _, _ := watched(t, "services: { a: { image: a, "+ready80+" } }\nnotifications: { ops: { webhook: { url: 'http://localhost/x' } } }\ntargets: { compose: { accept: [notifications.ops] } }\n")
	if len(run.Notify) > 0 {
		t.Errorf("who cannot be told is in the spec: %v", run.Notify)
	}
}

// TestMonitorService: what octo-monitor and what it asks look like.
func TestMonitorService(t *testing.T) {
	const one = "services: { a: { image: a, " + ready80 + " } }\n"
	const secrets = "notifications: { ops: { webhook: { url_secret: u, header_secret: h } }, b: { webhook: { url_secret: u } } }\nsecrets: { u: { environment: U }, h: { file: ./h } }\n"
	const program = "services: { a: { image: a, checks: { r: { exec: [/p] } }, target: { compose: { volumes: [{ type: volume, source: v, target: /v }] } } } }\nvolumes: { v: {} }\n"
	for _, test := range []struct{ name, text, path, want string }{
		{"it is asked on its socket", one + hears, "services octo-monitor healthcheck test", "[CMD /octo-sidecar status --state=/var/lib/octo]"},
		{"it is asked where its metrics are", one + hears + "targets: { compose: { metrics_port: 9100 } }\n", "services octo-monitor healthcheck test", "[CMD /octo-sidecar probe http http://127.0.0.1:9100/healthz]"},
		{"it starts behind", one + hears, "services octo-monitor depends_on", "map[a:map[condition:service_started required:false]]"},
		{"on an old Compose too", one + hears + "targets: { compose: { min_version: { compose: '2.19' } } }\n", "services octo-monitor depends_on", "map[a:map[condition:service_started]]"},
		{"which knows no profile in it", "services: { a: { image: a, " + ready80 + " }, b: { image: b, profiles: [p], " + ready80 + " } }\n" + hears + "targets: { compose: { min_version: { compose: '2.19' } } }\n",
			"services octo-monitor depends_on", "map[a:map[condition:service_started]]"},
		{"its secrets", one + secrets, "services octo-monitor secrets", "[map[source:h target:/run/secrets/h] map[source:u target:/run/secrets/u]]"},
		{"its root, for a secret of a variable", one + secrets, "services octo-monitor read_only", "<nil>"},
		{"its root", one + hears, "services octo-monitor read_only", "true"},
		{"no secret", one + hears, "services octo-monitor secrets", "<nil>"},
		{"always", one + hears, "services octo-monitor profiles", "<nil>"},
		{"nothing of the service changes", one + hears, "services a", fmt.Sprint(func() any { out, _ := lowered(t, "name: shop\n"+one); return at(out, "services", "a") }())},
		{"metrics alone take a network", "services: { a: { image: a, network_mode: host, " + alive80 + " } }\ntargets: { compose: { engine_socket: /s, metrics_port: 9100 } }\n", "services octo-monitor networks", "map[octo-monitor:map[]]"},
		{"metrics are in the networks of what is asked", "services: { a: { image: a, networks: [n], " + alive80 + " } }\nnetworks: { n: {} }\ntargets: { compose: { engine_socket: /s, metrics_port: 9100 } }\n", "services octo-monitor networks", "map[n:map[]]"},
		{"a patch keeps octo-sidecar", program + socket + hears, "services a volumes",
			"[map[source:v target:/v type:volume] map[bind:map[create_host_path:false] read_only:true source:/usr/local/bin/octo-sidecar target:/octo/octo-sidecar type:bind]]"},
	} {
		_, out, _ := watched(t, test.text)
		if got := fmt.Sprint(at(out, strings.Fields(test.path)...)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// TestMonitorProfiles: octo-monitor starts with what it asks.
func TestMonitorProfiles(t *testing.T) {
	in, _, _ := compile(t, "services: { a: { image: a, profiles: [p], "+ready80+" } }\n"+hears)
	for _, profiles := range [][]string{nil, {"p"}} {
		in.Project.Profiles = profiles
		set, ds := New().Lower(in)
		text, apply := string(set.Get(composeFile).Data), string(set.Get(applyFile).Data)
		is := len(profiles) > 0
		if strings.Contains(text, "octo-monitor:") != is || strings.Count(text, "profiles: [p]") != 1+len(profiles) || strings.Contains(apply, "a → octo-monitor.") != is || len(ds) > 0 == is {
			t.Errorf("%v: got %s\n%s\n%s", profiles, text, apply, messages(ds))
		}
	}
}

// TestMonitorIdle: what only a profile starts is asked inside of its container, where one that is not there is no failure; and
// from the network it is not asked, and that is said.
func TestMonitorIdle(t *testing.T) {
	in, _, _ := compile(t, "services: { a: { image: a, profiles: [p], "+alive80+" } }\n"+socket)
	in.Project.Profiles = nil
	set, ds := New().Lower(in)
	if text := string(set.Get(composeFile).Data); len(ds) > 0 || !strings.Contains(text, "octo-monitor:") || strings.Count(text, "profiles: [p]") != 2 {
		t.Errorf("got %s\n%s", text, messages(ds))
	}
	in, _, _ = compile(t, "services: { a: { image: a, profiles: [p], "+ready80+" } }\n"+hears+socket)
	in.Project.Profiles = nil
	const want = "services.a.checks.r: nobody is told when this fails: only a profile starts a"
	if _, ds := New().Lower(in); len(ds) != 1 || !strings.Contains(ds[0].Text(), want) || !strings.Contains(ds[0].Help, "--profile p") {
		t.Errorf("want one warning %q, got %s", want, messages(ds))
	}
}

// TestMonitorSecrets: APPLY.md knows who reads the file of a secret, and what is made anew with it.
func TestMonitorSecrets(t *testing.T) {
	_, set, ds := compile(t, "services: { a: { image: a, user: '7', secrets: [c], "+ready80+" } }\n"+
		"notifications: { ops: { webhook: { url_secret: c, header_secret: f } }, b: { webhook: { url_secret: d } } }\n"+
		"secrets: { c: { credential: c }, d: { credential: d }, f: { file: ./f } }\n")
	apply := string(set.Get(applyFile).Data)
	for _, want := range []string{
		"install -m 0444 /dev/stdin /etc/credstore/c ", "install -m 0400 /dev/stdin /etc/credstore/d ",
		"secret f; octo-monitor reads it, as root", "--no-deps a octo-monitor     # c\n", "--no-deps octo-monitor     # d\n",
	} {
		if !strings.Contains(apply, want) {
			t.Errorf("%q is not in\n%s%s", want, apply, messages(ds))
		}
	}
}

// TestMonitorAlone: what it asks changes octo-monitor, and no service.
func TestMonitorAlone(t *testing.T) {
	service := func(interval, name string) string {
		_, out, _ := watched(t, "services: { a: { image: a, checks: { l: { tcp: { port: 80 }, level: alive, interval: "+interval+" } } } }\n"+socket)
		return fmt.Sprint(at(out, "services", name))
	}
	if service("1s", "a") != service("2s", "a") || service("1s", monitorName) == service("2s", monitorName) {
		t.Error("want another octo-monitor, and the same a")
	}
}
