package emit

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/artifact"
)

// files is a tree in memory: path to content. A path that ends in * has the x bit.
type files map[string]string

func (f files) set(t testing.TB) *artifact.Set {
	t.Helper()
	var s artifact.Set
	for name, text := range f {
		mode := fs.FileMode(0o644)
		if strings.HasSuffix(name, "*") {
			mode = 0o755
		}
		if err := s.Add(artifact.File{Path: strings.TrimSuffix(name, "*"), Mode: mode, Data: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	return &s
}

var meta = Meta{Project: "shop", Target: "k8s", Inputs: []string{"octo.yaml"}}

// compile plans and applies f as one target, as octo compile does.
func compile(t testing.TB, dir string, f files) (*Plan, error) {
	t.Helper()
	return compileTo(t, dir, f, meta, false)
}

func compileTo(t testing.TB, dir string, f files, m Meta, force bool) (*Plan, error) {
	t.Helper()
	o, err := open(context.Background(), dir, Write, noStep)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	return compileIn(t, o, f, m, force)
}

func compileIn(t testing.TB, o *Out, f files, m Meta, force bool) (*Plan, error) {
	p, err := o.Plan(f.set(t), m)
	if err != nil {
		return nil, err
	}
	if force {
		p.Force()
	}
	return p, o.Apply(context.Background(), p)
}

func noStep(op, name string) error { return nil }

func mustCompile(t testing.TB, dir string, f files) *Plan {
	t.Helper()
	p, err := compile(t, dir, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// on reads a folder back: path to content, without manifests. Folders without files are listed with a slash.
func on(t testing.TB, dir string) files {
	t.Helper()
	got := files{}
	err := filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, at)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if in, _ := os.ReadDir(at); len(in) == 0 && rel != "." {
				got[rel+"/"] = ""
			}
			return nil
		}
		if d.Name() == ManifestName {
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(at)
			got[rel] = "-> " + to
			return err
		}
		data, err := os.ReadFile(at)
		if info, e := d.Info(); e == nil && info.Mode()&0o100 != 0 {
			rel += "*"
		}
		got[rel] = string(data)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return got
}

func want(t *testing.T, dir string, f files) {
	t.Helper()
	if d := cmp.Diff(f, on(t, dir)); d != "" {
		t.Errorf("the tree (-want +got):\n%s", d)
	}
}

func put(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// kinds is what a plan says, one line a file that does not stay.
func kinds(p *Plan) []string {
	var out []string
	if p.Owner != nil {
		out = append(out, p.Owner.Kind.String()+" "+p.Owner.Path)
	}
	for _, f := range p.Files {
		if f.Kind != Same {
			out = append(out, f.Kind.String()+" "+f.Path)
		}
	}
	return out
}

var first = files{"APPLY.md": "a\n", "run*": "#!\n", "web/service.yaml": "s\n", "web/deployment.yaml": "d\n", "db/data/x.yaml": "x\n"}

func TestFreshTree(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	p := mustCompile(t, out, first)
	if p.Count(Add) != len(first) || p.Empty() {
		t.Errorf("want %d files added, got %v", len(first), kinds(p))
	}
	want(t, filepath.Join(out, "k8s"), first)
	entries, _ := os.ReadDir(out)
	if len(entries) != 1 {
		t.Errorf("want k8s alone in the output folder, got %v", entries)
	}
	manifest, err := os.ReadFile(filepath.Join(out, "k8s", ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	wantManifest := `{
  "format": 1,
  "project": "shop",
  "target": "k8s",
  "inputs": ["octo.yaml"],
  "files": [
    {"path": "APPLY.md", "mode": "0644", "hash": "sha256:87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"},
    {"path": "db/data/x.yaml", "mode": "0644", "hash": "sha256:73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac"},
    {"path": "run", "mode": "0755", "hash": "sha256:1d7b78b7c8e77ac86b4d77f8bcc50eff31a2e6c0ccf41d0bdd5d46e6efedc4ae"},
    {"path": "web/deployment.yaml", "mode": "0644", "hash": "sha256:"},
    {"path": "web/service.yaml", "mode": "0644", "hash": "sha256:"}
  ]
}
`
	hash := func(s string) string {
		lines := strings.Split(s, "\n")
		for i, l := range lines {
			if at := strings.Index(l, "sha256:"); at >= 0 {
				lines[i] = l[:at]
			}
		}
		return strings.Join(lines, "\n")
	}
	if d := cmp.Diff(hash(wantManifest), hash(string(manifest))); d != "" {
		t.Errorf("the manifest:\n%s", d)
	}
	if !strings.Contains(string(manifest), `"APPLY.md", "mode": "0644", "hash": "sha256:87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"`) {
		t.Errorf("want the SHA-256 of the content, got\n%s", manifest)
	}
}

// stat is what must not change when there is nothing to do.
func stat(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	_ = filepath.WalkDir(dir, func(at string, _ fs.DirEntry, _ error) error {
		info, err := os.Lstat(at)
		if err != nil {
			t.Fatal(err)
		}
		got[at] = fmt.Sprint(info.Mode(), info.ModTime().UnixNano(), info.Sys())
		return nil
	})
	return got
}

func TestNothingToDoTouchesNothing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	mustCompile(t, out, first)
	past := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, name := range []string{"k8s/run", "k8s/web", "k8s", "k8s/" + ManifestName, "."} {
		if err := os.Chtimes(filepath.Join(out, name), past, past); err != nil {
			t.Fatal(err)
		}
	}
	before := stat(t, out)
	p := mustCompile(t, out, first)
	if !p.Empty() {
		t.Errorf("want nothing to do, got %v", kinds(p))
	}
	// Reading may set the time of access, which Sys holds.
	for name, s := range stat(t, out) {
		if i := strings.Index(s, "{"); i > 0 && before[name][:i] != s[:i] {
			t.Errorf("%s was touched", name)
		}
	}
}

func TestChangeTouchesOnlyWhatChanges(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	mustCompile(t, out, first)
	keep := filepath.Join(out, "k8s/web/service.yaml")
	before, _ := os.Stat(keep)
	next := files{"APPLY.md": "b\n", "run*": "#!\n", "web/service.yaml": "s\n", "web/deployment.yaml": "d\n", "new/deep/er.yaml": "n\n"}
	p := mustCompile(t, out, next)
	if d := cmp.Diff([]string{"change APPLY.md", "remove db/data/x.yaml", "add new/deep/er.yaml"}, kinds(p)); d != "" {
		t.Error(d)
	}
	want(t, filepath.Join(out, "k8s"), next) // db and db/data are gone with their last file
	after, _ := os.Stat(keep)
	if !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Error("a file that stays was written")
	}
	if p := mustCompile(t, out, next); !p.Empty() {
		t.Errorf("want nothing to do, got %v", kinds(p))
	}
}

func TestKinds(t *testing.T) {
	cases := []struct {
		name string
		edit func(dir string)
		next files
		want []string
		err  bool
	}{
		{"edited", func(d string) { put(t, d+"/APPLY.md", "mine\n") }, first, []string{"drift APPLY.md"}, true},
		{"edited and changed", func(d string) { put(t, d+"/a", "mine\n") }, files{"a": "2\n"}, []string{"drift a"}, true},
		{"edited into what it will be", func(d string) { put(t, d+"/a", "2\n") }, files{"a": "2\n"}, nil, false},
		{"deleted", func(d string) { os.Remove(d + "/a") }, files{"a": "1\n"}, []string{"add a"}, false},
		{"foreign", func(d string) { put(t, d+"/b", "mine\n") }, files{"a": "1\n", "b": "2\n"}, []string{"foreign b"}, true},
		{"foreign, the same", func(d string) { put(t, d+"/b", "2\n") }, files{"a": "1\n", "b": "2\n"}, nil, false},
		{"foreign, nobody wants it", func(d string) { put(t, d+"/b", "mine\n") }, files{"a": "1\n"}, nil, false},
		{"edited and no longer made", func(d string) { put(t, d+"/a", "mine\n") }, files{"c": "3\n"}, []string{"drift a", "add c"}, true},
		{"no longer made, gone already", func(d string) { os.Remove(d + "/a") }, files{"c": "3\n"}, []string{"add c"}, false},
		{"folder in the way", func(d string) { put(t, d+"/b/mine", "") }, files{"a": "1\n", "b": "2\n"}, []string{"blocked b"}, true},
		{"file in the way of a folder", func(d string) { put(t, d+"/b", "mine\n") }, files{"a": "1\n", "b/c": "2\n", "b/d": "3\n"}, []string{"blocked b"}, true},
		{"link in the way", func(d string) { os.Symlink("a", d+"/b") }, files{"a": "1\n", "b": "2\n"}, []string{"blocked b"}, true},
		{"link out", func(d string) { os.Symlink("/etc", d+"/b") }, files{"a": "1\n", "b/passwd": "2\n"}, []string{"blocked b"}, true},
		{"link to a folder inside", func(d string) { put(t, d+"/e/f", ""); os.Symlink("e", d+"/b") }, files{"a": "1\n", "b/f": ""}, []string{"blocked b"}, true},
		{"our file becomes a folder", func(string) {}, files{"a/b": "2\n"}, []string{"remove a", "add a/b"}, false},
		{"x bit lost", func(d string) { os.Chmod(d+"/x", 0o644) }, files{"a": "1\n", "x*": "x\n"}, []string{"change x"}, false},
		{"other bits are the checkout's", func(d string) { os.Chmod(d+"/a", 0o600) }, files{"a": "1\n"}, nil, false},
		{"manifest gone", func(d string) { os.Remove(d + "/" + ManifestName) }, files{"a": "1\n"}, nil, false},
		{"manifest gone, another content", func(d string) { os.Remove(d + "/" + ManifestName) }, files{"a": "2\n"}, []string{"foreign a"}, true},
		{"manifest in conflict", func(d string) { put(t, d+"/"+ManifestName, "{\n<<<<<<< HEAD\n") }, files{"a": "1\n"}, []string{"drift " + ManifestName}, true},
		{"manifest that lists what is outside", func(d string) {
			put(t, d+"/"+ManifestName, `{"format":1,"project":"shop","target":"k8s","files":[{"path":"../victim","hash":"`+hashOf([]byte("v\n"))+`"}]}`)
		}, files{"a": "1\n"}, []string{"drift " + ManifestName}, true},
		{"manifest of another project", func(d string) {
			put(t, d+"/"+ManifestName, `{"format":1,"project":"other","target":"k8s","files":[]}`)
		}, files{"a": "1\n"}, []string{"foreign " + ManifestName}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			start := files{"a": "1\n"}
			for name, text := range c.next {
				if name == "x*" || name == "APPLY.md" {
					start[name] = text
				}
			}
			if c.name == "edited" {
				start = first
			}
			mustCompile(t, out, start)
			put(t, filepath.Join(out, "victim"), "v\n")
			c.edit(filepath.Join(out, "k8s"))
			before := on(t, out)
			p, err := compile(t, out, c.next)
			if p == nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, kinds(p)); d != "" {
				t.Errorf("the plan (-want +got):\n%s", d)
			}
			if (err != nil) != c.err {
				t.Errorf("want an error: %v, got %v", c.err, err)
			}
			if c.err {
				want(t, out, before)
			} else if p, err := compile(t, out, c.next); err != nil || !p.Empty() {
				t.Errorf("want nothing to do, got %v, %v", kinds(p), err)
			}
			if got := on(t, out)["victim"]; got != "v\n" {
				t.Error("a file outside the tree was touched")
			}
		})
	}
}

func TestForce(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	mustCompile(t, out, files{"a": "1\n", "gone": "g\n"})
	tree := filepath.Join(out, "k8s")
	put(t, tree+"/a", "mine\n")
	put(t, tree+"/gone", "mine\n")
	put(t, tree+"/b", "mine\n")
	put(t, tree+"/stays", "mine\n")
	next := files{"a": "2\n", "b": "2\n"}
	if _, err := compileTo(t, out, next, meta, true); err != nil {
		t.Fatal(err)
	}
	want(t, tree, files{"a": "2\n", "b": "2\n", "stays": "mine\n"})

	put(t, tree+"/"+ManifestName, "<<<<<<<")
	put(t, tree+"/a", "mine\n")
	if _, err := compileTo(t, out, next, meta, true); err != nil {
		t.Fatal(err)
	}
	want(t, tree, files{"a": "2\n", "b": "2\n", "stays": "mine\n"})

	put(t, tree+"/c/mine", "mine\n")
	if _, err := compileTo(t, out, files{"c": "3\n"}, meta, true); err == nil {
		t.Error("want a folder in the way to stop even --force")
	}
}

// All targets or none.
func TestSeveralTargets(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	apply := func(a, b files) error {
		o, err := Open(context.Background(), out, Write)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		p, err := o.Plan(a.set(t), meta)
		if err != nil {
			t.Fatal(err)
		}
		q, err := o.Plan(b.set(t), Meta{Project: "shop", Target: "compose"})
		if err != nil {
			t.Fatal(err)
		}
		return o.Apply(context.Background(), p, q)
	}
	if err := apply(files{"a": "1\n"}, files{"b": "1\n"}); err != nil {
		t.Fatal(err)
	}
	put(t, out+"/compose/b", "mine\n")
	if err := apply(files{"a": "2\n"}, files{"b": "2\n"}); err == nil {
		t.Fatal("want an error")
	}
	want(t, out, files{"k8s/a": "1\n", "compose/b": "mine\n"})
	os.Remove(out + "/compose/b")
	if err := apply(files{"a": "2\n"}, files{"b": "2\n"}); err != nil {
		t.Fatal(err)
	}
	want(t, out, files{"k8s/a": "2\n", "compose/b": "2\n"})
}

func TestReadTouchesNothing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	o, err := Open(context.Background(), out, Read)
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.Plan(first.set(t), meta)
	if err != nil || p.Count(Add) != len(first) {
		t.Fatalf("want all files to be added, got %v, %v", kinds(p), err)
	}
	if err := o.Apply(context.Background(), p); err == nil {
		t.Error("want an error: it was opened to be read")
	}
	o.Close()
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Error("the folder was made")
	}
}

