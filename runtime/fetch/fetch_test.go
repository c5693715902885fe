package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/octocompose/octocompose/runtime/spec"
)

// entry is one of an archive. A link's content is its target.
type entry struct {
	name    string
	kind    byte // of tar; 0 is a file
	mode    int64
	content string
}

const text = "program" // what the program of all these tests is

func tarOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: e.mode}
		switch e.kind {
		case 0, tar.TypeReg:
			h.Typeflag, h.Size = tar.TypeReg, int64(len(e.content))
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname = e.content
		case tar.TypeXGlobalHeader:
			h = &tar.Header{Typeflag: e.kind, PAXRecords: map[string]string{"comment": e.content}}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(e.content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zst(t *testing.T, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}

func zipOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		mode := fs.FileMode(e.mode)
		switch e.kind {
		case tar.TypeSymlink:
			mode |= fs.ModeSymlink
		case tar.TypeFifo:
			mode |= fs.ModeNamedPipe
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.content)); err != nil && !strings.HasSuffix(e.name, "/") {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// serve answers every path with data.
func serve(t *testing.T, data []byte) *httptest.Server {
	t.Helper()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }))
	t.Cleanup(srv.Close)
	return srv
}

// quick are limits that fit a test.
func quick() Limits {
	return Limits{Download: 1 << 20, Unpacked: 1 << 20, Entries: 20, Idle: 10 * time.Second, Tries: 3, Pause: time.Millisecond}
}

func options(t *testing.T, srv *httptest.Server) Options {
	t.Helper()
	network := Transport(nil)
	if srv.TLS != nil {
		network.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig
	}
	t.Cleanup(network.CloseIdleConnections)
	return Options{Platform: "linux_amd64", Transport: network, Limits: quick()}
}

func specOf(dest string, a spec.Artifact) spec.Fetch {
	return spec.Fetch{Kind: spec.KindFetch, Dest: dest, Program: "worker", Artifact: map[string]spec.Artifact{"linux_amd64": a}}
}

// look is what lies below dir: paths, modes, targets of links, contents.
func look(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		line := info.Mode().String() + " " + rel
		switch {
		case info.Mode().Type() == fs.ModeSymlink:
			target, _ := os.Readlink(p)
			line = "link " + rel + " " + target
		case info.Mode().IsRegular():
			data, _ := os.ReadFile(p)
			line += " " + string(data)
		}
		found = append(found, line)
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return found
}

