package pin_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/pin"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/store"
)

// world is a network in memory: what lies where, by the revision of its origin.
type world struct {
	now   map[string]string            // revision of an origin, by its spelling
	files map[string]map[string]string // by origin and revision, then path
	asked []string
}

func (w *world) At(_ context.Context, a remote.Address, revision string) (pin.Snapshot, error) {
	name := a.Base
	if a.Kind != remote.HTTPS {
		name = a.Origin().String()
	}
	if revision == "" {
		revision = w.now[name]
	}
	w.asked = append(w.asked, name+" "+revision)
	files, ok := w.files[name+" "+revision]
	if !ok {
		return nil, fmt.Errorf("cannot fetch %s", name)
	}
	return snapshot{revision, files, a.Kind == remote.HTTPS}, nil
}

func (w *world) Image(_ context.Context, name string) (string, error) {
	if strings.Contains(name, "gone") {
		return "", errors.New("cannot find " + name)
	}
	return store.Sum([]byte(name)), nil
}

func (w *world) Text(_ context.Context, url string, _ int64) ([]byte, error) {
	text, ok := w.files["text"][url]
	if !ok {
		return nil, errors.New("cannot fetch " + url)
	}
	return []byte(text), nil
}

type snapshot struct {
	revision string
	files    map[string]string
	host     bool
}

func (s snapshot) Revision() string { return s.revision }

func (s snapshot) Read(_ context.Context, p string) ([]byte, error) {
	text, ok := s.files[p]
	if !ok {
		return nil, fmt.Errorf("cannot read %s: %w", p, fs.ErrNotExist)
	}
	return []byte(text), nil
}

