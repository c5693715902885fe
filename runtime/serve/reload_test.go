package serve

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

func removeAll(name string) error { return os.RemoveAll(name) }

// Everything that happens to a config: the last good one stays, and it is said why.
func TestLastGood(t *testing.T) {
	w := newWorld(t).start()
	for _, c := range []struct {
		name string
		do   func()
		want string
		err  string
	}{
		{"the first", func() {}, shopJSON, ""},
		{"another", func() { w.put("shop.json", `{"a":1}`) }, `{"a":1}` + "\n", ""},
		{"torn", func() { w.put("shop.json", `{"a":`) }, `{"a":1}` + "\n", "it is no JSON: line 1, column 5"},
		{"whole, in place", func() { _ = os.WriteFile(w.path("shop.json"), []byte(`{"a":2}`), 0o600) }, `{"a":2}` + "\n", ""},
		{"the same size and time", func() {
			info, _ := os.Stat(w.path("shop.json"))
			_ = os.WriteFile(w.path("shop.json"), []byte(`{"a":3}`), 0o600)
			_ = os.Chtimes(w.path("shop.json"), info.ModTime(), info.ModTime())
		}, `{"a":3}` + "\n", ""},
		{"gone", func() { _ = os.Remove(w.path("shop.json")) }, `{"a":3}` + "\n", "no such file"},
		{"a folder", func() { _ = os.Mkdir(w.path("shop.json"), 0o700) }, `{"a":3}` + "\n", "is no file"},
		{"back, the same", func() { _ = os.Remove(w.path("shop.json")); w.put("shop.json", `{"a":3}`) }, `{"a":3}` + "\n", ""},
		{"a stray mark", func() { w.put("shop.json", `{"a":"{{ secret.b }}"}`) }, `{"a":3}` + "\n", "the text at /a holds the mark"},
	} {
		c.do()
		w.poll(t.Context())
		if got := w.body("shop"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if got := w.Status().Services[1].Error; c.err == "" && got != "" || !strings.Contains(got, c.err) {
			t.Errorf("%s: the status says %q, want %q", c.name, got, c.err)
		}
	}
	if n := w.Status().Services[1].Generation; n != 4 {
		t.Errorf("there were %d generations, want 4", n)
	}
}

// The kubelet swaps a link to a folder: all files of it change at once.
func TestLinkSwap(t *testing.T) {
	w := newWorld(t)
	for i, name := range []string{"..1", "..2"} {
		_ = os.Mkdir(w.path(name), 0o700)
		w.put(name+"/config.json", fmt.Sprintf(`{"a":"%d {{ secret.db }}"}`, i+1))
		w.put(name+"/db", fmt.Sprint(i+1))
	}
	_ = os.Symlink("..1", w.path("..data"))
	_ = os.Symlink("..data/config.json", w.path("config.json"))
	_ = os.Symlink("..data/db", w.path("db"))
	w.spec.Services[0].Config = w.path("config.json")
	w.spec.Services[0].Secrets = []spec.Secret{{Name: "db", At: []string{"/a"}, File: w.path("db")}}
	w.start()
	if got := w.body("shop"); got != `{"a":"1 1"}`+"\n" {
		t.Error(got)
	}
	_ = os.Symlink("..2", w.path("..new"))
	if err := os.Rename(w.path("..new"), w.path("..data")); err != nil {
		t.Fatal(err)
	}
	w.poll(t.Context())
	if got := w.body("shop"); got != `{"a":"2 2"}`+"\n" {
		t.Error(got)
	}
}

// A spec that cannot be meant, or has no certificate, changes nothing.
func TestReload(t *testing.T) {
	w := newWorld(t).start()
	cert := w.cert.Load()
	for _, c := range []struct {
		name string
		to   func(*spec.Serve)
		want string
	}{
		{"no services", func(v *spec.Serve) { v.Services = nil }, "cannot serve: serve.services is empty"},
		{"no certificate", func(v *spec.Serve) { v.Cert, v.Key = w.path("no.pem"), w.path("no.key") }, "cannot read the certificate"},
		{"no folder", func(v *spec.Serve) { v.CA = w.path("no/ca.pem") }, "cannot write"},
	} {
		v := w.spec
		c.to(&v)
		if err := w.Reload(v); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if w.body("shop") != shopJSON || w.cert.Load() != cert {
			t.Errorf("%s: something has changed", c.name)
		}
	}
	v := w.spec
	v.Services = []spec.Service{v.Services[0]}
	v.Services[0].Config = w.path("cart.json")
	if err := w.Reload(v); err != nil || w.body("shop") != `{"name":"cart","none":null}`+"\n" || len(w.Status().Services) != 1 {
		t.Errorf("another spec: %v, %s", err, w.body("shop"))
	}
	if w.cert.Load() != cert {
		t.Error("the certificate has changed without need")
	}
}

// Row C5, and a reload ten times a second under load: no request fails, and each body is of one generation, of which config
// and secret tell the number. Bad configs come in between.
func TestReloadUnderLoad(t *testing.T) {
	const reloads, clients = 20, 4
	w := newWorld(t)
	gen := func(n int) {
		dir := filepath.Join(w.dir, fmt.Sprintf("g%d", n))
		_ = os.Mkdir(dir, 0o700)
		var list []string
		for range 200 {
			list = append(list, fmt.Sprintf(`"%d"`, n))
		}
		_ = os.WriteFile(dir+"/c", fmt.Appendf(nil, `{"s":"{{ secret.n }}","n":[%s]}`, strings.Join(list, ",")), 0o600)
		_ = os.WriteFile(dir+"/s", fmt.Append(nil, n), 0o600)
		_ = os.Symlink(dir, w.path("new"))
		_ = os.Rename(w.path("new"), w.path("data"))
	}
	gen(0)
	w.spec.Services[0].Config = w.path("data/c")
	w.spec.Services[0].Secrets = []spec.Secret{{Name: "n", At: []string{"/s"}, File: w.path("data/s")}}
	w.listen()
	var stop atomic.Bool
	var asked, mixed, failed atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			h := w.newClient()
			defer h.CloseIdleConnections()
			for !stop.Load() {
				r, _ := http.NewRequest("GET", w.url+"/v1/config/shop", nil)
				r.SetBasicAuth("shop", "shop-"+canary)
				resp, err := h.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				var got struct {
					S string
					N []string
				}
				asked.Add(1)
				if resp.StatusCode != 200 || err != nil || json.Unmarshal(body, &got) != nil || len(got.N) != 200 {
					failed.Add(1)
					continue
				}
				for _, n := range got.N {
					if n != got.S {
						mixed.Add(1)
					}
				}
			}
		})
	}
	for n := 1; n <= reloads; n++ {
		gen(n)
		if n%5 == 0 {
			bad := w.spec
			bad.Services = nil
			_ = w.Reload(bad)
		}
		if err := w.Reload(w.spec); err != nil {
			t.Error(err)
		}
		time.Sleep(100 * time.Millisecond) // the rhythm of the load, on which nothing depends
	}
	until(t, "the last", func() bool { return strings.Contains(w.body("shop"), fmt.Sprintf(`"%d"`, reloads)) })
	stop.Store(true)
	all.Wait()
	t.Logf("%d requests", asked.Load())
	if failed.Load() > 0 || mixed.Load() > 0 || asked.Load() < reloads {
		t.Errorf("of %d requests %d failed, %d texts were of another generation", asked.Load(), failed.Load(), mixed.Load())
	}
}
