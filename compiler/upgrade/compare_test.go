package upgrade

import "testing"

func TestCompare(t *testing.T) {
	old := Snapshot{
		Targets: []Target{{Name: "systemd", Files: []File{{"a", []byte("1")}, {"b", []byte("1")}, {"c", nil}},
			Services: []Service{{"web", "shop:1", "x"}, {"db", "pg:16", "y"}, {"old", "o:1", ""}, {"cache", "r:7", "1"}}},
			{Name: "k8s", Services: []Service{{"web", "shop:1", "x"}}}, {Name: "same", Files: []File{{"a", nil}}}},
		Variables: []Variable{{"A", "", true}, {"B", "", false}, {"OLD", "", false}},
	}
	new := Snapshot{
		Targets: []Target{{Name: "systemd", Files: []File{{"b", []byte("2")}, {"a", []byte("1")}, {"d", nil}},
			Services: []Service{{"db", "pg:16", "y"}, {"web", "shop:2", "z"}, {"new", "n:1", ""}, {"cache", "r:7", "2"}}},
			{Name: "k8s", Services: []Service{{"web", "shop:2", "z"}}}, {Name: "same", Files: []File{{"a", nil}}}},
		Variables: []Variable{{"A", "", true}, {"B", "the host | name\nof it", true}, {"C", "", true}, {"D", "", false}},
	}
	s := Compare(old, new)
	text := `k8s: restarts           web
systemd: restarts       cache, web
systemd: starts         new
systemd: is gone        old
systemd: files changed  b
systemd: files added    d
systemd: files removed  c
image of web            shop:1 → shop:2
needs a value           B: the host | name of it
needs a value           C
variables gone          OLD
`
	if got := s.Text(); got != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
	markdown := "| what | change |\n|---|---|\n| k8s: restarts | `web` |\n| systemd: restarts | `cache`, `web` |\n| systemd: starts | `new` |\n" +
		"| systemd: is gone | `old` |\n| systemd: files changed | `b` |\n| systemd: files added | `d` |\n| systemd: files removed | `c` |\n" +
		"| image of web | `shop:1` → `shop:2` |\n| needs a value | `B`: the host \\| name of it |\n| needs a value | `C` |\n| variables gone | `OLD` |\n"
	if got := s.Markdown(); got != markdown {
		t.Errorf("got\n%s\nwant\n%s", got, markdown)
	}
	none := Compare(old, old)
	if none.Text() != "nothing changes\n" || none.Markdown() != "Nothing changes.\n" {
		t.Errorf("got %q and %q", none.Text(), none.Markdown())
	}
}
