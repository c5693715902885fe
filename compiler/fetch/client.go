package fetch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/octocompose/octocompose/compiler/fetch/git"
	"github.com/octocompose/octocompose/compiler/fetch/guard"
	"github.com/octocompose/octocompose/compiler/fetch/https"
	"github.com/octocompose/octocompose/compiler/fetch/oci"
	"github.com/octocompose/octocompose/compiler/remote"
)

// Error is why something could not be fetched: "cannot fetch ADDRESS: MESSAGE", with what to do in Help. It wraps one of
// the errors below, fs.ErrNotExist (not there), fs.ErrPermission (no access), fs.ErrInvalid (a symlink or a submodule),
// context.Canceled or context.DeadlineExceeded, where one of them is the reason.
type Error = guard.Error

// Reasons, for errors.Is.
var (
	ErrPrivate = guard.ErrPrivate // the host lies at an address that is not public
	ErrLimit   = guard.ErrLimit   // larger, or more, than a limit allows
	ErrMoved   = guard.ErrMoved   // a tag or branch is not what it was
	ErrDigest  = guard.ErrDigest  // the bytes are not those that were promised
)

// Event is a step of a fetch.
type Event struct {
	Address string
	Bytes   int64 // so far
	Total   int64 // 0: unknown
	Done    bool  // the last event of this address, also after an error
}

// Client fetches. Its zero value with a Temp folder works; it is safe for concurrent use, and what is set here must not
// change after the first call. What was fetched or resolved once is kept until Close, so that one run sees one state.
type Client struct {
	Temp     string                      // folder for what git needs while it fetches; made, and emptied by Close; "": one below the system's
	Allow    []string                    // hosts that may lie at private, loopback or link-local addresses: HOST, HOST:PORT or a CIDR
	Progress func(Event)                 // may be nil; called by one goroutine at a time
	Version  string                      // of octo, for User-Agent
	Env      func(string) (string, bool) // the environment, see the package's page for the names; nil: that of the process

	Timeout   time.Duration // of a request with its body, and of a run of git; 0: 60 s
	MaxFile   int64         // bytes of a file, decoded; 0: 16 MiB
	MaxTree   int64         // bytes of an artifact, or of a repository at one commit; of all files of one host over https; 0: 256 MiB
	MaxFiles  int           // files of an artifact or a repository; 0: 10,000
	Redirects int           // that one request may follow; 0: 5, negative: none

	once       sync.Once
	failed     error
	guard      *guard.Guard
	registries *oci.Registries
	temp       string // a folder below Temp

	telling  sync.Mutex
	program  flight[*git.Program]
	resolved flight[git.At] // of git and OCI, where Commit is the digest
	contents flight[*content]
	texts    flight[[]byte]
}

// start makes what the zero value lacks.
func (c *Client) start() error {
	c.once.Do(func() {
		env := c.Env
		if env == nil {
			env = os.LookupEnv
		}
		agent := "octo"
		if c.Version != "" {
			agent += "/" + c.Version
		}
		c.guard, c.failed = guard.New(guard.Options{Allow: c.Allow, Env: env, UserAgent: agent, Timeout: c.Timeout,
			MaxFile: c.MaxFile, MaxTree: c.MaxTree, MaxFiles: c.MaxFiles, Redirects: c.Redirects})
		if c.failed == nil {
			c.registries = oci.Open(c.guard)
		}
	})
	return c.failed
}

// git is the program, looked for when the first repository is fetched.
func (c *Client) git(ctx context.Context) (*git.Program, error) {
	return c.program.do(ctx, "", func() (*git.Program, error) {
		if c.Temp != "" {
			if err := os.MkdirAll(c.Temp, 0o755); err != nil {
				return nil, err
			}
		}
		temp, err := os.MkdirTemp(c.Temp, "octo-fetch-")
		if err != nil {
			return nil, err
		}
		p, err := git.Open(ctx, c.guard, temp)
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(temp))
		}
		c.temp = temp
		return p, nil
	})
}

// Resolve finds out what a.Origin() is now: the commit of a git ref, the manifest digest of an OCI tag. HTTPS has no revision.
// A ref is what is called exactly that (refs/…), else the tag, else the branch.
func (c *Client) Resolve(ctx context.Context, a remote.Address) (*Snapshot, error) {
	a = a.Origin()
	if err := c.start(); err != nil {
		return nil, err
	}
	if a.Kind == remote.HTTPS {
		return c.at(ctx, a, git.At{})
	}
	now, err := c.resolved.do(ctx, a.String(), func() (git.At, error) {
		switch a.Kind {
		case remote.Git:
			p, err := c.git(ctx)
			if err != nil {
				return git.At{}, c.guard.Explain(a.String(), err)
			}
			return p.Resolve(ctx, a.Base, a.Ref)
		case remote.OCI:
			digest, err := c.registries.Resolve(ctx, a.Base, a.Ref)
			return git.At{Commit: digest, Ref: a.Ref}, err
		}
		return git.At{}, errors.New("cannot fetch an empty address")
	})
	if err != nil {
		return nil, err
	}
	return c.at(ctx, a, now)
}

