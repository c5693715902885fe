package secret

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
)

// Reader reads values again and again, for a process that lives long. It logs in once for each server and keeps its token
// alive: one that can be renewed is renewed when half of its life is over, and one that is refused is followed by
// another login. It may be used by many at a time.
type Reader struct {
	login func() (Login, error)
	now   func() time.Time

	mu       sync.Mutex
	sessions map[string]*session // by address
}

// session is a login at one server.
type session struct {
	mu     sync.Mutex // held while somebody logs in or renews
	client *api.Client
	renew  time.Time // when the token is to be renewed; zero: it is not known to end
	none   bool      // the token cannot be renewed: a login takes its place
}

// NewReader is a reader that logs in with what login gives, which is asked at each login: [FindLogin] reads its files anew, so
// that a token that an agent writes is followed. now is the time; nil: the real one.
func NewReader(login func() (Login, error), now func() time.Time) *Reader {
	if now == nil {
		now = time.Now
	}
	return &Reader{login: login, now: now, sessions: map[string]*session{}}
}

// Read asks once; whoever calls decides when to ask again. ttl is how long the value lives; 0: Vault does not say, as it
// never does for a KV engine. ctx must have a deadline.
func (r *Reader) Read(ctx context.Context, ref Reference) (value []byte, ttl time.Duration, err error) {
	if _, ok := ctx.Deadline(); !ok {
		return nil, 0, errors.New("cannot ask Vault without a deadline")
	}
	mount, path, err := ref.place()
	if err != nil {
		return nil, 0, err
	}
	a := &asker{ref: ref, mount: mount, path: path}
	if err := a.connect(); err != nil {
		return nil, 0, err
	}
	s := r.session(a.address)
	fresh, err := s.enter(ctx, a, r)
	if err != nil {
		return nil, 0, err
	}
	value, err = a.read(ctx)
	if f, ok := errors.AsType[*fault](err); ok && f.status == http.StatusForbidden && !fresh {
		s.leave(a.client.Token()) // it may have been taken back: once more, with another login
		if _, err = s.enter(ctx, a, r); err == nil {
			value, err = a.read(ctx)
		}
	}
	if f, ok := errors.AsType[*fault](err); ok && f.status == http.StatusForbidden {
		s.leave(a.client.Token()) // the next read logs in with what there is then
	}
	return value, a.ttl, err
}

func (r *Reader) session(address string) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[address]
	if s == nil {
		s = &session{}
		r.sessions[address] = s
	}
	return s
}

// enter gives a the token of the session: after a login where there is none (fresh), after a renewal where it is time.
func (s *session) enter(ctx context.Context, a *asker, r *Reader) (fresh bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := r.now()
	if s.client != nil && !s.renew.IsZero() && !now.Before(s.renew) {
		s.extend(ctx, now)
	}
	if s.client == nil {
		a.client.ClearToken()
		if a.login, err = r.login(); err != nil {
			return false, err
		}
		if err := a.enter(ctx); err != nil {
			return false, err
		}
		s.client, s.none, s.renew, fresh = a.client, false, time.Time{}, true
		if s.client.Token() != "" {
			s.look(ctx, now)
		}
		return fresh, nil
	}
	a.client.SetToken(s.client.Token())
	if s.client.Token() == "" {
		a.client.ClearToken()
	}
	return false, nil
}

// look asks how long the token lives. A token that may not ask, or never ends, is used until it is refused.
func (s *session) look(ctx context.Context, now time.Time) {
	got, err := s.client.Auth().Token().LookupSelfWithContext(ctx)
	if err != nil || got == nil {
		return
	}
	ttl, err := got.TokenTTL()
	if err != nil || ttl <= 0 {
		return
	}
	can, err := got.TokenIsRenewable()
	s.none = err != nil || !can
	s.renew = now.Add(ttl / 2)
}

// extend renews the token, or forgets it where that cannot be: the next login brings another. A server that does not
// answer changes nothing.
func (s *session) extend(ctx context.Context, now time.Time) {
	if s.none {
		s.client = nil
		return
	}
	got, err := s.client.Auth().Token().RenewSelfWithContext(ctx, 0)
	if err != nil {
		if answer, ok := errors.AsType[*api.ResponseError](err); ok && answer.StatusCode < http.StatusInternalServerError {
			s.client = nil
		}
		return
	}
	if got == nil || got.Auth == nil || got.Auth.LeaseDuration <= 0 {
		s.renew = time.Time{}
		return
	}
	s.none = !got.Auth.Renewable
	s.renew = now.Add(time.Duration(got.Auth.LeaseDuration) * time.Second / 2)
}

// leave forgets a token that was refused, where it is still the one of the session.
func (s *session) leave(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil && s.client.Token() == token {
		s.client = nil
	}
}
