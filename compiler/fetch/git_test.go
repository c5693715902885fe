package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/octocompose/octocompose/compiler/fetch"
	"github.com/octocompose/octocompose/internal/vendors"
)

func gitServer(t *testing.T, ca *vendors.CA) *vendors.Git {
	t.Helper()
	need(t, "git")
	g, err := ca.Git(t.TempDir())
	must(t, err)
	t.Cleanup(g.Close)
	return g
}

func publish(t *testing.T, g *vendors.Git, tag, text string) string {
	t.Helper()
	commit, err := g.Publish("charts", tag, map[string]string{"core.yaml": text, "apps/shop.yaml": "shop of " + text})
	must(t, err)
	return commit
}

func TestGit(t *testing.T) {
	ca := authority(t)
	g := gitServer(t, ca)
	first := publish(t, g, "v1.0.0", "one")
	second := publish(t, g, "v2.0.0", "two")
	must(t, g.Annotate("charts", "annotated", first))
	must(t, g.Ref("charts", "refs/tags/both", first))
	must(t, g.Ref("charts", "refs/heads/both", second))
	must(t, g.Ref("charts", "refs/heads/feature/x", first))
	must(t, g.Ref("charts", "refs/meta/own", first))
	var events []fetch.Event
	c := client(t, ca, func(c *fetch.Client) { c.Progress = func(e fetch.Event) { events = append(events, e) } })
	for ref, commit := range map[string]string{
		"": second, "main": second, "v1.0.0": first, "v2.0.0": second, "annotated": first, "both": first, "refs/heads/both": second, "feature/x": first,
		"refs/meta/own": first, "refs/tags/annotated": first, first: first, "HEAD": second,
	} {
		s, err := c.Resolve(t.Context(), address(t, g.URL("charts")+"#"+ref+":core.yaml"))
		if err != nil || s.Revision() != commit {
			t.Errorf("%s: %v; want %s", ref, err, commit)
			continue
		}
		data, err := s.Read(t.Context(), "core.yaml")
		if want := map[string]string{first: "one", second: "two"}[commit]; err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", ref, data, err)
		}
		if got := s.Files(); !slices.Equal(got, []string{"apps/shop.yaml", "core.yaml"}) {
			t.Errorf("%s: %q", ref, got)
		}
	}
	if got, err := c.Versions(t.Context(), address(t, g.URL("charts"))); err != nil || !slices.Equal(got, []string{"annotated", "both", "v1.0.0", "v2.0.0"}) {
		t.Errorf("%q, %v", got, err)
	}
	if n := len(events); n != 6 || events[n-1].Bytes != 0 || !events[n-1].Done || events[1].Bytes < 100 {
		t.Errorf("events of two commits: %+v", events)
	}
	for ref, w := range map[string][2]string{"v3": {`no tag or branch "v3"`, ""}, first[:12]: {"no tag or branch", "write all of its digits"}} {
		_, err := get(t, c, g.URL("charts")+"#"+ref+":core.yaml")
		want(t, err, fs.ErrNotExist, w[0], w[1])
	}
	_, err := get(t, c, g.URL("charts")+"#v1.0.0:apps/none.yaml")
	want(t, err, fs.ErrNotExist, `v1.0.0:apps/none.yaml: there is no file "apps/none.yaml" in it`, "")
	_, err = get(t, c, g.URL("nothing"))
	want(t, err, fs.ErrNotExist, "there is no such repository", "spelt")
	_, err = c.At(t.Context(), address(t, g.URL("charts")), strings.Repeat("a", 40))
	want(t, err, nil, "is "+second+" now, not aaaa", "")
	_, err = c.At(t.Context(), address(t, g.URL("charts")), "v1.0.0")
	want(t, err, nil, `"v1.0.0" is no revision`, "")
}

