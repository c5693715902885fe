package serve

import (
	"context"
	"errors"
	"testing"
	"time"
	"unsafe"

	"github.com/octocompose/octocompose/runtime/spec"
)

// jumped is t with another wall clock and the same monotonic one, as time.Now is after somebody has set the clock. No
// function of package time makes one, so the seconds are changed where they lie (time.Time, bits 30 to 62 of wall).
func jumped(t testing.TB, at time.Time, by time.Duration) time.Time {
	t.Helper()
	out := at
	*(*uint64)(unsafe.Pointer(&out)) += uint64(int64(by/time.Second) << 30)
	if out.Sub(at) != 0 || out.Round(0).Sub(at.Round(0)) != by {
		t.Fatalf("cannot set a clock by %s: %s became %s", by, at, out)
	}
	return out
}

// Row C9: somebody sets the clock an hour forward, or back. No secret is asked for before its time nor after it, no
// certificate is made or refused, no pause is cut short, and nothing is told to be older than it is.
func TestClockJump(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		w := newWorld(t)
		begin, passed, jump := time.Now(), time.Duration(0), time.Duration(0)
		w.o.Now = func() time.Time { return jumped(t, begin.Add(passed), jump) }
		w.o.Rand = func() float64 { return 0 }
		asked, away := 0, error(nil)
		w.o.Vault = func(context.Context, spec.Vault) (string, time.Duration, error) {
			asked++
			return canary, 15 * time.Minute, away
		}
		w.put("shop.json", `{"db":"{{ secret.db }}"}`)
		w.spec.Services[0].Secrets = []spec.Secret{{Name: "db", At: []string{"/db"}, Vault: &spec.Vault{Path: "kv/shop", Key: "db"}}}
		w.start()
		poll := func() {
			w.poll(t.Context())
			w.asking.Wait()
		}
		poll()
		cert, body := w.cert.Load(), w.body("shop")
		look := func(when string, asks int, age time.Duration) {
			t.Helper()
			poll()
			st := w.Status()
			if shop := st.Services[1]; asked != asks || shop.Secrets[0].Age != age || shop.Error != "" || w.body("shop") != body {
				t.Errorf("%s, %s: asked %d times, want %d; the value is %s old, want %s; %+v", by, when, asked, asks, shop.Secrets[0].Age, age, shop)
			}
			if w.cert.Load() != cert || st.CertificateError != "" {
				t.Errorf("%s, %s: the certificate has changed, %q", by, when, st.CertificateError)
			}
		}
		jump = by
		look("after the jump", 1, 0)
		passed = 9 * time.Minute
		look("before two thirds of its life", 1, passed)
		passed = 10 * time.Minute
		look("then", 2, 0)
		away = errors.New("away")
		passed = 20 * time.Minute
		look("away", 3, 10*time.Minute)
		jump = 0 // the clock is set back
		look("back, within the pause", 3, 10*time.Minute)
		passed += firstWait
		look("after the pause", 4, 10*time.Minute+firstWait)
	}
}

// A certificate that is given ends by the wall clock, and by that of its clients: one hour more or less is no reason to
// refuse the next one.
func TestClockJumpGiven(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		w := newWorld(t)
		a, _, err := newAuthority([]string{"localhost"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		give := func(left time.Duration) {
			c, err := a.sign([]string{"localhost"}, time.Now().Add(left-leafLife))
			if err != nil {
				t.Fatal(err)
			}
			w.write("tls", c)
		}
		give(10 * time.Minute)
		w.spec.Cert, w.spec.Key, w.spec.CA = w.path("tls.pem"), w.path("tls.key"), ""
		jump := time.Duration(0)
		w.o.Now = func() time.Time { return jumped(t, time.Now(), jump) }
		w.start()
		first := w.cert.Load()
		jump = by
		give(30 * time.Minute)
		w.poll(t.Context())
		if w.cert.Load() == first || w.Status().CertificateError != "" {
			t.Errorf("%s: the next one is refused: %q", by, w.Status().CertificateError)
		}
	}
}
