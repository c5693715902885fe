// Package probe asks once whether something answers: a TCP port, a name, an HTTP page, a Kubernetes Job that has
// completed.
//
// In: what to ask, a context with a deadline. Out: nil, or an error that says what was seen. It never retries and
// keeps no state; package wait repeats it.
//
//	err := probe.TCP(ctx, "db:5432")
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Func asks once.
type Func func(ctx context.Context) error

// ErrFinal is in an error that asking again cannot mend: a Job that failed, an address that is none.
var ErrFinal = errors.New("asking again does not help")

// TCP opens a connection to address, host:port, and closes it.
func TCP(ctx context.Context, address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("cannot use %q as an address; want host:port: %w", address, ErrFinal)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot connect: %w", err)
	}
	return conn.Close()
}

// DNS looks up the addresses of name. A Service without an address of its own has as many as it has ready pods.
func DNS(ctx context.Context, name string) error {
	if name == "" || strings.ContainsAny(name, ":/ ") {
		return fmt.Errorf("cannot use %q as a name; want a host name: %w", name, ErrFinal)
	}
	found, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return fmt.Errorf("cannot resolve: %w", err)
	}
	if len(found) == 0 {
		return fmt.Errorf("%s has no address", name)
	}
	return nil
}

// HTTP asks for a page. Healthy is a status from 200 to 399, as for the kubelet; a redirect is not followed to
// another host. A certificate is not checked: the question is whether the service answers, not who it is.
func HTTP(ctx context.Context, page string) error {
	u, err := url.Parse(page)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("cannot use %q as a URL; want http://host:port/path: %w", page, ErrFinal)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return fmt.Errorf("cannot ask: %w", err)
	}
	req.Header.Set("User-Agent", "octo-sidecar")
	client := http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // see above
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if next.URL.Hostname() != u.Hostname() || len(via) > 10 {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("cannot get %s: %w", page, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return fmt.Errorf("%s answers %s; want 200 to 399", page, resp.Status)
	}
	return nil
}

// Kube is where a pod finds the API server: the folder holds token, ca.crt and namespace, as in a projected volume.
type Kube struct {
	Server string // https://host:port
	Dir    string
}

// maxAnswer is the most that is read of the API server's answer, in bytes.
const maxAnswer = 1 << 20

// Job asks whether the Job name has completed: its condition Complete is True (batch/v1 JobStatus.conditions). A Job
// that failed is an [ErrFinal].
func (k Kube) Job(ctx context.Context, name string) error {
	token, err := os.ReadFile(filepath.Join(k.Dir, "token"))
	if err != nil {
		return fmt.Errorf("cannot read the token: %w", err)
	}
	namespace, err := os.ReadFile(filepath.Join(k.Dir, "namespace"))
	if err != nil {
		return fmt.Errorf("cannot read the namespace: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(k.Dir, "ca.crt"))
	if err != nil {
		return fmt.Errorf("cannot read the CA: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	page := k.Server + "/apis/batch/v1/namespaces/" + url.PathEscape(strings.TrimSpace(string(namespace))) + "/jobs/" + url.PathEscape(name)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return fmt.Errorf("cannot ask for the job: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("cannot ask for the job: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("cannot read the answer: %w", err)
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("there is no job %s yet", name)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the API server answers %s", resp.Status)
	}
	return jobState(name, body)
}

func jobState(name string, body []byte) error {
	var job struct {
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	if err := json.Unmarshal(body, &job); err != nil {
		return fmt.Errorf("cannot read the answer: %w", err)
	}
	for _, c := range job.Status.Conditions {
		switch {
		case c.Status != "True":
		case c.Type == "Complete":
			return nil
		case c.Type == "Failed":
			return fmt.Errorf("the job %s failed: %s: %w", name, c.Message, ErrFinal)
		}
	}
	return fmt.Errorf("the job %s has not completed", name)
}
