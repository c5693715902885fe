package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/diag"
)

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name, in string
		o        Options
		want     string
	}{
		{name: "nothing to say", in: `
services:
  web: {image: a, profiles: [dev.x-1], expose: ["80", "80-90/udp"], tmpfs: [/run:size=1m, /tmp], volumes: [{type: volume, target: /d}]}
`},
		{name: "what runs", in: `
services:
  a: {command: [x]}
  b: {image: "", x-a: 1}
  c: {build: {context: .}}
  d: {provider: {type: x}}
  e: {imgae: x}
`, want: `octo.yaml:3:3: error: services.a: no image, no build and no binary; want one of them [required]
  help: add to services.a: image: NAME:TAG; or build: with the folder of its Dockerfile
octo.yaml:4:3: error: services.b: no image, no build and no binary; want one of them [required]
  help: add to services.b: image: NAME:TAG; or build: with the folder of its Dockerfile
octo.yaml:7:7: error: services.e.imgae: unknown key "imgae" [unknown-key]
  help: did you mean "image"?
`},
		{name: "a broken file may hold it", o: Options{Broken: true}, in: "services: {web: {command: [x]}}\nsecrets: {s: {}}"},
		{name: "two spellings of a limit", in: `
services:
  a: {image: a, mem_limit: 64m, cpus: 1, mem_reservation: 5m, pids_limit: 7, deploy: {resources: {limits: {memory: 65536k, cpus: "2", pids: 7}, reservations: {memory: 6M}}}}
`, want: `octo.yaml:3:39: error: services.a.cpus: cpus and deploy.resources.limits.cpus are one field, and they differ [conflict]
  octo.yaml:3:124: the other value stands here
  help: delete one of the two
octo.yaml:3:59: error: services.a.mem_reservation: mem_reservation and deploy.resources.reservations.memory are one field, and they differ [conflict]
  octo.yaml:3:160: the other value stands here
  help: delete one of the two
`},
		{name: "what is missing because it is misspelt", in: `
services:
  a: {image: a, checks: {c: {htp: {port: 80}}}, hooks: {post_stop: [{comand: [x]}, {usr: x}]}}
`, want: `octo.yaml:3:30: error: services.a.checks.c.htp: unknown key "htp" [unknown-key]
  help: did you mean "http"?
octo.yaml:3:70: error: services.a.hooks.post_stop[0].comand: unknown key "comand" [unknown-key]
  help: did you mean "command"?
octo.yaml:3:84: error: services.a.hooks.post_stop[1].command: no value; want a string or a list [required]
  help: add command: the command
octo.yaml:3:85: error: services.a.hooks.post_stop[1].usr: unknown key "usr" [unknown-key]
  help: did you mean "user"?
`},
		{name: "numbers of replicas", in: `
services:
  a: {image: a, replicas: 9, autoscale: {min: 2, max: 4}}
  b: {image: a, autoscale: {min: 5, max: 4}}
  c: {image: a, replicas: 3, placement: {mode: every}}
  d: {image: a, replicas: 3, autoscale: {max: 4}, placement: {mode: replicated}}
  e: {image: a, autoscale: {max: 4}, placement: {mode: every}}
`, want: `octo.yaml:3:27: error: services.a.replicas: cannot use 9 replicas; autoscale allows 2 to 4 [range]
  octo.yaml:3:30: the bounds stand here
  help: delete replicas: autoscale chooses the number; targets without it run the least
octo.yaml:4:34: error: services.b.autoscale.min: cannot keep at least 5 of at most 4 replicas [range]
  octo.yaml:4:37: the greatest number stands here
  help: write min no greater than max
octo.yaml:5:48: error: services.c.placement.mode: cannot run one on every machine and 3 replicas [conflict]
  octo.yaml:5:17: the number stands here
  help: delete one of the two
octo.yaml:7:56: error: services.e.placement.mode: cannot run one on every machine and change their number by load [conflict]
  octo.yaml:7:17: autoscale stands here
  help: delete one of the two
`},
		{name: "mounts", in: `
services:
  a:
    image: a
    build: {context: ., platforms: [linux/amd64]}
    platform: linux/arm64
    tmpfs: [/tmp, "/run:size=1m"]
    volumes:
      - {type: volume, source: v, target: /tmp/}
      - {type: bind, target: /x}
      - {type: bind, source: y}
      - {type: volume, target: /x}
`, want: `octo.yaml:6:15: error: services.a.platform: cannot run on "linux/arm64": build.platforms does not list it [conflict]
  octo.yaml:5:25: the list stands here
  help: add it to the list, or delete the line
octo.yaml:9:9: error: services.a.volumes[0]: "/tmp/" is a mount already [duplicate]
  octo.yaml:7:13: the first one
  help: delete one of the two
octo.yaml:10:9: error: services.a.volumes[1]: no source; want the file or folder of the host to mount [required]
  help: add source: ./PATH
octo.yaml:11:9: error: services.a.volumes[2]: no target; want the place of the mount in the container [required]
  help: add target: /PATH
octo.yaml:12:9: error: services.a.volumes[3]: "/x" is a mount already [duplicate]
  octo.yaml:10:9: the first one
  help: delete one of the two
`},
		{name: "ports", in: `
services:
  a:
    image: a
    ports:
      - {published: "80"}
      - {target: 80, host_ip: localhost}
      - {target: 81, host_ip: "[::1]"}
    expose: ["80/sctp", "81/quic", "0"]
`, want: `octo.yaml:6:9: error: services.a.ports[0]: no target; want the port of the container [required]
  help: add target: PORT
octo.yaml:7:31: error: services.a.ports[1].host_ip: cannot use "localhost" as an address of the host; want an IP address [type]
  help: write 127.0.0.1 for this machine alone, or delete it for every address
octo.yaml:9:25: error: services.a.expose[1]: cannot use "81/quic" as a port; want 1 to 65535 or a range, with /tcp, /udp or /sctp [type]
octo.yaml:9:36: error: services.a.expose[2]: cannot use "0" as a port; want 1 to 65535 or a range, with /tcp, /udp or /sctp [type]
`},
		{name: "one name for many, checks, watch", in: `
services:
  a:
    image: a
    container_name: one
    replicas: 2
    profiles: [-x, "a b"]
    healthcheck: {test: [curl, x]}
    checks:
      fast: {tcp: {port: 1}, interval: 500ms, timeout: 1s}
      slow: {tcp: {port: 1}, interval: 5s, timeout: 5s}
      fine: {tcp: {port: 1}, interval: 5s, timeout: 4s}
    develop: {watch: [{path: src, action: sync}, {path: x, action: rebuild}]}
`, want: `octo.yaml:5:5: error: services.a.container_name: cannot use one container_name for 2 replicas [exclusive]
  octo.yaml:6:5: the number stands here
  help: delete container_name: other services reach this one as "a"
octo.yaml:7:16: error: services.a.profiles[0]: cannot use "-x" as the name of a profile [pattern]
  help: want letters a to z, digits, ".", "_" and "-", with a letter or digit first
octo.yaml:7:20: error: services.a.profiles[1]: cannot use "a b" as the name of a profile [pattern]
  help: want letters a to z, digits, ".", "_" and "-", with a letter or digit first
octo.yaml:8:26: error: services.a.healthcheck.test[0]: cannot use "curl" as the first word of a check; want CMD, CMD-SHELL or NONE [enum]
  help: write [CMD, curl, …] to run a program, or one string for the shell
octo.yaml:10:40: error: services.a.checks.fast.interval: cannot check every 500ms; want 1s at least [range]
octo.yaml:11:53: error: services.a.checks.slow.timeout: cannot wait 5s for a check that runs every 5s; want less [range]
  octo.yaml:11:30: the interval stands here
octo.yaml:13:23: error: services.a.develop.watch[0]: no target; want the folder in the container that sync copies to [required]
`},
		{name: "names", in: `
services:
  Web: {image: a}
  web: {image: a}
  _: {image: a}
  .hidden: {image: a}
  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: {image: a}
  ok_1.x-y: {image: a}
volumes: {Data: , data: , "..": }
`, want: `octo.yaml:4:3: error: services.web: web and Web are one name for host names and for many file systems [name-clash]
  octo.yaml:3:3: Web stands here
  help: rename one of the two
octo.yaml:5:3: error: services._: cannot use "_" as the name of a service; it has neither a letter nor a digit [pattern]
  help: want letters a to z, digits, ".", "_" and "-", with a letter or digit first
octo.yaml:6:3: error: services[".hidden"]: cannot use ".hidden" as the name of a service; it begins with . [pattern]
  help: want letters a to z, digits, ".", "_" and "-", with a letter or digit first
octo.yaml:7:3: error: services.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: cannot use a name of 65 letters for a service; want 63 at most [range]
  help: a name becomes a host name on the targets
octo.yaml:9:19: error: volumes.data: data and Data are one name for host names and for many file systems [name-clash]
  octo.yaml:9:11: Data stands here
  help: rename one of the two
octo.yaml:9:27: error: volumes[".."]: cannot use ".." as the name of a volume; it begins with . [pattern]
  help: want letters a to z, digits, ".", "_" and "-", with a letter or digit first
`},
		{name: "a secret that is not made comes from nowhere", in: `
services: {web: {image: a}}
secrets: {a: {generate: false}, b: {generate: true}}
`, want: `octo.yaml:3:25: error: secrets.a.generate: cannot use false; want true [enum]
  help: delete the line, and say where the secret comes from
`},
		{name: "secrets and configs come from somewhere; what is external is not described", in: `
services: {web: {image: a}}
secrets: {a: {}, b: {file: x}, c: {external: true}, d: {name: x}, e: {credential: x}, f: {fiel: x}}
configs: {a: {content: ""}, b: {labels: {x: y}}}
volumes: {v: {external: true, name: n, driver: x, x-y: 1, size: 1Gi}}
networks: {n: {external: true, labels: {a: b}}}
`, want: `octo.yaml:3:11: error: secrets.a: nothing says where it comes from; want file, environment, credential, vault, sops, prompt, generate: true or external: true [required]
octo.yaml:3:53: error: secrets.d: nothing says where it comes from; want file, environment, credential, vault, sops, prompt, generate: true or external: true [required]
octo.yaml:3:91: error: secrets.f.fiel: unknown key "fiel" [unknown-key]
  help: did you mean "file"?
octo.yaml:4:29: error: configs.b: nothing says where it comes from; want file, content, environment or external: true [required]
octo.yaml:5:40: error: volumes.v.driver: external: true says that it exists already, so driver has no effect [exclusive]
  octo.yaml:5:15: external stands here
  help: delete one of the two
octo.yaml:6:32: warning: networks.n.labels: external: true says that it exists already, so labels has no effect [exclusive]
  octo.yaml:6:16: external stands here
  help: delete one of the two
`},
		{name: "no services", in: "name: x\n", want: `octo.yaml:1:1: error: services: no services; want at least one [empty]
  help: add: services: { web: { image: NAME:TAG } }; or name the file with -f
`},
		{name: "no services, and that is meant", in: "name: x\n", o: Options{AllowEmpty: true}},
		{name: "no services, as the word is misspelt", in: "service: {web: {image: a}}\n", want: `octo.yaml:1:1: error: service: unknown key "service" [unknown-key]
  help: did you mean "services"?
`},
		{name: "all switched off", in: "services: {web: {image: a, enabled: false}}\n", want: `octo.yaml:1:1: error: services: every service is switched off [empty]
  octo.yaml:1:28: the first of them
  help: delete enabled: false of one service at least
`},
		{name: "grants", in: `
services:
  a:
    image: a
    privileged: true
    pid: host
    cap_add: [NET_ADMIN, CAP_SYS_ADMIN, all]
    security_opt: ["seccomp:unconfined", "apparmor=unconfined", "label:disable", "no-new-privileges:true"]
    use_api_socket: true
    volumes:
      - {type: bind, source: /var/run/docker.sock, target: /s, read_only: true}
      - {type: bind, source: /, target: /host, read_only: true}
      - {type: bind, source: /etc/, target: /e}
      - {type: bind, source: /etc/hosts, target: /h}
      - {type: bind, source: ./etc, target: /x}
      - {type: volume, source: etc, target: /y}
`, want: `octo.yaml:5:17: warning: services.a.privileged: the service has every right on its host [exposed]
  help: add what it needs with cap_add and devices
octo.yaml:6:10: warning: services.a.pid: the service sees, and as root can end, every process of the host [exposed]
octo.yaml:7:26: warning: services.a.cap_add[1]: CAP_SYS_ADMIN amounts to root on the host [exposed]
  help: add the capability that the program needs, and no more
octo.yaml:7:41: warning: services.a.cap_add[2]: all amounts to root on the host [exposed]
  help: add the capability that the program needs, and no more
octo.yaml:8:20: warning: services.a.security_opt[0]: seccomp:unconfined takes away a wall between the service and its host [exposed]
octo.yaml:8:42: warning: services.a.security_opt[1]: apparmor=unconfined takes away a wall between the service and its host [exposed]
octo.yaml:8:65: warning: services.a.security_opt[2]: label:disable takes away a wall between the service and its host [exposed]
octo.yaml:9:21: warning: services.a.use_api_socket: who holds the socket of the engine is root on the host [exposed]
octo.yaml:11:9: warning: services.a.volumes[0]: who holds the socket of the engine is root on the host [exposed]
  help: put a proxy before it that lets through the calls that the service needs; read-only does not help
octo.yaml:12:9: warning: services.a.volumes[1]: / of the host is in the service [exposed]
  help: mount the file or folder that it needs, and no more
octo.yaml:13:9: warning: services.a.volumes[2]: /etc of the host is in the service [exposed]
  help: mount the file or folder that it needs, and no more; or read_only: true
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := yaml(t, "octo.yaml", c.in)
			_, ds := Project(compiled(t), root, c.o)
			if diff := cmp.Diff(c.want, printed(t, ds, root)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A value that looks like a secret is reported and never shown: not in the message, not in the source line.
func TestPlainSecrets(t *testing.T) {
	root := yaml(t, "octo.yaml", `services:
  db:
    image: a
    build: {context: ., args: {NPM_TOKEN: hunter2}}
    environment:
      POSTGRES_PASSWORD: hunter2
      dbPassword: hunter2
      PGPASSWORD: hunter2
      API_KEY: hunter2
      ALLOW_EMPTY_PASSWORD: "yes"
      POSTGRES_PASSWORD_FILE: /run/secrets/x
      TOKEN: /run/secrets/x
      CLIENT_SECRET:
      EMPTY_SECRET: ""
      SECRETARY: hunter3
      notoken: hunter3
`)
	_, ds := Project(compiled(t), root, Options{})
	got := printed(t, ds, root)
	want := `octo.yaml:4:32: warning: services.db.build.args.NPM_TOKEN: a value that looks like a secret stands in the config, and in the history of the image [plain-secret]
  help: use build.secrets, which leave no trace in the image
octo.yaml:6:7: warning: services.db.environment.POSTGRES_PASSWORD: a value that looks like a secret stands in the config [plain-secret]
  help: put it into a secret; many images take the variable with _FILE at its end, and /run/secrets/NAME as its value
octo.yaml:7:7: warning: services.db.environment.dbPassword: a value that looks like a secret stands in the config [plain-secret]
  help: put it into a secret; many images take the variable with _FILE at its end, and /run/secrets/NAME as its value
octo.yaml:8:7: warning: services.db.environment.PGPASSWORD: a value that looks like a secret stands in the config [plain-secret]
  help: put it into a secret; many images take the variable with _FILE at its end, and /run/secrets/NAME as its value
octo.yaml:9:7: warning: services.db.environment.API_KEY: a value that looks like a secret stands in the config [plain-secret]
  help: put it into a secret; many images take the variable with _FILE at its end, and /run/secrets/NAME as its value
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var b strings.Builder
	if err := diag.Text(&b, ds, diag.Style{}); err != nil || strings.Contains(b.String(), "hunter") {
		t.Errorf("%v, or the value is shown: %s", err, b.String())
	}
}

// What the schema reports is not reported again by a rule, nor what only follows from it: one finding each.
func TestSchemaSaysItOnce(t *testing.T) {
	for _, c := range []struct {
		in   string
		code diag.Code
	}{
		{"services: {a: {image: a, network_mode: host, networks: {n: }}}\nnetworks: {n: }", diag.Exclusive},
		{"services: {a: {image: a, build: {context: ., dockerfile: x, dockerfile_inline: y}}}", diag.Exclusive},
		{"services: {a: {image: a, healthcheck: {test: [CMD, x], tcp: {port: 1}}}}", diag.Exclusive},
		{"services: {a: {image: a, gpus: [{count: 1, device_ids: [x]}]}}", diag.Exclusive},
		{"services: {a: {image: a, deploy: {resources: {reservations: {devices: [{capabilities: [x], count: 1, device_ids: [x]}]}}}}}", diag.Exclusive},
		{"services: {a: {image: a}}\nsecrets: {s: {file: x, environment: y}}", diag.Exclusive},
		{"services: {a: {image: a}}\nsecrets: {s: {vault: {path: s/x, key: y}, sops: {file: y}}}", diag.Exclusive},
		{"services: {a: {image: a}}\nsecrets: {s: {sops: {file: x}, file: y}}", diag.Exclusive},
		{"services: {a: {image: a}}\nsecrets: {s: {prompt: true, credential: y}}", diag.Exclusive},
		{"services: {a: {image: a}}\nconfigs: {s: {file: x, content: y}}", diag.Exclusive},
		{"services: {a: {image: }}", diag.Type},
		{"services: {a: {image: [x]}}", diag.Type},
		{"services: {a: {image: a, ports: [{target: 99999}]}}", diag.Range},
		{"services: {a: {image: a, ports: [{target: 80, published: 80x}]}}", diag.Type},
		{"services: {a: {image: a, healthcheck: {interval: 5}}}", diag.Type},
		{"services: {a: 5}", diag.Type},
	} {
		root := yaml(t, "octo.yaml", c.in)
		_, ds := Project(compiled(t), root, Options{})
		if len(ds) != 1 || ds[0].Code != c.code {
			t.Errorf("%s: want one finding, %s; found %s", c.in, c.code, printed(t, ds, root))
		}
	}
}
