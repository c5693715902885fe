package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// What an engine reads: the manifest names a config and a layer that are there, and the config the layer's digest.
func TestWrite(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("static"), 0o600); err != nil {
		t.Fatal(err)
	}
	img := &Image{Name: "localhost/a:1", User: "7:8", Entrypoint: []string{"/program"}, Ports: []string{"80"}, Files: []File{
		{Path: "/data", Dir: true, UID: 7, GID: 8}, {Path: "/program", Source: program},
	}}
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		if err := Write(b, img); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same image gives other bytes")
	}
	archive := unpack(t, &first)
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(archive["manifest.json"], &manifest); err != nil || len(manifest) != 1 || len(manifest[0].Layers) != 1 {
		t.Fatalf("manifest.json: %s: %v", archive["manifest.json"], err)
	}
	layer, ok := archive[manifest[0].Layers[0]]
	if !ok || manifest[0].RepoTags[0] != "localhost/a:1" {
		t.Fatalf("the layer of %+v is not there", manifest[0])
	}
	want := `{"architecture":"` + goarch(t, archive[manifest[0].Config]) + `","os":"linux","created":"1970-01-01T00:00:00Z",` +
		`"config":{"User":"7:8","ExposedPorts":{"80/tcp":{}},"Entrypoint":["/program"]},"rootfs":{"type":"layers","diff_ids":["sha256:` + sum(layer) + `"]}}`
	if got := string(archive[manifest[0].Config]); got != want {
		t.Errorf("config\n got %s\nwant %s", got, want)
	}
	r := tar.NewReader(bytes.NewReader(layer))
	for _, want := range []tar.Header{{Name: "data/", Uid: 7, Gid: 8, Mode: 0o755}, {Name: "program", Mode: 0o755, Size: 6}} {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Name != want.Name || h.Uid != want.Uid || h.Gid != want.Gid || h.Mode != want.Mode || h.Size != want.Size || h.ModTime.Unix() != 0 {
			t.Errorf("got %+v, want %+v", h, want)
		}
	}
}

func goarch(t *testing.T, conf []byte) string {
	var c struct{ Architecture string }
	if err := json.Unmarshal(conf, &c); err != nil {
		t.Fatal(err)
	}
	return c.Architecture
}

func unpack(t *testing.T, r io.Reader) map[string][]byte {
	files, in := map[string][]byte{}, tar.NewReader(r)
	for {
		h, err := in.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMissingProgram(t *testing.T) {
	if err := Write(io.Discard, &Image{Name: "a:1", Files: []File{{Path: "/a", Source: filepath.Join(t.TempDir(), "none")}}}); err == nil {
		t.Error("an image is made of a file that is not there")
	}
}
