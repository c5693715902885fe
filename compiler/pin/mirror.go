package pin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
)

// Mirror stands for all addresses that begin with Prefix: what follows it is a path below Dir.
type Mirror struct {
	Prefix string
	Dir    string
}

// Mirrors are looked through for the longest prefix; of two equal ones the earlier counts.
type Mirrors []Mirror

// ParseMirror reads PREFIX=DIR.
func ParseMirror(s string) (Mirror, error) {
	prefix, dir, ok := strings.Cut(s, "=")
	if !ok || prefix == "" || dir == "" {
		return Mirror{}, errors.New("want PREFIX=DIR, such as https://github.com/acme/charts.git=/srv/charts")
	}
	if !remote.IsRemote(prefix) {
		return Mirror{}, fmt.Errorf("%q is no beginning of an address; want https://…, ssh://… or oci://…", prefix)
	}
	return Mirror{Prefix: prefix, Dir: dir}, nil
}

// place is a file in a mirror.
type place struct {
	Mirror
	rel string // native, "." for the folder itself
}

// find is where a lies in a mirror. A prefix ends where a part of the address does; the ref of a repository or artifact
// may be left out of it, and stands for all refs then.
func (ms Mirrors) find(a remote.Address) (place, bool) {
	if len(ms) == 0 {
		return place{}, false
	}
	best, found := place{}, false
	bare := a
	bare.Ref = ""
	for _, m := range ms {
		if found && len(m.Prefix) <= len(best.Prefix) {
			continue
		}
		for _, name := range []string{a.String(), bare.String()} {
			rest, ok := strings.CutPrefix(name, m.Prefix)
			if !ok || rest != "" && !strings.ContainsAny(rest[:1], "/#:@") && !strings.HasSuffix(m.Prefix, "/") {
				continue
			}
			best, found = place{Mirror: m, rel: relative(a, rest)}, true
			break
		}
	}
	return best, found
}

// relative is the path below a mirror's folder for what follows its prefix in an address. Of a repository or an artifact
// only the path counts, but for a prefix that ends above it: then its name is the first part.
func relative(a remote.Address, rest string) string {
	if a.Kind == remote.HTTPS {
		rest, _, _ = strings.Cut(rest, "?")
		return filepath.FromSlash(unescaped(strings.Trim(rest, "/")))
	}
	name, _, _ := strings.Cut(rest, "#")
	if a.Kind == remote.OCI {
		name, _, _ = strings.Cut(name, ":")
		name, _, _ = strings.Cut(name, "@")
	}
	if strings.HasPrefix(rest, "#") || strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "@") || rest == "" {
		name = ""
	}
	return filepath.FromSlash(strings.Trim(strings.Trim(name, "/")+"/"+a.Path, "/"))
}

func unescaped(p string) string {
	if a, err := remote.Parse("https://x/" + p); err == nil {
		return a.Path
	}
	return p
}

func (p place) open() (*os.Root, string, error) {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, "", fail(diag.Remote, "name a folder with --mirror PREFIX=DIR, or in the settings", "cannot use the mirror %s: %v", p.Dir, cause(err))
	}
	rel := p.rel
	if rel == "" {
		rel = "."
	}
	return root, rel, nil
}

// read returns the file. Links that lead out of the mirror are not followed.
func (p place) read(a remote.Address) ([]byte, error) {
	root, rel, err := p.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	at := filepath.ToSlash(filepath.Join(p.Dir, rel))
	info, err := root.Stat(rel)
	switch {
	case err != nil:
		e := fail(diag.Remote, "put it there, or name another folder with --mirror", "cannot read %s: its mirror %s: %v", a, at, cause(err))
		e.Err = err
		return nil, e
	case !info.Mode().IsRegular():
		return nil, fail(diag.Remote, "name a file", "cannot read %s: its mirror %s is no regular file", a, at)
	case info.Size() > source.MaxFile:
		return nil, fail(diag.Limit, "split it", "cannot read %s: its mirror has %d bytes, and %d is the limit", a, info.Size(), source.MaxFile)
	}
	f, err := root.Open(rel)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, source.MaxFile+1))
}

func (p place) stat(remote.Address) source.Info {
	root, rel, err := p.open()
	if err != nil {
		return source.Info{}
	}
	defer root.Close()
	info, err := root.Stat(rel)
	switch {
	case err != nil:
		return source.Info{}
	case info.IsDir():
		return source.Info{Kind: source.Dir}
	case info.Mode().IsRegular():
		return source.Info{Kind: source.Regular, Size: info.Size()}
	}
	return source.Info{Kind: source.Other}
}

// files are all regular files below the folder; links are left out.
func (p place) files(remote.Address) []string {
	root, rel, err := p.open()
	if err != nil {
		return nil
	}
	defer root.Close()
	var out []string
	_ = fs.WalkDir(root.FS(), filepath.ToSlash(rel), func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			out = append(out, strings.TrimPrefix(strings.TrimPrefix(name, filepath.ToSlash(rel)), "/"))
		}
		return nil
	})
	slices.Sort(out)
	return out
}

// cause takes the path and the call out of an error of package os.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
