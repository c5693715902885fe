package upgrade

import (
	"golang.org/x/mod/semver"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Versions is what a vendor says of its versions: a versions.yaml.
type Versions struct {
	List    []Version // sorted, oldest first
	Renamed []Renamed // in the order of the file
	Removed []Removed
}

// Version is one entry of versions.
type Version struct {
	Version      string // as [Canonical] has it
	Ref          string // the tag, "" for the one that reads as the version
	Stop         bool
	From         string // the oldest version that may come here in one step, as Canonical has it; "" for any
	Irreversible bool
	Migrations   []Migration
	Notes        string // a URL, or ""
	At           source.Span
}

// Migration is something that has to be done for a version. Before and After are commands or words for a person.
type Migration struct {
	Version     string `json:"version"` // for which
	Description string `json:"description"`
	Before      string `json:"before,omitempty"`
	After       string `json:"after,omitempty"`
	Automatic   bool   `json:"automatic"`          // the version does it by itself
	Duration    string `json:"duration,omitempty"` // 10m, or ""
}

// Renamed is a field with another path since version In.
type Renamed struct {
	From, To string
	In       string
	Help     string
	At       source.Span
}

// Removed is a field that is gone since version In.
type Removed struct {
	Path string
	In   string
	Help string
	At   source.Span
}

// ReadVersions reads a versions.yaml. What is wrong with it has its place; the versions are nil then.
func ReadVersions(s *shape.Schema, f *source.File) (*Versions, diag.List) {
	root, ds := parse.YAML(f)
	if root == nil || ds.Has(diag.Error) {
		return nil, ds
	}
	ds = append(ds, s.Def("#Versions").Check(tree.Root, root, shape.Canonical)...)
	if ds.Has(diag.Error) {
		ds.Locate(root)
		return nil, ds.Sort()
	}
	r := &vendorReader{root: root, v: &Versions{}, ds: ds}
	r.versions()
	r.deprecations()
	r.ds.Locate(root)
	if r.ds.Has(diag.Error) {
		return nil, r.ds.Sort()
	}
	return r.v, r.ds.Sort()
}

type vendorReader struct {
	root *tree.Node
	v    *Versions
	ds   diag.List
}

func isTrue(n *tree.Node, key string) bool { return n.Str(key) == "true" }

func (r *vendorReader) versions() {
	list := r.root.Get("versions")
	if list == nil {
		return
	}
	first := map[string]tree.Path{}
	for i, n := range list.Items {
		p := tree.Of("versions").Index(i)
		v := Version{Ref: n.Str("ref"), Stop: isTrue(n, "stop"), Irreversible: isTrue(n, "irreversible"), Notes: n.Str("notes"), At: n.Get("version").At}
		v.Version, _ = Canonical(n.Str("version"))
		v.From, _ = Canonical(n.Str("from"))
		if other, ok := first[v.Version]; ok {
			r.ds.Error(diag.Duplicate, p.Key("version"), "the version %s stands twice", v.Version).See(other, "first defined here").
				Helpf("join the two entries")
			continue
		}
		first[v.Version] = p.Key("version")
		if v.From != "" && semver.Compare(v.From, v.Version) >= 0 {
			r.ds.Error(diag.Range, p.Key("from"), "want a version before %s", v.Version)
		}
		if m := n.Get("migrations"); m != nil {
			for _, it := range m.Items {
				v.Migrations = append(v.Migrations, Migration{
					Version: v.Version, Description: it.Str("description"), Before: it.Str("before"), After: it.Str("after"),
					Automatic: isTrue(it, "automatic"), Duration: it.Str("duration"),
				})
			}
		}
		r.v.List = append(r.v.List, v)
	}
	sortVersions(r.v.List)
}

func (r *vendorReader) deprecations() {
	top := tree.Of("deprecations")
	if list := r.root.Get("deprecations").Get("renamed"); list != nil {
		for i, n := range list.Items {
			p := top.Key("renamed").Index(i)
			d := Renamed{From: n.Str("from"), To: n.Str("to"), Help: n.Str("help"), At: n.Get("from").At}
			d.In, _ = Canonical(n.Str("in"))
			from, ok := r.pattern(p.Key("from"), d.From)
			to, also := r.pattern(p.Key("to"), d.To)
			if ok && also && stars(to) > stars(from) {
				r.ds.Error(diag.Pattern, p.Key("to"), "there are more * than in %q", d.From).See(p.Key("from"), "this is what they stand for")
			}
			r.v.Renamed = append(r.v.Renamed, d)
		}
	}
	if list := r.root.Get("deprecations").Get("removed"); list != nil {
		for i, n := range list.Items {
			d := Removed{Path: n.Str("path"), Help: n.Str("help"), At: n.Get("path").At}
			d.In, _ = Canonical(n.Str("in"))
			r.pattern(top.Key("removed").Index(i).Key("path"), d.Path)
			r.v.Removed = append(r.v.Removed, d)
		}
	}
}

// pattern reads a path with *. It must end with a key.
func (r *vendorReader) pattern(p tree.Path, text string) ([]tree.Step, bool) {
	steps, err := readPattern(text)
	if err != nil {
		r.ds.Error(diag.Pattern, p, "%s", err).Helpf("write keys with dots between them, such as services.*.environment.DB_URL")
		return nil, false
	}
	return steps, true
}
