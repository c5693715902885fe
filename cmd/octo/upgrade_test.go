package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/octocompose/octocompose/compiler/emit"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/internal/gates"
	"github.com/octocompose/octocompose/internal/vendors"
)

type shopKey struct{}

// shop is what a script of testdata/upgrade runs against: a vendor's server, and the work tree as it was last looked at.
type shop struct {
	host    string // of the server
	publish func(name, tag, dir string) error
	seen    map[string]string
}

// vendorHost stands for the vendor's host in scripts: ports are chosen by the system.
const vendorHost = "vendor.example"

// TestUpgrade runs the scripts of testdata/upgrade, each against the server that its name begins with. Their commands, beside
// testscript's own:
//
//	publish TAG DIR [NAME]   makes a version of testdata/vendor/DIR, or moves the tag there; DIR may be $WORK/…
//	hosts FILE…         puts the server's address in for vendor.example
//	runs CODE ARG…      runs octo and wants an exit code; what it printed is in .said
//	changed FILE        writes the difference of the work tree to what it was at the last changed
func TestUpgrade(t *testing.T) {
	for _, server := range []string{"git", "registry", "https"} {
		t.Run(server, func(t *testing.T) {
			if missing := gates.Missing(server); missing != "" {
				if os.Getenv("OCTO_GATES") == "all" {
					t.Fatal(missing)
				}
				t.Skip(missing)
			}
			files, err := filepath.Glob("../../testdata/upgrade/" + server + "*.txtar")
			sound(t, err)
			if len(files) == 0 {
				t.Fatal("no scripts")
			}
			testscript.Run(t, testscript.Params{
				Files: files, UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"publish": cmdPublish, "hosts": cmdHosts, "runs": cmdRuns, "changed": cmdChanged,
				},
				Setup: func(env *testscript.Env) error { return openShop(env, server) },
			})
		})
	}
}

func openShop(env *testscript.Env, server string) error {
	dir := filepath.Join(env.WorkDir, ".server")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.Mkdir(filepath.Join(env.WorkDir, ".home"), 0o755)); err != nil {
		return err
	}
	ca, err := vendors.NewCA(dir)
	if err != nil {
		return err
	}
	env.Setenv("SSL_CERT_FILE", ca.File())
	env.Setenv("OCTO_CACHE", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("HOME", filepath.Join(env.WorkDir, ".home"))
	env.Setenv("NO_COLOR", "1")
	s := &shop{}
	env.Values[shopKey{}] = s
	switch server {
	case "git":
		g, err := ca.Git(dir)
		if err != nil {
			return err
		}
		env.Defer(g.Close)
		s.host = g.Host
		s.publish = func(name, tag, dir string) error {
			files, err := folderTexts(dir)
			if err == nil {
				_, err = g.Publish(name, tag, files)
			}
			return err
		}
	case "registry":
		r, err := ca.Registry(dir)
		if err != nil {
			return err
		}
		env.Defer(r.Close)
		s.host = r.Host
		s.publish = func(name, tag, dir string) error {
			files, err := folderTexts(dir)
			if err == nil {
				_, err = r.Push("acme/"+name, tag, files)
			}
			return err
		}
	case "https":
		w, err := ca.Site()
		if err != nil {
			return err
		}
		env.Defer(w.Close)
		s.host = w.Host
		s.publish = func(name, tag, dir string) error {
			files, err := folderTexts(dir)
			for file, text := range files {
				if file == versionsName {
					w.Set(name+"/"+file, text) // of the newest
				} else {
					w.Set(name+"/"+tag+"/"+file, text)
				}
			}
			return err
		}
	}
	return nil
}

func theShop(ts *testscript.TestScript) *shop { return ts.Value(shopKey{}).(*shop) }

// folderTexts are the files of a folder, but for those whose names begin with a dot.
func folderTexts(dir string) (map[string]string, error) {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if at != dir && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() {
			data, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(dir, at)
			out[filepath.ToSlash(rel)] = string(data)
			return err
		}
		return nil
	})
	return out, err
}

func cmdPublish(ts *testscript.TestScript, _ bool, args []string) {
	args = append(args, "shop")
	if len(args) < 3 {
		ts.Fatalf("usage: publish TAG DIR [NAME]")
	}
	dir := args[1]
	if !filepath.IsAbs(dir) {
		here, err := os.Getwd()
		ts.Check(err)
		dir = filepath.Join(here, "../../testdata/vendor", dir)
	}
	ts.Check(theShop(ts).publish(args[2], args[0], dir))
}

