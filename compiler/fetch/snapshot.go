package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
	"github.com/octocompose/octocompose/compiler/fetch/https"
	"github.com/octocompose/octocompose/compiler/remote"
)

// Snapshot is one origin at one revision. It is safe for concurrent use, until its client is closed.
type Snapshot struct {
	client   *Client
	address  remote.Address // without a path
	revision string
	*content
}

// content is what the snapshots of all refs of one revision share.
type content struct {
	from interface { // a repository or an artifact; nil for https
		Files() []string
		Read(ctx context.Context, path string) ([]byte, error)
	}
	files flight[[]byte] // over https
	bytes atomic.Int64   // of files
}

// Revision is the commit of a repository, the manifest digest (sha256:…) of an artifact, "" for https.
func (s *Snapshot) Revision() string { return s.revision }

// Files are all files, sorted, with slashes in their paths; nil for https, where nobody can tell. Symlinks and submodules
// are no files.
func (s *Snapshot) Files() []string {
	if s.from == nil {
		return nil
	}
	return s.from.Files()
}

// Read is the content of a file. It wraps fs.ErrNotExist when it is not there. For https the path is the one below the host, as in
// remote.Address, with "?query" at its end where there is one: the first question mark begins it.
func (s *Snapshot) Read(ctx context.Context, path string) ([]byte, error) {
	a := s.address
	if s.from != nil {
		data, err := s.from.Read(ctx, path)
		if err == nil {
			return data, nil
		}
		a.Path = path
		e := (*Error)(nil)
		if !errors.As(s.client.guard.Explain(a.String(), err), &e) {
			return nil, err
		}
		named := *e // by the ref that this reader knows
		named.Address = a.String()
		return nil, &named
	}
	a.Path, a.Query, _ = strings.Cut(path, "?")
	if !fs.ValidPath(a.Path) || a.Path == "." {
		return nil, &Error{Address: s.address.String(), Message: fmt.Sprintf("%q is no path of a file", path), Err: fs.ErrInvalid}
	}
	url := a.String()
	c := s.client
	data, err := s.files.do(ctx, url, func() ([]byte, error) {
		defer c.done(url)
		data, err := https.Get(ctx, c.guard, url, c.guard.MaxFile, c.seen(url))
		if err == nil && s.bytes.Add(int64(len(data))) > c.guard.MaxTree {
			s.bytes.Add(-int64(len(data)))
			err = c.guard.Explain(url, guard.TooLarge("what was fetched from this host", c.guard.MaxTree))
		}
		return data, err
	})
	return slices.Clone(data), c.guard.Explain(url, err)
}
