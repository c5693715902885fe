package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// store is what the database holds: a file in its volume.
type store struct {
	mu     sync.Mutex
	path   string
	Starts int               `json:"starts"` // how often a database has started on this volume
	Values map[string]string `json:"values"`
}

// open reads the store and counts the start.
func open(dir string) (*store, error) {
	s := &store{path: filepath.Join(dir, "store.json"), Values: map[string]string{}}
	text, err := os.ReadFile(s.path)
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	s.Starts++
	return s, s.save()
}

func (s *store) save() error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(s.path+".new", s.path)
}

// db starts like a database that has a log to replay: its port is closed for two seconds.
func (a *app) db([]string) error {
	stop := told()
	a.event("start", nil)
	s, err := open(setting("APP_DATA", "/data"))
	if err != nil {
		return err
	}
	select {
	case <-time.After(2 * time.Second):
	case <-stop:
		return nil
	}
	l, err := net.Listen("tcp", ":5432")
	if err != nil {
		return err
	}
	a.event("ready", map[string]any{"starts": s.Starts})
	failed := make(chan error, 1)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				failed <- err
				return
			}
			go a.talk(conn, s)
		}
	}()
	return a.until(stop, 0, failed)
}

// talk answers lines: SET KEY VALUE, GET KEY, STATE.
func (a *app) talk(conn net.Conn, s *store) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		fmt.Fprintln(conn, a.answer(lines.Text(), s))
	}
}

func (a *app) answer(line string, s *store) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	verb, rest, _ := strings.Cut(line, " ")
	key, value, _ := strings.Cut(rest, " ")
	switch verb {
	case "SET":
		s.Values[key] = value
		if err := s.save(); err != nil {
			return "error: " + err.Error()
		}
		return "OK"
	case "GET":
		return s.Values[key]
	case "STATE":
		text, err := json.Marshal(a.state(map[string]any{"starts": s.Starts, "values": s.Values}))
		if err != nil {
			return "error: " + err.Error()
		}
		return string(text)
	}
	return "error: want SET, GET or STATE"
}

// migrate does what migrations do: it fails at once when the database is not there, and it takes a while.
func (a *app) migrate([]string) error {
	a.event("start", nil)
	if _, err := say(setting("APP_DB", "db:5432"), "GET schema"); err != nil {
		return err
	}
	time.Sleep(time.Second)
	reply, err := say(setting("APP_DB", "db:5432"), "SET schema 7")
	if err != nil {
		return err
	}
	if reply != "OK" {
		return fmt.Errorf("the database says %q", reply)
	}
	a.event("done", nil)
	return nil
}

// say sends a line and reads one.
func say(address, line string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, 2*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return "", err
	}
	fmt.Fprintln(conn, line)
	reply, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	return strings.TrimSpace(reply), nil
}
