package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Options are what a fetch needs of the machine.
type Options struct {
	Platform  string            // GOOS_GOARCH of this machine
	Transport http.RoundTripper // the network; see [Transport]
	Say       func(line string) // gets a line when a download starts, and for each try that failed; nil: nothing is said
	Limits    Limits            // the zero value: [DefaultLimits]
	// Progress is a terminal that shows how far a download is, on one line that is written over; nil: none.
	Progress io.Writer

	// inUse tells whether a process has something of the folder dir; nil: [processes] of /proc.
	inUse func(dir string) (bool, error)
	// step is asked before each change of the disk, so that a test can fail or end there.
	step func(what string) error
}

// Limits keep a hostile or broken download from filling the machine.
type Limits struct {
	Download int64         // bytes of a download
	Unpacked int64         // bytes of what an archive unpacks to
	Entries  int           // files, links and folders of an archive
	Idle     time.Duration // without a byte from the network
	Tries    int           // in a row without progress; a try that brought 1 MiB is progress
	Pause    time.Duration // before the second try; doubled each time, up to 30 s
}

// DefaultLimits are 2 GiB, 4 GiB unpacked, 50,000 entries, 30 s without a byte, 6 tries, the second after 1 s.
func DefaultLimits() Limits {
	return Limits{Download: 2 << 30, Unpacked: 4 << 30, Entries: 50_000, Idle: 30 * time.Second, Tries: 6, Pause: time.Second}
}

// The names within the folder that a fetch works in, which lies beside Dest.
const (
	work     = ".fetch-" // and the name of Dest
	loaded   = "download"
	tree     = "tree"
	outer    = "outer"
	archived = ".archive" // what was unpacked, where the program's name is taken in it
)

// Run does what f says, once; see the package.
func Run(ctx context.Context, f spec.Fetch, o Options) error {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	var shown func(have, size int64)
	if o.Progress != nil {
		b := &bar{to: o.Progress, now: time.Now}
		shown, o.Say = b.show, b.around(o.Say)
		defer b.clear()
	}
	a, ok := f.Artifact[o.Platform]
	if !ok {
		return fmt.Errorf("there is no artifact for %s; there is one for %s", o.Platform, strings.Join(slices.Sorted(maps.Keys(f.Artifact)), ", "))
	}
	parent, base := path.Split(f.Dest)
	there, err := complete(f)
	if err != nil {
		return err
	}
	if there {
		if _, err := os.Lstat(parent + work + base); errors.Is(err, fs.ErrNotExist) {
			return nil // without a change, so that it works on a disk that is read-only
		}
	}
	d, err := openDisk(ctx, parent, o.step)
	if err != nil {
		return err
	}
	defer d.close()
	j := job{Options: o, fetch: f, artifact: a, disk: d, dir: work + base, dest: base, shown: shown}
	// Another run may have done it until the lock was free.
	if there, err = complete(f); err == nil && !there {
		err = j.run(ctx)
	}
	if err != nil && j.goesOn {
		return err
	}
	if failed := d.root.RemoveAll(j.dir); err == nil && failed != nil {
		o.Say(fmt.Sprintf("cannot clear %s: %v", parent+j.dir, bare(failed))) // the program is in place all the same
	}
	if err == nil && !there && f.Keep > 0 {
		if failed := j.prune(); failed != nil {
			o.Say(fmt.Sprintf("cannot remove old versions: %v", failed)) // likewise
		}
	}
	return err
}

// complete tells whether the program is in place. A Dest that holds something else is an error: it is not ours to remove.
func complete(f spec.Fetch) (bool, error) {
	info, err := os.Stat(path.Join(f.Dest, f.Program))
	if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
		return true, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("cannot look for the program: %w", err)
	}
	entries, err := os.ReadDir(f.Dest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("cannot look into the folder of the program: %w", err)
	case len(entries) > 0:
		return false, fmt.Errorf("%s is there, but holds no program %q; want a folder that only octo-sidecar fetch writes: remove it and fetch again", f.Dest, f.Program)
	}
	return false, nil // an empty folder makes way
}

// job is one run that has something to do.
type job struct {
	Options
	fetch    spec.Fetch
	artifact spec.Artifact
	disk     *disk
	dir      string // the folder of the work
	dest     string // the name of Dest
	shown    func(have, size int64)
	goesOn   bool // what came of the download stays for the next run
}

func (j *job) run(ctx context.Context) error {
	begun, err := j.begun()
	if err != nil {
		return err
	}
	if err := j.download(ctx, begun); err != nil {
		return err
	}
	ready, err := j.prepare(ctx)
	if err != nil {
		return err
	}
	if err := j.disk.syncTree(ready); err != nil {
		return err
	}
	if _, err := j.disk.root.Lstat(j.dest); err == nil { // an empty folder, which complete let pass
		if err := j.disk.remove(j.dest); err != nil {
			return err
		}
	}
	if j.fetch.Keep > 0 {
		if err := j.register(ready); err != nil {
			return err
		}
	}
	if err := j.disk.rename(ready, j.dest); err != nil {
		return err
	}
	return j.disk.syncDir(".")
}

// prepare makes the folder that becomes Dest, and returns its name.
func (j *job) prepare(ctx context.Context) (string, error) {
	ready := path.Join(j.dir, tree)
	if err := j.disk.mkdir(ready, 0o755); err != nil {
		return "", err
	}
	program := path.Join(ready, j.fetch.Program)
	inside := path.Clean(j.artifact.Path)
	archive := false
	if j.artifact.Path != "" {
		var err error
		if archive, err = j.unpack(ctx, ready, inside); err != nil {
			return "", err
		}
	}
	if !archive {
		if _, err := j.disk.root.Lstat(program); errors.Is(err, fs.ErrNotExist) { // not one that was packed alone
			if err := j.disk.rename(path.Join(j.dir, loaded), program); err != nil {
				return "", err
			}
		}
		return ready, j.disk.chmod(program, 0o755)
	}
	if err := j.disk.chmod(path.Join(ready, inside), 0o755); err != nil {
		return "", err
	}
	if inside == j.fetch.Program {
		return ready, nil
	}
	if _, err := j.disk.root.Lstat(program); errors.Is(err, fs.ErrNotExist) {
		return ready, j.disk.symlink(inside, program)
	}
	// The archive has a folder or a file of the program's name: it moves one folder down.
	if j.same(program, path.Join(ready, inside)) {
		return ready, nil
	}
	whole := path.Join(j.dir, outer)
	if err := j.disk.mkdir(whole, 0o755); err != nil {
		return "", err
	}
	if err := j.disk.rename(ready, path.Join(whole, archived)); err != nil {
		return "", err
	}
	return whole, j.disk.symlink(path.Join(archived, inside), path.Join(whole, j.fetch.Program))
}

// same tells whether both names mean one file, as where the archive has a link of its own.
func (j *job) same(a, b string) bool {
	one, err := j.disk.root.Stat(a)
	if err != nil {
		return false
	}
	other, err := j.disk.root.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// show is an address as it may stand in a message: without a password, and without the query, which may sign it.
func show(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}

// cause is err without the operation and address that os and net/http put before it.
func cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
