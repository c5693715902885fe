// Package spec is what the compiler tells octo-sidecar to do: files of JSON that a backend emits and a verb reads.
//
// In: a typed value (from a backend), or the bytes of a file (from the sidecar). Out: bytes that are the same for the
// same value, or a value that has been checked. It never reads a disk, asks a network or knows where a file lies.
//
// A reader is strict: an unknown field, a second document or a value that cannot be meant is an error, so that an older
// sidecar says that it is too old instead of doing half of what was asked.
//
//	data, err := spec.Fetch{
//		Dest: "/var/lib/shop/bin/worker/3f1c", Program: "shop-worker",
//		Artifact: map[string]spec.Artifact{"linux_amd64": {URL: "https://example.com/worker.tar.gz", SHA256: sum, Path: "bin/worker"}},
//	}.Marshal()
package spec
