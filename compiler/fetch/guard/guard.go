package guard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// Options are what a guard is made of. All may be left zero but Env.
type Options struct {
	Allow     []string                    // hosts that may lie at private addresses: HOST, HOST:PORT or a CIDR
	Env       func(string) (string, bool) // SSL_CERT_FILE, HTTPS_PROXY and NO_PROXY, and these in lower case, are asked for
	UserAgent string
	Timeout   time.Duration // of a request with its body, or of one run of git; 0: 60 s
	MaxFile   int64         // bytes of a file, decoded; 0: 16 MiB
	MaxTree   int64         // bytes of all files of an artifact or a repository, decoded; 0: 256 MiB
	MaxFiles  int           // files of an artifact or a repository; 0: 10,000
	Redirects int           // that one request may follow; 0: 5, negative: none
}

// Guard holds the bounds. It is safe for concurrent use.
type Guard struct {
	Options
	allow  allowed
	proxy  func(*url.URL) (*url.URL, error)
	dialer net.Dialer
	roots  *x509.CertPool
	client *http.Client
}

// New makes a guard, with defaults for what o leaves out. It fails where an entry of Allow is none, or SSL_CERT_FILE names
// something that holds no certificate.
func New(o Options) (*Guard, error) {
	g := &Guard{Options: o}
	setDefault(&g.Timeout, 60*time.Second)
	setDefault(&g.MaxFile, 16<<20)
	setDefault(&g.MaxTree, 256<<20)
	setDefault(&g.MaxFiles, 10_000)
	setDefault(&g.Redirects, 5)
	var err error
	if g.allow, err = parseAllow(o.Allow); err != nil {
		return nil, err
	}
	config := httpproxy.Config{HTTPSProxy: g.env("HTTPS_PROXY", "https_proxy"), NoProxy: g.env("NO_PROXY", "no_proxy")}
	g.proxy = config.ProxyFunc()
	if file := g.env("SSL_CERT_FILE"); file != "" {
		if g.roots, err = roots(file); err != nil {
			return nil, err
		}
	}
	g.client = &http.Client{
		Transport: onlyHTTPS{&http.Transport{
			Proxy:                  func(r *http.Request) (*url.URL, error) { return g.proxy(r.URL) },
			DialContext:            g.dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: g.roots},
			TLSHandshakeTimeout:    20 * time.Second,
			MaxResponseHeaderBytes: 256 << 10,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    8,
			MaxConnsPerHost:        16,
			IdleConnTimeout:        30 * time.Second,
		}, g},
		CheckRedirect: g.redirect,
	}
	return g, nil
}

func setDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// env is the first of the names that is set.
func (g *Guard) env(names ...string) string {
	for _, n := range names {
		if g.Env == nil {
			break
		}
		if v, ok := g.Env(n); ok && v != "" {
			return v
		}
	}
	return ""
}

// roots are those of the system and those of file.
func roots(file string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without roots: the file is all there is
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read SSL_CERT_FILE: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("cannot use SSL_CERT_FILE %q: it holds no certificate in PEM", file)
	}
	return pool, nil
}

// Client is for https, within the bounds; who uses it sets a deadline ([Guard.Deadline]) and caps what is read.
func (g *Guard) Client() *http.Client { return g.client }

// Close drops connections that nobody uses.
func (g *Guard) Close() { g.client.CloseIdleConnections() }

// Deadline is ctx with the time that a request, and reading its body, may take.
func (g *Guard) Deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, g.Timeout)
}

// dial connects to a public or an allowed address. Control is called for each address that the name has, just before the
// connection is made.
func (g *Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := g.dialer
	d.Control = func(_, resolved string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return err
		}
		return g.allow.check(host, port, at.Addr())
	}
	return d.DialContext(ctx, network, address)
}

// Pin resolves a host and returns its addresses, all checked, for a program that is told to use no others. A host behind a
// proxy, which proxied says, has none: there the address of the proxy is checked.
func (g *Guard) Pin(ctx context.Context, scheme, host, port string) (addrs []netip.Addr, proxy string, err error) {
	target := &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port)}
	if scheme == "https" {
		via, err := g.proxy(target)
		if err != nil {
			return nil, "", fmt.Errorf("cannot use HTTPS_PROXY: %w", err)
		}
		if via != nil {
			if err := g.literal(host, port); err != nil {
				return nil, "", err
			}
			_, err := g.resolve(ctx, via.Hostname(), via.Port())
			return nil, via.String(), err
		}
	}
	addrs, err = g.resolve(ctx, host, port)
	return addrs, "", err
}

// resolve is all addresses of host. One that is refused refuses the host: a program takes whichever it likes.
func (g *Guard) resolve(ctx context.Context, host, port string) ([]netip.Addr, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for i, a := range addrs {
		addrs[i] = a.Unmap()
		if err := g.allow.check(host, port, a); err != nil {
			return nil, err
		}
	}
	return addrs, nil
}

// Allowed reports whether a host is allowed by its name, whatever it resolves to.
func (g *Guard) Allowed(host, port string) bool { return g.allow.name(host, port) }

// literal refuses an address that stands in a URL itself, which a proxy would dial for us. (For localhost and loopback
// addresses a proxy is never asked, see httpproxy.)
func (g *Guard) literal(host, port string) error {
	if a, err := netip.ParseAddr(host); err == nil {
		return g.allow.check(host, port, a)
	}
	return nil
}

var errScheme = errors.New("it leads to a URL that is not https")

// onlyHTTPS is the one door to the network: also what a library makes up by itself (a token service) goes through it.
type onlyHTTPS struct {
	*http.Transport
	guard *Guard
}

func (t onlyHTTPS) RoundTrip(r *http.Request) (*http.Response, error) {
	err := error(nil)
	port := r.URL.Port()
	if port == "" {
		port = "443"
	}
	if r.URL.Scheme != "https" {
		err = fmt.Errorf("%w: %s", errScheme, r.URL.Redacted())
	} else {
		err = t.guard.literal(r.URL.Hostname(), port)
	}
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return t.Transport.RoundTrip(r)
}

// redirect lets a request go on to another https URL. What the first host was told stays with it, also when a chain of
// redirects comes back (net/http copies the headers of the first request to each hop).
func (g *Guard) redirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > max(g.Redirects, 0):
		return fmt.Errorf("%w: it redirects more than %d times", ErrLimit, max(g.Redirects, 0))
	case r.URL.Scheme != "https":
		return fmt.Errorf("%w: it redirects to %s", errScheme, r.URL.Redacted())
	case r.URL.User != nil:
		return fmt.Errorf("%w with a user in it", errRedirect)
	}
	r.Header.Del("Referer") // a query may hold a token
	left := r.URL.Host != via[0].URL.Host
	for _, v := range via[1:] {
		left = left || v.URL.Host != via[0].URL.Host
	}
	if left {
		for _, h := range []string{"Authorization", "Cookie", "Proxy-Authorization", "Www-Authenticate"} {
			r.Header.Del(h)
		}
	}
	return nil
}

var errRedirect = errors.New("it redirects to a URL")
