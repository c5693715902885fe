package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
)

// Tree is the files of one commit.
type Tree struct {
	address string
	program *Program
	dir     string // the bare repository
	env     []string
	paths   []string        // sorted
	blobs   map[string]blob // of paths
	odd     map[string]string
	batch   batch
}

type blob struct {
	id   string
	size int64
}

// own is where the fetched commit is kept in our repository.
const own = "refs/octo/at"

// Tree fetches a commit. A server that gives no commits by id is asked for ref, which may be "", and that has to be the
// commit still.
func (p *Program) Tree(ctx context.Context, repository, commit, ref string) (*Tree, error) {
	address := shown(repository, ref)
	if ref == "" {
		address = shown(repository, commit)
	}
	dir, err := os.MkdirTemp(p.temp, "git-")
	if err != nil {
		return nil, err
	}
	t := &Tree{address: address, program: p, dir: dir}
	t.env = append(p.environment(fixed), "GIT_DIR="+dir)
	if err := t.fetch(ctx, repository, commit, ref); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	p.mu.Lock()
	p.trees = append(p.trees, t)
	p.mu.Unlock()
	return t, nil
}

func (t *Tree) fetch(ctx context.Context, repository, commit, ref string) error {
	p := t.program
	format := "sha1"
	if len(commit) == 64 {
		format = "sha256"
	}
	if _, err := p.run(ctx, t.env, nil, "init", "--quiet", "--bare", "--template=", "--object-format="+format); err != nil {
		return p.explain(t.address, repository, err)
	}
	env, err := p.remoteEnv(ctx, repository)
	if err != nil {
		return p.guard.Explain(t.address, err)
	}
	env = append(env, "GIT_DIR="+t.dir)
	err = t.get(ctx, env, repository, commit)
	if f := (*failure)(nil); errors.As(err, &f) && byID(f.stderr) {
		if ref == "" {
			return &guard.Error{Address: t.address, Message: "the repository does not have that commit, or gives none by id (git: " + f.stderr + ")",
				Help: "name the tag or the branch that it is on", Err: fs.ErrNotExist}
		}
		err = t.get(ctx, env, repository, ref)
	}
	if err != nil {
		return p.explain(t.address, repository, err)
	}
	got, err := p.run(ctx, t.env, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", own+"^{commit}")
	if err != nil {
		return &guard.Error{Address: t.address, Message: "it is not a commit", Err: err}
	}
	if now := strings.TrimSpace(string(got)); now != commit {
		return Moved(t.address, commit, now)
	}
	return t.list(ctx)
}

// Moved is the error of a tag or branch that is another commit, or digest, than is asked for.
func Moved(address, was, now string) error {
	return &guard.Error{Address: address, Message: fmt.Sprintf("it is %s now, not %s: the tag or branch moved", now, was),
		Help: "look at what changed, then take the new one with octo lock", Err: guard.ErrMoved}
}

// byID reports whether a server said that it gives no commit of that id.
func byID(stderr string) bool {
	return strings.Contains(stderr, "not our ref") || strings.Contains(stderr, "unadvertised object") || strings.Contains(stderr, "couldn't find remote ref")
}

// get fetches one ref or commit. What it writes is watched: a pack has no size before it is there.
func (t *Tree) get(ctx context.Context, env []string, repository, what string) error {
	limit := t.program.guard.MaxTree
	watch := func() error {
		if size(t.dir) > limit {
			return guard.TooLarge("the repository", limit)
		}
		return nil
	}
	_, err := t.program.run(ctx, env, watch, "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance",
		"--no-write-fetch-head", "--no-show-forced-updates", "--end-of-options", repository, "+"+what+":"+own)
	return err
}

// size is the bytes of all files below dir.
func size(dir string) int64 {
	sum := int64(0)
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil { // git moves its files while we look
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

// list reads the tree, with git-ls-tree(1): MODE TYPE OBJECT SIZE TAB PATH NUL.
func (t *Tree) list(ctx context.Context) error {
	g := t.program.guard
	out, err := t.program.run(ctx, t.env, nil, "ls-tree", "-r", "-z", "--long", "--full-tree", "--end-of-options", own)
	if err != nil {
		return t.program.explain(t.address, "", err)
	}
	t.blobs, t.odd = map[string]blob{}, map[string]string{}
	sum := int64(0)
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		head, name, _ := strings.Cut(entry, "\t")
		f := strings.Fields(head)
		if len(f) != 4 { // an empty tree
			continue
		}
		if _, twice := t.blobs[name]; twice || !fs.ValidPath(name) {
			t.odd[name] = "its path is not clean"
			if !twice {
				continue
			}
			return &guard.Error{Address: t.address, Message: fmt.Sprintf("its tree holds %q twice", guard.Clean(name))}
		}
		switch f[0] {
		case "120000":
			t.odd[name] = "it is a symlink, which is not followed"
			continue
		case "160000":
			t.odd[name] = "it is a submodule, which is not fetched"
			continue
		}
		n, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			return &guard.Error{Address: t.address, Message: fmt.Sprintf("cannot tell the size of %q", guard.Clean(name))}
		}
		sum += n
		t.blobs[name] = blob{f[2], n}
		t.paths = append(t.paths, name)
		if len(t.paths) > g.MaxFiles {
			return g.Explain(t.address, fmt.Errorf("%w: it has more than %d files", guard.ErrLimit, g.MaxFiles))
		}
	}
	if sum > g.MaxTree {
		return g.Explain(t.address, guard.TooLarge("all of it", g.MaxTree))
	}
	slices.Sort(t.paths)
	return nil
}

// Files are the paths of all files, sorted.
func (t *Tree) Files() []string { return slices.Clone(t.paths) }

// Size is how many bytes were fetched.
func (t *Tree) Size() int64 { return size(t.dir) }

// Read is a file.
func (t *Tree) Read(ctx context.Context, name string) ([]byte, error) {
	b, ok := t.blobs[name]
	address := t.address + ":" + name
	if !ok {
		for at := name; at != "." && at != "" && at != "/"; at = filepath.ToSlash(filepath.Dir(at)) {
			if why, is := t.odd[at]; is {
				return nil, &guard.Error{Address: address, Message: fmt.Sprintf("cannot read %q: %s", guard.Clean(at), why),
					Help: "name the file itself", Err: fs.ErrInvalid}
			}
		}
		return nil, &guard.Error{Address: address, Message: fmt.Sprintf("there is no file %q in it", guard.Clean(name)), Err: fs.ErrNotExist}
	}
	if limit := t.program.guard.MaxFile; b.size > limit {
		return nil, t.program.guard.Explain(address, guard.TooLarge("it", limit))
	}
	data, err := t.batch.read(ctx, t, b)
	if err != nil {
		return nil, t.program.explain(address, "", err)
	}
	return data, nil
}

// Close ends what runs, and removes what was fetched.
func (p *Program) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, t := range p.trees {
		t.batch.close()
		errs = append(errs, os.RemoveAll(t.dir))
	}
	p.trees = nil
	return errors.Join(errs...)
}
