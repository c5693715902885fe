package vendors

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/octocompose/octocompose/internal/gates"
)

// Registry is an OCI registry that keeps all in memory.
type Registry struct {
	Host   string // 127.0.0.1:PORT
	cmd    *exec.Cmd
	client *http.Client
	ended  chan struct{}
	once   sync.Once
}

// Layer is one of an artifact.
type Layer struct {
	MediaType   string
	Annotations map[string]string
	Data        []byte
}

const registryConfig = `version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {inmemory: {}, delete: {enabled: true}}
http: {addr: "127.0.0.1:0", tls: {certificate: %q, key: %q}}
`

var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:[0-9]+)`)

// Registry starts one, with what it needs in dir.
func (ca *CA) Registry(dir string) (*Registry, error) {
	cert, err := ca.Certificate(Sound)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nil, err
	}
	certFile, keyFile, config := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "config.yml")
	err = errors.Join(
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o644),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600),
		os.WriteFile(config, fmt.Appendf(nil, registryConfig, certFile, keyFile), 0o644))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(gates.Dir(), "bin", "registry"), "serve", config)
	cmd.Env = []string{"HOME=" + dir, "OTEL_TRACES_EXPORTER=none"}
	logged, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	write.Close()
	if err != nil {
		logged.Close()
		return nil, fmt.Errorf("cannot start the registry: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	r := &Registry{cmd: cmd, ended: make(chan struct{}), client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
	lines := bufio.NewScanner(logged)
	last := ""
	for r.Host == "" && lines.Scan() {
		if last = lines.Text(); listening.MatchString(last) {
			r.Host = listening.FindStringSubmatch(last)[1]
		}
	}
	go func() { // a full pipe would stop it
		for lines.Scan() {
			continue
		}
		_ = cmd.Wait()
		logged.Close()
		close(r.ended)
	}()
	if r.Host == "" {
		<-r.ended
		return nil, fmt.Errorf("the registry did not start: %s", last)
	}
	return r, nil
}

// Close ends the registry.
func (r *Registry) Close() {
	r.once.Do(func() {
		_ = r.cmd.Process.Kill()
		<-r.ended
		r.client.CloseIdleConnections()
	})
}

// Push makes an artifact with one titled layer for each file, and the tag name it, which may have been elsewhere. It
// returns the digest of the manifest.
func (r *Registry) Push(repository, tag string, files map[string]string) (string, error) {
	paths := make([]string, 0, len(files))
	for p := range files {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	var layers []Layer
	for _, p := range paths {
		layers = append(layers, Layer{MediaType: "application/yaml", Annotations: map[string]string{ocispec.AnnotationTitle: p}, Data: []byte(files[p])})
	}
	return r.PushLayers(repository, tag, "application/vnd.octocompose.config", layers)
}

// PushLayers makes an artifact of a type with these layers.
func (r *Registry) PushLayers(repository, tag, artifactType string, layers []Layer) (string, error) {
	repo, err := r.repository(repository)
	if err != nil {
		return "", err
	}
	ctx := context.Background()
	options := oras.PackManifestOptions{ManifestAnnotations: map[string]string{ocispec.AnnotationCreated: "2026-01-01T00:00:00Z"}}
	for _, l := range layers {
		desc, err := oras.PushBytes(ctx, repo, l.MediaType, l.Data)
		if err != nil {
			return "", err
		}
		desc.Annotations = l.Annotations
		options.Layers = append(options.Layers, desc)
	}
	desc, err := oras.PackManifest(ctx, repo, oras.PackManifestVersion1_1, artifactType, options)
	if err != nil {
		return "", err
	}
	return desc.Digest.String(), repo.Tag(ctx, desc, tag)
}

// PushManifest stores a manifest, or an index, as it is under a tag, and returns its digest.
func (r *Registry) PushManifest(repository, tag, mediaType string, data []byte) (string, error) {
	repo, err := r.repository(repository)
	if err != nil {
		return "", err
	}
	desc, err := oras.TagBytes(context.Background(), repo, mediaType, data, tag)
	return desc.Digest.String(), err
}

// Manifest is what a tag or a digest names, as it is stored.
func (r *Registry) Manifest(repository, ref string) ([]byte, error) {
	repo, err := r.repository(repository)
	if err != nil {
		return nil, err
	}
	_, data, err := oras.FetchBytes(context.Background(), repo, ref, oras.DefaultFetchBytesOptions)
	return data, err
}

// Tag makes a tag name a digest, or moves it there.
func (r *Registry) Tag(repository, digest, tag string) error {
	repo, err := r.repository(repository)
	if err != nil {
		return err
	}
	desc, err := repo.Resolve(context.Background(), digest)
	if err != nil {
		return err
	}
	return repo.Tag(context.Background(), desc, tag)
}

// Delete takes a manifest away, with all tags that name it.
func (r *Registry) Delete(repository, digest string) error {
	repo, err := r.repository(repository)
	if err != nil {
		return err
	}
	desc, err := repo.Resolve(context.Background(), digest)
	if err != nil {
		return err
	}
	return repo.Delete(context.Background(), desc)
}

func (r *Registry) repository(name string) (*remote.Repository, error) {
	repo, err := remote.NewRepository(r.Host + "/" + name)
	if err != nil {
		return nil, err
	}
	repo.Client = &auth.Client{Client: r.client}
	return repo, repo.SetReferrersCapability(true)
}

// Tar packs entries, which need a Name and, for files, the Size that the text has; gzipped where that is said.
func Tar(zipped bool, headers []tar.Header, texts []string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(&b)
	if zipped {
		t = tar.NewWriter(z)
	}
	for i := range headers {
		// a fault of the caller, in a test: what it gives is seen by whoever reads it
		_ = t.WriteHeader(&headers[i])
		_, _ = t.Write([]byte(texts[i]))
	}
	_ = t.Close()
	if zipped {
		_ = z.Close()
	}
	return b.Bytes()
}