func TestRun(t *testing.T) {
	release := []entry{
		{kind: tar.TypeXGlobalHeader, content: "commit"},
		{name: "./", kind: tar.TypeDir, mode: 0o700},
		{name: "./README", mode: 0o600, content: "read"},
		{name: "./bin/tool-1.2", mode: 0o4711, content: text},
		{name: "./bin/tool", kind: tar.TypeSymlink, content: "tool-1.2"},
		{name: "./share/again", kind: tar.TypeLink, content: "./README"},
	}
	unpacked := []string{"-rw-r--r-- README read", "drwxr-xr-x bin", "link bin/tool tool-1.2", "-rwxr-xr-x bin/tool-1.2 " + text, "drwxr-xr-x share", "-rw-r--r-- share/again read"}
	bz, err := base64.StdEncoding.DecodeString(bzip)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data []byte
		path string
		want []string
	}{
		{"the download is the program", []byte(text), "", []string{"-rwxr-xr-x worker " + text}},
		{"an archive without path is not unpacked", gz(t, []byte(text)), "", []string{"-rwxr-xr-x worker " + string(gz(t, []byte(text)))}},
		{"path of a download that is no archive", []byte(text), "tool", []string{"-rwxr-xr-x worker " + text}},
		{"one packed program", gz(t, []byte(text)), "tool", []string{"-rwxr-xr-x worker " + text}},
		{"tar", tarOf(t, release...), "bin/tool-1.2", append(slices.Clone(unpacked), "link worker bin/tool-1.2")},
		{"tar.gz, the program by a link in the archive", gz(t, tarOf(t, release...)), "./bin/tool", append(slices.Clone(unpacked), "link worker bin/tool")},
		{"tar.bz2", bz, "bin/worker", []string{"drwxr-xr-x bin", "-rwxr-xr-x bin/worker " + text, "link worker bin/worker"}},
		{"tar.zst", zst(t, tarOf(t, release...)), "bin/tool-1.2", append(slices.Clone(unpacked), "link worker bin/tool-1.2")},
		{"tar.zst of two frames, as pzstd makes it", slices.Concat([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00size"), zst(t, tarOf(t, release...)[:1000]), zst(t, tarOf(t, release...)[1000:])), "bin/tool-1.2",
			append(slices.Clone(unpacked), "link worker bin/tool-1.2")},
		{"one program packed with zstd", zst(t, []byte(text)), "tool", []string{"-rwxr-xr-x worker " + text}},
		{"zip", zipOf(t, entry{name: "a/", mode: 0o755}, entry{name: "a/x", content: text, mode: 0o644}, entry{name: "y", kind: tar.TypeSymlink, content: "a/x", mode: 0o777}), "a/x",
			[]string{"drwxr-xr-x a", "-rwxr-xr-x a/x " + text, "link worker a/x", "link y a/x"}},
		{"the program has its name in the archive", tarOf(t, entry{name: "worker", content: text}), "worker", []string{"-rwxr-xr-x worker " + text}},
		{"the archive has a folder of that name", tarOf(t, entry{name: "worker/worker", content: text}), "worker/worker",
			[]string{"drwxr-xr-x .archive", "drwxr-xr-x .archive/worker", "-rwxr-xr-x .archive/worker/worker " + text, "link worker .archive/worker/worker"}},
		{"the archive has a link of that name to the program", tarOf(t, entry{name: "bin/x", content: text}, entry{name: "worker", kind: tar.TypeSymlink, content: "bin/x"}), "bin/x",
			[]string{"drwxr-xr-x bin", "-rwxr-xr-x bin/x " + text, "link worker bin/x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serve(t, c.data)
			parent := filepath.Join(t.TempDir(), "var", "bin")
			f := specOf(parent+"/3f1c", spec.Artifact{URL: srv.URL + "/worker", SHA256: hexSum(c.data), Path: c.path})
			if err := Run(t.Context(), f, options(t, srv)); err != nil {
				t.Fatal(err)
			}
			if got := look(t, f.Dest); !slices.Equal(got, c.want) {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
			if data, err := os.ReadFile(f.Dest + "/worker"); err != nil || !bytes.HasPrefix(data, []byte(text)) && c.path != "" {
				t.Errorf("the program is %q, %v", data, err)
			}
			if left := look(t, parent); len(left) != len(c.want)+1 {
				t.Errorf("something is left: %q", left)
			}
		})
	}
}

// bzip is a tar.bz2 with the program bin/worker; Go reads the format and does not write it.
const bzip = "QlpoOTFBWSZTWUCC/g4AAG57gMmAAAhAAOKAAQByq96ACAggAFQ0iZGjTQZMCP1QSSIaaGgyAB9zEchBtUhCL68IErowQIYGN5PE9hGTkFuGggpjFDbHNbTbOy/jduHekk9oiAfi7kinChIIEF/BwA=="

// What is there is left alone, without a network; what somebody else put there is not removed; an empty folder is used.
func TestRunAgain(t *testing.T) {
	asked := 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; _, _ = w.Write([]byte(text)) }))
	defer srv.Close()
	dir := t.TempDir()
	f := specOf(dir+"/v1", spec.Artifact{URL: srv.URL, SHA256: hexSum([]byte(text))})
	if err := os.Mkdir(f.Dest, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Run(t.Context(), f, options(t, srv)); err != nil || asked != 1 {
			t.Fatalf("got %v after %d requests; want one", err, asked)
		}
	}
	other := f
	other.Program = "other"
	if err := Run(t.Context(), other, options(t, srv)); err == nil || !strings.Contains(err.Error(), `holds no program "other"`) {
		t.Errorf("a folder of somebody else: got %v", err)
	}
	if got := look(t, f.Dest); len(got) != 1 {
		t.Errorf("it was changed: %q", got)
	}
	o := options(t, srv)
	o.Platform = "linux_arm64"
	if err := Run(t.Context(), f, o); err == nil || err.Error() != "there is no artifact for linux_arm64; there is one for linux_amd64" {
		t.Errorf("another platform: got %v", err)
	}
}

// Two runs at once: one waits for the other, and finds the work done.
func TestRunTwice(t *testing.T) {
	asked, first := make(chan struct{}, 9), make(chan struct{})
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-first
		_, _ = w.Write([]byte(text))
	}))
	defer srv.Close()
	f := specOf(t.TempDir()+"/v1", spec.Artifact{URL: srv.URL, SHA256: hexSum([]byte(text))})
	ends := make(chan error, 2)
	go func() { ends <- Run(context.Background(), f, options(t, srv)) }()
	<-asked // the first has the lock
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := Run(short, f, options(t, srv)); err == nil || !strings.Contains(err.Error(), "another process holds it") {
		t.Errorf("got %v, want the lock to be held", err)
	}
	go func() { ends <- Run(context.Background(), f, options(t, srv)) }()
	close(first)
	for range 2 {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	if len(asked) != 0 {
		t.Errorf("downloaded %d times", len(asked)+1)
	}
}
