package main

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/notify"
	"github.com/octocompose/octocompose/runtime/observe"
	"github.com/octocompose/octocompose/runtime/secret"
	"github.com/octocompose/octocompose/runtime/spec"
)

// clock is one that somebody sets: what it says has a monotonic part, which goes on, and a wall clock that jumps.
type clock struct {
	t     testing.TB
	begin time.Time

	mu     sync.Mutex
	passed time.Duration
	jump   time.Duration
}

func newClock(t testing.TB) *clock { return &clock{t: t, begin: time.Now()} }

func (c *clock) set(jump time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.jump = jump }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.passed += d }

// now is as time.Now would be. No function of package time makes such a time, so the seconds of the wall clock are changed
// where they lie (time.Time, bits 30 to 62 of wall).
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.begin.Add(c.passed)
	out := at
	*(*uint64)(unsafe.Pointer(&out)) += uint64(int64(c.jump/time.Second) << 30)
	if out.Sub(at) != 0 || out.Round(0).Sub(at.Round(0)) != c.jump {
		c.t.Errorf("cannot set a clock by %s: %s became %s", c.jump, at, out)
	}
	return out
}

// jumps are what somebody sets the clock by (row C9).
var jumps = []time.Duration{time.Hour, -time.Hour}

// Restarts that were given up are not allowed earlier, nor later.
func TestClockJumpBudget(t *testing.T) {
	for _, by := range jumps {
		c, b := newClock(t), act.NewBudget(nil, 4)
		take := func(service string, want act.Kind) {
			t.Helper()
			v := b.Take(service, c.now())
			if v.Kind != want {
				t.Errorf("%s: %s: %+v, want %d", by, service, v, want)
			}
			if v.Kind == act.Taken {
				b.End(service, c.now())
			}
		}
		take("a", act.Taken)
		take("b", act.Taken)
		c.set(by)
		take("a", act.Backoff)
		take("c", act.GivenUp) // more than half within 30 s
		c.pass(31 * time.Second)
		take("c", act.Taken)
		for range 4 {
			c.pass(31 * time.Second)
			take("a", act.Taken)
		}
		c.set(0)
		take("a", act.GivenUp)
		c.pass(10 * time.Minute)
		take("a", act.Taken)
	}
}

// The scheduler is not taken for one that hangs, nor one that hangs for one that works; the age of a secret is true.
func TestClockJumpStatus(t *testing.T) {
	for _, by := range jumps {
		c := newClock(t)
		run := spec.Run{Project: "shop", Checks: []spec.Check{{Service: "api", Name: "up", Level: spec.Alive}},
			Serve: &spec.Serve{Services: []spec.Service{{Name: "api", Secrets: []spec.Secret{{Name: "db"}}}}}}
		r, err := observe.NewRecorder(run, observe.Options{Now: c.now})
		if err != nil {
			t.Fatal(err)
		}
		r.Beat(false)
		r.SecretRead("api", "db", nil)
		c.set(by)
		c.pass(29 * time.Second)
		if err := r.Healthy(); err != nil {
			t.Errorf("%s: %v", by, err)
		}
		if age := r.Status().Services[0].Secrets[0].Age; age != 29 {
			t.Errorf("%s: the secret is %v s old", by, age)
		}
		c.pass(2 * time.Second)
		if r.Healthy() == nil {
			t.Errorf("%s: it hangs, and is healthy", by)
		}
	}
}

// A token is renewed when half of its life is over, whatever the clock on the wall says.
func TestClockJumpToken(t *testing.T) {
	for _, name := range []string{"VAULT_ADDR", "VAULT_AGENT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE", "VAULT_SKIP_VERIFY", "VAULT_CACERT"} {
		t.Setenv(name, "")
	}
	for _, by := range jumps {
		var mu sync.Mutex
		renewed, logins := 0, 0
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			var out any
			switch r.URL.Path {
			case "/v1/auth/token/lookup-self":
				out = map[string]any{"data": map[string]any{"ttl": 3600, "renewable": true}}
			case "/v1/auth/token/renew-self":
				renewed++
				out = map[string]any{"auth": map[string]any{"client_token": "made", "lease_duration": 3600, "renewable": true}}
			default:
				out = map[string]any{"data": map[string]any{"data": map[string]any{"p": "v"}, "metadata": map[string]any{"version": 1, "created_time": "2026-01-02T03:04:05Z"}}}
			}
			_ = json.NewEncoder(w).Encode(out)
		}))
		c := newClock(t)
		reader := secret.NewReader(func() (secret.Login, error) { logins++; return secret.Login{Token: "made"}, nil }, c.now)
		read := func(when string, want int) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, _, err := reader.Read(ctx, secret.Reference{Address: h.URL, Path: "kv/app", Key: "p"})
			mu.Lock()
			defer mu.Unlock()
			if err != nil || renewed != want || logins != 1 {
				t.Errorf("%s, %s: %v; renewed %d times, want %d; %d logins", by, when, err, renewed, want, logins)
			}
		}
		read("first", 0)
		c.set(by)
		read("after the jump", 0)
		c.pass(29 * time.Minute)
		read("before half of its life", 0)
		c.pass(2 * time.Minute)
		read("then", 1)
		c.set(0)
		read("the clock is set back", 1)
		h.Close()
	}
}