func (s snapshot) Files() []string {
	if s.host {
		return nil
	}
	var out []string
	for f := range s.files {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}

func addr(t *testing.T, s string) remote.Address {
	t.Helper()
	a, err := remote.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const repo = "https://git.example.com/x.git#v1"

func newWorld() *world {
	return &world{
		now: map[string]string{repo: "c1"},
		files: map[string]map[string]string{
			repo + " c1":               {"a.yaml": "a", "dir/b.yaml": "b", "dir/c/d": "d"},
			repo + " c2":               {"a.yaml": "a2", "dir/b.yaml": "b"},
			"https://web.example.com ": {"core.yaml": "core", "q.yaml?x=1": "query"},
			"text": {
				"https://web.example.com/sums":  strings.Repeat("0", 64) + "  other\n" + strings.Repeat("1", 64) + " *dist/api\n",
				"https://web.example.com/plain": strings.Repeat("A", 64) + "\n",
				"https://web.example.com/none":  "hello\n",
			},
		},
	}
}

// readAll locks some addresses, and gives the lock.
func readAll(t *testing.T, w *world, old *lock.File, s *store.Store, update bool, list ...string) (*lock.File, error) {
	t.Helper()
	r := &pin.Locking{Context: t.Context(), Network: w, Old: old, Store: s}
	if update {
		r.Update = func(lock.Line) bool { return true }
	}
	var all error
	for _, name := range list {
		_, err := r.Read(addr(t, name))
		all = errors.Join(all, err)
	}
	return r.Lock(), all
}

func reread(t *testing.T, l *lock.File) *lock.File {
	t.Helper()
	f, ds := lock.Parse(&source.File{Name: "octo.lock", Data: l.Bytes()})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	return f
}

// What was locked is read without the network, and only that.
func TestLockThenRead(t *testing.T) {
	w, s := newWorld(), store.Open(t.TempDir())
	l, err := readAll(t, w, nil, s, false, repo+":a.yaml", repo+":dir/b.yaml", repo+":dir/c/d", "https://web.example.com/core.yaml", "https://web.example.com/q.yaml?x=1")
	if err != nil || len(l.Lines()) != 5 {
		t.Fatal(err, string(l.Bytes()))
	}
	if n := len(w.asked); n != 2 {
		t.Errorf("asked %d times: %v", n, w.asked)
	}
	r := &pin.Locked{Lock: reread(t, l), Store: s}
	for name, want := range map[string]string{repo + ":a.yaml": "a", "https://web.example.com/q.yaml?x=1": "query"} {
		if data, err := r.Read(addr(t, name)); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if got := r.Files(addr(t, repo+":dir")); !slices.Equal(got, []string{"b.yaml", "c/d"}) || r.Stat(addr(t, repo+":dir")).Kind != source.Dir ||
		r.Stat(addr(t, repo+":dir/b.yaml")).Kind != source.Regular || r.Stat(addr(t, repo+":dir/b")).Kind != source.Missing ||
		r.Stat(addr(t, "https://web.example.com/core.yaml")).Kind != source.Missing {
		t.Errorf("%v", got)
	}
	if got := r.Files(addr(t, repo)); len(got) != 3 {
		t.Errorf("%v", got)
	}
	if n := len(r.Unused()); n != 3 {
		t.Errorf("%d unused", n)
	}
}

func wants(t *testing.T, what string, err error, code diag.Code, words ...string) {
	t.Helper()
	var e *pin.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v is no Error", what, err)
		return
	}
	got, help := e.Finding()
	if got != code || help == "" {
		t.Errorf("%s: [%s] %v; help: %s", what, got, err, help)
	}
	for _, word := range words {
		if !strings.Contains(err.Error()+" "+help, word) {
			t.Errorf("%s: %v; %s: no %q", what, err, help, word)
		}
	}
}

func TestNotLocked(t *testing.T) {
	w, s := newWorld(), store.Open(t.TempDir())
	l, _ := readAll(t, w, nil, s, false, repo+":a.yaml")
	a, b := addr(t, repo+":a.yaml"), addr(t, repo+":dir/b.yaml")
	_, err := (&pin.Locked{Store: s}).Read(a)
	wants(t, "no lock", err, diag.Lock, "there is no octo.lock", "octo lock")
	_, err = (&pin.Locked{Lock: l, Store: s}).Read(b)
	wants(t, "not in it", err, diag.Lock, "not in octo.lock", "octo lock")
	_, err = (&pin.Locked{Lock: l, Store: store.Open(t.TempDir())}).Read(a)
	wants(t, "not fetched", err, diag.Remote, "octo fetch")
	_, err = readAll(t, w, nil, s, false, repo+":dir/bb.yaml")
	wants(t, "a typo", err, diag.Remote, `did you mean "dir/b.yaml"?`)
}

// A store that somebody wrote into gives an error, and octo fetch mends it.
func TestPoisonedStore(t *testing.T) {
	w, dir := newWorld(), t.TempDir()
	s := store.Open(dir)
	l, _ := readAll(t, w, nil, s, false, repo+":a.yaml")
	sum := strings.TrimPrefix(l.Lines()[0].Sum, "sha256:")
	at := filepath.Join(dir, "sha256", sum[:2], sum)
	if err := errors.Join(os.Remove(at), os.WriteFile(at, []byte("evil"), 0o644)); err != nil {
		t.Fatal(err)
	}
	a := addr(t, repo+":a.yaml")
	_, err := (&pin.Locked{Lock: l, Store: s}).Read(a)
	wants(t, "poisoned", err, diag.Lock, "its content was changed", "octo fetch")
	if _, err := readAll(t, w, l, s, false, repo+":a.yaml"); err != nil {
		t.Fatal(err)
	}
	if data, err := (&pin.Locked{Lock: l, Store: s}).Read(a); err != nil || string(data) != "a" {
		t.Errorf("not mended: %q, %v", data, err)
	}
}

// A lock holds until it is told otherwise: of a tag that was moved, and of bytes that changed.
func TestMoved(t *testing.T) {
	w, s := newWorld(), store.Open(t.TempDir())
	names := []string{repo + ":a.yaml", "https://web.example.com/core.yaml"}
	l, _ := readAll(t, w, nil, s, false, names...)
	w.now[repo] = "c2"
	w.files["https://web.example.com "]["core.yaml"] = "evil"
	again, err := readAll(t, w, l, s, false, append(names, repo+":dir/c/d")...)
	if err != nil || !strings.Contains(string(again.Bytes()), repo+":dir/c/d c1 ") {
		t.Errorf("a file more of a repository is of the same commit: %v\n%s", err, again.Bytes())
	}
	if _, err = readAll(t, w, l, store.Open(t.TempDir()), false, names...); err == nil {
		t.Fatal("changed bytes are taken")
	}
	wants(t, "changed bytes", err, diag.Lock, "https://web.example.com/core.yaml is no longer what octo.lock has", "octo lock --update")
	if strings.Contains(err.Error(), repo) {
		t.Errorf("the commit is still there: %v", err)
	}
	fresh, err := readAll(t, w, l, s, true, names...)
	if err != nil || !strings.Contains(string(fresh.Bytes()), repo+":a.yaml c2 "+store.Sum([]byte("a2"))) {
		t.Errorf("%v\n%s", err, fresh.Bytes())
	}
	// A server that gives other bytes for the same commit.
	w.files[repo+" c1"]["a.yaml"] = "evil"
	_, err = readAll(t, w, l, store.Open(t.TempDir()), false, repo+":a.yaml")
	wants(t, "other bytes of a commit", err, diag.Lock, "no longer what octo.lock has")
}

func TestMirrors(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"apps/a.yaml": "a", "charts.git/apps/a.yaml": "b", "sub/a b.yaml": "c"} {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("/etc/hostname", filepath.Join(dir, "apps", "out")), os.Symlink("a.yaml", filepath.Join(dir, "apps", "in"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ prefix, name, want string }{
		{"https://h/acme/charts.git", "https://h/acme/charts.git#v1:apps/a.yaml", "a"},
		{"https://h/acme/charts.git#v1", "https://h/acme/charts.git#v1:apps/a.yaml", "a"},
		{"https://h/acme/charts.git#v2", "https://h/acme/charts.git#v1:apps/a.yaml", ""},
		{"https://h/acme/", "https://h/acme/charts.git#v1:apps/a.yaml", "b"},
		{"https://h/acme", "https://h/acme/charts.git#v1:apps/a.yaml", "b"},
		{"https://h/ac", "https://h/acme/charts.git#v1:apps/a.yaml", ""},
		{"https://h/raw/main", "https://h/raw/main/apps/a.yaml", "a"},
		{"https://h/raw/main/", "https://h/raw/main/apps/a.yaml", "a"},
		{"https://h/raw", "https://h/raw/sub/a%20b.yaml?x=1", "c"},
		{"oci://r/charts/shop", "oci://r/charts/shop:1.0#apps/a.yaml", "a"},
		{"oci://r/charts/shop:1.0", "oci://r/charts/shop:1.0#apps/a.yaml", "a"},
		{"oci://r/", "oci://r/charts.git:1#apps/a.yaml", "b"},
		{"https://h/raw", "https://h/raw/apps/out", ""},
		{"https://h/raw", "https://h/raw/apps/in", "a"},
		{"https://h/raw", "https://h/raw/apps", ""},
	} {
		m, err := pin.ParseMirror(c.prefix + "=" + dir)
		if err != nil {
			t.Fatal(err)
		}
		r := &pin.Locked{Mirrors: pin.Mirrors{m}, Store: store.Open(t.TempDir())}
		data, err := r.Read(addr(t, c.name))
		if string(data) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s of %s: %q, %v", c.name, c.prefix, data, err)
		}
	}
	for _, bad := range []string{"", "x", "=x", "https://h=", "/etc=/x"} {
		if m, err := pin.ParseMirror(bad); err == nil {
			t.Errorf("%q: %+v", bad, m)
		}
	}
	// A mirror must have what the lock has.
	l := lock.New([]lock.Line{{Kind: lock.Inclusion, Name: "https://h/raw/apps/a.yaml", Sum: store.Sum([]byte("z"))}})
	r := &pin.Locked{Lock: l, Mirrors: pin.Mirrors{{Prefix: "https://h/raw", Dir: dir}}, Store: store.Open(t.TempDir())}
	_, err := r.Read(addr(t, "https://h/raw/apps/a.yaml"))
	wants(t, "a mirror that differs", err, diag.Lock, "in the mirror")
}

func TestSigned(t *testing.T) {
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, _, _ := minisign.GenerateKey(nil)
	w, s := newWorld(), store.Open(t.TempDir())
	files := w.files[repo+" c1"]
	files["a.yaml.minisig"] = string(minisign.Sign(private, []byte("a")))
	files["dir/b.yaml.minisig"] = string(minisign.Sign(private, []byte("other")))
	r := &pin.Locking{Context: t.Context(), Network: w, Store: s}
	read := func(p string, key minisign.PublicKey) error {
		a := addr(t, repo+":"+p)
		a.Key = key.String()
		text, _ := key.MarshalText()
		a.Key = strings.TrimSpace(string(text[strings.LastIndexByte(strings.TrimSpace(string(text)), '\n')+1:]))
		_, err := r.Read(a)
		return err
	}
	if err := read("a.yaml", public); err != nil {
		t.Errorf("signed: %v", err)
	}
	wants(t, "another key", read("a.yaml", other), diag.Signature, "the signature of")
	wants(t, "other bytes", read("dir/b.yaml", public), diag.Signature, "the signature of")
	wants(t, "no signature", read("dir/c/d", public), diag.Signature, "is not signed")
	if !strings.Contains(string(r.Lock().Bytes()), "a.yaml.minisig") {
		t.Error("the signature is not locked, so that a compile cannot check it")
	}
	a := addr(t, repo+":a.yaml")
	a.Key = "RWnonsense"
	_, err = r.Read(a)
	wants(t, "no key", err, diag.Signature, "cannot read the key")
}

func TestPin(t *testing.T) {
	w := newWorld()
	old := lock.New([]lock.Line{{Kind: lock.Image, Name: "docker.io/library/a:1", Sum: store.Sum(nil)}})
	r := &pin.Locking{Context: t.Context(), Network: w, Old: old, Store: store.Open(t.TempDir())}
	if d, _ := r.Image("docker.io/library/a:1"); d != store.Sum(nil) {
		t.Errorf("%q", d)
	}
	r.Image("docker.io/library/b:1")
	r.Binary("https://web.example.com/dist/api", "https://web.example.com/sums")
	r.Binary("https://web.example.com/tool", "https://web.example.com/plain")
	if err := r.Pin(true); err != nil {
		t.Fatal(err)
	}
	one, a := strings.Repeat("1", 64), strings.Repeat("a", 64)
	want := lock.New([]lock.Line{
		{Kind: lock.Image, Name: "docker.io/library/a:1", Sum: store.Sum(nil)},
		{Kind: lock.Image, Name: "docker.io/library/b:1", Sum: store.Sum([]byte("docker.io/library/b:1"))},
		{Kind: lock.Binary, Name: "https://web.example.com/dist/api", Sum: "sha256:" + one},
		{Kind: lock.Binary, Name: "https://web.example.com/tool", Sum: "sha256:" + a},
	})
	if string(r.Lock().Bytes()) != string(want.Bytes()) {
		t.Errorf("%s", r.Lock().Bytes())
	}
	locked := &pin.Locked{Lock: want}
	if d, wanted := locked.Image("docker.io/library/c:1"); d != "" || !wanted {
		t.Error("an image more is not asked for")
	}
	if got := locked.Binary("https://web.example.com/tool", ""); got != a {
		t.Errorf("%q", got)
	}
	r = &pin.Locking{Context: t.Context(), Network: w, Store: store.Open(t.TempDir())}
	r.Image("docker.io/library/gone:1")
	r.Binary("https://web.example.com/x", "https://web.example.com/none")
	r.Binary("https://web.example.com/y", "https://web.example.com/404")
	if err := r.Pin(true); err == nil || strings.Count(err.Error(), "cannot ") != 3 {
		t.Errorf("%v", err)
	}
}
