package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// canary is a part of every secret here: no log, error or status may hold it.
const canary = "kaputnik-4711"

// world is a server with two services in a folder of its own.
type world struct {
	t    testing.TB
	dir  string
	spec spec.Serve
	o    Options
	log  lockedBuffer
	*Server
	url    string
	client *http.Client
	stop   func() error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, dir: t.TempDir()}
	w.put("shop.json", `{"name": "shop", "port": 8080, "big": 12345678901234567890, "on": true}`)
	w.put("shop.password", "shop-"+canary+"\n")
	w.put("cart.json", `{"name":"cart","none":null}`)
	w.put("cart.password", "cart-"+canary)
	w.spec = spec.Serve{Listen: "127.0.0.1:0", Names: []string{"localhost", "127.0.0.1"}, CA: w.path("ca.pem"), Services: []spec.Service{
		{Name: "shop", Config: w.path("shop.json"), Password: w.path("shop.password")},
		{Name: "cart", Config: w.path("cart.json"), Password: w.path("cart.password")}}}
	w.o = Options{State: w.path("state"), Poll: 5 * time.Millisecond, Drain: 5 * time.Second,
		Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// put writes a file by a rename.
func (w *world) put(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name)+".x", []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(w.path(name)+".x", w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// start makes the server; it does not listen yet.
func (w *world) start() *world {
	w.t.Helper()
	s, err := New(w.spec, w.o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Server = s
	w.t.Cleanup(func() {
		if strings.Contains(w.log.String(), canary) {
			w.t.Errorf("the log holds a secret:\n%s", w.log.String())
		}
	})
	return w
}

// listen serves on a loopback address until the test ends.
func (w *world) listen() *world {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.on(l)
}

func (w *world) on(l net.Listener) *world {
	w.t.Helper()
	if w.Server == nil {
		w.start()
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, l) }()
	w.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	w.url = "https://" + l.Addr().String()
	w.client = w.newClient()
	w.t.Cleanup(func() {
		w.client.CloseIdleConnections()
		if err := w.stop(); err != nil {
			w.t.Errorf("Serve: %v", err)
		}
	})
	return w
}

func (w *world) pool() *x509.CertPool {
	data, err := os.ReadFile(w.spec.CA)
	if err != nil {
		w.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		w.t.Fatal("the CA file holds no certificate")
	}
	return pool
}

func (w *world) newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.pool(), ServerName: "localhost"}, ForceAttemptHTTP2: true}}
}

// ask asks as a service, with headers as pairs. "" is nobody.
func (w *world) ask(as, method, path string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if as != "" {
		r.SetBasicAuth(as, as+"-"+canary)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	resp, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, string(body)
}

// until waits for a condition, which the poller brings about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("did not come: %s", what)
		}
	}
}

const shopJSON = `{"name":"shop","port":8080,"big":12345678901234567890,"on":true}` + "\n"

