// Package compose lowers an application to a Compose project: compose.yaml, resolved to the last value, and
// APPLY.md, which says how it is applied.
//
// In: the model, and the merged canonical tree that it was decoded from. Compose is a subset of our language, so the
// lowering is a walk over that tree, by tables of keys in the order in which they are printed (keys.go); the model
// decides where a decision is needed. Out: a set of two files, and one below configs/ for each config that must be one.
//
// What maps to what:
//   - Every Compose key is itself, in its long syntax. x- keys stay where they stood. Left out are version, and what
//     loading used up: include, extends, variables.
//   - The output is final: no interpolation, so a "$" is written "$$" in every value; no anchors, no extends.
//   - A relative host path leads from the target's folder to the project's: build.context and additional_contexts,
//     bind sources (with ./ or ../, so that none reads as the name of a volume), env_file, label_file, the files of
//     configs and secrets, develop.watch paths, ssh keys of a build, the device of a local volume that is a bind.
//   - replicas is deploy.replicas. enabled: false leaves the service out.
//   - name, and the names of networks and volumes, are written out as Compose would make them. The network
//     "default" that nobody wrote stays unwritten.
//   - min_version of the target refuses keys that its Compose or its Docker Engine does not know yet.
//   - secrets.X.credential is the file /etc/credstore/NAME.
//   - A service with configs has a label with their hash, as Compose does not see that a config changed. The content
//     of a config that a read-only service mounts is a file: Compose cannot write it into such a container.
//   - A service that may be hardened (its user is a known number, or harden: true) drops all capabilities that it
//     does not add, takes no new privileges, and runs under an init process; harden: true takes its root and its
//     number of processes too. additions.go lists each addition with its reason.
//
// What does not map: what octo does beyond Compose and Docker has nothing for (routes, jobs with a schedule, checks
// beside the one that Docker knows, policies of networks along depends_on, replicas with volumes of their own). It
// is refused with advice, or left out where targets.T.accept says so; table.go says which.
//
// The package must never read YAML, and never link compose-go: that costs 5 ms at each start of the program. Its
// tests do both, and hold that what compose-go loads from the output is what it loads from the sources, but for the
// additions.
//
//	set, ds := compose.New().Lower(in)
//	os.Stdout.Write(set.Get("compose.yaml").Data)
package compose
