package serve

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// client is a service. What a request reads is atomic; the rest belongs to the lock of the server.
type client struct {
	name     string
	password atomic.Pointer[[sha256.Size]byte] // its sum; nil lets nobody in
	view     atomic.Pointer[view]
	waiting  atomic.Int32

	spec   spec.Service
	good   *plan // the last that could be meant; nil: none yet
	err    error // why the newest is not served
	leases map[string]*lease
}

// plan is a config with its holes, and where their values come from.
type plan struct {
	root    any
	holes   []hole
	secrets []spec.Secret
}

// view is one generation, which never changes.
type view struct {
	generation uint64
	since      time.Time
	root       any
	sum        [sha256.Size]byte // of the JSON
	missing    []string          // secrets without a value, or "config": nothing can be served
	forms      [formats]form
	over       chan struct{} // closed when another one takes its place
}

// form is a generation in one format, made when somebody asks.
type form struct {
	once sync.Once
	body []byte
	tag  []string
	err  error
}

// form is the view in a format.
func (v *view) form(f format) *form {
	x := &v.forms[f]
	x.once.Do(func() {
		switch f {
		case formatYAML:
			x.body = appendYAML(nil, v.root)
		case formatTOML:
			x.body, x.err = appendTOML(nil, v.root)
		default:
			x.body = append(appendJSON(nil, v.root), '\n')
		}
		h := sha256.New()
		h.Write([]byte{byte(f)})
		h.Write(x.body)
		x.tag = []string{`"` + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16]) + `"`}
	})
	return x
}

// admit takes the content of the password file. A file that cannot be read changes nothing; an empty one lets nobody in.
func (c *client) admit(f *file) {
	if !f.has {
		return
	}
	w := word(f.data)
	if len(w) == 0 {
		c.password.Store(nil)
		return
	}
	sum := sha256.Sum256(w)
	c.password.Store(&sum)
}

// plan reads the newest config. Where that fails the last good one stays, with the secrets that belong to it.
func (s *Server) plan(c *client) {
	f := s.files[c.spec.Config]
	p, err := read(f, c.spec)
	if err != nil {
		if c.err == nil || c.err.Error() != err.Error() {
			s.log.Error("cannot serve the newest config; the last good one stays, where there is one", "service", c.name, "error", err)
		}
		c.err = err
		return
	}
	if c.err != nil {
		s.log.Info("the newest config is served again", "service", c.name)
	}
	c.good, c.err = p, nil
	s.hold(c)
}

func read(f *file, v spec.Service) (*plan, error) {
	if f.err != nil {
		return nil, fmt.Errorf("cannot read the config: %w", f.err)
	}
	root, err := parseConfig(f.data)
	if err != nil {
		return nil, fmt.Errorf("cannot read the config %s: %w", f.name, err)
	}
	hs, err := holes(root, v.Secrets)
	if err != nil {
		return nil, fmt.Errorf("cannot use the config %s: %w", f.name, err)
	}
	return &plan{root: root, holes: hs, secrets: slices.Clone(v.Secrets)}, nil
}

// uses tells whether a secret of c is that of l.
func (c *client) uses(l *lease) bool {
	for _, x := range c.leases {
		if x == l {
			return true
		}
	}
	return false
}

// values are the secrets of c by name, and the names of those that are not there yet.
func (s *Server) values(c *client) (values map[string]string, missing []string) {
	values = map[string]string{}
	for _, x := range c.good.secrets {
		if x.Vault != nil {
			if l := c.leases[x.Name]; l.has {
				values[x.Name] = l.value
				continue
			}
		} else if f := s.files[x.File]; f.has && checkValue(string(f.data)) == nil {
			values[x.Name] = string(word(f.data))
			continue
		}
		missing = append(missing, x.Name)
	}
	return values, missing
}

// render makes a new generation, where it is another one than the last.
func (s *Server) render(c *client) {
	old := c.view.Load()
	next := &view{generation: 1, since: s.o.Now(), over: make(chan struct{})}
	if old != nil {
		next.generation = old.generation + 1
	}
	var values map[string]string
	if c.good == nil {
		next.missing = []string{"config"}
	} else if values, next.missing = s.values(c); next.missing == nil {
		next.root = fill(c.good.root, c.good.holes, values)
		next.sum = sha256.Sum256(next.form(formatJSON).body)
	}
	if old != nil && slices.Equal(old.missing, next.missing) && old.sum == next.sum {
		return
	}
	if old != nil && old.missing == nil && next.missing != nil {
		return // a new secret that has no value yet: what is whole is served until then
	}
	c.view.Store(next)
	if old != nil {
		close(old.over)
	}
	if next.missing == nil {
		s.log.Info("a config is served", "service", c.name, "generation", next.generation)
	} else {
		s.log.Warn("a config cannot be served yet", "service", c.name, "missing", next.missing)
	}
}

// nobody is a sum that no password has: unknown names are compared with it.
func nobody() *[sha256.Size]byte {
	var sum [sha256.Size]byte
	_, _ = rand.Read(sum[:]) // never fails (crypto/rand)
	return &sum
}
