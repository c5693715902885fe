package probe

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJob(t *testing.T) {
	answers := map[string]string{
		"done":    `{"status":{"conditions":[{"type":"SuccessCriteriaMet","status":"True"},{"type":"Complete","status":"True"}]}}`,
		"running": `{"status":{"active":1}}`,
		"undone":  `{"status":{"conditions":[{"type":"Complete","status":"False"}]}}`,
		"failed":  `{"status":{"conditions":[{"type":"Failed","status":"True","message":"BackoffLimitExceeded"}]}}`,
	}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, "/apis/batch/v1/namespaces/shop/jobs/")
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if answers[name] == "" || !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(answers[name]))
	}))
	defer srv.Close()
	dir := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	for name, data := range map[string]string{"token": "secret\n", "namespace": "shop", "ca.crt": string(ca)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := Kube{Server: srv.URL, Dir: dir}
	for _, c := range []struct {
		name      string
		ok, final bool
	}{{"done", true, false}, {"running", false, false}, {"undone", false, false}, {"missing", false, false}, {"failed", false, true}} {
		err := k.Job(context.Background(), c.name)
		if (err == nil) != c.ok || errors.Is(err, ErrFinal) != c.final {
			t.Errorf("%s: got %v, want ok %v, final %v", c.name, err, c.ok, c.final)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Job(t.Context(), "done"); err == nil {
		t.Error("a wrong token is taken for an answer")
	}
}
