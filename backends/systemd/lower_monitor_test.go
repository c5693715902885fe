package systemd

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// askedContainer is a container with a check.
func askedContainer(name string) *model.Service {
	return &model.Service{Name: name, Image: "nginx", Checks: []model.Check{
		{Name: "up", Path: tree.Of("services", name, "checks", "up"), TCP: &model.TCPCheck{Port: 80}}}}
}

// telling is a project with notifications that a webhook with a secret in Vault gets.
func telling(services ...*model.Service) *model.Input {
	in := input("shop", services...)
	in.Project.Secrets = []*model.Secret{{Key: "chat", Path: tree.Of("secrets", "chat"), Vault: &model.Vault{Path: "secret/chat", Key: "url"}}}
	in.Project.Notifiers = []*model.Notifier{{Name: "chat", Path: tree.Of("notifications", "chat"), Webhook: &model.NotifierWebhook{URLSecret: "chat"}}}
	return in
}

// TestMonitorRestarts: what is started again because of notifications: who must have an address now, and nobody else; of
// another notifier, the monitor alone.
func TestMonitorRestarts(t *testing.T) {
	native := func() *model.Service {
		s := askedContainer("work")
		s.Image, s.Source = "", &model.Source{Repo: "https://example.com/x", Ref: "v1.0.0", Commands: []string{"make"}, Output: "x"}
		return s
	}
	onHost := func() *model.Service {
		s := askedContainer("edge")
		s.NetworkMode = "host"
		return s
	}
	silent := func(in *model.Input) *model.Input {
		in.Project.Notifiers = nil
		return in
	}
	alone := func(s *model.Service) *model.Input {
		in := telling(s, &model.Service{Name: "plain", Image: "nginx"})
		s.Networks = []model.NetworkAttachment{{Network: "own"}}
		in.Project.Networks = append(in.Project.Networks, &model.Network{Key: "own", Path: tree.Of("networks", "own"), MemberNames: []string{s.Name}})
		in.Project.Networks[0].MemberNames = []string{"plain"}
		return in
	}
	other := telling(onHost())
	other.Project.Secrets[0].Vault.Path = "secret/other"
	for _, c := range []struct {
		name     string
		old, now *model.Input
		want     string
	}{
		{"programs, and the host's network", silent(telling(native(), onHost())), telling(native(), onHost()), ""},
		{"beside a program that knows them", silent(telling(native(), askedContainer("web"))), telling(native(), askedContainer("web")), ""},
		{"on a network of its own", silent(alone(askedContainer("web"))), alone(askedContainer("web")),
			"systemctl stop shop-own-network.service shop-web.service\npodman network rm shop-own"},
		{"another secret", telling(onHost()), other, "systemctl try-restart shop-monitor.service shop-secret-chat.service"},
	} {
		old, diags := New().Lower(c.old)
		now, more := New().Lower(c.now)
		if diags.Has(diag.Error) || more.Has(diag.Error) {
			t.Fatalf("%s: %v %v", c.name, diags, more)
		}
		if got := strings.Join(New().Restarts(old, now), "\n"); got != c.want {
			t.Errorf("%s: got %q; want %q", c.name, got, c.want)
		}
	}
}

// TestPlaces: as many containers as there is room for have addresses, each its own and none of those that Podman hands out;
// who comes and goes moves hardly anybody.
func TestPlaces(t *testing.T) {
	const many = 60
	places := func(names []string) map[string]string {
		var services []*model.Service
		for i, name := range names {
			s := askedContainer(name)
			if i%20 == 0 {
				replicas := 3
				s.Replicas = &replicas
			}
			services = append(services, s)
		}
		l := newLowering(telling(services...))
		out := map[string]string{}
		by := map[string]string{}
		for _, c := range l.monitoring.plan.Checks {
			address, _, _ := strings.Cut(c.What[1], ":")
			if first, taken := by[address]; taken {
				t.Errorf("%s and %s are both at %s", first, c.Service, address)
			}
			by[address], out[c.Service] = c.Service, address
			var a, b, d, last int
			if n, _ := fmt.Sscanf(address, "%d.%d.%d.%d", &a, &b, &d, &last); n != 4 || last < 2 || last > 127 {
				t.Errorf("%s is at %s", c.Service, address)
			}
		}
		return out
	}
	var names []string
	for i := range many {
		names = append(names, fmt.Sprintf("web%02d", i))
	}
	before := places(names)
	if len(before) != many+2*3 {
		t.Fatalf("%d have addresses; want %d", len(before), many+2*3)
	}
	after := places(append([]string{names[0], "newcomer"}, append(names[1:20:20], names[20:]...)...))
	moved := 0
	for name, address := range before {
		if now := after[name]; now != "" && now != address {
			moved++
		}
	}
	if moved > many/10 {
		t.Errorf("%d of %d moved", moved, len(before))
	}
}

