package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// maxRedirects is how many redirects are followed; the kubelet's number.
const maxRedirects = 10

// maxHeader is how much of an answer is read, in bytes: its status and headers. The body never is.
const maxHeader = 64 << 10

// HTTP asks for a page. Healthy is a status from 200 to 399, as for the kubelet (httpGet of core/v1 Probe); a redirect is
// followed on the same host only, one to another host is an answer. A certificate is not checked: the question is whether
// the service answers, not who it is. Where host is not empty, it is the Host header and the name that TLS asks for. No
// proxy is used.
func HTTP(ctx context.Context, page, host string) error {
	u, err := parsePage(page)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrFinal)
	}
	resp, err := get(ctx, u, host, func(next *http.Request) error {
		if next.URL.Hostname() != u.Hostname() {
			return http.ErrUseLastResponse
		}
		return nil
	})
	if err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return fmt.Errorf("%s answers %s; want 200 to 399", u.Redacted(), resp.Status)
	}
	return nil
}

// Reach asks for a page as a browser would, redirects to other hosts included: it holds when the last status is below
// 400. A certificate is not checked, and no proxy is used.
func Reach(ctx context.Context, page string) error {
	u, err := parsePage(page)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrFinal)
	}
	resp, err := get(ctx, u, "", func(*http.Request) error { return nil })
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s answers %s; want a status below 400", u.Redacted(), resp.Status)
	}
	return nil
}

// get is the answer to one GET, its body closed unread; follow decides about each redirect.
func get(ctx context.Context, u *url.URL, host string, follow func(next *http.Request) error) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("cannot ask: %w", err)
	}
	req.Header.Set("User-Agent", "octo-sidecar")
	req.Header.Set("Accept", "*/*")
	trust := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see HTTP
	if host != "" {
		req.Host = host
		if trust.ServerName = host; hasPort(host) {
			trust.ServerName, _, _ = net.SplitHostPort(host)
		}
	}
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives:      true, // the connection goes with the question, and so does all that the transport holds
			DialContext:            dialer,
			TLSClientConfig:        trust,
			ReadBufferSize:         1 << 10,
			WriteBufferSize:        1 << 10,
			MaxResponseHeaderBytes: maxHeader,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			return follow(next)
		},
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("cannot get %s: %w", u.Redacted(), unasked(cause(err)))
	}
	_ = resp.Body.Close()
	return resp, nil
}

// cause is err without the method and URL that net/http puts before it; the message names the page already.
func cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func hasPort(host string) bool {
	_, _, err := net.SplitHostPort(host)
	return err == nil
}

func parsePage(page string) (*url.URL, error) {
	u, err := url.Parse(page)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, fmt.Errorf("cannot use %q as a URL; want http://host:port/path", page)
	}
	return u, nil
}
