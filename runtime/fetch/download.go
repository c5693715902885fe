package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxRedirects = 10
	maxPause     = 30 * time.Second // between two tries
	progress     = 1 << 20          // bytes that make a try count as progress
)

// Transport is the network as a fetch wants it: bytes as they lie there, never unpacked on the way, certificates checked
// against the machine's own list. proxy is as for [http.Transport]; nil is none.
func Transport(proxy func(*http.Request) (*url.URL, error)) *http.Transport {
	return &http.Transport{Proxy: proxy, DisableCompression: true, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 20 * time.Second}
}

// network downloads; a try that failed for a reason that may pass is repeated, from where it ended if the server can.
type network struct {
	transport http.RoundTripper
	say       func(line string)
	limits    Limits
	announce  string // what is said behind the address when a download starts; "": nothing is said
	// shown hears what has come, and how much that will be, -1 where that is not known; nil: nobody.
	shown func(have, size int64)
}

// sink is what a download is written to.
type sink interface {
	io.Writer
	Reset() error
}

// final is an error that another try cannot mend.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// download is one download over all its tries.
type download struct {
	*network
	address   string
	limit     int64
	to        sink
	sum       hash.Hash
	have      int64
	validator string // ETag or Last-Modified, for If-Range (RFC 9110, 13.1.5); "": the download cannot go on, only restart
	said      bool
	size      int64 // of the whole; -1: not known
	// mark notes that what comes can go on by validator, or that it cannot (""), before it comes; nil: nowhere.
	mark func(validator string) error
}

// get writes what lies at address and returns its sha256 in hexadecimal digits.
func (n *network) get(ctx context.Context, address string, limit int64, to sink) (string, error) {
	return (&download{network: n, address: address, limit: limit, to: to, sum: sha256.New()}).run(ctx)
}

// run is get, from what there is already.
func (d *download) run(ctx context.Context) (string, error) {
	n, address := d.network, d.address
	pause := n.limits.Pause
	for try := 1; ; try++ {
		before := d.have
		err := d.try(ctx)
		if err == nil {
			return hex.EncodeToString(d.sum.Sum(nil)), nil
		}
		err = fmt.Errorf("cannot fetch %s: %w", show(address), err)
		if _, stop := errors.AsType[final](err); stop || ctx.Err() != nil {
			return "", err
		}
		if d.have-before >= progress {
			try, pause = 1, n.limits.Pause
		}
		if try >= n.limits.Tries {
			return "", fmt.Errorf("%w (tried %d times)", err, try)
		}
		n.say(fmt.Sprintf("%v; again in %s", err, pause))
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

func (d *download) restart() error {
	if d.have == 0 {
		return nil
	}
	d.have = 0
	d.sum.Reset()
	if err := d.to.Reset(); err != nil {
		return final{err}
	}
	return nil
}

var errIdle = errors.New("nothing came")

// try asks once, for the rest where there is a beginning.
func (d *download) try(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(d.limits.Idle, func() { cancel(fmt.Errorf("%w for %s", errIdle, d.limits.Idle)) })
	defer idle.Stop()
	if d.validator == "" {
		if err := d.restart(); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, nil)
	if err != nil {
		return final{err}
	}
	req.Header.Set("User-Agent", "octo-sidecar")
	if d.have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		req.Header.Set("If-Range", d.validator)
	}
	client := http.Client{Transport: d.transport, CheckRedirect: redirect}
	resp, err := client.Do(req)
	if err != nil {
		return why(ctx, cause(err))
	}
	defer resp.Body.Close()
	if err := d.accept(resp); err != nil {
		return err
	}
	return d.read(ctx, resp.Body, func() { idle.Reset(d.limits.Idle) })
}

// why prefers the reason that ended a request to what the request says of it.
func why(ctx context.Context, err error) error {
	if reason := context.Cause(ctx); reason != nil {
		return reason
	}
	return err
}

// redirect follows ten redirects, and never one from https to http: the rest of the way could be changed by anybody.
func redirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return final{fmt.Errorf("more than %d redirects", maxRedirects)}
	}
	if from := via[len(via)-1].URL; from.Scheme == "https" && next.URL.Scheme != "https" {
		return final{fmt.Errorf("%s redirects to %s; from https only https is followed", show(from.String()), show(next.URL.String()))}
	}
	return nil
}

// accept reads the status and the headers, and puts the download at the place where the body begins.
func (d *download) accept(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code == http.StatusPartialContent && d.have > 0:
		if !strings.HasPrefix(resp.Header.Get("Content-Range"), "bytes "+strconv.FormatInt(d.have, 10)+"-") {
			d.validator = "" // it gives another part than the one that was asked for
			return fmt.Errorf("the server answers with the part %q", resp.Header.Get("Content-Range"))
		}
	case code == http.StatusOK:
		if err := d.restart(); err != nil {
			return err
		}
		d.validator = validator(resp.Header)
		if d.mark != nil {
			if err := d.mark(d.validator); err != nil {
				return final{err}
			}
		}
	case code == http.StatusRequestedRangeNotSatisfiable, code == http.StatusRequestTimeout, code == http.StatusTooEarly,
		code == http.StatusTooManyRequests, code >= 500:
		d.validator = ""
		return fmt.Errorf("the server answers %s", resp.Status)
	default:
		return final{fmt.Errorf("the server answers %s", resp.Status)}
	}
	size := d.have + resp.ContentLength
	if d.size = size; resp.ContentLength < 0 {
		d.size = -1
	}
	if resp.ContentLength > d.limit-d.have {
		return final{fmt.Errorf("it has %s; at most %s are taken", bytesText(size), bytesText(d.limit))}
	}
	if d.announce != "" && !d.said {
		d.said = true
		text := ""
		if resp.ContentLength >= 0 {
			text = " (" + bytesText(size) + ")"
		}
		d.say("fetching " + show(d.address) + text + d.announce)
	}
	return nil
}

// validator is what tells whether a later answer is about the same bytes: a strong ETag, else Last-Modified.
func validator(h http.Header) string {
	if tag := h.Get("Etag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return h.Get("Last-Modified")
}

// read takes the body; alive is called for everything that comes.
func (d *download) read(ctx context.Context, body io.Reader, alive func()) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		if int64(n) > d.limit-d.have {
			return final{fmt.Errorf("it has more than %s", bytesText(d.limit))}
		}
		if n > 0 {
			if _, err := d.to.Write(buf[:n]); err != nil {
				return final{err}
			}
			d.sum.Write(buf[:n])
			d.have += int64(n)
			alive()
			if d.shown != nil {
				d.shown(d.have, d.size)
			}
		}
		if errors.Is(err, io.EOF) {
			// A server that sees the request being given up may end the body in good order.
			return context.Cause(ctx)
		}
		if err != nil {
			return why(ctx, err)
		}
	}
}

// bytesText is n for people: 12.3 MiB.
func bytesText(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
