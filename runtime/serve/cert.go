package serve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// identity is the certificate of a server: given, or made.
type identity struct {
	cert *tls.Certificate
	err  error // why the newest that there is is not used

	pair [2]*file // given: the certificate and the key

	state   string // made
	clients string // the file for clients; "": none
	names   []string
}

// openIdentity is that of a spec, usable.
func (s *Server) openIdentity(v spec.Serve) (*identity, error) {
	i := &identity{state: s.o.State, clients: v.CA, names: slices.Clone(v.Names)}
	now := s.o.Now()
	if v.Cert != "" {
		i.pair = [2]*file{s.newFile(v.Cert, maxPEM), s.newFile(v.Key, maxPEM)}
		for _, f := range i.pair {
			f.look()
		}
		if err := i.load(now); err != nil {
			return nil, err
		}
		return i, nil
	}
	return i, s.make(i, now)
}

// maxPEM is the most that a file of a certificate or key may have, in bytes.
const maxPEM = 1 << 20

// load takes the pair of files, where it is one.
func (i *identity) load(now time.Time) error {
	for _, f := range i.pair {
		if f.err != nil {
			return fmt.Errorf("cannot read the certificate: %w", f.err)
		}
	}
	c, err := tls.X509KeyPair(i.pair[0].data, i.pair[1].data)
	if err != nil {
		// The text of crypto/tls names kinds of PEM blocks, and no content.
		return fmt.Errorf("cannot use %s with %s: %w", i.pair[0].name, i.pair[1].name, err)
	}
	if i.cert != nil && now.After(c.Leaf.NotAfter) && now.Before(i.cert.Leaf.NotAfter) {
		return fmt.Errorf("cannot use %s: it ended at %s", i.pair[0].name, c.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	i.cert = &c
	return nil
}

// make makes what is missing: the authority, a leaf, the file for clients.
func (s *Server) make(i *identity, now time.Time) error {
	if i.state == "" {
		return errors.New("cannot make a certificate: there is no state folder")
	}
	ca, again, err := openAuthority(s.disk, i.state, i.names, now)
	if err != nil {
		return err
	}
	if again != "" {
		s.log.Warn("a new authority takes the place of the old one: clients must read its file again", "file", i.clients, "because", again)
	}
	leaf, err := ca.sign(i.names, now)
	if err == nil {
		err = ca.verify(leaf.Leaf, i.names, now)
	}
	if err != nil {
		return fmt.Errorf("cannot make a certificate: %w", err)
	}
	if i.clients != "" { // before it is used, so that clients can know it
		if err := ca.publish(s.disk, i.clients); err != nil {
			return err
		}
	}
	i.cert = leaf
	return nil
}

// due tells whether a certificate that was made wants another: two thirds of its life are over, or the clock has gone
// back behind its start.
func (i *identity) due(now time.Time) bool {
	begin := i.cert.Leaf.NotBefore
	return now.Before(begin) || now.After(begin.Add(backdate+leafRenewal))
}

// renewPause is the time between two tries to make a certificate.
const renewPause = time.Minute

// refresh brings the certificate up to date: its files, which have just been looked at, or its time. The old one stays
// where that fails.
func (s *Server) refresh(now time.Time) {
	i := s.identity
	switch {
	case i.pair[0] != nil:
		if !i.pair[0].changed && !i.pair[1].changed {
			return
		}
		s.settle(i, i.load(now), "reload")
	case i.due(now):
		if i.err != nil && now.Sub(s.tried) < renewPause {
			return
		}
		s.tried = now
		s.settle(i, s.make(i, now), "renewal")
	}
	s.cert.Store(i.cert)
}

func (s *Server) settle(i *identity, err error, how string) {
	if i.err = err; err != nil {
		s.log.Error("the certificate stays as it was: its "+how+" failed", "error", err)
		return
	}
	s.log.Info("a new certificate", "how", how, "until", i.cert.Leaf.NotAfter.UTC())
}