func cmdHosts(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := strings.ReplaceAll(ts.ReadFile(name), vendorHost, theShop(ts).host)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
}

func cmdRuns(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: runs CODE ARG…")
	}
	words := slices.Clone(args[1:])
	if words[0] == "upgrade" || words[0] == "lock" {
		words = append(words, "--allow", "127.0.0.1")
	}
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, vendorHost, theShop(ts).host)
	}
	code := "0"
	var exit *exec.ExitError
	if err := ts.Exec("octo", words...); errors.As(err, &exit) {
		code = strings.TrimPrefix(exit.Error(), "exit status ")
	} else {
		ts.Check(err)
	}
	said := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	ts.Check(os.WriteFile(ts.MkAbs(".said"), []byte(steady(ts, said)), 0o644))
	if code != args[0] {
		ts.Fatalf("want exit code %s, got %s", args[0], code)
	}
}

// commitOrDigest is what a lock has of a revision. It is the same in each run; it is cut so that lines can be read.
var commitOrDigest = regexp.MustCompile(`(sha256:)?\b([0-9a-f]{12})[0-9a-f]{28,52}\b`)

// steady is text without what differs between runs.
func steady(ts *testscript.TestScript, text string) string {
	text = strings.ReplaceAll(text, theShop(ts).host, vendorHost)
	return commitOrDigest.ReplaceAllString(text, "$1$2…")
}

func cmdChanged(ts *testscript.TestScript, _ bool, args []string) {
	s := theShop(ts)
	now, err := folderTexts(ts.MkAbs("."))
	ts.Check(err)
	names := map[string]bool{}
	for name := range now {
		names[name] = true
	}
	for name := range s.seen {
		names[name] = true
	}
	var sorted []string
	for name := range names {
		if !strings.HasPrefix(name, "want/") {
			sorted = append(sorted, name)
		}
	}
	slices.Sort(sorted)
	var b strings.Builder
	for _, name := range sorted {
		old, was := s.seen[name]
		text, is := now[name]
		if was && is && old == text {
			continue
		}
		var before, after []byte
		if was {
			before = []byte(steady(ts, old))
		}
		if is {
			after = []byte(steady(ts, text))
		}
		b.WriteString(emit.Unified(name, name, before, after))
	}
	s.seen = now
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

// A service restarts for what it runs with, and for nothing else.
func TestFingerprint(t *testing.T) {
	const was = "services: { a: { image: x, environment: { A: 1, B: 2 }, configs: [ { source: c } ], deploy: { replicas: 1, labels: { l: m } } } }\nconfigs: { c: { content: y }, d: { content: z } }\n"
	read := func(text string) string {
		root, ds := parse.YAML(&source.File{Name: "octo.yaml", Data: []byte(text)})
		if len(ds) > 0 {
			t.Fatal(ds[0].Text())
		}
		return fingerprint(root, root.Get("services").Get("a"))
	}
	for _, c := range []struct {
		old, new string
		restarts bool
	}{
		{"image: x", "image: y", true},
		{"A: 1", "A: '1'", true},
		{"content: y", "content: n", true},
		{"source: c", "source: d", true},
		{"l: m", "l: n", true},
		{"A: 1, B: 2", "B: 2, A: 1", false},
		{"content: z", "content: n", false},
		{"replicas: 1", "replicas: 2", false},
		{"image: x", "image: x, depends_on: { b: {} }", false},
		{"image: x", "image: x, scale: 3, profiles: [p], pull_policy: always", false},
	} {
		now := strings.Replace(was, c.old, c.new, 1)
		if (read(was) != read(now)) != c.restarts {
			t.Errorf("%s to %s: want a restart: %v", c.old, c.new, c.restarts)
		}
	}
}

func TestGithubOf(t *testing.T) {
	for in, want := range map[string]string{
		"https://raw.githubusercontent.com/acme/shop/v1.0.0/octo.yaml": "https://github.com/acme/shop.git",
		"https://raw.githubusercontent.com/acme/shop/v1.0.0":           "",
		"https://raw.example.com/acme/shop/v1.0.0/octo.yaml":           "",
	} {
		a, err := remote.Parse(in)
		sound(t, err)
		if repo, ok := githubOf(a); ok != (want != "") || ok && repo.String() != want {
			t.Errorf("%s: %s, %v", in, repo, ok)
		}
	}
}
