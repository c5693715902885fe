package compiler_test

import (
	"fmt"
	"strings"

	"github.com/octocompose/octocompose/compiler"
)

// one is a config with one service, which has these keys.
func one(keys string) string {
	return "name: app\nservices:\n  a:\n    image: example.com/a:1\n" + indent(keys, "    ")
}

func indent(s, by string) string {
	var b strings.Builder
	for line := range strings.Lines(s + "\n") {
		b.WriteString(by + line)
	}
	return b.String()
}

func hostileRows() []hostile {
	var rows []hostile
	for _, class := range [][]hostile{yamlRows(), typeRows(), referenceRows(), nameRows(), injectionRows(), grantRows()} {
		rows = append(rows, class...)
	}
	return rows
}

func yamlRows() []hostile {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("x-%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 8), i-1)
	}
	bomb = "x-" + bomb
	return []hostile{
		{id: "Y1 tab indent", in: "services:\n\ta: {image: x}\n", want: []string{"octo.yaml:2:1: error [syntax]"}},
		{id: "Y2 invalid UTF-8", in: one("labels: {a: \"\xff\xfe\"}"), want: []string{"octo.yaml:5:18: error [syntax]", "octo.yaml:5:19: error [syntax]"}},
		{id: "Y3 byte order mark", in: "\uFEFF" + one("labels: {key: value}"), says: []string{"key: \"value\""}, never: []string{"\uFEFF"}},
		{id: "Y4 raw control byte", in: one("labels: {a: \"\x07\"}"), want: []string{"octo.yaml:5:18: error [syntax]"}},
		{id: "Y4 escaped NUL", in: one(`labels: {a: "x\0y"}`), want: []string{"octo.yaml:5:17: error [syntax]"}},
		{id: "Y6 duplicate key", in: one("hostname: one\nhostname: two"), want: []string{"octo.yaml:6:5: error [duplicate-key]"}, says: []string{"octo.yaml:5:5"}},
		{id: "Y6 two merges", in: "x-a: &a {image: x}\nx-b: &b {image: y}\nservices:\n  a:\n    <<: *a\n    <<: *b\n", want: []string{"octo.yaml:6:5: error [duplicate-key]"}, says: []string{"octo.yaml:5:5"}},
		{id: "Y7 alias bomb", in: bomb + "services: {a: {image: x}}\n", want: []string{"octo.yaml:5:11: error [alias-budget]"}},
		{id: "Y9 nested lists", big: func() string { return "x-a: " + strings.Repeat("[", 100_000) }, want: []string{"octo.yaml:1:1006: error [limit]"}},
		{id: "Y10 deep mapping", big: func() string {
			var b strings.Builder
			for i := range 9000 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}, want: []string{"octo.yaml:1001:1001: error [limit]"}},
		{id: "Y11 scalar of 50 MB", big: func() string { return one("labels: {a: " + strings.Repeat("x", 50<<20) + "}") }, want: []string{"octo.yaml:5:1: error [limit]"}},
		{id: "Y11 file over 64 MiB", big: func() string { return one("") + strings.Repeat("#"+strings.Repeat("x", 1023)+"\n", 65<<10) }, want: []string{"octo.yaml: error [include]"}},
		{id: "Y12 40,000 keys", big: func() string {
			var b strings.Builder
			b.WriteString("x-many:\n")
			for i := range 40_000 {
				fmt.Fprintf(&b, "  k%d: v\n", i)
			}
			return b.String() + one("")
		}},
		{id: "Y12 40,000 variables", big: func() string {
			var b strings.Builder
			b.WriteString(one("environment:"))
			for i := range 40_000 {
				fmt.Fprintf(&b, "      K%d: v\n", i)
			}
			return b.String()
		}},
		{id: "Y14 list as a key", in: one("labels: {[a]: b}"), want: []string{"octo.yaml:5:14: error [syntax]"}},
		{id: "Y14 number as a key", in: one("labels: {1: b}"), want: []string{"octo.yaml:5:14: error [type]"}},
		{id: "Y15 empty file", in: "", want: []string{"octo.yaml:1:1: error [empty]"}},
		{id: "Y15 only comments", in: "# nothing\n", want: []string{"octo.yaml:1:1: error [empty]"}},
	}
}

