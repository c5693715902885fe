package serve

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Options are what a server needs of the world. Zero values stand for the real world.
type Options struct {
	// State is the folder of the authority, which is made where there is none; only needed where no certificate is given.
	State string
	// Log hears of changes and faults; nil: nobody.
	Log *slog.Logger
	// Now is the time; the monotonic clock in it decides, and the wall clock only for certificates.
	Now func() time.Time
	// Rand is from [0, 1), for pauses. Keys always come from crypto/rand.
	Rand func() float64
	// Vault reads one value. ttl is how long it lives; 0: it does not say, and is asked for again after 5m. Its errors are
	// shown in logs and in the status: they must hold no value.
	Vault func(ctx context.Context, v spec.Vault) (value string, ttl time.Duration, err error)
	// ReadFile and Stat are those of os.
	ReadFile func(name string) ([]byte, error)
	Stat     func(name string) (fs.FileInfo, error)
	// Poll is the time between two looks at the files; default 1s.
	Poll time.Duration
	// Drain is how long requests may take that are being answered when the server ends; default 10s.
	Drain time.Duration
	// MaxConns is how many connections there may be; default 4096, and at most half of the files that the process may have.
	MaxConns int
	// Done is told of each answer: the service ("" where no credential was shown), the status, the time it took. It may be
	// called by many at a time.
	Done func(service string, status int, took time.Duration)

	step func(what string) error // before each change of the disk
}

// Server serves configs. All methods may be called at any time, by anybody.
type Server struct {
	o      Options
	log    *slog.Logger
	disk   disk
	guard  *guard
	nobody *[sha256.Size]byte
	table  atomic.Pointer[map[string]*client]
	cert   atomic.Pointer[tls.Certificate]

	mu       sync.Mutex // guards the rest
	spec     spec.Serve
	identity *identity
	tried    time.Time // when a certificate was made, or not
	files    map[string]*file
	clients  []*client // by name
	leases   map[spec.Vault]*lease

	asking sync.WaitGroup
	slots  chan struct{}
	begun  atomic.Bool
	ending chan struct{} // closed when Serve ends
}

// New is a server of v. An error says that v cannot be meant, or that there is no certificate; a config that cannot be read
// is none: its service gets 503 until it can.
func New(v spec.Serve, o Options) (*Server, error) {
	o = o.filled()
	s := &Server{o: o, log: o.Log, disk: disk{o.step}, nobody: nobody(), files: map[string]*file{}, leases: map[spec.Vault]*lease{},
		slots: make(chan struct{}, askers), ending: make(chan struct{})}
	s.guard = &guard{max: o.MaxConns, log: o.Log}
	if err := s.Reload(v); err != nil {
		return nil, err
	}
	return s, nil
}

func (o Options) filled() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Vault == nil {
		o.Vault = func(context.Context, spec.Vault) (string, time.Duration, error) {
			return "", 0, errors.New("cannot ask Vault: nothing is set up for it")
		}
	}
	if o.ReadFile == nil {
		o.ReadFile = readFile
	}
	if o.Stat == nil {
		o.Stat = os.Stat
	}
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Drain <= 0 {
		o.Drain = 10 * time.Second
	}
	if o.MaxConns <= 0 {
		o.MaxConns = min(4096, max(maxFiles()/2, 16))
	}
	return o
}

