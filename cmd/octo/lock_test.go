package main

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"aead.dev/minisign"

	"github.com/octocompose/octocompose/internal/gates"
	"github.com/octocompose/octocompose/internal/vendors"
)

// transport is one way to fetch: what a vendor publishes, and how it is included.
type transport struct {
	publish func(version string, files map[string]string)
	include func(version, path string) string
	// fixed: what was locked can still be had once its version names something else.
	fixed bool
	// close ends the server.
	close func()
}

// transports start a vendor's server each. Who runs octo against it needs what network gives.
var transports = []struct {
	name string
	open func(t *testing.T, ca *vendors.CA) *transport
}{
	{"https", func(t *testing.T, ca *vendors.CA) *transport {
		site, err := ca.Site()
		sound(t, err)
		return &transport{
			publish: func(version string, files map[string]string) {
				for name, text := range files {
					site.Set("charts/"+version+"/"+name, text)
				}
			},
			include: func(version, path string) string { return site.URL + "/charts/" + version + "/" + path },
			close:   site.Close,
		}
	}},
	{"git", func(t *testing.T, ca *vendors.CA) *transport {
		git, err := ca.Git(t.TempDir())
		sound(t, err)
		return &transport{
			publish: func(version string, files map[string]string) {
				_, err := git.Publish("charts", version, files)
				sound(t, err)
			},
			include: func(version, path string) string { return git.URL("charts") + "#" + version + ":" + path },
			fixed:   true, close: git.Close,
		}
	}},
	{"registry", func(t *testing.T, ca *vendors.CA) *transport {
		registry, err := ca.Registry(t.TempDir())
		sound(t, err)
		return &transport{
			publish: func(version string, files map[string]string) {
				_, err := registry.Push("charts", version, files)
				sound(t, err)
			},
			include: func(version, path string) string { return "oci://" + registry.Host + "/charts:" + version + "#" + path },
			fixed:   true, close: registry.Close,
		}
	}},
}

func sound(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// desk is a folder with a project, and what octo needs to fetch from a server of internal/vendors.
type desk struct {
	t     *testing.T
	dir   string
	cache string
	env   []string
}

func newDesk(t *testing.T, ca *vendors.CA) *desk {
	d := &desk{t: t, dir: t.TempDir(), cache: t.TempDir()}
	d.env = append(os.Environ(), "SSL_CERT_FILE="+ca.File(), "HOME="+t.TempDir(), "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=", "NO_COLOR=1")
	return d
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	sound(d.t, os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o644))
}

func (d *desk) read(name string) string {
	d.t.Helper()
	data, err := os.ReadFile(filepath.Join(d.dir, name))
	sound(d.t, err)
	return string(data)
}

func (d *desk) command(args ...string) *exec.Cmd {
	cmd := exec.Command("octo", args...)
	cmd.Dir = d.dir
	cmd.Env = slices.Concat(d.env, []string{"OCTO_CACHE=" + d.cache})
	return cmd
}

// octo runs octo and wants an exit code, and some words of what it prints.
func (d *desk) octo(code int, args []string, words ...string) {
	d.t.Helper()
	var out bytes.Buffer
	cmd := d.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		d.t.Errorf("octo %s: exit %d, want %d\n%s", strings.Join(args, " "), got, code, &out)
	}
	for _, w := range words {
		if !strings.Contains(out.String(), w) {
			d.t.Errorf("octo %s: no %q in\n%s", strings.Join(args, " "), w, &out)
		}
	}
}

var (
	compileCompose = []string{"compile", "-t", "compose", "--locked"}
	lockIt         = []string{"lock", "--allow", "127.0.0.1"}
	fetchIt        = []string{"fetch", "--allow", "127.0.0.1"}
)

// charts are a vendor's files: a config, what it includes, a file that it mounts, and a schema.
var charts = map[string]string{
	"apps/shop.yaml": "include: [../lib/db.yaml]\nservices:\n  web:\n    image: docker.io/library/web:1\n" +
		"    config: { schema: \"web.cue#Config\", values: { port: 80 }, deliver: { file: { path: /etc/web.yaml, format: yaml } } }\n",
	"apps/web.cue":  "package web\n\n#Config: {\n\tport: int\n\tgreeting: string | *\"hello\"\n}\n",
	"lib/db.yaml":   "services:\n  db:\n    image: docker.io/library/db:1\n    configs: [{ source: init, target: /init.sql }]\nconfigs: { init: { file: init.sql } }\n",
	"lib/init.sql":  "select 1;\n",
	"unrelated.txt": "nobody reads this\n",
}

