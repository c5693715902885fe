package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// The value goes to stdout, or into a file for nobody else, and nothing beside it is printed; where Vault says no, the
// file stays as it was.
func TestSecret(t *testing.T) {
	for _, name := range []string{"VAULT_ADDR", "VAULT_AGENT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE", "VAULT_SKIP_VERIFY", "VAULT_CACERT"} {
		t.Setenv(name, "")
	}
	allowed := true
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowed || r.Header.Get("X-Vault-Token") != "of-the-env" || r.URL.Path != "/v1/secret/data/app" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"errors":["permission denied"]}`)
			return
		}
		_, _ = io.WriteString(w, `{"data":{"data":{"password":"the value"},"metadata":{"created_time":"2026-01-02T03:04:05Z","deletion_time":"","destroyed":false,"version":1}}}`)
	}))
	defer h.Close()
	env := func(name string) string { return map[string]string{"VAULT_TOKEN": "of-the-env"}[name] }
	args := []string{"secret", "vault", "--path=secret/app", "--key=password", "--timeout=10s", "--address=" + h.URL}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr, env); code != done || stdout.String() != "the value" || stderr.Len() > 0 {
		t.Errorf("to stdout: exit %d, %q, %q", code, &stdout, &stderr)
	}
	file := filepath.Join(t.TempDir(), "value")
	stdout.Reset()
	for _, allowed = range []bool{true, false} {
		want := done
		if !allowed {
			want = failed
		}
		code := run(t.Context(), append(args, "--out="+file), &stdout, &stderr, env)
		data, err := os.ReadFile(file)
		if code != want || stdout.Len() > 0 || (stderr.Len() > 0) == allowed || err != nil || string(data) != "the value" {
			t.Errorf("to a file: exit %d, %q, %q, %q, %v", code, &stdout, &stderr, data, err)
		}
	}
}
