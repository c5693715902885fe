package pin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/store"
)

// Network is what fetches.
type Network interface {
	// At is the origin of a at a revision, or as it is now when revision is "".
	At(ctx context.Context, a remote.Address, revision string) (Snapshot, error)
	// Image is the digest that the tag of an image has now.
	Image(ctx context.Context, name string) (string, error)
	// Text is a small text over https.
	Text(ctx context.Context, url string, max int64) ([]byte, error)
}

// Snapshot is a repository, an artifact or a host at one time.
type Snapshot interface {
	Revision() string // "" for a host
	// Read returns a file; an error that wraps fs.ErrNotExist when there is none.
	Read(ctx context.Context, path string) ([]byte, error)
	Files() []string // sorted; nil for a host
}

// Locking fetches, and gathers the lines of a new lock.
type Locking struct {
	Context context.Context
	Network Network
	Old     *lock.File // nil when there is none
	Store   *store.Store
	Mirrors Mirrors
	// Update says which lines of the old lock do not count; nil: all count.
	Update func(lock.Line) bool

	lines     map[string]lock.Line // by kind and name
	revisions map[string]string    // of origins, by their spelling
	snapshots map[string]Snapshot
	failed    map[string]error
	images    []string
	binaries  [][2]string
}

// keep is the old line, when it counts.
func (r *Locking) keep(k lock.Kind, name string) (lock.Line, bool) {
	l, ok := r.Old.Get(k, name)
	if !ok || r.Update != nil && r.Update(l) {
		return lock.Line{}, false
	}
	return l, true
}

func (r *Locking) add(l lock.Line) {
	if r.lines == nil {
		r.lines = map[string]lock.Line{}
	}
	l.At = source.Span{}
	r.lines[string(l.Kind)+" "+l.Name] = l
}

// Lock is the lock of all that was read.
func (r *Locking) Lock() *lock.File {
	list := make([]lock.Line, 0, len(r.lines))
	for _, l := range r.lines {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b lock.Line) int { return strings.Compare(a.Name, b.Name) })
	return lock.New(list)
}

// Read returns the file at a, as the old lock has it, or fetched.
func (r *Locking) Read(a remote.Address) ([]byte, error) { return signed(a, r.read) }

func (r *Locking) read(a remote.Address) ([]byte, error) {
	name := a.String()
	old, kept := r.keep(lock.Inclusion, name)
	if m, ok := r.Mirrors.find(a); ok {
		data, err := m.read(a)
		if err != nil {
			return nil, err
		}
		return data, r.pin(a, old, kept, "", data)
	}
	if kept {
		if data, err := r.Store.Get(old.Sum); err == nil {
			r.add(old)
			r.revise(a, old.Revision)
			return data, nil
		}
	}
	s, err := r.snapshot(a)
	if err != nil {
		return nil, err
	}
	p := a.Path
	if a.Query != "" {
		p += "?" + a.Query
	}
	data, err := s.Read(r.Context, p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, r.missing(a, s, err)
	}
	if err != nil {
		return nil, wrap(err)
	}
	return data, r.pin(a, old, kept, s.Revision(), data)
}

// pin stores data and adds its line; with an old line that counts, it must be the same.
func (r *Locking) pin(a remote.Address, old lock.Line, kept bool, revision string, data []byte) error {
	l := lock.Line{Kind: lock.Inclusion, Name: a.String(), Revision: revision, Sum: store.Sum(data)}
	if kept && (l.Sum != old.Sum || revision != "" && revision != old.Revision) {
		return fail(diag.Lock, "when the change is meant, take it: octo lock --update "+a.Origin().String(),
			"%s is no longer what octo.lock has: its content was %s and is %s", a, short(old.Sum), short(l.Sum))
	}
	if _, err := r.Store.Put(data); err != nil {
		return fmt.Errorf("cannot store %s: %w", a, err)
	}
	if kept {
		l = old
	}
	r.add(l)
	return nil
}

func short(sum string) string { return sum[:min(len(sum), len("sha256:")+12)] + "…" }

// missing is the error about a file that a repository or artifact does not have.
func (r *Locking) missing(a remote.Address, s Snapshot, err error) error {
	e := fail(diag.Remote, "look at what is there", "cannot read %s: there is no such file", a)
	e.Err = err
	files := s.Files()
	if near := diag.Near(a.Path, files); near != "" {
		e.Help = fmt.Sprintf("did you mean %q?", near)
	} else if len(files) > 0 {
		e.Help = "there are " + strings.Join(files[:min(len(files), 8)], ", ")
		if len(files) > 8 {
			e.Help += ", …"
		}
	}
	return e
}

// revise remembers the revision of an origin, so that all of its files are of one.
func (r *Locking) revise(a remote.Address, revision string) {
	if r.revisions == nil {
		r.revisions = map[string]string{}
	}
	r.revisions[origin(a)] = revision
}

// origin is the spelling of an address without its path; the host of one over https.
func origin(a remote.Address) string {
	if a.Kind == remote.HTTPS {
		return a.Base
	}
	return a.Origin().String()
}

