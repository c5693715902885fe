package systemd

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// check is one check with its times in seconds.
func check(name, level string, every, limit, grace int64, fails int) model.Check {
	seconds := func(s int64) *model.Duration { d := model.Duration(s * 1e9); return &d }
	return model.Check{Name: name, Path: tree.Of("services", "web", "checks", name), Level: level, TCP: &model.TCPCheck{Port: 1},
		Interval: seconds(every), Timeout: seconds(limit), StartPeriod: seconds(grace), Failures: &fails}
}

// TestTogether: the one question is asked as often as any of its checks, gives up on none sooner than it says, and a
// start has the time of the slowest.
func TestTogether(t *testing.T) {
	for _, c := range []struct {
		name   string
		checks []model.Check
		every  time.Duration
		fails  int
		mixed  bool
		start  time.Duration
	}{
		{"one", []model.Check{check("a", "", 10, 2, 5, 3)}, 10 * time.Second, 3, false, 60 * time.Second},
		{"two alike", []model.Check{check("a", "", 10, 2, 5, 3), check("b", "", 10, 2, 5, 3)}, 10 * time.Second, 3, false, 60 * time.Second},
		{"30 s of the one are 15 questions of the other", []model.Check{check("a", "", 10, 2, 5, 3), check("b", "", 2, 1, 0, 2)}, 2 * time.Second, 15, true, 60 * time.Second},
		{"rounded up", []model.Check{check("a", "", 10, 1, 0, 1), check("b", "", 3, 1, 0, 1)}, 3 * time.Second, 4, true, 20 * time.Second},
	} {
		a := together(c.checks)
		if a.every != c.every || a.fails != c.fails || a.mixed() != c.mixed || a.startTime() != c.start {
			t.Errorf("%s: each %s, %d failures, mixed %v, start %s; want %s, %d, %v, %s",
				c.name, a.every, a.fails, a.mixed(), a.startTime(), c.every, c.fails, c.mixed, c.start)
		}
	}
}

// TestQuestions: which checks are asked until the start is over, and which from then on.
func TestQuestions(t *testing.T) {
	level := func(name, level, action string) model.Check {
		return model.Check{Name: name, Level: level, OnFailure: action, TCP: &model.TCPCheck{Port: 1}}
	}
	twice := level("r", "ready", "")
	twice.Successes = new(int)
	*twice.Successes = 2
	for _, c := range []struct {
		name        string
		checks      []model.Check
		first, then string
	}{
		{"ready alone is one question", []model.Check{level("r", "", "")}, "", "r"},
		{"which must pass twice, is two", []model.Check{twice}, "r", "r"},
		{"ready gates, alive lasts", []model.Check{level("a", "alive", ""), level("r", "ready", "")}, "r", "a"},
		{"alive alone gates too", []model.Check{level("a", "alive", "")}, "", "a"},
		{"startup before ready", []model.Check{level("r", "ready", ""), level("s", "startup", "")}, "r s", "r"},
		{"startup alone: Podman wants a question from then on", []model.Check{level("s", "startup", "")}, "s", "s"},
		{"ready that restarts", []model.Check{level("r", "ready", "restart"), level("s", "startup", "")}, "r s", "r"},
		{"alive from which nothing follows", []model.Check{level("a", "alive", "none"), level("r", "ready", "")}, "", "a r"},
		{"none", nil, "", ""},
	} {
		s := &service{Service: &model.Service{}, checks: c.checks}
		first, then := s.questions()
		names := func(list []model.Check) string {
			var out []string
			for _, x := range list {
				out = append(out, x.Name)
			}
			return strings.Join(out, " ")
		}
		if names(first) != c.first || names(then) != c.then {
			t.Errorf("%s: %q, then %q; want %q, then %q", c.name, names(first), names(then), c.first, c.then)
		}
	}
}

