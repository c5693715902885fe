package fetch

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// magics tell what a download is, by its first bytes.
var magics = []struct {
	begins string
	format string
}{
	{"\x1f\x8b", "gzip"}, {"BZh", "bzip2"}, {"PK\x03\x04", "zip"}, {"PK\x05\x06", "zip"},
	{"\xfd7zXZ\x00", "xz"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"\x50\x2a\x4d\x18", "zstd"}, // the latter as pzstd(1) begins
	{"7z\xbc\xaf\x27\x1c", "7z"}, {"Rar!", "rar"},
}

// maxWindow is the most that a zstd frame may want to look back, in bytes, which is the memory that unpacking takes; the
// same as zstd(1) takes without --long=28 and above.
const maxWindow = 128 << 20

// block is the size of a tar header, in bytes.
const block = 512

// unpack puts the archive into the folder to, where it must hold the file inside. It returns false where the download
// is no archive: it is the program, or a single packed program, which then lies in to.
func (j *job) unpack(ctx context.Context, to, inside string) (bool, error) {
	f, err := j.disk.root.Open(path.Join(j.dir, loaded))
	if err != nil {
		return false, fmt.Errorf("cannot read the download: %w", bare(err))
	}
	defer f.Close()
	begin := make([]byte, block)
	n, err := f.ReadAt(begin, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("cannot read the download: %w", bare(err))
	}
	format := ""
	for _, m := range magics {
		if bytes.HasPrefix(begin[:n], []byte(m.begins)) {
			format = m.format
			break
		}
	}
	w := &writer{disk: j.disk, to: to, limits: j.Limits, dirs: map[string]bool{".": true}}
	var archive bool
	switch format {
	case "xz", "7z", "rar":
		return false, fmt.Errorf("cannot unpack %s: it is packed with %s; want tar, tar.gz, tar.bz2, tar.zst or zip", show(j.artifact.URL), format)
	case "zip":
		archive, err = true, w.zip(ctx, f)
	default:
		archive, err = w.stream(ctx, f, format, j.fetch.Program)
	}
	if err != nil {
		return false, fmt.Errorf("cannot unpack %s: %w", show(j.artifact.URL), err)
	}
	if !archive {
		return false, nil
	}
	return true, w.has(inside)
}

// stream unpacks what can be read from front to back: tar, packed or not, or one packed program.
func (w *writer) stream(ctx context.Context, f *os.File, format, program string) (archive bool, err error) {
	r := io.Reader(bufio.NewReaderSize(f, 64<<10))
	switch format {
	case "gzip":
		if r, err = gzip.NewReader(r); err != nil {
			return false, err
		}
	case "bzip2":
		r = bzip2.NewReader(r)
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return false, err
		}
		defer z.Close()
		r = z
	}
	// What is skipped counts too: extended headers, and files that are refused later.
	unpacked := bufio.NewReaderSize(&capped{r, w.limits.Unpacked, w.limits.Unpacked}, 64<<10)
	begin, err := unpacked.Peek(block)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	switch {
	case isTar(begin):
		return true, w.tar(ctx, unpacked)
	case format != "":
		return false, w.file(ctx, program, unpacked, true)
	}
	return false, nil
}

// isTar tells whether a header's own sum is right (pax(1), ustar header block: octal digits at 148, read as spaces).
func isTar(header []byte) bool {
	if len(header) < block {
		return false
	}
	want, err := strconv.ParseInt(strings.Trim(string(header[148:156]), " \x00"), 8, 64)
	if err != nil {
		return false
	}
	sum := int64(8 * ' ')
	for i, b := range header[:block] {
		if i < 148 || i >= 156 {
			sum += int64(b)
		}
	}
	return sum == want
}

// capped reads up to a limit, and fails behind it.
type capped struct {
	r     io.Reader
	left  int64
	limit int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p[:min(int64(len(p)), c.left+1)])
	if c.left -= int64(n); c.left < 0 {
		return 0, tooBig(c.limit)
	}
	return n, err
}

func tooBig(limit int64) error { return fmt.Errorf("it unpacks to more than %s", bytesText(limit)) }

// writer puts the entries of an archive into a folder that is empty at first; what is in it, it made.
type writer struct {
	disk    *disk
	to      string
	limits  Limits
	dirs    map[string]bool // the folders, by their paths
	entries int
	bytes   int64
	some    []string // a few programs, for a message
}

