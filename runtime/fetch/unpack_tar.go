package fetch

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
)

// tar unpacks a tar archive. Owners, times and the bits setuid, setgid and sticky are left out.
func (w *writer) tar(ctx context.Context, r io.Reader) error {
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeXGlobalHeader { // git archive's comment
			continue
		}
		name, err := w.name(h.Name)
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = w.dir(name)
		case tar.TypeReg, tar.TypeGNUSparse:
			err = w.file(ctx, name, archive, h.Mode&0o111 != 0)
		case tar.TypeSymlink:
			err = w.symlink(name, h.Linkname)
		case tar.TypeLink:
			err = w.link(name, h.Linkname)
		default:
			err = fmt.Errorf("the entry %q is a device or the like (type %q); want files, folders and links", name, h.Typeflag)
		}
		if err != nil {
			return err
		}
	}
}