// eachTransport runs f against each kind of server.
func eachTransport(t *testing.T, f func(t *testing.T, v *transport, d *desk)) {
	for _, v := range transports {
		t.Run(v.name, func(t *testing.T) {
			if why := gates.Missing(v.name); why != "" {
				t.Skip(why)
			}
			ca, err := vendors.NewCA(t.TempDir())
			sound(t, err)
			at := v.open(t, ca)
			t.Cleanup(at.close)
			f(t, at, newDesk(t, ca))
		})
	}
}

// From a vendor's server to an output, and on a second machine.
func TestLock(t *testing.T) {
	eachTransport(t, func(t *testing.T, v *transport, d *desk) {
		v.publish("v1", charts)
		d.write("octo.yaml", "name: shop\ninclude: [\""+v.include("v1", "apps/shop.yaml")+"\"]\nservices: { web: { image: \"docker.io/library/web:2\" } }\n")
		d.octo(1, []string{"check"}, "there is no octo.lock", "octo lock fetches it")
		d.octo(1, compileCompose, "there is no octo.lock")
		d.octo(4, []string{"lock"}, "127.0.0.1", "--allow")
		d.octo(0, lockIt, "wrote octo.lock: 4 lines", "+ file ")
		lock := d.read("octo.lock")
		d.octo(0, lockIt, "octo.lock is up to date")
		d.octo(0, append(lockIt, "--check"), "octo.lock fits: 4 lines")
		d.octo(0, compileCompose, "compose: ")
		got := d.read("out/compose/compose.yaml")
		for _, want := range []string{"image: docker.io/library/web:2", "image: docker.io/library/db:1", "select 1;", "greeting: ", "hello"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in\n%s", want, got)
			}
		}
		// A second machine has the lock, and nothing else.
		d.cache = t.TempDir()
		d.octo(1, compileCompose, "was not fetched on this machine", "octo fetch")
		d.octo(0, fetchIt, "4 files fetched, 0 there already")
		d.octo(0, fetchIt, "0 files fetched, 4 there already")
		v.close()
		d.octo(0, compileCompose, "nothing to do")
		d.octo(0, lockIt[:1], "") // git asks its server for the tree; https and the store have all
		if d.read("octo.lock") != lock {
			t.Error("the lock has changed")
		}
	})
}

// What changes behind an address is noticed, and taken only when that is asked for.
func TestTampering(t *testing.T) {
	eachTransport(t, func(t *testing.T, v *transport, d *desk) {
		v.publish("v1", charts)
		d.write("octo.yaml", "name: shop\ninclude: [\""+v.include("v1", "apps/shop.yaml")+"\"]\n")
		d.octo(0, lockIt)
		lock := d.read("octo.lock")
		d.octo(0, compileCompose)
		evil := maps.Clone(charts)
		evil["lib/db.yaml"] = strings.ReplaceAll(charts["lib/db.yaml"], "db:1", "evil:1")
		v.publish("v1", evil)
		d.octo(0, compileCompose, "nothing to do")
		d.octo(3, append(lockIt, "--check"), "! file ", "lib/db.yaml", "moved since octo.lock was written")
		d.octo(0, lockIt, "up to date")
		d.cache = t.TempDir()
		if v.fixed { // the commit, the digest are still there
			d.octo(0, fetchIt, "4 files fetched")
			d.octo(0, compileCompose, "nothing to do")
		} else {
			d.octo(1, fetchIt, "is no longer what octo.lock has", "lib/db.yaml")
			d.octo(1, lockIt, "is no longer what octo.lock has", "octo.lock was not changed")
		}
		if d.read("octo.lock") != lock {
			t.Error("the lock has changed")
		}
		// Somebody writes another hash into the lock: it names bytes that nobody has.
		d.write("octo.lock", strings.ReplaceAll(lock, "lib/db.yaml", "lib/other.yaml"))
		d.octo(1, compileCompose, "lib/db.yaml: it is not in octo.lock")
		d.write("octo.lock", lock)
		// Somebody writes into the folder of fetched files.
		files, _ := filepath.Glob(filepath.Join(d.cache, "contents/sha256/*/*"))
		if v.fixed && len(files) == 0 {
			t.Fatal("nothing is stored")
		}
		for _, f := range files {
			sound(t, errors.Join(os.Remove(f), os.WriteFile(f, []byte("services: {}\n"), 0o644)))
		}
		if v.fixed {
			d.octo(1, compileCompose, "its content was changed", "octo fetch")
			d.octo(0, fetchIt, "4 files fetched")
			d.octo(0, compileCompose, "nothing to do")
		}
		d.octo(0, append(lockIt, "--update"), "~ file ", "lib/db.yaml")
		d.octo(0, compileCompose, "compose: ")
		if got := d.read("out/compose/compose.yaml"); !strings.Contains(got, "evil:1") {
			t.Errorf("%s", got)
		}
	})
}

