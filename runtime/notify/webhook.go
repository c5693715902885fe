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
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// webhook posts messages. Its address may be a secret, so that messages show the host alone.
type webhook struct {
	url     *url.URL // nil: it stands in urlFile
	urlFile string
	header  string // a file
	client  *http.Client
}

func newWebhook(w spec.Webhook, o Options) (*webhook, error) {
	var u *url.URL
	dial, proxy := o.Dial, o.Proxy
	if w.URL != "" {
		var err error
		if u, err = url.Parse(w.URL); err != nil {
			return nil, errors.New("its url is none; want https://host/path")
		}
		if u.Scheme == "http" {
			proxy = nil // what goes in plain text does not leave the network by a proxy
			if !w.Plain {
				dial = onlyLoopback(dial)
			}
		}
	}
	return &webhook{url: u, urlFile: w.URLFile, header: w.Header, client: &http.Client{
		Transport: &http.Transport{
			Proxy: proxy, DialContext: dial, DisableKeepAlives: true, TLSHandshakeTimeout: 20 * time.Second, MaxResponseHeaderBytes: 64 << 10,
			TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// address is where the next message goes. A file is read each time, so that it may change.
func (w *webhook) address() (*url.URL, error) {
	if w.url != nil {
		return w.url, nil
	}
	text, err := readSecret(w.urlFile)
	if err != nil {
		return nil, temporary{fmt.Errorf("cannot read the address: %w", err)}
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "https" || u.Host == "" { // the error of Parse has the text
		return nil, temporary{fmt.Errorf("cannot use %s as an address: want https://host/path", w.urlFile)}
	}
	return u, nil
}

func (w *webhook) send(ctx context.Context, m Message) error {
	data, err := m.json()
	if err != nil {
		return err
	}
	to, err := w.address()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("cannot post to %s", to.Host)
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
		return temporary{fmt.Errorf("cannot post to %s: %w", to.Host, err)}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxOutput)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("%s redirects (%d); a redirect is not followed: write the address that it leads to", to.Host, code)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return temporary{fmt.Errorf("%s answers %d", to.Host, code)}
	default:
		return fmt.Errorf("%s answers %d", to.Host, code)
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