const (
	maxName = 1024 // bytes of a path or of a link's target
	maxSome = 5
)

// name is the path of an entry, clean; "." is the folder itself.
func (w *writer) name(entry string) (string, error) {
	if w.entries++; w.entries > w.limits.Entries {
		return "", fmt.Errorf("it has more than %d entries", w.limits.Entries)
	}
	switch {
	case entry == "" || len(entry) > maxName || strings.ContainsAny(entry, "\x00\\"):
		return "", fmt.Errorf("it has an entry named %q; want a path with /", shorten(entry))
	case !local(entry):
		return "", fmt.Errorf("the entry %q leaves the archive", entry)
	}
	return path.Clean(entry), nil
}

func shorten(s string) string { return s[:min(len(s), 100)] }

// local tells whether p is relative and has no "..".
func local(p string) bool {
	if path.IsAbs(p) {
		return false
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return false
		}
	}
	return true
}

// dir makes a folder and those above it. Only folders that this run made count: a way through a link is refused.
func (w *writer) dir(name string) error {
	if w.dirs[name] {
		return nil
	}
	if err := w.dir(path.Dir(name)); err != nil {
		return err
	}
	if len(w.dirs) > w.limits.Entries {
		return fmt.Errorf("it has more than %d entries", w.limits.Entries)
	}
	err := w.disk.mkdir(path.Join(w.to, name), 0o755)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("the entry %q is a folder, and something else", name)
	}
	w.dirs[name] = err == nil
	return err
}

// file writes one file.
func (w *writer) file(ctx context.Context, name string, content io.Reader, executable bool) error {
	if err := w.dir(path.Dir(name)); err != nil {
		return err
	}
	f, err := w.disk.create(path.Join(w.to, name), 0o600)
	if err != nil {
		return twice(name, err)
	}
	defer f.drop()
	buf := make([]byte, 64<<10)
	for {
		n, err := content.Read(buf)
		if w.bytes += int64(n); w.bytes > w.limits.Unpacked {
			return tooBig(w.limits.Unpacked)
		}
		if n > 0 {
			if _, err := f.Write(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	mode := fs.FileMode(0o644)
	if executable {
		mode = 0o755
		if len(w.some) < maxSome {
			w.some = append(w.some, name)
		}
	}
	return f.done(mode)
}

// symlink makes a link whose target stays within the archive. Its ".." may only lead, and the folders of its own path
// are no links, so that what the path says is where it leads; what follows goes down, or through links of the same kind.
func (w *writer) symlink(name, target string) error {
	up, named := true, false
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "..":
			up = up && !named
		case "", ".":
		default:
			named = true
		}
	}
	if !up || target == "" || len(target) > maxName || strings.ContainsRune(target, 0) || path.IsAbs(target) || !local(path.Join(path.Dir(name), target)) {
		return fmt.Errorf("the link %q leads to %q, out of the archive", name, shorten(target))
	}
	if err := w.dir(path.Dir(name)); err != nil {
		return err
	}
	return twice(name, w.disk.symlink(target, path.Join(w.to, name)))
}

// link makes another name of a file of this archive.
func (w *writer) link(name, old string) error {
	if old == "" || len(old) > maxName || !local(old) {
		return fmt.Errorf("the link %q leads to %q, out of the archive", name, shorten(old))
	}
	old = path.Join(w.to, path.Clean(old))
	if info, err := w.disk.root.Lstat(old); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("the link %q leads to something that is no file before it", name)
	}
	if err := w.dir(path.Dir(name)); err != nil {
		return err
	}
	return twice(name, w.disk.link(old, path.Join(w.to, name)))
}

func twice(name string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("it has the entry %q twice", name)
	}
	return err
}

// has tells whether the program is among what was unpacked.
func (w *writer) has(inside string) error {
	info, err := w.disk.root.Stat(path.Join(w.to, inside))
	if err == nil && info.Mode().IsRegular() {
		return nil
	}
	if len(w.some) == 0 {
		return fmt.Errorf("the archive has no file %q", inside)
	}
	return fmt.Errorf("the archive has no file %q; it has %s", inside, strings.Join(w.some, ", "))
}