// The protocol as a table: who gets what. Row C1 of the hostile inputs is here.
func TestAnswers(t *testing.T) {
	w := newWorld(t)
	w.put("empty.password", "\n")
	w.spec.Services = append(w.spec.Services,
		spec.Service{Name: "empty", Config: w.path("shop.json"), Password: w.path("empty.password")},
		spec.Service{Name: "gone", Config: w.path("gone.json"), Password: w.path("gone.password")})
	w.put("gone.password", "gone-"+canary)
	w.listen()
	for _, c := range []struct {
		name, as, method, path string
		headers                []string
		status                 int
		want                   map[string]string // headers; "" is none
		body                   string            // "*": any
	}{
		{"own", "shop", "GET", "/v1/config/shop", nil, 200, map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Vary": "Accept, Authorization"}, shopJSON},
		{"head", "shop", "HEAD", "/v1/config/shop", nil, 200, map[string]string{"Content-Length": "65", "Content-Type": "application/json"}, ""},
		{"nobody", "", "GET", "/v1/config/shop", nil, 401, map[string]string{"Www-Authenticate": `Basic realm="octo", charset="UTF-8"`, "Etag": "", "Cache-Control": "no-store"}, "*"},
		{"unknown", "mallory", "GET", "/v1/config/shop", nil, 401, nil, "*"},
		{"an empty password file", "empty", "GET", "/v1/config/empty", []string{"Authorization", "Basic ZW1wdHk6"}, 401, nil, "*"},
		{"another's", "shop", "GET", "/v1/config/cart", nil, 403, map[string]string{"Etag": ""}, "this is not the config of shop\n"},
		{"nobody's", "shop", "GET", "/v1/config/mallory", nil, 403, nil, "this is not the config of shop\n"},
		{"another's, below", "shop", "GET", "/v1/config/cart/x", nil, 403, nil, "*"},
		{"below", "shop", "GET", "/v1/config/shop/x", nil, 404, nil, "*"},
		{"with a slash", "shop", "GET", "/v1/config/shop/", nil, 404, nil, "*"},
		{"elsewhere", "shop", "GET", "/", nil, 404, nil, "*"},
		{"elsewhere, nobody", "", "GET", "/", nil, 401, nil, "*"},
		{"post", "shop", "POST", "/v1/config/shop", nil, 405, map[string]string{"Allow": "GET, HEAD"}, "*"},
		{"post to another's", "shop", "DELETE", "/v1/config/cart", nil, 403, nil, "*"},
		{"health", "", "GET", "/healthz", nil, 200, map[string]string{"Content-Type": "text/plain; charset=utf-8"}, "ok\n"},
		{"health, head", "", "HEAD", "/healthz", nil, 200, map[string]string{"Content-Length": "3"}, ""},
		{"health, post", "", "POST", "/healthz", nil, 405, map[string]string{"Allow": "GET, HEAD"}, "*"},
		{"yaml", "shop", "GET", "/v1/config/shop", []string{"Accept", "application/yaml"}, 200, map[string]string{"Content-Type": "application/yaml"},
			"name: shop\nport: 8080\nbig: 12345678901234567890\n\"on\": true\n"},
		{"yaml, as text", "shop", "GET", "/v1/config/shop", []string{"Accept", "text/yaml"}, 200, map[string]string{"Content-Type": "text/yaml"}, "*"},
		{"toml has no such number", "shop", "GET", "/v1/config/shop", []string{"Accept", "application/toml"}, 406, map[string]string{"Etag": "", "Vary": "Accept, Authorization"},
			"cannot write the config as application/toml: /big is a number that does not fit into the 64 bits of TOML; ask for JSON or YAML\n"},
		{"toml has no null", "cart", "GET", "/v1/config/cart", []string{"Accept", "application/toml"}, 406, nil,
			"cannot write the config as application/toml: /none is null, which TOML cannot say; ask for JSON or YAML\n"},
		{"xml", "shop", "GET", "/v1/config/shop", []string{"Accept", "application/xml"}, 406, nil, "*"},
		{"wait without a tag", "shop", "GET", "/v1/config/shop?wait=1s", nil, 400, nil, "wait wants If-None-Match with the ETag of what is known\n"},
		{"wait for what", "shop", "GET", "/v1/config/shop?wait=soon", []string{"If-None-Match", `"x"`}, 400, nil, "*"},
		{"wait twice", "shop", "GET", "/v1/config/shop?wait=1s&wait=1s", []string{"If-None-Match", `"x"`}, 400, nil, "*"},
		{"wait, backwards", "shop", "GET", "/v1/config/shop?wait=-1s", []string{"If-None-Match", `"x"`}, 400, nil, "*"},
		{"wait, and it differs", "shop", "GET", "/v1/config/shop?wait=5m", []string{"If-None-Match", `"x"`}, 200, nil, shopJSON},
		{"no config yet", "gone", "GET", "/v1/config/gone", nil, 503, map[string]string{"Retry-After": "5"}, "the config is not there yet: config\n"},
	} {
		resp, body := w.ask(c.as, c.method, c.path, c.headers...)
		if resp.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", c.name, resp.StatusCode, c.status)
		}
		if c.body != "*" && body != c.body {
			t.Errorf("%s: body %q, want %q", c.name, body, c.body)
		}
		for k, v := range c.want {
			if got := resp.Header.Get(k); got != v {
				t.Errorf("%s: %s is %q, want %q", c.name, k, got, v)
			}
		}
	}
}

// A wrong password, one that is longer, one that is shorter, and the sum of one do not open.
func TestPasswords(t *testing.T) {
	w := newWorld(t).listen()
	for _, p := range []string{"", "shop-", "shop-" + canary + "x", "shop-" + canary + "\n", "cart-" + canary, strings.Repeat("x", 8000)} {
		r, _ := http.NewRequest("GET", w.url+"/v1/config/shop", nil)
		r.SetBasicAuth("shop", p)
		resp, err := w.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 401 {
			t.Errorf("%.20q: status %d", p, resp.StatusCode)
		}
	}
	w.put("shop.password", "other-"+canary)
	until(t, "the new password", func() bool { resp, _ := w.ask("shop", "GET", "/v1/config/shop"); return resp.StatusCode == 401 })
	if err := os.Remove(w.path("shop.password")); err != nil {
		t.Fatal(err)
	}
	until(t, "the error", func() bool { return w.Status().Services[1].PasswordError != "" })
	r, _ := http.NewRequest("GET", w.url+"/v1/config/shop", nil)
	r.SetBasicAuth("shop", "other-"+canary)
	if resp, err := w.client.Do(r); err != nil || resp.StatusCode != 200 {
		t.Errorf("without the file the last password counts: %v, %v", resp.StatusCode, err)
	}
	w.put("shop.password", "")
	until(t, "nobody", func() bool { return !w.Status().Services[1].Admits })
}