func typeRows() []hostile {
	return []hostile{
		{id: "T1 no is a word", in: one("environment: {COUNTRY: no}"), says: []string{`COUNTRY: "no"`, "Environment=COUNTRY=no", `{ name: COUNTRY, value: "no" }`}, never: []string{"COUNTRY=false", `COUNTRY: "false"`, "COUNTRY: false"}},
		{id: "T2 yes for a key of octo's own", in: one("enabled: yes"), want: []string{"octo.yaml:5:14: error [type]"}, says: []string{"write true"}},
		{id: "T2 yes for a key of Compose's", in: one("tty: yes"), want: []string{"octo.yaml:5:10: warning [boolean]"}},
		{id: "T4 22:22 is no number", in: one("ports: [22:22]"), says: []string{"PublishPort=22:22", `published: "22"`}, never: []string{"1342"}},
		{id: "T5 1_000 as an integer", in: one("replicas: 1_000"), want: []string{"octo.yaml:5:15: error [type]"}},
		{id: "T5 1e3 as an integer", in: one("replicas: 1e3"), want: []string{"octo.yaml:5:15: error [type]"}},
		{id: "T5 .inf as an integer", in: one("replicas: .inf"), want: []string{"octo.yaml:5:15: error [type]"}},
		{id: "T5 .inf as a text", in: one("environment: {A: .inf}"), want: []string{"octo.yaml:5:22: error [type]"}},
		{id: "T8 duration without a unit", in: one("healthcheck: {test: [CMD, x], timeout: 5}"), want: []string{"octo.yaml:5:44: error [type]"}, says: []string{"5s"}},
		{id: "T8 negative duration", in: one("healthcheck: {test: [CMD, x], timeout: -1s}"), want: []string{"octo.yaml:5:44: error [type]"}},
		{id: "T9 null over what is required", in: "services:\n  a: {image: !reset null}\n", want: []string{"octo.yaml:2:3: error [required]"}},
		{id: "T10 list against mapping", in: "include: [low.yaml]\nservices:\n  a:\n    deploy: [x]\n", more: map[string]string{"low.yaml": one("deploy: {replicas: 2}")},
			want: []string{"octo.yaml:4:13: error [type]"}},
		{id: "T10 list against mapping, in a key of one's own", in: "include: [low.yaml]\nx-a: [x]\n", more: map[string]string{"low.yaml": "x-a: {b: c}\n" + one("")},
			want: []string{"octo.yaml:2:6: error [merge-kind]"}, says: []string{"low.yaml:1:6"}},
		{id: "T11 misspelt key", in: one("comand: x"), want: []string{"octo.yaml:5:5: error [unknown-key]"}, says: []string{`did you mean "command"?`}},
	}
}

func referenceRows() []hostile {
	return []hostile{
		{id: "R1 include cycle", in: "include: [a.yaml]\n" + one(""), more: map[string]string{"a.yaml": "include: [b.yaml]\n", "b.yaml": "include: [octo.yaml]\n"},
			want: []string{"b.yaml:1:11: error [cycle]"}, says: []string{"octo.yaml includes a.yaml includes b.yaml includes octo.yaml"}},
		{id: "R2 dependency cycle", in: "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n", want: []string{"octo.yaml:3:30: error [cycle]"}, says: []string{"octo.yaml:2:30"}},
		{id: "R2 itself", in: one("depends_on: [a]"), want: []string{"octo.yaml:5:18: error [cycle]"}},
		{id: "R3 missing dependency", in: one("depends_on: [b]"), want: []string{"octo.yaml:5:18: error [unknown-service]"}},
	}
}