// F9: a tag that was moved is seen; the old commit is still given by its id, or refused by name.
func TestMovedTag(t *testing.T) {
	ca := authority(t)
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprintf("old=%v", old), func(t *testing.T) {
			g := gitServer(t, ca)
			g.Old = old
			was := publish(t, g, "v1", "one")
			a := address(t, g.URL("charts")+"#v1:core.yaml")
			s, err := client(t, ca, nil).At(t.Context(), a, was)
			if err != nil || s.Revision() != was {
				t.Fatal(err)
			}
			now := publish(t, g, "v1", "two")
			must(t, g.Ref("charts", "refs/heads/main", now))
			c := client(t, ca, nil)
			if s, err := c.Resolve(t.Context(), a); err != nil || s.Revision() != now || now == was {
				t.Fatalf("%v; want %s", err, now)
			}
			s, err = c.At(t.Context(), a, was)
			if old {
				want(t, err, fetch.ErrMoved, "#v1: it is "+now+" now, not "+was+": the tag or branch moved", "octo lock")
				_, err = c.Resolve(t.Context(), address(t, g.URL("charts")+"#"+was))
				want(t, err, fs.ErrNotExist, "does not have that commit", "name the tag or the branch")
				return
			}
			must(t, err)
			if data, err := s.Read(t.Context(), "core.yaml"); err != nil || string(data) != "one" {
				t.Errorf("%q, %v", data, err)
			}
		})
	}
}

// F15 and P3: nothing that a repository holds is run or followed, and its bytes are those that were committed.
func TestHostileRepository(t *testing.T) {
	ca := authority(t)
	g := gitServer(t, ca)
	mark := filepath.Join(t.TempDir(), "mark")
	_, err := g.Commit("charts", "main", map[string]vendors.Entry{
		".gitattributes":      {Text: "*.yaml filter=evil text eol=crlf ident export-subst\n*.bin filter=lfs\n"},
		".gitmodules":         {Text: "[submodule \"sub\"]\n\tpath = sub\n\turl = ext::sh -c touch% " + mark + "\n"},
		".gitconfig":          {Text: "[core]\n\tfsmonitor = touch " + mark + "\n"},
		"hooks/post-checkout": {Mode: "100755", Text: "#!/bin/sh\ntouch " + mark + "\n"},
		"a.yaml":              {Text: "a: $Id$\nb\n"},
		"run.sh":              {Mode: "100755", Text: "x"},
		"large.bin":           {Text: "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"},
		"passwd":              {Mode: "120000", Text: "/etc/passwd"},
		"dir":                 {Mode: "120000", Text: "/etc"},
		"sub":                 {Mode: "160000", Text: strings.Repeat("1", 40)},
		"sp ace\tta.b":        {Text: "odd"},
	})
	must(t, err)
	home := t.TempDir()
	must(t, os.WriteFile(filepath.Join(home, ".gitconfig"), fmt.Appendf(nil,
		"[filter \"evil\"]\n\tsmudge = touch %[1]s\n[core]\n\thooksPath = %[2]s\n\tfsmonitor = touch %[1]s\n[url \"https://127.0.0.1:1/\"]\n\tinsteadOf = https://127\n[http]\n\tproxy = http://127.0.0.1:1\n", mark, home), 0o600))
	c := client(t, ca, func(c *fetch.Client) { with(c, "HOME", home) })
	s, err := c.Resolve(t.Context(), address(t, g.URL("charts")))
	must(t, err)
	if got, want := s.Files(), []string{".gitattributes", ".gitconfig", ".gitmodules", "a.yaml", "hooks/post-checkout", "large.bin", "run.sh", "sp ace\tta.b"}; !slices.Equal(got, want) {
		t.Errorf("files %q; want %q", got, want)
	}
	for p, text := range map[string]string{"a.yaml": "a: $Id$\nb\n", "run.sh": "x", "sp ace\tta.b": "odd"} {
		if data, err := s.Read(t.Context(), p); err != nil || string(data) != text {
			t.Errorf("%s: %q, %v", p, data, err)
		}
	}
	for p, why := range map[string]string{"passwd": "a symlink", "dir/passwd": `"dir": it is a symlink`, "sub": "a submodule", "sub/x": "a submodule"} {
		_, err := s.Read(t.Context(), p)
		want(t, err, fs.ErrInvalid, why, "")
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("something was run")
	}
}

// F6 for git: the bytes that come, the bytes that are in there, one file, and the number of files.
func TestGitLimits(t *testing.T) {
	ca := authority(t)
	g := gitServer(t, ca)
	files := map[string]string{"zeros": strings.Repeat("\x00", 4<<20)}
	for i := range 30 {
		files[fmt.Sprint("f", i)] = fmt.Sprint(i)
	}
	_, err := g.Publish("charts", "v1", files)
	must(t, err)
	for _, l := range []struct {
		change  func(*fetch.Client)
		message string
	}{
		{func(c *fetch.Client) { c.MaxFile = 1 << 20 }, "larger than 1 MiB"},
		{func(c *fetch.Client) { c.MaxTree = 2 << 20 }, "all of it is larger than 2 MiB"},
		{func(c *fetch.Client) { c.MaxTree = 4 << 10 }, "the repository is larger than 4096 bytes"},
		{func(c *fetch.Client) { c.MaxFiles = 20 }, "more than 20 files"},
	} {
		_, err := get(t, client(t, ca, l.change), g.URL("charts")+"#v1:zeros")
		want(t, err, fetch.ErrLimit, l.message, "")
	}
}

