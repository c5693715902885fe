package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// KindFetch is the kind of a [Fetch].
const KindFetch = "fetch"

// Fetch is a program that octo-sidecar fetch downloads, verifies, unpacks and puts in place before a service starts.
type Fetch struct {
	// Kind is "fetch"; [Fetch.Marshal] fills it in where it is empty.
	Kind string `json:"kind"`
	// Dest is the folder that the program ends up in: an absolute, clean path that nothing else uses. It appears whole
	// or not at all, and is never changed afterwards; another version of the program is another folder, so that the way
	// back needs no download.
	Dest string `json:"dest"`
	// Program is the name of the program in Dest: one name, without a slash.
	Program string `json:"program"`
	// Artifact is what is downloaded, by platform: GOOS_GOARCH as Go names them, such as linux_amd64.
	Artifact map[string]Artifact `json:"artifact"`
	// Keep is how many other versions stay beside Dest when a new one has been put in place, the newest first; older ones
	// that octo-sidecar fetch itself put there with a Keep, and that nothing uses, are removed. 0: all stay.
	Keep int `json:"keep,omitempty"`
}

// Artifact is one download.
type Artifact struct {
	// URL is where it lies: https, or http where SHA256 is given.
	URL string `json:"url"`
	// SHA256 of the download: 64 hexadecimal digits in lower case. Exactly one of SHA256 and SHA256URL is given.
	SHA256 string `json:"sha256,omitempty"`
	// SHA256URL is where the sum stands, https only: the bare digits, or a list as sha256sum(1) prints it, in which the
	// line with the last element of URL's path counts.
	SHA256URL string `json:"sha256_url,omitempty"`
	// Path of the program in the archive, with slashes and without "..". Where it is empty, the download is the program.
	Path string `json:"path,omitempty"`
}

// Marshal is f as the file that [ParseFetch] reads: indented JSON, keys in a fixed order, platforms sorted, one newline
// at the end. It refuses what ParseFetch would refuse.
func (f Fetch) Marshal() ([]byte, error) {
	if f.Kind == "" {
		f.Kind = KindFetch
	}
	if err := f.Check(); err != nil {
		return nil, fmt.Errorf("cannot write the spec: %w", err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // an & in a URL stays readable
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return nil, fmt.Errorf("cannot write the spec: %w", err)
	}
	return b.Bytes(), nil
}

// ParseFetch reads what [Fetch.Marshal] wrote.
func ParseFetch(data []byte) (Fetch, error) {
	var f Fetch
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return Fetch{}, fmt.Errorf("cannot read the spec: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Fetch{}, errors.New("cannot read the spec: something stands behind the first value")
	}
	if err := f.Check(); err != nil {
		return Fetch{}, fmt.Errorf("cannot use the spec: %w", err)
	}
	return f, nil
}

var (
	platform = regexp.MustCompile(`^[a-z0-9]+_[a-z0-9]+$`)
	digits   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Check says what of f cannot be meant, and names the field.
func (f Fetch) Check() error {
	switch {
	case f.Kind != KindFetch:
		return fmt.Errorf("kind is %q; want %q", f.Kind, KindFetch)
	case !path.IsAbs(f.Dest) || path.Clean(f.Dest) != f.Dest || f.Dest == "/" || strings.ContainsRune(f.Dest, 0):
		return fmt.Errorf("dest is %q; want an absolute path, without .. in it", f.Dest)
	case f.Program == "" || f.Program == "." || f.Program == ".." || strings.ContainsAny(f.Program, "/\x00"):
		return fmt.Errorf("program is %q; want the name of a file, without /", f.Program)
	case f.Keep < 0:
		return fmt.Errorf("keep is %d; want 0 or more", f.Keep)
	case len(f.Artifact) == 0:
		return errors.New("artifact is empty; want one a platform")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Artifact)) {
		if !platform.MatchString(name) {
			return fmt.Errorf("artifact has the key %q; want a platform such as linux_amd64", name)
		}
		if err := f.Artifact[name].check(); err != nil {
			return fmt.Errorf("artifact.%s: %w", name, err)
		}
	}
	return nil
}

func (a Artifact) check() error {
	u, err := url.Parse(a.URL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fmt.Errorf("url is %q; want https://host/path", a.URL)
	case (a.SHA256 == "") == (a.SHA256URL == ""):
		return errors.New("want either sha256 or sha256_url")
	case a.SHA256 != "" && !digits.MatchString(a.SHA256):
		return fmt.Errorf("sha256 is %q; want 64 hexadecimal digits in lower case", a.SHA256)
	case a.SHA256 == "" && u.Scheme != "https":
		return fmt.Errorf("url is %q; http is taken only with sha256", a.URL)
	}
	if a.SHA256URL != "" {
		if s, err := url.Parse(a.SHA256URL); err != nil || s.Host == "" || s.Scheme != "https" {
			return fmt.Errorf("sha256_url is %q; want https://host/path", a.SHA256URL)
		}
	}
	if a.Path != "" && !localPath(a.Path) {
		return fmt.Errorf("path is %q; want a path in the archive, without .. in it", a.Path)
	}
	return nil
}

// localPath tells whether p is relative, names something below the root and has no element "..".
func localPath(p string) bool {
	if path.IsAbs(p) || strings.ContainsAny(p, "\x00\\") || path.Clean(p) == "." {
		return false
	}
	return !slices.Contains(strings.Split(p, "/"), "..")
}
