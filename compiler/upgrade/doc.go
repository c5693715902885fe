// Package upgrade says how a user's config goes from one version of a vendor's config to a newer one: step by step, each
// step small enough to be reviewed.
//
// In: the version that is included, the tags of its repository or artifact, the vendor's versions.yaml, and the user's
// file. Out: the steps ([Plan]), what each rewrites in the file ([Rewrite], [SetRef], as edits of package edit), and what
// it changes in the output ([Compare]). The package reads no file and no network, changes nothing by itself, and runs
// nothing: migrations are words for a person.
//
// A step goes to the latest version of the current major, then to the latest one of the next major, and so on. A version
// with stop: true is a step of its own; one with from: is reached from that version or a newer one only.
//
//	steps, ds := upgrade.Plan(upgrade.Request{Current: "v1.2.0", Tags: tags, Vendor: versions})
package upgrade
