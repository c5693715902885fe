package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

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
		return fmt.Errorf("cannot ask for the job: %w", unasked(cause(err)))
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
