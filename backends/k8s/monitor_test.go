package k8s_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// watched is an application on two networks; told is what makes octo-monitor of it.
const (
	watched = `
name: shop
services:
  api:
    image: api:1
    user: "5"
    networks: [front]
    checks: { works: { http: { port: 8080 } }, lives: { level: alive, tcp: { port: 8080 } } }
    config: { values: { pool: 40 }, deliver: { url: true } }
  db: { image: "db:1", user: "5", networks: [back], healthcheck: { tcp: { port: 5432 } }, secrets: [own] }
networks: { front: {}, back: { policy: dependencies } }
secrets: { own: { file: ./own }, chat: { file: ./chat } }
`
	told = "notifications: { ops: { webhook: { url_secret: chat } } }\n"
)

// finding compiles text and returns the finding with the words, which is the only one that has them.
func finding(t *testing.T, text, words string) *diag.Diagnostic {
	t.Helper()
	dir := t.TempDir()
	for _, f := range []struct{ name, text string }{{"compose.yaml", text}, {"own", "x"}, {"chat", "x"}} {
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ds := compile(t, dir, "compose.yaml").Diagnostics
	var found *diag.Diagnostic
	for i := range ds {
		if strings.Contains(ds[i].Text(), words) {
			if found != nil {
				t.Errorf("%q stands twice", words)
			}
			found = ds[i]
		}
	}
	if found == nil {
		t.Fatalf("%q is not among:\n%s", words, strings.Join(texts(ds), "\n"))
	}
	return found
}

// TestMonitorFindings: what octo-monitor cannot ask, tell or serve is said where it was written, with what to do.
func TestMonitorFindings(t *testing.T) {
	one := func(service, more string) string {
		return "services: { a: { image: \"a:1\", " + service + " } }\n" + more
	}
	const hook = "notifications: { n: { webhook: { url: \"https://example.com/x\" } } }\n"
	tell := func(how string) string {
		return one("healthcheck: { tcp: { port: 80 } }", "notifications: { n: { "+how+" } }\n")
	}
	target := func(fields string) string { return "targets: { k8s: { " + fields + " } }\n" }
	serves := one("expose: [\"9100\"], config: { values: { a: 1 }, deliver: { url: true } }", "")
	for _, c := range []struct {
		name, text, words string
		at                string
		help              string
		sev               diag.Severity
	}{
		{"alive by a program", one("checks: { c: { level: alive, exec: [x], on_failure: notify } }", hook), "cannot tell anybody when this fails: a program in a container cannot be asked from outside",
			"services.a.checks.c.on_failure", "write http, tcp or grpc", diag.Error},
		{"alive by a program that restarts", one("checks: { c: { level: alive, exec: [x] } }", hook), "nobody is told when this fails: a program in a container cannot be asked from outside",
			"services.a.checks.c", "write http, tcp or grpc, or accept it: targets.k8s.accept: [notifications]", diag.Warning},
		{"ready without a Service", one("checks: { c: { plugin: [x], on_failure: notify } }", hook), "a has no Service by which to see whether its pods are ready",
			"services.a.checks.c.on_failure", "write expose: [PORT], or http, tcp or grpc", diag.Error},
		{"ready by a program", one("expose: [\"80\"], checks: { c: { exec: [x] } }", hook), "octo-monitor cannot run this program: it sees whether a pod of a is ready, by its Service",
			"services.a.checks.c", "write http, tcp or grpc", diag.Warning},
		{"no network", one("network_mode: none, checks: { c: { tcp: { port: 80 }, on_failure: notify } }", hook), "cannot tell anybody when this fails: a is on no network",
			"services.a.checks.c.on_failure", "give it a network", diag.Error},
		{"nobody named", one("checks: { c: { tcp: { port: 80 }, on_failure: notify } }", ""), "nobody hears when this fails",
			"services.a.checks.c.on_failure", "notifications", diag.Warning},
		{"a program that tells", tell("exec: [page]"), "cannot run this program: the image of octo-sidecar has no other program",
			"notifications.n.exec", "targets.k8s.sidecar", diag.Error},
		{"a program of the image", tell("exec: [page]") + target("sidecar: own:1"), "\"page\" must be in the image own:1",
			"notifications.n.exec", "", diag.Warning},
		{"a mail server on loopback", tell("smtp: { server: \"127.0.0.1:25\", tls: none, from: a@b.c, to: [a@b.c] }"), "cannot reach 127.0.0.1: octo-monitor is alone in its pod",
			"notifications.n.smtp.server", "a host that has a name in DNS", diag.Error},
		{"a hook on loopback", tell("webhook: { url: \"http://localhost:1/\" }"), "cannot reach localhost: octo-monitor is alone in its pod",
			"notifications.n.webhook.url", "a service of this application", diag.Error},
		{"a hook at a port that is not there", tell("webhook: { url: \"http://a:81/\" }"), "cannot reach a: its Service has no port 81",
			"notifications.n.webhook.url", "expose: [81]", diag.Error},
		{"a hook at a Job", "services: { a: { image: \"a:1\", healthcheck: { tcp: { port: 80 } } }, j: { image: \"j:1\", restart: \"no\" } }\nnotifications: { n: { webhook: { url: \"http://j/\" } } }\n",
			"cannot reach j: it runs to its end", "notifications.n.webhook.url", "a service that stays", diag.Error},
		{"a hook in a profile", "services: { a: { image: \"a:1\", healthcheck: { tcp: { port: 80 } } }, j: { image: \"j:1\", profiles: [x] } }\nnotifications: { n: { webhook: { url: \"http://j/\" } } }\n",
			"cannot reach j: only a profile starts it", "notifications.n.webhook.url", "--profile x", diag.Error},
		{"the name", "services: { octo-monitor: { image: \"a:1\", healthcheck: { tcp: { port: 80 } } } }\n" + hook, `service "octo-monitor" is called "octo-monitor" on Kubernetes`,
			"services.octo-monitor", "another name", diag.Error},
		{"another name", "services: { a: { image: \"a:1\", container_name: octo-monitor, healthcheck: { tcp: { port: 80 } } }, b: { image: \"b:1\" } }\n" + hook, `another name of service "a" is called "octo-monitor"`,
			"services.a.container_name", "another name", diag.Error},
		{"metrics of nothing", one("expose: [\"80\"]", target("metrics_port: 9100")), "nothing answers at 9100: octo-sidecar does not run on this target",
			"targets.k8s.metrics_port", "delete the line", diag.Warning},
		{"metrics at a low port", tell("webhook: { url: \"https://example.com\" }") + target("metrics_port: 80"), "cannot serve metrics at 80: octo-sidecar is not root",
			"targets.k8s.metrics_port", "9100", diag.Error},
		{"metrics where configs are", serves + target("metrics_port: 8627"), "cannot serve metrics at 8627: octo-sidecar serves configs there",
			"targets.k8s.metrics_port", "another port", diag.Error},
		{"metrics where the service is", serves + target("metrics_port: 9100"), "cannot serve metrics at 9100: a has the port",
			"targets.k8s.metrics_port", "another port", diag.Error},
		{"metrics on a node", one("network_mode: host, config: { values: { a: 1 }, deliver: { url: true } }", target("metrics_port: 9100")), "the metrics of its config are at 127.0.0.1:9100 of the node alone",
			"targets.k8s.metrics_port", "", diag.Warning},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := finding(t, "name: shop\n"+c.text, c.words)
			if d.Severity != c.sev || d.Path.String() != c.at || !strings.Contains(d.Help, c.help) {
				t.Errorf("%v at %s, help %q; want %v at %s, help with %q", d.Severity, d.Path, d.Help, c.sev, c.at, c.help)
			}
		})
	}
}

