// Package compiler turns a config into what platforms apply. It is the architecture page of this project: the
// stages, what each takes and gives, and why they are cut like this.
//
// [Compile] is the pipeline on one screen (compile.go):
//
//	load     source → parse → surface check → include, extends → variables → ${…} → canonical form → merge
//	settle   what a service's own config says → configs, mounts, environment
//	expand   what a service says about other services (hooks.init) → those services
//	check    merged tree → canonical check → model → rules across fields
//	resolve  references, cycles, clashes, start order
//	lower    for each target: capability table, then the backend: model → files in memory
//	emit     plan, diff, apply: called by the command, never by Compile
//
// What travels is a [github.com/octocompose/octocompose/compiler/tree.Node] up to expand, and a
// [github.com/octocompose/octocompose/compiler/model.Project] from there. Every stage returns its value and a
// [github.com/octocompose/octocompose/compiler/diag.List]; it goes on with what is sound, so that the mistakes of
// all stages are reported in one run, and nothing that only follows from another. Lowering starts only when there
// are no errors. Every value is immutable once its stage has returned it.
//
// The packages, lowest first; a package imports only from the lines above its own. The order is enforced by
// TestImports, whose policy says why for each ban.
//
//	schema                     the .cue files: shapes, defaults, docs, merge rules and short forms. Data only
//	compiler/source            text of inputs, positions, the door to the disk
//	compiler/tree              ordered nodes with positions; paths; what each value overrode
//	compiler/diag              findings, their codes and printers
//	compiler/remote            addresses of what does not lie on the disk
//	compiler/store             contents by their hash
//	compiler/lock              octo.lock
//	compiler/pin               what a compile, or a command that locks, reads of the network
//	compiler/frontend/*        formats of other tools → a layer of ours
//	compiler/edit              changes of a YAML text that leave the rest of it alone
//	compiler/upgrade           versions of a vendor, and the steps between them
//	compiler/fetch/*           https, git, OCI. Only commands import it, never the compiler
//	compiler/parse             YAML → tree. The only YAML reader
//	compiler/doc               documents to be printed; the only YAML and JSON printer
//	compiler/shape             the schema's dialect of CUE → validators, merge rules, JSON Schema. The only CUE importer
//	compiler/interpolate       ${VAR} in scalars, .env files
//	compiler/template          {{ … }} in scalars
//	compiler/canon             short syntax → canonical form, one layer at a time
//	compiler/merge             layers → one tree
//	compiler/load              drives all of the above
//	compiler/settle            the configuration of services: groups, the vendor's schema, delivery
//	compiler/expand            services that other services imply
//	compiler/model             the application: plain typed values
//	compiler/check             tree → model, and rules across fields
//	compiler/resolve           references, cycles, clashes, start order
//	compiler/support           capability tables: what a target does with each field
//	compiler/monitor           what octo-sidecar asks and tells beside an application: the part that all targets share
//	compiler/artifact          files in memory
//	compiler/emit              the only writer of output trees
//	backends/*                 model → files, one package a platform
//	compiler                   the pipeline
//	cmd/octo                   flags, exit codes, the list of backends
//
// # Decisions
//
// The canonical form is a stage of its own (compiler/canon) between interpolation and merge, not a part of the merge:
// merging by key (ports by address, mounts by target) is only defined on canonical items, and what writes a short
// form out needs the shape alone, while what merges needs two trees.
//
// The Compose backend walks the merged canonical tree, not the model. Compose is a subset of the language, so what a
// user wrote for it passes through as it is, and a key that only Compose knows needs no field in the model. The model
// holds what more than one backend lowers.
//
// compose-go is linked into tests only. It costs 5 of the 10 ms that all libraries together add to the start of a
// process (a JSON Schema compiled at package init), on every run of every command. That our output means what its source
// means to Compose is shown by the round-trip tests, over every key of the specification and over generated files. What
// octo compile --verify checks of a Compose project without it stands at Backend.Verify of that package; manifests and
// units are read back by their own libraries.
//
// A target with overlays has a front half of its own (overlay.go): a layer can change what a variable means everywhere, so
// nothing above the parsed files is shared. Targets with the same overlays share one, and without any there is one.
//
// One canonical check is asked twice of the same shapes: of each file (Surface) and of the merged tree (Canonical). Units
// (durations, sizes, ports) are read in package shape alone; check and resolve call it.
//
// What a lost feature means to a reader is told by three words of a table row: Unsupported is an error, Loud a warning,
// everything else a line of the report. Findings that several targets share are one finding when they are printed.
//
// What a change restarts is asked of the backend that knows ([Restarter]), with the old and the new set: only systemd
// needs to be told; Compose and Kubernetes see it themselves.
//
// One-shots of a service (hooks.init) are services before a backend sees them, made on the tree, as the Compose backend
// walks it. Containers of pre_start are not: they run before each start, which each platform has its own way for (an
// init container, a one-shot that every start runs again), so the model has them whole, and backends lower them by the
// code that lowers services. octo config shows what was written, before that.
//
// A variable without a value (environment: [KEY]) takes that of .env or of variables, and is left out with a warning
// where nothing sets it; an error would keep most large Compose applications from the targets that have no environment
// of a person.
//
// Templates render the values of a service's own config, where that says template: true, and nothing else: fields of
// Compose hold templates of other programs (logging tags, formats of docker), which must stay as they are.
//
// A number that one platform can change by itself and another cannot (autoscale) is a warning there, not an error: the
// application does the same, with the least number. What a platform ignores and the reader relies on for safety
// (alive checks on Compose) is an error until the target accepts it.
//
// What a target lacks is asked by octo-sidecar on its command line, built from the words that the model gives
// (model.Check.Words, model.Preflight.Words): one contract for three backends, and readable in the output.
//
// What is fetched has a path of its own kind (remote.Virtual), that no file on a disk has, below which every stage joins,
// reads and reports as it does for local files; what would lead out of an origin cannot be spelt. Outputs cannot name such
// a path, so load turns files that were fetched into content of the config (load/ship.go) before the layers merge, and no
// backend knows of them. The lock has a line for each file that was read, not for each repository: what is compiled is
// exactly what is pinned, and a repository's other files may change.
//
// git is the program of the system: credentials are its own, and a library would cost every start and its own advisories.
// One chart of octoctl is one layer of ours, merged and rendered by its own rules before it becomes one: its precedence is
// the other way round, and its templates read the whole of it.
//
// The environment of the process is read only for variables that a file on the disk declares: a vendor's file must not
// choose which token of a build machine becomes part of an output.
//
// A file that was fetched is named in outputs by what it was fetched from, without the version (source.File.Shown): a new
// version must change only the lines that it changes.
//
// A config over HTTPS (deliver.url) is part of the model, not of the tree: what serves it is another thing on each target (a
// unit of the host, a service, a container in each pod), while the password of each service is an ordinary secret of the
// project, so that each target brings it to the service by the code that brings all secrets.
//
// What tells people, and what restarts containers on Docker, is a process of its own on each target, the monitor, apart from
// the config server: the one may hold the engine's socket and runs programs, the other holds every service's secrets, and
// neither needs what the other has. What is asked and told is worked out once (compiler/monitor); a backend says where a
// service is found. It asks the checks again that the platform asks too: no platform tells anybody, each keeps what it
// saw in another place (or, as Podman, in none that others may read), and a question is cheaper than a right to read it.
//
// A mapping of notifiers by name, not a list as the older dialects have it: a layer can change one or take one away. What
// is secret of them is named as a secret (…_secret), so that no field may hold a value that must not be seen.
//
// Draining in HAProxy waits for proxies of our own: only they say where their socket is, and who may open it.
//
// The sidecar's libraries are one package each (Prometheus in observe, D-Bus in act, Vault in secret): the others take
// functions, and the command puts them together.
//
// What CUE calls a default is filled where it is asked for (octo explain, vendors' schemas), not into every tree: the
// accessors of the model know Compose's defaults, and a tree without filler shows which fields the user wrote, which
// is what the capability tables are asked about.
package compiler
