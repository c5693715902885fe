//go:build linux

package e2e

import (
	"encoding/json"
	"testing"
)

// answer is what app served prints.
type answer struct {
	Status int
	Body   string
	ETag   string
}

// served asks for a config as an instance does.
func (k *kit) served(t *testing.T, in instance, args ...string) answer {
	t.Helper()
	text, err := k.exec(in, append([]string{"/app", "served"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("%s answers %q: %v", in, text, err)
	}
	return a
}

// configServed: each service reads its own config over HTTPS, and no other.
func configServed(t *testing.T, k *kit) {
	for _, service := range []string{"web", "worker"} {
		for _, in := range of(k.instances(t, k), service) {
			a := k.served(t, in)
			var values struct{ Name, Mode, Token string }
			token := map[string]string{"worker": "<swordfish>"}[service]
			if err := json.Unmarshal([]byte(a.Body), &values); a.Status != 200 || err != nil || values.Name != service || values.Mode != "first" || values.Token != token || a.ETag == "" {
				t.Errorf("%s gets %+v", in, a)
			}
			if a := k.served(t, in, service, "wrong"); a.Status != 401 {
				t.Errorf("%s with a wrong password: %+v", in, a)
			}
			other := map[string]string{"web": "worker", "worker": "web"}[service]
			if a := k.served(t, in, other); a.Status != 403 {
				t.Errorf("%s asks for the config of %s: %+v", in, other, a)
			}
		}
	}
}
