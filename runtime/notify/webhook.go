package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// webhook posts messages. Its address may be a secret, so that messages show the host alone.
type webhook struct {
	url    *url.URL
	header string // a file
	client *http.Client
}

func newWebhook(w spec.Webhook, o Options) (*webhook, error) {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("its url is none; want https://host/path")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("its url leads to %s without TLS; want https", u.Host)
	}
	dial := o.Dial
	if u.Scheme == "http" {
		dial = onlyLoopback(dial)
	}
	return &webhook{url: u, header: w.Header, client: &http.Client{
		Transport: &http.Transport{
			Proxy: proxyFor(u, o), DialContext: dial, DisableKeepAlives: true, TLSHandshakeTimeout: 20 * time.Second, MaxResponseHeaderBytes: 64 << 10,
			TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// proxyFor keeps what goes to this machine in plain text from leaving it by a proxy.
func proxyFor(u *url.URL, o Options) func(*http.Request) (*url.URL, error) {
	if u.Scheme == "http" {
		return nil
	}
	return o.Proxy
}

func (w *webhook) send(ctx context.Context, m Message) error {
	data, err := m.json()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("cannot post to %s", w.url.Host)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "octo-sidecar")
	if w.header != "" {
		name, value, err := readHeader(w.header)
		if err != nil {
			return temporary{err}
		}
		req.Header.Set(name, value)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the address
		}
		return temporary{fmt.Errorf("cannot post to %s: %w", w.url.Host, err)}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxOutput)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("%s redirects (%d); a redirect is not followed: write the address that it leads to", w.url.Host, code)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return temporary{fmt.Errorf("%s answers %d", w.url.Host, code)}
	default:
		return fmt.Errorf("%s answers %d", w.url.Host, code)
	}
}

// maxSecret is the most of a file with a secret, in bytes.
const maxSecret = 64 << 10

// readSecret reads a file; line breaks at its end do not count.
func readSecret(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSecret {
		return "", fmt.Errorf("%s has more than %d bytes", name, maxSecret)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}

var headerLine = regexp.MustCompile("^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$") // RFC 9110, 5.1 and 5.5

// readHeader reads a file with one line, Name: value.
func readHeader(name string) (key, value string, err error) {
	text, err := readSecret(name)
	if err != nil {
		return "", "", fmt.Errorf("cannot read the header: %w", err)
	}
	m := headerLine.FindStringSubmatch(text)
	if m == nil {
		return "", "", fmt.Errorf("cannot use %s as a header: want one line, Name: value", name)
	}
	return m[1], strings.TrimSpace(m[2]), nil
}

func isLoopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// onlyLoopback refuses a connection that leaves the machine all the same, as where localhost has another address.
func onlyLoopback(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
			_ = conn.Close()
			return nil, fmt.Errorf("%s is not on this machine, and there is no TLS", address)
		}
		return conn, nil
	}
}
