package spec

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

var sum = strings.Repeat("a6", 32)

func sample() Fetch {
	return Fetch{Dest: "/var/lib/shop/bin/worker/3f1c", Program: "shop-worker", Artifact: map[string]Artifact{
		"linux_arm64": {URL: "https://example.com/a?b=1&c=<2>", SHA256URL: "https://example.com/SHA256SUMS"},
		"linux_amd64": {URL: "http://example.com/worker.tar.gz", SHA256: sum, Path: "bin/worker"},
	}}
}

// The file is what a reader sees in a diff: one order, one form.
func TestMarshal(t *testing.T) {
	want := `{
  "kind": "fetch",
  "dest": "/var/lib/shop/bin/worker/3f1c",
  "program": "shop-worker",
  "artifact": {
    "linux_amd64": {
      "url": "http://example.com/worker.tar.gz",
      "sha256": "` + sum + `",
      "path": "bin/worker"
    },
    "linux_arm64": {
      "url": "https://example.com/a?b=1&c=<2>",
      "sha256_url": "https://example.com/SHA256SUMS"
    }
  }
}
`
	got, err := sample().Marshal()
	if err != nil || string(got) != want {
		t.Fatalf("got %v\n%s", err, got)
	}
	back, err := ParseFetch(got)
	if err != nil {
		t.Fatal(err)
	}
	kind := sample()
	kind.Kind = KindFetch
	if !reflect.DeepEqual(back, kind) {
		t.Errorf("got back %+v", back)
	}
	if again, err := back.Marshal(); err != nil || !bytes.Equal(again, got) {
		t.Errorf("written again: %v\n%s", err, again)
	}
}

// What cannot be meant is refused by who writes and by who reads, and the field is named.
func TestRefuses(t *testing.T) {
	artifact := func(change func(a *Artifact)) func(f *Fetch) {
		return func(f *Fetch) {
			a := f.Artifact["linux_amd64"]
			change(&a)
			f.Artifact["linux_amd64"] = a
		}
	}
	for _, c := range []struct {
		change func(f *Fetch)
		want   string
	}{
		{func(f *Fetch) { f.Kind = "job" }, `kind is "job"; want "fetch"`},
		{func(f *Fetch) { f.Dest = "var/lib" }, `dest is "var/lib"`},
		{func(f *Fetch) { f.Dest = "/" }, `dest is "/"`},
		{func(f *Fetch) { f.Dest = "/var/../etc" }, "dest is"},
		{func(f *Fetch) { f.Dest = "/var/" }, "dest is"},
		{func(f *Fetch) { f.Keep = -1 }, "keep is -1; want 0 or more"},
		{func(f *Fetch) { f.Program = "" }, `program is ""`},
		{func(f *Fetch) { f.Program = ".." }, `program is ".."`},
		{func(f *Fetch) { f.Program = "a/b" }, `program is "a/b"`},
		{func(f *Fetch) { f.Artifact = nil }, "artifact is empty"},
		{func(f *Fetch) { f.Artifact["Linux"] = Artifact{} }, `artifact has the key "Linux"`},
		{artifact(func(a *Artifact) { a.URL = "ftp://x/y" }), `artifact.linux_amd64: url is "ftp://x/y"`},
		{artifact(func(a *Artifact) { a.URL = "https:///y" }), "url is"},
		{artifact(func(a *Artifact) { a.SHA256 = "" }), "want either sha256 or sha256_url"},
		{artifact(func(a *Artifact) { a.SHA256URL = "https://x/y" }), "want either sha256 or sha256_url"},
		{artifact(func(a *Artifact) { a.SHA256 = strings.ToUpper(sum) }), "sha256 is"},
		{artifact(func(a *Artifact) { a.SHA256, a.SHA256URL = "", "https://x/y" }), "http is taken only with sha256"},
		{artifact(func(a *Artifact) { a.URL, a.SHA256, a.SHA256URL = "https://x/y", "", "http://x/y" }), "sha256_url is"},
		{artifact(func(a *Artifact) { a.Path = "../x" }), `path is "../x"`},
		{artifact(func(a *Artifact) { a.Path = "/x" }), `path is "/x"`},
		{artifact(func(a *Artifact) { a.Path = "." }), `path is "."`},
	} {
		f := sample()
		c.change(&f)
		if _, err := f.Marshal(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	good, err := sample().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	for _, bad := range []string{
		"", "null", "[]", text + "{}", text[:len(text)-4],
		strings.Replace(text, `"program"`, `"programme"`, 1),
		strings.Replace(text, `"path"`, `"mode": 493, "path"`, 1),
		strings.Replace(text, `"fetch"`, `""`, 1),
	} {
		if _, err := ParseFetch([]byte(bad)); err == nil {
			t.Errorf("is read: %s", bad)
		}
	}
}