// TestHostileCommands: what stands in hooks, preflights and checks reaches the program as it was written, in whichever
// unit it is.
func TestHostileCommands(t *testing.T) {
	words := append([]string{"/bin/x"}, hostile...)
	hook := []model.Hook{{Command: words}}
	container := &model.Service{Name: "web", Image: "nginx", PostStart: hook, PreStop: hook, Hooks: &model.Hooks{PostStop: hook},
		Preflight: []model.Preflight{{Path: tree.Of("services", "web", "preflight"), Command: words}}}
	native := &model.Service{Name: "work", PostStart: hook, PreStop: hook, Hooks: &model.Hooks{PostStop: hook},
		Preflight: []model.Preflight{{Path: tree.Of("services", "work", "preflight"), Command: words}},
		Checks:    []model.Check{{Name: "a", Level: "alive", Path: tree.Of("services", "work", "checks", "a"), Exec: words}},
		Source:    &model.Source{Repo: "https://example.com/x", Ref: "v1.0", Commands: hostile[:1], Output: "x"}}
	set, diags := New().Lower(input("shop", container, native))
	if diags.Has(diag.Error) {
		t.Fatal(diags[0].Text())
	}
	found := 0
	for _, path := range []string{"etc/containers/systemd/shop-web.container", "etc/systemd/system/shop-work.service", "etc/systemd/system/shop-work-alive.service"} {
		for line := range strings.Lines(string(set.Get(path).Data)) {
			_, command, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			if !ok || !strings.Contains(command, " /bin/x ") && !strings.HasPrefix(strings.TrimLeft(command, "-+"), "/bin/x ") {
				continue
			}
			got, err := execStart(strings.ReplaceAll(strings.TrimLeft(command, "-+"), "${MAINPID}", "1"))
			if err != nil {
				t.Errorf("%s: %v", line, err)
				continue
			}
			if i := slices.Index(got, "/bin/x"); i < 0 || !slices.Equal(got[i:], words) {
				t.Errorf("%s reads %q; want %q", line, got, words)
			}
			found++
		}
	}
	if found != 10 {
		t.Errorf("%d commands were found; want 10", found)
	}
}

// TestSources: what could be an option of git, or lie outside of the repository, is refused; what moves is warned of.
func TestSources(t *testing.T) {
	for _, c := range []struct {
		source     model.Source
		ok, warned bool
	}{
		{model.Source{Repo: "https://example.com/x", Ref: "v1.2.3", Output: "bin/x"}, true, false},
		{model.Source{Repo: "https://example.com/x", Ref: "0123456789abcdef0123456789abcdef01234567", Output: "x"}, true, false},
		{model.Source{Repo: "https://example.com/x", Ref: "release-2.0", Output: "x"}, true, false},
		{model.Source{Repo: "https://example.com/x", Ref: "main", Output: "x"}, true, true},
		{model.Source{Repo: "https://example.com/x", Output: "x"}, true, true},
		{model.Source{Repo: "--upload-pack=evil", Ref: "v1.0", Output: "x"}, false, false},
		{model.Source{Repo: "https://example.com/x", Ref: "-f", Output: "x"}, false, false},
		{model.Source{Repo: "https://example.com/x", Ref: "v1.0", Output: "a/../../x"}, false, false},
		{model.Source{Repo: "https://example.com/x", Ref: "v1.0", Output: "/etc/passwd"}, false, false},
	} {
		s := c.source
		_, diags := New().Lower(input("shop", &model.Service{Name: "work", Source: &s}))
		if diags.Has(diag.Error) == c.ok || c.ok && diags.Has(diag.Warning) != c.warned {
			t.Errorf("%+v: %v", c.source, diags)
		}
	}
}

// TestProgramChanges: whatever changes the program changes its path, and with it the unit. A download that the spec of
// octo-sidecar cannot hold is a finding at the field, not a file that nobody can read.
func TestProgramChanges(t *testing.T) {
	outside := model.Binary{Platform: "linux_amd64", URL: "https://example.com/a", SHA256: strings.Repeat("a", 64), InArchive: "../a"}
	_, diags := New().Lower(input("shop", &model.Service{Name: "work", Binary: []model.Binary{outside}}))
	if len(diags) != 1 || diags[0].Severity != diag.Error || diags[0].Path.String() != "services.work.binary" {
		t.Errorf("a program outside of its archive: %v", diags)
	}
	start := func(b model.Binary) string {
		b.Platform = "linux_amd64"
		set, diags := New().Lower(input("shop", &model.Service{Name: "work", Binary: []model.Binary{b}}))
		if diags.Has(diag.Error) {
			t.Fatal(diags[0].Text())
		}
		_, line, _ := strings.Cut(string(set.Get("etc/systemd/system/shop-work.service").Data), "\nExecStart=")
		line, _, _ = strings.Cut(line, "\n")
		return line
	}
	base := model.Binary{URL: "https://example.com/a.tar.gz", SHA256: strings.Repeat("a", 64), InArchive: "a"}
	first := start(base)
	if again := start(base); first != again {
		t.Error("the path is not the same twice")
	}
	for name, change := range map[string]func(*model.Binary){
		"url": func(b *model.Binary) { b.URL += "2" }, "sha256": func(b *model.Binary) { b.SHA256 = strings.Repeat("b", 64) },
		"path": func(b *model.Binary) { b.InArchive = "b" },
	} {
		other := base
		change(&other)
		if start(base) == start(other) {
			t.Errorf("another %s gives the same path", name)
		}
	}
}
