package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// fake is a way that records what it sends, and when.
type fake struct {
	begin time.Time
	do    func(ctx context.Context, try int) error // nil: sent

	mu   sync.Mutex
	try  int
	sent []string
}

func (f *fake) send(ctx context.Context, m Message) error {
	f.mu.Lock()
	f.try++
	try := f.try
	f.mu.Unlock()
	if f.do != nil {
		if err := f.do(ctx, try); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	line := time.Since(f.begin).String()
	for _, e := range m.Events {
		line += fmt.Sprintf(" %s/%s×%d", e.Service, e.Kind, e.Count)
	}
	if m.Dropped > 0 {
		line += fmt.Sprintf(" dropped %d", m.Dropped)
	}
	f.sent = append(f.sent, line)
	return nil
}

// with starts notifiers with these ways, and returns what was counted.
func with(t *testing.T, o Options, on []spec.Event, ways ...*fake) (*Notifiers, map[string]int) {
	t.Helper()
	counts := map[string]int{}
	var mu sync.Mutex
	o.Count = func(name, outcome string, n int) {
		mu.Lock()
		counts[outcome] += n
		mu.Unlock()
	}
	ns, err := New(nil, o)
	if err != nil {
		t.Fatal(err)
	}
	full := o
	full.Now, full.Log, full.Limits = time.Now, discard(), o.Limits.orDefault()
	for i, w := range ways {
		w.begin = time.Now()
		ns.all = append(ns.all, newNotifier(spec.Notifier{Name: fmt.Sprint("n", i), On: on}, full, w))
	}
	ns.start()
	return ns, counts
}

func at(service string, kind spec.Event) Event {
	return Event{Service: service, Check: "c", Kind: kind}
}

func closed(t *testing.T, ns *Notifiers) {
	t.Helper()
	if err := ns.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// What is told when: each case is a list of events and times, and what is sent.
func TestTell(t *testing.T) {
	f, r, s := spec.EventFailed, spec.EventRecovered, spec.EventRestarted
	type told struct {
		at   time.Duration
		what Event
	}
	second := func(n int) time.Duration { return time.Duration(n) * time.Second }
	var many []told
	for i := range 15 {
		many = append(many, told{second(i), at(fmt.Sprint("s", i), f)})
	}
	for _, c := range []struct {
		name string
		list []told
		want []string
	}{
		{"one", []told{{0, at("a", f)}}, []string{"0s a/failed×1"}},
		{"the same again is held back until the window ends", []told{{0, at("a", s)}, {second(10), at("a", s)}, {second(20), at("a", s)}, {second(70), at("a", s)}},
			[]string{"0s a/restarted×1", "1m0s a/restarted×2", "2m0s a/restarted×1"}},
		{"others are not", []told{{0, at("a", f)}, {1, at("b", f)}, {2, at("a", s)}}, []string{"0s a/failed×1", "1ns b/failed×1", "2ns a/restarted×1"}},
		{"a recovery is told at once", []told{{0, at("a", f)}, {second(1), at("a", r)}}, []string{"0s a/failed×1", "1s a/recovered×1"}},
		{"what is taken back while it is held is left out", []told{{0, at("a", f)}, {second(1), at("a", r)}, {second(2), at("a", f)}, {second(3), at("a", r)}},
			[]string{"0s a/failed×1", "1s a/recovered×1"}},
		{"the last state is always told, and no later than a window", []told{{0, at("a", f)}, {second(1), at("a", r)}, {second(2), at("a", f)}, {second(3), at("a", r)}, {second(4), at("a", f)}},
			[]string{"0s a/failed×1", "1s a/recovered×1", "1m0s a/failed×1"}},
		{"above the limit, one digest", many, []string{
			"0s s0/failed×1", "1s s1/failed×1", "2s s2/failed×1", "3s s3/failed×1", "4s s4/failed×1", "5s s5/failed×1", "6s s6/failed×1", "7s s7/failed×1",
			"8s s8/failed×1", "9s s9/failed×1", "1m0s s10/failed×1 s11/failed×1 s12/failed×1 s13/failed×1 s14/failed×1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				way := &fake{}
				ns, _ := with(t, Options{}, nil, way)
				begin := time.Now()
				for _, e := range c.list {
					time.Sleep(e.at - time.Since(begin))
					ns.Tell(e.what)
					synctest.Wait()
				}
				time.Sleep(3 * time.Minute)
				closed(t, ns)
				if !slices.Equal(way.sent, c.want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(way.sent, "\n"), strings.Join(c.want, "\n"))
				}
			})
		})
	}
}

