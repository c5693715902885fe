// Package serve is the config server of octo-sidecar: each service of an application reads its own merged config over
// HTTPS, with its own credential, and hears of changes.
//
// In: a [spec.Serve], a listener, and what of the world it needs ([Options]): a folder of its own, a log, a clock, files,
// a way to Vault. Out: answers, and a [Status].
//
//	GET /v1/config/SERVICE   the config, to SERVICE and its password by basic auth (RFC 7617) alone
//	GET /healthz             200, to everybody
//
// A config is JSON; YAML and TOML where Accept asks for them. Its ETag is that of the bytes: If-None-Match gets 304, and
// with ?wait=30s (at most 5m) only when the time is up or the config is another one.
//
// What is served is always whole: one response is of one generation, and a generation is the config with all its
// secrets. Files are looked at each second; one that cannot be read or meant changes nothing but the [Status]. While Vault
// is away the last values are served, and their age is told; before the first, whoever needs it gets 503, and nobody else.
// A secret is in no log, no error and no status; nothing is written but the authority in the state folder, and the file
// for clients.
//
//	s, err := serve.New(spec, serve.Options{State: "/var/lib/octo/shop", Vault: vault})
//	if err == nil {
//		err = s.Serve(ctx, listener) // until ctx ends, and what is being answered is answered
//	}
//
// The files: serve.go the life, handler.go the protocol with accept.go, watch.go files, client.go one service and its
// generations, secrets.go what is put in, lease.go Vault, tree.go and encode_*.go the formats, cert.go the certificate,
// authority.go and disk.go what is made at the first start, guard.go who may connect, status.go what is told.
package serve