// Reload takes another spec. An error means that nothing has changed: it cannot be meant, or there is no certificate for
// it. Where to listen is not its business: who has the listener compares [spec.Serve.Listen].
func (s *Server) Reload(v spec.Serve) error {
	if err := (spec.Run{Kind: spec.KindRun, Version: spec.RunVersion, Project: "serve", Serve: &v}).Check(); err != nil {
		return fmt.Errorf("cannot serve: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.spec
	if s.identity == nil || v.Cert != old.Cert || v.Key != old.Key || v.CA != old.CA || !slices.Equal(v.Names, old.Names) {
		i, err := s.openIdentity(v)
		if err != nil {
			if s.identity != nil {
				s.log.Error("the spec stays as it was", "error", err)
			}
			return err
		}
		s.identity = i
		s.cert.Store(i.cert)
	}
	s.spec = v
	s.take(v.Services)
	return nil
}

// take makes the services those of a spec. What they had stays with them.
func (s *Server) take(services []spec.Service) {
	before, fresh := map[string]*client{}, map[*client]bool{}
	for _, c := range s.clients {
		before[c.name] = c
	}
	s.clients = nil
	table := make(map[string]*client, len(services))
	for _, v := range services {
		c := before[v.Name]
		delete(before, v.Name)
		if c == nil {
			c = &client{name: v.Name}
		}
		fresh[c] = !reflect.DeepEqual(c.spec, v)
		c.spec = v
		for _, name := range c.paths() {
			if s.files[name] == nil {
				s.files[name] = s.newFile(name, maxConfig)
			}
		}
		s.clients = append(s.clients, c)
		table[v.Name] = c
	}
	slices.SortFunc(s.clients, func(a, b *client) int { return strings.Compare(a.name, b.name) })
	s.sweep(fresh)
	s.table.Store(&table)
	for _, c := range before {
		close(c.view.Load().over) // who waits for it hears that it is gone
	}
	s.prune()
}

// paths are the files that c needs: those of its spec, and those of what is still served.
func (c *client) paths() []string {
	out := []string{c.spec.Config, c.spec.Password}
	lists := [][]spec.Secret{c.spec.Secrets}
	if c.good != nil {
		lists = append(lists, c.good.secrets)
	}
	for _, list := range lists {
		for _, x := range list {
			if x.File != "" {
				out = append(out, x.File)
			}
		}
	}
	return out
}

// hold gives c the leases of its secrets.
func (s *Server) hold(c *client) {
	c.leases = map[string]*lease{}
	for _, x := range c.good.secrets {
		if x.Vault == nil {
			continue
		}
		l := s.leases[*x.Vault]
		if l == nil {
			l = &lease{ref: *x.Vault}
			s.leases[*x.Vault] = l
		}
		c.leases[x.Name] = l
	}
}

// prune forgets files and values that nobody needs any more.
func (s *Server) prune() {
	files, leases := map[string]bool{}, map[*lease]bool{}
	for _, c := range s.clients {
		for _, name := range c.paths() {
			files[name] = true
		}
		for _, l := range c.leases {
			leases[l] = true
		}
	}
	for name := range s.files {
		if !files[name] {
			delete(s.files, name)
		}
	}
	for ref, l := range s.leases {
		if !leases[l] {
			delete(s.leases, ref)
		}
	}
}

// sweep looks at all files of the services, and brings those up to date whose files have changed, or who are fresh. It tells
// whether what is needed may have changed.
func (s *Server) sweep(fresh map[*client]bool) (planned bool) {
	for _, f := range s.files {
		f.look()
	}
	for _, c := range s.clients {
		if f := s.files[c.spec.Password]; f.changed || fresh[c] {
			c.admit(f)
			if f.err != nil {
				s.log.Error("cannot read a password; the last one counts, where there is one", "service", c.name, "error", f.err)
			}
		}
		if s.files[c.spec.Config].changed || fresh[c] {
			s.plan(c)
			planned = true
		}
		if fresh[c] || slices.ContainsFunc(c.paths(), func(name string) bool { return s.files[name].changed }) {
			s.render(c)
		}
	}
	return planned
}

// poll looks at all files, and at what time has made due.
func (s *Server) poll(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	for _, f := range s.identity.pair {
		if f != nil {
			f.look()
		}
	}
	s.refresh(now)
	if s.sweep(nil) {
		s.prune()
	}
	s.ask(ctx, now)
}

// watch polls until ctx ends, and until all questions have.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(s.o.Poll)
	defer tick.Stop()
	defer s.asking.Wait()
	for {
		s.poll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Serve answers on the listeners, which it closes, until ctx ends; then it answers what has been asked, for at most
// [Options.Drain]. It is called once. nil means that ctx ended.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	if !s.begun.CompareAndSwap(false, true) {
		return errors.New("cannot serve twice")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	defer all.Wait() // behind cancel
	all.Go(func() { s.watch(ctx) })
	defer cancel()

	h := s.server()
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		guarded := &listener{Listener: l, guard: s.guard, done: make(chan struct{})}
		all.Go(func() { ended <- h.ServeTLS(guarded, "", "") })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
		err = fmt.Errorf("cannot serve: %w", err)
	}
	close(s.ending)
	limit, stop := context.WithTimeout(context.WithoutCancel(ctx), s.o.Drain)
	defer stop()
	if h.Shutdown(limit) != nil { // the time is up
		_ = h.Close()
	}
	return err
}

// The limits of the protocol.
const (
	headerTime  = 5 * time.Second // also for the handshake of TLS
	idleTime    = 2 * time.Minute
	headerBytes = 16 << 10
	slack       = 4 << 10 // what net/http grants beyond
	streams     = 100     // of one connection of HTTP/2
)

func (s *Server) server() *http.Server {
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTime,
		WriteTimeout:      longestPoll + 30*time.Second, // no ReadTimeout: it would end who waits
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes - slack,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streams, MaxReadFrameSize: 16 << 10},
		ConnState:         s.guard.state,
		ConnContext:       s.guard.context,
		ErrorLog:          slog.NewLogLogger(quiet{s.log.Handler()}, slog.LevelDebug),
		TLSConfig: &tls.Config{
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{"h2", "http/1.1"},
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.cert.Load(), nil },
		},
	}
}

// quiet lets what net/http says about clients be read with the level debug alone, and what it says about us as an error.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(context.Context, slog.Level) bool { return true }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "http: panic") {
		r.Level = slog.LevelError
	}
	if !q.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}