func TestBadNames(t *testing.T) {
	o, err := Open(context.Background(), filepath.Join(t.TempDir(), "out"), Write)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	for _, target := range []string{"", ".", "..", "../x", "/x", "a/b", ".octo-stage"} {
		if _, err := o.Plan(files{"a": ""}.set(t), Meta{Target: target}); err == nil {
			t.Errorf("want an error for target %q", target)
		}
	}
	if _, err := o.Plan(files{"x/.octo-manifest": ""}.set(t), meta); err == nil {
		t.Error("want an error for a file with the manifest's name")
	}
}

func TestTargetFolderThatIsALink(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.MkdirAll(filepath.Join(dir, "elsewhere"), 0o755); err != nil {
		t.Fatal(err)
	}
	os.Mkdir(out, 0o755)
	if err := os.Symlink("../elsewhere", filepath.Join(out, "k8s")); err != nil {
		t.Skip(err)
	}
	p, err := compile(t, out, first)
	if err == nil || p.Owner == nil || p.Owner.Kind != Blocked {
		t.Fatalf("want a link in the way, got %v, %v", p, err)
	}
	want(t, filepath.Join(dir, "elsewhere"), files{})
}

func TestGuard(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	os.MkdirAll(dir+"/p/src", 0o755)
	os.MkdirAll(dir+"/other", 0o755)
	os.Symlink("../other", dir+"/p/away")
	os.Symlink("src", dir+"/p/near")
	os.Symlink(dir+"/p", dir+"/same")
	os.Symlink("nowhere", dir+"/p/dangling")
	for _, c := range []struct {
		out  string
		want string
	}{
		{dir + "/p/out", ""},
		{dir + "/p/a/b/c", ""},
		{dir + "/other", ""},
		{dir + "/p/near", ""},
		{dir + "/same/out", ""},
		{dir + "/p", "the sources lie there"},
		{dir + "/same/../p/.", "the sources lie there"},
		{dir, "the project's folder lies in it"},
		{"/", "the project's folder lies in it"},
		{dir + "/p/away", "it is a link to " + dir + "/other; name that folder instead"},
		{dir + "/p/dangling", "it is a link that leads nowhere"},
	} {
		err := Guard(c.out, dir+"/p")
		got := ""
		if err != nil {
			got = strings.SplitN(err.Error(), ": ", 2)[1]
		}
		if got != c.want {
			t.Errorf("%s: want %q, got %q", c.out, c.want, got)
		}
	}
}

