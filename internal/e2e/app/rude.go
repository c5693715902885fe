package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// rudeUser is whom rude becomes: a number that only the image knows.
const rudeUser = 999

// rude takes for granted what Docker gives: it is root, it may change owners, take a port below 1024, write anywhere
// and become another user.
func (a *app) rude([]string) error {
	stop := told()
	a.event("start", map[string]any{"uid": os.Getuid()})
	data, home := setting("APP_DATA", "/data"), "/var/lib/rude"
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	for _, dir := range []string{data, home} {
		if err := os.Chown(dir, rudeUser, rudeUser); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	if err := drop(rudeUser); err != nil {
		return err
	}
	for _, dir := range []string{data, home} {
		if err := os.WriteFile(filepath.Join(dir, "mark"), []byte("rude\n"), 0o600); err != nil {
			return err
		}
	}
	s := a.server()
	s.data = func() (map[string]any, error) {
		mark, err := os.ReadFile(filepath.Join(data, "mark"))
		return map[string]any{"mark": string(mark)}, err
	}
	failed := s.listen(l)
	a.event("ready", map[string]any{"uid": os.Getuid()})
	return a.until(stop, 0, failed)
}

func drop(id int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return fmt.Errorf("cannot leave the groups: %w", err)
	}
	if err := syscall.Setgid(id); err != nil {
		return fmt.Errorf("cannot become group %d: %w", id, err)
	}
	if err := syscall.Setuid(id); err != nil {
		return fmt.Errorf("cannot become user %d: %w", id, err)
	}
	return nil
}
