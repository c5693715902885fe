package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// KindRun is the kind of a [Run].
const KindRun = "run"

// RunVersion is the version of the format that this package writes and reads. A reader refuses another one.
const RunVersion = 1

// Run is what octo-sidecar run does for one application: it serves configs, asks checks, acts and tells.
type Run struct {
	// Kind is "run"; [Run.Marshal] fills it in where it is empty, and Version likewise.
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	// Project is the name of the application, for messages and metrics.
	Project string `json:"project"`
	// Serve is the config server; nil: none.
	Serve *Serve `json:"serve,omitempty"`
	// Checks are asked one by one, each in its own rhythm.
	Checks []Check `json:"checks,omitempty"`
	// Restarts bound what checks may restart; nil: the defaults of [Restarts].
	Restarts *Restarts `json:"restarts,omitempty"`
	// Notify is who hears of what.
	Notify []Notifier `json:"notify,omitempty"`
	// Status is where /status, /metrics and /healthz are served, over http, HOST:PORT; "": nowhere but on the socket in the
	// state folder.
	Status string `json:"status,omitempty"`
}

// Serve is a server of configs over HTTPS.
type Serve struct {
	// Listen is where it listens: HOST:PORT, or "socket" for the sockets that systemd hands over (sd_listen_fds(3)).
	Listen string `json:"listen"`
	// Names are the DNS names and IP addresses of the certificate that is made at the first start.
	Names []string `json:"names,omitempty"`
	// Cert and Key are files in PEM with a certificate that is given; read again when they change. Without them one is made
	// in the state folder, with an authority of its own.
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`
	// CA is the file that the authority of a certificate that was made is written to, in PEM, for clients; mode 0644.
	CA string `json:"ca,omitempty"`
	// Services are who may ask, and what they get.
	Services []Service `json:"services"`
}

// Service is one client of the config server. It is called by its name, with a password, by basic auth.
type Service struct {
	Name string `json:"name"`
	// Config is a file of JSON with the merged values; it is read again when it changes.
	Config string `json:"config"`
	// Password is the file that holds the credential; a line break at its end does not count. It is read again when it
	// changes. An empty one lets nobody in.
	Password string `json:"password"`
	// Secrets are values that are put into the config when it is served, each at a JSON pointer (RFC 6901) that leads to a
	// text in which [SecretMark] of the name stands for it.
	Secrets []Secret `json:"secrets,omitempty"`
}

// SecretMark is what stands for the secret name in a text of a config, alone or with other text around it.
func SecretMark(name string) string { return "{{ secret." + name + " }}" }

// Secret is a value that is known at run time only: exactly one of File and Vault.
type Secret struct {
	Name string   `json:"name"`
	At   []string `json:"at"` // JSON pointers
	// File holds it; a line break at its end does not count; read again when it changes.
	File  string `json:"file,omitempty"`
	Vault *Vault `json:"vault,omitempty"`
}

// Vault is a field of a KV engine, version 2. How to log in stands in the environment and the files of the sidecar, as
// octo-sidecar secret vault has it.
type Vault struct {
	Address string `json:"address,omitempty"` // "": VAULT_ADDR
	Mount   string `json:"mount,omitempty"`   // "": the first part of Path
	Path    string `json:"path"`
	Key     string `json:"key"`
	// Version of the secret; 0: the newest, which is asked for again.
	Version int `json:"version,omitempty"`
}

// Level is what a check is about.
type Level string

// The levels.
const (
	Startup Level = "startup" // it has come up; asked until it once works
	Ready   Level = "ready"   // it can take requests
	Alive   Level = "alive"   // it need not be restarted
)

// Check is one question about one service.
type Check struct {
	Service string `json:"service"`
	Name    string `json:"name"` // of the check; "default" for healthcheck
	Level   Level  `json:"level"`
	// What are the words of octo-sidecar probe: ["http", "http://127.0.0.1:8080/healthz"].
	What []string `json:"what"`
	// Interval is from start to start of two questions, Timeout the time of one; durations as Go writes them.
	Interval Duration `json:"interval"`
	Timeout  Duration `json:"timeout"`
	// StartPeriod is the time from the first question in which failures do not count; the first success ends it.
	StartPeriod Duration `json:"start_period,omitempty"`
	// Failures and Successes in a row change the state.
	Failures  int `json:"failures"`
	Successes int `json:"successes"`
	// OnFailure is done when the state turns to failed: none but notices, when it is nil.
	OnFailure *Action `json:"on_failure,omitempty"`
}

// Action is what is done about a service that fails: exactly one field.
type Action struct {
	Restart *Restart `json:"restart,omitempty"`
	Drain   *Drain   `json:"drain,omitempty"`
}

// Restart restarts a service: exactly one field.
type Restart struct {
	// Unit is a unit of systemd, restarted over D-Bus.
	Unit string `json:"unit,omitempty"`
	// Container is the name of a container, restarted through the engine's socket, which must be handed in by name.
	Container string `json:"container,omitempty"`
	// Socket is that of the engine; only with Container.
	Socket string `json:"socket,omitempty"`
}

// Drain takes a server out of HAProxy, and brings it back when it works again, through the runtime API (management guide,
// "set server … state").
type Drain struct {
	Socket  string `json:"socket"`
	Backend string `json:"backend"`
	Server  string `json:"server"`
}

// Restarts bound all restarts together.
type Restarts struct {
	// PerService is how many restarts a service may have in Window; more are left out, and told. Default: 5 in 10m.
	PerService int      `json:"per_service,omitempty"`
	Window     Duration `json:"window,omitempty"`
	// Backoff is the time before the second restart of a service; it doubles up to MaxBackoff, and starts anew after a
	// Window without a restart. Default: 500ms, 30s.
	Backoff    Duration `json:"backoff,omitempty"`
	MaxBackoff Duration `json:"max_backoff,omitempty"`
	// Share is the largest part of all services, in percent, that may be restarted within MaxBackoff of each other: when
	// everything fails at once the fault lies elsewhere. Default: 50; at least one service may always be.
	Share int `json:"share,omitempty"`
}

// Event is what a notifier may hear of.
type Event string

// The events.
const (
	EventFailed    Event = "failed"
	EventRecovered Event = "recovered"
	EventRestarted Event = "restarted"
	EventGivenUp   Event = "given_up" // the bound on restarts holds a restart back
	EventFlapping  Event = "flapping"
)

// Notifier is somebody who hears of events: exactly one of SMTP, Webhook and Exec.
type Notifier struct {
	Name    string   `json:"name"`
	On      []Event  `json:"on"` // empty: all
	SMTP    *SMTP    `json:"smtp,omitempty"`
	Webhook *Webhook `json:"webhook,omitempty"`
	Exec    []string `json:"exec,omitempty"` // a program and its arguments; the event is JSON on its standard input
}

// SMTP sends mail (RFC 5321), with STARTTLS or TLS from the start; without either only to a loopback address.
type SMTP struct {
	Server   string   `json:"server"` // HOST:PORT
	TLS      string   `json:"tls"`    // "starttls", "tls" or "none"
	From     string   `json:"from"`
	To       []string `json:"to"`
	User     string   `json:"user,omitempty"`
	Password string   `json:"password,omitempty"` // a file
}

// Webhook posts events as JSON. Exactly one of URL and URLFile is there.
type Webhook struct {
	// URL is https; http to a loopback address, or to any where Plain is set.
	URL string `json:"url,omitempty"`
	// URLFile is a file with the address, which is https; read for each message.
	URLFile string `json:"url_file,omitempty"`
	// Plain says that http is meant: the address is in a network of the application's own.
	Plain bool `json:"plain,omitempty"`
	// Header is a file with one header line, such as an authorization.
	Header string `json:"header,omitempty"`
}

// Duration is a time as Go writes it: 500ms, 30s, 1m30s.
type Duration time.Duration

// MarshalJSON writes d as a text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads a text that [time.ParseDuration] reads.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return errors.New("want a duration in quotes, such as \"30s\"")
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is no duration; want 500ms, 30s or 1m30s", s)
	}
	*d = Duration(v)
	return nil
}

// Marshal is r as the file that [ParseRun] reads: indented JSON, one newline at the end, the same for the same r. It
// refuses what ParseRun would refuse.
func (r Run) Marshal() ([]byte, error) {
	if r.Kind == "" {
		r.Kind = KindRun
	}
	if r.Version == 0 {
		r.Version = RunVersion
	}
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("cannot write the spec: %w", err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("cannot write the spec: %w", err)
	}
	return b.Bytes(), nil
}

// ParseRun reads what [Run.Marshal] wrote. Unknown fields and anything behind the document are errors.
func ParseRun(data []byte) (Run, error) {
	var head struct {
		Kind    string
		Version int
	}
	if err := json.Unmarshal(data, &head); err == nil && head.Kind == KindRun && head.Version != RunVersion {
		return Run{}, fmt.Errorf("cannot read the spec: it has version %d, and this octo-sidecar reads version %d: compile with the octo of the same release", head.Version, RunVersion)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var r Run
	if err := dec.Decode(&r); err != nil {
		return Run{}, fmt.Errorf("cannot read the spec: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Run{}, errors.New("cannot read the spec: something stands behind the document")
	}
	if err := r.Check(); err != nil {
		return Run{}, fmt.Errorf("cannot read the spec: %w", err)
	}
	return r, nil
}

// Check says what of r cannot be meant, and names the field.
func (r Run) Check() error {
	switch {
	case r.Kind != KindRun:
		return fmt.Errorf("kind is %q; want %q", r.Kind, KindRun)
	case r.Version != RunVersion:
		return fmt.Errorf("version is %d; want %d", r.Version, RunVersion)
	case !word.MatchString(r.Project):
		return fmt.Errorf("project is %q; want a name", r.Project)
	case r.Status != "" && !isAddress(r.Status):
		return fmt.Errorf("status is %q; want HOST:PORT", r.Status)
	}
	if r.Serve != nil {
		if err := r.Serve.check(); err != nil {
			return fmt.Errorf("serve.%w", err)
		}
	}
	seen := map[string]bool{}
	for i, c := range r.Checks {
		if err := c.check(); err != nil {
			return fmt.Errorf("checks[%d].%w", i, err)
		}
		if key := c.Service + "/" + c.Name; seen[key] {
			return fmt.Errorf("checks[%d].name: %s stands twice", i, key)
		} else {
			seen[key] = true
		}
	}
	if b := r.Restarts; b != nil && (b.PerService < 0 || b.Window < 0 || b.Backoff < 0 || b.MaxBackoff < 0 || b.Share < 0 || b.Share > 100) {
		return errors.New("restarts: want numbers of at least 0, and a share of at most 100")
	}
	names := map[string]bool{}
	for i, n := range r.Notify {
		if err := n.Check(); err != nil {
			return fmt.Errorf("notify[%d].%w", i, err)
		}
		if names[n.Name] {
			return fmt.Errorf("notify[%d].name: %s stands twice", i, n.Name)
		}
		names[n.Name] = true
	}
	return nil
}

var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	return err == nil && port != ""
}

// isFile tells whether p is an absolute, clean path of a file.
func isFile(p string) bool {
	return path.IsAbs(p) && path.Clean(p) == p && p != "/" && !strings.ContainsRune(p, 0)
}

func (s *Serve) check() error {
	switch {
	case s.Listen != "socket" && !isAddress(s.Listen):
		return fmt.Errorf("listen is %q; want HOST:PORT or \"socket\"", s.Listen)
	case (s.Cert == "") != (s.Key == ""):
		return errors.New("cert: want cert and key, or neither")
	case s.Cert != "" && (!isFile(s.Cert) || !isFile(s.Key)):
		return errors.New("cert: want absolute paths")
	case s.CA != "" && !isFile(s.CA):
		return fmt.Errorf("ca is %q; want an absolute path", s.CA)
	case s.Cert == "" && len(s.Names) == 0:
		return errors.New("names is empty; want the names that clients use, or a certificate")
	case len(s.Services) == 0:
		return errors.New("services is empty; want one at least")
	}
	seen := map[string]bool{}
	for i, v := range s.Services {
		switch {
		case !word.MatchString(v.Name):
			return fmt.Errorf("services[%d].name is %q; want a name", i, v.Name)
		case seen[v.Name]:
			return fmt.Errorf("services[%d].name: %s stands twice", i, v.Name)
		case !isFile(v.Config) || !isFile(v.Password):
			return fmt.Errorf("services[%d]: want absolute paths for config and password", i)
		}
		seen[v.Name] = true
		for j, x := range v.Secrets {
			if err := x.check(); err != nil {
				return fmt.Errorf("services[%d].secrets[%d].%w", i, j, err)
			}
		}
	}
	return nil
}

func (s Secret) check() error {
	switch {
	case !word.MatchString(s.Name):
		return fmt.Errorf("name is %q; want a name", s.Name)
	case (s.File == "") == (s.Vault == nil):
		return errors.New("file: want either file or vault")
	case s.File != "" && !isFile(s.File):
		return fmt.Errorf("file is %q; want an absolute path", s.File)
	case s.Vault != nil && (s.Vault.Path == "" || s.Vault.Key == "" || s.Vault.Version < 0):
		return errors.New("vault: want a path and a key")
	case len(s.At) == 0 || slices.ContainsFunc(s.At, func(p string) bool { return !strings.HasPrefix(p, "/") }):
		return errors.New("at: want JSON pointers, which begin with /")
	}
	return nil
}

func (c Check) check() error {
	switch {
	case !word.MatchString(c.Service) || !word.MatchString(c.Name):
		return fmt.Errorf("name: want a service and a name, not %q and %q", c.Service, c.Name)
	case c.Level != Startup && c.Level != Ready && c.Level != Alive:
		return fmt.Errorf("level is %q; want startup, ready or alive", c.Level)
	case len(c.What) < 2:
		return errors.New("what: want the words of a question")
	case c.Interval <= 0 || c.Timeout <= 0 || c.StartPeriod < 0:
		return errors.New("interval: want times of more than 0")
	case c.Failures < 1 || c.Successes < 1:
		return errors.New("failures: want at least 1 failure and 1 success")
	}
	if a := c.OnFailure; a != nil {
		if (a.Restart == nil) == (a.Drain == nil) {
			return errors.New("on_failure: want either restart or drain")
		}
		if r := a.Restart; r != nil && ((r.Unit == "") == (r.Container == "") || (r.Container == "") != (r.Socket == "")) {
			return errors.New("on_failure.restart: want either unit, or container and socket")
		}
		if d := a.Drain; d != nil && (d.Socket == "" || !word.MatchString(d.Backend) || !word.MatchString(d.Server)) {
			return errors.New("on_failure.drain: want socket, backend and server")
		}
	}
	return nil
}

// Check says what of n cannot be meant, and names the field.
func (n Notifier) Check() error {
	ways := 0
	for _, has := range []bool{n.SMTP != nil, n.Webhook != nil, len(n.Exec) > 0} {
		if has {
			ways++
		}
	}
	known := []Event{EventFailed, EventRecovered, EventRestarted, EventGivenUp, EventFlapping}
	switch {
	case !word.MatchString(n.Name):
		return fmt.Errorf("name is %q; want a name", n.Name)
	case ways != 1:
		return errors.New("smtp: want exactly one of smtp, webhook and exec")
	case slices.ContainsFunc(n.On, func(e Event) bool { return !slices.Contains(known, e) }):
		return fmt.Errorf("on: want %v", known)
	case n.SMTP != nil:
		return n.SMTP.check()
	case n.Webhook != nil:
		return n.Webhook.check()
	}
	return nil
}

func (s *SMTP) check() error {
	switch {
	case !isAddress(s.Server) || s.From == "" || len(s.To) == 0 || !slices.Contains([]string{"starttls", "tls", "none"}, s.TLS):
		return errors.New("smtp: want server, from, to, and tls as starttls, tls or none")
	case !isMail(s.From):
		return fmt.Errorf("smtp.from is %q, which is no address", s.From)
	case slices.ContainsFunc(s.To, func(to string) bool { return !isMail(to) }):
		return fmt.Errorf("smtp.to is %q, where something is no address", s.To)
	case (s.User == "") != (s.Password == ""):
		return errors.New("smtp.user: want user and password, or neither")
	case s.Password != "" && !isFile(s.Password):
		return fmt.Errorf("smtp.password is %q; want an absolute path", s.Password)
	case s.TLS == "none" && s.User != "":
		return errors.New("smtp.tls is none; want starttls or tls where there is a password")
	}
	if host, _, _ := net.SplitHostPort(s.Server); s.TLS == "none" && !IsLoopback(host) {
		return fmt.Errorf("smtp.server is %s, which is asked without TLS; want starttls or tls", s.Server)
	}
	return nil
}

func isMail(s string) bool {
	_, err := mail.ParseAddress(s)
	return err == nil
}

func (w *Webhook) check() error {
	switch {
	case (w.URL == "") == (w.URLFile == ""):
		return errors.New("webhook.url: want either url or url_file")
	case w.URLFile != "" && !isFile(w.URLFile):
		return fmt.Errorf("webhook.url_file is %q; want an absolute path", w.URLFile)
	case w.Header != "" && !isFile(w.Header):
		return fmt.Errorf("webhook.header is %q; want an absolute path", w.Header)
	case w.URL == "":
		return nil
	}
	u, err := url.Parse(w.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("webhook.url is none; want https://HOST/PATH")
	case u.Scheme == "http" && !w.Plain && !IsLoopback(u.Hostname()):
		return fmt.Errorf("webhook.url leads to %s without TLS; want https", u.Host)
	}
	return nil
}

// IsLoopback tells whether host is this machine: localhost, or an address of its loopback.
func IsLoopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}