func nameRows() []hostile {
	var rows []hostile
	for _, name := range []string{"../x", "a/b", "", ".", "..", "a b", "a\u202eb", "аpp" /* with a Cyrillic a */, "-x", "a\\nb"} {
		code := "pattern"
		rows = append(rows, hostile{id: fmt.Sprintf("P1 service %q", name), in: fmt.Sprintf("services:\n  \"%s\": {image: x}\n", name),
			want: []string{"octo.yaml:2:3: error [" + code + "]"}})
	}
	return append(rows,
		hostile{id: "P5 names that differ in case", in: "services:\n  Web: {image: x, expose: [\"80\"]}\n  web: {image: y, expose: [\"80\"]}\n", want: []string{"octo.yaml:3:3: error [name-clash]"}},
		hostile{id: "P7 Cyrillic letter in a variable", in: "variables: {\u0410: {default: x}}\n" + one(""), want: []string{"octo.yaml:1:13: error [pattern]"}},
		hostile{id: "P8 name of 64 characters", in: "services:\n  " + strings.Repeat("a", 64) + ": {image: x, expose: [\"80\"]}\n", want: []string{"octo.yaml:2:3: error [range]"}},
		hostile{id: "P8 name of 300 characters", in: "services:\n  " + strings.Repeat("a", 300) + ": {image: x}\n", want: []string{"octo.yaml:2:3: error [range]"}},
		hostile{id: "P8 volume, network, config and secret of 300 characters", in: strings.ReplaceAll(one("volumes: [\"LONG:/x\"]\nnetworks: [LONG]\nconfigs: [LONG]\nsecrets: [LONG]")+
			"volumes: {LONG: {}}\nnetworks: {LONG: {}}\nconfigs: {LONG: {content: x}}\nsecrets: {LONG: {file: x}}\n", "LONG", strings.Repeat("a", 300)),
			want: []string{"octo.yaml:9:11: error [range]", "octo.yaml:10:12: error [range]", "octo.yaml:11:11: error [range]", "octo.yaml:12:11: error [range]"}},
		hostile{id: "P8 project of 300 characters", in: "name: " + strings.Repeat("a", 300) + one("")[len("name: app"):], o: compiler.Options{Verify: true}, want: []string{"octo.yaml:1:7: error [range]"}},
		hostile{id: "P8 project of 64 characters", in: "name: " + strings.Repeat("a", 64) + one("")[len("name: app"):], o: compiler.Options{Verify: true}, want: []string{"octo.yaml:1:7: error [range]"}},
		hostile{id: "P8 config that is mounted up the tree", in: one("configs: [{source: c, target: ../../etc/passwd}]") + "configs: {c: {content: x}}\n", want: []string{"octo.yaml:5:15: error [pattern]"}},
		hostile{id: "P9 project with the name of a path", in: "name: ../../etc\n" + one("")[len("name: app\n"):], want: []string{"octo.yaml:1:7: warning [renamed]"}},
	)
}

