// Package fetch gets configs over the network: files over https, repositories of git, artifacts of OCI registries. The
// commands that may use the network call it (octo lock, octo fetch, octo upgrade); compile never does.
//
// In: addresses ([remote.Address]). Out: [Snapshot]s, each of one origin at one revision, and errors that say what to do
// ([Error]). What it must never do: connect to an address that is not public and was not allowed, speak anything but https
// and ssh, skip the check of a certificate or of a digest, run or follow what a repository or an artifact holds, or take
// more bytes or time than its limits.
//
//	c := &fetch.Client{Temp: dir, Version: "1.0.0"}
//	defer c.Close()
//	s, err := c.Resolve(ctx, address) // https://github.com/acme/charts.git#v2.0.0
//	data, err := s.Read(ctx, "apps/shop.yaml")
//	again, err := c.At(ctx, address, s.Revision())
//
// The packages below it, each with the rules of its own: guard (addresses, limits, TLS, the words of errors), https, git
// and oci. Credentials are git's and docker's own; there are none for plain files over https.
//
// # Environment
//
// These are asked for with [Client.Env], and no others: SSL_CERT_FILE (certificates to trust besides the system's, also in
// git), HTTPS_PROXY and NO_PROXY (also in lower case; behind a proxy it is the proxy's address that is checked), HOME and
// DOCKER_CONFIG (docker's config.json), GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM and GIT_CONFIG_NOSYSTEM (for credential.* in
// git's configuration), GIT_SSL_CAINFO and GIT_SSH_COMMAND. Handed on to git, ssh and credential helpers, where they are
// set: PATH, HOME, USER, LOGNAME, TMPDIR, XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS,
// DISPLAY, WAYLAND_DISPLAY, GNUPGHOME, PASSWORD_STORE_DIR, SSH_AUTH_SOCK, GIT_ASKPASS, GIT_EXEC_PATH, SystemRoot. The
// credential helpers of docker run with the environment of the process.
package fetch
