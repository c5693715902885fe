package fetch

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxDirectory is the most that the directory of a zip archive may have, in bytes: it is read into memory as a whole.
const maxDirectory = 32 << 20

// zip unpacks a zip archive.
func (w *writer) zip(ctx context.Context, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	limited := &directory{r: f, left: maxDirectory}
	archive, err := zip.NewReader(limited, info.Size())
	if err != nil {
		return err
	}
	limited.left = -1
	for _, e := range archive.File {
		name, err := w.name(e.Name)
		if err != nil {
			return err
		}
		if err := w.zipEntry(ctx, e, name); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) zipEntry(ctx context.Context, e *zip.File, name string) error {
	mode := e.Mode()
	switch {
	case e.Flags&1 != 0:
		return fmt.Errorf("the entry %q is encrypted", name)
	case strings.HasSuffix(e.Name, "/") || mode.IsDir():
		return w.dir(name)
	case mode.Type() != 0 && mode.Type() != fs.ModeSymlink:
		return fmt.Errorf("the entry %q is a device or the like; want files, folders and links", name)
	}
	content, err := e.Open()
	if err != nil {
		return fmt.Errorf("the entry %q: %w", name, err)
	}
	defer content.Close()
	if mode.Type() == 0 {
		return w.file(ctx, name, content, mode&0o111 != 0)
	}
	target, err := io.ReadAll(io.LimitReader(content, maxName+1))
	if err != nil {
		return fmt.Errorf("the entry %q: %w", name, err)
	}
	return w.symlink(name, string(target))
}

// directory counts what is read of an archive's directory; below 0 it counts no more.
type directory struct {
	r    io.ReaderAt
	left int64
}

func (d *directory) ReadAt(p []byte, off int64) (int, error) {
	n, err := d.r.ReadAt(p, off)
	if d.left >= 0 {
		if d.left -= int64(n); d.left < 0 {
			return 0, fmt.Errorf("its directory has more than %s", bytesText(maxDirectory))
		}
	}
	return n, err
}