// Credentials are those of the user's own helper, and nobody is asked.
func TestGitLogin(t *testing.T) {
	ca := authority(t)
	g := gitServer(t, ca)
	publish(t, g, "v1", "one")
	g.Login("octo", "pa55")
	_, err := get(t, client(t, ca, nil), g.URL("charts")+"#v1:core.yaml")
	want(t, err, fs.ErrPermission, "no access", "credential")
	for password, ok := range map[string]bool{"pa55": true, "wr0ng": false} {
		home := t.TempDir()
		must(t, os.WriteFile(filepath.Join(home, ".gitconfig"), fmt.Appendf(nil, "[credential \"%s\"]\n\thelper = \"!f() { echo username=octo; echo password=%s; }; f\"\n", g.Server.URL, password), 0o600))
		text, err := get(t, client(t, ca, func(c *fetch.Client) { with(c, "HOME", home) }), g.URL("charts")+"#v1:core.yaml")
		if ok && (err != nil || text != "one") {
			t.Errorf("%q, %v", text, err)
		}
		if !ok {
			want(t, err, fs.ErrPermission, "no access", "credential")
			if strings.Contains(err.Error(), password) {
				t.Errorf("%v tells the password", err)
			}
		}
	}
}

// F1, F2, F3 and F8 for git: the address is checked before, no redirect is followed, and no certificate is let through.
func TestGitHosts(t *testing.T) {
	ca := authority(t)
	g := gitServer(t, ca)
	publish(t, g, "v1", "one")
	_, err := get(t, client(t, ca, func(c *fetch.Client) { c.Allow = nil }), g.URL("charts"))
	want(t, err, fetch.ErrPrivate, "127.0.0.1 is a loopback address", "--allow 127.0.0.1")
	_, err = get(t, client(t, ca, func(c *fetch.Client) { c.Allow = nil }), "ssh://git@localhost:1/x.git")
	want(t, err, fetch.ErrPrivate, "localhost lies at", "--allow localhost")
	_, err = get(t, client(t, ca, nil), "https://nothing.invalid/x.git")
	want(t, err, nil, "nothing.invalid", "network")
	elsewhere := serve(t, ca, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, g.Server.URL+r.URL.String(), http.StatusMovedPermanently)
	})
	n := g.Requests()
	_, err = get(t, client(t, ca, nil), elsewhere.URL+"/charts.git#v1")
	want(t, err, nil, "it redirects elsewhere", "write the address")
	if g.Requests() != n {
		t.Error("a redirect was followed")
	}
	for _, f := range []vendors.Fault{vendors.Expired, vendors.WrongName, vendors.Stranger} {
		s, err := ca.ServeAs(f, http.NotFoundHandler())
		must(t, err)
		home := t.TempDir()
		must(t, os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[http]\n\tsslVerify = false\n"), 0o600))
		_, err = get(t, client(t, ca, func(c *fetch.Client) { with(c, "HOME", home); with(c, "GIT_SSL_NO_VERIFY", "1") }), s.URL+"/x.git")
		want(t, err, nil, "its certificate is not valid", "SSL_CERT_FILE")
		if s.Requests() > 0 {
			t.Error("a request was sent")
		}
		s.Close()
	}
	with404 := serve(t, ca, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "\x1b[31mno https://u:pw@x/", http.StatusNotFound)
	})
	_, err = get(t, client(t, ca, nil), with404.URL+"/x.git")
	want(t, err, fs.ErrNotExist, "no such repository", "")
	if strings.ContainsAny(err.Error(), "\x1b\n") || strings.Contains(err.Error(), "pw") {
		t.Errorf("%q is not fit to be shown", err)
	}
	_, err = get(t, client(t, ca, func(c *fetch.Client) { with(c, "PATH", t.TempDir()) }), g.URL("charts"))
	want(t, err, exec.ErrNotFound, "git is not installed", "2.37")
	old := t.TempDir()
	must(t, os.WriteFile(filepath.Join(old, "git"), []byte("#!/bin/sh\necho git version 2.30.1\n"), 0o755))
	_, err = get(t, client(t, ca, func(c *fetch.Client) { with(c, "PATH", old) }), g.URL("charts"))
	want(t, err, nil, "git is 2.30; want 2.37 or later", "")
}

