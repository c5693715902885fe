package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// alerts keeps what it is told on /hook, where it knows who tells, and shows it on /state.
func (a *app) alerts([]string) error {
	stop := told()
	type event struct {
		Event   string `json:"event"`
		Service string `json:"service"`
		Check   string `json:"check"`
		Message string `json:"message"`
	}
	var mu sync.Mutex
	events := []string{}
	s := a.server()
	s.mux.HandleFunc("POST /hook", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer swordfish" {
			http.Error(w, "who is it?", http.StatusUnauthorized)
			return
		}
		var m struct {
			Project string
			Events  []event
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, e := range m.Events {
			events = append(events, fmt.Sprint(m.Project, " ", e.Service, " ", e.Check, " ", e.Event))
			a.event("told", map[string]any{"of": e})
		}
	})
	s.data = func() (map[string]any, error) {
		mu.Lock()
		defer mu.Unlock()
		return map[string]any{"events": events}, nil
	}
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	failed := s.listen(l)
	a.event("ready", nil)
	return a.until(stop, 0, failed)
}
