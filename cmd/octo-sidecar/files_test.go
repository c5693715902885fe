//go:build unix

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// files are the words that let a program have so many files.
func files(limit int) []string {
	return []string{"sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, limit)}
}

// shortChecks are 150 that hold a connection most of the time, and some that do not and start programs. One failure
// turns a state.
func shortChecks(page string) []spec.Check {
	var all []spec.Check
	add := func(interval time.Duration, what ...string) {
		all = append(all, spec.Check{Service: "api", Name: fmt.Sprint("c", len(all)), Level: spec.Alive, What: what,
			Interval: spec.Duration(interval), Timeout: spec.Duration(15 * time.Second), Failures: 1, Successes: 1})
	}
	for range 150 {
		add(time.Second, "http", page+"/slow")
	}
	for range 6 {
		add(100*time.Millisecond, "http", page)
	}
	for range 4 {
		add(200*time.Millisecond, "exec", "true")
	}
	return all
}

var unknownResults = regexp.MustCompile(`octo_check_results_total\{result="unknown",service="api"\} ([0-9.e+]+)`)

// The process may have 256 files, and more is wanted of it: a config is served all the same, checks that cannot be asked
// are unknown, none turns, and what was short is asked again when the others are gone.
func TestFewFiles(t *testing.T) {
	const limit, idle = 256, 600
	var own syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil || own.Cur < 4*idle {
		t.Skipf("this process may have %d files only: %v", own.Cur, err)
	}
	page := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			time.Sleep(950 * time.Millisecond) // a service that takes its time
		}
	}))
	t.Cleanup(page.Close) // behind the end of the process that asks
	dir, address, status := t.TempDir(), freeAddress(t), freeAddress(t)
	ca := filepath.Join(dir, "ca.pem")
	putSpec(t, dir, spec.Run{Project: "shop", Status: status, Checks: shortChecks(page.URL), Serve: &spec.Serve{
		Listen: address, Names: []string{"127.0.0.1"}, CA: ca, Services: []spec.Service{
			{Name: "api", Config: put(t, dir, "api.json", `{"a":1}`), Password: put(t, dir, "api.pw", "one")}}}})
	c := startChild(t, dir, files(limit), nil)
	all := func(last string) func() bool {
		return func() bool {
			checks, err := checksOf(dir)
			if err != nil || len(checks) != 160 {
				return false
			}
			for _, k := range checks {
				if k.Last != last {
					return false
				}
			}
			return true
		}
	}
	eventually(t, "all work", all("success"))
	unknown := func() int {
		text, _ := asked(dir, "/metrics")
		m := unknownResults.FindStringSubmatch(text)
		if m == nil {
			return 0
		}
		n, _ := strconv.ParseFloat(m[1], 64)
		return int(n)
	}
	if n := unknown(); n > 0 {
		t.Fatalf("%d were unknown before anything was short", n)
	}

	var conns []net.Conn
	defer func() {
		for _, x := range conns {
			_ = x.Close()
		}
	}()
	served, slowest := 0, time.Duration(0)
	flood := func() {
		for i := range idle / 10 {
			to := address
			if i%3 == 0 {
				to = status
			}
			x, err := net.DialTimeout("tcp", to, 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, x)
		}
		asked := time.Now()
		if got, err := config(address, ca, "api", "one"); err != nil || got != `{"a":1}` {
			t.Errorf("with %d connections: %q, %v", len(conns), got, err)
		}
		served, slowest = served+1, max(slowest, time.Since(asked))
	}
	eventually(t, "600 connections, and questions that cannot be asked", func() bool {
		flood()
		return len(conns) >= idle && (unknown() >= 50 || strings.Contains(c.log.String(), "check failed"))
	})
	short := unknown()
	t.Logf("%d idle connections, %d questions unknown, %d configs served meanwhile, the slowest in %s", len(conns), short, served, slowest.Round(time.Millisecond))

	for _, x := range conns {
		_ = x.Close()
	}
	begin := time.Now()
	for !all("success")() {
		if time.Since(begin) > 5*time.Second {
			t.Fatalf("it has not recovered after 5 s\n%s", c.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("recovered after %s", time.Since(begin).Round(time.Millisecond))
	checks, err := checksOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range checks {
		if k.State != "works" {
			t.Errorf("%+v", k)
		}
	}
	if text := c.log.String(); c.gone() || strings.Contains(text, "check failed") || strings.Contains(text, "flapping") {
		t.Errorf("ended: %t; it logs\n%s", c.gone(), text)
	}
	if got := c.end(t); got != "exit status 0" {
		t.Errorf("it ends with %s\n%s", got, c.log)
	}
}

// More checks than the process may have files wait for a service that does not answer: configs are served at once.
func TestHungChecks(t *testing.T) {
	const limit = 256
	var hung atomic.Int64
	page := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hung.Add(1)
		<-r.Context().Done()
	}))
	t.Cleanup(page.Close) // behind the end of the process that asks
	dir, address := t.TempDir(), freeAddress(t)
	ca := filepath.Join(dir, "ca.pem")
	var checks []spec.Check
	for i := range 2 * limit {
		checks = append(checks, spec.Check{Service: "api", Name: fmt.Sprint("c", i), Level: spec.Alive, What: []string{"http", page.URL},
			Interval: spec.Duration(500 * time.Millisecond), Timeout: spec.Duration(5 * time.Minute), Failures: 1, Successes: 1})
	}
	checks = append(checks, spec.Check{Service: "api", Name: "last", Level: spec.Alive, What: []string{"exec", "true"},
		Interval: spec.Duration(200 * time.Millisecond), Timeout: spec.Duration(time.Minute), Failures: 1, Successes: 1})
	putSpec(t, dir, spec.Run{Project: "shop", Checks: checks, Serve: &spec.Serve{Listen: address, Names: []string{"127.0.0.1"}, CA: ca, Services: []spec.Service{
		{Name: "api", Config: put(t, dir, "api.json", `{"a":1}`), Password: put(t, dir, "api.pw", "one")}}}})
	c := startChild(t, dir, files(limit), nil)
	eventually(t, "all checks that may hang do", func() bool {
		if hung.Load() < limit/2 {
			return false
		}
		seen, err := checksOf(dir) // all were due once the last one was asked so often
		return err == nil && seen[len(seen)-1].Asked >= 5
	})
	for range 5 {
		if got, err := config(address, ca, "api", "one"); err != nil || got != `{"a":1}` {
			t.Fatalf("%q, %v\n%s", got, err, c.log)
		}
	}
	if got := c.end(t); got != "exit status 0" {
		t.Errorf("it ends with %s\n%s", got, c.log)
	}
}