func TestLock(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	a, err := Open(context.Background(), out, Write)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, out, Write); err != context.DeadlineExceeded {
		t.Errorf("want to wait for the other one, got %v", err)
	}
	// The folder that the second has opened goes away with the first, which made it: the second makes it anew.
	opened, done := make(chan bool, 2), make(chan error)
	go func() {
		b, err := open(context.Background(), out, Write, func(op, _ string) error {
			if op == "lock" {
				opened <- true
			}
			return nil
		})
		if err == nil {
			if _, err = os.Stat(out); err == nil {
				_, err = compileIn(t, b, files{"a": "1\n"}, meta, false)
			}
			b.Close()
		}
		done <- err
	}()
	<-opened
	a.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	want(t, out, files{"k8s/a": "1\n"})
}

func TestCancel(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	mustCompile(t, out, files{"a": "1\n"})
	ctx, cancel := context.WithCancel(context.Background())
	o, err := open(ctx, out, Write, func(op, name string) error {
		if strings.HasSuffix(name, "/b") {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	p, err := o.Plan(files{"a": "2\n", "b": "2\n"}.set(t), meta)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Apply(ctx, p); err != context.Canceled {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
	want(t, out, files{"k8s/a": "1\n"})
}

func TestOthers(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	mustCompile(t, out, first)
	for _, m := range []Meta{{Project: "shop", Target: "old"}, {Project: "other", Target: "theirs"}} {
		if _, err := compileTo(t, out, files{"a": "1\n"}, m, false); err != nil {
			t.Fatal(err)
		}
	}
	os.Mkdir(filepath.Join(out, "mine"), 0o755)
	o, err := Open(context.Background(), out, Read)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if d := cmp.Diff([]string{"old"}, o.Others("shop", []string{"k8s"})); d != "" {
		t.Error(d)
	}
}

// The folder is exchanged for another between opening and locking it: the one that has the name now is written to.
func TestFolderIsExchanged(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	calls := 0
	o, err := open(context.Background(), out, Write, func(op, _ string) error {
		if op != "lock" {
			return nil
		}
		if calls++; calls > 1 {
			return nil
		}
		if err := os.Remove(out); err != nil {
			return err
		}
		return os.Mkdir(out, 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := compileIn(t, o, files{"a": "1\n"}, meta, false); err != nil {
		t.Fatal(err)
	}
	want(t, out, files{"k8s/a": "1\n"})
}
