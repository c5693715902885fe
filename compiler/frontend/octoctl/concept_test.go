package octoctl

import (
	"strings"
	"testing"
)

// concept is an application in the spelling of the concept: a vendor's config with its repos, an extension, and what
// a user lays over them.
func concept() disk {
	return disk{
		"octo.yaml": `project:
  name: ledger
  id: 77aa
include:
  - url: https://v.example.com/config/core.yaml?template=true
    versions: github
  - url: https://v.example.com/config/docs.yaml?template=true&x=1
globals:
  server:
    rpc:
      listen: tcp://0.0.0.0:7443
  store:
    servers:
      - bus://bus:5222
octoctl:
  plugin: kubernetes
  namespace: ledger
  prefix: one
  api: https://cluster.example.com
  token: s3cr3t-t0ken
  operator:
    repos:
      mine:
        url: ./mine.yaml
    services:
      bus:
        replicas: 3
      robot:
        priority: 2000
        depends:
          - service: auth
          - service: mainframe
            external: true
      gone:
        enabled: false
  notifications:
    - notifier: smtp
      server: mail.example.com
      from: ledger@example.com
      user: ledger
      password: s3cr3t-mail
      to: a@example.com, b@example.com
    - notifier: smtp
      server: mail.example.com:465
      from: ledger@example.com
      to: [c@example.com]
service:
  bus:
    port: 5222
    cluster: true
  robot:
    name: Bea
    price: 5$
`,
		"v.example.com/config/core.yaml": `globals:
  client:
    transports: [rpc, grpc]
  server:
    rpc:
      listen: unix://{{env.XDG_RUNTIME_DIR}}/{{project.Name}}.sock
  store:
    servers:
      - bus://localhost:5111
octoctl:
  project: ledger
  version: v3.1.0
  prompts:
    - name: "Password of the vault?"
      type: password
      var: VAULT_PASSWORD
  secrets:
    tool: vault-client
  operator:
    repos:
      core:
        url: ../repos/core.yaml
    services:
      bus:
        config:
          noGlobals: true
        priority: 100
        healthCheck:
          - tool: check-tcp
            port: "{{service.bus.port}}"
            interval: 10s
            successTreshold: 1
            failureTreshold: 4
        preflightCheck:
          - tool: check-tcp-port
            port: "{{service.bus.port}}"
          - tool: operator-run
            args: ["preflight"]
        hooks:
          preStart:
            - tool: operator-run
              args: ["migrate", "{{project.ID}}"]
      auth:
        priority: 300
        depends:
          - service: bus
          - service: gone
        healthCheck:
          - tool: check-grpc
            url: "{{service.auth.server.rpc.listen}}"
            endpoint: /health.v1.Health/Ping
            interval: 10s
          - tool: check-grpc
            url: "{{service.auth.server.rpc.listen}}"
            interval: 8s
        preflightCheck:
          - tool: check-server-url
            url: "{{service.auth.server.rpc.listen}}"
      gone: {priority: 400}
service:
  bus:
    port: 5111
  auth: {}
`,
		"v.example.com/config/docs.yaml": `octoctl:
  repos:
    docs:
      url: ../repos/docs.yaml
  services:
    docs:
      priority: 1500
      preflightCheck: [{tool: check-tcp-port, port: 8443}]
services: {docs: {ports: ["8443:8443"]}}
`,
		"v.example.com/repos/core.yaml": `include:
  - url: ./auth.yaml?template=true
service:
  bus:
    binary:
      - {os: linux, arch: amd64, url: "https://v.example.com/bus-{{.OS}}-{{.ARCH}}.tgz", sha256URL: "https://v.example.com/bus.sha256", archiveBinaryPath: bus, args: [server]}
      - {os: linux, arch: arm64, url: "https://v.example.com/bus-arm64.tgz", sha256URL: "https://v.example.com/bus2.sha256", archiveBinaryPath: bus, args: [server]}
    oci:
      - {arch: amd64, registry: docker.io, image: ledger/bus, tag: v3.1.0}
    source:
      url: https://v.example.com/ledger.git
      branch: v3.1.0
      buildCmds:
        - OS={{GOOS}} ARCH={{GOARCH}} make bus
      binaryPath: dist/bus-{{GOOS}}-{{GOARCH}}
  spare:
    oci: [{registry: docker.io, image: ledger/spare, tag: v1}]
`,
		"v.example.com/repos/auth.yaml": `service:
  auth:
    oci: [{registry: docker.io, image: ledger/auth, tag: v3.1.0}]
    source:
      url: https://v.example.com/ledger.git
      branch: refs/heads/main
      buildCmds: ["GOOS={{GOOS}} make auth HOME=$HOME"]
      binaryPath: dist/auth
`,
		"v.example.com/repos/docs.yaml": "service: {docs: {oci: [{registry: docker.io, image: office/docs, tag: \"25\"}]}}\n",
		"mine.yaml":                     "service:\n  robot:\n    oci:\n      - {registry: docker.io, image: me/robot, tag: \"{{service.robot.name}}\"}\n",
	}
}

