// Package guard is what every fetch goes through: the bounds, the check of addresses, the http client and the words of
// errors.
//
// In: the hosts that may be private, the limits, the environment. Out: a [Guard], whose [Guard.Client] speaks https only,
// to public addresses only, and whose [Guard.Pin] does the same check for programs that connect by themselves (git). What
// it must never do: skip the check of a certificate, or send credentials, cookies or a Referer to a host that a redirect
// names.
//
// An address is checked when it is dialled, after the name was resolved, so that a name that changes its mind in between
// (DNS rebinding) gains nothing. Where HTTPS_PROXY says so, the proxy is dialled instead, and it is the proxy's address
// that is checked: what lies behind it, the proxy decides. A literal address in a URL is checked in both cases.
//
//	g, err := guard.New(guard.Options{Env: os.LookupEnv})
//	resp, err := g.Client().Get("https://example.com/core.yaml")
//	if err != nil { return g.Explain("https://example.com/core.yaml", err) }
package guard
