// Package oci reads files of artifacts in registries, with the oras library over the guarded client.
//
// In: REGISTRY/REPOSITORY with a tag or a digest. Out: the digest, and files. A layer with the annotation
// org.opencontainers.image.title is the file of that name; one of type …tar, …tar+gzip or …tar.gzip without a title, or
// marked as a packed folder by io.deis.oras.content.unpack, is unpacked, in memory. What docker compose publish pushes is
// read as Compose does: all its files are one compose.yaml, but for those that others extend; a layer that none of this
// fits is no file of ours. What it must never do: use bytes that are not of the digest and size that were promised, or let
// a name lead out of the artifact.
//
// Credentials are those of docker login, also through its helpers: $DOCKER_CONFIG/config.json or ~/.docker/config.json.
// They go to the registry that they are for, and to the token service that it names, which has to be at a public address
// or at the registry's own host. Registries are spoken to over https only.
//
//	r, err := oci.Open(g)
//	at, err := r.Resolve(ctx, "ghcr.io/acme/charts/shop", "2.0.0")
//	a, err := r.Artifact(ctx, "ghcr.io/acme/charts/shop", at, "2.0.0")
//	data, err := a.Read(ctx, "core.yaml")
package oci
