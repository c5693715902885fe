package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
)

// Artifact is the files of one manifest.
type Artifact struct {
	address    string
	base       string
	registries *Registries
	paths      []string // sorted
	files      map[string]*file
	seen       func(bytes, total int64)
}

// file is parts, one after the other: most have one.
type file struct {
	layers []ocispec.Descriptor // fetched when it is read
	mu     sync.Mutex
	data   []byte
	have   bool
}

// What docker compose publish writes (internal/oci of docker/compose).
const (
	composeFile    = "application/vnd.docker.compose.file+yaml"
	composeEnv     = "application/vnd.docker.compose.envfile"
	composeName    = "com.docker.compose.file"
	composeEnvName = "com.docker.compose.envfile"
	composeExtends = "com.docker.compose.extends"
)

const unpackMark = "io.deis.oras.content.unpack" // of oras push FOLDER

// imageConfigs are what containers' images have, which we do not look into.
var imageConfigs = []string{ocispec.MediaTypeImageConfig, "application/vnd.docker.container.image.v1+json"}

// Moved is called for a digest that is not there any more, with what the tag is now.
type Moved func(address, was, now string) error

// Artifact fetches the manifest of a digest and what is packed. tag, which may be "", only tells a moved tag from a
// missing artifact.
func (r *Registries) Artifact(ctx context.Context, base, digest, tag string, moved Moved, seen func(bytes, total int64)) (*Artifact, error) {
	a := &Artifact{address: address(base, digest), base: base, registries: r, files: map[string]*file{}, seen: seen}
	desc, data, err := r.manifest(ctx, base, digest)
	if errors.Is(err, fs.ErrNotExist) && tag != "" && tag != digest {
		if now, again := r.Resolve(ctx, base, tag); again == nil && now != digest {
			return nil, moved(address(base, tag), digest, now)
		}
	}
	if err != nil {
		return nil, err
	}
	if isIndex(desc.MediaType) {
		if data, err = a.choose(ctx, data); err != nil {
			return nil, err
		}
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, a.fail(nil, "cannot read its manifest: %s", guard.Clean(err.Error()))
	}
	if err := a.layers(ctx, m); err != nil {
		return nil, r.explain(a.address, err)
	}
	for p := range a.files {
		a.paths = append(a.paths, p)
	}
	slices.Sort(a.paths)
	if len(a.paths) == 0 {
		return nil, a.fail(fs.ErrNotExist, "it holds no files: no layer has a title (org.opencontainers.image.title) or is a packed folder")
	}
	return a, nil
}

func (a *Artifact) fail(err error, format string, args ...any) error {
	return &guard.Error{Address: a.address, Message: fmt.Sprintf(format, args...), Err: err}
}

func isIndex(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageIndex || mediaType == "application/vnd.docker.distribution.manifest.list.v2+json"
}

// choose is the one manifest of an index that is for no platform; attestations are for platform unknown.
func (a *Artifact) choose(ctx context.Context, data []byte) ([]byte, error) {
	var index ocispec.Index
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, a.fail(nil, "cannot read its index: %s", guard.Clean(err.Error()))
	}
	var of []ocispec.Descriptor
	for _, d := range index.Manifests {
		if d.Platform == nil {
			of = append(of, d)
		}
	}
	if len(of) != 1 || isIndex(of[0].MediaType) {
		return nil, a.fail(nil, "it is an index of %d manifests, and not one artifact: name the digest of the one that is meant", len(index.Manifests))
	}
	if of[0].Digest.Validate() != nil || !strings.HasPrefix(of[0].Digest.String(), "sha256:") {
		return nil, a.fail(nil, "its index names a digest that is none: %q", guard.Clean(of[0].Digest.String()))
	}
	desc, data, err := a.registries.manifest(ctx, a.base, of[0].Digest.String())
	if err == nil && desc.Size != of[0].Size {
		err = a.registries.explain(a.address, fmt.Errorf("%w: its manifest has %d bytes, its index says %d", guard.ErrDigest, desc.Size, of[0].Size))
	}
	return data, err
}

