package remote_test

import (
	"path"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/remote"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"https://Example.com:443/a/../b/core.yaml":            "https://example.com/b/core.yaml",
		"https://example.com/a%20b.yaml?token=1":              "https://example.com/a%20b.yaml?token=1",
		"https://github.com/acme/charts.git":                  "https://github.com/acme/charts.git",
		"https://github.com/acme/charts.git#v2:apps/a.yaml":   "https://github.com/acme/charts.git#v2:apps/a.yaml",
		"https://github.com/acme/charts.git#:a.yaml":          "https://github.com/acme/charts.git#:a.yaml",
		"https://github.com/acme/charts.git#refs/heads/x:a b": "",
		"https://github.com/acme/charts.git#v1:a%20b.yaml":    "https://github.com/acme/charts.git#v1:a%20b.yaml",
		"github.com/acme/charts#v1":                           "git+https://github.com/acme/charts#v1",
		"git+https://git.example.com/charts#v1":               "git+https://git.example.com/charts#v1",
		"git@example.com:acme/charts.git#main":                "ssh://git@example.com/acme/charts.git#main",
		"ssh://git@example.com:2222/charts":                   "ssh://git@example.com:2222/charts",
		"oci://registry.example.com/charts/shop:2.0.0":        "oci://registry.example.com/charts/shop:2.0.0",
		"oci://localhost:5000/shop":                           "oci://localhost:5000/shop",
		"oci://r.example.com/shop:1@" + digest + "#a/b.yaml":  "oci://r.example.com/shop@" + digest + "#a/b.yaml",
		// refused
		"http://example.com/a":                "",
		"file:///etc/passwd":                  "",
		"ext::sh -c id":                       "",
		"ext://x":                             "",
		"git://example.com/x":                 "",
		"https://user:pw@example.com/a":       "",
		"https://user@example.com/a":          "",
		"https://example.com/":                "",
		"https:///a":                          "",
		"ssh://-oProxyCommand=id/x":           "",
		"ssh://-oX@h/x":                       "",
		"git@-oProxyCommand=id:x":             "",
		"https://h/x.git#--upload-pack=id":    "",
		"https://h/x.git#a..b":                "",
		"https://h/x.git#v1:../../etc/passwd": "",
		"https://h/x.git#v1:/etc/passwd":      "",
		"https://h/x.git#v1:a%2F..%2F..%2Fb":  "",
		"https://h/x.git#v1:a%0Ab":            "",
		"https://h/x.git?x=1":                 "",
		"oci://r/UPPER":                       "",
		"oci://r/a/../../b":                   "",
		"oci://r/x:t#../y":                    "",
		"oci://r/x@sha256:12":                 "",
		"oci://r":                             "",
		"":                                    "",
		"https://h/a\nb":                      "",
	} {
		a, err := remote.Parse(in)
		if err != nil {
			if want != "" || !strings.HasPrefix(err.Error(), "cannot ") {
				t.Errorf("%q: %v", in, err)
			}
			continue
		}
		if a.String() != want {
			t.Errorf("%q is %q; want %q", in, a, want)
			continue
		}
		if again, err := remote.Parse(a.String()); err != nil || again != a {
			t.Errorf("%q: read back as %+v, %v; want %+v", a, again, err, a)
		}
		for _, key := range []string{"", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"} {
			a.Key = key
			v := a.Virtual()
			if back, ok := remote.FromVirtual(v); !ok || back != a || path.Clean(v) != v || strings.Contains(strings.Split(v, "/")[0], ":") {
				t.Errorf("%q: the path %q is %+v", a, v, back)
			}
		}
	}
}

// A reference stays in the repository, the artifact or the host, in both ways to follow it.
func TestJoin(t *testing.T) {
	for _, c := range []struct{ from, p, want string }{
		{"https://h/a/b/c.yaml?x=1", "../d.yaml", "https://h/a/d.yaml"},
		{"https://h/a/b/c.yaml", "d.yaml", "https://h/a/b/d.yaml"},
		{"https://h/a.yaml", "../d.yaml", ""},
		{"https://h/a.yaml", "/etc/passwd", ""},
		{"https://h/x.git#v1:a/b.yaml", "./../c", "https://h/x.git#v1:c"},
		{"https://h/x.git#v1:a/b.yaml", "../../c", ""},
		{"https://h/x.git#v1:a.yaml", "..", ""},
		{"oci://r/x:1#a/b.yaml", "c/d", "oci://r/x:1#a/c/d"},
		{"oci://r/x:1#a", "d", "oci://r/x:1#d"},
	} {
		a, err := remote.Parse(c.from)
		if err != nil {
			t.Fatal(err)
		}
		b, err := a.Join(c.p)
		if got := b.String(); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s and %s: %q, %v; want %q", c.from, c.p, got, err, c.want)
		}
		v := path.Join(path.Dir(a.Virtual()), c.p)
		same := remote.SameOrigin(a.Virtual(), v) && !path.IsAbs(c.p)
		got, ok := remote.FromVirtual(v)
		if same != (c.want != "") || same && (!ok || got.String() != c.want) {
			t.Errorf("%s and %s: the path is %q, %v, %q", c.from, c.p, v, same, got)
		}
	}
}

func TestAt(t *testing.T) {
	git, _ := remote.Parse("https://h/x.git")
	web, _ := remote.Parse("https://h/x.yaml")
	if a, err := git.At("v1", "a.yaml"); err != nil || a.String() != "https://h/x.git#v1:a.yaml" {
		t.Errorf("%v, %v", a, err)
	}
	for _, bad := range [][2]string{{"-x", ""}, {"", "../a"}, {"", "/a"}, {"a b", ""}} {
		if a, err := git.At(bad[0], bad[1]); err == nil {
			t.Errorf("%q: %v", bad, a)
		}
	}
	if a, err := web.At("v1", ""); err == nil {
		t.Error(a)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"https://h/a", "https://h/x.git#v:p", "oci://r/n:t#p", "git@h:x#v", "ssh://g@h/x"} {
		f.Add(s, "../x")
	}
	f.Fuzz(func(t *testing.T, s, p string) {
		a, err := remote.Parse(s)
		if err != nil {
			return
		}
		if strings.ContainsFunc(a.String(), func(r rune) bool { return r <= ' ' }) {
			t.Fatalf("%q is two words: %q", s, a)
		}
		if again, err := remote.Parse(a.String()); err != nil || again != a {
			t.Fatalf("%q: %+v, read back %+v, %v", s, a, again, err)
		}
		if back, ok := remote.FromVirtual(a.Virtual()); !ok || back != a {
			t.Fatalf("%q: %+v, path %q, back %+v", s, a, a.Virtual(), back)
		}
		if b, err := a.Join(p); err == nil && (b.Path == ".." || strings.HasPrefix(b.Path, "../") || b.Base != a.Base || b.Ref != a.Ref) {
			t.Fatalf("%q and %q: %+v", s, p, b)
		}
	})
}
