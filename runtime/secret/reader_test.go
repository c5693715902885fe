package secret

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// tokens is a server whose tokens end: each login and each renewal lasts an hour by the clock of the test.
type tokens struct {
	mu        sync.Mutex
	now       time.Time
	ends      map[string]time.Time
	renewable bool
	logins    int
	asked     []string
	down      bool
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, strings.TrimPrefix(r.URL.Path, "/v1/"))
	if s.down {
		refuse(w, http.StatusServiceUnavailable, "sealed")
		return
	}
	if r.URL.Path == "/v1/auth/approle/login" {
		s.logins++
		token := "made-" + canary + string(rune('0'+s.logins))
		s.ends[token] = s.now.Add(time.Hour)
		answer(w, 200, map[string]any{"auth": map[string]any{"client_token": token, "lease_duration": 3600, "renewable": s.renewable}})
		return
	}
	token := r.Header.Get("X-Vault-Token")
	if end, ok := s.ends[token]; !ok || s.now.After(end) {
		refuse(w, http.StatusForbidden, "permission denied for "+token)
		return
	}
	switch r.URL.Path {
	case "/v1/auth/token/lookup-self":
		answer(w, 200, map[string]any{"data": map[string]any{"ttl": json.Number("3600"), "renewable": s.renewable}})
	case "/v1/auth/token/renew-self":
		s.ends[token] = s.now.Add(time.Hour)
		answer(w, 200, map[string]any{"auth": map[string]any{"client_token": token, "lease_duration": 3600, "renewable": s.renewable}})
	default:
		answer(w, 200, map[string]any{"lease_duration": 90, "data": map[string]any{"data": map[string]any{"p": "v-" + canary}, "metadata": map[string]any{"version": 1, "created_time": "2026-01-02T03:04:05Z"}}})
	}
}

func (s *tokens) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.asked
	s.asked = nil
	return out
}

func startTokens(t *testing.T, renewable bool) (*tokens, Reference, func() time.Time) {
	clean(t)
	s := &tokens{now: time.Unix(1_800_000_000, 0), ends: map[string]time.Time{}, renewable: renewable}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, Reference{Path: "secret/shop/db", Key: "p", Address: h.URL}, func() time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.now
	}
}

const (
	reads   = "secret/data/shop/db"
	logsIn  = "auth/approle/login"
	looks   = "auth/token/lookup-self"
	extends = "auth/token/renew-self"
)

// One login for many reads; the token is renewed before it ends, or followed by another; one that is taken back too.
func TestReader(t *testing.T) {
	s, ref, now := startTokens(t, true)
	r := NewReader(func() (Login, error) { return Login{RoleID: "r", SecretID: "s"}, nil }, now)
	read := func(what string, after time.Duration, want ...string) {
		t.Helper()
		s.mu.Lock()
		s.now = s.now.Add(after)
		s.mu.Unlock()
		v, ttl, err := r.Read(limit(t, 10*time.Second), ref)
		if err != nil || string(v) != "v-"+canary || ttl != 90*time.Second {
			t.Errorf("%s: %q, %v, %v", what, v, ttl, err)
		}
		if got := s.take(); !slices.Equal(got, want) {
			t.Errorf("%s: asked %q, want %q", what, got, want)
		}
	}
	read("the first", 0, logsIn, looks, reads)
	read("the second", 20*time.Minute, reads)
	read("half of its life is over", 15*time.Minute, extends, reads)
	read("soon after", time.Minute, reads)
	read("and again", 40*time.Minute, extends, reads)
	read("long after its end", 3*time.Hour, extends, logsIn, looks, reads)
	s.mu.Lock()
	clear(s.ends)
	s.renewable = false
	s.mu.Unlock()
	read("taken back", time.Minute, reads, logsIn, looks, reads)
	read("one that cannot be renewed", 35*time.Minute, logsIn, looks, reads)
	s.mu.Lock()
	s.down = true
	s.mu.Unlock()
	if _, _, err := r.Read(limit(t, 10*time.Second), ref); err == nil || strings.Contains(err.Error(), canary) || len(s.take()) != 1 {
		t.Errorf("while Vault is away it is asked once: %v", err)
	}
	s.mu.Lock()
	s.down = false
	s.mu.Unlock()
	read("back", 0, reads)
}

// A token of a file is read anew when it is refused: an agent has written another.
func TestReaderFollowsFile(t *testing.T) {
	s, ref, now := startTokens(t, false)
	name := filepath.Join(t.TempDir(), "token")
	put := func(token string, good bool) {
		t.Helper()
		if err := os.WriteFile(name, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		clear(s.ends)
		if good {
			s.ends[token] = s.now.Add(time.Hour)
		}
	}
	r := NewReader(func() (Login, error) { return FindLogin(Files{Token: name}, func(string) string { return "" }) }, now)
	put("one-"+canary, true)
	for _, c := range []struct {
		token string
		good  bool
	}{{"one-" + canary, true}, {"two-" + canary, true}, {"bad-" + canary, false}, {"three-" + canary, true}} {
		put(c.token, c.good)
		_, _, err := r.Read(limit(t, 10*time.Second), ref)
		if (err == nil) != c.good {
			t.Errorf("%s: %v", c.token, err)
		}
		if err != nil && (strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "status 403")) {
			t.Errorf("%s: the error is %v", c.token, err)
		}
	}
}

// A login that cannot be read, a path that is none and no deadline are errors; nobody is asked.
func TestReaderRefuses(t *testing.T) {
	s, ref, now := startTokens(t, true)
	gone := errors.New("cannot read the login: gone")
	r := NewReader(func() (Login, error) { return Login{}, gone }, now)
	if _, _, err := r.Read(limit(t, time.Second), ref); !errors.Is(err, gone) {
		t.Errorf("no login: %v", err)
	}
	if _, _, err := r.Read(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("no deadline: %v", err)
	}
	ref.Path = "../x"
	if _, _, err := r.Read(limit(t, time.Second), ref); err == nil {
		t.Error("no path")
	}
	if got := s.take(); len(got) > 0 {
		t.Errorf("asked %q", got)
	}
}
