package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// How much is read of an answer, in bytes.
const (
	maxHead      = 64 << 10 // its status and headers
	maxRefusal   = 64 << 10 // the body of one that is no success
	maxMessage   = 1 << 10  // what is told of that
	maxExec      = 1 << 20  // about a program; the arguments that it was given stand in it
	maxContainer = 4 << 20  // about a container; its labels and variables stand in it
)

// Engine is an engine at a socket. It holds no connection.
type Engine struct {
	Socket string // a path
	// Dial opens it; nil: a [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Refusal is an answer other than the documented success.
type Refusal struct {
	Code    int    // of HTTP
	Status  string // with its text: "404 Not Found"
	Message string // the field message of the answer, on one line, of 1 KiB at most; "" without
	Want    int    // the code of success
}

func (r *Refusal) Error() string {
	if r.Message != "" {
		return "the engine answers " + r.Status + ": " + r.Message
	}
	return fmt.Sprintf("the engine answers %s; want %d", r.Status, r.Want)
}

// call sends one request, and answers with the body where the status is want; the caller closes it.
func (e Engine) call(ctx context.Context, method, path string, body any, want int) (io.ReadCloser, error) {
	dial := e.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives:      true,
			DisableCompression:     true, // what is small on the wire must not be large here
			MaxResponseHeaderBytes: maxHead,
			DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, "unix", e.Socket) },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var send io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		send = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, send)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok { // its URL is made up
			err = wrapped.Err
		}
		return nil, err
	}
	if resp.StatusCode == want {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // what is there of it explains the status
	var answer struct{ Message string }
	_ = json.Unmarshal(said, &answer)
	return nil, &Refusal{Code: resp.StatusCode, Status: oneLine(resp.Status), Message: oneLine(answer.Message), Want: want}
}

// ask reads an answer of limit bytes at most into to.
func (e Engine) ask(ctx context.Context, method, path string, body any, want int, limit int64, to any) error {
	answer, err := e.call(ctx, method, path, body, want)
	if err != nil {
		return err
	}
	defer answer.Close()
	data, err := io.ReadAll(io.LimitReader(answer, limit+1))
	switch {
	case err != nil:
		return fmt.Errorf("cannot read the engine's answer: %w", err)
	case int64(len(data)) > limit:
		return fmt.Errorf("cannot read the engine's answer: it has more than %d bytes", limit)
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("cannot read the engine's answer: %w", err)
	}
	return nil
}

// oneLine is s without line breaks and other control characters, cut.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(s))
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
