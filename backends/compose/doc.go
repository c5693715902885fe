// Package compose lowers an application to a Compose project: compose.yaml, resolved to the last value, and
// APPLY.md, which says how it is applied.
//
// In: the model, and the merged canonical tree that it was decoded from. Compose is a subset of our language, so the
// lowering is a walk over that tree, by tables of keys in the order in which they are printed (keys.go); the model
// decides where a decision is needed, and says what is octo's own. Out: a set of the two files, compose.dev.yaml where
// a service has develop, and a file below configs/ for each config that must be one.
//
// What maps to what:
//   - Every Compose key is itself, in its long syntax. x- keys stay where they stood. Left out are version, and what
//     loading used up: include, extends, variables.
//   - The output is final: no interpolation, so a "$" is written "$$" in every value; no anchors, no extends.
//   - A relative host path leads from the target's folder to the project's: build.context and additional_contexts,
//     bind sources (with ./ or ../, so that none reads as the name of a volume), env_file, label_file, the files of
//     configs and secrets, develop.watch paths, ssh keys of a build, the device of a local volume that is a bind.
//   - name, and the names of networks and volumes, are written out as Compose would make them. The network
//     "default" that nobody wrote stays unwritten.
//   - min_version of the target refuses keys that its Compose or its Docker Engine does not know yet.
//   - secrets.X.credential is the file /etc/credstore/NAME; secrets.X.vault, sops and prompt are the file secrets/X beside
//     compose.yaml, which a command of APPLY.md makes, and which git ignores.
//   - secrets.X.generate is such a file too, of a random value, made where it is not there yet.
//   - services.X.config.deliver.url is a service octo-config, which is octo-sidecar: it serves the values of all services
//     over HTTPS (served*.go). Each gets the address, its name, its password and the authority; it waits for the server,
//     and is not recreated when its config changes: the server is. One-shots of a service have what it has.
//   - A service with configs has a label with their hash, as Compose does not see that a config from a file changed.
//     The content of a config that a read-only service mounts is a file: Compose cannot write it into such a container.
//     Secrets have no such label, as a hash of a secret must not stand in an output: APPLY.md has the command.
//   - A service that names no logging has a bounded log. One that may be hardened (its user is a known number, or
//     harden: true) drops all capabilities that it does not add, takes no new privileges, and runs under an init
//     process; harden: true takes its root and its number of processes too. additions.go lists each with its reason.
//   - replicas, and autoscale.min, are deploy.replicas; placement.mode every is deploy.mode global.
//   - enabled: false leaves the service out. priority is depends_on with required: false.
//   - healthcheck.http, tcp and grpc and the named checks are the one healthcheck that Docker has (health.go). What
//     needs no program of the image is asked by octo-sidecar, which is mounted from the machine; where targets.T.sidecar
//     names its image, a one-shot service brings it in a volume (sidecar.go).
//   - notifications, and checks that restart where targets.T.engine_socket names the engine's socket, are a service
//     octo-monitor, which is octo-sidecar (monitor*.go, package compiler/monitor). It asks http, tcp and grpc in the networks
//     of the services, each replica by the name of its container; inside of containers, through the socket, it asks programs,
//     what no network leads to, and what restarts a container. Nobody depends on it. A check of level alive that it asks is
//     not Docker's any more; all others are both's.
//   - preflight is a one-shot service SERVICE-preflight, pre_start are SERVICE-pre-1 and so on, which the service waits
//     for (oneshots.go); with min_version.compose 5.3 pre_start is itself. They take what expand lets hooks.init take.
//   - develop stands in compose.dev.yaml, with what sync needs.
//   - target.compose goes over all of it, by the rules of the service's own keys (patch.go).
//
// What does not map: what Docker has nothing for (routes, jobs with a schedule, policies of networks along depends_on,
// replicas with volumes of their own, restarting what is unhealthy without the engine's socket). It is refused with
// advice, or left out where targets.T.accept says so; table.go says which. Deliberately not written out:
// stop_grace_period, as leaving it out means the same 10 s to every engine; limits of processes without harden: true, as
// threads count and a database has more than any number that would help.
//
// The package must never read YAML, and never link compose-go: that costs 5 ms at each start of the program. Its
// tests do both, and hold that what compose-go loads from the output is what it loads from the sources, but for the
// additions.
//
//	set, ds := compose.New().Lower(in)
//	os.Stdout.Write(set.Get("compose.yaml").Data)
package compose
