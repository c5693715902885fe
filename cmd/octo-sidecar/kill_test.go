//go:build unix

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// kills is how often TestKills kills: 40 times in each run of the tests, several hundred in CI; the figure is
//
//	go test ./cmd/octo-sidecar -run TestKills -sidecar.kills=4000 -timeout=1h
var kills = flag.Int("sidecar.kills", 40, "how often TestKills kills octo-sidecar run")

// firstLife is the first seed, to repeat one that failed.
var firstLife = flag.Uint64("sidecar.firstkill", 1, "first seed of TestKills; each is killed 8 times")

// killsPerLife is how often a state folder survives a kill before the next begins with none.
const killsPerLife = 8

// life is one state folder, what is asked of it, and what has been seen of it.
type life struct {
	t      *testing.T
	r      *rand.Rand
	seed   uint64
	dir    string
	listen *net.TCPListener
	handed *os.File
	start  time.Duration // how long a start takes, about
	spec   spec.Run
	config map[string]string // by service
	n      int
	names  []string // that the authority may sign for
	// authority is what clients have been told, in PEM; nil: nothing yet. fresh: the names of the spec may want another.
	authority []byte
	fresh     bool
}

// TestKills kills octo-sidecar run with SIGKILL at random moments: while it starts, and while specs, configs and names
// change and it reloads. After each kill nothing is torn and little is left, and the next run serves every config, with a
// certificate by the authority that clients know.
func TestKills(t *testing.T) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}) // handed over: it stays while runs come and go
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	handed, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer handed.Close()
	counts := map[string]int{}
	begin := time.Now()
	took := 50 * time.Millisecond
	for n, seed := 0, *firstLife; n < *kills && !t.Failed(); seed++ {
		v := &life{t: t, r: rand.New(rand.NewPCG(seed, 0)), seed: seed, dir: t.TempDir(), listen: l, handed: handed, start: took, config: map[string]string{}}
		v.birth()
		for range min(killsPerLife, *kills-n) {
			if v.r.IntN(3) == 0 {
				v.killStart()
				counts["start"]++
			} else {
				counts[v.killReload()]++
			}
			v.whole()
			n++
		}
		v.last()
		took = v.start
		if err := os.RemoveAll(v.dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("killed %v times in %s; a start takes about %s", counts, time.Since(begin).Round(time.Second), took.Round(time.Millisecond))
}

func (v *life) errorf(format string, args ...any) {
	v.t.Helper()
	v.t.Errorf("seed %d: "+format, append([]any{v.seed}, args...)...)
}

func (v *life) birth() {
	v.names = []string{"127.0.0.1", "localhost", "config.shop.internal", "config"}
	v.spec = spec.Run{Project: "shop", Serve: &spec.Serve{Listen: "socket", Names: v.names, CA: filepath.Join(v.dir, "ca.pem")},
		Checks: []spec.Check{{Service: "api", Name: "up", Level: spec.Ready, What: []string{"exec", "true"}, Interval: spec.Duration(50 * time.Millisecond),
			Timeout: spec.Duration(5 * time.Second), Failures: 3, Successes: 1}}}
	v.service("api")
	v.write()
}

// service adds one, or changes its config where it is there.
func (v *life) service(name string) {
	v.n++
	v.config[name] = fmt.Sprintf(`{"n":%d,"of":%q}`, v.n, name)
	at := spec.Service{Name: name, Config: put(v.t, v.dir, name+".json", v.config[name]), Password: put(v.t, v.dir, name+".pw", "pw-"+name)}
	if !slices.ContainsFunc(v.spec.Serve.Services, func(x spec.Service) bool { return x.Name == name }) {
		v.spec.Serve.Services = append(v.spec.Serve.Services, at)
	}
}

func (v *life) write() { putSpec(v.t, v.dir, v.spec) }

func (v *life) run() *child {
	return startChild(v.t, v.dir, nil, []string{"LISTEN_FDS=1"}, v.handed)
}

// killStart kills a run before it serves, or just then.
func (v *life) killStart() {
	c := v.run()
	time.Sleep(time.Duration(v.r.Int64N(int64(v.start) * 5 / 4))) // the moment of the kill
	c.kill()
}

// killReload has a run change, and kills it meanwhile; it returns what changed last.
func (v *life) killReload() string {
	c := v.run()
	v.serves(c)
	last := ""
	for range 1 + v.r.IntN(3) {
		last = v.change()
		_ = c.Process.Signal(syscall.SIGHUP)
		time.Sleep(time.Duration(v.r.ExpFloat64() * float64(4*time.Millisecond))) // the moment of the next change, or of the kill
	}
	c.kill()
	return last
}

// change changes something that a reload takes.
func (v *life) change() string {
	some := func() {
		v.spec.Serve.Names = slices.Clone(v.names[:1])
		for _, n := range v.names[1:] {
			if v.r.IntN(2) == 0 {
				v.spec.Serve.Names = append(v.spec.Serve.Names, n)
			}
		}
	}
	what := ""
	switch v.r.IntN(5) {
	case 0:
		what = "config"
		v.service("api")
	case 1:
		what = "another service"
		v.service(fmt.Sprint("s", v.n))
		v.spec.Checks[0].Name = fmt.Sprint("up", v.n)
	case 2:
		what = "another leaf"
		some()
	case 3:
		what = "another leaf, and the file for clients anew"
		some()
		if err := os.Remove(v.spec.Serve.CA); err != nil && !errors.Is(err, fs.ErrNotExist) {
			v.t.Fatal(err)
		}
	case 4:
		what = "another authority"
		v.n++
		v.names = append(slices.Clone(v.names), fmt.Sprintf("n%d.internal", v.n))
		v.spec.Serve.Names, v.fresh = v.names, true
	}
	v.write()
	return what
}

// whole looks at the disk while nothing runs.
func (v *life) whole() {
	v.t.Helper()
	known := map[string]bool{"run.json": true, "ca.pem": true, ".ca.pem.new": true, "state": true,
		"state/authority.pem": true, "state/.authority.pem.new": true, "state/status.sock": true, "state/status.sock~": true}
	for name := range v.config {
		known[name+".json"], known[name+".pw"] = true, true
	}
	if err := filepath.WalkDir(v.dir, func(at string, _ fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(v.dir, at); err == nil && name != "." && !known[name] {
			v.errorf("left: %s", name)
		}
		return err
	}); err != nil {
		v.t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(v.dir, "state/authority.pem")); err == nil {
		if pair, err := tls.X509KeyPair(data, data); err != nil {
			v.errorf("the authority is torn: %v\n%s", err, data)
		} else if der := pair.Certificate[0]; v.authority != nil && !v.fresh && !bytes.Equal(pemOf(der), v.authority) {
			v.errorf("the authority is another one")
		}
	} else if !errors.Is(err, fs.ErrNotExist) || v.authority != nil {
		v.errorf("the authority: %v", err)
	}
	v.known()
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// known looks at the file for clients: whole, and the same as before unless there may be another authority.
func (v *life) known() *x509.Certificate {
	v.t.Helper()
	data, err := os.ReadFile(v.spec.Serve.CA)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			v.errorf("the file for clients: %v", err)
		}
		return nil
	}
	block, rest := pem.Decode(data)
	if block == nil || len(rest) > 0 || !bytes.Equal(pemOf(block.Bytes), data) {
		v.errorf("the file for clients is torn:\n%s", data)
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		v.errorf("the file for clients: %v", err)
	}
	if v.authority != nil && !v.fresh && !bytes.Equal(v.authority, data) {
		v.errorf("clients are told of another authority")
	}
	if v.authority == nil || v.fresh {
		v.authority = data
	}
	return cert
}