// snapshot is the origin of a, at the revision that the old lock has for it.
func (r *Locking) snapshot(a remote.Address) (Snapshot, error) {
	name := origin(a)
	if err := r.failed[name]; err != nil {
		return nil, err
	}
	if s := r.snapshots[name]; s != nil {
		return s, nil
	}
	revision, ok := r.revisions[name]
	if !ok && a.Kind != remote.HTTPS {
		for _, l := range r.Old.Below(lock.Inclusion, folder(a.Origin())) {
			if r.Update == nil || !r.Update(l) {
				revision = l.Revision
				break
			}
		}
	}
	s, err := r.Network.At(r.Context, a, revision)
	if err != nil {
		err = wrap(err)
		if r.failed == nil {
			r.failed = map[string]error{}
		}
		r.failed[name] = err
		return nil, err
	}
	if r.snapshots == nil {
		r.snapshots = map[string]Snapshot{}
	}
	r.snapshots[name] = s
	r.revise(a, s.Revision())
	return s, nil
}

// wrap makes an Error of what a network says.
func wrap(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	return &Error{Code: diag.Remote, Message: err.Error(), Err: err}
}

// Stat says what lies at a. On a host nobody can tell without asking it, so nothing does.
func (r *Locking) Stat(a remote.Address) source.Info {
	if a.Kind == remote.HTTPS {
		return source.Info{}
	}
	if m, ok := r.Mirrors.find(a); ok {
		return m.stat(a)
	}
	files := r.tree(a)
	i, found := slices.BinarySearch(files, a.Path)
	switch {
	case found:
		return source.Info{Kind: source.Regular}
	case a.Path == "" && len(files) > 0, i < len(files) && strings.HasPrefix(files[i], a.Path+"/"):
		return source.Info{Kind: source.Dir}
	}
	return source.Info{}
}

// Files are the files below the folder a, relative to it, sorted. None on a host.
func (r *Locking) Files(a remote.Address) []string {
	if a.Kind == remote.HTTPS {
		return nil
	}
	if m, ok := r.Mirrors.find(a); ok {
		return m.files(a)
	}
	prefix := a.Path + "/"
	if a.Path == "" {
		prefix = ""
	}
	var out []string
	for _, f := range r.tree(a) {
		if rest, ok := strings.CutPrefix(f, prefix); ok {
			out = append(out, rest)
		}
	}
	return out
}

// tree are the files of an origin; none when it cannot be had, which Read reports.
func (r *Locking) tree(a remote.Address) []string {
	s, err := r.snapshot(a)
	if err != nil {
		return nil
	}
	return s.Files()
}

// Image is the digest of an image that the old lock has: [Locking.Pin] resolves those that it has not.
func (r *Locking) Image(name string) (digest string, wanted bool) {
	if l, ok := r.keep(lock.Image, name); ok {
		r.add(l)
		return l.Sum, false
	}
	r.images = append(r.images, name)
	return "", false
}

// Binary is the hash of a download that the old lock has: [Locking.Pin] resolves those that it has not.
func (r *Locking) Binary(url, sums string) string {
	if l, ok := r.keep(lock.Binary, url); ok {
		r.add(l)
		return strings.TrimPrefix(l.Sum, "sha256:")
	}
	r.binaries = append(r.binaries, [2]string{url, sums})
	return ""
}

// Pin resolves the downloads that were asked for and the old lock does not have; with images, those too. It goes on after
// an error, and joins them.
func (r *Locking) Pin(images bool) error {
	var all []error
	if images {
		slices.Sort(r.images)
		for _, name := range slices.Compact(r.images) {
			digest, err := r.Network.Image(r.Context, name)
			if err == nil && !store.IsSum(digest) {
				err = fmt.Errorf("cannot use %q as the digest of %s; want sha256: and 64 digits", digest, name)
			}
			if err != nil {
				all = append(all, wrap(err))
				continue
			}
			r.add(lock.Line{Kind: lock.Image, Name: name, Sum: digest})
		}
	}
	slices.SortFunc(r.binaries, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	for _, b := range slices.Compact(r.binaries) {
		if err := r.binary(b[0], b[1]); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// maxSums is the size of a file of sums, in bytes.
const maxSums = 1 << 20

// binary resolves the hash of a download from the text that its vendor publishes: the hash alone, or the lines of
// sha256sum(1), of which that with the name of the download counts.
func (r *Locking) binary(url, sumURL string) error {
	text, err := r.Network.Text(r.Context, sumURL, maxSums)
	if err != nil {
		return wrap(err)
	}
	sum, ok := findSum(string(text), url[strings.LastIndexByte(url, '/')+1:])
	if !ok {
		return fail(diag.Remote, "write sha256 in place of sha256_url", "cannot find the SHA-256 of %s in %s", url, sumURL)
	}
	r.add(lock.Line{Kind: lock.Binary, Name: url, Sum: "sha256:" + sum})
	return nil
}

// findSum is the hash for name in the text of sums.
func findSum(text, name string) (string, bool) {
	var all []string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || !store.IsSum("sha256:"+strings.ToLower(words[0])) {
			continue
		}
		sum := strings.ToLower(words[0])
		if len(words) == 2 && strings.TrimPrefix(words[1][strings.LastIndexByte(words[1], '/')+1:], "*") == name {
			return sum, true
		}
		if len(words) == 1 || len(words) == 2 {
			all = append(all, sum)
		}
	}
	if len(all) == 1 {
		return all[0], true
	}
	return "", false
}