// Over ssh, with a program that stands for ssh: it gets the options that keep it from asking, then host and command.
func TestGitSSH(t *testing.T) {
	ca := authority(t)
	g := gitServer(t, ca)
	commit := publish(t, g, "v1", "one")
	dir := t.TempDir()
	ssh := filepath.Join(dir, "ssh")
	must(t, os.WriteFile(ssh, fmt.Appendf(nil, "#!/bin/sh\necho \"$@\" >>%s/log\nwhile [ \"$1\" = -o ]; do shift 2; done\n[ \"$1\" = -p ] && shift 2\n"+
		"[ \"$1\" = git@127.0.0.1 ] || { echo 'git@x: Permission denied (publickey).' >&2; exit 255; }\ncd %s && eval \"$2\"\n", dir, filepath.Dir(g.Dir("charts"))), 0o755))
	change := func(c *fetch.Client) { with(c, "GIT_SSH_COMMAND", ssh); c.Allow = []string{"127.0.0.1", "alias"} }
	s, err := client(t, ca, change).Resolve(t.Context(), address(t, "ssh://git@127.0.0.1:2222/"+filepath.ToSlash(g.Dir("charts"))+"#v1:core.yaml"))
	must(t, err)
	if data, err := s.Read(t.Context(), "core.yaml"); err != nil || string(data) != "one" || s.Revision() != commit {
		t.Errorf("%q, %v", data, err)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	if !strings.Contains(string(log), "-o BatchMode=yes") || strings.Contains(string(log), "StrictHostKeyChecking=no") {
		t.Errorf("ssh is called with %s", log)
	}
	_, err = get(t, client(t, ca, change), "ssh://git@alias/x.git")
	want(t, err, fs.ErrPermission, "no access", "ssh-add")
}

// A context that ends, or a deadline, ends git and all that it started, at once.
func TestGitHangs(t *testing.T) {
	need(t, "git")
	ca := authority(t)
	arrived := make(chan bool, 9)
	s := serve(t, ca, func(_ http.ResponseWriter, r *http.Request) { arrived <- true; <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	c := client(t, ca, nil)
	go func() { <-arrived; cancel() }()
	_, err := c.Resolve(ctx, address(t, s.URL+"/x.git"))
	want(t, err, context.Canceled, "interrupted", "")
	_, err = client(t, ca, func(c *fetch.Client) { c.Timeout = 2 * time.Second }).Resolve(t.Context(), address(t, s.URL+"/x.git"))
	want(t, err, context.DeadlineExceeded, "longer than 2s", "")
	for _, p := range processes(t, s.URL) {
		t.Errorf("still runs: %s", p)
	}
}

// processes are the command lines that hold text, while there are any, for at most as long as a killed process needs.
func processes(t *testing.T, text string) (found []string) {
	for range 1000 { // a process of a group that was killed is reaped by others
		found = nil
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, f := range files {
			if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), text) {
				found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
		if len(found) == 0 {
			break
		}
	}
	return found
}

// Many at once: one fetch for each commit, and reads that do not get in each other's way.
func TestGitConcurrent(t *testing.T) {
	ca := authority(t)
	g := gitServer(t, ca)
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprintf("f%d.yaml", i)] = strings.Repeat(fmt.Sprint(i, "\n"), i*10)
	}
	commit, err := g.Publish("charts", "v1", files)
	must(t, err)
	c := client(t, ca, nil)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			a := address(t, g.URL("charts")+"#v1")
			s, err := c.Resolve(t.Context(), a)
			if i%2 == 0 {
				s, err = c.At(t.Context(), a, commit)
			}
			if err != nil {
				t.Error(err)
				return
			}
			for p, text := range files {
				if data, err := s.Read(t.Context(), p); err != nil || string(data) != text {
					t.Errorf("%s: %d bytes, %v", p, len(data), err)
				}
			}
		})
	}
	wg.Wait()
	// ls-remote asks once; a fetch asks for the refs, and for the pack in one or more requests.
	if n := g.Requests(); n > 6 {
		t.Errorf("%d requests", n)
	}
	s, err := c.At(t.Context(), address(t, g.URL("charts")), commit)
	must(t, err)
	must(t, c.Close())
	if _, err := s.Read(t.Context(), "f1.yaml"); err == nil || !errors.As(err, new(*fetch.Error)) {
		t.Errorf("a closed client reads: %v", err)
	}
}
