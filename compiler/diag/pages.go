package diag

// Pages are the pages of all codes, in the order of codes.go.
func Pages() []Page {
	var out []Page
	for _, group := range [][]Page{textPages, shapePages, layerPages, modelPages, targetPages} {
		out = append(out, group...)
	}
	return out
}

// PageOf returns the page of a code.
func PageOf(c Code) (Page, bool) {
	for _, p := range Pages() {
		if p.Code == c {
			return p, true
		}
	}
	return Page{}, false
}

// textPages: the text of a file.
var textPages = []Page{
	{
		Code:  Syntax,
		Title: "the text is not YAML",
		Text: `The file cannot be read as YAML 1.2, so nothing in it was looked at. What the file would have defined is
treated as unknown: references into it are not reported as missing.

Most often it is a tab (YAML indents with spaces only), a colon followed by a space inside an unquoted value,
or a line that is indented less than the list or mapping that it belongs to.`,
		Bad:  "services:\n\tweb:\n\t\timage: nginx",
		Good: "services:\n  web:\n    image: nginx",
	},
	{
		Code:  DuplicateKey,
		Title: "a key stands twice in one mapping",
		Text: `Parsers differ in which of the two they keep, so neither is safe to guess. Delete one, or put both values
under one key. Two layers may of course say the same key: the later file is merged over the earlier.`,
		Bad:  "services:\n  web:\n    image: nginx:1.27\n    image: nginx:1.28",
		Good: "services:\n  web:\n    image: nginx:1.28",
	},
	{
		Code:  BadTag,
		Title: "a tag that is not known",
		Text: `Of YAML's tags only the two merge tags of the Compose specification have a meaning: !reset takes the value
of the lower layers away, !override replaces it whole instead of merging. A tag of YAML itself (!!str) is
answered with how to write the value without it: in quotes, say.`,
		Bad:  "services:\n  web:\n    ports: !overide [\"8080:80\"]",
		Good: "services:\n  web:\n    ports: !override [\"8080:80\"]",
	},
	{
		Code:  Limit,
		Title: "too deep, too large or too many",
		Text: `An input is larger, deeper or has more parts than any config that people write, and reading on would cost
memory and time without bound. The message says which limit was met and its size. A generated config that
really needs more is better split into several projects.`,
	},
	{
		Code:  AliasBudget,
		Title: "aliases unfold to too much",
		Text: `A few aliases of aliases can stand for billions of values. The number of values that all aliases of a file
unfold to is bounded, with room for every use of anchors that shares text between services. Write out some of
the aliases, or use extends.`,
		Bad: "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b, *b] # and so on",
	},
}

