package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// marks is the file in the volume that hooks write to.
func marks() string { return filepath.Join(setting("APP_DATA", "/data"), "marks") }

// mark adds a word to the file.
func (a *app) mark(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want a word")
	}
	f, err := os.OpenFile(marks(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, args[0]); err != nil {
		f.Close()
		return err
	}
	a.event("mark", map[string]any{"word": args[0]})
	return f.Close()
}

// life answers on /livez until it is told to /wedge: then it still serves, and must be restarted.
func (a *app) life([]string) error {
	stop := told()
	if err := a.mark([]string{"start"}); err != nil {
		return err
	}
	s := a.server()
	var wedged atomic.Bool
	s.mux.HandleFunc("POST /wedge", func(http.ResponseWriter, *http.Request) { wedged.Store(true) })
	s.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		if wedged.Load() {
			http.Error(w, "wedged", http.StatusServiceUnavailable)
		}
	})
	s.data = func() (map[string]any, error) {
		text, err := os.ReadFile(marks())
		return map[string]any{"marks": strings.Fields(string(text))}, err
	}
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	failed := s.listen(l)
	a.event("ready", nil)
	return a.until(stop, 0, failed)
}
