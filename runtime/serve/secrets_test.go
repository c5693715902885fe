package serve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// What does not fit to its secrets is not served, and neither is a mark.
func TestHoles(t *testing.T) {
	const text = `{"a":{"b":["{{ secret.one }}","x {{ secret.one }}:{{ secret.two }}"]},"n":1,"t":"plain","~/":"{{ secret.one }}"}`
	one := func(at ...string) spec.Secret { return spec.Secret{Name: "one", At: at, File: "/one"} }
	for _, c := range []struct {
		secrets []spec.Secret
		want    string
	}{
		{[]spec.Secret{one("/n")}, "the secret one: there is no text at /n"},
		{[]spec.Secret{one("/no/where")}, "the secret one: there is no text at /no/where"},
		{[]spec.Secret{one("/a/b/01")}, "the secret one: there is no text at /a/b/01"},
		{[]spec.Secret{one("/a/b/-")}, "the secret one: there is no text at /a/b/-"},
		{[]spec.Secret{one("/t")}, `the secret one: the text at /t does not hold "{{ secret.one }}"`},
		{[]spec.Secret{one("/a~2")}, `the secret one: "/a~2" is no JSON pointer; ~ is written ~0`},
		{[]spec.Secret{one("/a/b/0", "/~0~1")}, "the text at /a/b/1 holds the mark of a secret that the spec does not put there"},
		{[]spec.Secret{one("/a/b/0", "/a/b/1", "/~0~1")}, "the text at /a/b/1 holds the mark of a secret that the spec does not put there"},
	} {
		root, err := parseConfig([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := holes(root, c.secrets); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, want %s", c.secrets, err, c.want)
		}
	}
	root, _ := parseConfig([]byte(text))
	hs, err := holes(root, []spec.Secret{one("/a/b/0", "/a/b/1", "/~0~1"), {Name: "two", At: []string{"/a/b/1"}, File: "/two"}})
	if err != nil {
		t.Fatal(err)
	}
	got := fill(root, hs, map[string]string{"one": "{{ secret.two }}", "two": "\"2\n"})
	want := `{"a":{"b":["{{ secret.two }}","x {{ secret.two }}:\"2\n"]},"n":1,"t":"plain","~/":"{{ secret.two }}"}`
	if text := string(appendJSON(nil, got)); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	if before := string(appendJSON(nil, root)); before != text {
		t.Errorf("the config has changed: %s", before)
	}
}

// body is what a service would get.
func (w *world) body(name string) string {
	v := (*w.table.Load())[name].view.Load()
	if v.missing != nil {
		return "503 " + strings.Join(v.missing, ",")
	}
	return string(v.form(formatJSON).body)
}

// A file of a secret: put in, followed, and kept when it is gone.
func TestSecretFiles(t *testing.T) {
	w := newWorld(t)
	w.put("shop.json", `{"dsn":"db:{{ secret.db }}@host"}`)
	w.spec.Services[0].Secrets = []spec.Secret{{Name: "db", At: []string{"/dsn"}, File: w.path("db")}}
	w.start()
	step := func(what, want string) {
		t.Helper()
		w.poll(t.Context())
		if got := w.body("shop"); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
		if got := w.body("cart"); !strings.HasPrefix(got, "{") {
			t.Errorf("%s: the other gets %s", what, got)
		}
	}
	step("no file", "503 db")
	w.put("db", "one-"+canary+"\r\n")
	step("a file", `{"dsn":"db:one-`+canary+`@host"}`+"\n")
	w.put("db", "\xff"+canary)
	step("no text", `{"dsn":"db:one-`+canary+`@host"}`+"\n")
	st := w.Status().Services[1].Secrets[0]
	if st.Known || !strings.Contains(st.Error, "UTF-8") || strings.Contains(fmt.Sprint(w.Status()), canary) {
		t.Errorf("the status: %v", st)
	}
	w.put("db", "two-"+canary)
	step("another", `{"dsn":"db:two-`+canary+`@host"}`+"\n")
	if err := removeAll(w.path("db")); err != nil {
		t.Fatal(err)
	}
	step("gone", `{"dsn":"db:two-`+canary+`@host"}`+"\n")
	if st := w.Status().Services[1].Secrets[0]; !st.Known || st.Error == "" {
		t.Errorf("the status: %v", st)
	}
}

// vault is one that can be away.
type vault struct {
	mu    sync.Mutex
	value string
	err   error
	ttl   time.Duration
	asked []time.Duration // since start
	start time.Time
}

func (v *vault) ask(_ context.Context, ref spec.Vault) (string, time.Duration, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked = append(v.asked, time.Since(v.start))
	return v.value, v.ttl, v.err
}

func (v *vault) set(value string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.value, v.err, v.asked, v.start = value, err, nil, time.Now()
}

// Six hours with Vault, in virtual time: the first value comes late, values are renewed before they end, one that is away
// costs nobody a config, and questions are never in a hurry.
func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{ttl: 30 * time.Minute, err: errors.New("cannot read shop/db from Vault: sealed"), start: time.Now()}
		w := newWorld(t)
		w.put("shop.json", `{"p":"{{ secret.db }}"}`)
		ref := spec.Vault{Path: "shop/db", Key: "password"}
		w.spec.Services[0].Secrets = []spec.Secret{{Name: "db", At: []string{"/p"}, Vault: &ref}}
		w.o.Vault, w.o.Poll, w.o.Rand = v.ask, time.Second, func() float64 { return 0.5 }
		w.start()
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { w.watch(ctx) })
		look := func(d time.Duration, what, want string) SecretStatus {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := w.body("shop"); got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
			return w.Status().Services[1].Secrets[0]
		}
		st := look(10*time.Minute, "away from the start", "503 db")
		if st.Known || !strings.Contains(st.Error, "sealed") {
			t.Errorf("the status: %v", st)
		}
		if n := len(v.asked); n < 10 || n > 25 {
			t.Errorf("asked %d times in ten minutes", n)
		}
		v.set("one-"+canary, nil)
		one := `{"p":"one-` + canary + `"}` + "\n"
		look(61*time.Second, "the first value", one)
		v.set("one-"+canary, nil)
		st = look(2*time.Hour, "renewed", one)
		if n := len(v.asked); n < 6 || n > 7 || st.Age > 20*time.Minute {
			t.Errorf("asked %d times in two hours, age %v", n, st.Age)
		}
		if !slices.IsSortedFunc(v.asked, func(a, b time.Duration) int { return int(a - b) }) {
			t.Error("the times are in disorder")
		}
		v.set("", errors.New("cannot read shop/db from Vault: away"))
		st = look(3*time.Hour, "away", one)
		if st.Age < 3*time.Hour || !st.Known || !strings.Contains(st.Error, "away") {
			t.Errorf("the status: %v", st)
		}
		if n := len(v.asked); n < 150 || n > 300 {
			t.Errorf("asked %d times in three hours", n)
		}
		v.set("two-"+canary, nil)
		st = look(time.Minute, "back", `{"p":"two-`+canary+`"}`+"\n")
		if st.Error != "" || st.Age > time.Minute {
			t.Errorf("the status: %v", st)
		}
		cancel()
		done.Wait()
		if strings.Contains(fmt.Sprint(w.Status()), canary) {
			t.Error("the status holds a secret")
		}
	})
}