// shapePages: one value against the schema.
var shapePages = []Page{
	{
		Code:  UnknownKey,
		Title: "no such field",
		Text: `The schema knows no field of this name here, and nothing that is written may be lost without a word. The
help names the nearest field, if there is one. A field of your own begins with x-, is allowed everywhere, and
changes nothing.`,
		Bad:  "services:\n  web:\n    replcas: 3",
		Good: "services:\n  web:\n    replicas: 3",
	},
	{
		Code:  NotYet,
		Title: "a field that is planned and not there yet",
		Text: `The name is reserved, and this version of octo does nothing with it. It is an error and not a warning, as the
field would be lost in the output. The message says what to use until then, where there is something.`,
	},
	{
		Code:  Type,
		Title: "a value of the wrong kind or form",
		Text: `The field wants another kind of value (a list, a mapping, a number) or another form of text (a duration, a
size, a port). A duration is a number with a unit: 30s, 1m30s, 500ms. A size is a number with a unit of 1,024:
512M, 1G. A port is 1 to 65535, and stands in quotes when it has a colon.`,
		Bad:  "services:\n  cache:\n    healthcheck:\n      interval: 5",
		Good: "services:\n  cache:\n    healthcheck:\n      interval: 5s",
	},
	{
		Code:  Enum,
		Title: "not one of the allowed values",
		Text:  `The field has a fixed set of values; the message lists them, and the help names the nearest.`,
		Bad:   "services:\n  web:\n    restart: on-error",
		Good:  "services:\n  web:\n    restart: on-failure",
	},
	{
		Code:  Range,
		Title: "a number outside the bounds",
		Text: `The number, size, duration or length is below the smallest or above the largest value that makes sense. The
message gives the bounds; both are allowed themselves.`,
		Bad:  "services:\n  web:\n    oom_score_adj: 2000",
		Good: "services:\n  web:\n    oom_score_adj: 1000",
	},
	{
		Code:  Pattern,
		Title: "a text of the wrong form",
		Text: `The text must match a pattern: names of services, volumes, networks and profiles become file names, host
names and unit names on the targets, so they are made of ASCII letters, digits, ".", "_" and "-", with at
least one letter or digit.`,
		Bad:  "services:\n  \"../web\": { image: nginx }",
		Good: "services:\n  web: { image: nginx }",
	},
	{
		Code:  Required,
		Title: "a value is missing",
		Text: `Once all layers are merged something that must be there is not: the image of a service, the target of a
mount, a variable that an include requires. It is reported at the nearest place that exists; the help shows
what to add.

As a warning: a service waits until another is healthy, and that one has no healthcheck in the config. It
works only when the image brings one.`,
		Bad:  "services:\n  web:\n    ports: [\"8080:80\"]",
		Good: "services:\n  web:\n    image: nginx:1.28\n    ports: [\"8080:80\"]",
	},
	{
		Code:  Duplicate,
		Title: "an item stands twice",
		Text: `A list of unique items holds one twice, or two things claim one place: two mounts of one service have the
same target, two services the same address of a network. Delete one.`,
		Bad:  "services:\n  web:\n    image: nginx\n    tmpfs: [/tmp, /tmp]",
		Good: "services:\n  web:\n    image: nginx\n    tmpfs: [/tmp]",
	},
	{
		Code:  Exclusive,
		Title: "two fields that rule each other out",
		Text: `Both say where the same thing comes from, or one makes the other impossible: network_mode and networks,
dockerfile and dockerfile_inline, a container_name and several replicas. Keep one. When the other comes from a
lower layer, take it away with !reset.`,
		Bad:  "services:\n  web:\n    image: nginx\n    network_mode: host\n    networks: [front]",
		Good: "services:\n  web:\n    image: nginx\n    network_mode: host",
	},
	{
		Code:  Boolean,
		Title: "yes, no, on or off as a boolean",
		Text: `In YAML 1.2 these words are strings; older readers took them for booleans. Where a field of octo's own wants
a boolean it is an error, where Compose casts the text it is a warning. Write true or false.`,
		Bad:  "services:\n  web:\n    image: nginx\n    enabled: yes",
		Good: "services:\n  web:\n    image: nginx\n    enabled: true",
	},
}