// At is the origin of a at a revision that is known (40/64 hex commit, sha256:… digest); "" means Resolve. The error wraps
// ErrMoved where the server has the revision no more, or gives it only by its tag or branch, and that is another one now.
func (c *Client) At(ctx context.Context, a remote.Address, revision string) (*Snapshot, error) {
	a = a.Origin()
	switch {
	case revision == "":
		return c.Resolve(ctx, a)
	case a.Kind == remote.Git && !git.IsCommit(revision), a.Kind == remote.OCI && !isDigest(revision), a.Kind == remote.HTTPS, a.Kind == remote.None:
		return nil, &Error{Address: a.String(), Message: fmt.Sprintf("%q is no revision of it; want a commit of 40 or 64 digits for a repository, sha256:… for an artifact", revision)}
	}
	if err := c.start(); err != nil {
		return nil, err
	}
	ref := a.Ref
	if a.Kind == remote.Git {
		switch {
		case ref == "":
			ref = "HEAD"
		case git.IsCommit(ref):
			ref = ""
		}
	}
	return c.at(ctx, a, git.At{Commit: revision, Ref: ref})
}

func isDigest(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(digits) == 64 && git.IsCommit(digits)
}

func (c *Client) at(ctx context.Context, a remote.Address, at git.At) (*Snapshot, error) {
	all, err := c.contents.do(ctx, a.Base+"\n"+at.Commit, func() (*content, error) {
		shown := a.String()
		switch a.Kind {
		case remote.Git:
			defer c.done(shown)
			c.tell(Event{Address: shown})
			p, err := c.git(ctx)
			if err != nil {
				return nil, c.guard.Explain(shown, err)
			}
			t, err := p.Tree(ctx, a.Base, at.Commit, at.Ref)
			if err != nil {
				return nil, err
			}
			size := t.Size()
			c.tell(Event{Address: shown, Bytes: size, Total: size})
			return &content{from: t}, nil
		case remote.OCI:
			defer c.done(shown)
			t, err := c.registries.Artifact(ctx, a.Base, at.Commit, at.Ref, git.Moved, c.seen(shown))
			if err != nil {
				return nil, err
			}
			return &content{from: t}, nil
		}
		return &content{}, nil
	})
	if err != nil {
		return nil, err
	}
	return &Snapshot{client: c, address: a, revision: at.Commit, content: all}, nil
}

// Versions are the tags of a repository or an artifact, as they stand there, sorted by their bytes. https: an error.
func (c *Client) Versions(ctx context.Context, a remote.Address) ([]string, error) {
	if err := c.start(); err != nil {
		return nil, err
	}
	switch a.Kind {
	case remote.Git:
		p, err := c.git(ctx)
		if err != nil {
			return nil, c.guard.Explain(a.Base, err)
		}
		return p.Tags(ctx, a.Base)
	case remote.OCI:
		return c.registries.Tags(ctx, a.Base)
	}
	return nil, &Error{Address: a.String(), Message: "nobody can tell which versions a file over https has",
		Help: "its owner can list them in a versions.yaml, or publish in a git repository or an OCI registry"}
}

// Image is the digest (sha256:…) that the tag of an image (docker.io/library/postgres:16, registry:5000/x/y:1) has now: of
// the index where it is one. Without a registry it is docker.io's, without a tag latest, as in docker. An image that is
// named by a digest has that one, and nothing is asked.
func (c *Client) Image(ctx context.Context, image string) (string, error) {
	if err := c.start(); err != nil {
		return "", err
	}
	a, err := imageAddress(image)
	if err != nil {
		return "", &Error{Address: image, Message: err.Error(), Help: "write REGISTRY/NAME:TAG"}
	}
	if isDigest(a.Ref) {
		return a.Ref, nil
	}
	return c.registries.Digest(ctx, a.Base, a.Ref)
}

func imageAddress(image string) (remote.Address, error) {
	first, rest, found := strings.Cut(image, "/")
	switch {
	case !found:
		image = "docker.io/library/" + image
	case !strings.ContainsAny(first, ".:") && first != "localhost":
		image = "docker.io/" + image
	case first == "docker.io" && !strings.Contains(rest, "/"):
		image = "docker.io/library/" + rest
	}
	a, err := remote.Parse("oci://" + image)
	switch {
	case err != nil || strings.ContainsAny(image, "#%") || strings.Contains(image, "://"):
		return remote.Address{}, errors.New("it is no name of an image")
	case a.Ref == "":
		return a.At("latest", "")
	}
	return a, nil
}

// Text is a small text over https (sha256 files, versions.yaml): at most max bytes.
func (c *Client) Text(ctx context.Context, url string, max int64) ([]byte, error) {
	if err := c.start(); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(url, "https://") {
		return nil, &Error{Address: url, Message: "http is not safe; want https"}
	}
	data, err := c.texts.do(ctx, fmt.Sprint(max, " ", url), func() ([]byte, error) { return https.Get(ctx, c.guard, url, max, nil) })
	return slices.Clone(data), err
}

// Close ends what still runs and removes what git fetched: snapshots of repositories cannot be read any more.
func (c *Client) Close() error {
	if c.guard != nil {
		c.guard.Close()
	}
	p, ok := c.program.get("")
	if !ok {
		return nil
	}
	return errors.Join(p.Close(), os.RemoveAll(c.temp))
}

func (c *Client) tell(e Event) {
	if c.Progress == nil {
		return
	}
	c.telling.Lock()
	defer c.telling.Unlock()
	c.Progress(e)
}

func (c *Client) done(address string) { c.tell(Event{Address: address, Done: true}) }

// seen tells about the bytes of one request of address.
func (c *Client) seen(address string) func(bytes, total int64) {
	return func(bytes, total int64) { c.tell(Event{Address: address, Bytes: bytes, Total: max(total, 0)}) }
}