func TestConcept(t *testing.T) {
	root, ds, c := convert(t, concept())
	for path, want := range map[string]string{
		"name":                               `"ledger"`,
		"targets":                            `{systemd: {}, compose: {}, k8s: {namespace: "ledger"}}`,
		"variables":                          `{VAULT_PASSWORD: {prompt: "Password of the vault?", secret: true}}`,
		"services.bus.replicas":              "3",
		"services.bus.priority":              "-100",
		"services.bus.image":                 `"docker.io/ledger/bus:v3.1.0"`,
		"services.bus.command":               `["server"]`,
		"services.bus.source":                "-",
		"services.bus.binary":                `{linux_amd64: {url: "https://v.example.com/bus-linux-amd64.tgz", sha256_url: "https://v.example.com/bus.sha256", path: "bus"}, linux_arm64: {url: "https://v.example.com/bus-arm64.tgz", sha256_url: "https://v.example.com/bus2.sha256", path: "bus"}}`,
		"services.bus.checks":                `{default: {tcp: {port: 5222}, interval: "10s", successes: 1, failures: 4, timeout: "5s"}}`,
		"services.bus.preflight":             "-",
		"services.bus.hooks":                 `{pre_start: [{command: ["preflight"]}, {command: ["migrate", "77aa"]}]}`,
		"services.bus.config.values":         "{port: 5222, cluster: true}",
		"services.auth.depends_on":           `{bus: {condition: "service_healthy"}}`,
		"services.auth.checks":               `{default: {tcp: {port: 7443}, interval: "10s", timeout: "5s"}, check-grpc: {grpc: {port: 7443}, interval: "8s", timeout: "4s"}}`,
		"services.auth.preflight":            "-",
		"services.auth.source":               `{repo: "https://v.example.com/ledger.git", ref: "main", output: "dist/auth", commands: ["GOOS=linux make auth HOME=$$HOME"]}`,
		"services.auth.config.values":        `{client: {transports: ["rpc", "grpc"]}, server: {rpc: {listen: "tcp://0.0.0.0:7443"}}, store: {servers: ["bus://localhost:5111", "bus://bus:5222"]}}`,
		"services.robot.image":               `"docker.io/me/robot:Bea"`,
		"services.robot.depends_on":          `{auth: {condition: "service_healthy"}}`,
		"services.robot.config.values.price": `"5$$"`,
		"services.docs.priority":             "-1500",
		"services.docs.preflight":            "[{port: 8443}]",
		"services.gone":                      "-",
		"notifications.smtp.smtp":            `{server: "mail.example.com:587", from: "ledger@example.com", user: "ledger", password_secret: "notifications-smtp-password", to: ["a@example.com", "b@example.com"]}`,
		"notifications.smtp-2.smtp":          `{server: "mail.example.com:465", tls: "tls", from: "ledger@example.com", to: ["c@example.com"]}`,
		"secrets":                            `{notifications-smtp-password: {prompt: "the password of the mail server"}}`,
		"services.spare":                     "-",
	} {
		if got := part(t, root, path); got != want {
			t.Errorf("%s: %s; want %s", path, got, want)
		}
	}
	said := messages(ds)
	for _, want := range []string{
		"core.yaml:51:23: warning: octoctl.operator.services.auth.healthCheck[0].endpoint: auth counts as healthy when port 7443 accepts a connection",
		"octo.yaml:20:3: warning: octoctl.token: has no effect",
		"octo.yaml:18:3: warning: octoctl.prefix: has no effect",
		"octo.yaml:19:3: warning: octoctl.api: has no effect",
		"octo.yaml:16:3: note: octoctl.plugin: chooses no backend",
		"octo.yaml:6:5: note: include[0].versions: the versions are read by octo upgrade alone",
		"warning: octoctl.secrets: has no effect",
		"note: octoctl.version: has no effect", "note: octoctl.project: has no effect",
		"octo.yaml:41:7: warning: octoctl.notifications[0].password: is not taken over: what is compiled holds no password",
		`robot does not wait for "mainframe": it runs elsewhere`,
		`auth does not wait for "gone", which is switched off`,
		"nothing asks whether port 5222 is free: bus publishes no port of the machine",
		"core.yaml:10:5: warning: repos.services.bus.source: the program of bus is downloaded, and not built",
		"core.yaml:16:3: note: repos.services.spare: no service of this name runs",
		"the config of service robot is served at CONFIG",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %s:\n%s", want, said)
		}
	}
	if strings.Contains(said, "error:") || strings.Contains(said, "s3cr3t") {
		t.Errorf("said\n%s", said)
	}
	if strings.Join(c.asked[:1], "") != "https://v.example.com/config/core.yaml" || !strings.HasSuffix(strings.Join(c.asked, " "), "./mine.yaml") && !strings.Contains(strings.Join(c.asked, " "), "docs.yaml?x=1") {
		t.Errorf("asked for %v", c.asked)
	}
	if _, said := compiled(t, root); strings.Contains(said, "error:") {
		t.Errorf("does not compile:\n%s", said)
	}
}

// TestConceptAlone: the vendor's config without a user. Its addresses are sockets, with templates of run time in them.
func TestConceptAlone(t *testing.T) {
	d := concept()
	d["octo.yaml"] = "name: alone\n" + strings.ReplaceAll(d["v.example.com/config/core.yaml"], "../repos/core.yaml", "https://v.example.com/repos/core.yaml")
	root, ds, _ := convert(t, d)
	said := messages(ds)
	if n := strings.Count(said, "nothing asks over a unix socket"); n != 2 || strings.Contains(said, "error:") {
		t.Errorf("said\n%s", said)
	}
	if got, want := part(t, root, "services.auth.config.values.server.rpc.listen"), `"unix://{{env.XDG_RUNTIME_DIR}}/{{project.Name}}.sock"`; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	text, said := compiled(t, root)
	if strings.Contains(said, "error:") || !strings.Contains(text, "unix://{{env.XDG_RUNTIME_DIR}}") {
		t.Errorf("%s\n%s", said, text)
	}
}
