package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds of a long poll: the longest, and how many requests of one service may wait at a time.
const (
	longestPoll = 5 * time.Minute
	maxWaiting  = 1024
)

// root is where configs lie.
const root = "/v1/config/"

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.o.Done == nil {
		s.serve(w, r)
		return
	}
	start := s.o.Now()
	service, status := s.serve(w, r)
	s.o.Done(service, status, s.o.Now().Sub(start))
}

// serve answers, and tells whom and with what status.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) (service string, status int) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if r.ContentLength != 0 {
		h.Set("Connection", "close") // whatever is sent is not read
		return "", refuse(w, http.StatusRequestEntityTooLarge, "no request here has a body")
	}
	if r.URL.Path == "/healthz" {
		if !reads(r) {
			return "", disallow(w)
		}
		return "", say(w, r, "ok\n")
	}
	c := s.who(r)
	if c == nil {
		h.Set("WWW-Authenticate", `Basic realm="octo", charset="UTF-8"`)
		return "", refuse(w, http.StatusUnauthorized, "want the name of a service and its password by basic auth")
	}
	if k, ok := r.Context().Value(connKey{}).(*conn); ok {
		k.trust()
	}
	service = c.name
	rest, ok := strings.CutPrefix(r.URL.Path, root)
	asked, below, deep := strings.Cut(rest, "/")
	switch {
	case !ok || asked == "":
		return service, refuse(w, http.StatusNotFound, "nothing is here; the config is at "+root+service)
	case asked != service:
		return service, refuse(w, http.StatusForbidden, "this is not the config of "+service)
	case deep || below != "":
		return service, refuse(w, http.StatusNotFound, "nothing is here; the config is at "+root+service)
	case !reads(r):
		return service, disallow(w)
	}
	return service, s.config(w, r, c)
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

func disallow(w http.ResponseWriter) int {
	w.Header().Set("Allow", "GET, HEAD")
	return refuse(w, http.StatusMethodNotAllowed, "want GET or HEAD")
}

func refuse(w http.ResponseWriter, status int, why string) int {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, why+"\n")
	return status
}

func say(w http.ResponseWriter, r *http.Request, text string) int {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, text)
	}
	return http.StatusOK
}

// who asks: nil is nobody. A name that there is not costs what a wrong password does, and sums are compared, so that the
// time says nothing about a password, nor its length.
func (s *Server) who(r *http.Request) *client {
	user, password, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(password))
	c := (*s.table.Load())[user]
	want, known := s.nobody, 0
	if c != nil {
		if p := c.password.Load(); p != nil {
			want, known = p, 1
		}
	}
	if subtle.ConstantTimeCompare(sum[:], want[:])&known != 1 {
		return nil
	}
	return c
}

// config answers a request for the config of c.
func (s *Server) config(w http.ResponseWriter, r *http.Request, c *client) int {
	h := w.Header()
	h.Set("Vary", "Accept, Authorization")
	o, ok := choose(r.Header["Accept"])
	if !ok {
		return refuse(w, http.StatusNotAcceptable, "want application/json, application/yaml or application/toml")
	}
	tags := r.Header["If-None-Match"]
	wait, err := patience(r.URL.RawQuery)
	if err == nil && wait > 0 && len(tags) == 0 {
		err = errors.New("wait wants If-None-Match with the ETag of what is known")
	}
	if err != nil {
		return refuse(w, http.StatusBadRequest, err.Error())
	}
	v := c.view.Load()
	if wait > 0 && v.missing == nil && matches(tags, v.form(o.format).tag[0]) {
		var ok bool
		if v, ok = s.wait(r, c, tags, o, wait); !ok {
			h.Set("Retry-After", "5")
			return refuse(w, http.StatusTooManyRequests, "too many of this service wait")
		}
		if s.who(r) != c {
			h.Set("WWW-Authenticate", `Basic realm="octo", charset="UTF-8"`)
			return refuse(w, http.StatusUnauthorized, "the credential has changed")
		}
	}
	if v.missing != nil {
		h.Set("Retry-After", "5")
		return refuse(w, http.StatusServiceUnavailable, "the config is not there yet: "+strings.Join(v.missing, ", "))
	}
	return answer(w, r, v, o, tags)
}

// answer writes a generation.
func answer(w http.ResponseWriter, r *http.Request, v *view, o offer, tags []string) int {
	f := v.form(o.format)
	if f.err != nil {
		return refuse(w, http.StatusNotAcceptable, "cannot write the config as "+o.media+": "+f.err.Error())
	}
	h := w.Header()
	h["Etag"] = f.tag
	if matches(tags, f.tag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified
	}
	h.Set("Content-Type", o.media)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(f.body)
	}
	return http.StatusOK
}

// patience is how long a request is willing to wait: the parameter wait, at most five minutes; 0: not at all.
func patience(query string) (time.Duration, error) {
	if query == "" {
		return 0, nil
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return 0, errors.New("the query cannot be read")
	}
	values, ok := q["wait"]
	if !ok {
		return 0, nil
	}
	d, err := time.ParseDuration(values[0])
	if err != nil || d <= 0 || len(values) > 1 {
		return 0, errors.New("wait is one duration of more than 0, such as 30s; at most 5m count")
	}
	return min(d, longestPoll), nil
}

// wait is the generation that differs from tags, or the one of when the time is up, the client gone or the server at its
// end. false: too many wait.
func (s *Server) wait(r *http.Request, c *client, tags []string, o offer, limit time.Duration) (*view, bool) {
	defer c.waiting.Add(-1)
	if c.waiting.Add(1) > maxWaiting {
		return nil, false
	}
	up := time.NewTimer(limit)
	defer up.Stop()
	for {
		v := c.view.Load()
		if v.missing != nil || !matches(tags, v.form(o.format).tag[0]) {
			return v, true
		}
		select {
		case <-v.over:
			if c.view.Load() != v {
				continue
			}
		case <-up.C:
		case <-r.Context().Done():
		case <-s.ending:
		}
		return v, true
	}
}
