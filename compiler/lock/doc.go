// Package lock reads and writes octo.lock: what the names in a config were resolved to, so that everybody compiles the
// same.
//
// In: the text of a lock, or lines. Out: a [File], to be looked up and printed. One line is one thing:
//
//	octo-lock 1
//	binary https://example.com/api.tar.gz - sha256:…
//	file https://example.com/core.yaml - sha256:…
//	file https://github.com/acme/charts.git#v2.0.0:shop.yaml 3f2a… sha256:…
//	file oci://registry.example.com/charts/shop:2.0.0#octo.yaml sha256:… sha256:…
//	image docker.io/library/postgres:16 - sha256:…
//
// that is its kind; its name, as [github.com/octocompose/octocompose/compiler/remote.Address] spells it or as an image is
// called in full; the revision it was taken from (a commit of git, the digest of an artifact's manifest); and the hash of
// its content, of an image the digest. Lines are sorted, and nothing but the thing itself changes a line, so that two
// branches that each add a line merge. The package never touches the disk or the network.
package lock
