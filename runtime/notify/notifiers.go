package notify

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Options are what notifiers need of the machine. All have a default.
type Options struct {
	Project string       // for messages
	Host    string       // the name of this machine, for messages; "": left out
	Log     *slog.Logger // nil: nothing is logged
	// Now is the time, for messages and for intervals; it must have a monotonic part. nil: time.Now.
	Now    func() time.Time
	Random io.Reader // for Message-ID; nil: crypto/rand
	// Dial opens connections; nil: a [net.Dialer]. Roots are who signs certificates; nil: the machine's list. Proxy is for
	// webhooks, as in [http.Transport]; nil: none.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool
	Proxy func(*http.Request) (*url.URL, error)
	// Env is the environment of programs, as [os.Environ] gives it; nil: none.
	Env []string
	// Count hears how events ended, by notifier: sent, failed, dropped or coalesced. It must not block, nor call back.
	Count func(notifier, outcome string, n int)
	// Limits; the zero value of each is the default.
	Limits Limits
}

// Limits keep notifiers from telling, holding and trying too much.
type Limits struct {
	Queue     int           // events that wait, for each notifier; 200
	Window    time.Duration // in which the same event is told once; 1 min
	PerMinute int           // messages in a minute, for each notifier; 10
	Try       time.Duration // one try to send; 30 s
	Pause     time.Duration // after the first failure; doubled up to 5 min; 2 s
	GiveUp    time.Duration // after which an event is not tried again; 1 h
}

const maxPause = 5 * time.Minute

func (l Limits) orDefault() Limits {
	for _, v := range []struct {
		p *int
		d int
	}{{&l.Queue, 200}, {&l.PerMinute, 10}} {
		if *v.p <= 0 {
			*v.p = v.d
		}
	}
	for _, v := range []struct {
		p *time.Duration
		d time.Duration
	}{{&l.Window, time.Minute}, {&l.Try, 30 * time.Second}, {&l.Pause, 2 * time.Second}, {&l.GiveUp, time.Hour}} {
		if *v.p <= 0 {
			*v.p = v.d
		}
	}
	return l
}

// What becomes of an event; see [Options.Count].
const (
	outcomeSent      = "sent"
	outcomeFailed    = "failed"
	outcomeDropped   = "dropped"
	outcomeCoalesced = "coalesced"
)

// temporary is an error that another try may mend.
type temporary struct{ error }

func (t temporary) Unwrap() error { return t.error }

func isTemporary(err error) bool {
	_, ok := errors.AsType[temporary](err)
	return ok
}

// sender sends one message. It must return soon after ctx ends, and never have a secret in its error.
type sender interface {
	send(ctx context.Context, m Message) error
}

// Notifiers are all who hear of events.
type Notifiers struct {
	all    []*notifier
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// New checks the notifiers of a spec and starts them. [Notifiers.Close] ends them.
func New(list []spec.Notifier, o Options) (*Notifiers, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Count == nil {
		o.Count = func(string, string, int) {}
	}
	o.Limits = o.Limits.orDefault()
	ns := &Notifiers{}
	for _, s := range list {
		err := s.Check()
		var way sender
		if err == nil {
			way, err = newSender(s, o)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot use the notifier %q: %w", s.Name, err)
		}
		ns.all = append(ns.all, newNotifier(s, o, way))
	}
	ns.start()
	return ns, nil
}

func newSender(s spec.Notifier, o Options) (sender, error) {
	switch {
	case s.SMTP != nil:
		return newSMTP(*s.SMTP, o)
	case s.Webhook != nil:
		return newWebhook(*s.Webhook, o)
	case len(s.Exec) > 0:
		return program{s.Exec, o.Env}, nil
	}
	return nil, errors.New("want smtp, webhook or exec")
}

func (ns *Notifiers) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ns.cancel = cancel
	for _, n := range ns.all {
		ns.done.Go(func() { n.run(ctx) })
	}
}

// Tell gives an event to every notifier that wants it. It never blocks. After [Notifiers.Close] began it does nothing.
func (ns *Notifiers) Tell(e Event) {
	e.Count = max(e.Count, 1)
	if len(e.Message) > maxMessage {
		e.Message = e.Message[:maxMessage]
	}
	e.Message = strings.ToValidUTF8(e.Message, "\uFFFD")
	for _, n := range ns.all {
		n.tell(e)
	}
}

// Close sends what waits, at once and as one message for each notifier, and ends them. When ctx ends first, what is being
// sent is given up, and the error says how many events were not told.
func (ns *Notifiers) Close(ctx context.Context) error {
	for _, n := range ns.all {
		n.close()
	}
	stop := context.AfterFunc(ctx, ns.cancel)
	defer stop()
	ns.done.Wait()
	ns.cancel()
	left := 0
	for _, n := range ns.all {
		left += n.left()
	}
	if left > 0 {
		return fmt.Errorf("cannot send all that waits: %d events were not told: %w", left, context.Cause(ctx))
	}
	return nil
}

// notifier is one who hears.
type notifier struct {
	Options
	name  string
	wants []spec.Event // empty: all
	way   sender
	wake  chan struct{} // something came, or it is closed

	mu     sync.Mutex
	queue  queue
	closed bool
}

func newNotifier(s spec.Notifier, o Options, way sender) *notifier {
	return &notifier{
		Options: o, name: s.Name, wants: s.On, way: way, wake: make(chan struct{}, 1),
		queue: queue{limit: o.Limits.Queue, window: o.Limits.Window, told: map[key]time.Time{}},
	}
}

func (n *notifier) tell(e Event) {
	if len(n.wants) > 0 && !slices.Contains(n.wants, e.Kind) {
		return
	}
	now := n.Now()
	if e.Time.IsZero() {
		e.Time = now
	}
	n.mu.Lock()
	outcome := ""
	if !n.closed {
		outcome = n.queue.put(e, now)
	}
	n.mu.Unlock()
	if outcome != "" {
		n.Count(n.name, outcome, 1)
	}
	n.poke()
}

func (n *notifier) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *notifier) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.poke()
}

func (n *notifier) left() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.queue.remove(func(*item) bool { return true })
}
