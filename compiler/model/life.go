package model

import (
	"encoding/json"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Source says how a program is built from source, for targets without containers.
type Source struct {
	Repo     string   `octo:"repo"`
	Ref      string   `octo:"ref"` // "": the repository's default branch
	Commands []string `octo:"commands"`
	Output   string   `octo:"output"` // relative to the root of the repository
}

// The levels of a check.
const (
	Startup = "startup" // the start is over when it passes
	Ready   = "ready"   // the service takes work while it passes
	Alive   = "alive"   // the service is restarted when it fails
)

// Check is a named health check. One of HTTP, TCP, GRPC, Exec and Plugin is set.
type Check struct {
	Name string `octo:"-"`
	Path tree.Path
	HTTP *HTTPCheck `octo:"http"`
	TCP  *TCPCheck  `octo:"tcp"`
	GRPC *GRPCCheck `octo:"grpc"`
	// Exec is a program in the container with its arguments. Plugin likewise, by the contract of Nagios plugins.
	Exec   []string `octo:"exec"`
	Plugin []string `octo:"plugin"`

	Level       string    `octo:"level"`        // startup, ready (default), alive
	Interval    *Duration `octo:"interval"`     // 30s
	Timeout     *Duration `octo:"timeout"`      // 30s
	StartPeriod *Duration `octo:"start_period"` // 0s
	Failures    *int      `octo:"failures"`     // 3
	Successes   *int      `octo:"successes"`    // 1
	OnFailure   string    `octo:"on_failure"`   // restart, drain, notify, none; see [Check.Acts]
}

// The defaults of checks, which are Docker's for a healthcheck.
const (
	CheckInterval = 30 * time.Second
	CheckTimeout  = 30 * time.Second
	CheckFailures = 3
)

// Is is the level with its default.
func (c *Check) Is() string {
	if c.Level == "" {
		return Ready
	}
	return c.Level
}

// Acts is what happens after the failures: on_failure with its default, restart for level alive, else none.
func (c *Check) Acts() string {
	switch {
	case c.OnFailure != "":
		return c.OnFailure
	case c.Is() == Alive:
		return "restart"
	}
	return "none"
}

// Every, Limit, Grace, Fails and Passes are the numbers of the check with their defaults.
func (c *Check) Every() time.Duration { return or(c.Interval, CheckInterval) }
func (c *Check) Limit() time.Duration { return or(c.Timeout, CheckTimeout) }
func (c *Check) Grace() time.Duration { return or(c.StartPeriod, 0) }
func (c *Check) Fails() int           { return number(c.Failures, CheckFailures) }
func (c *Check) Passes() int          { return number(c.Successes, 1) }

func or(d *Duration, or time.Duration) time.Duration {
	if d == nil || *d <= 0 {
		return or
	}
	return time.Duration(*d)
}

func number(n *int, or int) int {
	if n == nil || *n <= 0 {
		return or
	}
	return *n
}

// AsCheck is the healthcheck as the check that it is: named default, of level ready. ok is false when it is off, or
// when its test is the image's, which only a container engine knows.
func (h *Healthcheck) AsCheck(at tree.Path) (c Check, ok bool) {
	if h.Off() {
		return c, false
	}
	c = Check{
		Name: "default", Path: at, HTTP: h.HTTP, TCP: h.TCP, GRPC: h.GRPC,
		Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, Failures: h.Retries,
	}
	if len(h.Test) > 1 {
		switch h.Test[0] {
		case "CMD":
			c.Exec = h.Test[1:]
		case "CMD-SHELL":
			c.Exec = []string{"/bin/sh", "-c", h.Test[1]}
		}
	}
	return c, c.HTTP != nil || c.TCP != nil || c.GRPC != nil || len(c.Exec) > 0
}

// AllChecks are the healthcheck, when it is one that we know, and the named checks.
func (s *Service) AllChecks() []Check {
	if c, ok := s.Healthcheck.AsCheck(s.Path.Key("healthcheck")); ok {
		return append([]Check{c}, s.Checks...)
	}
	return s.Checks
}

// Hook is a command that runs in the container of the service.
type Hook struct {
	Command     []string `octo:"command"`
	User        string   `octo:"user"`
	Privileged  bool     `octo:"privileged"`
	WorkingDir  string   `octo:"working_dir"`
	Environment []Pair   `octo:"environment"`
}

// Hooks are the hooks that no key of Compose stands for: the others are PreStart, PostStart and PreStop of the
// service, and init became services of their own before the model was made.
type Hooks struct {
	PostStop []Hook `octo:"post_stop"`
}

// Preflight is one thing that must hold before a start. One field is set.
type Preflight struct {
	Path    tree.Path
	Port    *int           `octo:"port"` // of the host, TCP, on all addresses
	Disk    *PreflightDisk `octo:"disk"`
	Kernel  string         `octo:"kernel"` // the oldest version: 5.15
	DNS     string         `octo:"dns"`
	URL     string         `octo:"url"`
	Command []string       `octo:"command"`
}

// PreflightDisk is room on a disk.
type PreflightDisk struct {
	Folder string `octo:"path"`
	Free   Bytes  `octo:"free"`
}

// Machines are the machines that run a service.
type Machines struct {
	Tags []string `octo:"tags"` // a machine must have all
	Mode string   `octo:"mode"` // replicated (default), every
}

// Autoscale adds and removes replicas by load.
type Autoscale struct {
	Min    *int `octo:"min"` // 1
	Max    int  `octo:"max"`
	CPU    *int `octo:"cpu"`    // percent of what is reserved; 80 when neither is given
	Memory *int `octo:"memory"` // likewise
}

// Words are the check as octo-sidecar reads it from its command line, after probe, wait or watch. host is where the
// service is asked: 127.0.0.1 from within its container.
func (c *Check) Words(host string) []string {
	switch {
	case c.HTTP != nil:
		return c.HTTP.words(host)
	case c.TCP != nil:
		return []string{"tcp", net.JoinHostPort(host, strconv.Itoa(c.TCP.Port))}
	case c.GRPC != nil:
		words := []string{"grpc", net.JoinHostPort(host, strconv.Itoa(c.GRPC.Port))}
		if c.GRPC.Service != "" {
			words = append(words, c.GRPC.Service)
		}
		return words
	case len(c.Plugin) > 0:
		return append([]string{"plugin"}, c.Plugin...)
	}
	return append([]string{"exec"}, c.Exec...)
}

func (h *HTTPCheck) words(host string) []string {
	scheme, path := h.Scheme, h.Path
	if scheme == "" {
		scheme = "http"
	}
	if path == "" {
		path = "/"
	}
	words := []string{"http"}
	if h.Host != "" {
		words = append(words, "--host="+h.Host)
	}
	return append(words, scheme+"://"+net.JoinHostPort(host, strconv.Itoa(h.Port))+path)
}

// Ask are the words for several questions, all of which must be answered well: those of the one, or "all" and a JSON
// list of lists, with < and & as they are.
func Ask(questions [][]string) []string {
	if len(questions) == 1 {
		return questions[0]
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(questions) // strings always have a JSON form
	return []string{"all", strings.TrimSuffix(b.String(), "\n")}
}

// Words are the check as octo-sidecar reads it from its command line, after preflight.
func (p *Preflight) Words() []string {
	switch {
	case p.Port != nil:
		return []string{"port", strconv.Itoa(*p.Port)}
	case p.Disk != nil:
		return []string{"disk", p.Disk.Folder, p.Disk.Free.Binary()}
	case p.Kernel != "":
		return []string{"kernel", p.Kernel}
	case p.DNS != "":
		return []string{"dns", p.DNS}
	case p.URL != "":
		return []string{"url", p.URL}
	}
	return append([]string{"command"}, p.Command...)
}