// layers finds out what the files are.
func (a *Artifact) layers(ctx context.Context, m ocispec.Manifest) error {
	g := a.registries.guard
	if len(m.Layers) > g.MaxFiles {
		return fmt.Errorf("%w: it has more than %d files", guard.ErrLimit, g.MaxFiles)
	}
	if slices.Contains(imageConfigs, m.Config.MediaType) && !slices.ContainsFunc(m.Layers, titled) {
		return a.fail(nil, "it is the image of a container, not an artifact with files")
	}
	sum := int64(0)
	for _, l := range m.Layers {
		if l.Size < 0 || l.Size > g.MaxTree || l.Digest.Validate() != nil {
			return fmt.Errorf("%w: a layer says %d bytes and the digest %q", guard.ErrLimit, l.Size, l.Digest)
		}
		if sum += l.Size; sum > g.MaxTree {
			return guard.TooLarge("all of it", g.MaxTree)
		}
	}
	left := budget{bytes: g.MaxTree, out: g.MaxTree, files: g.MaxFiles, file: g.MaxFile}
	for _, l := range m.Layers {
		name := l.Annotations[ocispec.AnnotationTitle]
		packed := unpackable(l.MediaType)
		switch {
		case packed != "" && (name == "" || l.Annotations[unpackMark] == "true"):
			if err := a.unpack(ctx, l, packed, &left); err != nil {
				return err
			}
		case name != "":
			if err := a.add(name, &file{layers: []ocispec.Descriptor{l}}); err != nil {
				return err
			}
		case l.MediaType == composeFile || l.MediaType == composeEnv:
			if err := a.compose(l); err != nil {
				return err
			}
		}
	}
	return nil
}

func titled(l ocispec.Descriptor) bool { return l.Annotations[ocispec.AnnotationTitle] != "" }

// compose takes a layer of Compose's own: files that are merged are the documents of one.
func (a *Artifact) compose(l ocispec.Descriptor) error {
	name := "compose.yaml"
	if _, extends := l.Annotations[composeExtends]; extends {
		name = l.Annotations[composeName]
	}
	if l.MediaType == composeEnv {
		name = l.Annotations[composeEnvName]
	}
	if f := a.files[name]; f != nil && name == "compose.yaml" {
		f.layers = append(f.layers, l)
		return nil
	}
	return a.add(name, &file{layers: []ocispec.Descriptor{l}})
}

func (a *Artifact) add(name string, f *file) error {
	if err := checkName(name); err != nil {
		return a.fail(nil, "%s", err)
	}
	if _, twice := a.files[name]; twice {
		return a.fail(nil, "it holds the file %q twice", name)
	}
	a.files[name] = f
	return nil
}

// checkName refuses what could lead out of a folder, on any system.
func checkName(name string) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:") || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("it holds a file of the name %q: want a relative path that stays below its folder", guard.Clean(name))
	}
	return nil
}

// Files are the paths of all files, sorted.
func (a *Artifact) Files() []string { return slices.Clone(a.paths) }

// Read is a file.
func (a *Artifact) Read(ctx context.Context, name string) ([]byte, error) {
	address := a.address + "#" + name
	f := a.files[name]
	if f == nil {
		return nil, &guard.Error{Address: address, Message: fmt.Sprintf("there is no file %q in it", guard.Clean(name)), Err: fs.ErrNotExist}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.have {
		return slices.Clone(f.data), nil
	}
	g, sum := a.registries.guard, int64(0)
	for _, l := range f.layers {
		sum += l.Size
	}
	if sum > g.MaxFile {
		return nil, g.Explain(address, guard.TooLarge("it", g.MaxFile))
	}
	var data []byte
	for i, l := range f.layers {
		part, err := a.registries.blob(ctx, a.base, l, a.seen)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			data = append(data, "\n---\n"...)
		}
		data = append(data, part...)
	}
	f.data, f.have = data, true
	return slices.Clone(data), nil
}