// Only what it wants reaches a notifier.
func TestWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		way := &fake{}
		ns, _ := with(t, Options{}, []spec.Event{spec.EventRecovered}, way)
		ns.Tell(at("a", spec.EventFailed))
		ns.Tell(at("a", spec.EventRecovered))
		closed(t, ns)
		ns.Tell(at("b", spec.EventRecovered)) // too late
		if !slices.Equal(way.sent, []string{"0s a/recovered×1"}) {
			t.Errorf("%q", way.sent)
		}
	})
}

// One that hangs delays neither Tell nor the others; what it cannot hold is counted, and told when it works again.
func TestHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := &fake{do: func(ctx context.Context, try int) error {
			if try > 1 {
				return nil
			}
			<-ctx.Done()
			return temporary{ctx.Err()}
		}}
		quick := &fake{}
		ns, counts := with(t, Options{Limits: Limits{Queue: 5, PerMinute: 100}}, nil, hanging, quick)
		for i := range 20 {
			ns.Tell(at(fmt.Sprint("s", i), spec.EventFailed))
			synctest.Wait()
		}
		if time.Since(hanging.begin) != 0 || len(quick.sent) != 20 {
			t.Errorf("took %s, the other sent %d", time.Since(hanging.begin), len(quick.sent))
		}
		time.Sleep(time.Minute)
		closed(t, ns)
		if want := []string{"32s s0/failed×1 s16/failed×1 s17/failed×1 s18/failed×1 s19/failed×1 dropped 15"}; !slices.Equal(hanging.sent, want) {
			t.Errorf("got %q, want %q", hanging.sent, want)
		}
		if counts["dropped"] != 15 || counts["sent"] != 25 {
			t.Errorf("counted %v", counts)
		}
	})
}

// A failure that may pass is tried again, later and later, for an hour; one that stays is not.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries []time.Duration
		begin := time.Now()
		down := &fake{do: func(context.Context, int) error {
			tries = append(tries, time.Since(begin))
			return temporary{errors.New("down")}
		}}
		never := &fake{do: func(context.Context, int) error { return errors.New("refused") }}
		ns, counts := with(t, Options{}, nil, down, never)
		ns.Tell(at("a", spec.EventFailed))
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if want := []time.Duration{0, 2e9, 6e9, 14e9, 30e9, 62e9}; !slices.Equal(tries[:6], want) || tries[len(tries)-1] >= time.Hour || len(tries) > 25 {
			t.Errorf("tried after %v", tries)
		}
		if never.try != 1 || counts["failed"] != 2 || counts["sent"] != 0 {
			t.Errorf("%d tries, counted %v", never.try, counts)
		}
		// Afterwards it begins anew.
		down.do = nil
		ns.Tell(at("b", spec.EventFailed))
		closed(t, ns)
		if !slices.Equal(down.sent, []string{"3h0m0s b/failed×1"}) {
			t.Errorf("sent %q", down.sent)
		}
	})
}

// When what was tried is given up, what is held back still waits for its time.
func TestGivenUpAndHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		way := &fake{do: func(_ context.Context, try int) error {
			if try > 1 && down {
				return temporary{errors.New("down")}
			}
			return nil
		}}
		ns, counts := with(t, Options{Limits: Limits{Window: 3 * time.Hour}}, nil, way)
		ns.Tell(at("a", spec.EventRestarted))
		synctest.Wait()
		ns.Tell(at("b", spec.EventRestarted))
		time.Sleep(59 * time.Minute)
		ns.Tell(at("a", spec.EventRestarted))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		tries := way.try
		down = false
		closed(t, ns)
		if want := []string{"0s a/restarted×1", "1h9m0s a/restarted×1"}; counts["failed"] != 1 || tries > 25 || !slices.Equal(way.sent, want) {
			t.Errorf("counted %v, %d tries, sent %q, want %q", counts, tries, way.sent, want)
		}
	})
}

