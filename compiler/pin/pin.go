package pin

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"aead.dev/minisign"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/store"
)

// Error is why something cannot be had, with what to do about it.
type Error struct {
	Code    diag.Code
	Message string
	Help    string
	Err     error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Finding is the error as a finding has it.
func (e *Error) Finding() (diag.Code, string) { return e.Code, e.Help }

func fail(code diag.Code, help, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Help: help}
}

// SignatureSuffix is what the name of a signature has behind that of its file, as minisign(1) writes it.
const SignatureSuffix = ".minisig"

// Locked reads what the lock has.
type Locked struct {
	// Lock is octo.lock; nil when there is none.
	Lock *lock.File
	// Store holds what was fetched.
	Store *store.Store
	// Mirrors stand for parts of the network.
	Mirrors Mirrors

	used map[lock.Line]bool
}

// Read returns the file at a.
func (r *Locked) Read(a remote.Address) ([]byte, error) { return signed(a, r.read) }

func (r *Locked) read(a remote.Address) ([]byte, error) {
	name := a.String()
	line, locked := r.Lock.Get(lock.Inclusion, name)
	if locked {
		r.use(line)
	}
	if m, ok := r.Mirrors.find(a); ok {
		data, err := m.read(a)
		if err == nil && locked && store.Sum(data) != line.Sum {
			return nil, fail(diag.Lock, "octo lock --check tells what changed; octo lock --update takes it",
				"%s differs from what octo.lock has, in the mirror %s", name, m.Dir)
		}
		return data, err
	}
	switch {
	case r.Lock == nil:
		return nil, fail(diag.Lock, "octo lock fetches it and writes octo.lock", "cannot read %s: there is no octo.lock, and compile fetches nothing", name)
	case !locked:
		return nil, fail(diag.Lock, "octo lock fetches it and adds the line", "cannot read %s: it is not in octo.lock", name)
	}
	data, err := r.Store.Get(line.Sum)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fail(diag.Remote, "octo fetch fetches what octo.lock has", "cannot read %s: it was not fetched on this machine", name)
	case err != nil:
		return nil, &Error{Code: diag.Lock, Message: fmt.Sprintf("cannot read %s: %v", name, err), Help: "octo fetch fetches it anew", Err: err}
	}
	return data, nil
}

// Stat says what lies at a, as far as the lock or a mirror tells. On a host nobody can tell without asking it, so nothing
// does.
func (r *Locked) Stat(a remote.Address) source.Info {
	if a.Kind == remote.HTTPS {
		return source.Info{}
	}
	if m, ok := r.Mirrors.find(a); ok {
		return m.stat(a)
	}
	if _, ok := r.Lock.Get(lock.Inclusion, a.String()); ok {
		return source.Info{Kind: source.Regular}
	}
	if len(r.Lock.Below(lock.Inclusion, folder(a))) > 0 {
		return source.Info{Kind: source.Dir}
	}
	return source.Info{}
}

// Files are the files below the folder a, relative to it, sorted. None on a host.
func (r *Locked) Files(a remote.Address) []string {
	if a.Kind == remote.HTTPS {
		return nil
	}
	if m, ok := r.Mirrors.find(a); ok {
		return m.files(a)
	}
	var out []string
	for _, l := range r.Lock.Below(lock.Inclusion, folder(a)) {
		if b, err := remote.Parse(l.Name); err == nil {
			out = append(out, strings.TrimPrefix(strings.TrimPrefix(b.Path, a.Path), "/"))
		}
	}
	slices.Sort(out)
	return out
}

// folder is how the names of all files below a begin.
func folder(a remote.Address) string {
	if a.Path != "" {
		return a.String() + "/"
	}
	a.Path = "x"
	return strings.TrimSuffix(a.String(), "x")
}

// Image is the digest of an image, by its full name with its tag; "" when the lock has none. wanted: it has some.
func (r *Locked) Image(name string) (digest string, wanted bool) {
	return r.sum(lock.Image, name), len(r.Lock.Below(lock.Image, "")) > 0
}

// Binary is the hash of a download, as 64 hexadecimal digits; "" when the lock has none.
func (r *Locked) Binary(url, _ string) string {
	return strings.TrimPrefix(r.sum(lock.Binary, url), "sha256:")
}

func (r *Locked) sum(k lock.Kind, name string) string {
	line, ok := r.Lock.Get(k, name)
	if !ok {
		return ""
	}
	r.use(line)
	return line.Sum
}

func (r *Locked) use(l lock.Line) {
	if r.used == nil {
		r.used = map[lock.Line]bool{}
	}
	r.used[l] = true
}

// Unused are the lines that nothing has asked for yet.
func (r *Locked) Unused() []lock.Line {
	var out []lock.Line
	for _, l := range r.Lock.Lines() {
		if !r.used[l] {
			out = append(out, l)
		}
	}
	return out
}

// signed reads a, and its signature where a must have one.
func signed(a remote.Address, read func(remote.Address) ([]byte, error)) ([]byte, error) {
	data, err := read(a)
	if err != nil || a.Key == "" {
		return data, err
	}
	const help = "minisign -Vm FILE -P KEY tells more; ask the vendor, or delete verify when nothing is signed there"
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(a.Key)); err != nil {
		return nil, fail(diag.Signature, "write the key of the vendor as minisign prints it: RW and 54 more letters", "cannot read the key of verify: %v", err)
	}
	sig := a
	sig.Path, sig.Query = a.Path+SignatureSuffix, a.Query
	text, err := read(sig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(diag.Signature, help, "%s is not signed: there is no %s beside it", a, SignatureSuffix)
	}
	if err != nil {
		return nil, err
	}
	if !minisign.Verify(key, data, text) {
		return nil, fail(diag.Signature, help, "the signature of %s is not one of %s over these bytes", a, key)
	}
	return data, nil
}
