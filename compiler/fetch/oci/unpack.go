package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
)

// packed are the ends of media types of packed folders, and how they are packed.
var packed = []struct{ suffix, how string }{
	{".tar+gzip", "gzip"},
	{".tar.gzip", "gzip"},
	{".tar", "tar"},
}

func unpackable(mediaType string) string {
	for _, p := range packed {
		if strings.HasSuffix(mediaType, p.suffix) {
			return p.how
		}
	}
	return ""
}

// budget is what may still be unpacked of one artifact.
type budget struct {
	bytes int64 // of all, with the headers and the padding of the archives
	out   int64 // of all files: those with holes are larger than what the archive holds
	file  int64 // of one file
	files int
}

// unpack takes the files of a layer that is an archive.
func (a *Artifact) unpack(ctx context.Context, l ocispec.Descriptor, how string, left *budget) error {
	data, err := a.registries.blob(ctx, a.base, l, a.seen)
	if err != nil {
		return err
	}
	var r io.Reader = bytes.NewReader(data)
	if how == "gzip" {
		if r, err = gzip.NewReader(r); err != nil {
			return a.fail(nil, "cannot unpack a layer: %s", guard.Clean(err.Error()))
		}
	}
	if err := a.untar(r, left); err != nil {
		if e := (*guard.Error)(nil); errors.As(err, &e) || errors.Is(err, guard.ErrLimit) {
			return err
		}
		return a.fail(nil, "cannot unpack a layer: %s", guard.Clean(err.Error()))
	}
	return nil
}

// capped gives an error, and not an end, after so many bytes: all that comes out of gzip counts, also what tar skips.
type capped struct {
	r    io.Reader
	left *int64
	err  error
}

func (c capped) Read(p []byte) (int, error) {
	if *c.left <= 0 {
		return 0, c.err
	}
	if int64(len(p)) > *c.left {
		p = p[:*c.left]
	}
	n, err := c.r.Read(p)
	*c.left -= int64(n)
	return n, err
}

// kinds are entries of an archive that are refused, with their names.
var kinds = []struct {
	flag byte
	name string
}{
	{tar.TypeSymlink, "a symlink"},
	{tar.TypeLink, "a hard link"},
	{tar.TypeChar, "a device"},
	{tar.TypeBlock, "a device"},
	{tar.TypeFifo, "a pipe"},
}

func (a *Artifact) untar(r io.Reader, left *budget) error {
	total := a.registries.guard.MaxTree
	t := tar.NewReader(capped{r, &left.bytes, guard.TooLarge("all of it, unpacked,", total)})
	for entries := 0; ; entries++ {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if entries > 2*a.registries.guard.MaxFiles { // folders too
			return fmt.Errorf("%w: an archive has more than %d entries", guard.ErrLimit, entries)
		}
		name := strings.TrimPrefix(h.Name, "./")
		switch h.Typeflag {
		case tar.TypeDir:
			if dir := strings.TrimSuffix(name, "/"); dir != "" && dir != "." && checkName(dir) != nil {
				return checkName(dir)
			}
			continue
		case tar.TypeXGlobalHeader:
			continue
		case tar.TypeReg:
		default:
			what := fmt.Sprintf("an entry of type %q", h.Typeflag)
			for _, k := range kinds {
				if k.flag == h.Typeflag {
					what = k.name
				}
			}
			return fmt.Errorf("%q is %s; want files and folders only", guard.Clean(h.Name), what)
		}
		if left.files--; left.files < 0 {
			return fmt.Errorf("%w: it has more than %d files", guard.ErrLimit, a.registries.guard.MaxFiles)
		}
		if h.Size > left.file {
			return guard.TooLarge(fmt.Sprintf("%q", guard.Clean(path.Base(name))), left.file)
		}
		if left.out -= h.Size; left.out < 0 {
			return guard.TooLarge("all of it, unpacked,", total)
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		if err := a.add(name, &file{data: data, have: true}); err != nil {
			return err
		}
	}
}