// TestTake: an address is given once, beside those that programs know and those of replicas.
func TestTake(t *testing.T) {
	f := &subnet{prefix: netip.MustParsePrefix("10.1.2.0/24"), addresses: map[string]netip.Addr{}}
	at := func(b int) string { return netip.AddrFrom4([4]byte{10, 1, 2, byte(b)}).String() }
	owner := map[string]string{at(0): "network", at(1): "gateway"}
	for b := 2; b <= 60; b++ {
		f.addresses[at(b)] = netip.MustParseAddr(at(b))
		owner[at(b)] = "program"
	}
	give := func(name string, count int) bool {
		s := &service{Service: &model.Service{Name: name}, count: count}
		host, ok := f.take(s)
		for n := range count {
			address := host
			if count > 1 {
				address += decimal(int64(n + 1))
			}
			if a, err := netip.ParseAddr(address); ok && (err != nil || owner[address] != "" || upperHalf(f.prefix).Contains(a)) {
				t.Errorf("%s is at %s, as %q", name, address, owner[address])
			}
			owner[address] = name
		}
		return ok
	}
	for i := range 25 { // ten below the tens, fifteen in them
		if !give(fmt.Sprintf("single%d", i), 1) {
			t.Errorf("no room for a service after %d", i)
		}
	}
	if give("ten", 10) {
		t.Error("ten replicas have addresses of one digit")
	}
	for i := range 3 {
		if !give(fmt.Sprintf("nine%d", i), 9) {
			t.Errorf("no room for replicas after %d", i)
		}
	}
	if give("eight", 8) {
		t.Error("eight replicas have seven addresses")
	}
	if !give("seven", 7) || give("two", 2) {
		t.Error("the last seven addresses are for seven replicas, and then there are none")
	}
}

// TestMetricsPort: the monitor alone is at the first loopback address, and in the way there only.
func TestMetricsPort(t *testing.T) {
	for host, free := range map[string]bool{"127.0.0.1": false, "127.0.0.2": true, "192.0.2.1": true, "": false, "::": false} {
		web := askedContainer("web")
		web.Ports = []model.Port{{Target: 80, Published: "9464", HostIP: host}}
		in := telling(web)
		in.Target.MetricsPort = 9464
		_, diags := New().Lower(in)
		if diags.Has(diag.Error) == free || !free && diags[0].Code != diag.PortClash {
			t.Errorf("%q: %v", host, diags)
		}
	}
}

// TestFullNetwork: where there is no room left, it is said who has no address.
func TestFullNetwork(t *testing.T) {
	var services []*model.Service
	for i := range 127 {
		services = append(services, askedContainer(fmt.Sprintf("web%03d", i)))
	}
	_, diags := New().Lower(telling(services...))
	if len(diags) != 1 || diags[0].Path.String() != "services.web126.checks.up" || !strings.Contains(diags[0].Message, "no room") {
		t.Errorf("got %v", diags)
	}
}

// TestNoMonitor: without notifications nothing is made and no network changes; with nobody to ask there is no unit.
func TestNoMonitor(t *testing.T) {
	const unit = "etc/systemd/system/shop-monitor.service"
	in := telling(askedContainer("web"))
	in.Project.Notifiers = nil
	set, diags := New().Lower(in)
	if len(diags) > 0 || set.Get(unit) != nil || strings.Contains(string(set.Get("etc/containers/systemd/shop-default.network").Data), "Subnet") {
		t.Errorf("something is made for nobody: %v", diags)
	}
	set, _ = New().Lower(telling(&model.Service{Name: "web", Image: "nginx", Profiles: []string{"p"}}))
	if set.Get(unit) != nil || set.Get("etc/systemd/system/shop-secret-chat.service") != nil {
		t.Error("a monitor that asks nobody is made")
	}
}

// TestUnitRuns: of a service without a check that can be asked, systemd is asked, and its network stays as it is.
func TestUnitRuns(t *testing.T) {
	two := 2
	program := &model.Service{Name: "db", Image: "db", Checks: []model.Check{{Name: "a", Path: tree.Of("services", "db", "checks", "a"), Exec: []string{"x"}}}}
	set, diags := New().Lower(telling(program, &model.Service{Name: "web", Image: "nginx", Replicas: &two}))
	if diags.Has(diag.Error) {
		t.Fatal(diags)
	}
	run, err := spec.ParseRun(set.Get("etc/shop/monitor/run.json").Data)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, c := range run.Checks {
		asked = append(asked, c.Service+" "+c.Name+": "+strings.Join(c.What, " "))
	}
	if want := []string{"db running: unit shop-db.service", "web-1 running: unit shop-web@1.service", "web-2 running: unit shop-web@2.service"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
	if n := set.Get("etc/containers/systemd/shop-default.network"); n == nil || strings.Contains(string(n.Data), "Subnet") {
		t.Error("the network has fixed addresses for nobody")
	}
}
