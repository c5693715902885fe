package upgrade

import (
	"slices"

	"golang.org/x/mod/semver"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Request is what a plan is asked for.
type Request struct {
	Current string      // the ref that is included now: a tag
	At      source.Span // where it stands, for messages; may be zero
	Tags    []string    // of the repository or the artifact
	Vendor  *Versions   // nil: the vendor says nothing
	To      string      // the version or tag to end at; "" for the newest
	Pre     bool        // go to pre-releases too
}

// Step is one step of an upgrade.
type Step struct {
	From, To string // versions, as [Canonical] has them
	FromRef  string // the tag that is included before, and
	Ref      string // the one after
	Major    bool   // another major version
	// What the vendor says of the versions after From up to To, oldest first.
	Passed       []string // versions that are passed over, without To
	Stop         bool     // the vendor wants this step
	Migrations   []Migration
	Irreversible []string // versions that change data for good
	Renamed      []Renamed
	Removed      []Removed
	Notes        []string // URLs
}

func sortVersions(list []Version) {
	slices.SortFunc(list, func(a, b Version) int { return semver.Compare(a.Version, b.Version) })
}

// Plan is the steps that lead from the current version to the newest, or to r.To: none when it is that already. What
// is wrong is an error with its place: a current version that is none, a target that is older or not there, a version of
// the vendor's without a tag, and one that no allowed step leads to.
func Plan(r Request) ([]Step, diag.List) {
	var ds diag.List
	current, ok := ReadTag(r.Current)
	if !ok {
		message, help := noVersion(r.Current)
		ds.Error(diag.Pattern, tree.Root, "%s", message).AtSpan(r.At).Help = help
		return nil, ds
	}
	p := &planner{current: current, vendor: r.Vendor}
	if p.vendor == nil {
		p.vendor = &Versions{}
	}
	wanted := ""
	if r.To != "" {
		t, ok := ReadTag(r.To)
		if !ok || t.Prefix != "" && t.Prefix != current.Prefix {
			ds.Error(diag.Pattern, tree.Root, "cannot upgrade to %q: want a version, such as 2.0.0", r.To)
			return nil, ds
		}
		wanted = t.Version
		if semver.Compare(wanted, current.Version) < 0 {
			ds.Error(diag.Range, tree.Root, "cannot go back from %s to %s: an upgrade goes to newer versions only", current.Version, wanted).AtSpan(r.At).
				Helpf("restore the backup and the files of that version; what ran since may have changed the data")
			return nil, ds
		}
	}
	p.tags = candidates(current, r.Tags, wanted, r.Pre)
	if ds = p.refs(r.Tags); len(ds) > 0 {
		return nil, ds
	}
	if wanted != "" && wanted != current.Version && !slices.ContainsFunc(p.tags, func(t Tag) bool { return t.Version == wanted }) {
		ds.Error(diag.Range, tree.Root, "cannot upgrade to %s: there is no tag of it", wanted).Helpf("the newest is %s", p.newest())
		return nil, ds
	}
	return p.steps(wanted)
}

type planner struct {
	current Tag
	vendor  *Versions
	tags    []Tag // sorted, what may be gone to
}

func (p *planner) newest() string {
	if len(p.tags) == 0 {
		return p.current.Version
	}
	return p.tags[len(p.tags)-1].Version
}

// refs gives the versions the tags that the vendor names, and reports those that are not there. Of a pre-release that is
// not gone to, nothing is wanted.
func (p *planner) refs(all []string) diag.List {
	var ds diag.List
	for _, v := range p.vendor.List {
		i, found := slices.BinarySearchFunc(p.tags, v.Version, func(t Tag, v string) int { return semver.Compare(t.Version, v) })
		switch {
		case v.Ref != "" && !slices.Contains(all, v.Ref):
			ds.Error(diag.Range, tree.Root, "there is no tag %q for the version %s", v.Ref, v.Version).AtSpan(v.At).
				Helpf("push the tag, or correct ref in versions.yaml")
		case v.Ref != "" && found:
			p.tags[i].Name = v.Ref
		case v.Ref != "":
			p.tags = slices.Insert(p.tags, i, Tag{Name: v.Ref, Version: v.Version, Prefix: p.current.Prefix})
		case !found && v.Version != p.current.Version && semver.Prerelease(v.Version) == "" && semver.Compare(v.Version, p.current.Version) > 0:
			ds.Error(diag.Range, tree.Root, "there is no tag for the version %s", v.Version).AtSpan(v.At).
				Helpf("push the tag %s, or say under ref what it is called", p.current.Prefix+v.Version)
		}
	}
	return ds
}

// steps goes up, each time as far as it may.
func (p *planner) steps(wanted string) ([]Step, diag.List) {
	var out []Step
	from := p.current
	for {
		next, ok := p.next(from, wanted)
		if !ok {
			break
		}
		if next.Version == from.Version {
			return nil, p.stuck(from, wanted)
		}
		out = append(out, p.step(from, next))
		from = next
	}
	return out, nil
}

// next is the version that the step from from goes to. ok is false at the end; it is from itself where no version may
// be gone to.
func (p *planner) next(from Tag, wanted string) (Tag, bool) {
	var above []Tag
	for _, t := range p.tags {
		if semver.Compare(t.Version, from.Version) > 0 && (wanted == "" || semver.Compare(t.Version, wanted) <= 0) {
			above = append(above, t)
		}
	}
	if len(above) == 0 {
		return from, false
	}
	major := semver.Major(above[0].Version) // this one, while it has newer versions, else the next that there is
	best, found := from, false
	for _, t := range above {
		if semver.Major(t.Version) != major {
			break
		}
		v := p.of(t.Version)
		if v != nil && v.From != "" && semver.Compare(from.Version, v.From) < 0 {
			break // nor may it be passed over
		}
		best, found = t, true
		if v != nil && v.Stop {
			break
		}
	}
	if !found {
		return from, true
	}
	return best, true
}

func (p *planner) of(version string) *Version {
	i, ok := slices.BinarySearchFunc(p.vendor.List, version, func(v Version, s string) int { return semver.Compare(v.Version, s) })
	if !ok {
		return nil
	}
	return &p.vendor.List[i]
}

// stuck is what is said where each version that could be next wants to be reached from a newer one.
func (p *planner) stuck(from Tag, wanted string) diag.List {
	var ds diag.List
	for _, v := range p.vendor.List {
		if semver.Compare(v.Version, from.Version) > 0 && v.From != "" && semver.Compare(from.Version, v.From) < 0 {
			ds.Error(diag.Range, tree.Root, "cannot go from %s to %s: it wants to be reached from %s or newer, and no tag between them may be gone to", from.Version, v.Version, v.From).
				AtSpan(v.At).Helpf("push a tag from %s up to below %s, or correct from in versions.yaml", v.From, v.Version)
			break
		}
	}
	return ds
}

// step collects what the vendor says of the versions after from, up to to.
func (p *planner) step(from, to Tag) Step {
	s := Step{From: from.Version, To: to.Version, FromRef: from.Name, Ref: to.Name, Major: semver.Major(from.Version) != semver.Major(to.Version)}
	within := func(v string) bool { return semver.Compare(v, from.Version) > 0 && semver.Compare(v, to.Version) <= 0 }
	for _, t := range p.tags {
		if within(t.Version) && t.Version != to.Version {
			s.Passed = append(s.Passed, t.Version)
		}
	}
	for _, v := range p.vendor.List {
		if !within(v.Version) {
			continue
		}
		s.Stop = s.Stop || v.Stop
		s.Migrations = append(s.Migrations, v.Migrations...)
		if v.Irreversible {
			s.Irreversible = append(s.Irreversible, v.Version)
		}
		if v.Notes != "" {
			s.Notes = append(s.Notes, v.Notes)
		}
	}
	for _, d := range p.vendor.Renamed {
		if within(d.In) {
			s.Renamed = append(s.Renamed, d)
		}
	}
	for _, d := range p.vendor.Removed {
		if within(d.In) {
			s.Removed = append(s.Removed, d)
		}
	}
	slices.SortStableFunc(s.Renamed, func(a, b Renamed) int { return semver.Compare(a.In, b.In) })
	slices.SortStableFunc(s.Removed, func(a, b Removed) int { return semver.Compare(a.In, b.In) })
	return s
}