// A version that is named is asked for once; two services with one reference ask once.
func TestLeaseShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{value: "v-" + canary, start: time.Now()}
		w := newWorld(t)
		for i, name := range []string{"shop", "cart"} {
			w.put(name+".json", `{"p":"{{ secret.db }}"}`)
			ref := spec.Vault{Path: "shop/db", Key: "password", Version: 3}
			w.spec.Services[i].Secrets = []spec.Secret{{Name: "db", At: []string{"/p"}, Vault: &ref}}
		}
		w.o.Vault, w.o.Poll = v.ask, time.Second
		w.start()
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { w.watch(ctx) })
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(v.asked) != 1 || w.body("shop") != w.body("cart") || !strings.Contains(w.body("shop"), canary) {
			t.Errorf("asked %v; %s", v.asked, w.body("shop"))
		}
		less := w.spec
		less.Services = slices.Clone(w.spec.Services)
		less.Services[0].Secrets, less.Services[1].Secrets = nil, nil
		w.put("shop.json", `{}`)
		w.put("cart.json", `{}`)
		if err := w.Reload(less); err != nil || len(w.leases) != 0 || len(w.files) != 4 {
			t.Errorf("after the reload: %v, %d leases, %d files", err, len(w.leases), len(w.files))
		}
		cancel()
		done.Wait()
	})
}
