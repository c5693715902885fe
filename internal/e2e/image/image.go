// Package image makes container images of static programs without an engine and without a network: an archive as
// docker save writes it, which podman load, docker load and ctr images import read.
//
// In: an [Image]. Out: the bytes of the archive; the same image gives the same bytes. It must never run anything, and
// never put a time, an owner or a name of the building machine into what it makes.
//
//	err := image.Write(w, &image.Image{Name: "localhost/app:1", Entrypoint: []string{"/app"},
//		Files: []image.File{{Path: "/app", Source: "bin/app"}, {Path: "/data", Dir: true, UID: 10001}}})
//
// The format: https://github.com/moby/docker-image-spec/blob/main/spec.md, v1.2.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// Image is what goes into an archive.
type Image struct {
	Name       string // repository:tag
	Files      []File
	Entrypoint []string
	Cmd        []string
	User       string // "10001:10001"; "": root
	Ports      []string
	Env        []string // NAME=value
}

// File is a file or a folder of an image, readable by everybody; a file is a program.
type File struct {
	Path     string // absolute
	Source   string // the file of this machine that holds it
	Dir      bool
	UID, GID int
	Mode     int64 // 0: 0755
}

// config is the part of an image's configuration that we write.
type config struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Created      string `json:"created"`
	Config       struct {
		User         string              `json:"User,omitempty"`
		ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
		Env          []string            `json:"Env,omitempty"`
		Entrypoint   []string            `json:"Entrypoint,omitempty"`
		Cmd          []string            `json:"Cmd,omitempty"`
	} `json:"config"`
	RootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// Write writes the archive.
func Write(w io.Writer, img *Image) error {
	layer, err := img.layer()
	if err != nil {
		return fmt.Errorf("cannot make the image %s: %w", img.Name, err)
	}
	digest := sum(layer)
	var c config
	c.Architecture, c.OS, c.Created = runtime.GOARCH, "linux", "1970-01-01T00:00:00Z"
	c.Config.User, c.Config.Env, c.Config.Entrypoint, c.Config.Cmd = img.User, img.Env, img.Entrypoint, img.Cmd
	for _, p := range img.Ports {
		if c.Config.ExposedPorts == nil {
			c.Config.ExposedPorts = map[string]struct{}{}
		}
		c.Config.ExposedPorts[p+"/tcp"] = struct{}{}
	}
	c.RootFS.Type, c.RootFS.DiffIDs = "layers", []string{"sha256:" + digest}
	conf, err := json.Marshal(c)
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]map[string]any{
		{"Config": sum(conf) + ".json", "RepoTags": []string{img.Name}, "Layers": []string{digest + "/layer.tar"}},
	})
	if err != nil {
		return err
	}
	t := tar.NewWriter(w)
	for _, f := range []struct {
		name string
		data []byte
	}{{"manifest.json", manifest}, {sum(conf) + ".json", conf}, {digest + "/layer.tar", layer}} {
		if err := t.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data)), Format: tar.FormatUSTAR}); err != nil {
			return err
		}
		if _, err := t.Write(f.data); err != nil {
			return err
		}
	}
	return t.Close()
}

// layer is the only layer: the files, in their order.
func (img *Image) layer() ([]byte, error) {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for _, f := range img.Files {
		h := &tar.Header{Name: strings.TrimPrefix(f.Path, "/"), Mode: f.Mode, Uid: f.UID, Gid: f.GID, Format: tar.FormatUSTAR}
		if h.Mode == 0 {
			h.Mode = 0o755
		}
		var data []byte
		if f.Dir {
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		} else {
			var err error
			if data, err = os.ReadFile(f.Source); err != nil {
				return nil, err
			}
			h.Size = int64(len(data))
		}
		if err := t.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := t.Write(data); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), t.Close()
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}
