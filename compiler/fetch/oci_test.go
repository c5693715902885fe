package fetch_test

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/octocompose/octocompose/compiler/fetch"
	"github.com/octocompose/octocompose/internal/vendors"
)

func registry(t *testing.T, ca *vendors.CA) *vendors.Registry {
	t.Helper()
	need(t, "registry")
	r, err := ca.Registry(t.TempDir())
	must(t, err)
	t.Cleanup(r.Close)
	return r
}

func sum(data string) string {
	h := sha256.Sum256([]byte(data))
	return "sha256:" + hex.EncodeToString(h[:])
}

func TestOCI(t *testing.T) {
	ca := authority(t)
	r := registry(t, ca)
	first, err := r.Push("charts/shop", "1.0.0", map[string]string{"core.yaml": "one", "apps/shop.yaml": "shop"})
	must(t, err)
	second, err := r.Push("charts/shop", "latest", map[string]string{"core.yaml": "two"})
	must(t, err)
	base := "oci://" + r.Host + "/charts/shop"
	var events []fetch.Event
	c := client(t, ca, func(c *fetch.Client) { c.Progress = func(e fetch.Event) { events = append(events, e) } })
	for ref, want := range map[string][2]string{":1.0.0": {first, "one"}, "": {second, "two"}, "@" + first: {first, "one"}} {
		s, err := c.Resolve(t.Context(), address(t, base+ref+"#core.yaml"))
		if err != nil || s.Revision() != want[0] {
			t.Errorf("%s: %v; want %s", ref, err, want[0])
			continue
		}
		for range 2 {
			if data, err := s.Read(t.Context(), "core.yaml"); err != nil || string(data) != want[1] {
				t.Errorf("%s: %q, %v", ref, data, err)
			}
		}
		if want := map[string][]string{first: {"apps/shop.yaml", "core.yaml"}, second: {"core.yaml"}}[want[0]]; !slices.Equal(s.Files(), want) {
			t.Errorf("%s: %q", ref, s.Files())
		}
		_, err = s.Read(t.Context(), "none")
		if err == nil || err.Error() != "cannot fetch "+base+ref+`#none: there is no file "none" in it` {
			t.Error(err)
		}
	}
	if n := len(events); n != 4 {
		t.Errorf("events of two artifacts and a file of each: %+v", events)
	}
	if got, err := c.Versions(t.Context(), address(t, base)); err != nil || !slices.Equal(got, []string{"1.0.0", "latest"}) {
		t.Errorf("%q, %v", got, err)
	}
	_, err = get(t, c, base+":3#core.yaml")
	want(t, err, fs.ErrNotExist, base+":3: 404 Not Found", "spelt")
	_, err = get(t, client(t, ca, func(c *fetch.Client) { c.Allow = nil }), base)
	want(t, err, fetch.ErrPrivate, "127.0.0.1 is a loopback address", "--allow 127.0.0.1")
	_, err = get(t, client(t, ca, func(c *fetch.Client) { c.MaxFile = 2 }), base+"#core.yaml")
	want(t, err, fetch.ErrLimit, "larger than 2 bytes", "")
	_, err = get(t, client(t, ca, func(c *fetch.Client) { c.MaxFiles = 1 }), base+":1.0.0#core.yaml")
	want(t, err, fetch.ErrLimit, "more than 1 files", "")
}

// F9: a tag that was moved is seen; the old digest is still given, until the registry forgets it.
func TestOCIMoved(t *testing.T) {
	ca := authority(t)
	r := registry(t, ca)
	was, err := r.Push("shop", "1", map[string]string{"a": "one"})
	must(t, err)
	now, err := r.Push("shop", "1", map[string]string{"a": "two"})
	must(t, err)
	a := address(t, "oci://"+r.Host+"/shop:1#a")
	c := client(t, ca, nil)
	if s, err := c.Resolve(t.Context(), a); err != nil || s.Revision() != now || now == was {
		t.Fatal(err)
	}
	s, err := c.At(t.Context(), a, was)
	must(t, err)
	if data, err := s.Read(t.Context(), "a"); err != nil || string(data) != "one" {
		t.Errorf("%q, %v", data, err)
	}
	must(t, r.Delete("shop", was))
	_, err = client(t, ca, nil).At(t.Context(), a, was)
	want(t, err, fetch.ErrMoved, "/shop:1: it is "+now+" now, not "+was, "octo lock")
	must(t, r.Tag("shop", now, "2"))
	if s, err := c.Resolve(t.Context(), address(t, "oci://"+r.Host+"/shop:2")); err != nil || s.Revision() != now {
		t.Error(err)
	}
}

