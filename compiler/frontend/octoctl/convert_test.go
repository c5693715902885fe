package octoctl

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// TestConvert has a row for each part of the dialect: what stands at a path of the result. Nothing is said about them
// but what says names.
func TestConvert(t *testing.T) {
	for name, c := range map[string]struct{ in, at, want, says string }{
		"a whole template keeps its kind": {"octoctl:\nconfigs: {a: {n: 7, b: true, s: \"on\"}}\nservices: {w: {image: i, environment: {N: \"{{.configs.a.n}}\", B: \"{{ .configs.a.b }}\", S: \"{{.configs.a.s}}\", T: \"x{{.configs.a.n}}\"}}}\n",
			"services.w.environment", `{N: 7, B: true, S: "on", T: "x7"}`, ""},
		"the concept's paths": {"octoctl:\nproject: {name: p, id: 9}\nservice: {a: {n: 7}}\nservices: {w: {image: i, labels: [\"{{service.a.n}}-{{project.Name}}-{{project.ID}}-{{projectID}}\"]}}\n",
			"services.w.labels", `["7-p-9-9"]`, ""},
		"the id is the name": {"octoctl:\nname: p\nservices: {w: {image: \"i-{{.projectID}}\"}}\n", "services.w.image", `"i-p"`, ""},
		"all data": {"octoctl: {operator: podman}\nname: p\nglobals: {g: {x: 1}}\nx-a: {b: 2}\nservices: {w: {image: i, octocompose: {config: {globals: g}}, hostname: \"{{.octoctl.operator}}-{{.globals.g.x}}-{{.configs.w.x}}-{{.services.w.image}}\"}}\n",
			"services.w.hostname", `"podman-1-1-i"`, "chooses no backend"},
		"configs are never rendered": {"octoctl:\nconfigs: {a: \"{{.nothing}}\"}\nservices: {w: {image: i, labels: {l: \"{{.configs.a}}\"}}}\n", "services.w.labels.l", `"{{.nothing}}"`, ""},
		"keys of Compose pass":       {"octoctl:\nvolumes: {v: null}\nsecrets: {s: {file: f}}\nx-y: {z: \"{{.no}}\"}\nservices: {w: {image: i}}\n", "", `{volumes: {v: null}, secrets: {s: {file: "f"}}, x-y: {z: "{{.no}}"}, services: {w: {image: "i"}}}`, ""},
		"docker": {"octoctl:\nservices: {w: {restart: always, command: [x]}}\nrepos: {services: {w: {docker: {registry: r.example.com, image: a/b, tag: 15.10, entrypoint: \"/e -x\", command: [c, d]}}}}\n",
			"services.w", `{restart: "always", command: ["c", "d"], entrypoint: "/e -x", image: "r.example.com/a/b:15.10"}`, "repos.services.w has the last word"},
		"docker by digest":         {"octoctl:\nservices: {w: {}}\nrepos: {services: {w: {docker: {image: a, tag: \"sha256:00\"}}}}\n", "services.w.image", `"a@sha256:00"`, ""},
		"docker without registry":  {"octoctl:\nservices: {w: {}}\nrepos: {services: {w: {docker: {registry: \"\", image: a, command: null, entrypoint: \"\"}}}}\n", "services.w", `{image: "a"}`, ""},
		"docker build":             {"octoctl:\nservices: {w: {}}\nrepos: {services: {w: {docker: {build: {repo: \"https://h.example.com/a.git\", ref: refs/tags/v1, dockerfile: D, context: ./sub}}}}}\n", "services.w", `{build: {dockerfile: "D", context: "https://h.example.com/a.git#v1:sub"}}`, ""},
		"docker build in a folder": {"octoctl:\nservices: {w: {}}\nrepos: {services: {w: {docker: {image: a, build: {context: ./sub}}}}}\n", "services.w", `{build: {context: "./sub"}, image: "a"}`, ""},
		"baremetal": {"octoctl:\nservices: {w: {image: i}}\nrepos: {services: {w: {baremetal: {binary: {linux_amd64: {url: \"https://h/{{.OS}}/{{.ARCH}}$1\", sha256Url: \"https://h/s\", binary: b/w, path: null}, linux_arm64: {url: \"https://h/2\", sha256: aa, binary: \"\"}}, source: {repo: r, ref: refs/heads/main, buildCmds: [\"echo $A {{.OS}}\"], binary: out}}}}}\n",
			"services.w", `{image: "i", binary: {linux_amd64: {url: "https://h/linux/amd64$$1", sha256_url: "https://h/s", path: "b/w"}, linux_arm64: {url: "https://h/2", sha256: "aa"}}, source: {repo: "r", ref: "main", output: "out", commands: ["echo $$A linux"]}}`, ""},
		"one architecture": {"octoctl:\nservices: {w: {}}\nrepos: {service: {w: {binary: [{os: linux, arch: arm64, url: \"https://h/1\"}], source: {url: r, binaryPath: \"o-{{GOOS}}-{{GOARCH}}\"}}}}\n",
			"services.w.source.output", `"o-linux-arm64"`, ""},
		"files":                        {"octoctl:\ninclude: [sub/a.yaml]\nservices: {w: {image: i, volumes: [\"{{.repos.files.conf.path}}:/etc/c:ro\"]}}\n--- sub/a.yaml\nrepos: {files: {conf: {url: ./c.conf}}}\n", "services.w.volumes", `["./sub/c.conf:/etc/c:ro"]`, ""},
		"repos below a name":           {"octoctl:\nservices: {w: {}}\nrepos: {core: {url: r/core.yaml}}\n--- r/core.yaml\nservices: {w: {docker: {image: deep, tag: 1}}}\n", "services.w.image", `"deep:1"`, ""},
		"repos over what they name":    {"octoctl:\nservices: {w: {}}\nrepos: {include: [{url: a.yaml}, b.yaml], services: {w: {docker: {tag: 9}}}}\n--- a.yaml\nservices: {w: {docker: {image: a, tag: 1}}}\n--- b.yaml\nservices: {w: {docker: {image: b, registry: h}}}\n", "services.w.image", `"h/a:9"`, ""},
		"the user's address of repos":  {"octoctl:\ninclude: [v/a.yaml]\nservices: {w: {}}\nrepos: {core: {url: own.yaml}}\n--- v/a.yaml\nrepos: {core: {url: core.yaml}}\n--- own.yaml\nservices: {w: {docker: {image: own}}}\n--- v/core.yaml\nservices: {w: {docker: {image: vendor}}}\n", "services.w.image", `"own"`, ""},
		"an address from another file": {"octoctl:\ninclude: [v/a.yaml]\nservices: {w: {}}\nrepos: {core: {versions: none}}\n--- v/a.yaml\nrepos: {core: {url: core.yaml}}\n--- v/core.yaml\nservices: {w: {docker: {image: vendor}}}\n", "services.w.image", `"vendor"`, "repos.core.versions: the versions"},
		"a group": {"octoctl:\nglobals: {g: {a: 1, l: [x], m: {b: 2}}}\nconfigs: {w: {a: 5, l: [y], p: \"$A {{ $B }}\"}}\nservices: {w: {image: i, octocompose: {config: {globals: g}}}}\n", "services.w.config",
			`{values: {a: 5, l: ["x", "y"], m: {b: 2}, p: "$$A {{ $B }}"}, globals: false, deliver: {url: true}}`, "the config of service w is served at CONFIG"},
		"configs alone are data":                 {"octoctl:\nconfigs: {w: {a: 5}}\nservices: {w: {image: i}}\n", "services.w", `{image: "i"}`, ""},
		"service is given":                       {"octoctl:\nservice: {w: {a: 5}}\nservices: {w: {image: i}}\n", "services.w.config.values", `{a: 5}`, "the config of service w is served at CONFIG"},
		"no values":                              {"octoctl:\nservices: {w: {image: i, octocompose: {config: {}}}}\n", "services.w", `{image: "i"}`, ""},
		"prompts":                                {"octoctl:\nprompts: [{name: \"A $5?\", var: A}, {type: int, var: B}]\n", "variables", `{A: {prompt: "A $5?"}, B: {prompt: true, type: "int"}}`, ""},
		"targets stay":                           {"octoctl: {namespace: n}\ntargets: {k8s: null}\n", "targets", "{k8s: null}", "targets are declared"},
		"a service that is off":                  {"octoctl:\nservices: {a: {image: a}, b: {image: b, enabled: false}}\n", "services.b", `{image: "b", enabled: false}`, ""},
		"depends beside Compose's":               {"octoctl: {operator: {services: {a: {depends: [{service: b}, {service: c}]}}}}\nservices: {a: {image: a, depends_on: [b]}, b: {image: b}, c: {image: c, healthcheck: {test: [NONE]}}}\n", "services.a.depends_on", `{b: {condition: "service_started"}, c: {condition: "service_healthy"}}`, ""},
		"a health check beside":                  {"octoctl: {operator: {services: {a: {healthCheck: [{tool: check-tcp, port: 1}, {tool: check-tcp, port: 2}]}}}}\nservices: {a: {image: a, healthcheck: {test: [NONE]}}}\n", "services.a.checks", `{check-tcp: {tcp: {port: 1}}, check-tcp-2: {tcp: {port: 2}}}`, ""},
		"an operator by name keeps the services": {"octoctl: {operator: podman}\ninclude: [v.yaml]\n--- v.yaml\noctoctl: {operator: {services: {a: {replicas: 2}}}}\nservices: {a: {image: a}}\n", "services.a", `{image: "a", replicas: 2}`, "chooses no backend"},
		"variables for the operator":             {"octoctl:\noperator: {ports: {rpc: 8081}}\nservices: {a: {image: a, expose: [\"{{.operator.ports.rpc}}\"]}}\n", "", `{services: {a: {image: "a", expose: [8081]}}}`, "octo.yaml:2:1: note: operator: is data of templates"},
		"platform names in data":                 {"octoctl:\nconfigs: {OS: x}\nservices: {a: {image: \"{{.configs.OS}}\"}}\n", "services.a.image", `"x"`, ""},
	} {
		d := disk{}
		for _, part := range strings.Split("octo.yaml\n"+c.in, "--- ") {
			file, text, _ := strings.Cut(part, "\n")
			d[file] = text
		}
		out, ds, _ := convert(t, d)
		if got := part(t, out, c.at); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		if got := messages(ds); (c.says == "") != (got == "") || !strings.Contains(got, c.says) || strings.Contains(got, "error:") {
			t.Errorf("%s: said\n%s", name, got)
		}
	}
}

