package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
)

const (
	manifestMax = 4 << 20 // bytes of a manifest: what registries have to take (OCI distribution specification)
	tagsMax     = 100_000
	login       = "log in to the registry: docker login REGISTRY"
)

// Registries is all registries. It is safe for concurrent use.
type Registries struct {
	guard  *guard.Guard
	client func() (*auth.Client, error)
}

// Open reads nothing yet: docker's configuration is read before the first request.
func Open(g *guard.Guard) *Registries {
	return &Registries{guard: g, client: sync.OnceValues(func() (*auth.Client, error) {
		c := &auth.Client{Client: g.Client(), Cache: auth.NewCache(), ClientID: "octo"}
		c.SetUserAgent(g.UserAgent)
		dir, _ := g.Env("DOCKER_CONFIG")
		if home, _ := g.Env("HOME"); dir == "" && home != "" {
			dir = filepath.Join(home, ".docker")
		}
		if dir == "" {
			return c, nil
		}
		store, err := credentials.NewStore(filepath.Join(dir, "config.json"), credentials.StoreOptions{})
		if err != nil {
			return nil, fmt.Errorf("cannot read docker's configuration: %w", err)
		}
		c.Credential = credentials.Credential(store)
		return c, nil
	})}
}

func (r *Registries) repository(base string) (*remote.Repository, error) {
	repo, err := remote.NewRepository(base)
	if err != nil {
		return nil, err
	}
	client, err := r.client()
	if err != nil {
		return nil, err
	}
	repo.Client = client
	repo.MaxMetadataBytes = manifestMax
	repo.TagListMaxPages = 1000
	return repo, nil
}

func address(base, ref string) string {
	switch {
	case ref == "":
		return "oci://" + base
	case strings.HasPrefix(ref, "sha256:"):
		return "oci://" + base + "@" + ref
	}
	return "oci://" + base + ":" + ref
}

// Resolve is the digest that a tag has now; "" is latest, and a digest is itself, when it is there.
func (r *Registries) Resolve(ctx context.Context, base, ref string) (string, error) {
	desc, _, err := r.manifest(ctx, base, ref)
	return desc.Digest.String(), err
}

// manifest is what a tag or a digest names. The bytes have the digest of desc, and the one that was asked for.
func (r *Registries) manifest(ctx context.Context, base, ref string) (desc ocispec.Descriptor, data []byte, err error) {
	defer func() { err = r.explain(address(base, ref), err) }()
	ctx, cancel := r.guard.Deadline(ctx)
	defer cancel()
	repo, err := r.repository(base)
	if err != nil {
		return desc, nil, err
	}
	if ref == "" {
		ref = "latest"
	}
	desc, body, err := repo.Manifests().FetchReference(ctx, ref)
	if err != nil {
		return desc, nil, err
	}
	defer body.Close()
	if data, err = io.ReadAll(io.LimitReader(body, manifestMax+1)); err != nil {
		return desc, nil, err
	}
	sum := digest.SHA256.FromBytes(data)
	switch want := desc.Digest; {
	case len(data) > manifestMax:
		return desc, nil, guard.TooLarge("its manifest", manifestMax)
	case strings.HasPrefix(ref, "sha256:") && sum.String() != ref:
		return desc, nil, fmt.Errorf("%w: its manifest has %s", guard.ErrDigest, sum)
	case want.Validate() != nil || want.Algorithm().FromBytes(data) != want:
		return desc, nil, fmt.Errorf("%w: the registry names %q, its manifest has %s", guard.ErrDigest, want, sum)
	}
	desc.Digest, desc.Size = sum, int64(len(data))
	return desc, data, nil
}

// Digest is the digest that the registry names for a tag; the manifest is fetched only where it names none.
func (r *Registries) Digest(ctx context.Context, base, tag string) (string, error) {
	repo, err := r.repository(base)
	if err != nil {
		return "", r.explain(address(base, tag), err)
	}
	asked, cancel := r.guard.Deadline(ctx)
	defer cancel()
	desc, err := repo.Manifests().Resolve(asked, tag)
	if err == nil && desc.Digest.Validate() == nil && desc.Digest.Algorithm() == digest.SHA256 {
		return desc.Digest.String(), nil
	}
	return r.Resolve(ctx, base, tag) // which also says what is wrong
}

// Tags are all tags, sorted.
func (r *Registries) Tags(ctx context.Context, base string) ([]string, error) {
	ctx, cancel := r.guard.Deadline(ctx)
	defer cancel()
	repo, err := r.repository(base)
	if err != nil {
		return nil, r.explain(address(base, ""), err)
	}
	all := []string{}
	err = repo.Tags(ctx, "", func(page []string) error {
		if all = append(all, page...); len(all) > tagsMax {
			return fmt.Errorf("%w: it has more than %d tags", guard.ErrLimit, tagsMax)
		}
		return nil
	})
	if err != nil {
		return nil, r.explain(address(base, ""), err)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// blob is a layer, of the digest and the size that desc promises.
func (r *Registries) blob(ctx context.Context, base string, desc ocispec.Descriptor, seen func(bytes, total int64)) (data []byte, err error) {
	defer func() { err = r.explain("oci://"+base+"@"+desc.Digest.String(), err) }()
	ctx, cancel := r.guard.Deadline(ctx)
	defer cancel()
	repo, err := r.repository(base)
	if err != nil {
		return nil, err
	}
	body, err := repo.Blobs().Fetch(ctx, desc)
	if err != nil && strings.Contains(err.Error(), "mismatch Content-Length") { // the library has no value for it
		err = fmt.Errorf("%w: the registry announces another size than %d bytes", guard.ErrDigest, desc.Size)
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err = content.ReadAll(body, desc)
	switch {
	case errors.Is(err, content.ErrMismatchedDigest) || errors.Is(err, content.ErrTrailingData) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: %w", guard.ErrDigest, err)
	case err == nil && seen != nil:
		seen(desc.Size, desc.Size)
	}
	return data, err
}

// explain makes an error of address out of one of the library.
func (r *Registries) explain(address string, err error) error {
	var (
		status *errcode.ErrorResponse
		syntax *json.SyntaxError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &status):
		e := guard.Status(address, status.StatusCode, strings.Replace(login, "REGISTRY", host(address), 1))
		if len(status.Errors) > 0 {
			e.Message += ": " + guard.Clean(status.Errors.Error())
		}
		return e
	case errors.Is(err, errdef.ErrNotFound):
		return guard.Status(address, 404, "")
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return guard.Status(address, 401, strings.Replace(login, "REGISTRY", host(address), 1))
	case errors.As(err, &syntax):
		return &guard.Error{Address: address, Message: "it does not answer like a registry: " + guard.Clean(err.Error()), Err: err}
	case errors.Is(err, guard.ErrDigest):
		return &guard.Error{Address: address, Message: guard.Clean(err.Error()), Help: "the registry, or something before it, gave other bytes than it promised: ask its owner", Err: err}
	}
	return r.guard.Explain(address, err)
}

func host(address string) string {
	h, _, _ := strings.Cut(strings.TrimPrefix(address, "oci://"), "/")
	return h
}