// Packed folders, Compose's own artifacts, indexes.
func TestOCIShapes(t *testing.T) {
	ca := authority(t)
	r := registry(t, ca)
	c := client(t, ca, nil)
	archive := []tar.Header{{Name: "./", Typeflag: tar.TypeDir}, {Name: "./shop/", Typeflag: tar.TypeDir}, {Name: "./shop/a.yaml", Size: 1, Mode: 0o644}, {Name: "b.yaml", Size: 2}}
	texts := []string{"", "", "a", "bb"}
	title := "org.opencontainers.image.title"
	const compose, composeEnv = "application/vnd.docker.compose.file+yaml", "application/vnd.docker.compose.envfile"
	for i, shape := range []struct {
		layers []vendors.Layer
		files  map[string]string
	}{
		{[]vendors.Layer{{MediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", Data: vendors.Tar(true, archive, texts)}}, map[string]string{"shop/a.yaml": "a", "b.yaml": "bb"}},
		{[]vendors.Layer{{MediaType: "application/x.tar", Data: vendors.Tar(false, archive, texts)}}, map[string]string{"shop/a.yaml": "a", "b.yaml": "bb"}},
		{[]vendors.Layer{{MediaType: "application/vnd.oci.image.layer.v1.tar.gzip", Data: vendors.Tar(true, archive, texts),
			Annotations: map[string]string{title: "shop", "io.deis.oras.content.unpack": "true"}}}, map[string]string{"shop/a.yaml": "a", "b.yaml": "bb"}},
		{[]vendors.Layer{{MediaType: "application/x.tar", Data: []byte("whole"), Annotations: map[string]string{title: "x.tar"}},
			{MediaType: "application/unknown", Data: []byte("left out")}}, map[string]string{"x.tar": "whole"}},
		{[]vendors.Layer{
			{MediaType: compose, Data: []byte("a"), Annotations: map[string]string{"com.docker.compose.file": "compose.yaml"}},
			{MediaType: compose, Data: []byte("b"), Annotations: map[string]string{"com.docker.compose.file": "prod.yaml"}},
			{MediaType: compose, Data: []byte("c"), Annotations: map[string]string{"com.docker.compose.file": "0a1b.yaml", "com.docker.compose.extends": "true"}},
			{MediaType: composeEnv, Data: []byte("d"), Annotations: map[string]string{"com.docker.compose.envfile": "2c3d.env"}},
		}, map[string]string{"compose.yaml": "a\n---\nb", "0a1b.yaml": "c", "2c3d.env": "d"}},
	} {
		digest, err := r.PushLayers("shapes", fmt.Sprint(i), "application/vnd.docker.compose.project", shape.layers)
		must(t, err)
		s, err := c.Resolve(t.Context(), address(t, fmt.Sprintf("oci://%s/shapes:%d", r.Host, i)))
		if err != nil || s.Revision() != digest {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if len(s.Files()) != len(shape.files) {
			t.Errorf("%d: %q", i, s.Files())
		}
		for p, text := range shape.files {
			if data, err := s.Read(t.Context(), p); err != nil || string(data) != text {
				t.Errorf("%d, %s: %q, %v", i, p, data, err)
			}
		}
		if i > 0 {
			continue
		}
		entry := fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%%d%%s}`, digest)
		stored, err := r.Manifest("shapes", digest)
		must(t, err)
		size := len(stored)
		linux := `,"platform":{"os":"linux","architecture":"amd64"}`
		for tag, of := range map[string][2]string{
			"index": {fmt.Sprintf(entry, size, "") + "," + fmt.Sprintf(entry, size, linux), ""}, "platforms": {fmt.Sprintf(entry, size, linux), "an index of 1 manifests"},
			"two": {fmt.Sprintf(entry, size, "") + "," + fmt.Sprintf(entry, size, ""), "an index of 2 manifests"}, "size": {fmt.Sprintf(entry, size+1, ""), "its index says"},
		} {
			index := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` + of[0] + `]}`
			indexed, err := r.PushManifest("shapes", tag, "application/vnd.oci.image.index.v1+json", []byte(index))
			if err != nil && tag == "size" {
				continue // refused already
			}
			must(t, err)
			if got, err := c.Image(t.Context(), r.Host+"/shapes:"+tag); err != nil || got != indexed {
				t.Errorf("the image %s is %s, %v", tag, got, err)
			}
			text, err := get(t, c, fmt.Sprintf("oci://%s/shapes:%s#b.yaml", r.Host, tag))
			if of[1] == "" && (err != nil || text != "bb") {
				t.Errorf("%s: %q, %v", tag, text, err)
			} else if of[1] != "" {
				want(t, err, nil, of[1], "")
			}
		}
	}
	for image, message := range map[string]string{"-x": "invalid repository", "https://x/y": "no name", "a#b": "no name", "": "no name", r.Host + "/shapes:none": "404"} {
		_, err := c.Image(t.Context(), image)
		want(t, err, nil, message, "")
	}
	if got, err := c.Image(t.Context(), "postgres:16@"+sum("")); err != nil || got != sum("") {
		t.Errorf("%q, %v", got, err)
	}
}

// F12 and F13: names and entries that lead out, and archives that grow.
func TestOCIHostile(t *testing.T) {
	ca := authority(t)
	r := registry(t, ca)
	c := client(t, ca, func(c *fetch.Client) { c.MaxTree, c.MaxFile, c.MaxFiles = 3<<20, 1<<20, 20 })
	var cases []struct {
		name, message string
		layers        []vendors.Layer
	}
	add := func(name, message string, layers ...vendors.Layer) {
		cases = append(cases, struct {
			name, message string
			layers        []vendors.Layer
		}{name, message, layers})
	}
	for _, title := range []string{"../../x", "/etc/passwd", "a/../../x", "..", ".", "a//b", `..\x`, "C:x", "a\nb"} {
		add("title "+title, "want a relative path", vendors.Layer{MediaType: "text/x", Annotations: map[string]string{"org.opencontainers.image.title": title}, Data: []byte("x")})
	}
	twice := vendors.Layer{MediaType: "text/x", Annotations: map[string]string{"org.opencontainers.image.title": "a"}, Data: []byte("x")}
	add("twice", `the file "a" twice`, twice, twice)
	add("nothing", "it holds no files", vendors.Layer{MediaType: "text/x", Data: []byte("x")})
	packed := func(name, message string, headers ...tar.Header) {
		texts := make([]string, len(headers))
		for i, h := range headers {
			texts[i] = strings.Repeat("\x00", int(h.Size))
		}
		add(name, message, vendors.Layer{MediaType: "application/x.tar+gzip", Data: vendors.Tar(true, headers, texts)})
	}
	packed("symlink", `"a" is a symlink`, tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	packed("hard link", `"a" is a hard link`, tar.Header{Name: "a", Typeflag: tar.TypeLink, Linkname: "b"})
	packed("device", `"a" is a device`, tar.Header{Name: "a", Typeflag: tar.TypeChar})
	packed("pipe", `"a" is a pipe`, tar.Header{Name: "a", Typeflag: tar.TypeFifo})
	packed("absolute", "want a relative path", tar.Header{Name: "/a", Size: 1})
	packed("out", "want a relative path", tar.Header{Name: "a/../../b", Size: 1})
	packed("folder out", "want a relative path", tar.Header{Name: "../b/", Typeflag: tar.TypeDir})
	packed("file bomb", "larger than 1 MiB", tar.Header{Name: "a", Size: 2 << 20})
	big := []tar.Header{}
	for i := range 4 {
		big = append(big, tar.Header{Name: fmt.Sprint(i), Size: 1 << 20})
	}
	packed("bomb", "all of it, unpacked, is larger than 3 MiB", big...)
	many := []tar.Header{}
	for i := range 21 {
		many = append(many, tar.Header{Name: fmt.Sprint(i)})
	}
	packed("many", "more than 20 files", many...)
	add("no gzip", "cannot unpack a layer", vendors.Layer{MediaType: "application/x.tar+gzip", Data: []byte("x")})
	add("cut", "cannot unpack a layer", vendors.Layer{MediaType: "application/x.tar", Data: vendors.Tar(false, []tar.Header{{Name: "a", Size: 600}}, []string{strings.Repeat("x", 600)})[:900]})
	for i, h := range cases {
		_, err := r.PushLayers("hostile", fmt.Sprint(i), "application/x", h.layers)
		must(t, err)
		if _, err = c.Resolve(t.Context(), address(t, fmt.Sprintf("oci://%s/hostile:%d", r.Host, i))); err == nil {
			t.Errorf("%s: no error", h.name)
			continue
		}
		want(t, err, nil, h.message, "")
	}
}

// F11: what a registry gives has to be what it promised; and F3: it does not learn what is for another.
func TestLyingRegistry(t *testing.T) {
	ca := authority(t)
	const layer = "services: {}\n"
	manifest := func(size int) string {
		return fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},`+
			`"layers":[{"mediaType":"text/x","digest":"%s","size":%d,"annotations":{"org.opencontainers.image.title":"a"}}]}`, sum("{}"), sum(layer), size)
	}
	for name, l := range map[string]struct {
		manifest, digest, blob, message string
	}{
		"sound":           {manifest(13), "", layer, ""},
		"other digest":    {manifest(13), sum("x"), layer, "the registry names"},
		"other blob":      {manifest(13), "", "services: []\n", "content is not what its digest says"},
		"shorter blob":    {manifest(13), "", "x", "content is not what its digest says"},
		"longer blob":     {manifest(13), "", layer + layer, "content is not what its digest says"},
		"size":            {manifest(12), "", layer, "content is not what its digest says"},
		"no manifest":     {"<html>", "", layer, "cannot read its manifest"},
		"negative size":   {manifest(-1), "", layer, "a layer says -1 bytes"},
		"immense":         {manifest(1 << 40), "", layer, "a layer says"},
		"larger manifest": {strings.Repeat(" ", 5<<20), "", layer, "larger than 4 MiB"},
	} {
		s := serve(t, ca, func(w http.ResponseWriter, r *http.Request) {
			text := l.blob
			if strings.Contains(r.URL.Path, "/manifests/") {
				text = l.manifest
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				if l.digest != "" {
					w.Header().Set("Docker-Content-Digest", l.digest)
				} else {
					w.Header().Set("Docker-Content-Digest", sum(l.manifest))
				}
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			_, _ = io.WriteString(w, text)
		})
		text, err := get(t, client(t, ca, nil), "oci://"+s.Host+"/x:1#a")
		if l.message == "" {
			if err != nil || text != layer {
				t.Errorf("%s: %q, %v", name, text, err)
			}
		} else {
			t.Log(name)
			want(t, err, nil, l.message, "")
		}
		_, err = client(t, ca, nil).At(t.Context(), address(t, "oci://"+s.Host+"/x:1"), sum("another"))
		want(t, err, nil, "", "")
	}
}

// Credentials of docker's configuration go to their registry, and not where it sends us.
func TestOCILogin(t *testing.T) {
	ca := authority(t)
	r := registry(t, ca)
	_, err := r.Push("shop", "1", map[string]string{"a": "one"})
	must(t, err)
	var leaked string
	store := serve(t, ca, func(w http.ResponseWriter, q *http.Request) {
		leaked += q.Header.Get("Authorization")
		http.NotFound(w, q)
	})
	s := serve(t, ca, func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, store.URL+q.URL.String(), http.StatusTemporaryRedirect)
	})
	s.Login("octo", "pa55")
	_, err = get(t, client(t, ca, nil), "oci://"+s.Host+"/shop:1#a")
	want(t, err, fs.ErrPermission, "401", "docker login "+s.Host)
	home := t.TempDir()
	config := fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, s.Host, base64.StdEncoding.EncodeToString([]byte("octo:pa55")))
	must(t, os.MkdirAll(filepath.Join(home, ".docker"), 0o700))
	must(t, os.WriteFile(filepath.Join(home, ".docker", "config.json"), config, 0o600))
	for name, value := range map[string]string{"HOME": home, "DOCKER_CONFIG": filepath.Join(home, ".docker")} {
		n := store.Requests()
		_, err = get(t, client(t, ca, func(c *fetch.Client) { with(c, name, value) }), "oci://"+s.Host+"/shop:1#a")
		want(t, err, fs.ErrNotExist, "404", "")
		if store.Requests() == n {
			t.Error("the credentials were not used")
		}
	}
	if leaked != "" {
		t.Errorf("another host hears %q", leaked)
	}
}

func TestOCIConcurrent(t *testing.T) {
	ca := authority(t)
	r := registry(t, ca)
	files := map[string]string{}
	for i := range 20 {
		files[fmt.Sprint("f", i)] = fmt.Sprint(i)
	}
	_, err := r.Push("shop", "1", files)
	must(t, err)
	c := client(t, ca, nil)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for p, text := range files {
				if got, err := get(t, c, "oci://"+r.Host+"/shop:1#"+p); err != nil || got != text {
					t.Errorf("%s: %q, %v", p, got, err)
				}
			}
		})
	}
	wg.Wait()
}
