package secret

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// canary is in every value and every token: no error may hold it.
const canary = "canary-7d1e"

// server answers as the documented HTTP API does: KV v2 (read secret version), auth/approle/login. It is no Vault.
type server struct {
	t  *testing.T
	mu sync.Mutex
	// sealed is how many requests are answered with 503 before the first other.
	sealed int
	asked  []string
	token  string
	// block, where it is not nil, holds every request back until it is closed.
	block chan struct{}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.block != nil {
		select {
		case <-s.block:
		case <-r.Context().Done():
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.String())
	if s.sealed > 0 {
		s.sealed--
		refuse(w, http.StatusServiceUnavailable, "Vault is sealed")
		return
	}
	if r.URL.Path == "/v1/auth/approle/login" {
		var in struct {
			RoleID   string `json:"role_id"`
			SecretID string `json:"secret_id"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.RoleID != "role-"+canary || in.SecretID != "id-"+canary {
			refuse(w, http.StatusBadRequest, "invalid role or secret ID "+in.SecretID)
			return
		}
		answer(w, http.StatusOK, map[string]any{"auth": map[string]any{"client_token": s.token, "lease_duration": 60}})
		return
	}
	if r.Header.Get("X-Vault-Token") != s.token {
		refuse(w, http.StatusForbidden, "permission denied for "+r.Header.Get("X-Vault-Token"))
		return
	}
	if r.Method != http.MethodGet {
		refuse(w, http.StatusMethodNotAllowed, "unsupported operation")
		return
	}
	s.read(w, r)
}

// read is GET /v1/MOUNT/data/PATH.
func (s *server) read(w http.ResponseWriter, r *http.Request) {
	meta := func(version int, deleted string, destroyed bool) map[string]any {
		return map[string]any{"created_time": "2026-01-02T03:04:05.6Z", "custom_metadata": nil, "deletion_time": deleted, "destroyed": destroyed, "version": version}
	}
	data := map[string]any{"password": canary + "\n", "port": 5432, "on": true, "none": nil, "map": map[string]any{"a": "b"}}
	switch path := strings.TrimPrefix(r.URL.Path, "/v1/"); path {
	case "secret/data/shop/db", "team/kv/data/shop/db":
		version := 4
		if r.URL.Query().Get("version") == "2" {
			version, data = 2, map[string]any{"password": "older-" + canary}
		}
		answer(w, http.StatusOK, map[string]any{"data": map[string]any{"data": data, "metadata": meta(version, "", false)}})
	case "secret/data/deleted":
		answer(w, http.StatusNotFound, map[string]any{"data": map[string]any{"data": nil, "metadata": meta(7, "2026-02-03T04:05:06.7Z", false)}})
	case "secret/data/destroyed":
		answer(w, http.StatusNotFound, map[string]any{"data": map[string]any{"data": nil, "metadata": meta(3, "", true)}})
	case "secret/data/broken":
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("<html>" + canary))
	case "secret/data/huge":
		answer(w, http.StatusOK, map[string]any{"data": map[string]any{"data": map[string]any{"password": strings.Repeat("x", maxAnswer)}, "metadata": meta(1, "", false)}})
	default:
		answer(w, http.StatusNotFound, map[string]any{"errors": []string{}})
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, why string) {
	answer(w, status, map[string]any{"errors": []string{why}})
}

// start runs a server, and keeps the variables of the tester away from the client.
func start(t *testing.T, s *server) string {
	t.Helper()
	clean(t)
	s.t, s.token = t, "token-"+canary
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return h.URL
}

func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"VAULT_ADDR", "VAULT_AGENT_ADDR", "VAULT_CACERT", "VAULT_CAPATH", "VAULT_CACERT_BYTES", "VAULT_NAMESPACE", "VAULT_SKIP_VERIFY", "VAULT_TOKEN",
		"VAULT_HTTP_PROXY", "VAULT_PROXY_ADDR", "VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY", "VAULT_TLS_SERVER_NAME", "VAULT_SRV_LOOKUP", "VAULT_HEADERS",
	} {
		t.Setenv(name, "")
	}
}