// layerPages: several files.
var layerPages = []Page{
	{
		Code:  Conflict,
		Title: "two spellings of one field that differ",
		Text: `A field that can be written in two ways (scale and deploy.replicas, mem_limit and
deploy.resources.limits.memory, a key and the same key inside x-octo) has two values, and none of the two is
more right than the other. Delete one of them.`,
		Bad:  "services:\n  web:\n    image: nginx\n    scale: 2\n    deploy: { replicas: 3 }",
		Good: "services:\n  web:\n    image: nginx\n    deploy: { replicas: 3 }",
	},
	{
		Code:  Interpolation,
		Title: "a variable reference that cannot be read",
		Text: `A dollar sign begins a variable: ${NAME}, ${NAME:-default}, ${NAME:?message}, ${NAME:+text} and the same
without the colon. A dollar sign that is meant as such is written $$.`,
		Bad:  "services:\n  web:\n    image: nginx:${TAG-1.28",
		Good: "services:\n  web:\n    image: nginx:${TAG-1.28}",
	},
	{
		Code:  Unset,
		Title: "a variable without a value",
		Text: `The variable is neither declared under variables nor in .env nor in a file of --env-file, and has no default.
The environment of the shell is read for declared names only, so that the output does not depend on who
compiles. As in Compose it becomes the empty string, which is seldom meant. Give it a default or a value.`,
		Bad:  "services:\n  web:\n    image: nginx:${TAG}",
		Good: "services:\n  web:\n    image: nginx:${TAG:-1.28}",
	},
	{
		Code:  Include,
		Title: "an include or extends that cannot be read",
		Text: `The file that include, extends or -f names is not there, cannot be read, or lies where it must not (a file
that was fetched may not name files outside its own folder). Paths are relative to the file that holds them.`,
		Bad:  "include: [vendor/cor.yaml]",
		Good: "include: [vendor/core.yaml]",
	},
	{
		Code:  Lock,
		Title: "octo.lock cannot be read, or says something else",
		Text: `octo.lock pins what the config takes from the network: each file with the hash of its content, images and
programs with their digests. octo compile reads exactly that, so it stops where a file is not in the lock, or where its
bytes are others: those of a mirror, of the folder of fetched files, or of the vendor.

octo lock adds what is missing and takes away what nothing names; octo lock --update resolves anew what is there.
octo lock --check says what differs. When a tag was moved or bytes changed behind one address, ask the vendor first.`,
	},
	{
		Code:  Remote,
		Title: "something that is fetched cannot be had",
		Text: `An include names a file over https, in a git repository or in an OCI registry, and it is not there, was not
fetched on this machine, or must not be fetched. octo compile never uses the network: octo lock and octo fetch do.

Hosts at private addresses are refused unless --allow, or allow in the settings, names them. Where there is no network,
--mirror PREFIX=DIR reads what begins with PREFIX from a folder.`,
	},
	{
		Code:  Signature,
		Title: "a file is not signed by who must have signed it",
		Text: `An include says verify: { minisign: KEY }. Then the file, and every file that it names by a relative path, must
have its signature beside it: a file with the same name and .minisig, made with the secret key that belongs to KEY.

	minisign -Sm core.yaml              the vendor signs
	minisign -Vm core.yaml -P KEY       anybody checks

The signature is locked too, and checked at every compile.`,
	},
	{
		Code:  Unpinned,
		Title: "an image without a digest, where others have one",
		Text: `octo lock --images pins every image to the digest that its tag has, so that all machines run the same bytes.
This one came later. octo lock adds it; under --locked it is an error.`,
	},
	{
		Code:  Cycle,
		Title: "things that wait for, include or extend each other",
		Text: `In a ring of services that wait for each other none would ever start; files that include and services that
extend each other have no end. It is reported once for each ring, at the place that was written last, with the
other places. Delete one of them.

A service also waits for those that links, volumes_from, network_mode, pid and ipc name.`,
		Bad:  "services:\n  api: { image: a, depends_on: [db] }\n  db: { image: b, depends_on: [api] }",
		Good: "services:\n  api: { image: a, depends_on: [db] }\n  db: { image: b }",
	},
	{
		Code:  MergeKind,
		Title: "layers that disagree on the kind of a value",
		Text: `One layer has a list and another a mapping or a single value at the same place, so there is no way to merge
them. Write both in one form, or put !override before the higher one to replace the lower one whole.`,
		Bad:  "# base.yaml:    x-list: [a]\n# overlay.yaml: x-list: { a: 1 }",
		Good: "# overlay.yaml: x-list: !override { a: 1 }",
	},
	{
		Code:  MissingFile,
		Title: "a file that the config names is not there",
		Text: `A config, a secret, an env_file or a bind mount names a file or folder that the compiler needs and cannot
find. Paths are relative to the file that holds them. An env_file that may be missing says required: false.`,
		Bad:  "services:\n  web:\n    image: nginx\n    env_file: [web.evn]",
		Good: "services:\n  web:\n    image: nginx\n    env_file: [web.env]",
	},
}

