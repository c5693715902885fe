package compiler_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
)

// injected are the keys that can hold a text which a target writes; %s is the text.
var injected = []string{
	"hostname: %s", "working_dir: %s", "user: %s", "command: [%s]", "entrypoint: [%s]", "environment: {A: %s}", "environment: {%s: a}", "labels: {a: %s}", "labels: {%s: a}",
	"annotations: {a: %s}", "container_name: %s", "cap_add: [%s]", "dns: [%s]", "dns_search: [%s]", "dns_opt: [%s]", "sysctls: {a: %s}", "stop_signal: %s", "tmpfs: [%s]", "devices: [%s]",
	"security_opt: [%s]", "volumes: [{type: bind, source: %s, target: /x}]", "volumes: [{type: volume, source: v, target: %s}]", "extra_hosts: {a: %s}", "extra_hosts: {%s: 1.2.3.4}",
	"healthcheck: {test: [CMD, %s]}", "healthcheck: {test: [CMD-SHELL, %s]}", "logging: {driver: journald, options: {tag: %s}}", "cpuset: %s", "pull_policy: %s", "platform: %s",
	"network_mode: %s", "ipc: %s", "group_add: [%s]", "domainname: %s", "runtime: %s", "mac_address: %s", "networks: {default: {aliases: [%s]}}", "networks: {default: {ipv4_address: %s}}",
	"env_file: [%s]", "build: {context: %s}", "build: {context: ., args: {A: %s}}", "build: {context: ., dockerfile: %s}", "build: {context: ., dockerfile_inline: %s}", "profiles: [%s]", "expose: [%s]",
	"target: {systemd: {Service: {Nice: %s}}}", "secrets: [{source: s, target: %s}]", "configs: [{source: c, target: %s}]", "depends_on: {b: {condition: %s}}", "shm_size: %s", "userns_mode: %s",
	"restart: %s", "cgroup_parent: %s", "credential_spec: {file: %s}", "isolation: %s", "x-own: %s", "links: [\"b:%[1]s\"]", "image: %s",
}

// TestInjection has I1: a line break in a text ends no line of a unit, and adds none to it; what is accepted reads back as
// what was meant (Verify).
func TestInjection(t *testing.T) {
	const text = `"x\n[Service]\nExecStartPre=+/bin/sh -c id\n"`
	accepted := 0
	for _, key := range injected {
		in := one("tty: false\n" + fmt.Sprintf(key, text))
		if strings.HasPrefix(key, "image") {
			in = strings.Replace(in, "    image: example.com/a:1\n", "", 1)
		}
		if strings.HasPrefix(key, "links") {
			in = one(fmt.Sprintf(key, strings.Trim(text, `"`)))
		}
		in += "  b: {image: x}\nvolumes: {v: {}}\nsecrets: {s: {file: s}}\nconfigs: {c: {content: x}}\n"
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "octo.yaml"), []byte(in))
		for _, b := range backends() {
			r := compileDir(t, dir, compiler.Options{Targets: []string{b.Name()}, Verify: true})
			if r.Diagnostics.Has(diag.Error) {
				continue
			}
			accepted++
			for _, f := range outputs(r) {
				if name := filepath.Base(f.Name); name == "APPLY.md" || name == "Containerfile" || name == "Dockerfile" {
					continue // commands in quotes, and the user's own text
				}
				for line := range strings.Lines(string(f.Data)) {
					unit := b.Name() == "systemd" // which drops white space before a key
					if strings.HasPrefix(line, "ExecStartPre=+/bin/sh") || unit && strings.HasPrefix(strings.TrimSpace(line), "ExecStartPre=+/bin/sh") {
						t.Errorf("%s on %s: %s holds the line %q", key, b.Name(), f.Name, line)
					}
				}
			}
		}
	}
	if accepted < 20 {
		t.Errorf("only %d were accepted: the inputs of the test are wrong", accepted)
	}
}
