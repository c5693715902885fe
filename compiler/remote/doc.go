// Package remote names files that do not lie on the disk: over https, in git repositories and in OCI registries.
//
// In: what stands in an include, with its ref and path. Out: an [Address], with one spelling for one file; addresses of
// files beside it ([Address.Join]), which never leave the repository, the artifact or the host; and a path under which
// the rest of the compiler treats the file like any other ([Address.Virtual], [FromVirtual]). The package reads nothing
// and never touches the network.
//
//	a, _ := remote.Parse("https://github.com/acme/charts.git#v2.0.0:apps/shop.yaml")
//	b, _ := a.Join("../lib/redis.yaml") // https://github.com/acme/charts.git#v2.0.0:lib/redis.yaml
package remote
