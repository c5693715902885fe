package vendors

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// Git is a server of repositories over smart http.
type Git struct {
	*Server
	dir string
	mu  sync.Mutex
	// Old makes the server speak the first version of git's protocol, where commits that no ref names are refused.
	Old bool
}

// Git starts a server of the bare repositories in dir, which Publish makes. Old is set before the first request.
func (ca *CA) Git(dir string) (*Git, error) {
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return nil, fmt.Errorf("cannot find git: %w", err)
	}
	g := &Git{dir: dir}
	backend := &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
		Env:    append(environment(dir), "GIT_PROJECT_ROOT="+dir, "GIT_HTTP_EXPORT_ALL=1"),
		Logger: quiet(), Stderr: io.Discard,
	}
	g.Server, err = ca.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.Old {
			r.Header.Del("Git-Protocol")
		}
		backend.ServeHTTP(w, r)
	}))
	return g, err
}

// environment keeps the configuration of whoever runs the test out.
func environment(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "LC_ALL=C"}
}

// URL is that of a repository.
func (g *Git) URL(name string) string { return g.Server.URL + "/" + name + ".git" }

// Dir is the bare repository, for what this package has no function for.
func (g *Git) Dir(name string) string { return filepath.Join(g.dir, name+".git") }

// Entry is what lies at a path of a commit.
type Entry struct {
	Mode string // 100644, 100755, 120000 (symlink), 160000 (submodule); "" is 100644
	Text string // the content, the target of the symlink, or the commit of the submodule
}

// Publish adds a commit with just these files to the branch main, and makes the tag name it, which may have been elsewhere
// ("" for no tag). It makes the repository where there is none, and returns the commit.
func (g *Git) Publish(name, tag string, files map[string]string) (string, error) {
	entries := map[string]Entry{}
	for p, text := range files {
		entries[p] = Entry{Text: text}
	}
	commit, err := g.Commit(name, "main", entries)
	if err == nil && tag != "" {
		err = g.Ref(name, "refs/tags/"+tag, commit)
	}
	return commit, err
}

// Commit adds a commit with just these entries to a branch, and returns it.
func (g *Git) Commit(name, branch string, entries map[string]Entry) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := os.Stat(g.Dir(name)); err != nil {
		if _, err := g.run(nil, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", g.Dir(name)); err != nil {
			return "", err
		}
	}
	dir := "--git-dir=" + g.Dir(name)
	ref := "refs/heads/" + branch
	var in bytes.Buffer
	fmt.Fprintf(&in, "commit %s\ncommitter vendor <vendor@example.com> 1700000000 +0000\ndata 8\nrelease\n\n", ref)
	if _, err := g.run(nil, dir, "rev-parse", "--verify", "--quiet", ref); err == nil {
		fmt.Fprintf(&in, "from %s^0\ndeleteall\n", ref)
	}
	paths := make([]string, 0, len(entries))
	for p := range entries {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		switch e := entries[p]; e.Mode {
		case "160000":
			fmt.Fprintf(&in, "M 160000 %s %s\n", e.Text, p)
		case "":
			fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", p, len(e.Text), e.Text)
		default:
			fmt.Fprintf(&in, "M %s inline %s\ndata %d\n%s\n", e.Mode, p, len(e.Text), e.Text)
		}
	}
	if _, err := g.run(&in, dir, "fast-import", "--quiet", "--force"); err != nil {
		return "", err
	}
	return g.run(nil, dir, "rev-parse", ref)
}

// Ref makes a ref (refs/tags/…, refs/heads/…) name a commit, or moves it there; with commit "" it is taken away.
func (g *Git) Ref(name, ref, commit string) error {
	args := []string{"--git-dir=" + g.Dir(name), "update-ref", ref, commit}
	if commit == "" {
		args = []string{"--git-dir=" + g.Dir(name), "update-ref", "-d", ref}
	}
	_, err := g.run(nil, args...)
	return err
}

// Annotate makes a tag with a message.
func (g *Git) Annotate(name, tag, commit string) error {
	_, err := g.run(nil, "--git-dir="+g.Dir(name), "-c", "user.name=vendor", "-c", "user.email=vendor@example.com", "tag", "--force", "-a", "-m", "release", tag, commit)
	return err
}

func (g *Git) run(in io.Reader, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Env = append(environment(g.dir), "GIT_COMMITTER_DATE=1700000000 +0000")
	cmd.Stdin = in
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, said.String())
	}
	return strings.TrimSpace(out.String()), nil
}