// TestMonitorAccepted: who accepts that not all is told hears no more of it.
func TestMonitorAccepted(t *testing.T) {
	const text = `
name: shop
services: { a: { image: "a:1", expose: ["80"], healthcheck: { test: [CMD, x] } }, b: { image: "b:1", expose: ["80"] } }
notifications: { n: { webhook: { url: "https://example.com/x" } } }
targets: { k8s: { accept: [notifications] } }
`
	for _, d := range compileText(t, text).Diagnostics {
		t.Error(d.Text())
	}
}

// monitorRun is the spec of octo-monitor, read as octo-sidecar reads it.
func monitorRun(t *testing.T, set *artifact.Set) spec.Run {
	t.Helper()
	var cm corev1.ConfigMap
	if err := yaml.UnmarshalStrict(set.Get("octo-monitor/configmap.yaml").Data, &cm); err != nil {
		t.Fatal(err)
	}
	run, err := spec.ParseRun([]byte(cm.Data["run.json"]))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestMonitorPod: each file that the spec names is mounted, and nothing else of the application is; there is no token, and
// the probe asks where the spec says.
func TestMonitorPod(t *testing.T) {
	set := compileText(t, watched+told).Targets[0].Set
	run := monitorRun(t, set)
	d := decodeDeployment(t, set.Get("octo-monitor/deployment.yaml").Data)
	pod := d.Spec.Template.Spec
	c := pod.Containers[0]
	var mounted []string
	for _, m := range c.VolumeMounts {
		i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if p := pod.Volumes[i].Projected; p != nil {
			for _, s := range p.Sources {
				mounted = append(mounted, m.MountPath+"/"+s.Secret.Items[0].Path)
			}
			continue
		}
		mounted = append(mounted, m.MountPath)
	}
	if want := []string{"/etc/octo", "/run/secrets/chat", "/var/lib/octo"}; !slices.Equal(mounted, want) {
		t.Errorf("it mounts %v, want %v", mounted, want)
	}
	if got := run.Notify[0].Webhook.URLFile; got != "/run/secrets/chat" {
		t.Errorf("the address is in %q", got)
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken || d.Spec.Strategy.Type != "Recreate" || *d.Spec.Replicas != 1 {
		t.Errorf("token %v, strategy %s, replicas %d", pod.AutomountServiceAccountToken, d.Spec.Strategy.Type, *d.Spec.Replicas)
	}
	if run.Status != "127.0.0.1:8627" || !slices.Contains(c.LivenessProbe.Exec.Command, "http://"+run.Status+"/healthz") || len(c.Ports) != 0 || set.Get("octo-monitor/service.yaml") != nil {
		t.Errorf("status %q, probe %v, ports %v", run.Status, c.LivenessProbe.Exec.Command, c.Ports)
	}
	if page := string(set.Get("APPLY.md").Data); !strings.Contains(page, "create secret generic shop.chat --from-file=chat=") ||
		!strings.Contains(page, "kubectl exec deployment/octo-monitor") || !strings.Contains(page, "The gates, the servers of configs and octo-monitor run") {
		t.Error(page)
	}
	restricted := string(compileText(t, watched+told+"targets: { k8s: { namespace: shop } }").Targets[0].Set.Get("namespace.yaml").Data)
	if !strings.Contains(restricted, "enforce: \"restricted\"") {
		t.Error(restricted)
	}
}

// TestMonitorAsks: what runs is asked by its Service, each check once; what does not run, or runs to its end, is not.
func TestMonitorAsks(t *testing.T) {
	const text = `
name: shop
services:
  a_b: { image: "a:1", replicas: 3, checks: { c: { grpc: { port: 9000, service: x } }, up: { level: startup, plugin: [p] }, life: { level: alive, tcp: { port: 1 }, on_failure: notify, successes: 2 } } }
  none: { image: "a:1", replicas: 0, healthcheck: { tcp: { port: 1 } } }
  job: { image: "a:1", deploy: { mode: replicated-job }, healthcheck: { tcp: { port: 1 } } }
  off: { image: "a:1", profiles: [x], checks: { c: { tcp: { port: 1 }, on_failure: notify } } }
  name: { image: "a:1", healthcheck: { test: [CMD, x] } }
  asks: { image: "a:1", command: [x, name], healthcheck: { disable: true } }
  bot_1: { image: "a:1", networks: [apart] }
  open: { image: "a:1", expose: ["80", "81", "53/udp"] }
networks: { apart: { policy: dependencies } }
notifications: { n: { webhook: { url: "http://bot_1:3000/x" } } }
`
	set := compileText(t, text).Targets[0].Set
	var got []string
	for _, c := range monitorRun(t, set).Checks {
		got = append(got, c.Service+" "+c.Name+" "+strings.Join(c.What, " "))
	}
	want := []string{"a_b c grpc a-b:9000 x", "a_b life tcp a-b:1", "a_b up tcp a-b:9000 a-b:1", "name default dns name", "open running tcp open:80 open:81"}
	if !slices.Equal(got, want) {
		t.Errorf("it asks\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if w := monitorRun(t, set).Notify[0].Webhook; w.URL != "http://bot-1:3000/x" || !w.Plain {
		t.Errorf("it tells %+v", w)
	}
	if f := set.Get("bot-1/service.yaml"); f == nil || !strings.Contains(string(f.Data), "clusterIP: None") {
		t.Error("who is told has no name")
	}
	if f := set.Get("bot-1/networkpolicy.yaml"); f == nil || !strings.Contains(string(f.Data), "app.kubernetes.io/name: octo-monitor") {
		t.Error("who is told does not let octo-monitor in")
	}
	if c := decodeDeployment(t, set.Get("a-b/deployment.yaml").Data).Spec.Template.Spec.Containers[0]; c.LivenessProbe != nil || c.ReadinessProbe == nil {
		t.Errorf("probes: %v, %v", c.LivenessProbe, c.ReadinessProbe)
	}
}

// TestMonitorChange: who is told changes nothing that runs a service; another notifier changes octo-monitor alone; without
// any there is nothing of it.
func TestMonitorChange(t *testing.T) {
	none, first := compileText(t, watched).Targets[0].Set, compileText(t, watched+told).Targets[0].Set
	second := compileText(t, watched+strings.Replace(told, "ops:", "dev:", 1)).Targets[0].Set
	changed := func(a, b *artifact.Set) (out []string) {
		for _, f := range b.Files() {
			if old := a.Get(f.Path); old == nil || string(old.Data) != string(f.Data) {
				out = append(out, f.Path)
			}
		}
		return out
	}
	const own = "octo-monitor/"
	if got, want := changed(none, first), []string{
		"APPLY.md", "db/networkpolicy.yaml", "kustomization.yaml", own + "configmap.yaml", own + "deployment.yaml", own + "networkpolicy.yaml", own + "serviceaccount.yaml",
	}; !slices.Equal(got, want) {
		t.Errorf("the first changes %v, want %v", got, want)
	}
	if got, want := changed(first, second), []string{own + "configmap.yaml", own + "deployment.yaml"}; !slices.Equal(got, want) {
		t.Errorf("another one changes %v, want %v", got, want)
	}
	for _, f := range none.Files() {
		if strings.Contains(f.Path+string(f.Data), "octo-monitor") {
			t.Errorf("%s speaks of octo-monitor", f.Path)
		}
	}
}

// TestMetricsPort: octo-monitor and the server of a config have it; who shares a network with the one may read it.
func TestMetricsPort(t *testing.T) {
	set := compileText(t, watched+told+"targets: { k8s: { metrics_port: 9100 } }").Targets[0].Set
	if got := monitorRun(t, set).Status; got != ":9100" {
		t.Errorf("octo-monitor answers at %q", got)
	}
	server := decodeDeployment(t, set.Get("api/deployment.yaml").Data).Spec.Template.Spec.InitContainers[0]
	if len(server.Ports) != 1 || server.Ports[0].ContainerPort != 9100 {
		t.Errorf("the server of the config has %v", server.Ports)
	}
	for file, words := range map[string][]string{
		"api/configmap.yaml":               {`"status": ":9100"`},
		"octo-monitor/service.yaml":        {"{ name: octo-metrics, port: 9100, targetPort: octo-metrics, protocol: TCP }"},
		"octo-monitor/networkpolicy.yaml":  {"# who is on back", "app.kubernetes.io/name: db\n", "# who is on front", "network.octocompose.dev/front: \"true\"", "ports: [{ port: 9100, protocol: TCP }]"},
		"octo-monitor/deployment.yaml":     {"httpGet: { port: octo-metrics, path: /healthz }", "network.octocompose.dev/front: \"true\""},
		"octo-monitor/serviceaccount.yaml": {"automountServiceAccountToken: false"},
	} {
		for _, w := range words {
			if f := set.Get(file); f == nil || !strings.Contains(string(f.Data), w) {
				t.Errorf("%s has no %q", file, w)
			}
		}
	}
}

// TestMonitorOrigins: lines of octo-monitor lead to what asks for it, and the port to its field.
func TestMonitorOrigins(t *testing.T) {
	set := compileText(t, watched+told+"targets: { k8s: { metrics_port: 9100 } }").Targets[0].Set
	for _, c := range []struct{ file, line, from string }{
		{"octo-monitor/deployment.yaml", "  name: octo-monitor", "notifications"}, {"octo-monitor/deployment.yaml", "args:", "notifications"}, {"octo-monitor/configmap.yaml", "run.json", "notifications"},
		{"octo-monitor/deployment.yaml", "containerPort: 9100", "targets.k8s.metrics_port"}, {"octo-monitor/service.yaml", "port: 9100", "targets.k8s.metrics_port"},
		{"db/networkpolicy.yaml", "- from: # octo-monitor", "notifications"},
	} {
		f := set.Get(c.file)
		lines := strings.Split(string(f.Data), "\n")
		if !slices.ContainsFunc(f.Origins, func(o tree.Origin) bool {
			return strings.Contains(lines[o.Line-1], c.line) && o.From.String() == c.from
		}) {
			t.Errorf("%s: %q does not lead to %s", c.file, c.line, c.from)
		}
	}
}
