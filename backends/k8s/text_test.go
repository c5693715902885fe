package k8s

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// expand is what the kubelet does with a string (k8s.io/kubernetes third_party/forked/golang/expansion): two dollars
// are one, $(NAME) is replaced when it is set.
func expand(s string, env map[string]string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		switch s[i+1] {
		case '$':
			b.WriteByte('$')
			i++
		case '(':
			end := strings.IndexByte(s[i:], ')')
			if end < 0 {
				b.WriteString("$(")
				i++
				continue
			}
			name := s[i+2 : i+end]
			if v, ok := env[name]; ok {
				b.WriteString(v)
			} else {
				b.WriteString(s[i : i+end+1])
			}
			i += end
		default:
			b.WriteByte('$')
		}
	}
	return b.String()
}

func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"", "$", "$$", "$$$", "$(A)", "$$(A)", "$$$(A)", "a$b", "$(", "$(A", "${A}", "`$(cat x)`", "$($A)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := expand(literal(s), map[string]string{"A": "WRONG"}); got != s {
			t.Fatalf("%q is written %q and arrives as %q", s, literal(s), got)
		}
	})
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 70)
	for _, c := range []struct{ in, label, subdomain string }{
		{"web", "web", "web"},
		{"my_db", "my-db", "my-db"},
		{"Web.Front", "web-front", "web.front"},
		{"_a_", "a", "a"},
		{"1st", "s-1st", "1st"},
		{"..", "s", "s"},
		{"a..b", "a--b", "a--b"},
		{"shop.db_password", "shop-db-password", "shop.db-password"},
		{long, strings.Repeat("a", 43) + "-" + shortHash([]byte(long)), long},
	} {
		if got := label(c.in); got != c.label || len(got) > maxName {
			t.Errorf("label(%q) = %q, want %q", c.in, got, c.label)
		}
		if got := subdomain(c.in); got != c.subdomain {
			t.Errorf("subdomain(%q) = %q, want %q", c.in, got, c.subdomain)
		}
	}
}

func TestFixedAddresses(t *testing.T) {
	l := &lowering{fixed: map[string]*fixedAddress{
		"172.20.0.2": {variable: "$(DNS_SERVICE_HOST)"}, "fd00::2": {variable: "$(DNS_SERVICE_HOST)"},
	}}
	for in, want := range map[string]string{
		"172.20.0.2#5054;1.1.1.1":       "$(DNS_SERVICE_HOST)#5054;1.1.1.1",
		"tcp://172.20.0.2:53":           "tcp://$(DNS_SERVICE_HOST):53",
		"1172.20.0.2 172.20.0.2":        "1172.20.0.2 $(DNS_SERVICE_HOST)",
		"172.20.0.20 172.20.0.2.5":      "172.20.0.20 172.20.0.2.5",
		"see 172.20.0.2.":               "see $(DNS_SERVICE_HOST).",
		"[fd00::2]:53":                  "[$(DNS_SERVICE_HOST)]:53",
		"a=172.20.0.2,b=172.20.0.2/24x": "a=$(DNS_SERVICE_HOST),b=$(DNS_SERVICE_HOST)/24x",
	} {
		if got, _ := l.withServices(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{"64m": 64 << 20, "1G": 1 << 30, "100": 100, "5k": 5 << 10, "7b": 7} {
		if got := parseSize(in); got == nil || int64(*got) != want {
			t.Errorf("parseSize(%q) = %v, want %d", in, got, want)
		}
	}
	for _, in := range []string{"", "x", "10%", "-1", "9999999999999g"} {
		if got := parseSize(in); got != nil {
			t.Errorf("parseSize(%q) = %d", in, *got)
		}
	}
}

func TestLocalPorts(t *testing.T) {
	got := localPorts("curl localhost:80/x || curl http://127.0.0.1:9200 localhost:80 localhost:99999 localhost:")
	if diff := cmp.Diff([]int{80, 9200}, got); diff != "" {
		t.Error(diff)
	}
}
