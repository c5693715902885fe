// Package vendors is the other side of a fetch, for tests: an https server, git over smart http, and an OCI registry, on
// loopback, with certificates of an authority of their own.
//
// In: files, as maps of paths to contents. Out: addresses to fetch from. They are real servers: git http-backend and the
// registry program of distribution; internal/gates.Missing("git") and Missing("registry") say whether they are there.
// Nothing takes a *testing.T, so that scripts and programs can use it too. All that is started ends with Close, and all
// files lie in the folder that is given.
//
// Who fetches has to trust the authority (SSL_CERT_FILE) and to allow the host (127.0.0.1). Everything is deterministic but
// the ports: the same files in the same order give the same commits and digests.
//
//	ca, err := vendors.NewCA(t.TempDir())              // SSL_CERT_FILE=ca.File()
//	git, err := ca.Git(t.TempDir())
//	defer git.Close()
//	commit, err := git.Publish("charts", "v1.0.0", map[string]string{"core.yaml": "services: {}\n"})
//	git.URL("charts")                                  // https://127.0.0.1:PORT/charts.git
//	commit, err = git.Publish("charts", "v1.0.0", …)   // moves the tag
//
//	registry, err := ca.Registry(t.TempDir())
//	defer registry.Close()
//	digest, err := registry.Push("charts/shop", "1.0.0", map[string]string{"core.yaml": "services: {}\n"})
//	registry.Host                                      // 127.0.0.1:PORT, for oci://HOST/charts/shop:1.0.0
//
//	site, err := ca.Site()
//	defer site.Close()
//	site.Set("a/core.yaml", "services: {}\n")
//	site.URL                                           // https://127.0.0.1:PORT
package vendors
