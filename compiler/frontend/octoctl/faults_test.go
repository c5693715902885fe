package octoctl

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
)

// TestFaults: each mistake is one finding, at its place in the foreign file, with advice. Files beside octo.yaml follow
// a line "--- name".
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"a cycle": {
			"octoctl:\ninclude: [a.yaml]\n--- a.yaml\ninclude: [sub/b.yaml]\n--- sub/b.yaml\ninclude:\n  - url: ../a.yaml\n",
			`sub/b.yaml:2:10: error: include[0].url: a.yaml includes sub/b.yaml includes a.yaml: a file cannot include itself [cycle] help: delete one of these includes`,
		},
		"a file that includes itself": {
			"octoctl:\ninclude: [octo.yaml]\n",
			`octo.yaml:2:11: error: include[0]: octo.yaml includes octo.yaml: a file cannot include itself [cycle] help: delete one of these includes`,
		},
		"a cycle of repos": {
			"octoctl:\nrepos: {include: [{url: r.yaml}]}\n--- r.yaml\ninclude: [r.yaml]\n",
			`r.yaml:1:11: error: include[0]: r.yaml includes r.yaml: a file cannot include itself [cycle] help: delete one of these includes`,
		},
		"toml": {
			"octoctl:\ninclude: [\"https://a.example.com/x.toml?template=true\"]\n",
			`octo.yaml:2:11: error: include[0]: cannot read "https://a.example.com/x.toml?template=true": octo reads YAML and JSON, and no TOML [include] help: convert the file to YAML, and name it here`,
		},
		"a template in an address": {
			"octoctl:\ninclude: [\"{{.configs.a}}.yaml\"]\n",
			`octo.yaml:2:11: error: include[0]: cannot use a template as the address of a file [template] help: write the address out: files are read before anything is rendered`,
		},
		"an include without a URL": {
			"octoctl:\ninclude:\n  - path: x\n",
			`octo.yaml:3:5: error: include[0].path: unknown key "path" [unknown-key] help: the keys that stand here are url, gpg, versions`,
		},
		"an empty include": {
			"octoctl:\ninclude:\n  - url: [x]\n",
			`octo.yaml:3:10: error: include[0].url: cannot use a list; want the URL or the path of a file [type] help: write - url: ./other.yaml`,
		},
		"a signature": {
			"octoctl:\ninclude:\n  - {url: a.yaml, gpg: a.asc}\n--- a.yaml\nx-a: 1\n",
			`octo.yaml:3:19: warning: include[0].gpg: the signature is not checked: octo knows those of minisign only [signature] help: include the vendor's config from a file of octo's, with verify:`,
		},
		"a missing key": {
			"octoctl:\nname: a\nconfigs: {web: {port: 1}}\nservices:\n  web:\n    image: w\n    environment:\n      P: \"x {{.configs.web.prot}}\"\n",
			`octo.yaml:8:15: error: services.web.environment.P: cannot find configs.web.prot: there is no key "prot" [template] help: did you mean "port"? configs.web has port`,
		},
		"the environment of the machine": {
			"octoctl:\nname: a\nservices: {web: {image: \"w{{.env.HOME}}\"}}\n",
			`octo.yaml:3:29: error: services.web.image: cannot use "env": there is no such function [template] help: templates read the config and nothing else; give the value by a variable: ${NAME}`,
		},
		"the machine": {
			"octoctl:\nname: a\nservices: {web: {image: \"w{{.ARCH}}\"}}\n",
			`octo.yaml:3:29: error: services.web.image: cannot use "ARCH": it differs from machine to machine, and is not known when compiling [template] help: it may stand in the programs of repos, where it is the platform of the entry; write the value out here`,
		},
		"the machine in a source": {
			"octoctl:\nservices: {web: {}}\nrepos: {services: {web: {baremetal: {source: {repo: r, binary: \"b-{{.OS}}-{{.ARCH}}\"}}}}}\n",
			`octo.yaml:3:77: error: repos.services.web.baremetal.source.binary: cannot use "ARCH": it differs from machine to machine, and is not known when compiling [template] help: it may stand in the programs of repos, where it is the platform of the entry; write the value out here`,
		},
		"a ring of templates": {
			"octoctl:\nservices:\n  a: {image: \"{{.services.b.image}}\"}\n  b: {image: \"{{.services.a.image}}\"}\n",
			`octo.yaml:4:17: error: services.b.image: cannot render what reads itself: services.a.image → services.b.image → services.a.image [cycle] (octo.yaml:3:14: services.a.image is read by what it reads) help: write one of the values out`,
		},
		"a group that is not there": {
			"octoctl:\nglobals: {quiet: {a: 1}}\nservices: {web: {image: w, octocompose: {config: {globals: quite}}}}\n",
			"octo.yaml:2:11: warning: globals.quiet: no service takes the values of this group [unknown-ref] help: write octocompose: { config: { globals: quiet } } in a service, or delete the group\n" +
				`octo.yaml:3:60: error: services.web.octocompose.config.globals: no group of globals is called "quite" [unknown-ref] help: did you mean "quiet"?`,
		},
		"other keys of octocompose": {
			"octoctl:\nservices: {web: {image: w, octocompose: {health: {}}}}\n",
			`octo.yaml:2:42: warning: services.web.octocompose.health: has no effect, as in octoctl [unsupported] help: write healthcheck, preflight or hooks in an overlay of octo's`,
		},
		"a service that repos spell otherwise": {
			"octoctl:\nservices: {wbe: {restart: always}}\nrepos: {services: {web: {docker: {image: w}}}}\n",
			"octo.yaml:2:12: warning: services.wbe: left out: nothing says what it runs, neither an image nor a program [required] help: did you mean \"web\", which repos know?\n" +
				`octo.yaml:3:20: note: repos.services.web: no service of this name runs [unknown-service] help: add services: { web: {} } to run it`,
		},
		"an image in two places": {
			"octoctl:\nservices: {web: {image: mine}}\nrepos: {services: {web: {docker: {image: w, tag: 1}}}}\n",
			`octo.yaml:2:25: warning: services.web.image: has no effect: repos.services.web has the last word on it, as in octoctl [conflict] (octo.yaml:3:26: it says something else here) help: change it there, or delete one of the two`,
		},
		"a service that waits for one that is off": {
			"octoctl:\nservices: {a: {image: a, depends_on: [b]}, b: {image: b, enabled: false}}\n",
			`octo.yaml:2:39: warning: services.a.depends_on[0]: a does not wait for "b", which is switched off [unknown-service] (octo.yaml:2:44: it stands here) help: delete the dependency`,
		},
		"an unknown tool": {
			"octoctl: {operator: {services: {web: {healthCheck: [{tool: check-tpc, port: 1}]}}}}\nservices: {web: {image: w}}\n",
			`octo.yaml:1:60: error: octoctl.operator.services.web.healthCheck[0].tool: no tool is called "check-tpc" [unsupported] help: did you mean "check-tcp"?`,
		},
		"a unix socket": {
			"octoctl: {operator: {services: {web: {healthCheck: [{tool: check-grpc, url: \"unix:///run/a.sock\"}]}}}}\nservices: {web: {image: w}}\n",
			`octo.yaml:1:77: warning: octoctl.operator.services.web.healthCheck[0].url: the check of web is left out: nothing asks over a unix socket [unsupported] help: have the service listen on a port`,
		},
		"an address that is none": {
			"octoctl: {operator: {services: {web: {preflightCheck: [{tool: check-server-url, url: here}]}}}}\nservices: {web: {image: w}}\n",
			`octo.yaml:1:86: error: octoctl.operator.services.web.preflightCheck[0].url: cannot read "here" as an address; want tcp://HOST:PORT or unix:///PATH [pattern] help: correct the address that the service listens on`,
		},
		"an unknown key of octoctl": {
			"octoctl: {namespce: a}\n",
			`octo.yaml:1:11: error: octoctl.namespce: unknown key "namespce" [unknown-key] help: did you mean "namespace"?`,
		},
		"an unknown key of docker": {
			"octoctl:\nservices: {web: {}}\nrepos: {services: {web: {docker: {image: w, tga: 1}}}}\n",
			`octo.yaml:3:45: error: repos.services.web.docker.tga: unknown key "tga" [unknown-key] help: did you mean "tag"?`,
		},
		"an unknown part of repos": {
			"octoctl:\nrepos: {include: [r.yaml]}\n--- r.yaml\nservises: {}\n",
			`r.yaml:1:1: error: servises: unknown key "servises" [unknown-key] help: did you mean "services"?`,
		},
		"a rendered file": {
			"octoctl:\nrepos: {files: {conf: {url: a.conf, template: true}}}\n",
			`octo.yaml:2:47: error: repos.files.conf.template: cannot render a file of repos; only services and repos are rendered [not-yet] help: put the text into configs.NAME.content of a config of octo's, or give the file without templates`,
		},
		"tools and operators": {
			"octoctl:\nrepos: {tools: {lint: {}}, operators: {docker: {}}}\n",
			"octo.yaml:2:17: warning: repos.tools.lint: has no effect: octo runs no tools of others [unsupported] help: checks, preflight and hooks of a service say what is run\n" +
				`octo.yaml:2:40: note: repos.operators.docker: has no effect: octo compiles, and runs no operator [unsupported]`,
		},
		"two images for two architectures": {
			"octoctl:\nservices: {web: {}}\nrepos: {services: {web: {oci: [{arch: amd64, image: a}, {arch: arm64, image: b}]}}}\n",
			`octo.yaml:3:78: error: repos.services.web.oci[1]: cannot run another image on each architecture: "a" and "b" [conflict] (octo.yaml:3:53: the other stands here) help: push one image for all architectures, and name it in each entry`,
		},
		"two spellings": {
			"octoctl:\nname: a\nproject: {name: b}\n",
			`octo.yaml:3:17: error: name: the two spellings of this key say different things [conflict] (octo.yaml:2:7: the other stands here) help: delete one of the two`,
		},
		"a local path": {
			"octoctl:\nservices: {web: {image: w}}\nrepos: {services: {web: {baremetal: {source: {path: ../web, repo: r, binary: b}}}}}\n",
			`octo.yaml:3:47: warning: repos.services.web.baremetal.source.path: has no effect: it is a path on the machine that octoctl runs on [unsupported] help: give a url for a program, a repo for its source`,
		},
	} {
		d := disk{}
		for i, part := range strings.Split("octo.yaml\n"+c.in, "--- ") {
			file, text, _ := strings.Cut(part, "\n")
			d[file] = text
			_ = i
		}
		_, ds, _ := convert(t, d)
		if got := strings.TrimSuffix(messages(ds), "\n"); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// TestSecretsStayUnseen: the lines of tokens and passwords are in nothing that is printed.
func TestSecretsStayUnseen(t *testing.T) {
	_, ds, _ := convert(t, disk{
		"octo.yaml": "include: [b.yaml]\noctoctl: {plugin: kubernetes, token: s3cr3t}\nconfigs: {db: {password: [s3cr3t]}}\nnotifications: [{notifier: smtp, password: s3cr3t}, {notifier: s3cr3t}, {notifier: smtp, pasword: s3cr3t}]\n",
		"b.yaml":    "configs: {db: {password: s3cr3t}}\nservices: {db: {image: a, octocompose: {config: {globals: x}}}}\nglobals: {x: {token: s3cr3t}}\n",
	})
	var b bytes.Buffer
	if err := diag.Text(&b, ds.Sort(), diag.Style{}); err != nil {
		t.Fatal(err)
	}
	if len(ds) < 4 || strings.Contains(b.String(), "s3cr3t") {
		t.Errorf("%d findings:\n%s", len(ds), b.String())
	}
}

// TestDeep: a chain of 10,000 files ends with one finding, like a mapping that is too deep and a bomb of templates.
func TestDeep(t *testing.T) {
	d := disk{"octo.yaml": "octoctl:\ninclude: [f0.yaml]\n"}
	for i := range 10_000 {
		d[fmt.Sprintf("f%d.yaml", i)] = fmt.Sprintf("include: [f%d.yaml]\n", i+1)
	}
	_, ds, c := convert(t, d)
	if len(ds) != 1 || ds[0].Code != diag.Limit || len(c.files) > 2*maxChain {
		t.Errorf("%d files: %.500s", len(c.files), messages(ds))
	}
	wide := strings.TrimSuffix(strings.Repeat("x,", 3000), ",")
	loop := strings.Repeat("{{range $.configs.l}}", 5) + strings.Repeat("{{end}}", 5)
	services := ""
	for i := range 50 {
		services += fmt.Sprintf("  s%d: {image: \"%s\"}\n", i, loop)
	}
	_, ds, _ = convert(t, disk{"octo.yaml": "octoctl:\nconfigs: {l: [" + wide + "]}\nservices:\n" + services})
	if n := ds.Count(diag.Error); n < 1 || n > 50 {
		t.Errorf("%d findings: %.500s", n, messages(ds))
	}
	if !strings.Contains(messages(ds), "steps in all") {
		t.Errorf("the bound over all templates does not hold: %.500s", messages(ds))
	}
}
