package compose

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/runtime/spec"
)

const served1 = "config: { values: { k: 1 }, deliver: { url: true } }"

// TestServedRefused: where a config cannot be served, a place and advice.
func TestServedRefused(t *testing.T) {
	for _, test := range []struct{ name, service, rest, message, help string }{
		{"host", "network_mode: host", "", "services.a.config.deliver.url: cannot serve a config to \"a\" over HTTPS: with network_mode: host it cannot find octo-config", "deliver: { file: … }"},
		{"none", "network_mode: none", "", "with network_mode: none it cannot find octo-config", "give it a network"},
		{"bridge", "network_mode: bridge", "", "with network_mode: bridge", "give it a network"},
		{"of one with the host's", "network_mode: service:b\n  b: { image: b, network_mode: host }", "", "with network_mode: host", "give it a network"},
		{"by a patch", "target: { compose: { network_mode: host, networks: null } }", "", "with network_mode: host", "give it a network"},
		{"the service", "ports: []\n  octo-config: { image: b }", "", `services.a.secrets[0]: cannot add the service "octo-config": there is one of this name`, "another name"},
		{"the volume", "volumes: [octo-config-ca:/x]", "volumes: { octo-config-ca: {} }", `cannot add the volume "octo-config-ca"`, "another name"},
		{"the config", "configs: [octo-config-a]", "configs: { octo-config-a: { content: x } }", `cannot add the config "octo-config-a"`, "another name"},
		{"an alias", "ports: []\n  b: { image: b, networks: { default: { aliases: [x, octo-config] } } }", "", `services.b.networks.default.aliases[1]: cannot give a container the name "octo-config"`, "another name"},
		{"a container", "container_name: octo-config", "", `services.a.container_name: cannot give a container the name "octo-config"`, "another name"},
		{"no room", "volumes: ['data:/run/octo/x']", "volumes: { data: {} }", `services.a.volumes[0]: cannot mount this at "/run/octo/x"`, "elsewhere"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, ds := compile(t, "services:\n  a:\n    image: a\n    "+served1+"\n    "+test.service+"\n"+test.rest+"\n")
			if ds.Count(diag.Error) != 1 || !strings.Contains(ds[0].Text(), test.message) || !strings.Contains(ds[0].Help, test.help) {
				t.Errorf("want one error %q with help %q; got\n%s", test.message, test.help, messages(ds))
			}
			if len(ds) > 0 && ds[0].At.IsZero() {
				t.Errorf("no place: %s", ds[0].Text())
			}
		})
	}
}

// TestServed: what is asked of the server where its clients are special.
func TestServed(t *testing.T) {
	const always = "services: { a: { image: a, " + served1 + " }, b: { image: b, profiles: [p], " + served1 + " } }"
	const sometimes = "services: { a: { image: a, profiles: [q, p], " + served1 + " }, b: { image: b, profiles: [p], " + served1 + " } }"
	const inside = "services: { a: { image: a, user: '7', " + served1 + ", pre_start: [{ command: [x], volumes: ['data:/v'], secrets: [s] }, { command: [y], networks: [n], environment: { CONFIG: z } }] } }\n" +
		"volumes: { data: {} }\nnetworks: { n: {} }\nsecrets: { s: { file: ./s } }\n"
	const patched = "services: { a: { image: a, network_mode: host, " + served1 + ", target: { compose: { network_mode: null, networks: [n], secrets: [] } } } }\nnetworks: { n: {} }"
	for _, test := range []struct {
		name, text, want string
		path             []string
	}{
		{"one always runs", always, "<nil>", []string{"octo-config", "profiles"}},
		{"all have profiles", sometimes, "[q p]", []string{"octo-config", "profiles"}},
		{"the network of all", always, "<nil>", []string{"octo-config", "networks"}},
		{"no ports", always, "<nil>", []string{"octo-config", "ports"}},
		{"the default image", always, "ghcr.io/octocompose/octo-sidecar:latest", []string{"octo-config", "image"}},
		{"a read-only root", always, "true", []string{"octo-config", "read_only"}},
		{"a secret of a variable", "services: { a: { image: a, config: { values: { k: '{{ secret.e }}' }, deliver: { url: true } } } }\nsecrets: { e: { environment: E } }", "<nil>", []string{"octo-config", "read_only"}},
		{"the network of a container before the start", inside, "map[default:map[] n:map[]]", []string{"octo-config", "networks"}},
		{"the network of a container that Compose starts", inside + "targets: { compose: { min_version: { compose: '5.3' } } }", "map[default:map[] n:map[]]", []string{"octo-config", "networks"}},
		{"one with secrets of its own asks nothing", inside, "<nil>", []string{"a-pre-1", "environment"}},
		{"one with variables of its own", inside, "map[CONFIG:z CONFIG_CA_FILE:/run/octo/ca.pem CONFIG_PASSWORD_FILE:/run/secrets/config-password CONFIG_USER:a]", []string{"a-pre-2", "environment"}},
		{"lists of a container that Compose starts", inside + "targets: { compose: { min_version: { compose: '5.3' } } }",
			"[map[command:[x] secrets:[map[source:s target:/run/secrets/s] map[source:a-config-password target:/run/secrets/config-password]] " +
				"volumes:[map[source:data target:/v type:volume] map[read_only:true source:octo-config-ca target:/run/octo type:volume]]] map[command:[y] environment:map[CONFIG:z] networks:map[n:map[]]]]", []string{"a", "pre_start"}},
		{"a patch gives a network", patched, "map[n:map[]]", []string{"octo-config", "networks"}},
		{"a patch keeps the password", patched, "[map[source:a-config-password target:/run/secrets/config-password]]", []string{"a", "secrets"}},
		{"a patch takes a variable", "services: { a: { image: a, " + served1 + ", target: { compose: { environment: { CONFIG_USER: null } } } } }",
			"map[CONFIG:https://octo-config:8627/v1/config/a CONFIG_CA_FILE:/run/octo/ca.pem CONFIG_PASSWORD_FILE:/run/secrets/config-password]", []string{"a", "environment"}},
		{"a one-shot of another service that is called like one of a's", "services: { a: { image: a, " + served1 + " }, a-init: { image: b, secrets: [{ source: a-config-password, target: /run/secrets/config-password }] } }", "<nil>", []string{"a-init", "environment"}},
		{"nothing is served", "services: { a: { image: a } }", "<nil>", []string{"octo-config"}},
	} {
		out, ds := lowered(t, test.text)
		if got := fmt.Sprint(at(out, append([]string{"services"}, test.path...)...)); got != test.want || ds.Has(diag.Error) {
			t.Errorf("%s: got %s, want %s; %s", test.name, got, test.want, messages(ds))
		}
	}
}

