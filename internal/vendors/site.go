package vendors

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
)

// Server is a server over https.
type Server struct {
	URL  string // https://127.0.0.1:PORT
	Host string // 127.0.0.1:PORT

	server   *httptest.Server
	requests atomic.Int64
	login    atomic.Pointer[[2]string]
}

// Serve starts a server of h.
func (ca *CA) Serve(h http.Handler) (*Server, error) { return ca.ServeAs(Sound, h) }

// ServeAs starts a server whose certificate has a fault.
func (ca *CA) ServeAs(f Fault, h http.Handler) (*Server, error) {
	cert, err := ca.Certificate(f)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{}
	s.server = &httptest.Server{Listener: l, TLS: &tls.Config{Certificates: []tls.Certificate{cert}}, Config: &http.Server{ErrorLog: quiet(),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.requests.Add(1)
			if want := s.login.Load(); want != nil {
				if user, password, _ := r.BasicAuth(); [2]string{user, password} != *want {
					w.Header().Set("WWW-Authenticate", `Basic realm="tests"`)
					http.Error(w, "who are you", http.StatusUnauthorized)
					return
				}
			}
			h.ServeHTTP(w, r)
		})}}
	s.server.StartTLS()
	s.URL, s.Host = s.server.URL, l.Addr().String()
	return s, nil
}

// Requests is how many there were.
func (s *Server) Requests() int { return int(s.requests.Load()) }

// Login makes the server ask for a user and a password, from now on.
func (s *Server) Login(user, password string) { s.login.Store(&[2]string{user, password}) }

// Close ends the server; requests that are still answered are cut off.
func (s *Server) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// Site is files over https.
type Site struct {
	*Server
	mu    sync.Mutex
	files map[string]string
}

// Site starts a server of files; there are none yet.
func (ca *CA) Site() (*Site, error) {
	site := &Site{files: map[string]string{}}
	var err error
	site.Server, err = ca.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.mu.Lock()
		text, ok := site.files[strings.TrimPrefix(r.URL.Path, "/")]
		site.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	return site, err
}

// Set makes text the file at path, or changes it.
func (s *Site) Set(path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = text
}

// Remove takes the file at path away.
func (s *Site) Remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, path)
}