// A notice is told once in a minute, and what cannot be told is tried for an hour, both by the monotonic clock.
func TestClockJumpNotices(t *testing.T) {
	for _, by := range jumps {
		var mu sync.Mutex
		var told []string
		status := http.StatusOK
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var m notify.Message
			_ = json.NewDecoder(r.Body).Decode(&m)
			mu.Lock()
			defer mu.Unlock()
			for _, e := range m.Events {
				told = append(told, fmt.Sprint(e.Service, " ", status))
			}
			w.WriteHeader(status)
		}))
		c := newClock(t)
		ns, err := notify.New([]spec.Notifier{{Name: "ops", Webhook: &spec.Webhook{URL: h.URL}}}, notify.Options{Now: c.now})
		if err != nil {
			t.Fatal(err)
		}
		answers := func(code int) { mu.Lock(); defer mu.Unlock(); status = code }
		wants := func(list ...string) {
			t.Helper()
			eventually(t, "told "+strings.Join(list, ", "), func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(told) >= len(list)
			})
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(told, list) {
				t.Errorf("%s: told %q, want %q", by, told, list)
			}
		}
		tell := func(service string) { ns.Tell(notify.Event{Kind: spec.EventFailed, Service: service}) }
		tell("a")
		wants("a 200")
		c.set(by)
		tell("a") // within the minute: it waits
		tell("b")
		wants("a 200", "b 200")
		answers(http.StatusServiceUnavailable)
		tell("c")
		wants("a 200", "b 200", "c 503")
		answers(http.StatusOK)
		c.set(0) // as far the other way; then the pause of 2 s is over
		c.pass(3 * time.Second)
		tell("d")
		wants("a 200", "b 200", "c 503", "c 200", "d 200")
		limit, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := ns.Close(limit); err != nil {
			t.Error(err)
		}
		cancel()
		wants("a 200", "b 200", "c 503", "c 200", "d 200", "a 200") // what waited, as the last message
		h.Close()
	}
}

// strips take the monotonic part away from a time, or make one that has none. Round and Truncate do so of a [time.Time];
// those of other types stand in the table as well.
var strips = []string{"Round", "Truncate", "UTC", "Local", "In", "AddDate", "Unix", "UnixMilli", "UnixMicro", "UnixNano", "ModTime",
	"time.Date", "time.Parse", "time.ParseInLocation"}

// stripped is where one of strips is called all the same, how often, and why that decides nothing.
var stripped = []struct {
	file, call string
	n          int
	why        string
}{
	{"runtime/fetch/disk.go", "Truncate", 1, "of a file"},
	{"runtime/notify/smtp.go", "Unix", 1, "a deadline that is over, whatever the time is"},
	{"runtime/observe/recorder.go", "Round", 3, "what people are told"},
	{"runtime/observe/recorder.go", "Truncate", 1, "of a duration, in a message"},
	{"runtime/schedule/ask.go", "Round", 1, "of a duration, in a message"},
	{"runtime/secret/faults.go", "UTC", 1, "in a message"},
	{"runtime/serve/cert.go", "UTC", 2, "in a message, and in the log"},
	{"runtime/serve/watch.go", "ModTime", 2, "is it the same as before; the size and the inode count as well, and it is read twice more"},
	{"runtime/wait/wait.go", "Round", 1, "of a duration, in a message"},
}

// What a time is compared with must have a monotonic part too, else the wall clock decides. Each call that could take it
// away, and each time that never had one, stands in the table, with the reason why nothing is decided by it.
func TestClockOnlyMonotonic(t *testing.T) {
	found := map[string]int{}
	for _, root := range []string{"../../runtime", "."} {
		if err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(at, ".go") || strings.HasSuffix(at, "_test.go") {
				return err
			}
			name := strings.TrimPrefix(filepath.ToSlash(at), "../../")
			if root == "." {
				name = "cmd/octo-sidecar/" + name
			}
			file, err := parser.ParseFile(token.NewFileSet(), at, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				s, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				called := s.Sel.Name
				if of, ok := s.X.(*ast.Ident); ok && of.Name == "time" && slices.Contains(strips, "time."+called) {
					called = "time." + called
				}
				if slices.Contains(strips, called) {
					found[name+" "+called]++
				}
				return true
			})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range stripped {
		key := s.file + " " + s.call
		if found[key] != s.n {
			t.Errorf("%s calls %s %d times, and the table says %d (%s)", s.file, s.call, found[key], s.n, s.why)
		}
		delete(found, key)
	}
	for key, n := range found {
		t.Errorf("%s, %d times: a time without its monotonic part must decide nothing; say why it does not", key, n)
	}
}