// TestServedRecreatesTheServerAlone: a changed value changes the server, and no client.
func TestServedRecreatesTheServerAlone(t *testing.T) {
	service := func(value, name string) string {
		out, _ := lowered(t, "services: { a: { image: a, config: { values: { k: "+value+" }, deliver: { url: true } } }, b: { image: b, "+served1+" } }")
		return fmt.Sprint(at(out, "services", name))
	}
	for _, name := range []string{"a", "b"} {
		if service("1", name) != service("2", name) {
			t.Errorf("%s is another one when a's config changed", name)
		}
	}
	if service("1", configName) == service("2", configName) {
		t.Error("the server would keep the old file")
	}
}

// TestServedIdle: commands name the server only where it runs.
func TestServedIdle(t *testing.T) {
	in, _, _ := compile(t, "services: { a: { image: a, profiles: [p], "+served1+" }, b: { image: b, secrets: [a-config-password] } }")
	for _, test := range []struct {
		profiles []string
		want     bool
	}{{nil, false}, {[]string{"p"}, true}} {
		in.Project.Profiles = test.profiles
		set, _ := New().Lower(in)
		text := string(set.Get(applyFile).Data)
		if !strings.Contains(text, "--no-deps") || strings.Contains(text, "octo-config     # a-config-password") != test.want || strings.Contains(text, "octo-config → ") != test.want {
			t.Errorf("profiles %v: got %s", test.profiles, text)
		}
	}
}

// TestServedSpec: the server reads what is written for it.
func TestServedSpec(t *testing.T) {
	_, set, ds := compile(t, "name: shop\nservices: { a: { image: a, "+served1+" } }")
	if ds.Has(diag.Error) {
		t.Fatal(messages(ds))
	}
	run, err := spec.ParseRun(set.Get("configs/octo-config").Data)
	if err != nil || run.Project != "shop" || run.Serve.Services[0].Config != "/etc/octo/configs/a.json" {
		t.Errorf("got %+v, %v", run, err)
	}
}

// TestRandomFile runs the commands of APPLY.md that make a random value: once, unseen, and nothing where it fails.
func TestRandomFile(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("sh is not here")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "s")
	run := func(path string) (string, error) {
		cmd := exec.Command(sh, "-c", randomFile("s"))
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + path}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	broken := t.TempDir() // od fails, tr works
	tr, err := exec.LookPath("tr")
	if err != nil {
		t.Skip("tr is not here")
	}
	if err := os.Symlink(tr, filepath.Join(broken, "tr")); err != nil {
		t.Fatal(err)
	}
	if _, err := run(broken); err == nil || exists(file) {
		t.Errorf("want a failure and no file, got %v, a file: %t", err, exists(file))
	}
	write(t, file, nil)
	out, err := run(os.Getenv("PATH"))
	first, _ := os.ReadFile(file)
	if err != nil || len(first) != 64 || strings.Trim(string(first), "0123456789abcdef") != "" || out != "" {
		t.Fatalf("got %d bytes, said %q, %v", len(first), out, err)
	}
	if _, err := run(os.Getenv("PATH")); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(file); string(second) != string(first) {
		t.Error("the value is another one the second time")
	}
}