// Close sends what waits as one message, also what is held back; its deadline ends what hangs, and says what is lost.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		way := &fake{}
		ns, _ := with(t, Options{Limits: Limits{PerMinute: 1}}, nil, way)
		for _, s := range []string{"a", "b", "a", "c"} {
			ns.Tell(at(s, spec.EventFailed))
			synctest.Wait()
		}
		closed(t, ns)
		if want := []string{"0s a/failed×1", "0s b/failed×1 a/failed×1 c/failed×1"}; !slices.Equal(way.sent, want) {
			t.Errorf("got %q, want %q", way.sent, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ns, _ := with(t, Options{}, nil, &fake{do: func(ctx context.Context, _ int) error { <-ctx.Done(); return temporary{ctx.Err()} }})
		ns.Tell(at("a", spec.EventFailed))
		ns.Tell(at("b", spec.EventFailed))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		err := ns.Close(ctx)
		if err == nil || err.Error() != "cannot send all that waits: 2 events were not told: context deadline exceeded" || time.Since(begin) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}

// What a queue remembers is bounded, whatever names come.
func TestQueueRemembers(t *testing.T) {
	q := queue{limit: 10, window: time.Minute, told: map[key]time.Time{}}
	now := time.Now()
	for i := range 3 * maxKeys {
		e := at(fmt.Sprint(i), spec.EventFailed)
		e.Count = 1
		q.put(e, now)
	}
	if len(q.told) > maxKeys || len(q.items) != 10 || q.dropped != 3*maxKeys-10 {
		t.Errorf("%d keys, %d items, %d dropped", len(q.told), len(q.items), q.dropped)
	}
}

func TestNewRefuses(t *testing.T) {
	smtp := func(change func(*spec.SMTP)) spec.Notifier {
		s := spec.SMTP{Server: "mail.example.com:25", TLS: "starttls", From: "a@example.com", To: []string{"b@example.com"}}
		change(&s)
		return spec.Notifier{Name: "x", SMTP: &s}
	}
	hook := func(url string) spec.Notifier { return spec.Notifier{Name: "x", Webhook: &spec.Webhook{URL: url}} }
	for want, n := range map[string]spec.Notifier{
		"want exactly one of smtp, webhook and exec":              {Name: "x"},
		"is asked without TLS":                                    smtp(func(s *spec.SMTP) { s.TLS = "none" }),
		"smtp.tls is none; want starttls or tls":                  smtp(func(s *spec.SMTP) { s.TLS, s.Server, s.User, s.Password = "none", "127.0.0.1:25", "u", "/p" }),
		"want user and password":                                  smtp(func(s *spec.SMTP) { s.User = "u" }),
		"want either url or url_file":                             {Name: "x", Webhook: &spec.Webhook{}},
		"url_file is":                                             {Name: "x", Webhook: &spec.Webhook{URLFile: "u"}},
		"header is":                                               {Name: "x", Webhook: &spec.Webhook{URLFile: "/u", Header: "h"}},
		`from is "a@example.com\r\nBcc: x@example.com", which is`: smtp(func(s *spec.SMTP) { s.From = "a@example.com\r\nBcc: x@example.com" }),
		`smtp.to is ["nobody"], where`:                            smtp(func(s *spec.SMTP) { s.To = []string{"nobody"} }),
		"and tls as starttls, tls or none":                        smtp(func(s *spec.SMTP) { s.TLS = "ssl" }),
		"without TLS; want https":                                 hook("http://example.com/x"),
		"webhook.url is none":                                     hook("https:///x"),
	} {
		if ns, err := New([]spec.Notifier{n}, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %v", want, ns, err)
		}
	}
}