// modelPages: the application as a whole.
var modelPages = []Page{
	{
		Code:  UnknownService,
		Title: "a reference to a service that is not there",
		Text: `depends_on, links, volumes_from, network_mode, pid, ipc or additional_contexts names a service that no layer
defines, that is switched off with enabled: false, or whose profile is not asked for. A dependency that may be
missing says required: false.`,
		Bad:  "services:\n  api: { image: a, depends_on: [databse] }\n  database: { image: b }",
		Good: "services:\n  api: { image: a, depends_on: [database] }\n  database: { image: b }",
	},
	{
		Code:  UnknownRef,
		Title: "a reference to something that is not there",
		Text: `A service names a network, volume, config, secret or model that the top level does not define. Define it,
even if it is empty. A bind mount of a folder begins with ./ or /: without it the name is that of a volume.

As a warning: a pattern under targets.T.accept matches no field of the config.`,
		Bad:  "services:\n  db: { image: postgres, volumes: [\"data:/var/lib/postgresql/data\"] }",
		Good: "services:\n  db: { image: postgres, volumes: [\"data:/var/lib/postgresql/data\"] }\nvolumes:\n  data: {}",
	},
	{
		Code:  PortClash,
		Title: "one port of the host twice",
		Text: `Two services, or two lines or replicas of one, publish the same port of the host on the same address. 0.0.0.0,
:: and no address at all mean every address. The second would not start. Publish another port, bind the two to
different addresses, or give a range that is as large as the number of replicas.`,
		Bad:  "services:\n  web: { image: a, ports: [\"8080:80\"] }\n  api: { image: b, ports: [\"8080:8080\"] }",
		Good: "services:\n  web: { image: a, ports: [\"8080:80\"] }\n  api: { image: b, ports: [\"8081:8080\"] }",
	},
	{
		Code:  NameClash,
		Title: "two names that become one",
		Text: `Two names differ in the config and are one where they are used: host names do not tell Web from web, nor do
the file systems of laptops; a container_name exists once on a machine. Rename one of them.`,
		Bad:  "services:\n  web: { image: a }\n  Web: { image: b }",
		Good: "services:\n  web: { image: a }\n  web-admin: { image: b }",
	},
	{
		Code:  Exposed,
		Title: "a dangerous grant",
		Text: `The service gets what amounts to control over its host: privileged, the socket of a container engine, a
folder of the host's system, the host's processes, an almighty capability, or no confinement. Real
applications need that at times, so it is a warning; octo check --strict makes it an error. Take away what the
service does not need; mount one file in place of /, and read-only.`,
		Bad:  "services:\n  agent:\n    image: a\n    volumes: [\"/:/host\"]",
		Good: "services:\n  agent:\n    image: a\n    volumes: [\"/var/log:/host/var/log:ro\"]",
	},
	{
		Code:  Template,
		Title: "a template that cannot be rendered",
		Text: `What stands between {{ and }} cannot be read, or reads what is not there. Templates read the config and
nothing else; keys that are no identifiers are read by index config "my-key". A missing key is an error; where one
may be missing write | default. A template of another program stands between back quotes, as a text of ours. See
docs/templates.md.`,
		Bad:  "services:\n  web:\n    image: web:1\n    config:\n      template: true\n      values: { port: 80, url: \"http://web:{{ config.prot }}\" }\n      deliver: { env: {} }",
		Good: "services:\n  web:\n    image: web:1\n    config:\n      template: true\n      values: { port: 80, url: \"http://web:{{ config.port }}\" }\n      deliver: { env: {} }",
	},
	{
		Code:  PlainSecret,
		Title: "a value that looks like a secret",
		Text: `The name of a variable says that its value is a password, a token or a key, and the value stands in the
config, from where it goes into the output, into the repository and into process listings. It is not repeated
in the message. Use secrets: the config then holds a reference, and most images read NAME_FILE. To take the
value from the environment of the tool that applies the output, write the name without a value.`,
		Bad:  "services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: example",
		Good: "services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db_password\n    secrets: [db_password]\nsecrets:\n  db_password: { file: ./db_password.txt }",
	},
	{
		Code:  SecretValue,
		Title: "a secret variable in an output",
		Text: `variables.X.secret says that no output may hold the value, and the field reads the variable, directly or through
another one in .env. Outputs are committed, copied and applied by many hands, so the config gives a reference, and the
value is there when the service runs: a secret (secrets.X.file, credential or external) that the service reads as
/run/secrets/NAME, or a file of variables that env_file names. ${X:+text} only asks whether there is a value, and may
be written anywhere.`,
		Bad:  "variables:\n  DB_PASSWORD: { secret: true }\nservices:\n  db:\n    image: postgres\n    environment: { POSTGRES_PASSWORD: \"${DB_PASSWORD}\" }",
		Good: "services:\n  db:\n    image: postgres\n    environment: { POSTGRES_PASSWORD_FILE: /run/secrets/db_password }\n    secrets: [db_password]\nsecrets:\n  db_password: { file: ./db_password.secret }",
	},
	{
		Code:  Empty,
		Title: "no services",
		Text: `The config defines no service, or switches every one off. That is nearly always the wrong file or the wrong
folder, and compiling it would empty the output tree.`,
		Bad:  "services: {}",
		Good: "services:\n  web: { image: nginx }",
	},
}