// serves waits until a run that has just begun serves every config, and looks at the certificate.
func (v *life) serves(c *child) {
	v.t.Helper()
	begin := time.Now()
	missing := v.authority == nil || v.fresh
	if _, err := os.Stat(v.spec.Serve.CA); err != nil {
		missing = true
	}
	address := v.listen.Addr().String()
	for _, s := range v.spec.Serve.Services {
		want := v.config[s.Name]
		got, err := "", error(nil)
		// What clients know now may be of before: they ask again until this run has told them.
		for end := begin.Add(20 * time.Second); ; {
			if got, err = config(address, v.spec.Serve.CA, s.Name, "pw-"+s.Name); err == nil || !missing || c.gone() || time.Now().After(end) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if err != nil || got != want {
			v.errorf("%s gets %q, %v; want %s\n%s", s.Name, got, err, want, c.log)
			v.t.FailNow()
		}
	}
	v.start = (9*v.start + time.Since(begin)) / 10
	cert := v.known()
	if cert == nil {
		v.errorf("clients are not told of the authority")
		v.t.FailNow()
	}
	// From now on it is this one.
	v.fresh = false
	v.names = slices.Clone(v.names[:1])
	v.names = append(v.names, cert.PermittedDNSDomains...)
}

// last is a run that nobody kills: it ends as told to, and leaves its authority alone.
func (v *life) last() {
	v.t.Helper()
	c := v.run()
	v.serves(c)
	if got := c.end(v.t); got != "exit status 0" {
		v.errorf("the last run ends with %s\n%s", got, c.log)
	}
	entries, err := os.ReadDir(filepath.Join(v.dir, "state"))
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	// A half of an authority that was not needed any more stays until the next one is made.
	if text := strings.Join(left, " "); err != nil || text != "authority.pem" && text != ".authority.pem.new authority.pem" {
		v.errorf("in the state folder: %q, %v", left, err)
	}
}