// Many runs at a time in one folder and with one cache leave a whole lock and whole contents.
func TestConcurrentLocks(t *testing.T) {
	eachTransport(t, func(t *testing.T, v *transport, d *desk) {
		v.publish("v1", charts)
		d.write("octo.yaml", "name: shop\ninclude: [\""+v.include("v1", "apps/shop.yaml")+"\"]\n")
		d.octo(0, lockIt)
		want := d.read("octo.lock")
		sound(t, os.Remove(filepath.Join(d.dir, "octo.lock")))
		d.cache = t.TempDir()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				args := lockIt
				if i%2 == 1 {
					args = append(lockIt[:len(lockIt):len(lockIt)], "--update")
				}
				if out, err := d.command(args...).CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
		wg.Wait()
		if got := d.read("octo.lock"); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		d.octo(0, compileCompose, "compose: ")
		if left, _ := filepath.Glob(filepath.Join(d.dir, ".octo.lock*")); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	})
}

// Under --locked the lock must fit exactly.
func TestLocked(t *testing.T) {
	ca, err := vendors.NewCA(t.TempDir())
	sound(t, err)
	site, err := ca.Site()
	sound(t, err)
	t.Cleanup(site.Close)
	site.Set("a.yaml", "services: { a: { image: \"docker.io/library/a:1\" } }\n")
	site.Set("b.yaml", "services: { b: { image: \"docker.io/library/b:1\" } }\n")
	d := newDesk(t, ca)
	d.write("octo.yaml", "include: [ "+site.URL+"/a.yaml, "+site.URL+"/b.yaml ]\n")
	d.octo(0, lockIt)
	d.write("octo.yaml", "include: [ "+site.URL+"/a.yaml ]\n")
	d.octo(0, []string{"check"}, "no errors")
	d.octo(1, []string{"check", "--locked"}, "/b.yaml, which nothing names any more", "octo.lock:4:1: error")
	d.octo(3, append(lockIt, "--check"), "- file ", "does not fit the config")
	d.octo(0, lockIt, "- file ")
	d.octo(0, []string{"check", "--locked"}, "no errors")
	lock := d.read("octo.lock")
	d.write("octo.lock", lock+"image docker.io/library/other:1 - sha256:"+strings.Repeat("0", 64)+"\n")
	d.octo(0, []string{"check"}, "note: octo.lock has no digest for docker.io/library/a:1")
	d.octo(1, []string{"check", "--locked"}, "error: octo.lock has no digest for docker.io/library/a:1", "which nothing names any more")
	d.write("octo.lock", "<<<<<<< ours\n"+lock)
	d.octo(1, []string{"check"}, "conflict of a merge")
	d.octo(0, lockIt, "wrote octo.lock")
	d.octo(0, []string{"check", "--locked"})
	if d.read("octo.lock") != lock {
		t.Errorf("%s", d.read("octo.lock"))
	}
}

// A mirror stands for the network, on the command line and in the settings.
func TestMirror(t *testing.T) {
	ca, err := vendors.NewCA(t.TempDir())
	sound(t, err)
	d := newDesk(t, ca)
	mirror := t.TempDir()
	sound(t, os.MkdirAll(filepath.Join(mirror, "apps"), 0o755))
	sound(t, os.WriteFile(filepath.Join(mirror, "apps", "a.yaml"), []byte("services: { a: { image: \"docker.io/library/a:1\" } }\n"), 0o644))
	d.write("octo.yaml", "include: [ \"https://git.example.com/charts.git#v1:apps/a.yaml\" ]\n")
	d.octo(0, []string{"check", "--mirror", "https://git.example.com/charts.git=" + mirror}, "1 service, no errors")
	d.octo(2, []string{"check", "--mirror", "x"}, "--mirror cannot be \"x\"", "want PREFIX=DIR")
	d.octo(2, []string{"check", "--mirror", "https://h/=" + mirror + "/gone"}, "is no folder")
	home := filepath.Join(t.TempDir(), "octo")
	sound(t, os.MkdirAll(home, 0o755))
	d.env = append(d.env, "XDG_CONFIG_HOME="+filepath.Dir(home))
	settings := func(text string) { sound(t, os.WriteFile(filepath.Join(home, "settings.yaml"), []byte(text), 0o644)) }
	settings("mirrors:\n  https://git.example.com/charts.git: " + mirror + "\n")
	d.octo(0, []string{"check"}, "1 service, no errors")
	settings("mirors: {}\n")
	d.octo(1, []string{"check"}, "unknown key \"mirors\"", "did you mean \"mirrors\"?")
}