// The tag is that of the bytes in their format.
func TestTags(t *testing.T) {
	w := newWorld(t).listen()
	resp, _ := w.ask("shop", "GET", "/v1/config/shop")
	tag := resp.Header.Get("Etag")
	y, _ := w.ask("shop", "GET", "/v1/config/shop", "Accept", "application/yaml")
	if tag == "" || !strings.HasPrefix(tag, `"`) || y.Header.Get("Etag") == tag {
		t.Errorf("tags %s and %s", tag, y.Header.Get("Etag"))
	}
	for _, c := range []struct {
		header string
		status int
	}{
		{tag, 304}, {"W/" + tag, 304}, {`"a", ` + tag, 304}, {"*", 304}, {`"a"`, 200}, {y.Header.Get("Etag"), 200}, {strings.Trim(tag, `"`), 200},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			resp, body := w.ask("shop", method, "/v1/config/shop", "If-None-Match", c.header)
			if resp.StatusCode != c.status || c.status == 304 && (body != "" || resp.Header.Get("Etag") != tag || resp.Header.Get("Vary") == "" || resp.Header.Get("Cache-Control") != "no-store") {
				t.Errorf("%s %s: %d %q %v", method, c.header, resp.StatusCode, body, resp.Header)
			}
		}
	}
}

// Who waits is answered at the change of its own config, at the end of its time, and when the server ends.
func TestWait(t *testing.T) {
	w := newWorld(t).listen()
	resp, _ := w.ask("shop", "GET", "/v1/config/shop")
	tag := resp.Header.Get("Etag")
	if resp, _ := w.ask("shop", "GET", "/v1/config/shop?wait=20ms", "If-None-Match", tag); resp.StatusCode != 304 {
		t.Errorf("at the end of the time: %d", resp.StatusCode)
	}
	type got struct {
		status int
		body   string
	}
	wait := func() chan got {
		ch := make(chan got, 1)
		go func() {
			resp, body := w.ask("shop", "GET", "/v1/config/shop?wait=5m", "If-None-Match", tag)
			ch <- got{resp.StatusCode, body}
		}()
		until(t, "who waits", func() bool { return w.Status().Services[1].Waiting == 1 })
		return ch
	}
	ch := wait()
	w.put("cart.json", `{}`)
	until(t, "the other's config", func() bool { return w.Status().Services[0].Generation == 2 })
	w.put("shop.json", ` {"name":"shop","port":8080,"big":12345678901234567890,"on":true}`) // the same
	w.put("shop.json", `{"port":1}`)
	if g := <-ch; g.status != 200 || g.body != `{"port":1}`+"\n" {
		t.Errorf("at the change: %v", g)
	}
	resp, _ = w.ask("shop", "GET", "/v1/config/shop")
	tag = resp.Header.Get("Etag")
	ch = wait()
	less := w.spec
	less.Services = less.Services[1:]
	if err := w.Reload(less); err != nil {
		t.Fatal(err)
	}
	if g := <-ch; g.status != 401 {
		t.Errorf("when the service is gone: %v", g)
	}
	if err := w.Reload(w.spec); err != nil {
		t.Fatal(err)
	}
	ch = wait()
	if err := w.stop(); err != nil {
		t.Error(err)
	}
	if g := <-ch; g.status != 304 {
		t.Errorf("at the end of the server: %v", g)
	}
}

// A client that goes leaves nothing behind.
func TestWaitAndGo(t *testing.T) {
	w := newWorld(t).listen()
	resp, _ := w.ask("shop", "GET", "/v1/config/shop")
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, "GET", w.url+"/v1/config/shop?wait=5m", nil)
		r.SetBasicAuth("shop", "shop-"+canary)
		r.Header.Set("If-None-Match", resp.Header.Get("Etag"))
		done := make(chan struct{})
		go func() {
			if resp, err := w.client.Do(r); err == nil {
				resp.Body.Close()
			}
			close(done)
		}()
		until(t, "who waits", func() bool { return w.Status().Services[1].Waiting == 1 })
		cancel()
		<-done
		until(t, "nobody waits", func() bool { return w.Status().Services[1].Waiting == 0 })
	}
}

// Done is told of every answer.
func TestDone(t *testing.T) {
	type call struct {
		service string
		status  int
	}
	var mu sync.Mutex
	var calls []call
	w := newWorld(t)
	w.o.Done = func(service string, status int, _ time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, call{service, status})
	}
	w.listen()
	w.ask("shop", "GET", "/v1/config/shop")
	w.ask("shop", "GET", "/v1/config/cart")
	w.ask("", "GET", "/v1/config/cart")
	want := []call{{"shop", 200}, {"shop", 403}, {"", 401}}
	until(t, "the calls", func() bool { mu.Lock(); defer mu.Unlock(); return len(calls) == len(want) })
	for i := range want {
		if calls[i] != want[i] {
			t.Errorf("call %d is %v, want %v", i, calls[i], want[i])
		}
	}
}