func injectionRows() []hostile {
	return []hostile{
		{id: "I3 percent", in: one("environment: {A: \"%h %n %%\"}\ncommand: [\"%h\"]"), says: []string{`Environment="A=%%h %%n %%%%"`, "Exec=%%h"}},
		{id: "I4 dollar", in: one("command: [\"$$X\", \"$${X}\", \"$$(X)\"]"), says: []string{"Exec=$$X $${X}", `"$$X"`, `"$${X}"`, `$$(X)`}},
		{id: "I6 command with a prefix of ExecStart", in: one("binary: {linux_amd64: {url: https://example.com/x, sha256: " + hexA + "}}\ncommand: [\"+/bin/sh\"]\n"), never: []string{"ExecStart=+", "=+/bin/sh"}},
		{id: "I6 entrypoint with a prefix", in: one("entrypoint: [\"+/bin/sh\", \"-@:!x\"]"), never: []string{"=+/bin/sh"}},
		{id: "I7 spaces and quotes in a variable", in: one("environment: {A: \"a \\\"b\\\" c\"}"), says: []string{`Environment="A=a \"b\" c"`}},
		{id: "I8 dollars in Compose", in: one("environment: {A: \"$${X} $$5 $$$$\"}"), says: []string{`A: "$${X} $$5 $$$$"`, `Environment="A=$${X} $$5 $$$$"`, `value: "${X} $5 $$$"`}},
		{id: "I12 newline in a file of variables", in: one("env_file: [{path: a.env, inline: true}]"), more: map[string]string{"a.env": "A=\"x\\nExecStartPre=+/bin/sh\"\n"}, never: []string{"\nExecStartPre=+/bin/sh"}, says: []string{`x\nExecStartPre=+/bin/sh`}},
		{id: "I13 label outside of the grammar", in: one("labels: {\"a b/c d\": x}"), want: []string{"octo.yaml:5:25: error [unsupported]"}},
		{id: "I13 annotation outside of the grammar", in: one("annotations: {\"a b\": x}"), want: []string{"octo.yaml:5:26: error [unsupported]"}},
		{id: "I14 shell in an exec check", in: one("healthcheck: {test: [CMD, /check, \"; rm -rf /\", \"$$(id)\"]}"), says: []string{`"; rm -rf /"`}, never: []string{"/bin/sh", "CMD-SHELL", "sh, -c"}},
	}
}

func grantRows() []hostile {
	strict := compiler.Options{Strict: true}
	socket := "volumes: [/var/run/docker.sock:/var/run/docker.sock]"
	return []hostile{
		{id: "I16 privileged", in: one("privileged: true"), want: []string{"octo.yaml:5:17: warning [exposed]"}},
		{id: "I16 privileged, strict", in: one("privileged: true"), o: strict, want: []string{"octo.yaml:5:17: error [exposed]"}},
		{id: "I16 socket", in: one(socket), o: compiler.Options{Targets: []string{"compose"}}, want: []string{"octo.yaml:5:15: warning [exposed]"}},
		{id: "I16 root of the host", in: one("volumes: [/:/host]"), o: compiler.Options{Targets: []string{"compose"}}, want: []string{"octo.yaml:5:15: warning [exposed]"}},
		{id: "S1 one host port twice", in: "services:\n  a: {image: x, ports: [\"80:80\"]}\n  b: {image: x, ports: [\"80:81\"]}\n", want: []string{"octo.yaml:3:25: error [port-clash]"}, says: []string{"octo.yaml:2:25"}},
		{id: "S2 port 0", in: one("ports: [\"80:0\"]"), want: []string{"octo.yaml:5:17: error [type]"}},
		{id: "S2 port 65536", in: one("ports: [\"65536:80\"]"), want: []string{"octo.yaml:5:14: error [type]"}},
		{id: "S5 unsupported field", in: one("cgroup_parent: x"), o: compiler.Options{Targets: []string{"k8s"}}, want: []string{"octo.yaml:5:5: error [unsupported]"}},
		{id: "X1 secret in the config", in: one("environment: {POSTGRES_PASSWORD: hunter2, B: [x]}"), want: []string{"octo.yaml:5:19: warning [plain-secret]", "octo.yaml:5:50: error [type]"}, never: []string{"hunter2"}},
		{id: "X1 strict", in: one("environment: {POSTGRES_PASSWORD: hunter2}"), o: strict, want: []string{"octo.yaml:5:19: error [plain-secret]"}, never: []string{"hunter2"}},
		{id: "O8 no services", in: "name: app\n", want: []string{"octo.yaml:1:1: error [empty]"}},
		{id: "O8 no services, allowed", in: "name: app\n", o: compiler.Options{AllowEmpty: true}},
	}
}
