package upgrade

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
)

func vendor(t *testing.T, text string) *Versions {
	t.Helper()
	v, ds := readVersions(t, text)
	for _, d := range ds {
		t.Fatal(d.Text())
	}
	return v
}

func readVersions(t *testing.T, text string) (*Versions, diag.List) {
	t.Helper()
	s, err := shape.Compile(os.DirFS("../../schema"))
	if err != nil {
		t.Fatal(err)
	}
	return ReadVersions(s, &source.File{Name: "versions.yaml", Data: []byte(text)})
}

func texts(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.Text() + "\n")
		for _, r := range d.Related {
			fmt.Fprintf(&b, "  %s: %s\n", r.At, r.Message)
		}
		if d.Help != "" {
			b.WriteString("  help: " + d.Help + "\n")
		}
	}
	return b.String()
}

func route(steps []Step) string {
	var parts []string
	for _, s := range steps {
		text := s.FromRef + "→" + s.Ref
		if s.Major {
			text += " major"
		}
		if s.Stop {
			text += " stop"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

func TestPlan(t *testing.T) {
	for _, c := range []struct{ name, current, tags, vendor, to, want string }{
		{"minor first, then major", "v1.0.0", "v1.0.0 v1.0.1 v1.2.0 v2.0.0 v2.1.0 v3.0.0 latest main", "", "", "v1.0.0→v1.2.0, v1.2.0→v2.1.0 major, v2.1.0→v3.0.0 major"},
		{"nothing to do", "v1.2.0", "v1.0.0 v1.2.0", "", "", ""},
		{"no newer tag, not even its own", "1.2", "", "", "", ""},
		{"without a v", "1.0.0", "1.0.0 1.1.0 2.0.0", "", "", "1.0.0→1.1.0, 1.1.0→2.0.0 major"},
		{"both spellings", "1.0.0", "v1.1.0 1.1.0 1.1", "", "", "1.0.0→1.1.0"},
		{"a prefix is another product", "shop-v1.0.0", "v9.0.0 shop-v1.1.0 api/v3.0.0", "", "", "shop-v1.0.0→shop-v1.1.0"},
		{"a major is left out", "v1.0.0", "v3.1.0 v1.0.0", "", "", "v1.0.0→v3.1.0 major"},
		{"no pre-release", "v1.0.0", "v1.1.0-rc.1 v1.0.1 v2.0.0-beta", "", "", "v1.0.0→v1.0.1"},
		{"from a pre-release", "v1.1.0-rc.1", "v1.1.0-rc.2 v1.1.0-rc.1 v1.2.0-alpha", "", "", "v1.1.0-rc.1→v1.2.0-alpha"},
		{"a pre-release that is asked for", "v1.0.0", "v1.1.0-rc.1 v1.1.0-rc.2", "", "1.1.0-rc.1", "v1.0.0→v1.1.0-rc.1"},
		{"pre-releases", "v1.0.0", "v1.1.0-rc.1 v1.0.1", "", "pre", "v1.0.0→v1.1.0-rc.1"},
		{"to", "v1.0.0", "v1.1.0 v1.2.0 v2.0.0 v2.1.0", "", "2.0.0", "v1.0.0→v1.2.0, v1.2.0→v2.0.0 major"},
		{"to the current one", "v1.0.0", "v1.1.0", "", "v1.0.0", ""},
		{"stop", "v1.0.0", "v1.1.0 v1.2.0 v2.0.0 v2.1.0", "versions: [{version: 1.1.0, stop: true}, {version: 2.0.0, stop: true}]", "",
			"v1.0.0→v1.1.0 stop, v1.1.0→v1.2.0, v1.2.0→v2.0.0 major stop, v2.0.0→v2.1.0"},
		{"from, in one major", "v1.0.0", "v1.3.0 v1.4.0 v1.5.0 v1.6.0", "versions: [{version: 1.5.0, from: 1.4.0}]", "", "v1.0.0→v1.4.0, v1.4.0→v1.6.0"},
		{"ref", "v1.0.0", "v1.0.0 stable-two", "versions: [{version: 2, ref: stable-two}]", "", "v1.0.0→stable-two major"},
		{"a version that is as old is not asked for", "v1.0.0", "v1.1.0", "versions: [{version: 0.9.0}, {version: 1.0.0}]", "", "v1.0.0→v1.1.0"},
	} {
		v := vendor(t, c.vendor)
		steps, ds := Plan(Request{Current: c.current, Tags: strings.Fields(c.tags), Vendor: v, To: strings.TrimPrefix(c.to, "pre"), Pre: c.to == "pre"})
		if got := route(steps) + texts(ds); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPlanRefused(t *testing.T) {
	for _, c := range []struct{ current, tags, vendor, to, want string }{
		{"main", "v1.0.0", "", "", `cannot upgrade from "main": it is no version`},
		{"", "v1.0.0", "", "", `cannot upgrade from no version`},
		{strings.Repeat("a1", 20), "v1.0.0", "", "", `a commit or a digest has no order`},
		{"sha256:" + strings.Repeat("0", 64), "v1.0.0", "", "", `a commit or a digest has no order`},
		{"v2.0.0", "v1.0.0", "", "v1.0.0", "cannot go back from v2.0.0 to v1.0.0"},
		{"v2.0.0", "v2.1.0", "", "main", `cannot upgrade to "main"`},
		{"v2.0.0", "v2.1.0", "", "3.0.0", "cannot upgrade to v3.0.0: there is no tag of it [range]\n  help: the newest is v2.1.0"},
		{"v1.0.0", "v1.1.0", "versions:\n  - version: 1.2.0\n", "", "versions.yaml:2:14: error: there is no tag for the version v1.2.0"},
		{"v1.0.0", "v1.1.0", "versions:\n  - {ref: x, version: 1.1.0}\n", "", `versions.yaml:2:23: error: there is no tag "x" for the version v1.1.0`},
		{"v1.0.0", "v1.1.0 v2.0.0 v2.1.0", "versions:\n  - {from: 1.4, version: 2.0.0}\n", "", `versions.yaml:2:26: error: cannot go from v1.1.0 to v2.0.0: it wants to be reached from v1.4.0`},
	} {
		steps, ds := Plan(Request{Current: c.current, Tags: strings.Fields(c.tags), Vendor: vendor(t, c.vendor), To: c.to})
		if got := texts(ds); steps != nil || !strings.Contains(got, c.want) {
			t.Errorf("%s to %q: got %s%s, want %s", c.current, c.to, route(steps), got, c.want)
		}
	}
}

// A step tells all that the versions on its way bring.
func TestStepCollects(t *testing.T) {
	v := vendor(t, `versions:
  - {version: 2.0.0, irreversible: true, migrations: [{description: second, before: dump}], notes: "https://n/2"}
  - {version: 1.5.0, migrations: [{description: first, automatic: true, duration: 10m}]}
  - {version: 2.1.0, migrations: [{description: third, after: check it}]}
  - {version: 1.0.0, migrations: [{description: old}], irreversible: true}
deprecations:
  renamed: [{from: a.b, to: a.c, in: 2.1}, {from: a.a, to: a.b, in: 2.0.0}]
  removed: [{path: x.y, in: 1.4.0, help: gone}, {path: x.z, in: 1.0.0}]
`)
	steps, ds := Plan(Request{Current: "v1.0.0", Tags: strings.Fields("v1.4.0 v1.5.0 v2.0.0 v2.1.0"), Vendor: v})
	if len(ds) > 0 {
		t.Fatal(texts(ds))
	}
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%s %s passed %v irreversible %v notes %v\n", s.From, s.To, s.Passed, s.Irreversible, s.Notes)
		for _, m := range s.Migrations {
			fmt.Fprintf(&b, "  %s %s before %q after %q %v %q\n", m.Version, m.Description, m.Before, m.After, m.Automatic, m.Duration)
		}
		for _, r := range s.Renamed {
			fmt.Fprintf(&b, "  %s → %s %s\n", r.From, r.To, r.In)
		}
		for _, r := range s.Removed {
			fmt.Fprintf(&b, "  %s gone %s %s\n", r.Path, r.In, r.Help)
		}
	}
	want := `v1.0.0 v1.5.0 passed [v1.4.0] irreversible [] notes []
  v1.5.0 first before "" after "" true "10m"
  x.y gone v1.4.0 gone
v1.5.0 v2.1.0 passed [v2.0.0] irreversible [v2.0.0] notes [https://n/2]
  v2.0.0 second before "dump" after "" false ""
  v2.1.0 third before "" after "check it" false ""
  a.a → a.b v2.0.0
  a.b → a.c v2.1.0
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// What is wrong in a versions.yaml has its place.
func TestReadVersions(t *testing.T) {
	_, ds := readVersions(t, `versions:
  - {version: two, stop: maybe}
  - {stop: true, notes: x}
deprecations: {renamed: [{from: a}], removd: []}
`)
	got := texts(ds)
	for _, want := range []string{"versions.yaml:2:15", "versions.yaml:2:26", "versions[1].version", "versions.yaml:3:25", "renamed[0].to", `"removed"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	_, ds = readVersions(t, `versions:
  - {version: 2.0.0}
  - {version: v2, from: 3.0.0}
  - {version: 3.0.0, from: 3.0.0}
deprecations:
  renamed: [{from: "a.*", to: "*.*.x", in: 1}, {from: "a[0]", to: b, in: 1}]
  removed: [{path: a..b, in: 1}]
`)
	want := `versions.yaml:3:15: error: versions[1].version: the version v2.0.0 stands twice [duplicate]
  versions.yaml:2:6: first defined here
  help: join the two entries
versions.yaml:4:28: error: versions[2].from: want a version before v3.0.0 [range]
versions.yaml:6:31: error: deprecations.renamed[0].to: there are more * than in "a.*" [pattern]
  versions.yaml:6:14: this is what they stand for
versions.yaml:6:55: error: deprecations.renamed[1].from: cannot use the path "a[0]": want keys only, not places in a list [pattern]
  help: write keys with dots between them, such as services.*.environment.DB_URL
versions.yaml:7:20: error: deprecations.removed[0].path: cannot read the path "a..b": a key is missing [pattern]
  help: write keys with dots between them, such as services.*.environment.DB_URL
`
	if got := texts(ds); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