// Who must have signed a config is held at every compile, offline too.
func TestSignedInclude(t *testing.T) {
	ca, err := vendors.NewCA(t.TempDir())
	sound(t, err)
	site, err := ca.Site()
	sound(t, err)
	t.Cleanup(site.Close)
	public, private, err := minisign.GenerateKey(nil)
	sound(t, err)
	publish := func(name, text string) {
		site.Set(name, text)
		site.Set(name+".minisig", string(minisign.Sign(private, []byte(text))))
	}
	publish("a.yaml", "include: [b.yaml]\nservices: { a: { image: \"docker.io/library/a:1\" } }\n")
	publish("b.yaml", "services: { b: { image: \"docker.io/library/b:1\" } }\n")
	d := newDesk(t, ca)
	d.write("octo.yaml", "include: [ { url: \""+site.URL+"/a.yaml\", verify: { minisign: "+keyText(t, public)+" } } ]\n")
	d.octo(0, lockIt, "wrote octo.lock: 4 lines", "/b.yaml.minisig")
	d.octo(0, compileCompose)
	// Other bytes of the vendor's host, even when the lock is made to fit.
	site.Set("b.yaml", "services: { b: { image: \"docker.io/library/evil:1\" } }\n")
	d.octo(1, append(lockIt, "--update"), "the signature of "+site.URL+"/b.yaml", "signature]")
	site.Remove("b.yaml.minisig")
	d.octo(1, append(lockIt, "--update"), "is not signed: there is no .minisig beside it")
	d.octo(0, compileCompose, "nothing to do")
	other, _, err := minisign.GenerateKey(nil)
	sound(t, err)
	d.write("octo.yaml", strings.ReplaceAll(d.read("octo.yaml"), keyText(t, public), keyText(t, other)))
	d.octo(1, []string{"check"}, "the signature of "+site.URL+"/a.yaml")
	d.write("octo.yaml", strings.ReplaceAll(d.read("octo.yaml"), keyText(t, other), "RWx"))
	d.octo(1, []string{"check"}, "want a public key of minisign")
}

// keyText is a public key as a person writes it.
func keyText(t *testing.T, key minisign.PublicKey) string {
	t.Helper()
	text, err := key.MarshalText()
	sound(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// Images are pinned by the registry's word, and stay so.
func TestLockImages(t *testing.T) {
	if why := gates.Missing("registry"); why != "" {
		t.Skip(why)
	}
	ca, err := vendors.NewCA(t.TempDir())
	sound(t, err)
	registry, err := ca.Registry(t.TempDir())
	sound(t, err)
	t.Cleanup(registry.Close)
	first, err := registry.Push("team/app", "1", map[string]string{"a": "first"})
	sound(t, err)
	d := newDesk(t, ca)
	image := registry.Host + "/team/app:1"
	d.write("octo.yaml", "services:\n  web: { image: \""+image+"\", hooks: { init: [ { command: [up] } ] } }\n  x: { image: \""+registry.Host+"/gone:1\" }\n")
	d.octo(0, lockIt, "nothing that could be locked")
	d.octo(4, append(lockIt, "--images"), registry.Host+"/gone:1", "cannot fetch")
	d.write("octo.yaml", strings.Split(d.read("octo.yaml"), "  x:")[0])
	d.octo(0, append(lockIt, "--images"), "+ image "+image, "wrote octo.lock: 1 line")
	for _, target := range []string{"compose", "k8s", "systemd"} {
		d.octo(0, []string{"compile", "-t", target, "--locked"})
	}
	for _, file := range []string{"compose/compose.yaml", "k8s/web/deployment.yaml"} {
		if got := d.read("out/" + file); strings.Count(got, "app:1@"+first) != strings.Count(got, "team/app") {
			t.Errorf("%s: an image without its digest:\n%s", file, got)
		}
	}
	second, err := registry.Push("team/app", "1", map[string]string{"a": "second"})
	sound(t, err)
	d.octo(3, append(lockIt, "--check"), "! image "+image)
	d.octo(0, lockIt, "up to date")
	d.octo(0, append(lockIt, "--update="+registry.Host), "~ image "+image)
	d.octo(0, []string{"compile", "-t", "compose"})
	if got := d.read("out/compose/compose.yaml"); !strings.Contains(got, second) {
		t.Errorf("%s", got)
	}
}
