package https

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
)

const login = "octo sends no credentials over https: publish the file openly, or keep it in a git repository or an OCI registry"

// Get is what url has, at most limit bytes, decoded. seen, which may be nil, is told the bytes so far and how many there
// will be (-1: unknown).
func Get(ctx context.Context, g *guard.Guard, url string, limit int64, seen func(bytes, total int64)) ([]byte, error) {
	ctx, cancel := g.Deadline(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, &guard.Error{Address: url, Message: "it is no URL", Err: err}
	}
	req.Header.Set("User-Agent", g.UserAgent)
	resp, err := g.Client().Do(req)
	if err != nil {
		return nil, g.Explain(url, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, guard.Status(url, resp.StatusCode, login)
	}
	// net/http has decoded the one encoding that it asked for.
	if e := resp.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, &guard.Error{Address: url, Message: fmt.Sprintf("it is encoded as %q, which was not asked for", guard.Clean(e))}
	}
	if resp.ContentLength > limit {
		return nil, g.Explain(url, guard.TooLarge("it", limit))
	}
	data, err := io.ReadAll(&reader{r: io.LimitReader(resp.Body, limit+1), total: resp.ContentLength, seen: seen})
	if err == nil {
		err = ctx.Err() // a server that sees us hang up can still send an end
	}
	switch {
	case err != nil:
		return nil, g.Explain(url, err)
	case int64(len(data)) > limit:
		return nil, g.Explain(url, guard.TooLarge("it", limit))
	}
	return data, nil
}

// step is how many bytes come between two reports.
const step = 128 << 10

type reader struct {
	r                 io.Reader
	read, told, total int64
	seen              func(bytes, total int64)
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.read += int64(n)
	if r.seen != nil && r.read-r.told >= step {
		r.told = r.read
		r.seen(r.read, r.total)
	}
	return n, err
}