// TestUnread: what cannot be read was reported by who reads; the rest is converted, and nothing more is said.
func TestUnread(t *testing.T) {
	out, ds, _ := convert(t, disk{
		"octo.yaml": "octoctl:\ninclude: [gone.yaml, v.yaml]\nrepos: {include: [gone.yaml, list.yaml]}\nservices: {w: {image: \"{{.configs.i}}\"}}\n",
		"v.yaml":    "configs: {i: x}\n", "list.yaml": "[1]\n",
	})
	want := "octo.yaml:2:11: error: include[0]: cannot read gone.yaml [missing-file]\n" +
		"octo.yaml:3:19: error: repos.include[0]: cannot read gone.yaml [missing-file]\n"
	if got := messages(ds); !strings.Contains(got, "list.yaml:1:1: error: cannot use a list as a config") || !strings.HasSuffix(got, want) || len(ds) != 3 {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := part(t, out, "services.w.image"); got != `"x"` {
		t.Errorf("image %s", got)
	}
}

// TestPlaces: what is converted keeps the place that it came from, in whatever file.
func TestPlaces(t *testing.T) {
	out, _, _ := convert(t, disk{
		"octo.yaml": "octoctl:\ninclude: [v.yaml]\nconfigs: {a: {n: 5}}\n",
		"v.yaml":    "configs: {a: {n: 1}}\nservices:\n  w:\n    hostname: \"h{{.configs.a.n}}\"\nrepos:\n  services:\n    w:\n      docker:\n        image: i\n        tag: 1\n",
	})
	for path, want := range map[string]string{"services.w.image": "v.yaml:9:16", "services.w.hostname": "v.yaml:4:15", "services.w": "v.yaml:4:5"} {
		p, err := tree.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		n, ok := tree.Get(out, p)
		if !ok || n.At.String() != want {
			t.Errorf("%s is at %s; want %s", path, n.At, want)
		}
	}
}

func TestDetect(t *testing.T) {
	for text, want := range map[string]bool{"octoctl:\n": true, "octoctl: {operator: x}\n": true, "services: {}\n": false, "x-octoctl: 1\n": false, "[octoctl]\n": false} {
		root, _ := parse.YAML(&source.File{Name: "a.yaml", Data: []byte(text)})
		if got := (FrontEnd{}).Detect(root); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if (FrontEnd{}).Name() != "octoctl" {
		t.Error("another name")
	}
}

// TestLists: lists of variables in several layers are one list, whose last entry of a name holds, as in Compose.
func TestLists(t *testing.T) {
	out, ds, _ := convert(t, disk{
		"octo.yaml": "octoctl:\nname: p\ninclude: [v.yaml]\nservices: {w: {environment: [A=2], ports: [\"80:80\"]}}\n",
		"v.yaml":    "services: {w: {image: a, environment: [A=1, B=1], ports: [\"80:80\", \"81:81\"]}}\n",
	})
	if got := part(t, out, "services.w"); got != `{image: "a", environment: ["A=1", "B=1", "A=2"], ports: ["80:80", "81:81"]}` || len(ds) > 0 {
		t.Errorf("%s\n%s", got, messages(ds))
	}
	text, said := compiled(t, out)
	if !strings.Contains(text, `A: "2"`) || strings.Contains(said, "error:") {
		t.Errorf("%s\n%s", text, said)
	}
}