// targetPages: what a target can express, and the output.
var targetPages = []Page{
	{
		Code:  UnknownTarget,
		Title: "no such target",
		Text: `-t, or targets.T.backend, names what does not exist. A target is a key under targets; with none declared the
backends systemd, compose and k8s are targets of the same name.`,
		Bad:  "octo compile -t kubernetes",
		Good: "octo compile -t k8s",
	},
	{
		Code:  Renamed,
		Title: "a name that had to change for a target",
		Text: `The target does not allow the name: Kubernetes wants lower case letters, digits and "-". The output uses the
name of the message, and references follow it. Names that fit everywhere are better: other people will look
for them in the output.`,
		Bad:  "services:\n  web_front: { image: a }",
		Good: "services:\n  web-front: { image: a }",
	},
	{
		Code:  Unsupported,
		Title: "a target cannot express the field",
		Text: `The field would change what the application does, and this target has nothing to express it with. Nothing is
dropped without a word, so it is an error. The help says what to do instead. To live without the field on this
target name it under targets.T.accept; it is then a warning and stands in the report.`,
		Bad:  "services:\n  web: { image: a, cgroup_parent: web.slice }",
		Good: "services:\n  web: { image: a, cgroup_parent: web.slice }\ntargets:\n  k8s: { accept: [services.web.cgroup_parent] }",
	},
	{
		Code:  Accepted,
		Title: "a field is left out, as you accept",
		Text: `The target cannot express the field, and targets.T.accept names it: the output is made without it. The warning
stays, so that a reader of the log sees what is missing; octo compile --report lists it.`,
	},
	{
		Code:  Emulated,
		Title: "a target does it in another way",
		Text: `The target has no such thing of its own, and octo builds it from what there is. The effect is the same but
for what the message says. octo compile --report lists all of them.`,
	},
	{
		Code:  Drift,
		Title: "an output file was edited",
		Text: `A file of the output tree is not what octo wrote there. It was edited by hand or by another tool, and writing
would lose that. Put the change into the config (services.X.target.<backend> reaches every option of a
target), or delete the file and compile again.`,
	},
	{
		Code:  Internal,
		Title: "a bug of octo",
		Text: `Something that cannot happen did. Nothing was written. Please report it with the message and, if you can, the
config that leads to it.`,
	},
}
