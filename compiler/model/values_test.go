package model

import (
	"testing"
	"time"
)

func TestSpelling(t *testing.T) {
	for want, got := range map[string]string{
		"0s": Duration(0).String(), "1m30s": Duration(90 * time.Second).String(), "500ms": Duration(500 * time.Millisecond).String(),
		"26h1us": Duration(26*time.Hour + time.Microsecond).String(), "-5s": Duration(-5 * time.Second).String(),
		"0": Bytes(0).String(), "512M": Bytes(512 << 20).String(), "1G": Bytes(1 << 30).String(), "1000": Bytes(1000).String(), "2048T": Bytes(2048 << 40).String(),
		"512Mi": Bytes(512 << 20).Binary(), "1025": Bytes(1025).Binary(),
		"0.5": CPUs(500_000_000).String(), "2": CPUs(2_000_000_000).String(), "0.000000001": CPUs(1).String(),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if n := Duration(1500 * time.Millisecond).Seconds(); n != 2 {
		t.Errorf("1.5 s are %d whole seconds, want 2", n)
	}
	if n := CPUs(1_500_001).Milli(); n != 2 {
		t.Errorf("0.001500001 processors are %d thousandths, want 2", n)
	}
}

func TestUserIsNumeric(t *testing.T) {
	for _, c := range []struct {
		user     string
		uid, gid int64
		ok       bool
		hardened bool
	}{{"", 0, -1, false, false}, {"1000", 1000, -1, true, true}, {"0", 0, -1, true, false}, {"10:20", 10, 20, true, true}, {"www-data", 0, -1, false, false}, {"10:www", 0, -1, false, false}, {"-1", 0, -1, false, false}} {
		s := &Service{User: c.user}
		uid, gid, ok := s.NumericUser()
		if uid != c.uid || gid != c.gid || ok != c.ok || s.Hardened() != c.hardened {
			t.Errorf("user %q: got %d:%d %v hardened %v", c.user, uid, gid, ok, s.Hardened())
		}
	}
	yes := true
	if !(&Service{Harden: &yes}).Hardened() {
		t.Error("harden: true does not harden")
	}
}

func TestIndex(t *testing.T) {
	p := &Project{Services: []*Service{
		{Name: "api", DependsOn: []Dependency{{Service: "db", Condition: Healthy}, {Service: "migrate", Condition: Completed}}},
		{Name: "batch", Deploy: &Deploy{Mode: "replicated-job"}}, {Name: "db"}, {Name: "migrate"},
	}, Volumes: []*Volume{{Key: "a"}, {Key: "c"}}}
	p.Index()
	for name, want := range map[string]bool{"api": false, "batch": true, "db": false, "migrate": true} {
		if p.IsJob(p.Service(name)) != want {
			t.Errorf("%s: job %v, want %v", name, !want, want)
		}
	}
	if d := p.Dependants(p.Service("db")); len(d) != 1 || d[0].Name != "api" {
		t.Errorf("dependants of db: %v", d)
	}
	if p.Volume("a") == nil || p.Volume("b") != nil || p.Volume("c") == nil || p.Volume("d") != nil || p.Service("none") != nil {
		t.Error("look-ups by key are wrong")
	}
}
