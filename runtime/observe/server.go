package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves /metrics, /status and /healthz, for GET and HEAD.
func (r *Recorder) Handler() http.Handler {
	mux := http.NewServeMux()
	// At most four at a time read the metrics: more would only make each other slow.
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.metrics.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: writeTime}))
	mux.HandleFunc("GET /status", r.serveStatus)
	mux.HandleFunc("GET /healthz", r.serveHealth)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, req)
	})
}

func (r *Recorder) serveStatus(w http.ResponseWriter, _ *http.Request) {
	data, err := json.MarshalIndent(r.Status(), "", "  ")
	if err != nil {
		http.Error(w, "cannot write the status", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(data, '\n'))
}

func (r *Recorder) serveHealth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := r.Healthy(); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, err)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

const writeTime = 30 * time.Second

// Serve answers on l until ctx ends, and closes it. What is being answered then has a second.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: writeTime, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(short) != nil {
			_ = srv.Close()
		}
	})
	err := srv.Serve(l)
	if !stop() {
		<-done
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("cannot serve the status: %w", err)
}

// socketMode lets the owner and the group ask.
const socketMode = 0o660

// ListenSocket listens on a socket at path, mode 0660, which is removed when the listener is closed. A socket that nobody
// answers on is replaced; one that somebody answers on is an error, and so is anything else at path.
func ListenSocket(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("cannot listen on %s: something else is there", path)
		}
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("cannot listen on %s: another octo-sidecar answers there", path)
		}
	}
	// It gets its mode under another name, so that nobody reaches it with more rights, and whoever finds it is answered.
	next := path + "~"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: next, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false)
	if err = os.Chmod(next, socketMode); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		_ = l.Close()
		_ = os.Remove(next)
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	return &socket{l, path}, nil
}

type socket struct {
	*net.UnixListener
	path string
}

// Close removes the socket, too.
func (s *socket) Close() error {
	_ = os.Remove(s.path)
	return s.UnixListener.Close()
}

// maxStatus is the most of a status that is read, in bytes.
const maxStatus = 64 << 20

// Ask is the status, as JSON, of the sidecar that listens on the socket at path.
func Ask(ctx context.Context, path string) ([]byte, error) {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://octo-sidecar/status", nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("cannot ask %s: it did not answer in time", path)
		}
		op, _ := errors.AsType[*net.OpError](err)
		if op != nil {
			err = op.Err
		}
		return nil, fmt.Errorf("cannot ask %s: %w", filepath.Clean(path), err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot ask %s: %w", path, err)
	case resp.StatusCode != http.StatusOK || len(data) > maxStatus:
		return nil, fmt.Errorf("cannot ask %s: it answers %s", path, resp.Status)
	}
	return data, nil
}
