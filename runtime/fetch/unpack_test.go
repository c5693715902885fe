package fetch

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Archives that mean harm, or are broken: refused with the entry's name, nothing is left, and nothing outside is touched.
func TestHostileArchives(t *testing.T) {
	many := make([]entry, 21)
	for i := range many {
		many[i] = entry{name: fmt.Sprint(i)}
	}
	deep := []entry{{name: strings.Repeat("d/", 30) + "x"}}
	program := entry{name: "worker", content: text}
	symlink := func(name, to string) entry { return entry{name: name, kind: tar.TypeSymlink, content: to, mode: 0o777} }
	hard := func(name, to string) entry { return entry{name: name, kind: tar.TypeLink, content: to} }
	torn := gz(t, tarOf(t, program, entry{name: "x", content: strings.Repeat("x", 5000)}))
	tornZst := zst(t, tarOf(t, program, entry{name: "x", content: strings.Repeat("xyz", 5000)}))
	flipped := bytes.Clone(tornZst)
	flipped[len(flipped)-2] ^= 1 // of the checksum
	bomb := make([]byte, 2<<20)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"absolute", tarOf(t, entry{name: "/etc/x"}), `the entry "/etc/x" leaves the archive`},
		{"parent", tarOf(t, entry{name: "a/../../x"}), "leaves the archive"},
		{"parent that stays", tarOf(t, entry{name: "a/../x"}), "leaves the archive"},
		{"backslash", tarOf(t, entry{name: `..\x`}), "want a path with /"},
		{"long name", tarOf(t, entry{name: strings.Repeat("x", 1025)}), "want a path with /"},
		{"link out, absolute", tarOf(t, symlink("x", "/etc/passwd")), `the link "x" leads to "/etc/passwd", out of the archive`},
		{"link out, relative", tarOf(t, symlink("a/x", "../../y")), "out of the archive"},
		{"link out by a detour", tarOf(t, symlink("d", "."), symlink("x", "d/../../y")), "out of the archive"},
		{"link through a link", tarOf(t, symlink("d", "."), symlink("x", "d/../y")), "out of the archive"},
		{"link to nothing", tarOf(t, symlink("x", "")), "out of the archive"},
		{"file through a link", tarOf(t, symlink("d", "."), entry{name: "d/x"}), `the entry "d" is a folder, and something else`},
		{"file over a link", tarOf(t, symlink("x", "y"), entry{name: "x"}), `the entry "x" twice`},
		{"file twice", tarOf(t, entry{name: "x"}, entry{name: "./x"}), `the entry "x" twice`},
		{"folder over a file", tarOf(t, entry{name: "x"}, entry{name: "x", kind: tar.TypeDir, mode: 0o755}), "is a folder, and something else"},
		{"hard link out", tarOf(t, hard("x", "../../etc/passwd")), "out of the archive"},
		{"hard link, absolute", tarOf(t, hard("x", "/etc/passwd")), "out of the archive"},
		{"hard link to nothing", tarOf(t, hard("x", "y")), "no file before it"},
		{"hard link to a link", tarOf(t, symlink("y", "z"), hard("x", "y")), "no file before it"},
		{"fifo", tarOf(t, entry{name: "x", kind: tar.TypeFifo}), `the entry "x" is a device or the like`},
		{"device", tarOf(t, entry{name: "x", kind: tar.TypeBlock}), "is a device or the like"},
		{"many entries", tarOf(t, many...), "more than 20 entries"},
		{"many folders in one entry", tarOf(t, deep...), "more than 20 entries"},
		{"bomb", gz(t, tarOf(t, entry{name: "x", content: string(bomb)})), "unpacks to more than 1.0 MiB"},
		{"bomb of one program", gz(t, bomb), "unpacks to more than 1.0 MiB"},
		{"torn gzip", torn[:len(torn)-20], "unexpected EOF"},
		{"torn tar", tarOf(t, program, entry{name: "x", content: strings.Repeat("x", 5000)})[:3000], "unexpected EOF"},
		{"no gzip after all", []byte("\x1f\x8b nonsense nonsense"), "cannot unpack"},
		{"no zip after all", []byte("PK\x03\x04 nonsense nonsense"), "cannot unpack"},
		{"xz", []byte("\xfd7zXZ\x00 and more"), "packed with xz; want tar, tar.gz, tar.bz2, tar.zst or zip"},
		{"bomb, zstd", zst(t, tarOf(t, entry{name: "x", content: string(bomb)})), "unpacks to more than 1.0 MiB"},
		{"bomb of one program, zstd", zst(t, bomb), "unpacks to more than 1.0 MiB"},
		{"bomb of frames, zstd", bytes.Repeat(zst(t, make([]byte, 100<<10)), 20), "unpacks to more than 1.0 MiB"},
		{"a window of 256 MiB, zstd", []byte("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00"), "window size"},
		{"torn zstd", tornZst[:len(tornZst)-20], "unexpected EOF"},
		{"a flipped bit, zstd", flipped, "cannot unpack"},
		{"no zstd after all", []byte("\x28\xb5\x2f\xfd and more"), "cannot unpack"},
		{"without the program", tarOf(t, entry{name: "bin/x", mode: 0o755}, entry{name: "y"}), `the archive has no file "worker"; it has bin/x`},
		{"the program is a folder", tarOf(t, entry{name: "worker/x"}), `the archive has no file "worker"`},
		{"the program is a link in a circle", tarOf(t, symlink("worker", "x"), symlink("x", "worker")), `the archive has no file "worker"`},
		{"zip, parent", zipOf(t, entry{name: "../x"}), "leaves the archive"},
		{"zip, absolute", zipOf(t, entry{name: "/x"}), "leaves the archive"},
		{"zip, backslash", zipOf(t, entry{name: `a\x`}), "want a path with /"},
		{"zip, link out", zipOf(t, symlink("x", "../y")), "out of the archive"},
		{"zip, long link", zipOf(t, symlink("x", strings.Repeat("y", 2000))), "out of the archive"},
		{"zip, fifo", zipOf(t, entry{name: "x", kind: tar.TypeFifo}), "is a device or the like"},
		{"zip, bomb", zipOf(t, entry{name: "x", content: string(bomb)}), "unpacks to more than 1.0 MiB"},
		{"zip, many", zipOf(t, many...), "more than 20 entries"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serve(t, c.data)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "y"), []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			err := Run(t.Context(), specOf(dir+"/bin/v1", spec.Artifact{URL: srv.URL + "/x", SHA256: hexSum(c.data), Path: "worker"}), options(t, srv))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if got := strings.Join(look(t, dir), "\n"); got != "-rw------- y mine\ndrwxr-xr-x bin" && got != "drwxr-xr-x bin\n-rw------- y mine" {
				t.Errorf("left:\n%s", got)
			}
		})
	}
}

// The directory of a zip archive is held in memory: it has a limit of its own.
func TestZipDirectory(t *testing.T) {
	d := &directory{r: strings.NewReader("0123456789"), left: 5}
	if _, err := d.ReadAt(make([]byte, 5), 0); err != nil {
		t.Error(err)
	}
	if _, err := d.ReadAt(make([]byte, 1), 5); err == nil {
		t.Error("reads on behind the limit")
	}
}

// However much of a tar.zst is missing: refused, and nothing is left.
func TestTruncatedZst(t *testing.T) {
	whole := zst(t, tarOf(t, entry{name: "worker", content: text}, entry{name: "x", content: strings.Repeat("0123456789", 300)}))
	for n := 5; n < len(whole); n++ {
		srv := serve(t, whole[:n])
		dir := t.TempDir()
		err := Run(t.Context(), specOf(dir+"/v1", spec.Artifact{URL: srv.URL + "/x", SHA256: hexSum(whole[:n]), Path: "worker"}), options(t, srv))
		if left := look(t, dir); err == nil || len(left) != 0 {
			t.Errorf("%d of %d bytes: %v, left %q", n, len(whole), err, left)
		}
		srv.Close()
	}
}
