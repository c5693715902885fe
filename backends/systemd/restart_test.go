package systemd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/backends/systemd"
	"github.com/octocompose/octocompose/compiler/artifact"
)

const restartBase = `
name: shop
services:
  api: { image: "a:1", restart: always, depends_on: { db: { condition: service_started } }, replicas: 2, networks: [back] }
  db: { image: "d:1", restart: always, volumes: ["data:/data"], networks: [back], configs: [{ source: conf, target: /conf }] }
  tool: { image: "t:1", profiles: [tools], replicas: 2 }
  web: { image: "w:1", restart: always, pre_start: [{ command: [prepare] }] }
  work:
    binary: { linux_amd64: { url: "https://example.com/1", sha256: "0000000000000000000000000000000000000000000000000000000000000001" } }
    network_mode: host
    checks: { alive: { level: alive, tcp: { port: 81 } }, ready: { tcp: { port: 81 } } }
    preflight: [{ port: 81 }]
networks: { back: {} }
volumes: { data: {} }
configs: { conf: { content: one } }
`

// What a change stops and restarts: each case is an overlay over restartBase.
func TestRestarts(t *testing.T) {
	old := treeOf(t, "{}")
	for _, c := range []struct{ name, overlay, want string }{
		{"nothing", `{}`, ``},
		{"an image, of each instance", `services: { api: { image: "a:2" } }`, `systemctl try-restart shop-api@1.service shop-api@2.service`},
		{"two services are one command", `services: { web: { image: "w:2" }, db: { image: "d:2" } }`, `systemctl try-restart shop-db.service shop-web.service`},
		{"only the content of a config", `configs: { conf: { content: two } }`, `systemctl try-restart shop-db.service`},
		{"more replicas: the target starts them", `services: { api: { replicas: 3 } }`, ``},
		{"fewer", `services: { api: { replicas: 1 } }`, `systemctl stop shop-api@1.service shop-api@2.service
rm /etc/containers/systemd/shop-api@.container
systemctl daemon-reload`},
		{"a place in the start order, which nothing that runs sees", `services: { web: { depends_on: [db] } }`, ``},
		{"a new service: the target starts it", `services: { new: { image: "n:1" } }`, ``},
		{"a service goes", `services: { web: { enabled: false } }`, `systemctl stop shop-web-pre-1.service shop-web.service
rm /etc/containers/systemd/shop-web-pre-1.container /etc/containers/systemd/shop-web.container
systemctl daemon-reload`},
		{"a service goes behind a profile", `services: { web: { profiles: [tools] } }`, `systemctl stop shop-web.service`},
		{"a service of a profile: whichever instances run", `services: { tool: { image: "t:2" } }`, `systemctl try-restart 'shop-tool@*.service'`},
		{"a network is made anew, by those who are on it", `networks: { back: { internal: true } }`,
			`systemctl stop shop-api@1.service shop-api@2.service shop-back-network.service shop-db.service
podman network rm shop-back`},
		{"a volume never is", `volumes: { data: { labels: { a: b } } }`,
			`# volume shop-data stays as it was made; to make it anew, save its data first: podman volume rm shop-data`},
		{"nor deleted", `{ services: { db: { volumes: !reset [] } }, volumes: { data: !reset null } }`, `systemctl stop shop-data-volume.service
rm /etc/containers/systemd/shop-data.volume
systemctl daemon-reload
systemctl try-restart shop-db.service
# volume shop-data stays; its data goes with: podman volume rm shop-data`},
		{"what runs before each start, with what it runs for", `services: { web: { pre_start: !override [{ command: [prepare, more] }] } }`,
			`systemctl try-restart shop-web.service`},
		{"another program", `services: { work: { binary: { linux_amd64: { url: "https://example.com/2" } } } }`,
			`systemctl try-restart shop-work.service`},
		{"how it is watched, by the watcher alone", `services: { work: { checks: { alive: { interval: 9s, timeout: 2s } } } }`,
			`systemctl try-restart shop-work-alive.service`},
		{"no longer watched", `services: { work: { checks: { alive: !reset null } } }`, `systemctl stop 'shop-restart@*.service' shop-work-alive.service
rm /etc/systemd/system/shop-restart@.service /etc/systemd/system/shop-work-alive.service
systemctl daemon-reload`},
		{"what the next start asks", `services: { work: { preflight: !override [{ port: 82 }] } }`, ``},
		{"what the next stop does", `services: { web: { pre_stop: [{ command: [bye] }], hooks: { post_stop: [{ command: [/bin/true] }] } } }`, ``},
		{"a policy that systemd reads at once", `services: { web: { restart: on-failure } }`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(systemd.New().Restarts(old, treeOf(t, c.overlay)), "\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("want - got +:\n%s", diff)
			}
		})
	}
}

// Many that are all are the target.
func TestRestartsEverything(t *testing.T) {
	text := func(tag string) string {
		var b strings.Builder
		for _, name := range strings.Fields("a b c d e f g h") {
			b.WriteString("  x" + name + ": { image: \"x:" + tag + "\" }\n")
		}
		return "services:\n  web: { enabled: false }\n  api: { enabled: false }\n  db: { enabled: false }\n  tool: { enabled: false }\n  work: { enabled: false }\n" + b.String()
	}
	got := systemd.New().Restarts(treeOf(t, text("1")), treeOf(t, text("2")))
	if want := []string{"systemctl try-restart shop.target"}; !cmp.Equal(want, got) {
		t.Errorf("want %q, got %q", want, got)
	}
}

const servedBase = `
name: shop
services:
  web: { image: "w:1", config: { values: { level: info }, deliver: { url: true } } }
  tool: { image: "t:1", config: { values: { level: info }, deliver: { file: { path: /conf.json, format: json } } } }
  db: { image: "d:1" }
secrets: { key: { credential: shop.key } }
`

// What a change of a served config restarts: nothing, as the server reads it again; of who is served, the server.
func TestServedRestarts(t *testing.T) {
	old := compiled(t, servedBase, "{}")
	for _, c := range []struct{ name, overlay, want string }{
		{"a value", `services: { web: { config: { values: { level: warn } } } }`, ``},
		{"a secret in it", `services: { web: { config: { values: { level: "{{ secret.key }}" } } } }`, `systemctl try-restart shop-config.service`},
		{"one more, who gets variables and the authority", `services: { tool: { config: { deliver: { url: true } } } }`, `systemctl try-restart shop-config.service shop-tool.service`},
		{"none is served any more", `services: { web: { config: { deliver: !override { file: { path: /conf.json, format: json } } } } }`,
			`systemctl stop shop-config.service shop-db.service shop-default-network.service shop-tool.service shop-web.service
podman network rm shop-default
rm /etc/shop/config/configs/web.json /etc/shop/config/run.json /etc/systemd/system/shop-config.service
systemctl daemon-reload`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(systemd.New().Restarts(old, compiled(t, servedBase, c.overlay)), "\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("want - got +:\n%s", diff)
			}
		})
	}
}

// treeOf compiles restartBase with an overlay.
func treeOf(t *testing.T, overlay string) *artifact.Set {
	t.Helper()
	return compiled(t, restartBase, overlay)
}

// compiled is the tree of a config with an overlay.
func compiled(t *testing.T, base, overlay string) *artifact.Set {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"compose.yaml": base, "compose.override.yaml": overlay} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := compile(t, dir)
	if len(r.Targets) == 0 {
		t.Fatal(r.Diagnostics[0].Text())
	}
	return r.Targets[0].Set
}
