package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// server answers for a role on a port: /state, /healthz and /readyz, and what changes them.
type server struct {
	a       *app
	healthy atomic.Bool
	data    func() (map[string]any, error) // what /state says beside the process; nil: nothing
	mux     *http.ServeMux
}

func (a *app) server() *server {
	s := &server{a: a, mux: http.NewServeMux()}
	s.healthy.Store(true)
	s.mux.HandleFunc("GET /state", s.state)
	s.mux.HandleFunc("GET /healthz", s.health)
	s.mux.HandleFunc("GET /readyz", s.health)
	s.mux.HandleFunc("POST /fail", s.set(false))
	s.mux.HandleFunc("POST /heal", s.set(true))
	s.mux.HandleFunc("POST /crash", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	return s
}

func (s *server) state(w http.ResponseWriter, _ *http.Request) {
	var data map[string]any
	if s.data != nil {
		var err error
		if data, err = s.data(); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	if err := json.NewEncoder(w).Encode(s.a.state(data)); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	if !s.healthy.Load() {
		http.Error(w, "unhealthy", http.StatusServiceUnavailable)
	}
}

func (s *server) set(healthy bool) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) {
		s.healthy.Store(healthy)
		s.a.event("health", map[string]any{"healthy": healthy})
	}
}

// listen serves in the background.
func (s *server) listen(l net.Listener) <-chan error {
	failed := make(chan error, 1)
	go func() { failed <- http.Serve(l, s.mux) }()
	return failed
}

// api is ready once the database has its schema.
func (a *app) api([]string) error {
	stop := told()
	a.event("start", nil)
	s := a.server()
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	schema, err := say(setting("APP_DB", "db:5432"), "GET schema")
	if err != nil {
		return err
	}
	s.data = func() (map[string]any, error) { return map[string]any{"schema": schema}, nil }
	failed := s.listen(l)
	a.event("ready", map[string]any{"schema": schema})
	return a.until(stop, 0, failed)
}

// web is ready once the api has answered. It finishes what it does when it is told to stop: that takes three seconds.
func (a *app) web([]string) error {
	stop := told()
	a.event("start", nil)
	url := setting("APP_API", "http://api:8080/state")
	if _, err := fetch(http.MethodGet, url); err != nil {
		return err
	}
	s := a.server()
	s.data = func() (map[string]any, error) {
		text, err := fetch(http.MethodGet, url)
		return map[string]any{"api": json.RawMessage(text)}, err
	}
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	failed := s.listen(l)
	a.event("ready", nil)
	return a.until(stop, 3*time.Second, failed)
}

// files serves a folder.
func (a *app) files(args []string) error {
	stop := told()
	if len(args) != 1 {
		return fmt.Errorf("want a folder")
	}
	s := a.server()
	s.mux.Handle("GET /", http.FileServer(http.Dir(args[0])))
	l, err := net.Listen("tcp", ":"+setting("APP_PORT", "8080"))
	if err != nil {
		return err
	}
	failed := s.listen(l)
	a.event("ready", nil)
	return a.until(stop, 0, failed)
}

// fetch asks for a page; a status of 400 or above is an error.
func fetch(method, url string) ([]byte, error) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: 2 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 400 {
		err = fmt.Errorf("%s: %s", url, resp.Status)
	}
	return body, err
}

func probe(_ *app, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want tcp ADDRESS or http URL")
	}
	if args[0] == "http" {
		_, err := fetch(http.MethodGet, args[1])
		return err
	}
	conn, err := net.DialTimeout(args[0], args[1], 2*time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

func get(_ *app, args []string) error  { return show(http.MethodGet, args) }
func post(_ *app, args []string) error { return show(http.MethodPost, args) }

func show(method string, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want a URL")
	}
	body, err := fetch(method, args[0])
	os.Stdout.Write(body)
	return err
}

func ask(_ *app, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want an address and a line")
	}
	reply, err := say(args[0], args[1])
	fmt.Println(reply)
	return err
}
